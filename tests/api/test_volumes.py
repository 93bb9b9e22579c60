"""The volumes chapter."""

import pytest

from smartdc import DataCenter, InvalidArgument, MethodNotAllowed
from smartdc.errors import (
    DefaultFabricNetworkNotConfigured,
    VolumeAlreadyExists,
    VolumeInUse,
    VolumeNotFound,
    VolumeSizeNotAvailable,
)
from smartdc.simulator import Simulator
from smartdc.types import Volume

FABRIC = 'My-Fabric-Network'


@pytest.fixture
def volume(sdc: DataCenter) -> Volume:
    """Return a volume that is ready."""
    return sdc.create_volume(name='data', networks=[FABRIC], tags={'a': 'b'}, wait=True)


def test_a_volume_is_made_and_waited_for(sdc: DataCenter) -> None:
    """Without waiting it is creating."""
    made = sdc.create_volume(networks=[FABRIC], size=20480)

    assert ('creating', 20480) == (made['state'], made['size'])
    assert 'ready' == sdc.wait_for('volume', made['id'], 'ready')['state']


def test_volumes_are_listed_and_got(sdc: DataCenter, volume: Volume) -> None:
    """By filters and predicates."""
    sdc.create_volume(name='other', networks=[FABRIC], size=20480, wait=True)

    assert volume == sdc.volume(volume) == sdc.volume(volume['id'])
    assert 2 == len(sdc.volumes())
    assert [volume] == sdc.volumes(name='dat*')
    assert [volume] == sdc.volumes(size=10240, state='ready', type='tritonnfs')
    assert [volume] == sdc.volumes(predicate={'eq': ['name', 'data']})
    with pytest.raises(InvalidArgument, match='not valid'):
        sdc.volumes(predicate={'x': 1})


def test_a_volume_is_mounted(sdc: DataCenter, volume: Volume) -> None:
    """While a machine does that it is in use."""
    machine = sdc.create_machine(volumes=[{'name': 'data', 'mountpoint': '/data'}])
    machine.poll_until('running')

    assert [machine.id] == sdc.volume(volume).get('refs')
    for use in (lambda: sdc.delete_volume(volume), lambda: sdc.update_volume(volume, name='xx')):
        with pytest.raises(VolumeInUse):
            use()
    machine.delete()
    machine.poll_until('deleted')
    assert 'renamed' == sdc.update_volume(volume, name='renamed')['name']


def test_a_volume_is_deleted(sdc: DataCenter, volume: Volume) -> None:
    """When that is done it is not found."""
    sdc.delete_volume(volume)
    sdc.wait_for('volume', volume['id'], 'deleted')

    with pytest.raises(VolumeNotFound):
        sdc.volume(volume)


def test_a_volume_is_refused(sdc: DataCenter, volume: Volume) -> None:
    """For its name, its size, or its lack of a network."""
    with pytest.raises(VolumeAlreadyExists):
        sdc.create_volume(name=volume['name'], networks=[FABRIC])
    with pytest.raises(VolumeSizeNotAvailable):
        sdc.create_volume(size=5, networks=[FABRIC])
    with pytest.raises(DefaultFabricNetworkNotConfigured):
        sdc.create_volume()


def test_sizes_are_listed(sdc: DataCenter) -> None:
    """The smallest comes first."""
    assert {'size': 10240, 'type': 'tritonnfs'} == sdc.volume_sizes()[0]
    assert sdc.volume_sizes() == sdc.volume_sizes(type='tritonnfs')


def test_a_data_center_may_have_none() -> None:
    """Then every call is a method that is not allowed."""
    with Simulator({'datacenters': ['bare']}) as cloud, cloud.datacenter() as sdc:
        for call in (sdc.volumes, sdc.volume_sizes):
            with pytest.raises(MethodNotAllowed):
                call()
