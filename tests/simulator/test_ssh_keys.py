import base64
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from Crypto.PublicKey import RSA
from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator.ssh_keys import KeyFault, PublicKey, admit
from smartdc.simulator.wire import Refusal
from tests.simulator.tables import recorded_key, rows


def taken() -> list[dict[str, str]]:
    """Return the key that the recorded account had all along."""
    key = PublicKey.parse(recorded_key('key taken'))
    return [{'name': 'signer', 'fingerprint': key.fingerprint}]


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
    good = recorded_key('ed25519 with name')
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
    odd = PublicKey.parse(f'ssh-rsa {base64.b64encode(data).decode()} odd')
    plain = PublicKey.parse(key.public_key().export_key('OpenSSH').decode())
    assert plain.fingerprint == odd.fingerprint
    assert (odd.size, odd.comment) == (1024, 'odd')


@given(st.data())
def test_garbage_keys_are_refused(data: st.DataObject) -> None:
    """Whatever stands in a body, the answer is a key or a Refusal."""
    good = recorded_key('ec256')
    cut = data.draw(st.integers(0, len(good)))
    text = good[:cut] + data.draw(st.text('AB=+/ \t\n\\\ré-', max_size=8)) + good[cut:]
    body = {'key': data.draw(st.just(text) | st.text()), 'name': data.draw(st.none() | st.text())}
    with suppress(Refusal):
        key = admit(body, [])
        assert key['fingerprint'] == PublicKey.parse(key['key']).fingerprint
