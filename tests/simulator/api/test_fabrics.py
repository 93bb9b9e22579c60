"""Fabrics: VLANs and the networks on them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal
from tests.simulator.signer import signer

VLANS = '/my/fabrics/default/vlans'
NETWORKS = f'{VLANS}/7/networks'
NETWORK = {
    'name': 'app',
    'subnet': '192.168.10.0/24',
    'provision_start_ip': '192.168.10.5',
    'provision_end_ip': '192.168.10.250',
}
LONG = 'x' * 65
UNKNOWN = '00000000-0000-4000-8000-000000000000'
DEFAULT = {'vlan_id': 2, 'name': 'My-Fabric-VLAN'}


@pytest.fixture
def acme() -> Account:
    """Return an account that has VLAN 7, beside another account."""
    eve = {'login': 'eve', 'keys': [{'name': 'key', 'key': signer('eve').public}]}
    acme = Account({'accounts': [{'login': 'acme'}, eve]})
    assert acme.send('POST', VLANS, {'vlan_id': 7, 'name': 'seven'}).status == 201
    return acme


def property_fault(name: str, text: str) -> tuple[int, str, str]:
    """Return the refusal of a property."""
    return (409, 'InvalidArgument', f'property "{name}": {text}')


def mistyped(name: str, found: str, wanted: str) -> tuple[int, str, str]:
    """Return the refusal of a property of the wrong type."""
    return property_fault(name, f'{found} value found, but a {wanted} is required')


def test_vlans_are_made_changed_and_removed(acme: Account) -> None:
    """The answers are 201, 200, 202 and 204; the default VLAN is there from the start."""
    vlan = {'vlan_id': 3000, 'name': 'dmz', 'description': 'outside'}
    response = acme.send('POST', VLANS, vlan)
    assert (201, vlan) == (response.status, read(response))
    assert [DEFAULT, {'vlan_id': 7, 'name': 'seven'}, vlan] == acme.get(VLANS)
    response = acme.send('PUT', f'{VLANS}/3000', {'name': 'zone'})
    assert (202, {**vlan, 'name': 'zone'}) == (response.status, read(response))
    assert read(response) == acme.get(f'{VLANS}/3000')
    assert acme.send('HEAD', f'{VLANS}/3000').status == 200
    assert acme.send('DELETE', f'{VLANS}/3000').status == 204
    assert 2 == len(acme.get(VLANS))
    assert acme.send('PUT', f'{VLANS}/2', {'description': 'mine'}).status == 202
    assert {**DEFAULT, 'description': 'mine'} == acme.get(VLANS)[0]


@pytest.mark.parametrize(
    ('vlan', 'expected'),
    [
        ({'vlan_id': 4}, property_fault('name', 'is missing and it is required')),
        ({'vlan_id': 4, 'name': 5}, mistyped('name', 'number', 'string')),
        ({'vlan_id': 4, 'name': ['x']}, mistyped('name', 'object', 'string')),
        ({'name': 'x'}, property_fault('vlan_id', 'is missing and it is required')),
        ({'name': 'x', 'vlan_id': 'foo'}, mistyped('vlan_id', 'string', 'integer')),
        ({'name': 'x', 'vlan_id': 4.5}, mistyped('vlan_id', 'number', 'integer')),
        ({'name': 'x', 'vlan_id': None}, mistyped('vlan_id', 'object', 'integer')),
        ({'name': 'x', 'vlan_id': 1}, property_fault('vlan_id', 'must have a minimum value of 2')),
        (
            {'name': 'x', 'vlan_id': 4096},
            property_fault('vlan_id', 'must have a maximum value of 4095'),
        ),
        ({'name': 'x', 'vlan_id': 7}, property_fault('vlan_id', 'VLAN ID is already in use')),
        (
            {'name': LONG, 'vlan_id': 4},
            property_fault('name', 'must not be longer than 64 characters'),
        ),
        (
            {'name': 'x', 'vlan_id': 4, 'description': LONG},
            property_fault('description', 'must not be longer than 64 characters'),
        ),
        ({'name': ' ', 'vlan_id': 4}, property_fault('name', 'must not be empty')),
        ({'name': 'x', 'vlan_id': 4, 'Foo': 1}, property_fault('foo', 'unsupported property')),
    ],
)
def test_refuses_vlans(acme: Account, vlan: dict[str, Any], expected: tuple[int, str, str]) -> None:
    """Each property is checked, and those that are none."""
    assert expected == refusal(acme.send('POST', VLANS, vlan))
    assert 2 == len(acme.get(VLANS))


def test_vlans_of_others_are_not_there(acme: Account) -> None:
    """Another account, and whoever asks for what isn't there, gets 404."""
    expected = (404, 'ResourceNotFound', 'vlan not found')
    body = {'name': 'x'}
    for method in ('GET', 'PUT', 'DELETE'):
        sent = body if method == 'PUT' else None
        response = acme.send(method, f'{VLANS}/7', sent, by=signer('eve'))
        assert expected == refusal(response)
        assert expected == refusal(acme.send(method, f'{VLANS}/999', sent))
    for method in ('GET', 'POST'):
        sent = NETWORK if method == 'POST' else None
        assert expected == refusal(acme.send(method, NETWORKS, sent, by=signer('eve')))
    assert [DEFAULT] == acme.get(VLANS, by=signer('eve'))
    assert mistyped('vlan_id', 'string', 'integer') == refusal(acme.send('GET', f'{VLANS}/x'))
    query = acme.send('GET', f'{VLANS}/7?foo=1')
    assert property_fault('foo', 'unsupported property') == refusal(query)


