"""Fleet: a sequence of machines with the methods of one."""

import logging
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, Fleet, FleetError, Machine, Retry
from smartdc.simulator import Simulator, SteppedClock
from tests.conftest import START
from tests.fleets import fleet_of, operations

ID = 'b1e3f1c0-9999-4aaa-8bbb-cccccccccccc'


@pytest.fixture
def fleet(sdc: DataCenter) -> Fleet:
    """Return three machines that run."""
    for name in ('web0', 'web1', 'web2'):
        sdc.create_machine(name=name, tags={'role': 'web'}, networks=[])
    sdc.clock.sleep(60)
    return Fleet(sorted(sdc.fleet(tags={'role': 'web'}), key=lambda each: str(each.name)))


def bare(sdc: DataCenter, number: int, **data: Any) -> Machine:
    """Return a machine of which little is known."""
    return Machine(sdc, data={'id': f'{ID[:-4]}{number:04}', **data})


def test_a_fleet_is_what_fits_the_filters(sdc: DataCenter) -> None:
    """The filters are those of a list of machines."""
    sdc.create_machine(name='web0', tags={'role': 'web'}, networks=[])
    sdc.create_machine(name='db0', tags={'role': 'db'}, networks=[])
    sdc.clock.sleep(60)

    assert ['web0'] == [each.name for each in sdc.fleet(tags={'role': 'web'})]
    assert ['db0'] == [each.name for each in sdc.fleet(name='db', state='running')]
    assert 2 == len(sdc.fleet(tags='*')) == len(sdc.fleet(machine_type='smartmachine'))
    assert (
        0 == len(sdc.fleet(memory=1)) == len(sdc.fleet(brand='kvm')) == len(sdc.fleet(docker=True))
    )
    sdc.fleet(image=sdc.machines()[0].image, name='web').delete()
    sdc.clock.sleep(60)
    assert 1 == len(sdc.fleet())
    assert 2 == len(sdc.fleet(tombstone=True))


def test_a_fleet_is_a_sequence_and_its_slices_are_fleets(sdc: DataCenter) -> None:
    """Index, slice, length, membership, order; one given twice is in it once."""
    machines = [bare(sdc, number) for number in range(4)]
    fleet = Fleet([*machines, machines[0]])

    assert machines == list(fleet)
    assert machines[3] is fleet[3] is fleet[-1]
    assert Fleet(machines[1:3]) == fleet[1:3]
    assert isinstance(fleet[1:], Fleet)
    assert machines[2] in fleet
    assert {'id': machines[2].id} in fleet
    assert bare(sdc, 9) not in fleet
    assert {fleet} == {fleet, Fleet(machines)}
    assert machines != fleet
    assert not Fleet()


def test_a_fleet_is_made_of_machines() -> None:
    """Ids are not enough."""
    with pytest.raises(smartdc.InvalidInput, match='str'):
        Fleet([ID])  # type: ignore[list-item]


def test_a_fleet_shows_itself_in_a_line(sdc: DataCenter) -> None:
    """How many there are, where, and in which states, the most frequent first."""
    states = ['running', 'stopped', 'stopped', None]
    fleet = Fleet(bare(sdc, number, state=state) for number, state in enumerate(states))
    sdc.location = 'https://' + 'x' * 200

    assert '<Fleet of 0>' == repr(Fleet())
    assert 120 == len(repr(fleet))
    sdc.location = 'us-sw-1'
    assert '<Fleet of 4 in us-sw-1: 2 stopped, 1 running, 1 unknown>' == repr(fleet)


def test_nothing_but_methods_asks_the_server(cloud: Simulator, sdc: DataCenter) -> None:
    """Looking at a fleet costs no request."""
    fleet = Fleet(bare(sdc, number) for number in range(3))
    for name in dir(fleet):
        getattr(fleet, name)
    _ = repr(fleet), len(fleet), list(fleet), fleet == Fleet(), hash(fleet), fleet[0], fleet[:2]

    assert [] == cloud.requests


