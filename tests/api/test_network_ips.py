"""The addresses of networks, in the networks chapter."""

import pytest

from smartdc import DataCenter, InvalidArgument, Machine, ResourceNotFound


def test_addresses_are_listed_and_got(machine: Machine) -> None:
    """The list has the machine's address, and those that the data center keeps for itself."""
    sdc = machine.datacenter
    (network,) = sdc.networks(fabric=True)
    ip = machine.private_ips[0]
    found = {entry['ip']: entry for entry in sdc.network_ips(network)}

    assert machine.id == found[ip]['belongs_to_uuid']
    assert found[ip] == sdc.network_ip(network['id'], ip)
    assert [True] == [found[network['gateway']]['managed']]
    assert [machine.public_ips[0]] == [
        entry['ip'] for entry in sdc.network_ips(sdc.networks(fabric=False)[0])
    ]
    with pytest.raises(ResourceNotFound):
        sdc.network_ip(network, '192.0.2.1')


def test_addresses_are_reserved(sdc: DataCenter) -> None:
    """A reserved address is not given away; one of a public network can't be reserved."""
    (network,) = sdc.networks(fabric=True)
    first = network['provision_start_ip']

    assert sdc.update_network_ip(network, first, reserved=True)['reserved']
    machine = sdc.create_machine(name='web0')
    machine.poll_until('running')
    assert first not in machine.private_ips
    assert not sdc.update_network_ip(network, first, reserved=False)['reserved']
    with pytest.raises(InvalidArgument, match='public network'):
        sdc.update_network_ip(sdc.networks(fabric=False)[0], '198.18.0.99', reserved=True)
    with pytest.raises(InvalidArgument, match='managed'):
        sdc.update_network_ip(network, network['gateway'], reserved=True)


def test_long_lists_come_whole(sdc: DataCenter) -> None:
    """A list of more than a page is read to its end."""
    (network,) = sdc.networks(fabric=True)
    for number in range(1, 251):
        for third in range(4):
            sdc.update_network_ip(network, f'10.129.{third}.{number}', reserved=True)

    assert 1002 == len(sdc.network_ips(network))
