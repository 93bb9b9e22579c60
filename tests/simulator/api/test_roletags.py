"""Role tags: set, shown, given to new things, and gone with them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal
from tests.simulator.signer import signer

BOB = signer('acme/users/bob')


@pytest.fixture
def acme() -> Account:
    """Return an account with two roles, of which bob may make things in one."""
    account: dict[str, Any] = {
        'login': 'acme',
        'users': [{'login': 'bob', 'keys': [{'name': 'k', 'key': BOB.public}]}],
        'policies': [{'name': 'make', 'rules': ['CAN *']}],
        'roles': [{'name': 'ops', 'members': ['bob'], 'policies': ['make']}, {'name': 'dev'}],
        'role_tags': {'/machines': ['ops'], '/policies': ['ops'], '/users': ['ops']},
    }
    return Account({'accounts': [account], 'machines': [{'name': 'web', 'role_tags': ['ops']}]})


def tags(acme: Account, path: str, **headers: Any) -> str | None:
    """Return the header of a resource that names its roles."""
    return acme.send('GET', path, **headers).headers.get('role-tag')


def put(acme: Account, path: str, *roles: str) -> Any:
    """Return what setting tags answers."""
    return read(acme.send('PUT', path, {'role-tag': roles}))


@pytest.mark.parametrize(
    'rest',
    [
        *(
            '',
            '/keys',
            '/keys/test',
            '/users',
            '/users/bob',
            '/users/bob/keys',
            '/users/bob/keys/k',
        ),
        *('/roles', '/roles/ops', '/policies/make', '/packages', '/packages/g1-nano', '/images'),
        *('/networks', '/datacenters', '/services', '/fwrules'),
    ],
)
def test_are_set_and_read_back(acme: Account, rest: str) -> None:
    """Every resource takes roles, shows them in a header, and takes others in their place."""
    path = f'/acme{rest}'
    assert {'name': path, 'role-tag': ['dev', 'ops']} == put(acme, f'/my{rest}', 'dev', 'ops')
    assert 'ops,dev' == tags(acme, f'/my{rest}')
    assert {'name': path, 'role-tag': []} == put(acme, f'/my{rest}')
    assert tags(acme, path) is None


def test_of_machines(acme: Account) -> None:
    """A machine has tags, its parts don't show them, and the list has its own."""
    path = f'/my/machines/{acme.get("/my/machines")[0]["id"]}'
    assert ('ops', 'ops', None) == (
        tags(acme, path),
        tags(acme, '/my/machines'),
        tags(acme, f'{path}/tags'),
    )
    assert ['dev'] == put(acme, path, 'dev')['role-tag']
    assert 'dev' == tags(acme, path)
    unknown = '/my/machines/00000000-0000-4000-8000-000000000000'
    response = acme.send('PUT', unknown, {'role-tag': ['dev']})
    assert (404, 'ResourceNotFound', 'VM not found') == refusal(response)


def test_refuse_what_is_not_there(acme: Account) -> None:
    """Unknown roles, collections and sub-users are refused."""
    response = acme.send('PUT', '/my/machines', {'role-tag': ['x', 'ops', 'y']})
    assert (409, 'InvalidArgument', 'Role(s) x, y not found') == refusal(response)
    for path, text in (
        ('/my/foo', 'foo is not a valid resource'),
        ('/my/volumes/x', 'volumes is not a valid resource'),
        ('/my/users/bob/foo', 'foo is not a valid resource'),
        ('/my/users/eve', 'eve does not exist'),
        ('/my/users/eve/keys', 'eve does not exist'),
        ('/my/users/eve/keys/k', 'eve does not exist'),
    ):
        response = acme.send('PUT', path, {'role-tag': []})
        assert (404, 'ResourceNotFound', text) == refusal(response)


def test_nothing_sent_is_nothing_done(acme: Account) -> None:
    """Without a role-tag the answer is empty, and what was there stays; a header will do."""
    assert {'name': '/acme/machines', 'role-tag': []} == read(acme.send('PUT', '/my/machines', {}))
    assert 'ops' == tags(acme, '/my/machines')
    answer = read(acme.send('PUT', '/my/machines', {}, role_tag='dev, ops'))
    assert ['dev', 'ops'] == answer['role-tag']
    assert ['dev'] == read(acme.send('PUT', '/my/machines', {'role-tag': 'dev'}))['role-tag']


def test_are_not_for_old_versions(acme: Account) -> None:
    """Below 7.2 nothing is shown, and setting them fails."""
    assert tags(acme, '/my/machines', accept_version='~7.1') is None
    response = acme.send('PUT', '/my/machines', {'role-tag': ['ops']}, accept_version='~7.1')
    assert (500, 'InternalError') == refusal(response)[:2]


def test_new_things_of_sub_users_have_their_roles(acme: Account) -> None:
    """What bob makes bob may use, whatever it is."""
    image = acme.get('/my/images?name=base-64-lts')[0]['id']
    body = {'image': image, 'package': 'g1-nano'}
    created = acme.send('POST', '/my/machines', body, by=BOB)
    assert (201, 'ops') == (created.status, created.headers['role-tag'])
    assert acme.send('GET', f'/my/machines/{read(created)["id"]}', by=BOB).status == 200
    policy = read(acme.send('POST', '/my/policies', {'name': 'p', 'rules': 'CAN x'}, by=BOB))
    assert 'ops' == tags(acme, f'/my/policies/{policy["id"]}', by=BOB)


def test_a_header_chooses_the_roles_of_new_things(acme: Account) -> None:
    """Whoever makes a thing may say which roles it is for, if they exist."""
    body = {'name': 'p', 'rules': 'CAN x'}
    response = acme.send('POST', '/my/policies', body, by=BOB, role_tag='dev')
    assert 'dev' == response.headers['role-tag']
    response = acme.send('POST', '/my/policies', {**body, 'name': 'q'}, role_tag='dev,nope')
    assert (409, 'InvalidArgument', 'Role(s) nope not found') == refusal(response)
    response = acme.send('POST', '/my/policies', {**body, 'name': 'r'})
    assert (201, None) == (response.status, response.headers.get('role-tag'))


def test_go_with_what_they_were_on(acme: Account) -> None:
    """A new thing of the same name is not tagged, nor is one whose role is gone."""
    put(acme, '/my/keys/test', 'ops')
    acme.post('/my/keys', {'name': 'other', 'key': signer('other').public})
    put(acme, '/my/keys/other', 'ops')
    assert acme.send('DELETE', '/my/keys/other').status == 204
    acme.post('/my/keys', {'name': 'other', 'key': signer('other').public})
    assert tags(acme, '/my/keys/other') is None
    acme.send('DELETE', '/my/roles/ops')
    assert tags(acme, '/my/keys/test') is None


def test_are_by_path(acme: Account) -> None:
    """What is tagged by its login is not tagged by its id, as on the real server."""
    put(acme, '/my/users/bob', 'ops')
    assert tags(acme, f'/my/users/{acme.get("/my/users/bob")["id"]}') is None


def test_names_that_are_not_latin_pass(acme: Account) -> None:
    """A role may have any name that prints; in the header it stands in UTF-8."""
    acme.post('/my/roles', {'name': '運用'})
    put(acme, '/my/keys', '運用')
    assert '運用' == (tags(acme, '/my/keys') or '').encode('latin-1').decode()
