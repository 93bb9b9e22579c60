"""World files, and what is filled into them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smartdc.simulator.seed import seed
from smartdc.simulator.store import Store
from smartdc.simulator.world import WorldError, load
from tests.simulator.clouds import Account


def test_looks_like_a_public_cloud() -> None:
    """The default world has what a first session needs."""
    acme = Account()
    names = [image['name'] for image in acme.get('/my/images')]
    assert {'base-64-lts', 'minimal-64-lts', 'smartos64', 'debian-12', 'ubuntu-24.04'} <= set(names)
    assert names.count('base-64-lts') == 3
    packages = acme.get('/my/packages')
    assert ['g1-small'] == [package['name'] for package in packages if package['default']]
    assert [True, False] == [network['public'] for network in acme.get('/my/networks')]
    assert ['us-sw-1', 'us-east-1'] == list(acme.get('/my/datacenters'))


def test_data_centers_share_accounts_and_nothing_else() -> None:
    """Keys are the same everywhere; machines and images belong to one data center."""
    acme = Account()
    acme.create()
    assert 1 == len(acme.get('/my/machines'))
    response = acme.send('GET', '/my/machines', home='us-east-1')
    assert (200, b'[]') == (response.status, response.body)
    assert acme.send('GET', '/my/keys/test', home='us-east-1').status == 200


def test_fills_machines_in() -> None:
    """A machine of a world needs nothing, and takes what it is given."""
    seeds = [{}, {'name': 'db', 'package': 'g1-nano', 'image': 'smartos64', 'state': 'stopped'}]
    machines = {m['name']: m for m in Account({'machines': seeds}).get('/my/machines')}
    db = machines.pop('db')
    assert ('stopped', 256, 'g1-nano') == (db['state'], db['memory'], db['package'])
    (other,) = machines.values()
    assert ('running', ['198.18.0.10']) == (other['state'], other['ips'])


def test_makes_the_same_ids_each_time() -> None:
    """A world that is loaded again has the same ids."""
    first, second = (Account({'machines': [{}]}) for _ in range(2))
    assert first.get('/my/machines') == second.get('/my/machines')
    assert first.get('/my/images') == second.get('/my/images')


@pytest.mark.parametrize(
    ('world', 'message'),
    [
        ({'x': 1}, 'world: x: unknown, known are accounts, comment'),
        ({'accounts': {}}, 'world: accounts: expected a list, found {}'),
        ({'accounts': [{}]}, 'world: accounts[0].login: is missing'),
        ({'accounts': [{'login': 5}]}, 'world: accounts[0].login: expected text, found 5'),
        (
            {'accounts': [{'login': 'a', 'keys': [{'key': 'x'}]}]},
            'world: accounts[0].keys[0].key: ',
        ),
        ({'datacenters': [{}]}, 'world: datacenters[0].name: is missing'),
        ({'datacenters': ['a', 'a']}, 'world: datacenters: a name comes twice'),
        (
            {'packages': [{'name': 'a', 'memory': True, 'disk': 1}]},
            'world: packages[0].memory: expected a number, found True',
        ),
        (
            {'machines': [{'image': 'x'}]},
            "world: datacenters[0].machines[0].image: there is no 'x'",
        ),
        (
            {'machines': [{'state': 'stoped'}]},
            'world: datacenters[0].machines[0].state: expected one of deleted, failed, offline, '
            "provisioning, ready, running, stopped, stopping, unknown, found 'stoped'",
        ),
        (
            {'machines': [{}], 'packages': []},
            'world: datacenters[0].machines[0].package: none',
        ),
        (
            {'networks': [{'name': 'n', 'subnet': '10.0.0.0/30', 'provision_start_ip': '10.0.0.1',
                           'provision_end_ip': '10.0.0.1'}], 'machines': [{}, {}]},
            'world: datacenters[0].machines[1]: n has no address left',
        ),
    ],
)  # fmt: skip
def test_names_the_place_of_a_mistake(world: dict[str, Any], message: str) -> None:
    """What is wrong in a world is said with where it stands."""
    store = Store()
    with pytest.raises(WorldError) as caught:
        seed(store, load(world))
    store.close()
    assert str(caught.value).startswith(message)


def test_names_the_file_that_it_cannot_read(tmp_path: Path) -> None:
    """A world file that is missing, no JSON, or no object is named."""
    for text, message in ((None, 'cannot read'), ('{', 'is not JSON'), ('[]', 'expected an obj')):
        path = tmp_path / 'world.json'
        if text is not None:
            path.write_text(text)
        with pytest.raises(WorldError, match=message):
            load(path)
