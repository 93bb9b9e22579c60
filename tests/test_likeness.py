"""Knowing a thing again by what it shows."""

from typing import Any

import pytest

from smartdc import InvalidResponse, NotAuthorized, SmartDCError
from smartdc.likeness import known, like, newcomer

#: A network as the server tells of it.
NETWORK = {
    'id': 'n1',
    'name': 'app',
    'subnet': '10.77.1.0/24',
    'provision_start_ip': '10.77.1.5',
    'resolvers': ['8.8.8.8', '8.8.4.4'],
    'routes': {'10.0.0.0/8': '10.77.1.2'},
    'internet_nat': True,
    'vlan_id': 2,
}

#: A role as the server tells of it.
ROLE = {
    'name': 'ops',
    'members': [
        {'type': 'subuser', 'id': 'u1', 'login': 'bob', 'default': True},
        {'type': 'subuser', 'id': 'u2', 'login': 'ann'},
    ],
    'policies': [{'id': 'p1', 'name': 'look'}],
}


@pytest.mark.parametrize(
    ('row', 'asked'),
    [
        (NETWORK, {'subnet': '10.77.1.9/24', 'provision_start_ip': ' 10.77.1.5 '}),
        (NETWORK, {'subnet': '10.77.1.0/255.255.255.0'}),
        (NETWORK, {'resolvers': ('8.8.4.4', '8.8.8.8'), 'vlan_id': '2'}),
        (NETWORK, {'routes': {'10.0.0.0/8 ': '10.77.1.2'}, 'internet_nat': 'true'}),
        (NETWORK, {'gateway': '10.77.1.1', 'description': None, 'name': 'app'}),
        (ROLE, {'members': [{'type': 'subuser', 'login': 'ann'}, {'id': 'u1', 'default': True}]}),
        (ROLE, {'members': [{'login': 'bob'}, {'login': 'ann', 'default': False}]}),
        (ROLE, {'policies': [{'name': 'look'}], 'default_members': ['bob']}),
        ({'id': 'abcdef12-0000'}, {'id': 'ABCDEF12-0000'}),
        ({'ip': 'fd00::a'}, {'ip': 'FD00:0::A'}),
        ({'on': True}, {'on': 'TRUE'}),
    ],
)
def test_what_shows_no_difference_is_alike(row: dict[str, Any], asked: dict[str, Any]) -> None:
    """Other forms of texts, numbers and addresses, other orders, and what is not told."""
    assert like(row, asked)


@pytest.mark.parametrize(
    ('row', 'asked'),
    [
        (NETWORK, {'subnet': '10.77.1.0/25'}),
        (NETWORK, {'name': 'app2'}),
        (NETWORK, {'name': 'APP'}),
        ({'description': 'No'}, {'description': 'NO'}),
        ({'description': 'for Bob'}, {'description': 'for BOB'}),
        (NETWORK, {'resolvers': ['8.8.8.8']}),
        (NETWORK, {'resolvers': ['8.8.8.8', '8.8.8.8']}),
        (NETWORK, {'resolvers': '8.8.8.8'}),
        (NETWORK, {'routes': {'10.0.0.0/8': '10.77.1.3'}}),
        (NETWORK, {'routes': {'10.1.0.0/16': '10.77.1.2'}}),
        (NETWORK, {'internet_nat': False}),
        (ROLE, {'members': [{'login': 'bob'}]}),
        (ROLE, {'members': [{'login': 'bob'}, {'login': 'ann', 'default': True}]}),
        (ROLE, {'policies': [{'name': 'other'}]}),
        ({'members': 'bob'}, {'members': [{'login': 'bob'}]}),
        ({'members': ['bob']}, {'members': [{'login': 'bob'}]}),
    ],
)
def test_one_difference_is_enough(row: dict[str, Any], asked: dict[str, Any]) -> None:
    """What is told and differs in what it means was not made by this request."""
    assert not like(row, asked)


def test_a_newcomer_was_not_there_before() -> None:
    """None is none, and of several nobody knows which; what was there is not even looked at."""
    rows = [{'id': 'a'}, {'id': 'b'}, {'id': 'c'}]

    def is_new(row: dict[str, str]) -> bool:
        assert 'a' != row['id']
        return True

    assert newcomer(rows, 'id', {'a', 'b', 'c'}, is_new) is None
    assert newcomer(rows, 'id', {'a'}, lambda row: row['id'] == 'x') is None
    assert {'id': 'c'} == newcomer(rows, 'id', {'a', 'b'}, is_new)
    with pytest.raises(SmartDCError, match='b, c') as caught:
        newcomer(rows, 'id', {'a'}, is_new)
    assert {'id': ['b', 'c']} == caught.value.sought


def test_a_list_that_may_not_be_read_is_not_known() -> None:
    """Whoever may create but not list can create all the same."""

    def refused() -> Any:
        raise NotAuthorized(403)

    assert {'1', '2'} == known(lambda: [{'vlan_id': 1}, {'vlan_id': '2'}], 'vlan_id')
    assert known(refused, 'id') is None


@pytest.mark.parametrize('answer', [None, 7, 'text', {'id': 'a'}])
def test_what_is_no_list_is_no_answer(answer: Any) -> None:
    """A look that ends so has seen nothing."""
    with pytest.raises(InvalidResponse, match='a list was expected'):
        newcomer(answer, 'id', (), lambda _: True)


def test_what_is_no_object_is_passed_by() -> None:
    """Whatever else is in a list has no id to be known by."""
    assert {'id': 'a'} == newcomer([None, 7, {}, {'id': 'a'}], 'id', {'None'}, lambda _: True)
