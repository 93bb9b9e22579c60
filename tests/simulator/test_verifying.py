"""Signatures of each kind of key, by each library that verifies them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import pytest
from Crypto.Hash import SHA1, SHA256, SHA512
from Crypto.PublicKey import DSA, ECC, RSA
from Crypto.Signature import DSS, eddsa, pkcs1_15
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from smartdc.simulator import verifying
from smartdc.simulator.ssh_keys import PublicKey, numbers
from smartdc.simulator.verifying import verify
from tests.simulator.tables import recorded_key

HASHES = {'sha1': SHA1, 'sha256': SHA256, 'sha512': SHA512}
DATA = b'date: Mon, 23 Nov 2026 09:04:54 GMT'


@pytest.mark.usefixtures('backend')
@pytest.mark.parametrize('bits', [1024, 2048])
def test_rsa_signatures(bits: int) -> None:
    """RSA signatures verify with each hash, under their own algorithm only."""
    key = RSA.generate(bits)
    known = PublicKey.parse(key.public_key().export_key('OpenSSH').decode())
    for name, module in HASHES.items():
        made = pkcs1_15.new(key).sign(module.new(DATA))
        assert verify(known, f'rsa-{name}', DATA, made)
        assert not verify(known, f'rsa-{name}', DATA + b'.', made)
        assert not verify(known, f'ecdsa-{name}', DATA, made)
        assert not any(
            verify(known, f'rsa-{other}', DATA, made) for other in HASHES.keys() - {name}
        )


@pytest.mark.usefixtures('backend')
@pytest.mark.parametrize('curve', ['P-256', 'P-384', 'P-521'])
def test_ecdsa_signatures(curve: str) -> None:
    """ECDSA signatures verify with each hash on each curve, as DER and not as bare numbers."""
    key = ECC.generate(curve=curve)
    known = PublicKey.parse(key.public_key().export_key(format='OpenSSH'))
    for name, module in HASHES.items():
        made = DSS.new(key, 'deterministic-rfc6979', encoding='der').sign(module.new(DATA))
        bare = DSS.new(key, 'deterministic-rfc6979').sign(module.new(DATA))
        assert verify(known, f'ecdsa-{name}', DATA, made)
        assert not verify(known, f'ecdsa-{name}', DATA + b'.', made)
        assert not verify(known, f'ecdsa-{name}', DATA, bare)


@pytest.mark.usefixtures('backend')
def test_dsa_signatures() -> None:
    """DSA signatures verify with SHA-1 and with a hash that is longer than the group."""
    p, q, g, _ = map(int.from_bytes, numbers(PublicKey.parse(recorded_key('dsa1024')).blob))
    key = DSA.construct((pow(g, 12345, p), g, p, q, 12345))
    known = PublicKey.parse(key.public_key().export_key('OpenSSH').decode())
    for name in ('sha1', 'sha256'):
        made = DSS.new(key, 'deterministic-rfc6979', encoding='der').sign(HASHES[name].new(DATA))
        assert verify(known, f'dsa-{name}', DATA, made)
        assert not verify(known, f'dsa-{name}', DATA + b'.', made)


@pytest.mark.usefixtures('backend')
def test_ed25519_signatures() -> None:
    """Ed25519 signatures verify under ed25519-sha512 and no other name."""
    key = ECC.generate(curve='Ed25519')
    known = PublicKey.parse(key.public_key().export_key(format='OpenSSH'))
    made = eddsa.new(key, 'rfc8032').sign(DATA)
    assert verify(known, 'ed25519-sha512', DATA, made)
    assert not verify(known, 'ed25519-sha256', DATA, made)
    assert not verify(known, 'ed25519-sha512', DATA + b'.', made)


@pytest.mark.usefixtures('backend')
def test_a_key_that_no_numbers_make_verifies_nothing() -> None:
    """A text that sshpk takes although its numbers make no key refuses every signature."""
    known = PublicKey.parse('ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAA== empty')
    assert (known.size, known.type) == (1, 'rsa')
    assert not verify(known, 'rsa-sha256', DATA, b'x')


@settings(deadline=None)
@given(st.sampled_from(['rsa2048 with name', 'ec256', 'dsa1024', 'ed25519 with name']), st.data())
def test_garbage_signatures_are_no_signatures(what: str, data: st.DataObject) -> None:
    """No signature, text or algorithm makes verification raise or succeed."""
    key = PublicKey.parse(recorded_key(what))
    algorithm = data.draw(st.sampled_from([f'{key.type}-{name}' for name in HASHES]) | st.text())
    assert not verify(key, algorithm, data.draw(st.binary()), data.draw(st.binary()))


@pytest.fixture
def _without_cryptography() -> Iterator[None]:
    """Verify by pycryptodome alone, as where cryptography is not installed."""
    verifying.use('pycryptodome')
    yield
    verifying.use()


def without_parameters(key: RSA.RsaKey) -> bytes:
    """Return a signature that names its hash without the empty parameters that go with it."""
    head = bytes.fromhex('302f300b06096086480165030402010420')
    digest = head + hashlib.sha256(DATA).digest()
    padded = b'\0\1' + b'\xff' * (key.size_in_bytes() - len(digest) - 3) + b'\0' + digest
    return pow(int.from_bytes(padded), int(key.d), int(key.n)).to_bytes(key.size_in_bytes())


@pytest.mark.usefixtures('_without_cryptography')
def test_cryptography_only_says_yes() -> None:
    """What cryptography refuses and pycryptodome takes is taken, whether it is there or not."""
    key = RSA.generate(1024)
    known = PublicKey.parse(key.public_key().export_key('OpenSSH').decode())
    made = without_parameters(key)
    accepted = []
    for backends in (('cryptography',), ('pycryptodome',), ()):
        verifying.use(*backends)
        accepted.append(verify(known, 'rsa-sha256', DATA, made))

    assert [False, True, True] == accepted


def test_a_key_is_one_for_both_libraries_or_for_none() -> None:
    """A point that pycryptodome can't read is no key, although cryptography makes one of it."""
    beyond = (2**255 - 19 + 1).to_bytes(32, 'little')
    data = b''.join(len(part).to_bytes(4) + part for part in (b'ssh-ed25519', beyond))
    known = PublicKey.parse(f'ssh-ed25519 {base64.b64encode(data).decode()} beyond')
    neutral = b'\1' + bytes(31)

    Ed25519PublicKey.from_public_bytes(beyond).verify(neutral + bytes(32), DATA)
    assert not verify(known, 'ed25519-sha512', DATA, neutral + bytes(32))
