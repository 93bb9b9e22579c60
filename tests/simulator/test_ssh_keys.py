import base64
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from Crypto.Hash import SHA1, SHA256, SHA512
from Crypto.PublicKey import DSA, ECC, RSA
from Crypto.Signature import DSS, eddsa, pkcs1_15
from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator.ssh_keys import KeyFault, PublicKey, admit, verify
from smartdc.simulator.wire import Refusal
from tests.simulator.tables import rows

HASHES = {'sha1': SHA1, 'sha256': SHA256, 'sha512': SHA512}
DATA = b'date: Mon, 23 Nov 2026 09:04:54 GMT'


def recorded(what: str) -> str:
    """Return the key text of the row that is described by `what`."""
    return str(next(row['body']['key'] for row in rows('engines/keys') if row['what'] == what))


def taken() -> list[dict[str, str]]:
    """Return the key that the recorded account had all along."""
    key = PublicKey.parse(recorded('key taken'))
    return [{'name': 'signer', 'fingerprint': key.fingerprint}]


def public(text: str) -> PublicKey:
    """Return the public key of a text that pycryptodome wrote."""
    return PublicKey.parse(text)


def test_keys_are_admitted_as_cloudapi_admitted_them() -> None:
    """Every recorded body gives the recorded key and location, or the recorded refusal."""
    table = rows('engines/keys')
    assert len(table) >= 81
    for row in table:
        if row['accepted']:
            key = admit(row['body'], taken())
            assert row['result'] == key, row['id']
            assert row['location'] == f'/keyuser/keys/{quote(key["fingerprint"], safe="")}'
        else:
            with pytest.raises(Refusal) as refused:
                admit(row['body'], taken())
            answer = (refused.value.status, refused.value.code, refused.value.message)
            assert (row['status'], row['code'], row['message']) == answer, row['id']


def test_keys_read_as_sshpk_reads_them() -> None:
    """Every recorded text is the kind, size, comment and fingerprint that sshpk says, or none."""
    seen = 0
    for row in rows('engines/keys'):
        expected = row.get('sshpk')
        if expected is None:
            continue
        seen += 1
        if expected['ok']:
            key = PublicKey.parse(row['body']['key'])
            facts = (key.type, key.size, key.comment, key.fingerprint)
            wanted = tuple(expected[name] for name in ('type', 'size', 'comment', 'md5'))
            assert wanted == facts, row['id']
        else:
            with pytest.raises(KeyFault):
                PublicKey.parse(row['body']['key'])
    assert seen >= 75


def test_arguments_are_refused_in_order() -> None:
    """What is wrong with the arguments is said before anything is read from the key."""
    good = recorded('ed25519 with name')
    bodies: list[tuple[dict[str, Any], str]] = [
        ({}, 'key is a required argument'),
        ({'key': 0}, 'key is a required argument'),
        ({'key': ['x y']}, 'key must be a String'),
        ({'key': 'x', 'attestation': 'x'}, 'key is invalid'),
        ({'key': 'x y', 'attestation': 'x'}, 'attestation must be an Array of Strings'),
        ({'key': good, 'attestation': [5]}, 'attestation must be an Array of Strings'),
        ({'key': good, 'attestation': ['pem']}, 'key already exists or is invalid'),
        ({'key': 'x y', 'name': 5}, 'key already exists or is invalid'),
        ({'key': good, 'name': {'a': 1}}, 'key is invalid'),
    ]
    for body, message in bodies:
        with pytest.raises(Refusal) as refused:
            admit(body, [])
        assert message == refused.value.message, body


def test_numbers_are_brought_into_normal_form() -> None:
    """Superfluous zeros in a key's data change neither its fingerprint nor its use."""
    key = RSA.generate(1024)
    parts = [b'ssh-rsa', b'\0\0' + key.e.to_bytes(3), b'\0\0\0' + key.n.to_bytes(128)]
    data = b''.join(len(part).to_bytes(4) + part for part in parts)
    odd = public(f'ssh-rsa {base64.b64encode(data).decode()} odd')
    plain = public(key.public_key().export_key('OpenSSH').decode())
    assert plain.fingerprint == odd.fingerprint
    assert (odd.size, odd.comment) == (1024, 'odd')