#: What a fleet's method is called with, and what each machine shows of it a minute later.
VERBS: dict[str, tuple[tuple[Any, ...], Callable[[Machine], Any], Any]] = {
    'stop': ((), lambda machine: machine.state, 'stopped'),
    'reboot': ((), lambda machine: machine.audit()[0]['action'], 'reboot'),
    'resize': (('g1-medium',), lambda machine: machine.package, 'g1-medium'),
    'enable_firewall': ((), lambda machine: machine.firewall_enabled, True),
    'enable_deletion_protection': ((), lambda machine: machine.deletion_protection, True),
    'add_tags': (({'a': 1},), lambda machine: machine.tags, {'role': 'web', 'a': 1}),
    'replace_tags': (({'a': 1},), lambda machine: machine.tags, {'a': 1}),
    'delete_tag': (('role',), lambda machine: machine.tags, {}),
    'update_metadata': (({'a': '1'},), lambda machine: machine.metadata['a'], '1'),
    'create_snapshot': (('s',), lambda machine: machine.snapshots()[0].state, 'created'),
    'delete': ((), lambda machine: machine.state, 'deleted'),
}


@pytest.mark.parametrize('verb', VERBS)
def test_each_verb_is_done_with_each_machine(sdc: DataCenter, fleet: Fleet, verb: str) -> None:
    """All machines have changed, and their ids are the keys of the result, in order."""
    arguments, shown, expected = VERBS[verb]
    result = getattr(fleet, verb)(*arguments)
    sdc.clock.sleep(60)

    assert [each.id for each in fleet] == list(result) == list(result.results)
    fleet.refresh()
    assert [expected] * 3 == [shown(each) for each in fleet]


#: What undoes what another verb has done.
UNDONE: dict[str, tuple[Callable[[Fleet], Any], tuple[Any, ...], Callable[[Machine], Any], Any]] = {
    'start': (lambda fleet: fleet.stop(), (), lambda machine: machine.state, 'running'),
    'disable_firewall': (
        lambda fleet: fleet.enable_firewall(),
        (),
        lambda machine: machine.firewall_enabled,
        False,
    ),
    'disable_deletion_protection': (
        lambda fleet: fleet.enable_deletion_protection(),
        (),
        lambda machine: machine.deletion_protection,
        False,
    ),
    'delete_metadata_at_key': (
        lambda fleet: fleet.update_metadata({'a': '1'}),
        ('a',),
        lambda machine: machine.metadata.get('a'),
        None,
    ),
}


@pytest.mark.parametrize('verb', UNDONE)
def test_each_verb_is_undone_with_each_machine(sdc: DataCenter, fleet: Fleet, verb: str) -> None:
    """First one verb, a minute later the other."""
    before, arguments, shown, expected = UNDONE[verb]
    before(fleet)
    sdc.clock.sleep(60)
    fleet.refresh()
    assert [expected] * 3 != [shown(each) for each in fleet]
    getattr(fleet, verb)(*arguments)
    sdc.clock.sleep(60)
    fleet.refresh()

    assert [expected] * 3 == [shown(each) for each in fleet]


def test_a_result_has_what_each_machine_gave(fleet: Fleet) -> None:
    """By id, as the method of one machine returns it; it shows itself in a line."""
    result = fleet.add_tags({'tier': 1})

    assert {'role': 'web', 'tier': 1} == result[fleet[1].id]
    assert 3 == len(result)
    assert fleet == result.ok
    assert Fleet() == result.failed
    assert '<add tags: 3 of 3 done>' == repr(result)


def test_anything_can_be_done_with_each(fleet: Fleet) -> None:
    """A function gets the machine, and what it returns is the result."""
    assert ['WEB0', 'WEB1', 'WEB2'] == list(
        fleet.each(lambda each: str(each.name).upper()).values()
    )


def test_all_are_tried_before_an_error_is_raised(fleet: Fleet) -> None:
    """The error has the results of the others, the errors by id, and counts in its text."""
    fleet[1].enable_deletion_protection()
    fleet[1].datacenter.clock.sleep(60)
    with pytest.raises(FleetError) as caught:
        fleet.delete()

    assert [fleet[0].id, fleet[2].id] == list(caught.value.results)
    assert [fleet[1].id] == list(caught.value.errors)
    assert isinstance(caught.value.errors[fleet[1].id], smartdc.CannotDestroyMachine)
    assert () == caught.value.undone
    assert str(caught.value).startswith('delete: 2 of 3 done, 1 failed; web1: 409 CannotDestroy')
    fleet[1].datacenter.clock.sleep(60)
    assert ['deleted', 'running', 'deleted'] == [each.status() for each in fleet]


