"""Waiting for whatever has a life of its own, in one way."""

from typing import Any

import pytest

from smartdc import DataCenter, InvalidInput, Machine
from smartdc.errors import WaitFailed, WaitTimeout


def test_every_kind_is_waited_for(sdc: DataCenter, machine: Machine) -> None:
    """The data of the thing comes back with the state that was waited for."""
    image = sdc.create_image(machine, 'app', '1')
    volume = sdc.create_volume(networks=['My-Fabric-Network'])
    snapshot = machine.create_snapshot('s')
    machine.migrate('begin')

    assert 'active' == sdc.wait_for('image', image['id'], 'active')['state']
    assert 'ready' == sdc.wait_for('volume', volume['id'], 'ready')['state']
    assert 'created' == sdc.wait_for('snapshot', snapshot.name, 'created', machine=machine)['state']
    assert 'paused' == sdc.wait_for('migration', machine.id, 'paused')['state']
    machine.stop()
    assert 'stopped' == sdc.wait_for('machine', machine.id, 'stopped')['state']


def test_what_is_gone_is_deleted(sdc: DataCenter, machine: Machine) -> None:
    """A machine as well as a thing that is not found."""
    volume = sdc.create_volume(networks=['My-Fabric-Network'], wait=True)
    sdc.delete_volume(volume)
    machine.delete()

    assert 'deleted' == sdc.wait_for('machine', machine.id, 'deleted')['state']
    assert 'deleted' == sdc.wait_for('volume', volume['id'], 'deleted')['state']
    with pytest.raises(WaitFailed, match='deleted'):
        sdc.wait_for('volume', volume['id'], 'ready')


def test_waiting_ends_at_the_deadline(sdc: DataCenter, machine: Machine) -> None:
    """With what was seen last."""
    image = sdc.create_image(machine, 'app', '1')
    with pytest.raises(WaitTimeout, match='within 4 s') as caught:
        sdc.wait_for('image', image['id'], 'active', timeout=4, interval=1)

    assert 'creating' == caught.value.last['state']


@pytest.mark.parametrize('timeout', [None, '10', -1])
def test_what_is_no_time_is_refused(sdc: DataCenter, machine: Machine, timeout: Any) -> None:
    """A timeout is a number of seconds."""
    with pytest.raises(InvalidInput, match='a number of seconds'):
        sdc.wait_for('machine', machine, 'running', timeout=timeout)


def test_an_unknown_kind_is_refused(sdc: DataCenter) -> None:
    """The error lists what can be waited for."""
    with pytest.raises(InvalidInput, match='image, machine, migration, volume'):
        sdc.wait_for('disk', 'x', 'running')
