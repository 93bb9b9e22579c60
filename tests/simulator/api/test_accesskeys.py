"""Access keys, as the directory of CloudAPI 9.20 shows them."""

from __future__ import annotations

import re

import pytest

from tests.simulator.clouds import Account, read, refusal


@pytest.fixture
def acme() -> Account:
    """Return an account with a sub-user."""
    return Account({'accounts': [{'login': 'acme', 'users': [{'login': 'bob'}]}]})


@pytest.mark.parametrize('rest', ['', '/users/bob'])
def test_are_made_found_and_deleted(acme: Account, rest: str) -> None:
    """The secret is there each time, and what was asked for is ignored."""
    path = f'/my{rest}/accesskeys'
    response = acme.send('POST', path, {'description': 'x', 'status': 'Inactive'})
    key = read(response)
    assert response.status == 201
    assert f'/acme{rest}/accesskeys/{key["accesskeyid"]}' == response.headers['Location']
    assert re.fullmatch('[0-9a-f]{32}', key['accesskeyid'])
    assert ('Active', 'accesskey', '2026-01-02T03:04:05.000Z') == (
        key['status'],
        key['objectclass'],
        key['created'],
    )
    assert key['dn'].startswith(f'accesskeyid={key["accesskeyid"]}, uuid=')
    assert {'accesskeysecret', 'controls'} <= set(key)
    assert [key] == acme.get(path)
    assert key == acme.get(f'{path}/{key["accesskeyid"]}')
    assert acme.send('DELETE', f'{path}/{key["accesskeyid"]}').status == 204
    assert [] == acme.get(path)


def test_belong_to_one(acme: Account) -> None:
    """The keys of the account are not those of its sub-users."""
    own = acme.post('/my/accesskeys')['accesskeyid']
    bobs = acme.post('/my/users/bob/accesskeys')['accesskeyid']
    for path, key in (('/my', bobs), ('/my/users/bob', own)):
        for method in ('GET', 'DELETE'):
            response = acme.send(method, f'{path}/accesskeys/{key}')
            assert (404, 'ResourceNotFound', f'{key} does not exist') == refusal(response)
    response = acme.send('GET', '/my/users/eve/accesskeys')
    assert (404, 'ResourceNotFound', 'eve does not exist') == refusal(response)


def test_cannot_be_changed(acme: Account) -> None:
    """There is no route for it on servers of 9.20."""
    for rest in ('', '/users/bob'):
        response = acme.send('POST', f'/my{rest}/accesskeys/x', {'status': 'Inactive'})
        assert (405, 'MethodNotAllowedError', 'POST is not allowed') == refusal(response)


def test_foreign_data_centers_are_refused(acme: Account) -> None:
    """They want a token that nobody has here."""
    for method in ('GET', 'POST'):
        response = acme.send(method, '/my/foreigndatacenters', {'name': 'x', 'url': 'y'})
        text = 'method requires HTTP signature auth token delegated authorization'
        assert (403, 'Forbidden', text) == refusal(response)
