"""Sub-users, and their SSH keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal
from tests.simulator.signer import signer

BOB: dict[str, Any] = {'login': 'bob', 'email': 'bob@acme.example', 'password': 'secret123'}


@pytest.fixture
def acme() -> Account:
    """Return an account of the default world."""
    return Account()


def test_makes_finds_and_lists(acme: Account) -> None:
    """A sub-user is found by its id and its login; the password is never shown."""
    response = acme.send('POST', '/my/users', {**BOB, 'companyName': 'Acme', 'sn': 'Ray'})
    assert (201, '/acme/users/bob') == (response.status, response.headers['Location'])
    user = read(response)
    shown = {'id', 'login', 'email', 'companyName', 'lastName', 'created', 'updated'}
    assert shown == set(user)
    assert ('Acme', 'Ray') == (user['companyName'], user['lastName'])
    assert user == acme.get('/my/users/bob') == acme.get(f'/my/users/{user["id"]}')
    assert [user] == acme.get('/my/users')
    assert acme.send('HEAD', '/my/users/bob').status == 200


def test_wants_what_a_user_needs(acme: Account) -> None:
    """What is missing is named in one answer."""
    prefix = 'Request is missing required parameters:'
    for body, text in (
        ({}, f'{prefix} email is required, login is required, password is required'),
        ({'login': 'bob', 'email': 'b@x'}, f'{prefix} password is required'),
    ):
        response = acme.send('POST', '/my/users', body)
        assert (409, 'MissingParameter', text) == refusal(response)


@pytest.mark.parametrize(
    ('changed', 'text'),
    [
        ({'email': 'x'}, 'email: x is invalid'),
        ({'email': 5}, 'email: 5 is invalid'),
        *(({'login': login}, 'user is invalid') for login in ('ab', '1ab', 'a b', 'a' * 33, 'amy')),
        *(({'password': each}, 'user is invalid') for each in ('abc123', 'abcdefgh', '12345678')),
        ({'password': [1]}, 'user is invalid'),
    ],
)
def test_refuses_what_the_directory_refuses(
    acme: Account, changed: dict[str, Any], text: str
) -> None:
    """A bad or taken login, a bad address and a weak password are refused."""
    acme.post('/my/users', {**BOB, 'login': 'amy'})
    response = acme.send('POST', '/my/users', {**BOB, **changed})
    assert (409, 'InvalidArgument', text) == refusal(response)


def test_refuses_forms(acme: Account) -> None:
    """The create routes of people and keys take no forms."""
    sent: dict[str, Any] = {'content_type': 'application/x-www-form-urlencoded'}
    for path in ('users', 'users/bob/keys', 'roles', 'policies', 'accesskeys'):
        assert acme.send('POST', f'/my/{path}', b'login=bob', **sent).status == 415


def test_changes_by_id(acme: Account) -> None:
    """Empty texts clear, a password is not looked at, and a login in the path is not found."""
    user = acme.post('/my/users', {**BOB, 'phone': '1'})
    path = f'/my/users/{user["id"]}'
    changed = acme.post(path, {'login': 'rob', 'phone': '', 'firstName': 'R', 'password': 'x'})
    assert {
        **{k: user[k] for k in user if k != 'phone'},
        'login': 'rob',
        'firstName': 'R',
    } == changed
    assert changed == acme.get('/my/users/rob')
    response = acme.send('POST', '/my/users/rob', {'phone': '2'})
    assert (404, 'ResourceNotFound', 'rob does not exist') == refusal(response)
    response = acme.send('POST', path, {'email': ''})
    assert (409, 'InvalidArgument', 'email:  is invalid') == refusal(response)


def test_passwords_are_sent_twice(acme: Account) -> None:
    """A password changes when both copies agree and it is strong enough."""
    path = f'/my/users/{acme.post("/my/users", BOB)["id"]}/change_password'
    new = {'password': 'secret321', 'password_confirmation': 'secret321'}
    assert 'bob' == acme.post(path, new)['login']
    missing = 'Request is missing required parameters: password_confirmation is required'
    differ = 'password and password_confirmation must have the same value'
    for body, code, text in (
        ({'password': 'x'}, 'MissingParameter', missing),
        ({**new, 'password': 'secret123'}, 'InvalidArgument', differ),
        ({'password': 'x', 'password_confirmation': 'x'}, 'InvalidArgument', 'user is invalid'),
    ):
        assert (409, code, text) == refusal(acme.send('POST', path, body))


def test_looks_at_what_is_sent_first(acme: Account) -> None:
    """What is missing or wrong in a request is told before a user that isn't there."""
    response = acme.send('POST', '/my/users/nobody/change_password', {})
    assert (409, 'MissingParameter') == refusal(response)[:2]
    response = acme.send('POST', '/my/users/nobody', {'email': 'x'})
    assert (409, 'InvalidArgument', 'email: x is invalid') == refusal(response)


def test_knows_its_roles(acme: Account) -> None:
    """Roles and default roles are shown to who asks for them."""
    user = acme.post('/my/users', BOB)
    members = [{'type': 'subuser', 'login': 'bob'}]
    acme.post('/my/roles', {'name': 'dev', 'members': members})
    acme.post('/my/roles', {'name': 'ops', 'members': [{**members[0], 'default': True}]})
    acme.post('/my/roles', {'name': 'none'})
    expected = {**user, 'roles': ['dev', 'ops'], 'default_roles': ['ops']}
    assert expected == acme.get('/my/users/bob?membership=true')


def test_deletes_with_all_that_is_theirs(acme: Account) -> None:
    """Keys go with a sub-user, and roles lose a member."""
    acme.post('/my/users', BOB)
    acme.post('/my/users/bob/keys', {'key': signer('acme/users/bob').public})
    acme.post('/my/users/bob/accesskeys')
    acme.post('/my/roles', {'name': 'ops', 'members': [{'type': 'subuser', 'login': 'bob'}]})
    assert acme.send('DELETE', '/my/users/bob').status == 204
    assert acme.send('GET', '/my', by=signer('acme/users/bob')).status == 401
    assert [] == acme.get('/my/users') == acme.get('/my/roles/ops')['members']
    for method, path in (('DELETE', ''), ('GET', ''), ('GET', '/keys'), ('POST', '/keys')):
        response = acme.send(method, f'/my/users/bob{path}')
        assert (404, 'ResourceNotFound', 'bob does not exist') == refusal(response)


def test_their_keys_are_keys(acme: Account) -> None:
    """A key of a sub-user is added, found, listed and deleted as an account's is."""
    acme.post('/my/users', BOB)
    public = signer('acme/users/bob').public
    fingerprint = signer('acme/users/bob').key_id.rpartition('/')[2]
    response = acme.send('POST', '/my/users/bob/keys', {'name': 'laptop', 'key': public})
    location = f'/acme/users/bob/keys/{fingerprint.replace(":", "%3A")}'
    assert (201, location) == (response.status, response.headers['Location'])
    key = {'name': 'laptop', 'fingerprint': fingerprint, 'key': public}
    assert key == read(response)
    assert key == acme.get('/my/users/bob/keys/laptop')
    assert key == acme.get(f'/my/users/bob/keys/{fingerprint}')
    assert [key] == acme.get('/my/users/bob/keys')
    assert ['test'] == [each['name'] for each in acme.get('/my/keys')]
    assert acme.send('DELETE', '/my/users/bob/keys/laptop').status == 204
    response = acme.send('GET', '/my/users/bob/keys/laptop')
    assert (404, 'ResourceNotFound', 'laptop does not exist') == refusal(response)
