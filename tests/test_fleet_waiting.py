"""Waiting for many machines with few requests."""

from pathlib import Path

import pytest

import smartdc
from smartdc import DataCenter, Fleet, FleetError, Machine
from smartdc.progress import Progress
from smartdc.simulator import Simulator, SteppedClock
from tests.conftest import START
from tests.fleets import fleet_of, made, operations
from tests.subusers import SubUser


def test_a_look_is_one_list_however_many_machines() -> None:
    """Five hundred machines stop within ten seconds: six looks, six requests."""
    with fleet_of(500) as (cloud, fleet):
        fleet.stop(pace=None)
        before, began = len(cloud.requests), cloud.clock.now()
        result = fleet.poll_until('stopped')

        assert began + 10 == cloud.clock.now()
        assert ['ListMachines'] * 6 == operations(cloud, before)
        assert ['stopped'] * 500 == list(result.values())
        assert {'stopped'} == {each.state for each in fleet}


def test_a_look_at_more_than_a_thousand_is_a_list_of_several_pages() -> None:
    """All pages of the list are read, one ahead perhaps, and no machine is asked for."""
    with fleet_of(1001) as (cloud, fleet):
        before = len(cloud.requests)
        fleet.poll_while('stopped')

        assert operations(cloud, before) in (['ListMachines'] * 2, ['ListMachines'] * 3)


class Impatient(SteppedClock):
    """A clock by which nobody waits to the end."""

    def sleep(self, seconds: float) -> None:
        """Break the wait off."""
        raise KeyboardInterrupt


@pytest.mark.parametrize('wait', ['poll_until', 'poll_while'])
def test_a_wait_that_is_broken_off_tells_what_there_was(cloud: Simulator, wait: str) -> None:
    """Those that were done are among the results, the others were not begun to be."""
    with cloud.datacenter() as other:
        done, left = (other.create_machine(name) for name in ('web0', 'web1'))
        left.poll_until('running')
        done.stop(wait=True)
    with cloud.datacenter(clock=Impatient(cloud.clock.now())) as sdc:
        fleet = sdc.fleet()
        with pytest.raises(KeyboardInterrupt) as caught:
            getattr(fleet, wait)('stopped' if wait == 'poll_until' else 'running')

    cause = caught.value.__cause__
    assert isinstance(cause, FleetError)
    assert ({done.id: 'stopped'}, (left.id,)) == (cause.results, cause.undone)


def test_machines_that_go_are_asked_for_one_by_one() -> None:
    """The list has them no more; each is asked for once, and that it is deleted is the end."""
    with fleet_of(20) as (cloud, fleet):
        fleet.delete()
        before = len(cloud.requests)
        fleet.poll_until('deleted')

        asked = operations(cloud, before)
        assert 20 == asked.count('GetMachine')
        assert 6 == asked.count('ListMachines')
        assert {'deleted'} == {each.state for each in fleet}


def test_few_machines_among_many_are_asked_for() -> None:
    """One machine needs no list, nor do two when a list takes two requests."""
    with fleet_of(1001) as (cloud, fleet):
        before = len(cloud.requests)
        fleet[:1].refresh()
        assert ['GetMachine'] == operations(cloud, before)
        fleet[:2].stop()
        before = len(cloud.requests)
        fleet[:2].poll_until('stopped', 5)

        asked = operations(cloud, before)
        assert 4 == asked.count('GetMachine')
        assert 2 <= asked.count('ListMachines') <= 3


def test_failures_are_each_machines_own() -> None:
    """One fails, one is deleted by somebody else; the others are waited for all the same."""
    world = [
        {'name': 'web0', 'state': 'stopped'},
        {'name': 'web1'},
        {'name': 'web2', 'state': 'failed'},
        {'name': 'web3'},
    ]
    with fleet_of(0, machines=world) as (cloud, _), cloud.datacenter() as sdc:
        fleet = Fleet(sorted(sdc.machines(tombstone=True), key=lambda each: str(each.name)))
        sdc.machine(fleet[1].id).delete()
        fleet[3].stop()
        with pytest.raises(FleetError) as caught:
            fleet.poll_until('stopped')

        errors = caught.value.errors
        assert {fleet[0].id: 'stopped', fleet[3].id: 'stopped'} == caught.value.results
        assert isinstance(errors[fleet[1].id], smartdc.MachineGone)
        assert isinstance(errors[fleet[2].id], smartdc.MachineFailed)
        assert 'becoming stopped: 2 of 4 done, 2 failed' in str(caught.value)
        fleet[2:3].poll_until('failed')


