"""Roles, in the form of version 9 and in the older one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal
from tests.simulator.signer import signer

OLD: dict[str, Any] = {'accept_version': '~8'}


@pytest.fixture
def acme() -> Account:
    """Return an account with two sub-users, two policies and a partner."""
    users = [{'login': name} for name in ('bob', 'amy')]
    policies = [{'name': name, 'rules': ['CAN listmachines']} for name in ('read', 'look')]
    accounts = [{'login': 'acme', 'users': users, 'policies': policies}, {'login': 'partner'}]
    return Account({'accounts': accounts})


def ids(acme: Account, chapter: str, name: str) -> dict[str, str]:
    """Return the ids of things by their name."""
    return {each[name]: each['id'] for each in acme.get(f'/my/{chapter}')}


def test_has_members_and_policies(acme: Account) -> None:
    """Members and policies are named in several ways, and shown in full."""
    users, policies = ids(acme, 'users', 'login'), ids(acme, 'policies', 'name')
    members: list[dict[str, Any]] = [
        {'type': 'subuser', 'login': 'bob', 'default': True},
        {'type': 'subuser', 'id': users['amy']},
        {'type': 'account', 'login': 'partner'},
    ]
    asked = [{'name': 'read'}, {'id': policies['look']}]
    response = acme.send('POST', '/my/roles', {'name': 'r', 'members': members, 'policies': asked})
    role = read(response)
    assert (201, f'/acme/roles/{role["id"]}') == (response.status, response.headers['Location'])
    assert [
        {'type': 'subuser', 'id': users['bob'], 'login': 'bob', 'default': True},
        {'type': 'subuser', 'id': users['amy'], 'login': 'amy'},
    ] == role['members'][:2]
    assert ('account', 'partner') == (role['members'][2]['type'], role['members'][2]['login'])
    assert [{'name': name, 'id': policies[name]} for name in ('read', 'look')] == role['policies']
    assert role == acme.get('/my/roles/r') == acme.get(f'/my/roles/{role["id"]}')
    assert [role] == acme.get('/my/roles')


def test_older_versions_see_names(acme: Account) -> None:
    """Before version 9 members and policies are names, and accounts are no members."""
    members = [{'type': 'subuser', 'login': 'bob', 'default': True}]
    members.append({'type': 'account', 'login': 'partner'})
    body = {'name': 'ops', 'members': members, 'policies': [{'name': 'read'}]}
    role = acme.post('/my/roles', body)
    assert {
        'id': role['id'],
        'name': 'ops',
        'members': ['bob'],
        'default_members': ['bob'],
        'policies': ['read'],
    } == acme.get('/my/roles/ops', **OLD)


def test_older_versions_send_names(acme: Account) -> None:
    """Lists, the JSON of lists and single texts are taken, each in its own field."""
    body = {
        'name': 'ops',
        'members': '["bob","amy"]',
        'default_members': 'amy',
        'policies': ['read'],
    }
    role = acme.post('/my/roles', body, **OLD)
    assert (['bob', 'amy'], ['amy'], ['read']) == (
        role['members'],
        role['default_members'],
        role['policies'],
    )
    defaults = {each['login']: each.get('default') for each in acme.get('/my/roles/ops')['members']}
    assert {'bob': None, 'amy': True} == defaults
    acme.post('/my/roles/ops', {'members': ['amy']}, **OLD)
    changed = acme.get('/my/roles/ops', **OLD)
    assert (['amy'], []) == (changed['members'], changed['default_members'])
    changed = acme.post('/my/roles/ops', {'default_members': ['bob']}, **OLD)
    assert (['bob'], ['bob']) == (changed['members'], changed['default_members'])


@pytest.mark.parametrize('headers', [{}, OLD])
def test_an_empty_role_has_one_form(acme: Account, headers: dict[str, Any]) -> None:
    """A role of nobody and nothing shows three empty lists to every version."""
    role = acme.post('/my/roles', {'name': 'ops'}, **headers)
    empty: dict[str, Any] = {'members': [], 'default_members': [], 'policies': []}
    assert (
        {'id': role['id'], 'name': 'ops', **empty} == role == acme.get('/my/roles/ops', **headers)
    )


def test_lists_take_the_place_of_lists(acme: Account) -> None:
    """What is sent replaces what was there, and what isn't stays."""
    members = [{'type': 'subuser', 'login': 'bob', 'default': True}]
    acme.post('/my/roles', {'name': 'ops', 'members': members, 'policies': [{'name': 'read'}]})
    changed = acme.post('/my/roles/ops', {'name': 'dev', 'policies': [{'name': 'look'}]})
    assert ('dev', ['bob'], ['look']) == (
        changed['name'],
        [each['login'] for each in changed['members']],
        [each['name'] for each in changed['policies']],
    )
    assert [] == acme.post('/my/roles/dev', {'members': []})['members']


