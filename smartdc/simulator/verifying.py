"""Whether a signature is good, by pycryptodome and, where it is installed, by cryptography.

cryptography is several times faster at saying yes. It refuses a few signatures that
others take, such as RSA ones that name their hash without its empty parameters, and cannot read
every size of key; so what it does not take is put to pycryptodome, whose word is the last. With and
without it the same signatures are good.

Keys are read once. Signatures are verified each time: nothing that was good before counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any, Protocol

from smartdc.simulator.ssh_keys import PublicKey, numbers

_HASHES = ('sha1', 'sha256', 'sha512')

#: The libraries, in the order in which they are asked.
BACKENDS = ('cryptography', 'pycryptodome')

# What both libraries raise, now and then, about numbers that make no key and no signature.
_UNUSABLE = (ValueError, TypeError, IndexError, ArithmeticError)

_chosen: list[str] = []


class Verifier(Protocol):
    """A key that is ready to verify."""

    def __call__(self, hash_name: str, data: bytes, signature: bytes, /) -> None:
        """Return if the signature is good, else raise what the library finds wrong with it."""


def use(*backends: str) -> None:
    """Let these libraries decide, and no others; with none, all that are installed."""
    _chosen[:] = backends


def verify(public_key: PublicKey, algorithm: str, data: bytes, signature: bytes) -> bool:
    """Tell whether a signature is the key's own, under an algorithm such as `rsa-sha256`.

    The kind of key must be the one that the algorithm names. (EC)DSA signatures are DER; their
    hash need not go with the curve. Whatever can't be read is False.
    """
    kind, _, hash_name = algorithm.lower().partition('-')
    if kind != public_key.type or hash_name not in _HASHES:
        return False
    if kind == 'ed25519' and hash_name != 'sha512':
        return False
    for backend in _chosen or _installed():
        if _accepts(backend, public_key, hash_name, data, signature):
            return True
    return False


@cache
def _installed() -> tuple[str, ...]:
    return BACKENDS if find_spec('cryptography') else BACKENDS[1:]


def _accepts(
    backend: str, public_key: PublicKey, hash_name: str, data: bytes, signature: bytes
) -> bool:
    """Tell whether one of the libraries says yes."""
    verifier = _verifier(backend, public_key.type, public_key.blob)
    if verifier is None:
        return False
    try:
        verifier(hash_name, data, signature)
    except _faults(backend):
        return False
    return True


@cache
def _faults(backend: str) -> tuple[type[Exception], ...]:
    """Return what a library raises about numbers that make no key, or no signature."""
    if backend == 'pycryptodome':
        return _UNUSABLE
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    return (*_UNUSABLE, InvalidSignature, UnsupportedAlgorithm)


@lru_cache(maxsize=4096)
def _verifier(backend: str, kind: str, blob: bytes) -> Verifier | None:
    """Return what verifies with a key, None when its numbers make no key for the library."""
    if backend != BACKENDS[-1] and _verifier(BACKENDS[-1], kind, blob) is None:
        return None
    try:
        return _MAKERS[backend][kind](numbers(blob))
    except _faults(backend):
        return None


def _integers(parts: list[bytes]) -> list[int]:
    return [int.from_bytes(part) for part in parts]


def _rsa(parts: list[bytes]) -> Verifier:
    from Crypto.PublicKey import RSA
    from Crypto.Signature import pkcs1_15

    exponent, modulus = _integers(parts)
    return _scheme(pkcs1_15.new(RSA.construct((modulus, exponent))))


def _dsa(parts: list[bytes]) -> Verifier:
    from Crypto.PublicKey import DSA

    p, q, g, y = _integers(parts)
    return _dss(DSA.construct((y, g, p, q)))


def _ecdsa(parts: list[bytes]) -> Verifier:
    from Crypto.PublicKey import ECC

    return _dss(ECC.import_key(parts[1], curve_name=parts[0].decode()))


def _dss(key: Any) -> Verifier:
    from Crypto.Signature import DSS

    # Of pycryptodome's schemes, only this one leaves the choice of hash to the signer.
    return _scheme(DSS.new(key, 'deterministic-rfc6979', encoding='der'))


def _scheme(scheme: Any) -> Verifier:
    """Return a verifier of a scheme of pycryptodome's that takes a hash."""
    from Crypto.Hash import SHA1, SHA256, SHA512

    made = {'sha1': SHA1, 'sha256': SHA256, 'sha512': SHA512}

    def verify(hash_name: str, data: bytes, signature: bytes) -> None:
        scheme.verify(made[hash_name].new(data), signature)

    return verify


def _ed25519(parts: list[bytes]) -> Verifier:
    from Crypto.Signature import eddsa

    scheme = eddsa.new(eddsa.import_public_key(parts[0]), 'rfc8032')
    return lambda _, data, signature: scheme.verify(data, signature)


def _fast_rsa(parts: list[bytes]) -> Verifier:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.RSAPublicNumbers(*_integers(parts)).public_key()
    scheme = padding.PKCS1v15()
    return lambda name, data, signature: key.verify(signature, data, scheme, _fast_hash(name))


def _fast_dsa(parts: list[bytes]) -> Verifier:
    from cryptography.hazmat.primitives.asymmetric import dsa

    p, q, g, y = _integers(parts)
    key = dsa.DSAPublicNumbers(y, dsa.DSAParameterNumbers(p, q, g)).public_key()
    return lambda name, data, signature: key.verify(signature, data, _fast_hash(name))


def _fast_ecdsa(parts: list[bytes]) -> Verifier:
    from cryptography.hazmat.primitives.asymmetric import ec

    curves = {b'nistp256': ec.SECP256R1(), b'nistp384': ec.SECP384R1(), b'nistp521': ec.SECP521R1()}
    key = ec.EllipticCurvePublicKey.from_encoded_point(curves[parts[0]], parts[1])
    return lambda name, data, signature: key.verify(signature, data, ec.ECDSA(_fast_hash(name)))


def _fast_ed25519(parts: list[bytes]) -> Verifier:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    key = ed25519.Ed25519PublicKey.from_public_bytes(parts[0])
    return lambda _, data, signature: key.verify(signature, data)


@cache
def _fast_hash(name: str) -> Any:
    from cryptography.hazmat.primitives import hashes

    # CloudAPI takes SHA-1 to this day.
    return {'sha1': hashes.SHA1(), 'sha256': hashes.SHA256(), 'sha512': hashes.SHA512()}[name]  # noqa: S303


_MAKERS: Mapping[str, Mapping[str, Callable[[list[bytes]], Verifier]]] = {
    'pycryptodome': {'rsa': _rsa, 'dsa': _dsa, 'ecdsa': _ecdsa, 'ed25519': _ed25519},
    'cryptography': {
        'rsa': _fast_rsa,
        'dsa': _fast_dsa,
        'ecdsa': _fast_ecdsa,
        'ed25519': _fast_ed25519,
    },
}