@pytest.mark.parametrize('bits', [1024, 2048])
def test_rsa_signatures(bits: int) -> None:
    """RSA signatures verify with each hash, under their own algorithm only."""
    key = RSA.generate(bits)
    known = public(key.public_key().export_key('OpenSSH').decode())
    for name, module in HASHES.items():
        made = pkcs1_15.new(key).sign(module.new(DATA))
        assert verify(known, f'rsa-{name}', DATA, made)
        assert not verify(known, f'rsa-{name}', DATA + b'.', made)
        assert not verify(known, f'ecdsa-{name}', DATA, made)
        assert not any(
            verify(known, f'rsa-{other}', DATA, made) for other in HASHES.keys() - {name}
        )


@pytest.mark.parametrize('curve', ['P-256', 'P-384', 'P-521'])
def test_ecdsa_signatures(curve: str) -> None:
    """ECDSA signatures verify with each hash on each curve, as DER and not as bare numbers."""
    key = ECC.generate(curve=curve)
    known = public(key.public_key().export_key(format='OpenSSH'))
    for name, module in HASHES.items():
        made = DSS.new(key, 'deterministic-rfc6979', encoding='der').sign(module.new(DATA))
        bare = DSS.new(key, 'deterministic-rfc6979').sign(module.new(DATA))
        assert verify(known, f'ecdsa-{name}', DATA, made)
        assert not verify(known, f'ecdsa-{name}', DATA + b'.', made)
        assert not verify(known, f'ecdsa-{name}', DATA, bare)


def test_dsa_signatures() -> None:
    """DSA signatures verify with SHA-1 and with a hash that is longer than the group."""
    blob, numbers, at = PublicKey.parse(recorded('dsa1024')).blob, [], 0
    while at < len(blob):
        end = at + 4 + int.from_bytes(blob[at : at + 4])
        numbers.append(int.from_bytes(blob[at + 4 : end]))
        at = end
    _, p, q, g, _ = numbers
    key = DSA.construct((pow(g, 12345, p), g, p, q, 12345))
    known = public(key.public_key().export_key('OpenSSH').decode())
    for name in ('sha1', 'sha256'):
        made = DSS.new(key, 'deterministic-rfc6979', encoding='der').sign(HASHES[name].new(DATA))
        assert verify(known, f'dsa-{name}', DATA, made)
        assert not verify(known, f'dsa-{name}', DATA + b'.', made)


def test_ed25519_signatures() -> None:
    """Ed25519 signatures verify under ed25519-sha512 and no other name."""
    key = ECC.generate(curve='Ed25519')
    known = public(key.public_key().export_key(format='OpenSSH'))
    made = eddsa.new(key, 'rfc8032').sign(DATA)
    assert verify(known, 'ed25519-sha512', DATA, made)
    assert not verify(known, 'ed25519-sha256', DATA, made)
    assert not verify(known, 'ed25519-sha512', DATA + b'.', made)


def test_a_key_that_no_numbers_make_verifies_nothing() -> None:
    """A text that sshpk takes although its numbers make no key refuses every signature."""
    known = public('ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAA== empty')
    assert (known.size, known.type) == (1, 'rsa')
    assert not verify(known, 'rsa-sha256', DATA, b'x')


@given(st.sampled_from(['rsa2048 with name', 'ec256', 'dsa1024', 'ed25519 with name']), st.data())
def test_garbage_signatures_are_no_signatures(what: str, data: st.DataObject) -> None:
    """No signature, text or algorithm makes verification raise or succeed."""
    key = PublicKey.parse(recorded(what))
    algorithm = data.draw(st.sampled_from([f'{key.type}-{name}' for name in HASHES]) | st.text())
    assert not verify(key, algorithm, data.draw(st.binary()), data.draw(st.binary()))


@given(st.data())
def test_garbage_keys_are_refused(data: st.DataObject) -> None:
    """Whatever stands in a body, the answer is a key or a Refusal."""
    good = recorded('ec256')
    cut = data.draw(st.integers(0, len(good)))
    text = good[:cut] + data.draw(st.text('AB=+/ \t\n\\\ré-', max_size=8)) + good[cut:]
    body = {'key': data.draw(st.just(text) | st.text()), 'name': data.draw(st.none() | st.text())}
    with suppress(Refusal):
        key = admit(body, [])
        assert key['fingerprint'] == PublicKey.parse(key['key']).fingerprint
