"""The account's SSH keys."""

from __future__ import annotations

from urllib.parse import quote

from tests.simulator.clouds import Account, read, refusal
from tests.simulator.signer import Signer


def test_adds_finds_and_deletes() -> None:
    """A key is found by its name and its fingerprint, and signs at once."""
    acme = Account()
    other = Signer('acme')
    fingerprint = other.key_id.rpartition('/')[2]
    response = acme.send('POST', '/my/keys', {'name': 'other', 'key': other.public})
    assert 201 == response.status
    assert f'/acme/keys/{quote(fingerprint, safe="")}' == response.headers['Location']
    key = {'name': 'other', 'fingerprint': fingerprint, 'key': other.public}
    assert key == read(response)
    assert key == acme.get('/my/keys/other') == acme.get(f'/my/keys/{fingerprint}')
    assert ['test', 'other'] == [found['name'] for found in acme.get('/my/keys')]
    assert acme.send('DELETE', '/my/keys/test', by=other).status == 204
    assert acme.send('GET', '/my').status == 401


def test_names_a_key_after_its_comment() -> None:
    """Without a name a key has its comment's."""
    assert 'x' == Account().post('/my/keys', {'key': Signer('x').public})['name']


def test_refuses_keys() -> None:
    """A key that is missing, broken or known is refused."""
    acme = Account()
    found = [
        refusal(acme.send('POST', '/my/keys', body))
        for body in ({}, {'key': 'x'}, {'key': acme.signer.public, 'name': 'y'})
    ]
    assert [
        (409, 'MissingParameter', 'key is a required argument'),
        (409, 'InvalidArgument', 'key is invalid'),
        (409, 'InvalidArgument', 'key already exists or is invalid'),
    ] == found
    for method in ('GET', 'DELETE'):
        response = acme.send(method, '/my/keys/x')
        assert (404, 'ResourceNotFound', 'x does not exist') == refusal(response)


def test_an_account_without_keys_makes_no_machines() -> None:
    """An operator can't make a machine for an account that has no key."""
    acme = Account({'accounts': [{'login': 'acme', 'operator': True}, {'login': 'bare'}]})
    image = acme.get('/my/images?name=base-64-lts')[0]['id']
    response = acme.send('POST', '/bare/machines', {'image': image, 'package': 'g1-nano'})
    assert (409, 'KeyRequired') == refusal(response)[:2]
