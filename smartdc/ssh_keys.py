"""SSH keys: public parts in wire form, fingerprints, and private keys that sign for CloudAPI."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cached_property
from typing import TYPE_CHECKING

from smartdc import signing
from smartdc.errors.base import KeyUnsupported

if TYPE_CHECKING:
    from Crypto.PublicKey.ECC import EccKey

#: What CloudAPI calls the signatures that a key of each SSH type makes.
ALGORITHMS = {
    'ssh-rsa': 'rsa-sha256',
    'ecdsa-sha2-nistp256': 'ecdsa-sha256',
    'ecdsa-sha2-nistp384': 'ecdsa-sha512',
    'ecdsa-sha2-nistp521': 'ecdsa-sha512',
    'ssh-ed25519': 'ed25519-sha512',
}
USABLE = 'use an RSA key (2048 to 8192 bits), ECDSA (P-256, P-384, P-521) or Ed25519'
RSA_BITS = range(2048, 8193)
#: How a private key file of OpenSSH's begins.
OPENSSH_MAGIC = b'openssh-key-v1\0'
_MD5 = re.compile(r'(?:MD5:)?(?:[0-9A-Fa-f]{2}:){15}[0-9A-Fa-f]{2}|(?:MD5:)?[0-9A-Fa-f]{32}')
_SHA256 = re.compile(r'(?:SHA256:)?([A-Za-z0-9+/]{43})=?')


class PrivateKey:
    """A key that signs as CloudAPI wants it.

    `public_blob` is the public part in SSH's wire form, `algorithm` is CloudAPI's name.
    """

    def __init__(self, public_blob: bytes) -> None:
        self.public_blob = public_blob

    @cached_property
    def algorithm(self) -> str:
        """Name the algorithm as the Authorization header does, such as rsa-sha256."""
        return ALGORITHMS[blob_type(self.public_blob)]

    @cached_property
    def sign(self) -> signing.Sign:
        """Sign bytes; the result is what CloudAPI takes, not yet base64."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f'<{type(self).__name__} {sha256_fingerprint(self.public_blob)}>'


class RSAPrivateKey(PrivateKey):
    """An RSA key; signs with PKCS#1 v1.5 over SHA-256."""

    def __init__(self, numbers: signing.RSANumbers) -> None:
        parts = (b'ssh-rsa', mpint(numbers.e), mpint(numbers.n))
        super().__init__(b''.join(map(pack, parts)))
        self._numbers = numbers

    @cached_property
    def sign(self) -> signing.Sign:
        """Sign the bytes; the result is as long as the key's modulus."""
        return signing.rsa(self._numbers)


class ECDSAPrivateKey(PrivateKey):
    """A key on P-256 (signs over SHA-256), P-384 or P-521 (over SHA-512)."""

    def __init__(self, key: EccKey) -> None:
        super().__init__(_blob(key))
        self._key = key

    @cached_property
    def sign(self) -> signing.Sign:
        """Sign the bytes; the result is DER."""
        return signing.ecdsa(self._key, self.algorithm.partition('-')[2].upper())


class Ed25519PrivateKey(PrivateKey):
    """An Ed25519 key."""

    def __init__(self, key: EccKey) -> None:
        super().__init__(_blob(key))
        self._key = key

    @cached_property
    def sign(self) -> signing.Sign:
        """Sign the bytes; the result has 64 bytes."""
        return signing.ed25519(self._key)


def _blob(key: EccKey) -> bytes:
    """Return the public part of a key in SSH's wire form."""
    return base64.b64decode(str(key.public_key().export_key(format='OpenSSH')).split()[1])


def md5_fingerprint(blob: bytes) -> str:
    """Return the fingerprint that CloudAPI knows a key by: MD5 in hexadecimal with colons."""
    return hashlib.md5(blob, usedforsecurity=False).digest().hex(':')


def sha256_fingerprint(blob: bytes) -> str:
    """Return the fingerprint that ssh-keygen shows: 'SHA256:' and base64 without padding."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode('ascii')
    return 'SHA256:' + digest.rstrip('=')


def pack(data: bytes) -> bytes:
    """Return a string as SSH writes it: after its length."""
    return len(data).to_bytes(4, 'big') + data


def mpint(number: int) -> bytes:
    """Return a number above zero as SSH writes it: the first bit is that of the sign."""
    return number.to_bytes(number.bit_length() // 8 + 1, 'big')


def ssh_string(data: bytes) -> tuple[bytes, bytes]:
    """Split SSH wire data into its first string and the rest; ValueError if it is cut short."""
    end = 4 + int.from_bytes(data[:4], 'big')
    if len(data) < max(4, end):
        raise ValueError('the data is cut short')
    return data[4:end], data[end:]


def blob_type(blob: bytes) -> str:
    """Return the SSH name of the kind of a public key, such as ssh-ed25519."""
    return ssh_string(blob)[0].decode('ascii', 'replace')


def public_line(blob: bytes) -> str:
    """Return a public key as a line of an authorized_keys file, without comment."""
    return f'{blob_type(blob)} {base64.b64encode(blob).decode("ascii")}'


def line_fingerprint(line: str) -> str | None:
    """Return the MD5 fingerprint of a public key in OpenSSH form, None if it is not plainly one."""
    text = str(line).strip()
    try:
        kind, data = text.split()[:2]
        blob = rest = base64.b64decode(data, validate=True)
        while rest:
            _, rest = ssh_string(rest)
        is_plain = blob_type(blob) == kind and len(text.splitlines()) == 1
    except ValueError:
        return None
    return md5_fingerprint(blob) if is_plain else None


def parse_fingerprint(text: str) -> str | None:
    """Return a fingerprint in the form that ours have, or None if the text is none.

    MD5 is known with and without colons and the prefix `MD5:`, SHA256 with and without padding
    and the prefix `SHA256:`.
    """
    sha256 = _SHA256.fullmatch(text)
    if sha256:
        return f'SHA256:{sha256[1]}'
    digits = text.removeprefix('MD5:').replace(':', '').lower()
    return bytes.fromhex(digits).hex(':') if _MD5.fullmatch(text) else None


def fingerprint_matches(text: str, blob: bytes) -> bool:
    """Tell whether a fingerprint, in any of its forms, is that of a public key."""
    return parse_fingerprint(text) in (md5_fingerprint(blob), sha256_fingerprint(blob))


def check_usable(blob: bytes, name: str) -> str:
    """Return the SSH type of a public key that CloudAPI takes.

    Raises KeyUnsupported, with `name` in its text, for one that it does not take.
    """
    try:
        kind, rest = blob_type(blob), ssh_string(blob)[1]
        if kind in ALGORITHMS and kind != 'ssh-rsa':
            return kind
        bits = rsa_bits(rest) if kind == 'ssh-rsa' else 0
    except ValueError:
        raise KeyUnsupported(f'{name} has a public part that cannot be read: {USABLE}.') from None
    if bits in RSA_BITS:
        return kind
    what = f'an RSA key of {bits} bits' if bits else f'a key of the kind {kind}'
    raise KeyUnsupported(f'{name} is {what}, which cannot be used: {USABLE}.')


def rsa_bits(rest: bytes) -> int:
    """Return the length of an RSA modulus from a public part without its type."""
    return int.from_bytes(ssh_string(ssh_string(rest)[1])[0], 'big').bit_length()
