"""The numbers of an RSA key, read without a library.

pycryptodome looks whether the factors are primes whenever it reads a key, which takes as long as
fifteen signatures, and cryptography as long as a hundred. Here it is seen only that the numbers
belong together; a signature that is wrong all the same is found out as it is made.
"""

from __future__ import annotations

from smartdc.signing import RSANumbers
from smartdc.ssh_keys import OPENSSH_MAGIC, RSAPrivateKey, ssh_string


def from_der(der: bytes) -> RSAPrivateKey:
    """Read a key of PKCS#1; ValueError if it is none."""
    from Crypto.Util.asn1 import DerSequence

    numbers = DerSequence().decode(der, nr_elements=9, only_ints_expected=True)
    return _together(*(int(number) for number in numbers[1:6]))


def from_openssh(body: bytes) -> RSAPrivateKey:
    """Read a key of OpenSSH's form; ValueError if it is none."""
    rest = body[len(OPENSSH_MAGIC) :]
    for _ in ('cipher', 'hash', 'its options'):
        rest = ssh_string(rest)[1]
    _, rest = ssh_string(rest[4:])
    private, _ = ssh_string(rest)
    if private[:4] != private[4:8]:
        raise ValueError('the two checks of the key differ')
    _, rest = ssh_string(private[8:])
    numbers: list[int] = []
    for _ in ('n', 'e', 'd', 'iqmp', 'p', 'q'):
        number, rest = ssh_string(rest)
        numbers.append(int.from_bytes(number, 'big'))
    n, e, d, _, p, q = numbers
    return _together(n, e, d, p, q)


def _together(n: int, e: int, d: int, p: int, q: int) -> RSAPrivateKey:
    if min(p, q) < 3 or p * q != n or e * d % (p - 1) != 1 or e * d % (q - 1) != 1:
        raise ValueError('the numbers of the key do not belong together')
    return RSAPrivateKey(RSANumbers(n, e, d, p, q))
