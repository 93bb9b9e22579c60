"""The NICs chapter."""

from typing import Any

import pytest

from smartdc import (
    DataCenter,
    InvalidArgument,
    InvalidParameters,
    Machine,
    MissingParameter,
    ResourceNotFound,
)


@pytest.fixture
def network(sdc: DataCenter) -> Any:
    """Return a fabric network that no machine is on."""
    sdc.create_fabric_vlan(7, 'dmz')
    return sdc.create_fabric_network(
        7,
        name='app',
        subnet='192.168.10.0/24',
        provision_start_ip='192.168.10.5',
        provision_end_ip='192.168.10.250',
    )


def test_nics_are_listed_and_got(machine: Machine) -> None:
    """A NIC is got by its address, with or without colons, or by its dict."""
    one, two = machine.nics()

    assert one == machine.nic(one['mac']) == machine.nic(one['mac'].replace(':', ''))
    assert two == machine.nic(dict(two))
    assert [True, False] == [one['primary'], two['primary']]


def test_a_nic_is_added(machine: Machine, network: Any) -> None:
    """The machine reboots, and then has the address; adding it again finds it there."""
    nic = machine.add_nic(network['id'])

    assert ('provisioning', '192.168.10.5') == (nic['state'], nic['ip'])
    assert 'stopping' == machine.status()
    machine.poll_until('running')
    assert '192.168.10.5' in machine.ips
    assert nic['mac'] == machine.add_nic(network)['mac'] == machine.add_nic('app')['mac']
    assert 3 == len(machine.nics())


def test_adding_can_wait(machine: Machine, network: Any) -> None:
    """With wait, the NIC runs; an address can be chosen, and the NIC be the primary one."""
    wanted = {'ipv4_uuid': network['id'], 'ipv4_ips': ['192.168.10.77']}
    nic = machine.add_nic(wanted, primary=True, wait=60)

    assert ('running', True, '192.168.10.77') == (nic['state'], nic['primary'], nic['ip'])
    machine.refresh()
    assert '192.168.10.77' == machine.primary_ip


def test_a_stopped_machine_stays_so(machine: Machine, network: Any) -> None:
    """The wait ends when the NIC is there, although it doesn't run."""
    machine.stop()
    machine.poll_until('stopped')

    assert 'stopped' == machine.add_nic(network, wait=60)['state'] == machine.status()


def test_a_nic_is_removed(machine: Machine) -> None:
    """Its address goes, and the other one becomes the primary one."""
    one, two = machine.nics()
    machine.remove_nic(one)
    machine.datacenter.clock.sleep(30)
    machine.refresh()

    assert [two['ip']] == machine.ips
    assert [{**two, 'primary': True}] == machine.nics()
    with pytest.raises(ResourceNotFound, match='nic not found'):
        machine.remove_nic(one['mac'])
    with pytest.raises(InvalidArgument, match='mac has invalid format'):
        machine.nic('nonsense')


def test_what_is_refused(machine: Machine, network: Any) -> None:
    """Each mistake has its own error."""
    wish = {'ipv4_uuid': network['id'], 'ipv4_ips': ['192.168.10.9']}
    other = machine.datacenter.create_machine(name='other', networks=[wish])

    with pytest.raises(InvalidParameters) as caught:
        machine.add_nic(wish)
    assert ['IP in use'] == [error['message'] for error in caught.value.errors]
    with pytest.raises(MissingParameter, match='must contain ipv4_uuid'):
        machine.add_nic({'ipv4_uuid': ''})
    with pytest.raises(InvalidArgument, match='network not found'):
        machine.add_nic('00000000-0000-4000-8000-000000000000')
    other.delete()
