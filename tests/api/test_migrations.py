"""The migrations chapter."""

import pytest

from smartdc import (
    ConnectionFailed,
    DataCenter,
    InvalidResponse,
    Machine,
    PreconditionFailed,
    ResourceNotFound,
)
from smartdc.simulator import Simulator
from tests.contract_calls import ID
from tests.servers import json_reply, serving


def test_a_machine_moves_step_by_step(sdc: DataCenter, machine: Machine) -> None:
    """Each step is waited for; the switch changes the server, and finalize ends it."""
    before = machine.compute_node
    begun = machine.migrate('begin')

    assert begun is not None
    assert ('begin', 'running') == (begun['phase'], begun['state'])
    assert 'paused' == sdc.wait_for('migration', machine.id, 'paused')['state']
    for action, state in (('sync', 'paused'), ('switch', 'successful')):
        done = machine.migrate(action, wait=True)
        assert done is not None
        assert (action, state) == (done['phase'], done['state'])
    machine.refresh()
    assert before != machine.compute_node
    assert machine.migrate('finalize') is None
    assert [] == sdc.migrations()


def test_a_machine_moves_by_itself(sdc: DataCenter, machine: Machine) -> None:
    """All steps at once, which is the default."""
    done = machine.migrate(wait=60)

    assert done is not None
    assert ('successful', True) == (done['state'], done.get('automatic'))
    assert [done] == sdc.migrations()
    assert done == sdc.migration(machine) == sdc.migration(machine.id) == sdc.migration(done)


def test_a_migration_is_watched(machine: Machine) -> None:
    """Its events come up to the end."""
    machine.migrate()
    *events, end = machine.watch_migration()

    assert ['begin', 'sync', 'switch'] == [event['phase'] for event in events]
    assert {'type': 'end', 'phase': 'switch', 'state': 'successful'} == end


def test_a_watch_that_breaks_off(sdc: DataCenter) -> None:
    """A stream without its end is an error of ours."""
    whole = json_reply(200, b'{"type": "progress"}\n{"type": "end"}\n')
    with (
        serving(whole[:-4]) as server,
        DataCenter(server.url, auth=sdc.auth, login='acme') as other,
        pytest.raises(ConnectionFailed, match='IncompleteRead'),
    ):
        list(Machine(other, data={'id': ID}).watch_migration())


@pytest.mark.parametrize('event', [b'{"type"', b'[]', b'"end"', b'\xff', b'[' * 100_000])
def test_an_event_that_is_none(sdc: DataCenter, event: bytes) -> None:
    """It is an error that names the request, after the good ones."""
    answer = json_reply(200, b'{"type": "progress"}\n' + event, Request_Id='id-1')
    with (
        serving(answer) as server,
        DataCenter(server.url, auth=sdc.auth, login='acme') as other,
    ):
        events = Machine(other, data={'id': ID}).watch_migration()
        assert {'type': 'progress'} == next(events)
        with pytest.raises(InvalidResponse) as caught:
            next(events)

    assert 'id-1' == caught.value.request_id


def test_a_migration_is_aborted(sdc: DataCenter, machine: Machine) -> None:
    """When that is done there is no record of it."""
    machine.migrate('begin', wait=True)
    machine.migrate('abort', wait=True)

    with pytest.raises(ResourceNotFound):
        sdc.migration(machine)


def test_a_sync_is_paused(machine: Machine) -> None:
    """And can be done again."""
    machine.migrate('begin', wait=True)
    machine.migrate('sync')
    paused = machine.migrate('pause')

    assert paused is not None
    assert ('sync', 'paused') == (paused['phase'], paused['state'])
    machine.migrate('sync', wait=True)


def test_a_step_at_the_wrong_moment_is_refused(machine: Machine) -> None:
    """The error tells what has to come first."""
    machine.migrate('begin', wait=True)
    with pytest.raises(PreconditionFailed, match='at least one'):
        machine.migrate('switch')


def test_the_size_of_a_migration_is_estimated(machine: Machine) -> None:
    """In bytes."""
    assert machine.disk is not None
    assert {'size': machine.disk * 1024 * 1024} == machine.estimate_migration()


def test_a_migration_is_watched_by_the_real_clock() -> None:
    """The answer comes when the step has ended."""
    with Simulator(job_time=0.2) as cloud, cloud.datacenter() as sdc:
        machine = sdc.create_machine()
        machine.poll_until('running', 0.1)
        machine.migrate('begin')

        *_, end = machine.watch_migration()
        assert {'type': 'end', 'phase': 'begin', 'state': 'paused'} == end
        assert 'paused' == sdc.migration(machine)['state']
