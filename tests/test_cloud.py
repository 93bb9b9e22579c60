"""All data centers of a cloud as one."""

import socket
import threading
from collections.abc import Iterator

import pytest

import smartdc
from smartdc import Cloud, CloudError, DataCenter, Fleet, Machine
from smartdc.simulator import Simulator
from tests.fleets import operations


@pytest.fixture
def everywhere(sdc: DataCenter) -> Iterator[Cloud]:
    """Yield a cloud with two machines in the west and one in the east."""
    everywhere = sdc.cloud()
    everywhere['us-sw-1'].create_machines(2, 'west-{n}', tags={'role': 'web'}, networks=[])
    everywhere['us-east-1'].create_machines(1, 'east-{n}', networks=[])
    sdc.clock.sleep(60)
    yield everywhere
    everywhere.close()


@pytest.fixture
def half(everywhere: Cloud) -> Iterator[Cloud]:
    """Yield a cloud one data center of which takes calls and says nothing."""
    with socket.create_server(('127.0.0.1', 0)) as silent:
        url = f'http://127.0.0.1:{silent.getsockname()[1]}'
        mute = everywhere['us-sw-1'].datacenter(url)
        mute.retries = None
        yield Cloud({'mute': mute, **everywhere})


def test_a_cloud_has_all_data_centers_by_name(cloud: Simulator, sdc: DataCenter) -> None:
    """One request tells them; the one that was asked is itself."""
    everywhere = sdc.cloud()

    assert ['ListDatacenters'] == operations(cloud)
    assert {'us-sw-1', 'us-east-1'} == set(everywhere)
    assert 2 == len(everywhere)
    assert sdc is everywhere['us-sw-1']
    assert cloud.url('us-east-1') == everywhere['us-east-1'].base_url
    assert sdc.auth is everywhere['us-east-1'].auth
    with pytest.raises(KeyError):
        everywhere['us-west-9']


def test_a_cloud_shows_itself_in_a_line_and_asks_nobody(cloud: Simulator, sdc: DataCenter) -> None:
    """Names, as far as there is room."""
    everywhere = Cloud({'us-sw-1': sdc, 'us-east-1': sdc})
    for name in dir(everywhere):
        getattr(everywhere, name)

    assert '<Cloud of 2: us-sw-1, us-east-1>' == repr(everywhere)
    assert '<Cloud of 1: \\x1b[31mred>' == repr(Cloud({'\x1b[31mred': sdc}))
    assert 120 >= len(repr(Cloud({f'data-center-{number}': sdc for number in range(30)})))
    assert [] == cloud.requests


def test_machines_come_by_data_center(everywhere: Cloud) -> None:
    """With the filters that a data center has."""
    found = everywhere.machines()
    assert {'us-sw-1': ['west-1', 'west-2'], 'us-east-1': ['east-1']} == {
        name: sorted(str(each.name) for each in machines) for name, machines in found.items()
    }
    assert {'us-sw-1': 2, 'us-east-1': 0} == {
        name: len(machines) for name, machines in everywhere.machines(tags={'role': 'web'}).items()
    }
    assert {'us-sw-1': 2, 'us-east-1': 1} == dict(everywhere.num_machines())
    assert {'us-sw-1': 2, 'us-east-1': 0} == dict(everywhere.num_machines(name='west'))


def test_other_things_come_by_data_center(everywhere: Cloud) -> None:
    """Each as the data center itself has it, in the order of the names."""
    for kind in ('images', 'packages', 'networks'):
        found = getattr(everywhere, kind)()

        assert list(everywhere) == list(found)
        assert {name: getattr(sdc, kind)() for name, sdc in everywhere.items()} == dict(found)
    assert ['base-64-lts'] == sorted(
        {
            image['name']
            for images in everywhere.images(name='base-64-lts').values()
            for image in images
        }
    )
    assert dict.fromkeys(everywhere, 'pong') == {
        name: answer['ping'] for name, answer in everywhere.each(DataCenter.ping).items()
    }


def test_all_machines_are_one_fleet(cloud: Simulator, everywhere: Cloud) -> None:
    """What is done with it is done in both, and a look is one list for each."""
    fleet = everywhere.fleet()
    fleet.stop()
    before = len(cloud.requests)
    fleet.poll_until('stopped', 10)

    assert ['us-east-1', 'us-sw-1', 'us-sw-1'] == sorted(
        each.datacenter for each in cloud.requests if each.operation == 'UpdateMachine'
    )
    lists = [each for each in cloud.requests[before:] if each.operation == 'ListMachines']
    assert ['us-sw-1'] * 2 == [each.datacenter for each in lists]
    assert {'stopped'} == {each.state for each in fleet}
    assert 2 == len(everywhere.fleet(tags={'role': 'web'}))


def test_no_data_center_holds_up_another(everywhere: Cloud) -> None:
    """What waits in the west leaves the workers of the east alone."""
    east = threading.Event()

    def work(machine: Machine) -> str | None:
        if machine.datacenter.location == 'us-east-1':
            east.set()
        assert east.wait(10)
        return machine.name

    fleet = Fleet(sorted(everywhere.fleet(), key=lambda each: str(each.name), reverse=True))
    assert ['west-2', 'west-1', 'east-1'] == list(fleet.each(work, workers=1).values())


def test_a_data_center_that_is_down_costs_no_more_than_itself(half: Cloud) -> None:
    """The error has the machines of the others, and what the one has failed by."""
    with smartdc.deadline(0.5), pytest.raises(CloudError) as caught:
        half.machines()

    assert {'us-sw-1': 2, 'us-east-1': 1} == {
        name: len(machines) for name, machines in caught.value.results.items()
    }
    assert ['mute'] == list(caught.value.errors)
    assert isinstance(caught.value.errors['mute'], smartdc.Timeout)
    assert str(caught.value).startswith('machines: 2 of 3 done, 1 failed; mute: ')


def test_errors_can_be_had_instead_of_raised(half: Cloud) -> None:
    """They stand in the place of what was asked for."""
    with smartdc.deadline(0.5):
        found = half.num_machines(errors='return')

    assert {'us-sw-1': 2, 'us-east-1': 1} == found.results
    assert isinstance(found['mute'], smartdc.Timeout)
    assert ['mute', *half][1:] == list(found)


def test_a_fleet_needs_all_data_centers(half: Cloud) -> None:
    """A part of the machines is not taken for all of them."""
    with smartdc.deadline(0.5), pytest.raises(CloudError) as caught:
        half.fleet()

    assert 3 == sum(len(machines) for machines in caught.value.results.values())


def test_all_are_asked_at_the_same_time(everywhere: Cloud) -> None:
    """Each waits for the other to be asked, too."""
    meeting = threading.Barrier(2)

    assert [0, 1] == sorted(everywhere.each(lambda _: meeting.wait(10)).values())


def test_a_misspelt_filter_is_every_data_centers_error(everywhere: Cloud) -> None:
    """It is told by name as all others are."""
    with pytest.raises(CloudError, match="'nmae'") as caught:
        everywhere.machines(nmae='west')

    assert {TypeError} == {type(each) for each in caught.value.errors.values()}
