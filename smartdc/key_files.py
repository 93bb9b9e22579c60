"""Private keys as they lie in files: PKCS#1, PKCS#8, SEC1 and OpenSSH, plain and encrypted."""

from __future__ import annotations

import base64
import os
import re
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from smartdc import rsa_numbers
from smartdc.errors.base import (
    InvalidInput,
    KeyUnreadable,
    KeyUnsupported,
    NotAPrivateKey,
    PassphraseRequired,
    SigningError,
    WrongPassphrase,
)
from smartdc.signing import RSANumbers
from smartdc.ssh_keys import (
    OPENSSH_MAGIC,
    USABLE,
    ECDSAPrivateKey,
    Ed25519PrivateKey,
    PrivateKey,
    RSAPrivateKey,
    check_usable,
    ssh_string,
)

if TYPE_CHECKING:
    from Crypto.PublicKey.ECC import EccKey

T = TypeVar('T')
#: A path, or the text of the key itself.
Secret = str | bytes | os.PathLike[str]
#: A passphrase, or a function without arguments that returns one.
Passphrase = str | bytes | Callable[[], str | bytes] | None

MAX_FILE = 1_000_000
_CURVES = {'NIST P-256', 'NIST P-384', 'NIST P-521', 'Ed25519'}
_RSA_OID = '1.2.840.113549.1.1.1'
_EC_OID = '1.2.840.10045.2.1'
_ED25519_OID = '1.3.101.112'
_PBES2_OID = '1.2.840.113549.1.5.13'
#: Names for the kinds that users have but cannot use.
_OIDS = {
    '1.2.840.10040.4.1': 'DSA',
    '1.2.840.113549.1.1.10': 'RSA-PSS',
    '1.3.101.110': 'X25519',
    '1.3.101.111': 'X448',
    '1.3.101.113': 'Ed448',
}
# What pycryptodome raises, in one version or another, on data that it cannot make sense of.
_PARSE_ERRORS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, struct.error)
_BEGIN = re.compile(r'-----BEGIN ([A-Z0-9 ]+)-----')
_PUBLIC_LINE = re.compile(r'^\s*(?:ssh-|ecdsa-|sk-)[a-z0-9@.-]+ +AAAA', re.MULTILINE)
# The first characters of a key whose BEGIN line was lost: never a file name, never to be shown.
_BARE_BASE64 = re.compile(r'(?:MI[A-Za-z0-9+/]|MHc|MHQ|MC4|MEc|b3Bl)[A-Za-z0-9+/]{40}')


def describe(secret: Secret) -> str:
    """Name where a key comes from, for messages: never any of its content."""
    return 'the key given as text' if is_text(secret) else f'the key file {_path_text(secret)}'


def is_text(secret: Secret) -> bool:
    """Tell whether a secret is the key itself rather than a path."""
    if isinstance(secret, bytes):
        return True
    if not isinstance(secret, str):
        return False
    return bool(
        '-----BEGIN' in secret
        or '\n' in secret
        or '\0' in secret
        or _BARE_BASE64.match(secret)
        or _PUBLIC_LINE.match(secret)
    )


def _path_text(secret: Secret) -> str:
    return os.fsdecode(secret)


def read_private_key(secret: Secret, passphrase: Passphrase = None) -> PrivateKey:
    """Read a private key from a file (`~` is expanded) or from its text.

    The passphrase is used, called or, on a terminal, asked for only when the key is encrypted.
    Raises a SigningError that names the file and what to do; never with any of its content.
    """
    key_file = _KeyFile.of(secret)
    if key_file.label == 'OPENSSH PRIVATE KEY':
        return _openssh(key_file, passphrase)
    if key_file.label in ('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'):
        return _pkcs8(key_file, passphrase)
    if key_file.label in ('RSA PRIVATE KEY', 'EC PRIVATE KEY'):
        return _traditional(key_file, passphrase)
    raise key_file.unsupported(f'holds a {key_file.label.removesuffix(" PRIVATE KEY")} key')