def test_networks_are_made_changed_and_removed(acme: Account) -> None:
    """The answers are 201, 200, 200 and 204, and all lists have it."""
    more = {
        'description': 'for apps',
        'gateway': '192.168.10.1',
        'resolvers': ['8.8.8.8', '8.8.4.4'],
        'routes': {'10.0.0.0/8': '192.168.10.2', '10.1.1.1': '192.168.10.2'},
        'internet_nat': False,
    }
    response = acme.send('POST', NETWORKS, {**NETWORK, **more})
    network = read(response)
    shown = {'public': False, 'fabric': True, 'vlan_id': 7}
    assert (201, {'id': network['id'], **NETWORK, **more, **shown}) == (response.status, network)
    path = f'{NETWORKS}/{network["id"]}'
    assert network == acme.get(path) == acme.get(f'/my/networks/{network["id"]}')
    assert [network] == acme.get(NETWORKS)
    assert network in acme.get('/my/networks')
    assert network in acme.get('/my/networks?fabric=true')
    assert network not in acme.get('/my/networks?fabric=false')
    changes = {'name': 'web', 'provision_start_ip': '192.168.10.9', 'resolvers': []}
    response = acme.send('PUT', path, changes)
    assert (200, {**network, **changes}) == (response.status, read(response))
    assert acme.send('DELETE', path).status == 204
    assert (404, 'ResourceNotFound', 'network not found') == refusal(acme.send('GET', path))
    assert [] == acme.get(NETWORKS)


def test_a_network_needs_little(acme: Account) -> None:
    """Without more, machines reach the internet, by no resolvers."""
    network = acme.post(NETWORKS, NETWORK)
    other = {'name': 'other', 'subnet': '192.168.0.0/29', 'routes': None}
    ends = {'provision_start_ip': '192.168.0.1', 'provision_end_ip': '192.168.0.2'}
    assert {} == acme.post(NETWORKS, {**other, **ends})['routes']
    assert (True, []) == (network['internet_nat'], network['resolvers'])
    assert not {'gateway', 'routes', 'description', 'owner'} & set(network)
    hidden = acme.send('GET', f'/my/networks/{network["id"]}', by=signer('eve'))
    assert hidden.status == 404


IP_FAULT = 'must be an IPv4 address'


