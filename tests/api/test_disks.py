"""The disks chapter."""

import pytest

from smartdc import DataCenter, InvalidArgument, Machine, ResourceNotFound, ValidationFailed
from smartdc.errors import InsufficientDiskSpace


@pytest.fixture
def stopped(sdc: DataCenter) -> Machine:
    """Return a bhyve machine that is stopped, with room for more disks."""
    machine = sdc.create_machine(
        image='ubuntu-certified-24.04',
        package='b1-standard',
        disks=[{}, {'size': 20480}],
    )
    machine.poll_until('running')
    machine.stop()
    machine.poll_until('stopped')
    return machine


def test_disks_are_listed_and_got(stopped: Machine) -> None:
    """The first one is what the machine boots from."""
    boot, data = stopped.disks()

    assert (True, 10240) == (boot.get('boot'), boot['size'])
    assert data == stopped.get_disk(data['id']) == stopped.get_disk(data)
    with pytest.raises(ResourceNotFound):
        stopped.get_disk('00000000-0000-4000-8000-000000000000')


def test_a_disk_is_added_and_waited_for(stopped: Machine) -> None:
    """With a slot it comes back, and is waited for until it has the machine's state."""
    assert stopped.create_disk(1024) is None
    disk = stopped.create_disk('remaining', pci_slot='0:4:6')

    assert disk is not None
    assert ('creating', '0:4:6') == (disk['state'], disk['pci_slot'])
    sdc = stopped.datacenter
    assert 'stopped' == sdc.wait_for('disk', disk['id'], 'stopped', machine=stopped)['state']
    with pytest.raises(InsufficientDiskSpace):
        stopped.create_disk(1)


def test_a_disk_is_resized(stopped: Machine) -> None:
    """To make it smaller has to be allowed."""
    data = stopped.disks()[1]
    sdc = stopped.datacenter

    assert 'resizing' == stopped.resize_disk(data, 30720)['state']
    assert 30720 == sdc.wait_for('disk', data['id'], 'stopped', machine=stopped)['size']
    with pytest.raises(ValidationFailed):
        stopped.resize_disk(data, 1024)
    stopped.resize_disk(data, 1024, dangerous_allow_shrink=True)
    assert 1024 == sdc.wait_for('disk', data['id'], 'stopped', machine=stopped)['size']


def test_a_disk_is_deleted(stopped: Machine) -> None:
    """It is gone when that is done; the boot disk can't be."""
    boot, data = stopped.disks()
    stopped.delete_disk(data)
    stopped.datacenter.wait_for('disk', data['id'], 'deleted', machine=stopped)

    assert [boot] == stopped.disks()
    with pytest.raises(ValidationFailed):
        stopped.delete_disk(boot)


def test_a_running_machine_keeps_its_disks(stopped: Machine) -> None:
    """It has to be stopped first."""
    stopped.start()
    stopped.poll_until('running')
    with pytest.raises(InvalidArgument, match='must be stopped'):
        stopped.create_disk(1024)
