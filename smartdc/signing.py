"""Which library makes signatures: cryptography where it is installed, else pycryptodome.

Both make the same RSA and Ed25519 signatures, byte for byte; ECDSA has a random part. cryptography
is three times as fast with RSA. Keys that are encrypted or have curves are read by pycryptodome,
which knows all forms of files. Either is imported only when it is needed: that takes longer than
all else between a start and the first request.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from Crypto.PublicKey.ECC import EccKey

#: Makes the signature of some bytes.
Sign = Callable[[bytes], bytes]


class RSANumbers(NamedTuple):
    """An RSA key: modulus, public and private exponent, and the factors of the modulus."""

    n: int
    e: int
    d: int
    p: int
    q: int


@functools.cache
def has_cryptography() -> bool:
    """Say whether the faster library is there."""
    try:
        import cryptography.hazmat.primitives.asymmetric  # noqa: F401 # pyright: ignore[reportUnusedImport]
    except ImportError:
        return False
    return True


def rsa(key: RSANumbers) -> Sign:
    """Return what signs with PKCS#1 v1.5 over SHA-256."""
    return _quick_rsa(key) if has_cryptography() else _plain_rsa(key)


def ecdsa(key: EccKey, digest: str) -> Sign:
    """Return what signs over `SHA256` or `SHA512`, as DER."""
    return _quick_ecdsa(key, digest) if has_cryptography() else _plain_ecdsa(key, digest)


def ed25519(key: EccKey) -> Sign:
    """Return what signs as RFC 8032 says."""
    return _quick_ed25519(key) if has_cryptography() else _plain_ed25519(key)


def _plain_rsa(key: RSANumbers) -> Sign:
    from Crypto.Hash import SHA256
    from Crypto.PublicKey import RSA
    from Crypto.Signature import pkcs1_15

    scheme = pkcs1_15.new(RSA.construct(tuple(key), consistency_check=False))
    return lambda data: scheme.sign(SHA256.new(data))


def _plain_ecdsa(key: EccKey, digest: str) -> Sign:
    from Crypto.Hash import SHA256, SHA512
    from Crypto.Signature import DSS

    scheme = DSS.new(key, 'fips-186-3', encoding='der')
    hashed = {'SHA256': SHA256, 'SHA512': SHA512}[digest]
    return lambda data: scheme.sign(hashed.new(data))


def _plain_ed25519(key: EccKey) -> Sign:
    from Crypto.Signature import eddsa

    return eddsa.new(key, 'rfc8032').sign


def _quick_rsa(key: RSANumbers) -> Sign:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    n, e, d, p, q = key
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(e, n),
    )
    # Its own check of the numbers takes as long as a hundred signatures; one tells as well.
    quick = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    scheme, hashed = padding.PKCS1v15(), hashes.SHA256()
    try:
        quick.public_key().verify(quick.sign(b'', scheme, hashed), b'', scheme, hashed)
    except InvalidSignature:
        raise ValueError('the key makes no good signatures') from None
    return lambda data: quick.sign(data, scheme, hashed)


def _quick_ecdsa(key: EccKey, digest: str) -> Sign:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: dict[str, type[ec.EllipticCurve]] = {
        'NIST P-256': ec.SECP256R1,
        'NIST P-384': ec.SECP384R1,
        'NIST P-521': ec.SECP521R1,
    }
    quick = ec.derive_private_key(int(key.d), curves[key.curve]())
    scheme = ec.ECDSA({'SHA256': hashes.SHA256, 'SHA512': hashes.SHA512}[digest]())
    return lambda data: quick.sign(data, scheme)


def _quick_ed25519(key: EccKey) -> Sign:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return ed25519.Ed25519PrivateKey.from_private_bytes(key.seed).sign
