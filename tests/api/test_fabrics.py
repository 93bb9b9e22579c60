"""The fabrics chapter."""

from typing import Any

import pytest

from smartdc import DataCenter, InvalidArgument, NotImplementedByServer, ResourceNotFound
from smartdc.simulator import Simulator

NETWORK: dict[str, Any] = {
    'name': 'app',
    'subnet': '192.168.10.0/24',
    'provision_start_ip': '192.168.10.5',
    'provision_end_ip': '192.168.10.250',
}


def test_vlans_are_made_changed_and_deleted(sdc: DataCenter) -> None:
    """A VLAN is named by its number or its dict."""
    vlan = sdc.create_fabric_vlan(7, 'dmz', description='outside')

    assert {'vlan_id': 7, 'name': 'dmz', 'description': 'outside'} == vlan
    assert vlan == sdc.fabric_vlan(7) == sdc.fabric_vlan('7') == sdc.fabric_vlan(dict(vlan))
    assert vlan in sdc.fabric_vlans()
    assert 'zone' == sdc.update_fabric_vlan(vlan, name='zone')['name']
    sdc.delete_fabric_vlan(vlan)
    with pytest.raises(ResourceNotFound, match='vlan not found'):
        sdc.fabric_vlan(7)


def test_networks_are_made_changed_and_deleted(sdc: DataCenter) -> None:
    """What is given is there, among the networks of the VLAN and among all others."""
    vlan = sdc.create_fabric_vlan(7, 'dmz')
    network = sdc.create_fabric_network(
        vlan,
        **NETWORK,
        gateway='192.168.10.1',
        resolvers=['8.8.8.8'],
        routes={'10.0.0.0/8': '192.168.10.2'},
        internet_nat=False,
        description='apps',
    )

    assert {**network, **NETWORK, 'internet_nat': False, 'vlan_id': 7} == network
    assert network == sdc.fabric_network(vlan, network) == sdc.network(network)
    assert [network] == sdc.fabric_networks(7)
    assert network in sdc.networks(fabric=True)
    assert network not in sdc.networks(fabric=False)
    changed = sdc.update_fabric_network(7, network, name='web', resolvers=['1.1.1.1'])
    assert {**network, 'name': 'web', 'resolvers': ['1.1.1.1']} == changed
    sdc.delete_fabric_network(vlan, network['id'])
    assert [] == sdc.fabric_networks(vlan)


def test_machines_join_a_new_network(sdc: DataCenter) -> None:
    """A machine gets an address of it, and while it is there the network stays."""
    sdc.create_fabric_vlan(7, 'dmz')
    network = sdc.create_fabric_network(7, **NETWORK)
    machine = sdc.create_machine(name='app0', networks=[network['id']])
    machine.poll_until('running')

    assert ['192.168.10.5'] == machine.private_ips
    with pytest.raises(InvalidArgument, match='no NICs'):
        sdc.delete_fabric_network(7, network)
    machine.delete()
    machine.poll_until('deleted')
    sdc.delete_fabric_network(7, network)


def test_the_default_network_stays(sdc: DataCenter) -> None:
    """It can be deleted only when another one has taken its place."""
    sdc.create_fabric_vlan(7, 'dmz')
    network = sdc.create_fabric_network(7, **NETWORK)
    sdc.update_config(default_network=network['id'])

    with pytest.raises(InvalidArgument, match='cannot delete default network'):
        sdc.delete_fabric_network(7, network)
    with pytest.raises(InvalidArgument, match='VLAN must have no networks'):
        sdc.delete_fabric_vlan(7)


@pytest.mark.parametrize(
    ('changes', 'text'),
    [
        ({'subnet': '10.128.0.0/16'}, '"subnet": subnet overlaps|cannot be outside subnet'),
        ({'resolvers': ['1.1.1.1'] * 5}, 'maximum of 4 resolvers'),
        ({'provision_end_ip': 'x'}, '"provision_end_ip": must be an IPv4 address'),
        ({'routes': {'a': 'b'}}, 'invalid route'),
    ],
)
def test_what_is_wrong_is_named(sdc: DataCenter, changes: dict[str, Any], text: str) -> None:
    """The error says which property the server doesn't take."""
    sdc.create_fabric_vlan(7, 'dmz')

    with pytest.raises(InvalidArgument, match=text):
        sdc.create_fabric_network(7, **{**NETWORK, **changes})


def test_a_datacenter_may_have_no_fabrics() -> None:
    """That is a NotImplementedByServer."""
    world = {'datacenters': [{'name': 'plain', 'fabrics': False}]}
    with (
        Simulator(world) as cloud,
        cloud.datacenter() as sdc,
        pytest.raises(NotImplementedByServer, match='fabrics not enabled'),
    ):
        sdc.fabric_vlans()
