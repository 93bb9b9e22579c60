"""On which server a machine goes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal

SERVERS = [f'44454c4c-5300-1057-8050-00000000000{digit}' for digit in '123']
TEXT = 'Invalid VM parameters: Insufficient capacity in datacenter to provision machine'


@pytest.fixture
def acme() -> Account:
    """Return an account with a machine on each of the first two of three servers."""
    machines = [
        {
            'name': 'web0',
            'compute_node': SERVERS[0],
            'tags': {'role': 'web', 'nn': 1, 'prod': True},
        },
        {'name': 'db0', 'compute_node': SERVERS[1], 'tags': {'role': 'db'}},
    ]
    return Account({'servers': SERVERS, 'machines': machines})


def places(acme: Account, count: int = 12, **body: Any) -> set[int]:
    """Create machines, and return the numbers of the servers that they are on."""
    return {SERVERS.index(acme.create(**body)['compute_node']) for _ in range(count)}


def refused(acme: Account, **body: Any) -> tuple[int, str, str]:
    """Try to create a machine, and return how it was refused."""
    image = acme.get('/my/images')[0]['id']
    wanted = {'image': image, 'package': 'g1-small', **body}
    return refusal(acme.send('POST', '/my/machines', wanted))


def test_spreads_machines_over_all_servers(acme: Account) -> None:
    """Without rules every server takes some."""
    assert {0, 1, 2} == places(acme, 60)


@pytest.mark.parametrize(
    ('rules', 'allowed'),
    [
        (['instance==web0'], {0}),
        (['container==web0'], {0}),
        (['instance!=web0'], {1, 2}),
        (['instance!=web0', 'instance!=db0'], {2}),
        (['role==web'], {0}),
        (['role!=web*'], {1, 2}),
        (['role==/^d.$/'], {1}),
        (['instance==*b0'], {0, 1}),
        (['nn==1'], {0}),
        (['prod==true'], {0}),
        ('role==db', {1}),
        (['role==~db'], {1}),
        (['role!=~db', 'role!=~web'], {2}),
        (['role==~none'], {0, 1, 2}),
        (['role!=web', 'role==~db'], {1}),
    ],
)
def test_rules_choose_the_server(acme: Account, rules: Any, allowed: set[int]) -> None:
    """Strict rules hold, and of the rest the one that fulfils most wishes is taken."""
    # Machines of the test itself have no tag and no such name, so that they change nothing.
    assert places(acme, affinity=rules) <= allowed


def test_an_instance_is_meant_by_its_id_and_its_short_id(acme: Account) -> None:
    """All three names mean the same machine."""
    machine = next(each for each in acme.get('/my/machines') if each['name'] == 'db0')['id']
    assert {1} == places(acme, 3, affinity=[f'instance=={machine}'])
    assert {1} == places(acme, 3, affinity=[f'instance=={machine[:8]}'])


@pytest.mark.parametrize(
    ('locality', 'allowed'),
    [
        ({'strict': True, 'near': 'web0'}, {0}),
        ({'strict': True, 'far': ['web0']}, {1, 2}),
        ({'strict': True, 'far': ['web0', 'db0']}, {2}),
        ({'strict': True, 'near': ['web0', 'db0']}, {0, 1}),
        ({'near': 'db0'}, {1}),
        ({'strict': False, 'far': ['web0', 'db0']}, {2}),
    ],
)
def test_locality_chooses_the_server(
    acme: Account, locality: dict[str, Any], allowed: set[int]
) -> None:
    """The older way, by ids; it is a wish unless it is strict."""
    ids = {machine['name']: machine['id'] for machine in acme.get('/my/machines')}
    for name in ('near', 'far'):
        given = locality.get(name, [])
        named = ids[given] if isinstance(given, str) else [ids[each] for each in given]
        locality = {**locality, name: named}
    assert places(acme, locality=locality) <= allowed


@pytest.mark.parametrize(
    'rules', [['instance==none'], ['instance==web0', 'instance==db0'], ['instance!=*', 'role!=x']]
)
def test_refuses_what_no_server_fulfils(rules: list[str]) -> None:
    """Strict rules that can't hold are a lack of capacity."""
    machines = [{'name': f'm{index}', 'compute_node': SERVERS[index]} for index in range(3)]
    acme = Account({'servers': SERVERS, 'machines': machines})
    assert (409, 'ValidationFailed', TEXT) == refused(acme, affinity=rules)


@pytest.mark.parametrize(
    ('body', 'message'),
    [
        (
            {'affinity': ['instance==web0'], 'locality': {'near': []}},
            'Cannot specify both "locality" and "affinity"',
        ),
        ({'locality': {'near': ['x']}}, 'locality contains malformed UUID in "near"'),
        ({'locality': 'x'}, 'locality must be an object'),
    ],
)
def test_refuses_what_makes_no_sense(acme: Account, body: Any, message: str) -> None:
    """Both ways at once, and what can't be read."""
    assert (409, 'InvalidArgument', message) == refused(acme, **body)


def test_refuses_rules_that_cannot_be_read(acme: Account) -> None:
    """With the words of the parser."""
    status, code, message = refused(acme, affinity=['web0'])
    assert (409, 'InvalidArgument') == (status, code)
    assert message.startswith('could not find operator in affinity rule')


def test_a_server_with_a_figure_gets_full() -> None:
    """Its memory is shared out; then there is no capacity, and nothing was made."""
    acme = Account({'servers': [{'id': SERVERS[0], 'memory': 2048}]})
    assert {0} == places(acme, 2)
    assert (409, 'ValidationFailed', TEXT) == refused(acme)
    image = acme.get('/my/images')[0]['id']
    response = acme.send('POST', '/my/machines', {'image': image, 'package': 'g1-small'})
    assert [{'field': 'ram', 'code': 'InsufficientCapacity'}] == [
        {name: error[name] for name in ('field', 'code')} for error in read(response)['errors']
    ]
    assert 2 == len(acme.get('/my/machines'))