def read_public_blob(secret: Secret) -> bytes | None:
    """Find a key's public part without its passphrase, in SSH's wire form.

    It is looked for in the file itself (a public key, or an OpenSSH private key, which says it
    even when encrypted) and in the file beside it that ends in `.pub`. None when there is none.
    """
    own = _public_part(secret)
    if own or is_text(secret):
        return own
    return _public_part(_path_text(secret) + '.pub')


def _public_part(secret: Secret) -> bytes | None:
    try:
        text = _read(secret)
        line = _PUBLIC_LINE.search(text)
        if line and '-----BEGIN' not in text:
            return base64.b64decode(text[line.start() :].split()[1])
        key_file = _KeyFile.of(secret)
        return _openssh_parts(key_file.body)[1] if 'OPENSSH' in key_file.label else None
    except (SigningError, *_PARSE_ERRORS):
        return None


class _KeyFile:
    """One private key block of a file, taken apart but not decrypted."""

    def __init__(
        self, name: str, path: str | None, label: str, headers: dict[str, str], body: bytes
    ) -> None:
        self.name = name
        self.path = path
        self.label = label
        self.headers = headers
        self.body = body

    @classmethod
    def of(cls, secret: Secret) -> _KeyFile:
        """Take apart the first private key in a file or text."""
        name, text = describe(secret), _read(secret)
        for begin in _BEGIN.finditer(text):
            label = begin[1]
            if label.endswith('PRIVATE KEY'):
                end = text.find(f'-----END {label}-----', begin.end())
                content = text[begin.end() : end if end >= 0 else None]
                path = None if is_text(secret) else _path_text(secret)
                try:
                    return cls(name, path, label, *_content(content))
                except ValueError:
                    raise KeyUnsupported(_damaged(name)) from None
        raise _no_private_key(name, text)

    def unsupported(self, what: str, remedy: str = USABLE) -> KeyUnsupported:
        """Make the error for a key of a kind or form that cannot be used."""
        return KeyUnsupported(f'{_sentence(self.name)} {what}, which cannot be used: {remedy}.')

    def unsupported_cipher(self, cipher: str) -> KeyUnsupported:
        """Make the error for a key that is encrypted in a way that cannot be read."""
        import shlex

        path = shlex.quote(self.path) if self.path else 'PATH'
        remedy = f'encrypt it anew with `ssh-keygen -p -Z aes256-ctr -f {path}`'
        return self.unsupported(f'is encrypted with {cipher}', remedy)

    def pem(self) -> str:
        """Write the block anew, with the two headers of a traditional encrypted key."""
        lines = [f'{name}: {self.headers[name]}' for name in ('Proc-Type', 'DEK-Info')]
        text = base64.encodebytes(self.body).decode('ascii')
        return '\n'.join((f'-----BEGIN {self.label}-----', *lines, '', text, self._end()))

    def openssh_pem(self) -> str:
        """Write the block anew, as OpenSSH keys have it: without headers."""
        text = base64.encodebytes(self.body).decode('ascii')
        return f'-----BEGIN {self.label}-----\n{text}{self._end()}'

    def _end(self) -> str:
        return f'-----END {self.label}-----'


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _damaged(name: str) -> str:
    return f'{_sentence(name)} is damaged or of a form that cannot be read: make it anew.'


def _read(secret: Secret) -> str:
    if is_text(secret):
        data = secret if isinstance(secret, bytes) else str(secret).encode('utf-8', 'replace')
        # Environment variables often carry a key on one line.
        return data.replace(b'\\n', b'\n').decode('latin-1')
    data = _read_file(_path_text(secret))
    # Windows tools write UTF-16, with a byte order mark.
    encoding = 'utf-16' if data[:2] in (b'\xff\xfe', b'\xfe\xff') else 'latin-1'
    return data.decode(encoding, 'replace')


def _read_file(path: str) -> bytes:
    if not path:
        raise InvalidInput('The key file name is empty: give a path or the text of a key.')
    try:
        with Path(path).expanduser().open('rb') as file:
            data = file.read(MAX_FILE + 1)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or 'the path cannot be resolved'
        raise KeyUnreadable(
            f'The key file {path} cannot be read ({reason}): check the path and its permissions,'
            ' or name another one.'
        ) from None
    if len(data) > MAX_FILE:
        raise KeyUnreadable(f'The key file {path} is larger than 1 MB: it is not a key file.')
    return data


