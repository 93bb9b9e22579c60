"""Networks, NICs, disks, firewall rules, users, roles: what can be listed."""

from __future__ import annotations

import pytest

from tests.simulator.clouds import Account, read, refusal


@pytest.fixture
def acme() -> Account:
    """Return an account of the default world."""
    return Account()


def test_shows_more_of_fabrics(acme: Account) -> None:
    """A public network has little more than its name; a fabric tells all."""
    public, fabric = acme.get('/my/networks')
    assert {'id', 'name', 'public', 'description'} == set(public)
    assert {'fabric', 'subnet', 'gateway', 'vlan_id', 'internet_nat'} <= set(fabric)
    assert [fabric] == acme.get('/my/networks?fabric=true')
    assert public == acme.get(f'/my/networks/{public["id"]}')
    response = acme.send('GET', '/my/networks/x')
    assert (404, 'ResourceNotFound', 'x not found') == refusal(response)


def test_hides_networks_of_others() -> None:
    """A network that has an owner is its owner's."""
    network = {
        'name': 'theirs',
        'subnet': '10.0.0.0/24',
        'provision_start_ip': '10.0.0.2',
        'provision_end_ip': '10.0.0.9',
        'owner': 'eve',
    }
    accounts = [{'login': 'acme'}, {'login': 'eve'}]
    assert [] == Account({'accounts': accounts, 'networks': [network]}).get('/my/networks')


def test_lists_nics(acme: Account) -> None:
    """A machine's NICs are found by their addresses, written without colons."""
    path = f'{acme.machine()}/nics'
    response = acme.send('GET', path)
    nics = read(response)
    assert '2' == response.headers['x-resource-count']
    assert [True, False] == [nic['primary'] for nic in nics]
    assert ('198.18.0.10', '255.254.0.0', '198.18.0.1') == tuple(
        nics[0][field] for field in ('ip', 'netmask', 'gateway')
    )
    assert nics[1] == acme.get(f'{path}/{nics[1]["mac"].replace(":", "")}')
    wrong = [refusal(acme.send('GET', f'{path}/{mac}'))[1:] for mac in ('x', '0123456789ab')]
    expected = [
        ('InvalidArgument', 'mac has invalid format'),
        ('ResourceNotFound', 'nic not found'),
    ]
    assert expected == wrong


def test_lists_disks(acme: Account) -> None:
    """A zone has no disks; those of a virtual machine have its state."""
    assert [] == acme.get(f'{acme.machine()}/disks')
    image = acme.get('/my/images?name=ubuntu-certified-24.04')[0]['id']
    path = f'{acme.machine(image=image, package="b1-standard")}/disks'
    disks = acme.get(path)
    assert [(True, 'running'), (False, 'running')] == [(d['boot'], d['state']) for d in disks]
    assert disks[0] == acme.get(f'{path}/{disks[0]["id"]}')
    assert (404, 'ResourceNotFound', 'disk not found') == refusal(acme.send('GET', f'{path}/x'))


@pytest.mark.parametrize('name', ['fwrules', 'users', 'roles', 'policies', 'accesskeys'])
def test_lists_nothing_where_nothing_is(acme: Account, name: str) -> None:
    """A new account has none of these."""
    assert [] == acme.get(f'/my/{name}')


def test_lists_users_of_a_world() -> None:
    """Sub-users that a world has are listed without their keys."""
    acme = Account({'accounts': [{'login': 'acme', 'users': [{'login': 'bob'}]}]})
    (bob,) = acme.get('/my/users')
    assert {'id', 'login', 'email', 'created', 'updated'} == set(bob)


def test_every_machine_has_the_global_rules(acme: Account) -> None:
    """The rules of the data center let pings through."""
    rules = acme.get(f'{acme.machine()}/fwrules')
    assert [True, True] == [rule['global'] for rule in rules]
