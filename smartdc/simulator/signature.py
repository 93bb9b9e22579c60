"""HTTP Signatures as CloudAPI reads them: who signed a request, over what, and how.

A header is read in the present layout first. What fails there is read in the layout of 2011, in
which the signature stands bare after the parameters and only header values are signed; if that
fails too, the answer is about the present layout.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from smartdc.simulator import verifying
from smartdc.simulator.javascript import from_base64, number, number_text
from smartdc.simulator.javascript_dates import parse_date
from smartdc.simulator.ssh_keys import KeyFault, PublicKey
from smartdc.simulator.wire import Refusal, Request

_SKEW = 300

# CloudAPI's first request in the old layout pins the header that must be signed, for good.
_REQUIRED = 'date'

_PARAMETER = re.compile(r'([A-Za-z]+)=(?:"([^"]*)"(?=,|\Z)|([0-9]+)(?=,)),?')
_UNFINISHED = re.compile(r'[A-Za-z]*|[A-Za-z]+=(?:"[^"]*|[0-9]*)')
_OLD_PARAMETER = re.compile(r'([^" ]*)"([^"]*)"')

_KINDS = frozenset({'rsa', 'dsa', 'ecdsa', 'ed25519', 'hmac'})
_HASHES = frozenset({'sha1', 'sha256', 'sha512'})
# http-signature looks names up in plain objects, which know these two without being told.
_INHERITED = frozenset({'constructor', '__proto__'})
_KNOWN_KINDS = _KINDS | _INHERITED
_KNOWN_HASHES = _HASHES | _INHERITED
_ALLOWED = frozenset(
    {'rsa-sha1', 'rsa-sha256', 'rsa-sha512', 'dsa-sha1', 'dsa-sha256'}
    | {'ecdsa-sha256', 'ecdsa-sha512', 'ed25519-sha256', 'ed25519-sha512'}
)
_OLD_ALLOWED = frozenset({'rsa-sha1', 'rsa-sha256', 'rsa-sha512', 'dsa-sha1'})

_Value = str | float


@dataclass(frozen=True)
class Claim:
    """What an Authorization header claims: that this key made this signature over this text.

    `key_id` is empty when the header has a bare number in its place.
    """

    key_id: str
    algorithm: str
    signing_string: bytes
    signature: bytes

    def verify(self, public_key: str | PublicKey) -> bool:
        """Tell whether the signature is that of the public key (or its one-line text)."""
        key = _key(public_key) if isinstance(public_key, str) else public_key
        return key is not None and verifying.verify(
            key, self.algorithm, self.signing_string, self.signature
        )


class KeyId(NamedTuple):
    """Whose key signed: the account, its sub-user if any, and the key's name or fingerprint."""

    login: str
    user: str | None
    key: str


class _Fault(Exception):
    """A header can't be read in a layout; the text is http-signature's."""


def read(request: Request, now: float) -> Claim | None:
    """Return the claim that a request makes, None when it makes none.

    `now` is the server's time in seconds. Raises Refusal for what the server answers with 400:
    a header that can't be read, a clock that is off, an unsigned request that is too old.
    """
    moment = round(now * 1000)
    header = request.headers.get('authorization')
    claim = _claim(request, header, moment) if header else None
    date = request.headers.get('date')
    sent = parse_date(date) if date else None
    if sent is not None and moment - sent > _SKEW * 1000:
        raise Refusal(400, 'RequestExpired', f'Date header {date} is too old', bare=True)
    return claim


def parse_key_id(key_id: str, reaches_7_2: bool) -> KeyId:
    """Return whose key a keyId names; sub-users exist for versions that reach 7.2.0."""
    if not key_id:
        raise Refusal(400, 'BadRequestError', 'Invalid authorization header')
    parts = key_id.split('/')
    if len(parts) == 4 and parts[2] == 'keys':
        return KeyId(parts[1], None, parts[3])
    if reaches_7_2 and len(parts) == 6 and parts[4] == 'keys':
        return KeyId(parts[1], parts[3], parts[5])
    raise Refusal(401, 'InvalidCredentials', f'Invalid KeyId {key_id} in authorization header')


@lru_cache(maxsize=4096)
def _key(text: str) -> PublicKey | None:
    """Return the key that a stored text holds, None if it holds none."""
    try:
        return PublicKey.parse(text)
    except KeyFault:
        return None


def _invalid(message: str) -> Refusal:
    return Refusal(400, 'InvalidHeader', message, bare=True)


def _claim(request: Request, header: str, moment: int) -> Claim | None:
    """Return the claim of an Authorization header, None for another scheme than Signature."""
    scheme, blank, rest = header.partition(' ')
    if not blank:
        raise _invalid('BasicAuth content is invalid.')
    if scheme.lower() == 'basic' and not from_base64(rest.partition(' ')[0]):
        raise _invalid('Authorization header invalid')
    if scheme.lower() != 'signature':
        return None
    try:
        return _present(request, scheme, rest, moment)
    except _Fault as fault:
        try:
            return _old(request, scheme, rest, moment)
        except _Fault:
            raise _invalid(f'Authorization header invalid: {fault}') from None


