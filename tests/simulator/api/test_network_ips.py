"""The addresses of networks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal
from tests.simulator.signer import signer

FABRIC = {
    'name': 'small',
    'subnet': '10.1.0.0/29',
    'provision_start_ip': '10.1.0.2',
    'provision_end_ip': '10.1.0.5',
    'gateway': '10.1.0.1',
    'resolvers': ['8.8.8.8', '10.1.0.5'],
    'fabric': True,
    'vlan_id': 2,
}


@pytest.fixture
def acme() -> Account:
    """Return an account of a world with a small private network, beside a public one."""
    public = {
        'name': 'external',
        'public': True,
        'subnet': '192.0.2.0/24',
        'provision_start_ip': '192.0.2.10',
        'provision_end_ip': '192.0.2.250',
    }
    pool = {'name': 'pool', 'networks': ['external']}
    eve = {'login': 'eve', 'keys': [{'name': 'key', 'key': signer('eve').public}]}
    accounts = [{'login': 'acme'}, eve]
    networks = [public, FABRIC]
    return Account({'accounts': accounts, 'networks': networks, 'network_pools': [pool]})


def network(acme: Account, name: str) -> str:
    """Return the id of a network."""
    for found in acme.apps['us-sw-1'].cloud.store.find('network', home='us-sw-1'):
        if found['name'] == name:
            return str(found['id'])
    raise AssertionError(name)


def test_lists_what_is_used_or_reserved(acme: Account) -> None:
    """A private network shows its own addresses, those of machines, and those that are kept."""
    small = network(acme, 'small')
    machine = acme.create(networks=[small])
    acme.send('PUT', f'/my/networks/{small}/ips/10.1.0.4', {'reserved': True})
    response = acme.send('GET', f'/my/networks/{small}/ips')
    found = read(response)
    taken = {'ip': '10.1.0.2', 'reserved': False, 'managed': False}
    owner = {'owner_uuid': acme.get('/my')['id'], 'belongs_to_uuid': machine['id']}
    managed = [
        {'ip': ip, 'reserved': True, 'managed': True} for ip in ('10.1.0.1', '10.1.0.5', '10.1.0.7')
    ]
    kept = {'ip': '10.1.0.4', 'reserved': True, 'managed': False}
    assert [managed[0], {**taken, **owner}, kept, *managed[1:]] == found
    assert ('1000', '5') == tuple(
        response.headers[name] for name in ('x-query-limit', 'x-resource-count')
    )


def test_pages(acme: Account) -> None:
    """Limit and offset cut a page out; what is no such number is refused."""
    path = f'/my/networks/{network(acme, "small")}/ips'
    response = acme.send('GET', f'{path}?limit=1&offset=1')
    assert ['10.1.0.5'] == [entry['ip'] for entry in read(response)]
    assert ('1', '1') == tuple(
        response.headers[name] for name in ('x-query-limit', 'x-resource-count')
    )
    assert [] == acme.get(f'{path}?offset=9')
    for query, name in (
        ('limit=0', 'limit'),
        ('limit=1001', 'limit'),
        ('offset=-1', 'offset'),
        ('offset=' + '9' * 5000, 'offset'),
    ):
        status, code, message = refusal(acme.send('GET', f'{path}?{query}'))
        assert (409, 'InvalidArgument') == (status, code)
        assert message.startswith(f'property "{name}": invalid')


def test_public_networks_show_the_accounts_own(acme: Account) -> None:
    """What others have on a public network is hidden, and nothing there can be reserved."""
    external = network(acme, 'external')
    ip = '192.0.2.10'
    acme.create(networks=[external])
    path = f'/{{}}/networks/{external}/ips'
    assert [ip] == [entry['ip'] for entry in acme.get(path.format('my'))]
    assert [] == acme.get(path.format('my'), by=signer('eve'))
    assert ip == acme.get(f'{path.format("my")}/{ip}')['ip']
    hidden = acme.send('GET', f'{path.format("my")}/{ip}', by=signer('eve'))
    assert (404, 'ResourceNotFound', f'{ip} not found') == refusal(hidden)
    response = acme.send('PUT', f'{path.format("my")}/{ip}', {'reserved': True})
    text = f'cannot update an IP on a public network: {external}'
    assert (409, 'InvalidArgument', text) == refusal(response)


def test_reserved_addresses_are_not_given_away(acme: Account) -> None:
    """A machine gets another address, unless it asks for the one that is kept, and it stays so."""
    small = network(acme, 'small')
    path = f'/my/networks/{small}/ips/10.1.0.2'
    assert {'ip': '10.1.0.2', 'reserved': False, 'managed': False} == acme.get(path)
    for reserved in (True, 'true'):
        changed = read(acme.send('PUT', path, {'reserved': reserved}))
        assert {'ip': '10.1.0.2', 'reserved': True, 'managed': False} == changed
    assert '10.1.0.3' == acme.get(acme.machine(networks=[small]))['primaryIp']
    wish = [{'ipv4_uuid': small, 'ipv4_ips': ['10.1.0.2']}]
    mine = acme.machine(networks=wish)
    assert acme.get(path).items() >= {'reserved': True, 'belongs_to_uuid': mine[13:]}.items()
    assert acme.send('DELETE', mine).status == 204
    acme.get('/my')
    found = acme.get(path)
    assert (True, False) == (found['reserved'], 'belongs_to_uuid' in found)
    assert not read(acme.send('PUT', path, {'reserved': False}))['reserved']


def test_freed_addresses_leave_the_list(acme: Account) -> None:
    """An address that is neither used nor reserved any longer is as free as before."""
    small = network(acme, 'small')
    path = f'/my/networks/{small}/ips'
    acme.send('PUT', f'{path}/10.1.0.3', {'reserved': True})
    acme.send('PUT', f'{path}/10.1.0.3', {'reserved': False})
    assert '10.1.0.3' not in [entry['ip'] for entry in acme.get(path)]


def test_refuses_addresses(acme: Account) -> None:
    """What is managed, somebody else's, of another network or no address at all is refused."""
    small = network(acme, 'small')
    wish = [{'ipv4_uuid': small, 'ipv4_ips': ['10.1.0.3']}]
    image = acme.get('/my/images?name=base-64-lts')[-1]['id']
    body = {'image': image, 'package': 'g1-small', 'networks': wish}
    assert acme.send('POST', '/my/machines', body, by=signer('eve')).status == 201
    cases: list[tuple[str, Any, tuple[int, str, str]]] = [
        ('10.1.0.4', {}, (409, 'MissingParameter', 'reserved is a required argument')),
        (
            '10.1.0.1',
            {'reserved': True},
            (409, 'InvalidArgument', 'cannot update managed IP: 10.1.0.1'),
        ),
        (
            '10.1.0.3',
            {'reserved': True},
            (
                409,
                'InvalidArgument',
                f'IP 10.1.0.3 on network {small} is in use by another account',
            ),
        ),
        (
            '10.2.0.1',
            {'reserved': True},
            (404, 'ResourceNotFound', '10.2.0.1 is not in subnet 10.1.0.0/29'),
        ),
        ('x', {'reserved': True}, (409, 'InvalidArgument', 'Invalid IP x')),
    ]
    for wrong in ('yes', 1, None, ['true']):
        text = 'reserved must be set to true or false'
        cases.append(('10.1.0.4', {'reserved': wrong}, (409, 'InvalidArgument', text)))
    for ip, body, expected in cases:
        response = acme.send('PUT', f'/my/networks/{small}/ips/{ip}', body)
        assert expected == refusal(response)
    theirs = acme.get(f'/my/networks/{small}/ips/10.1.0.3')
    assert {'ip', 'reserved', 'managed', 'owner_uuid'} == set(theirs)


def test_refuses_pools_and_unknown_networks(acme: Account) -> None:
    """A pool has no addresses of its own."""
    pool = network(acme, 'pool')
    for suffix in ('', '/10.1.0.1'):
        response = acme.send('GET', f'/my/networks/{pool}/ips{suffix}')
        text = f'cannot get IPs in a network pool: {pool}'
        assert (409, 'InvalidArgument', text) == refusal(response)
        response = acme.send('GET', f'/my/networks/x/ips{suffix}')
        assert (404, 'ResourceNotFound', 'x not found') == refusal(response)


def test_pools_stand_for_their_networks(acme: Account) -> None:
    """A list shows the pool instead of its members, and machines join a member."""
    assert ['small', 'pool'] == [found['name'] for found in acme.get('/my/networks')]
    machine = acme.get(acme.machine(networks=[network(acme, 'pool')]))
    assert [network(acme, 'external')] == machine['networks']
