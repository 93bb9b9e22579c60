"""Many machines made at once, each of them once."""

import pickle
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, Fleet, FleetError
from smartdc.progress import Progress
from smartdc.retrying import Retry
from smartdc.simulator import Simulator, SteppedClock
from smartdc.types import Disk
from tests.conftest import START
from tests.fleets import operations

PATIENT = Retry(attempts=9, base=0)


def test_names_are_counted(sdc: DataCenter) -> None:
    """In order, from where it is said, with the width that is said."""
    made = sdc.create_machines(3, 'web-{n:02}', start=9, tags={'role': 'web'}, networks=[])

    assert isinstance(made, Fleet)
    assert ['web-09', 'web-10', 'web-11'] == [each.name for each in made]
    assert set(made) == set(sdc.fleet(tags={'role': 'web'}))


def test_without_a_pattern_each_gets_a_name_of_its_own(sdc: DataCenter) -> None:
    """As a single machine does."""
    made = sdc.create_machines(5, networks=[])

    assert 5 == len({each.name for each in made})
    assert all(str(each.name).startswith('machine-') for each in made)


def test_what_has_to_be_looked_up_is_looked_up_once(cloud: Simulator, sdc: DataCenter) -> None:
    """Image, package and networks, however many machines; all machines get what was asked for."""
    made = sdc.create_machines(
        4, 'web-{n}', image='base-64-lts', networks=['My-Fabric-Network'], metadata={'a': '1'}
    )

    assert ['CreateMachine'] * 4 == operations(cloud)[-4:]
    assert ['ListImages', 'ListNetworks', 'ListPackages'] == sorted(operations(cloud)[:-4])
    sdc.clock.sleep(60)
    made.refresh()
    images = {image['id']: image['name'] for image in sdc.images()}
    assert {'base-64-lts'} == {images[str(each.image)] for each in made}
    assert ['1'] * 4 == [each.metadata['a'] for each in made]
    [network] = [each['id'] for each in sdc.networks() if each['name'] == 'My-Fabric-Network']
    assert [[network]] * 4 == [each.networks for each in made]


def test_images_of_disks_are_looked_up_once(cloud: Simulator, sdc: DataCenter) -> None:
    """As everything else that has a name; the disks that were handed in stay as they were."""
    disks: list[Disk] = [{'image': 'ubuntu-certified-24.04', 'boot': True}, {'size': 512}]
    sdc.create_machines(
        3, image='ubuntu-certified-24.04', package='b1-standard', networks=[], disks=disks
    )

    assert 2 == operations(cloud).count('ListImages')
    assert 3 == operations(cloud).count('CreateMachine')
    assert [{'image': 'ubuntu-certified-24.04', 'boot': True}, {'size': 512}] == disks


def test_what_is_given_by_id_is_not_looked_up(cloud: Simulator, sdc: DataCenter) -> None:
    """An old name of the image will do, and a package of any form."""
    image, package = sdc.images()[0], sdc.packages()[0]
    before = len(cloud.requests)
    sdc.create_machines(2, 'web-{n}', dataset=image, package=package, networks=[])

    assert ['CreateMachine'] * 2 == operations(cloud, before)


@pytest.mark.parametrize(
    ('count', 'name', 'why'),
    [
        (2, 'web', 'same name'),
        (2, 'web-{n:.0s}', 'web-'),
        (11, 'web-{n!s:.1}', 'same name'),
        (1, 'web-{x}', 'x'),
        (1, 'web-{}', 'web-'),
        (1, 'web-{n', 'web-'),
        (1, 'web {n}', 'machine name'),
        (1, '-{n}', 'machine name'),
        (1, 'web-{{shortId}}', 'machine name'),
        (1, 'x' * 189 + '{n}', 'machine name'),
        (1, '', 'machine name'),
        (1, 7, 'pattern'),
        (-1, 'web-{n}', '-1'),
        ('web-{n}', 3, r'comes first and must be a whole number from 0, not .web-{n}.'),
    ],
)
def test_names_that_cannot_be_are_refused(
    cloud: Simulator, sdc: DataCenter, count: Any, name: Any, why: str
) -> None:
    """They are all legal and different, or nothing is sent."""
    with pytest.raises(smartdc.InvalidInput, match=why):
        sdc.create_machines(count, name)

    assert [] == cloud.requests