def test_what_is_late_has_timed_out_by_itself(sdc: DataCenter) -> None:
    """Those that are there in time are results, at the timeout and not later."""
    fleet = made(sdc, 3)
    fleet.poll_until('running')
    fleet[0].stop()
    began = sdc.clock.now()
    with pytest.raises(FleetError) as caught:
        fleet.poll_until('stopped', timeout=15)

    assert began + 15 == sdc.clock.now()
    assert [fleet[0].id] == list(caught.value.results)
    assert [fleet[1].id, fleet[2].id] == list(caught.value.errors)
    late = caught.value.errors[fleet[1].id]
    assert isinstance(late, smartdc.WaitTimeout)
    assert 'running' == late.last['state']
    text = f'machine {fleet[1].name} becoming stopped did not happen within 15 s; it is running'
    assert text == str(late)


def test_a_deadline_ends_a_wait(sdc: DataCenter) -> None:
    """No look begins beyond it."""
    fleet = made(sdc, 3)
    began = sdc.clock.now()
    with smartdc.deadline(5, clock=sdc.clock), pytest.raises(FleetError) as caught:
        fleet.poll_until('running')

    assert {smartdc.WaitTimeout} == {type(each) for each in caught.value.errors.values()}
    assert sdc.clock.now() <= began + 5


def test_while_means_any_other_state(sdc: DataCenter) -> None:
    """Machines that were deleted here have left their state well."""
    fleet = made(sdc, 3)
    fleet.poll_while('provisioning')
    assert ['running'] * 3 == [each.state for each in fleet]
    fleet.delete()

    assert {'stopping'} == set(fleet.poll_while('running').values())
    assert {'deleted'} == set(fleet.poll_while('stopping').values())


@pytest.mark.parametrize('fault', [{'outcome': 'drop'}, {'status': 503, 'code': 'Unavailable'}])
def test_what_passes_does_not_end_a_wait(cloud: Simulator, fault: dict[str, object]) -> None:
    """A look that fails sees nothing, and the next one sees more."""
    with cloud.datacenter(retries=None) as sdc:
        fleet = made(sdc, 3)
        cloud.faults.add('ListMachines', count=2, **fault)  # type: ignore[arg-type]

        assert {'running'} == set(fleet.poll_until('running').values())


def test_a_server_that_wants_to_be_left_alone_is(cloud: Simulator) -> None:
    """The next look at a fleet comes when the server has said."""
    with cloud.datacenter(retries=None) as sdc:
        fleet = made(sdc, 3)
        cloud.faults.add(
            'ListMachines', count=1, status=503, code='Unavailable', headers={'Retry-After': '45'}
        )
        before, began = len(cloud.requests), cloud.clock.now()
        fleet.poll_until('running')

        assert ['ListMachines'] * 2 == operations(cloud, before)
        assert began + 45 == cloud.clock.now()


def test_the_server_that_wants_it_longest_is_heard(cloud: Simulator) -> None:
    """Two data centers that are away both say when to come back."""
    with (
        cloud.datacenter('us-sw-1', retries=None) as west,
        cloud.datacenter('us-east-1', retries=None) as east,
    ):
        fleet = Fleet(machine for sdc in (west, east) for machine in made(sdc, 3))
        for seconds in ('20', '50', '30', '60'):
            cloud.faults.add(
                'ListMachines',
                count=1,
                status=503,
                code='Unavailable',
                headers={'Retry-After': seconds},
            )
        began = cloud.clock.now()
        fleet.poll_until('running')

        assert began + 50 + 60 == cloud.clock.now()


def test_a_wait_that_never_saw_anything_says_why(cloud: Simulator) -> None:
    """Each machine's error tells of the last look."""
    with cloud.datacenter(retries=None) as sdc:
        fleet = made(sdc, 2)
        cloud.faults.add('ListMachines', status=503, code='Unavailable', message='gone fishing')
        with pytest.raises(FleetError, match='gone fishing') as caught:
            fleet.poll_until('running', timeout=20)

    assert {smartdc.WaitTimeout} == {type(each) for each in caught.value.errors.values()}


def test_what_does_not_pass_ends_it_for_all(cloud: Simulator, sdc: DataCenter) -> None:
    """A list that cannot be had for good."""
    fleet = made(sdc, 3)
    cloud.faults.add('ListMachines', status=401, code='InvalidCredentials')
    with pytest.raises(FleetError) as caught:
        fleet.poll_until('running')

    assert {smartdc.InvalidCredentials} == {type(each) for each in caught.value.errors.values()}
    assert 3 == len(caught.value.errors)


def test_a_clock_that_is_refused_ends_it_for_each(cloud: Simulator) -> None:
    """Where it is not to be corrected no later look is better; it is in the result, as asked."""
    with cloud.datacenter(correct_clock=False, retries=None) as sdc:
        fleet = made(sdc, 2)
        cloud.faults.add(
            'ListMachines', status=400, code='InvalidHeader', message='Date header: clock skew'
        )
        found = fleet.poll_until('stopped', timeout=20, errors='return')

    assert [smartdc.InvalidHeader] * 2 == [type(each) for each in found.errors.values()]


