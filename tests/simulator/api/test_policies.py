"""Policies, and the rules in them."""

from __future__ import annotations

import pytest

from smartdc.simulator.aperture import PolicyFault, parse
from tests.simulator.clouds import Account, read, refusal

READ = {'name': 'read', 'rules': ['CAN listmachines', 'CAN getmachine'], 'description': 'look'}


@pytest.fixture
def acme() -> Account:
    """Return an account of the default world."""
    return Account()


def test_makes_finds_changes_and_deletes(acme: Account) -> None:
    """A policy is found by its id and its name; an empty description clears it."""
    response = acme.send('POST', '/my/policies', READ)
    policy = read(response)
    assert (201, f'/acme/policies/{policy["id"]}') == (
        response.status,
        response.headers['Location'],
    )
    assert {**READ, 'id': policy['id']} == policy
    path = f'/my/policies/{policy["id"]}'
    assert policy == acme.get('/my/policies/read') == acme.get(path)
    assert [policy] == acme.get('/my/policies')
    changed = acme.post('/my/policies/read', {'name': 'see', 'rules': 'CAN *', 'description': ''})
    assert {'id': policy['id'], 'name': 'see', 'rules': ['CAN *']} == changed == acme.get(path)
    assert acme.send('DELETE', '/my/policies/see').status == 204
    for method in ('GET', 'POST', 'DELETE'):
        response = acme.send(method, '/my/policies/see')
        assert (404, 'ResourceNotFound', 'see does not exist') == refusal(response)


def test_rules_come_in_several_forms(acme: Account) -> None:
    """One text, the JSON of a list, and a list all do."""
    for number, rules in enumerate(('CAN getmachine', '["CAN getmachine"]', ['CAN getmachine'])):
        policy = acme.post('/my/policies', {'name': f'p{number}', 'rules': rules})
        assert ['CAN getmachine'] == policy['rules']


def test_wants_name_and_rules(acme: Account) -> None:
    """What is missing is named in one answer."""
    prefix = 'Request is missing required parameters:'
    for body, text in (
        ({}, f'{prefix} name is required, rules is required'),
        ({'name': 'x'}, f'{prefix} rules is required'),
    ):
        response = acme.send('POST', '/my/policies', body)
        assert (409, 'MissingParameter', text) == refusal(response)


def test_refuses_rules_with_the_parsers_words(acme: Account) -> None:
    """Several bad rules are answered together, and change nothing."""
    texts = []
    for rule in ('CAN', 'x'):
        with pytest.raises(PolicyFault) as caught:
            parse(rule)
        texts.append(caught.value.message)
    acme.post('/my/policies', READ)
    for path, name in (('', 'bad'), ('/read', 'read')):
        body = {'name': name, 'rules': ['CAN', 'CAN *', 'x']}
        response = acme.send('POST', f'/my/policies{path}', body)
        assert (409, 'InvalidArgument', ', '.join(texts)) == refusal(response)
    assert [READ['rules']] == [policy['rules'] for policy in acme.get('/my/policies')]


def test_refuses_what_is_no_text_or_taken(acme: Account) -> None:
    """Names and rules are texts, and a name belongs to one policy."""
    acme.post('/my/policies', READ)
    for changed in ({}, {'name': 5}, {'name': 'x', 'rules': [1]}, {'name': 'x', 'rules': 7}):
        response = acme.send('POST', '/my/policies', {**READ, **changed})
        assert (409, 'InvalidArgument', 'policy is invalid') == refusal(response)


def test_leaves_its_roles(acme: Account) -> None:
    """A policy that is deleted is in no role any more."""
    acme.post('/my/policies', READ)
    acme.post('/my/roles', {'name': 'ops', 'policies': [{'name': 'read'}]})
    acme.send('DELETE', '/my/policies/read')
    assert [] == acme.get('/my/roles/ops')['policies']