@pytest.mark.parametrize(
    ('body', 'text'),
    [
        ({'members': [{'type': 'subuser', 'login': 'eve'}]}, 'Invalid subuser: eve'),
        ({'members': [{'type': 'account', 'login': 'eve'}]}, 'Invalid account: eve'),
        ({'policies': [{'name': 'no'}]}, 'Invalid policy: no'),
        ({'members': ['bob']}, 'Role "members" must be an array of objects'),
        ({'members': 'bob'}, 'Role "members" must be an array of objects'),
        (
            {'members': [{'login': 'bob'}]},
            'Role "member" references must have a string "type" property',
        ),
        ({'members': [{'type': 'x'}]}, 'Member "type" is not supported: "x"'),
        ({'members': [{'type': 'subuser'}]}, 'Invalid member: {"type":"subuser"}'),
        (
            {'members': [{'type': 'subuser', 'id': 'bob'}]},
            'Member "id" property must be a string UUID',
        ),
        (
            {'members': [{'type': 'subuser', 'login': 'bob', 'default': 'true'}]},
            'Member "default" property must be a boolean',
        ),
        (
            {'members': [{'type': 'subuser', 'login': 'bob', 'x': 1}]},
            'Member references may only contain "type", "login", "id", or "default" properties, '
            'not "x"',
        ),
        ({'policies': [{'id': 5}]}, 'Policy "id" property must be a string UUID'),
        ({'policies': [{'name': 5}]}, 'Policy "name" property must be a string'),
        (
            {'policies': [{'name': 'read', 'x': 1}]},
            'Policy references may only contain "name" or "id" properties, not "x"',
        ),
        (
            {'policies': [{'name': 'no'}], 'members': [{'type': 'account', 'login': 'eve'}]},
            'Invalid account: eve, Invalid policy: no',
        ),
        ({'name': 'taken'}, 'role is invalid'),
        ({'name': 'true'}, '"true" is not a valid role name'),
        ({'name': ['x']}, 'Role "name" must be a string'),
        (
            {'name': 'administrator', 'policies': [{'name': 'read'}]},
            'Administrator role cannot have policies',
        ),
    ],
)
def test_refuses_what_is_not_there(acme: Account, body: dict[str, Any], text: str) -> None:
    """Unknown members and policies, other shapes, and names that won't do are refused."""
    acme.post('/my/roles', {'name': 'taken'})
    response = acme.send('POST', '/my/roles', {'name': 'ops', **body})
    assert (409, 'InvalidArgument', text) == refusal(response)
    assert ['taken'] == [role['name'] for role in acme.get('/my/roles')]


def test_refuses_unknown_names_of_old(acme: Account) -> None:
    """Older versions hear the same about members and policies that are not there."""
    for body, text in (
        ({'members': 'eve'}, 'Invalid subuser: eve'),
        ({'policies': '["no"]'}, 'Invalid policy: no'),
    ):
        response = acme.send('POST', '/my/roles', {'name': 'ops', **body}, **OLD)
        assert (409, 'InvalidArgument', text) == refusal(response)


def test_wants_a_name(acme: Account) -> None:
    """A role has a name, and is found by it until it is deleted."""
    response = acme.send('POST', '/my/roles', {'members': []})
    text = 'Request is missing required parameter: name'
    assert (409, 'MissingParameter', text) == refusal(response)
    acme.post('/my/roles', {'name': 'ops'})
    assert acme.send('DELETE', '/my/roles/ops').status == 204
    for method in ('GET', 'POST', 'DELETE'):
        response = acme.send(method, '/my/roles/ops')
        assert (404, 'ResourceNotFound', 'ops does not exist') == refusal(response)


def test_administrators_may_log_in_to_new_machines(acme: Account) -> None:
    """The keys of administrators by default go into new machines, those of others don't."""
    for user in ('bob', 'amy'):
        acme.post(f'/my/users/{user}/keys', {'key': signer(f'acme/users/{user}').public})
    members = [{'type': 'subuser', 'login': 'bob', 'default': True}]
    members.append({'type': 'subuser', 'login': 'amy'})
    acme.post('/my/roles', {'name': 'administrator', 'members': members})
    expected = [acme.signer.public, signer('acme/users/bob').public]
    keys = acme.get(acme.machine())['metadata']['root_authorized_keys']
    assert expected == keys.splitlines()