def test_who_may_not_list_asks_for_each(cloud: Simulator, sdc: DataCenter) -> None:
    """One list is refused, once."""
    fleet = made(sdc, 3)
    cloud.faults.add('ListMachines', status=403, code='NotAuthorized')
    before = len(cloud.requests)
    fleet.poll_until('running', 5)

    assert ['ListMachines', *['GetMachine'] * 9] == operations(cloud, before)


def test_a_refresh_is_one_look(cloud: Simulator, sdc: DataCenter) -> None:
    """What went wrong is an error here; a machine that never was has one of its own."""
    fleet = made(sdc, 3)
    fleet[1].delete()
    cloud.clock.sleep(60)
    strange = Machine(sdc, data={'id': 'b1e3f1c0-9999-4aaa-8bbb-cccccccccccc', 'name': 'x'})
    before, told = len(cloud.requests), list[Progress]()
    result = Fleet([*fleet, strange]).refresh(errors='return', progress=told.append)

    assert ['running', 'deleted', 'running'] == list(result.results.values())
    assert [smartdc.ResourceNotFound] == [type(each) for each in result.errors.values()]
    assert ['refresh: 4 of 4, 1 failed'] == [str(each) for each in told]
    assert ['ListMachines', 'GetMachine', 'GetMachine'] == operations(cloud, before)
    cloud.faults.add('ListMachines', status=503, code='Unavailable')
    with cloud.datacenter(retries=None) as impatient, pytest.raises(FleetError):
        Fleet(Machine(impatient, data=each.data) for each in fleet).refresh()


def test_machines_of_two_data_centers_are_two_lists_a_look(cloud: Simulator) -> None:
    """Each data center is asked for its own."""
    with cloud.datacenter('us-sw-1') as west, cloud.datacenter('us-east-1') as east:
        fleet = Fleet(machine for sdc in (west, east) for machine in made(sdc, 3))
        before = len(cloud.requests)
        fleet.poll_until('running', 5)

        asked = [each.datacenter for each in cloud.requests[before:]]
        assert ['us-east-1', 'us-sw-1'] * 3 == [
            name for look in range(3) for name in sorted(asked[2 * look : 2 * look + 2])
        ]
        assert repr(fleet) == '<Fleet of 6 in us-sw-1, us-east-1: 6 running>'


def test_two_connections_to_one_data_center_are_not_mixed_up(
    cloud: Simulator, sdc: DataCenter, tmp_path: Path
) -> None:
    """They are equal, but each may act for somebody else."""
    bob = SubUser(cloud, sdc, 'bob', tmp_path)
    fleet = made(sdc, 2)
    with bob.datacenter() as other:
        mixed = Fleet([fleet[0], Machine(other, data=fleet[1].data)])
        result = mixed.refresh(errors='return')

    assert [fleet[0].id] == list(result.results)
    assert [smartdc.NotAuthorized] == [type(each) for each in result.errors.values()]


def test_waits_learn_how_long_fleets_take() -> None:
    """The second wait of a kind leaves out looks that the first made in vain; others do not."""
    with (
        Simulator(job_time=60, clock=SteppedClock(START)) as cloud,
        cloud.datacenter() as sdc,
    ):
        looks = []
        for count in (3, 5):
            fleet = sdc.create_machines(count, networks=[])
            before = len(cloud.requests)
            fleet.poll_until('running')
            looks.append(operations(cloud, before).count('ListMachines'))
        fleet = sdc.create_machines(4, networks=[])
        before = len(cloud.requests)
        fleet.poll_while('provisioning')
        looks.append(operations(cloud, before).count('ListMachines'))

    assert [31, 20, 31] == looks


def test_progress_tells_states_and_counts(sdc: DataCenter) -> None:
    """After each look: how many are there, and in which states all are."""
    told: list[Progress] = []
    fleet = made(sdc, 3)
    fleet.poll_until('running', 5, progress=told.append)

    assert [(0, 3), (0, 3), (3, 3)] == [(each.done, each.total) for each in told]
    assert ['3 provisioning', '3 provisioning', '3 running'] == [each.state for each in told]
    assert [0, 5, 10] == [each.elapsed for each in told]
    assert 'becoming running: 3 of 3, 3 running' == str(told[-1])


def test_a_wait_for_nothing_is_over(cloud: Simulator) -> None:
    """A fleet without machines asks nobody."""
    assert 0 == len(Fleet().poll_until('running'))
    assert 0 == len(Fleet().refresh())
    assert [] == cloud.requests
