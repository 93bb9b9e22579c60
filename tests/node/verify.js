// Judges signed requests with the libraries that CloudAPI itself uses. tests/referee.py runs it.
//
// Each line on stdin is {"method", "target", "headers", "key"}: the request as it would be sent
// and the public key, as an authorized_keys line. Each line on stdout is the verdict:
// {"good": true, "signed": "the text that was signed"} or {"good": false, "why": "..."}.
// Dates may be of any time: what is judged is the signature.
'use strict';

const readline = require('readline');
const { parseRequest, verifySignature } = require('http-signature');
const { parseKey } = require('sshpk');

const ANY_TIME = { clockSkew: Number.MAX_SAFE_INTEGER };

function lowerCaseNames(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function judge({ method, target, headers, key }) {
  try {
    const incoming = { method, url: target, httpVersion: '1.1', headers: lowerCaseNames(headers) };
    const signature = parseRequest(incoming, ANY_TIME);
    if (verifySignature(signature, parseKey(key, 'ssh'))) {
      return { good: true, signed: signature.signingString };
    }
    return { good: false, why: 'the signature is not by this key over this text: ' + signature.signingString };
  } catch (error) {
    return { good: false, why: String(error) };
  }
}

readline.createInterface({ input: process.stdin })
  .on('line', (line) => process.stdout.write(JSON.stringify(judge(JSON.parse(line))) + '\n'));
