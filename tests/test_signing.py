"""Both libraries make signatures, and the same ones."""

import pytest
import requests
from Crypto.PublicKey import ECC, RSA

from smartdc import signing
from smartdc.http_signature import HTTPSignatureAuth, Signer
from tests.programs import KEYS, is_signature

EC = {'p256-sec1.pem': 'SHA256', 'p384-sec1.pem': 'SHA512', 'p521-sec1.pem': 'SHA512'}
MESSAGES = [b'', b'date: Thu, 05 Jan 2014 21:31:40 GMT', bytes(range(256)) * 40]


@pytest.fixture(params=['cryptography', 'pycryptodome'])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return each library in turn, the one that signs."""
    monkeypatch.setattr(signing, 'has_cryptography', lambda: request.param == 'cryptography')
    return str(request.param)


@pytest.mark.parametrize('message', MESSAGES)
def test_rsa_signatures_are_the_same(message: bytes) -> None:
    """PKCS#1 v1.5 leaves nothing to chance."""
    read = RSA.import_key((KEYS / 'rsa2048-pkcs1.pem').read_bytes())
    key = signing.RSANumbers(int(read.n), int(read.e), int(read.d), int(read.p), int(read.q))

    assert signing._plain_rsa(key)(message) == signing._quick_rsa(key)(message)


@pytest.mark.parametrize('message', MESSAGES)
def test_ed25519_signatures_are_the_same(message: bytes) -> None:
    """Neither does RFC 8032."""
    key = ECC.import_key((KEYS / 'ed25519-pkcs8.pem').read_bytes())

    assert signing._plain_ed25519(key)(message) == signing._quick_ed25519(key)(message)


@pytest.mark.parametrize('name', EC)
@pytest.mark.usefixtures('library')
def test_ecdsa_signatures_are_good(name: str) -> None:
    """Whichever library signs, the other kind of verification accepts it and no changed text."""
    from Crypto.Hash import SHA256, SHA512
    from Crypto.Signature import DSS

    key = ECC.import_key((KEYS / name).read_bytes())
    made = signing.ecdsa(key, EC[name])(b'text')
    hashed = {'SHA256': SHA256, 'SHA512': SHA512}[EC[name]]
    verifier = DSS.new(key.public_key(), 'fips-186-3', encoding='der')

    verifier.verify(hashed.new(b'text'), made)  # raises what it does not accept
    with pytest.raises(ValueError, match='not authentic'):
        verifier.verify(hashed.new(b'texT'), made)


@pytest.mark.usefixtures('library')
@pytest.mark.parametrize('name', ['rsa2048-pkcs1.pem', 'ed25519-openssh', *EC])
def test_a_signer_uses_either(name: str) -> None:
    """What a key file signs is good, whichever library is there."""
    signer = Signer(KEYS / name)

    assert is_signature(signer.public_key, signer.algorithm, signer.sign(b'text'), b'text')
    assert not is_signature(signer.public_key, signer.algorithm, signer.sign(b'text'), b'texT')


class Counting(Signer):
    """A key that counts its signatures."""

    __slots__ = ('made',)

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes."""
        self.made = getattr(self, 'made', 0) + 1
        return super().sign(data)


@pytest.mark.parametrize(
    ('headers', 'made'), [(('date',), 2), (('date', 'host'), 3), (('(request-target)', 'date'), 4)]
)
def test_what_names_no_request_is_signed_once(headers: tuple[str, ...], made: int) -> None:
    """The same text is signed once for all requests; each text's header is its own."""
    path = KEYS / 'rsa2048-pkcs1.pem'
    auth = HTTPSignatureAuth(None, path, login='acme', signed_headers=headers)
    key = Counting(path)
    auth._use(key)
    sent = [('a', 'one'), ('a', 'one'), ('b', 'one'), ('a', 'two')]
    signed = [
        requests.Request('GET', f'http://{host}/x', headers={'Date': date}, auth=auth).prepare()
        for host, date in sent
    ]

    assert made == key.made
    plain = HTTPSignatureAuth(
        None, KEYS / 'rsa2048-pkcs1.pem', login='acme', signed_headers=headers
    )
    for request in signed:
        given, alone = request.headers['Authorization'], request.copy()
        assert given == plain(alone).headers['Authorization']