def test_errors_can_be_had_instead_of_raised(fleet: Fleet) -> None:
    """What failed is a fleet of its own, to try again with."""
    fleet[1].enable_deletion_protection()
    fleet[1].datacenter.clock.sleep(60)
    result = fleet.delete(errors='return')

    assert isinstance(result[fleet[1].id], smartdc.CannotDestroyMachine)
    assert (fleet[::2], fleet[1:2]) == (result.ok, result.failed)
    assert '<delete: 2 of 3 done, 1 failed>' == repr(result)
    result.failed.disable_deletion_protection()
    fleet[1].datacenter.clock.sleep(60)
    assert Fleet() == result.failed.delete(errors='return').failed


def test_many_errors_are_told_by_the_first_few(fleet: Fleet) -> None:
    """Those of a function of one's own, too, by their kind."""

    def look(machine: Machine) -> None:
        raise KeyError(machine.name)

    with pytest.raises(FleetError) as caught:
        Fleet([*fleet, bare(fleet[0].datacenter, 1)]).each(look)

    assert (
        "look: 0 of 4 done, 4 failed; web0: KeyError: 'web0'; web1: KeyError: 'web1'; "
        "web2: KeyError: 'web2'; and 1 more" == str(caught.value)
    )


def test_an_error_can_be_pickled(fleet: Fleet) -> None:
    """Snapshots become their data, errors stay what they are."""

    def snapshot(machine: Machine) -> Any:
        return machine.create_snapshot('s') if machine.name == 'web0' else machine.delete_tag('')

    with pytest.raises(FleetError) as caught:
        fleet.each(snapshot)
    copy = pickle.loads(pickle.dumps(caught.value))

    assert str(caught.value) == str(copy)
    assert {fleet[0].id: {'name': 's', 'state': 'queued'}} == copy.results
    assert [smartdc.InvalidInput] * 2 == [type(each) for each in copy.errors.values()]


@pytest.mark.parametrize(
    'wrong',
    [
        lambda fleet: fleet.stop(workers=0),
        lambda fleet: fleet.stop(errors='ignore'),
        lambda fleet: fleet.refresh(workers=0),
        lambda fleet: fleet.poll_until('running', workers=0),
        lambda fleet: fleet.poll_until('running', timeout=-1),
        lambda fleet: fleet.resize({}),
        lambda fleet: fleet.add_tags(['role']),
        lambda fleet: fleet.replace_tags({'': 1}),
        lambda fleet: fleet.delete_tag(''),
        lambda fleet: fleet.update_metadata({'a': None}),
        lambda fleet: fleet.delete_metadata_at_key('..'),
    ],
)
def test_what_cannot_be_is_refused_once(
    cloud: Simulator, fleet: Fleet, wrong: Callable[[Fleet], Any]
) -> None:
    """Before anything is sent, and not for each machine."""
    before = len(cloud.requests)
    with pytest.raises(smartdc.InvalidInput):
        wrong(fleet)

    assert before == len(cloud.requests)


def test_a_misspelt_option_is_refused(fleet: Fleet) -> None:
    """As every wrong argument is in Python."""
    wrong: dict[str, Any] = {'worker': 3}
    for verb in (fleet.stop, fleet.refresh, lambda **how: fleet.poll_until('running', **how)):
        with pytest.raises(TypeError, match='worker'):
            verb(**wrong)


def test_a_dry_run_collects_what_is_done_with_many(cloud: Simulator, sdc: DataCenter) -> None:
    """Machines that would be made are waited for and changed like others, and nothing is sent."""
    with sdc.dry_run() as plan:
        fleet = sdc.create_machines(3, 'web{n}', networks=[])
        fleet.poll_until('running')
        fleet.add_tags({'role': 'web'})

    assert ['/machines'] * 3 == [write.path for write in plan][:3]
    assert 6 == len(plan)
    assert {'GET'} == {each.method for each in cloud.requests}


def test_no_item_fails_under_the_throttle() -> None:
    """Two hundred stops at thirty at once and ten a second: seventeen seconds, none refused."""
    with fleet_of(200, throttle=10) as (cloud, fleet):
        began, before = cloud.clock.now(), len(cloud.requests)
        fleet.stop()

        assert {202} == {each.status for each in cloud.requests[before:]}
        assert 17.0 <= cloud.clock.now() - began < 17.3
        cloud.clock.sleep(60)
        assert {'stopped'} == set(fleet.refresh().values())