def test_an_unknown_argument_is_refused_once(cloud: Simulator, sdc: DataCenter) -> None:
    """Before anything is sent."""
    with pytest.raises(TypeError, match='flavour'):
        sdc.create_machines(3, 'web-{n}', flavour='vanilla')
    with pytest.raises(smartdc.InvalidInput, match='workers'):
        sdc.create_machines(3, 'web-{n}', workers=0)

    assert [] == cloud.requests
    assert Fleet() == sdc.create_machines(0, 'web-{n}')
    assert [] == cloud.requests


@pytest.mark.parametrize('name', ['web-{n}', None])
def test_each_is_made_once_whatever_is_lost(cloud: Simulator, name: str | None) -> None:
    """A quarter of the answers is lost in four ways: sixty machines, no duplicates, no orphans."""
    for outcome in ('drop', 'cut'):
        for after in (True, False):
            cloud.faults.add('CreateMachine', probability=0.06, outcome=outcome, after=after)
    with cloud.datacenter(retries=PATIENT) as sdc:
        made = sdc.create_machines(60, name, networks=[], workers=32)

        assert 60 == len({each.id for each in made})
        assert set(made) == set(sdc.machines())
    struck = [each for each in cloud.requests if each.outcome != 'reply']
    assert {True, False} == {each.status < 300 for each in struck}


def test_the_throttle_fails_nobody() -> None:
    """Sixty machines at ten a second: thirty at once, thirty in three seconds."""
    with (
        Simulator({'throttle': 10}, clock=SteppedClock(START)) as cloud,
        cloud.datacenter(retries=None) as sdc,
    ):
        assert 60 == len(sdc.create_machines(60, 'web-{n}', networks=[]))
        assert START + 3 <= cloud.clock.now() < START + 3.3


def test_what_was_made_is_in_the_error() -> None:
    """A quota of five: five machines as results, three refusals by name."""
    world = {'limits': [{'by': 'machines', 'value': 5}]}
    with Simulator(world, job_time=0) as cloud, cloud.datacenter() as sdc:
        with pytest.raises(FleetError) as caught:
            sdc.create_machines(8, 'web-{n}', networks=[])
        error = caught.value

        assert set(error.results.values()) == set(sdc.machines())
        assert {f'web-{n}' for n in range(1, 9)} == set(error.results) | set(error.errors)
        assert [smartdc.NotAuthorized] * 3 == [type(each) for each in error.errors.values()]
        assert str(error).startswith('create: 5 of 8 done, 3 failed; web-')
        copy = pickle.loads(pickle.dumps(error))
        assert [each.data for each in error.results.values()] == list(copy.results.values())
        Fleet(error.results.values()).delete()


def test_a_name_that_is_taken_is_one_failure(sdc: DataCenter) -> None:
    """The others are made."""
    sdc.create_machine(name='web-2', networks=[])
    sdc.clock.sleep(3600)
    with pytest.raises(FleetError) as caught:
        sdc.create_machines(3, 'web-{n}', networks=[])

    assert ['web-1', 'web-3'] == list(caught.value.results)
    assert isinstance(caught.value.errors['web-2'], smartdc.ValidationFailed)


def test_what_cannot_be_looked_up_is_raised_as_it_is(cloud: Simulator, sdc: DataCenter) -> None:
    """Nothing is made of an image that is not there."""
    with pytest.raises(smartdc.InvalidInput, match='nope'):
        sdc.create_machines(3, 'web-{n}', image='nope')

    assert 'CreateMachine' not in operations(cloud)


def test_an_interrupt_tells_what_was_made(cloud: Simulator, sdc: DataCenter) -> None:
    """Each machine that the server has is among the results."""

    def report(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        sdc.create_machines(200, 'web-{n}', networks=[], workers=2, pace=None, progress=report)
    summary = caught.value.__cause__

    assert isinstance(summary, FleetError)
    assert set(sdc.machines()) == set(summary.results.values())
    assert 200 == len(summary.results) + len(summary.undone)