def _content(text: str) -> tuple[dict[str, str], bytes]:
    lines = [line.strip() for line in text.splitlines()]
    headers = dict(line.split(':', 1) for line in lines if ':' in line)
    body = ''.join(''.join(line.split()) for line in lines if ':' not in line)
    return (
        {name.strip(): value.strip() for name, value in headers.items()},
        base64.b64decode(body, validate=True),
    )


def _no_private_key(name: str, text: str) -> SigningError:
    who = _sentence(name)
    if text.lstrip().startswith('PuTTY-User-Key-File'):
        remedy = 'convert it with `puttygen FILE -O private-openssh -o NEW`'
        return KeyUnsupported(f'{who} is a PuTTY key, which cannot be used: {remedy}.')
    if text[:1] == '\x30':
        remedy = 'convert it with `openssl pkey -inform DER -in FILE -out NEW`'
        return KeyUnsupported(f'{who} is in binary DER, which cannot be used: {remedy}.')
    if 'SSH2 ENCRYPTED PRIVATE KEY' in text:
        remedy = 'convert it with `ssh-keygen -i -f FILE > NEW`'
        return KeyUnsupported(f'{who} is in the SSH2 form, which cannot be used: {remedy}.')
    if _PUBLIC_LINE.search(text) or 'PUBLIC KEY-----' in text or 'CERTIFICATE-----' in text:
        return NotAPrivateKey(f'{who} holds a public key: give the private key it belongs to.')
    return NotAPrivateKey(f'{who} holds no private key: there is no BEGIN PRIVATE KEY line in it.')


def _open(name: str, passphrase: Passphrase) -> bytes:
    """Return the passphrase of an encrypted key as bytes; asks only on a terminal."""
    if callable(passphrase):
        passphrase = passphrase()
    elif passphrase is None and _on_terminal():
        try:
            import getpass

            passphrase = getpass.getpass(f'Passphrase of {name}: ')
        except EOFError:
            passphrase = None
    if passphrase is not None and not isinstance(passphrase, str | bytes):
        raise InvalidInput('A passphrase is a str, bytes, or a function that returns one of them.')
    if not passphrase:
        raise PassphraseRequired(
            f'{_sentence(name)} is encrypted: give its passphrase, or add it to an ssh-agent.'
        )
    if isinstance(passphrase, str):
        return passphrase.encode('utf-8', 'surrogateescape')
    return passphrase


def _on_terminal() -> bool:
    try:
        return sys.stdin.isatty() and sys.stderr.isatty()
    except (AttributeError, ValueError):  # closed, or None under pythonw
        return False


def _load(key_file: _KeyFile, encrypted: bool, load: Callable[[], T]) -> T:
    """Run pycryptodome's import and turn what it raises into errors of ours."""
    try:
        return load()
    except _PARSE_ERRORS as error:
        import Crypto

        text = str(error)
        # 4.x has classes for these; 3.x says it in words only.
        if isinstance(error, getattr(Crypto, 'KdfLimitError', ())):
            raise key_file.unsupported_cipher('a passphrase hash that takes too long') from None
        if encrypted and 'Unsupport' in text:
            raise key_file.unsupported_cipher('a cipher that is not known here') from None
        if 'Unsupport' in text or type(error).__name__ == 'UnsupportedEccFeature':
            raise key_file.unsupported('is of a kind or curve of no use here') from None
        if encrypted:
            raise WrongPassphrase(
                f'The passphrase does not open {key_file.name}: check it, or make the file anew'
                ' if it is damaged.'
            ) from None
        raise KeyUnsupported(_damaged(key_file.name)) from None


def _openssh_parts(body: bytes) -> tuple[str, bytes]:
    """Return the cipher and the public part of an OpenSSH private key."""
    if not body.startswith(OPENSSH_MAGIC):
        raise ValueError('not an OpenSSH key')
    cipher, rest = ssh_string(body[len(OPENSSH_MAGIC) :])
    for _ in ('hash', 'its options'):
        rest = ssh_string(rest)[1]
    blob, _ = ssh_string(rest[4:])
    return cipher.decode('ascii', 'replace'), blob