def test_finding_a_fleet_counts_as_well() -> None:
    """The list is one of the thirty, so that none of what follows is refused."""
    with fleet_of(40, throttle=10) as (cloud, fleet):
        before = len(cloud.requests)
        fleet[0].datacenter.fleet(tags={'role': 'web'}).stop()

        assert {200, 202} == {each.status for each in cloud.requests[before:]}


def test_more_workers_than_a_burst_get_through_as_well() -> None:
    """Thirty-two at once; a stepped clock runs ahead of them, which costs a few refusals."""
    with fleet_of(200, throttle=10) as (cloud, fleet):
        began, before = cloud.clock.now(), len(cloud.requests)
        fleet.stop(workers=32)

        assert 200 == sum(each.status == 202 for each in cloud.requests[before:])
        assert len(cloud.requests) - before - 200 <= 6
        assert cloud.clock.now() - began < 1.1 * 17


def test_turns_cost_nothing_of_the_retry_budget() -> None:
    """Somebody else has used up the burst; one attempt and no budget are enough."""
    with fleet_of(40, throttle=10) as (cloud, fleet):
        with cloud.datacenter() as other:
            for _ in range(30):
                other.machines()
        with cloud.datacenter(retries=Retry(attempts=1, budget=0)) as sdc:
            mine = Fleet(Machine(sdc, data=each.data) for each in fleet)
            mine.stop()
        assert 429 in {each.status for each in cloud.requests}


def test_without_a_pace_some_are_refused() -> None:
    """A server that was said to allow anything is taken at that word."""
    with fleet_of(60, throttle=10) as (cloud, fleet), cloud.datacenter(retries=None) as sdc:
        mine = Fleet(Machine(sdc, data=each.data) for each in fleet)
        with pytest.raises(FleetError) as caught:
            mine.stop(pace=None)

        assert 30 == len(caught.value.results)
        assert {smartdc.TooManyRequests} == {type(each) for each in caught.value.errors.values()}


def test_each_worker_keeps_its_connection(caplog: pytest.LogCaptureFixture) -> None:
    """No connection is thrown away because there are more workers than the client had room for."""
    with (
        fleet_of(64) as (cloud, fleet),
        caplog.at_level(logging.WARNING, 'urllib3.connectionpool'),
    ):
        cloud.faults.add('UpdateMachine', delay=0.02)
        fleet.stop(workers=32, pace=None)

        assert 64 == operations(cloud).count('UpdateMachine')
    assert [] == caplog.records


@pytest.fixture
def sized() -> dict[str, Any]:
    """Return a place with a package in two versions, and a machine of another one."""
    small = [
        {'name': 'small', 'version': f'{number}.0.0', 'memory': 1024 * number, 'disk': 10240}
        for number in (1, 2)
    ]
    return {
        'images': [{'name': 'base'}],
        'packages': [{'name': 'tiny', 'memory': 256, 'disk': 10240}, *small],
        'machines': [{'name': 'web0', 'package': 'tiny'}],
    }


def test_a_package_is_resized_to_by_its_id(sized: dict[str, Any]) -> None:
    """Of several versions it is the one of the dict, as with a single machine."""
    with (
        Simulator(sized, job_time=10, clock=SteppedClock(START)) as cloud,
        cloud.datacenter() as sdc,
    ):
        (old,) = sdc.packages(name='small', version='1.0.0')
        fleet = sdc.fleet()
        fleet.resize(old)
        sdc.clock.sleep(60)
        fleet.refresh()

        assert [1024] == [each.memory for each in fleet]


def test_data_centers_share_the_names_of_packages(sized: dict[str, Any]) -> None:
    """The id of one place means nothing at another, so the name is what is resized to."""
    places = [{'name': name, **sized} for name in ('east', 'west')]
    with (
        Simulator({'datacenters': places}, job_time=10, clock=SteppedClock(START)) as cloud,
        cloud.datacenter('east') as east,
        cloud.datacenter('west') as west,
    ):
        (old,) = east.packages(name='small', version='1.0.0')
        fleet = Fleet([*east.machines(), *west.machines()])
        fleet.resize(old)
        cloud.clock.sleep(60)
        fleet.refresh()

        assert [2048, 2048] == [each.memory for each in fleet]