@pytest.mark.parametrize(
    ('changes', 'expected'),
    [
        *(
            ({name: ...}, property_fault(name, 'is missing and it is required'))
            for name in ('name', 'subnet', 'provision_start_ip', 'provision_end_ip')
        ),
        *(
            ({name: 'a'}, property_fault(name, IP_FAULT))
            for name in ('provision_start_ip', 'provision_end_ip', 'gateway')
        ),
        ({'name': 5}, mistyped('name', 'number', 'string')),
        ({'name': 'a' * 65}, property_fault('name', 'must not be longer than 64 characters')),
        (
            {'name': 'a b'},
            property_fault(
                'name', r'does not match the regex pattern ^[a-za-z][a-za-z0-9_\./-]{1,255}$'
            ),
        ),
        ({'description': 5}, mistyped('description', 'number', 'string')),
        (
            {'description': LONG},
            property_fault('description', 'must not be longer than 64 characters'),
        ),
        ({'resolvers': 'a'}, mistyped('resolvers', 'string', 'array')),
        ({'resolvers': ['a']}, property_fault('resolvers[0]', IP_FAULT)),
        ({'resolvers': [*['1.2.3.4'] * 3, 'a']}, property_fault('resolvers[3]', IP_FAULT)),
        ({'resolvers': ['1.2.3.4'] * 5}, property_fault('resolvers', 'maximum of 4 resolvers')),
        ({'routes': 'a'}, mistyped('routes', 'string', 'object')),
        ({'routes': {'a': 'b'}}, property_fault('routes', 'invalid route')),
        ({'routes': {'a': 'b', '10.0.0.0/8': 'c'}}, property_fault('routes', 'invalid routes')),
        ({'subnet': 'a'}, property_fault('subnet', 'Subnet must be in CIDR form')),
        ({'subnet': 'a/8'}, property_fault('subnet', 'Subnet IP invalid')),
        ({'subnet': '10.0.0.0/33'}, property_fault('subnet', 'Subnet bits invalid')),
        ({'internet_nat': 'x'}, property_fault('internet_nat', 'must be a boolean value')),
        ({'gateway': '10.0.0.1'}, property_fault('gateway', 'gateway cannot be outside subnet')),
        (
            {'provision_end_ip': '192.168.10.255'},
            property_fault('provision_end_ip', 'provision_end_ip cannot be the broadcast address'),
        ),
        (
            {'provision_start_ip': '192.168.9.1'},
            property_fault('provision_start_ip', 'provision_start_ip cannot be outside subnet'),
        ),
        (
            {'provision_end_ip': '192.168.10.4'},
            property_fault(
                'provision_end_ip',
                'provision_start_ip must be before provision_end_ip, property '
                '"provision_start_ip": provision_start_ip must be before provision_end_ip',
            ),
        ),
        ({'mtu': 1500}, property_fault('mtu', 'unsupported property')),
        (
            {'subnet': '10.128.0.0/10', 'provision_start_ip': '10.128.0.1'}
            | {'provision_end_ip': '10.128.0.9'},
            property_fault('subnet', 'subnet overlaps with another network'),
        ),
        (
            {'name': 'My-Fabric-Network'},
            property_fault('name', 'name is in use by another network'),
        ),
    ],
)
def test_refuses_networks(
    acme: Account, changes: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    """Each property is checked, then what they mean together."""
    body = {key: value for key, value in {**NETWORK, **changes}.items() if value is not ...}
    assert expected == refusal(acme.send('POST', NETWORKS, body))
    assert [] == acme.get(NETWORKS)


def test_refuses_changes(acme: Account) -> None:
    """What may not be changed is refused, and so is what would make no sense."""
    network = acme.post(NETWORKS, NETWORK)
    path = f'{NETWORKS}/{network["id"]}'
    for name in ('gateway', 'subnet', 'internet_nat'):
        response = acme.send('PUT', path, {name: '192.168.10.1'})
        assert property_fault(name, 'unsupported property') == refusal(response)
    response = acme.send('PUT', path, {'id': UNKNOWN})
    assert property_fault('id', 'cannot be set') == refusal(response)
    response = acme.send('PUT', path, {'provision_end_ip': '192.168.11.1'})
    text = 'provision_end_ip cannot be outside subnet'
    assert property_fault('provision_end_ip', text) == refusal(response)
    assert network == acme.get(path)
    response = acme.send('PUT', f'{NETWORKS}/{UNKNOWN}', {'name': 'xyz'})
    assert (404, 'ResourceNotFound', 'network not found') == refusal(response)
    response = acme.send('GET', f'{NETWORKS}/x')
    assert (409, 'InvalidArgument') == refusal(response)[:2]
    assert 'does not match the regex pattern' in refusal(response)[2]


def test_what_is_used_stays(acme: Account) -> None:
    """A VLAN with networks, a network with machines and the default network can't go."""
    network = acme.post(NETWORKS, NETWORK)
    path = f'{NETWORKS}/{network["id"]}'
    response = acme.send('DELETE', f'{VLANS}/7')
    assert (409, 'InvalidArgument', 'VLAN must have no networks') == refusal(response)
    machine = acme.machine(networks=[network['id']])
    assert '192.168.10.5' == acme.get(machine)['primaryIp']
    response = acme.send('DELETE', path)
    text = 'network must have no NICs provisioned'
    assert (409, 'InvalidArgument', text) == refusal(response)
    acme.send('DELETE', machine)
    acme.send('PUT', '/my/config', {'default_network': network['id']})
    response = acme.send('DELETE', path)
    assert (409, 'InvalidArgument', 'cannot delete default network') == refusal(response)


def test_the_first_network_is_the_default_one(acme: Account) -> None:
    """The world's fabric network can go only when another one has taken its place."""
    (first,) = acme.get('/my/networks?fabric=true')
    path = f'{VLANS}/2/networks/{first["id"]}'
    response = acme.send('DELETE', path)
    assert (409, 'InvalidArgument', 'cannot delete default network') == refusal(response)
    network = acme.post(NETWORKS, NETWORK)
    acme.send('PUT', '/my/config', {'default_network': network['id']})
    assert acme.send('DELETE', path).status == 204
    assert acme.send('DELETE', f'{VLANS}/2').status == 404


def test_two_accounts_may_have_the_same_subnet(acme: Account) -> None:
    """Fabrics of different accounts don't know of each other."""
    acme.post(NETWORKS, NETWORK)
    acme.send('POST', VLANS, {'vlan_id': 7, 'name': 'hers'}, by=signer('eve'))
    assert acme.send('POST', NETWORKS, NETWORK, by=signer('eve')).status == 201


def test_a_datacenter_may_have_no_fabrics() -> None:
    """Each operation is refused with 501, for a data center whose world says so."""
    acme = Account({'datacenters': [{'name': 'a', 'fabrics': False}, 'b']})
    expected = (501, 'NotImplementedError', 'fabrics not enabled for this datacenter')
    for method, path in (
        ('GET', VLANS),
        ('POST', VLANS),
        ('GET', NETWORKS),
        ('PUT', NETWORKS + '/x'),
    ):
        assert expected == refusal(acme.send(method, path, {} if method != 'GET' else None))
    assert acme.get(VLANS, home='b')