def _openssh(key_file: _KeyFile, passphrase: Passphrase) -> PrivateKey:
    cipher, blob = _load(key_file, False, lambda: _openssh_parts(key_file.body))
    kind = check_usable(blob, _sentence(key_file.name))
    if cipher not in ('none', 'aes256-ctr'):
        raise key_file.unsupported_cipher(cipher)
    if (kind, cipher) == ('ssh-rsa', 'none'):
        return _load(key_file, False, lambda: rsa_numbers.from_openssh(key_file.body))
    secret = None if cipher == 'none' else _open(key_file.name, passphrase)
    pem = key_file.openssh_pem()
    return _load(key_file, secret is not None, lambda: _import(kind, pem, secret))


def _import(kind: str, data: str | bytes, passphrase: bytes | None = None) -> PrivateKey:
    # Only the key family's modules are imported: that saves up to 20 ms.
    if kind == 'ssh-rsa':
        if isinstance(data, bytes):
            return rsa_numbers.from_der(data)
        return _opened_rsa(data, passphrase)
    from Crypto.PublicKey import ECC

    return _elliptic(ECC.import_key(data, passphrase))


def _opened_rsa(data: str, passphrase: bytes | None) -> PrivateKey:
    from Crypto.PublicKey import RSA

    key = RSA.import_key(data, passphrase)
    return RSAPrivateKey(RSANumbers(*map(int, (key.n, key.e, key.d, key.p, key.q))))


def _elliptic(key: EccKey) -> PrivateKey:
    if key.curve not in _CURVES:
        raise ValueError(f'Unsupported curve {key.curve}')
    return Ed25519PrivateKey(key) if key.curve == 'Ed25519' else ECDSAPrivateKey(key)


def _traditional(key_file: _KeyFile, passphrase: Passphrase) -> PrivateKey:
    kind = 'ssh-rsa' if key_file.label == 'RSA PRIVATE KEY' else 'ecdsa'
    if 'ENCRYPTED' not in key_file.headers.get('Proc-Type', ''):
        key = _load(key_file, False, lambda: _import(kind, key_file.body))
    else:
        secret = _open(key_file.name, passphrase)
        key = _load(key_file, True, lambda: _import(kind, key_file.pem(), secret))
    check_usable(key.public_blob, _sentence(key_file.name))
    return key


def _pkcs8(key_file: _KeyFile, passphrase: Passphrase) -> PrivateKey:
    secret = None
    if key_file.label == 'ENCRYPTED PRIVATE KEY':
        scheme = _load(key_file, False, lambda: _first_oid(key_file.body))
        if scheme != _PBES2_OID:
            raise key_file.unsupported_cipher(f'an old scheme (PBES1, {scheme})')
        secret = _open(key_file.name, passphrase)
    key = _load(key_file, secret is not None, lambda: _unwrap(key_file, secret))
    check_usable(key.public_blob, _sentence(key_file.name))
    return key


def _first_oid(der: bytes) -> str:
    from Crypto.Util.asn1 import DerObjectId, DerSequence

    return DerObjectId().decode(DerSequence().decode(DerSequence().decode(der)[0])[0]).value


def _unwrap(key_file: _KeyFile, passphrase: bytes | None) -> PrivateKey:
    from Crypto.IO import PKCS8
    from Crypto.Util.asn1 import DerObjectId

    oid, key, parameters = PKCS8.unwrap(key_file.body, passphrase)
    if oid == _RSA_OID:
        return _import('ssh-rsa', key)
    if oid == _EC_OID:
        curve = DerObjectId().decode(parameters or b'')
        return _import('ecdsa', PKCS8.wrap(key, oid, key_params=curve))
    if oid == _ED25519_OID:
        return _import('ssh-ed25519', PKCS8.wrap(key, oid, key_params=None))
    raise key_file.unsupported(f'holds a key of the kind {_OIDS.get(oid, oid)}')