def _present(request: Request, scheme: str, rest: str, moment: int) -> Claim:
    """Return the claim of a header in the present layout."""
    values = _parameters(rest)
    names = _signed_names(request, values.get('headers'))
    if scheme != 'Signature':
        raise _Fault('scheme was not "Signature"')
    key_id, algorithm, signature = (
        _needed(values, name) for name in ('keyId', 'algorithm', 'signature')
    )
    if not isinstance(algorithm, str):
        raise _Fault('algorithm.toLowerCase is not a function')
    if not _known(algorithm):
        raise _Fault(f'{algorithm} is not supported')
    lines = [_line(request, name, values) for name in names]
    _check_clock(request, moment)
    _check_lifetime(values, moment // 1000)
    _check_names(names)
    algorithm = algorithm.lower()
    if algorithm not in _ALLOWED:
        raise _Fault(f'{algorithm} is not a supported algorithm')
    return _made(_string(key_id), algorithm, lines, _string(signature))


def _old(request: Request, scheme: str, rest: str, moment: int) -> Claim:
    """Return the claim of a header in the old layout; its faults are never shown."""
    values: dict[str, str] = {}
    at = 0
    while found := _OLD_PARAMETER.match(rest, at):
        values[found[1].replace('=', '').replace(',', '')] = found[2]
        at = found.end()
    last, _, signature = rest[at:].partition(' ')
    algorithm = values.get('algorithm', '').lower()
    complete = values.get('keyId') and algorithm in _OLD_ALLOWED and signature
    if scheme != 'Signature' or '"' in last or not complete:
        raise _Fault
    names = _signed_names(request, values.get('headers'))
    lines = [
        _request_line(request) if name == 'request-line' else request.headers.get(name, '')
        for name in names
    ]
    if not all(lines):
        raise _Fault
    _check_clock(request, moment)
    _check_names(names)
    return _made(values['keyId'], algorithm, lines, signature)


def _string(value: _Value) -> str:
    """Return a parameter that must not be a number, empty if it is one."""
    return value if isinstance(value, str) else ''


def _made(key_id: str, algorithm: str, lines: list[str], signature: str) -> Claim:
    """Return the claim, with its text in the bytes that the server's two verifiers make of it."""
    encoding = 'latin-1' if algorithm.startswith('ed25519') else 'utf-8'
    text = '\n'.join(lines).encode(encoding, 'replace')
    return Claim(key_id, algorithm, text, from_base64(signature))


def _parameters(rest: str) -> dict[str, _Value]:
    """Return the parameters of the present layout; one that breaks off at the end is dropped."""
    values: dict[str, _Value] = {}
    at = 0
    while found := _PARAMETER.match(rest, at):
        name, text, digits = found.groups()
        values[name] = float(digits) if text is None else text
        at = found.end()
    if _UNFINISHED.fullmatch(rest, at) is None:
        raise _Fault('bad param format')
    return values


def _signed_names(request: Request, listed: _Value | None) -> list[str]:
    """Return the names of the signed headers, in lower case."""
    if not listed:
        return ['x-date' if request.headers.get('x-date') else 'date']
    if not isinstance(listed, str):
        raise _Fault('parsed.params.headers.split is not a function')
    return listed.lower().split(' ')


def _needed(values: dict[str, _Value], name: str) -> _Value:
    value = values.get(name)
    if not value:
        raise _Fault(f'{name} was not specified')
    return value


def _known(algorithm: str) -> bool:
    """Tell whether http-signature knows an algorithm, which is more than CloudAPI allows."""
    kind, _, hash_name = algorithm.lower().partition('-')
    return kind in _KNOWN_KINDS and hash_name in _KNOWN_HASHES


def _line(request: Request, name: str, values: dict[str, _Value]) -> str:
    """Return the line that one entry of the list of signed headers adds."""
    match name:
        case 'request-line':
            return _request_line(request)
        case '(request-target)':
            return f'(request-target): {request.method.lower()} {request.target}'
        case '(opaque)' if 'opaque' not in values:
            raise _Fault('opaque param was not in the undefined header')
        case '(keyid)' | '(algorithm)' | '(opaque)' | '(created)' | '(expires)':
            parameter = 'keyId' if name == '(keyid)' else name[1:-1]
            return f'{name}: {_text(values.get(parameter))}'
    value = request.headers.get(name)
    if value is None:
        raise _Fault(f'{name} was not in the request')
    return f'{name}: {value}'


def _request_line(request: Request) -> str:
    return f'{request.method} {request.target} HTTP/1.1'


def _text(value: _Value | None) -> str:
    """Return a parameter as JavaScript joins it to a text."""
    if value is None:
        return 'undefined'
    return value if isinstance(value, str) else number_text(value)


def _check_names(names: list[str]) -> None:
    if _REQUIRED not in names:
        raise _Fault(f'{_REQUIRED} was not a signed header')


def _check_clock(request: Request, moment: int) -> None:
    """Refuse a request whose X-Date, else Date, is more than five minutes off."""
    date = request.headers.get('x-date') or request.headers.get('date')
    sent = parse_date(date) if date else None
    if sent is not None and (skew := abs(moment - sent)) > _SKEW * 1000:
        text = number_text(skew / 1000)
        raise _Fault(f'clock skew of {text}s was greater than {_SKEW}s')


def _check_lifetime(values: dict[str, _Value], seconds: int) -> None:
    """Refuse a signature that says of itself that it is not yet, or no longer, good."""
    if 'created' not in values and 'expires' not in values:
        return
    early = _amount(values.get('created')) - seconds
    if early > _SKEW:
        text = number_text(early)
        raise _Fault(f'Created lies in the future (with skew {text}s greater than allowed {_SKEW}s')
    late = seconds - _amount(values.get('expires'))
    if late > _SKEW:
        text = number_text(late)
        raise _Fault(f'Request expired with skew {text}s greater than allowed {_SKEW}s')


def _amount(value: _Value | None) -> float:
    """Return a parameter as a number, NaN when it is missing, empty or not one."""
    if not value:
        return math.nan
    return number(value) if isinstance(value, str) else value
