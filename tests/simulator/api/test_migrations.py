"""Migrations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smartdc.simulator.clock import RealClock
from tests.simulator.clouds import Account, read, refusal


class Mover:
    """An account with a machine that it moves; its jobs take 10 seconds."""

    def __init__(self, world: dict[str, Any] | None = None, **body: Any) -> None:
        self.acme = Account(world, job_time=10)
        self.path = self.acme.machine(**body)
        self.id = self.path.rpartition('/')[2]

    def do(self, action: str) -> Any:
        """Ask for a step, and return the migration."""
        return self.acme.post(f'{self.path}/migrate?action={action}')

    def finish(self, *actions: str) -> None:
        """Take steps, each to its end."""
        for action in actions:
            self.do(action)
            self.acme.done()

    def refused(self, action: str) -> tuple[int, str, str]:
        """Ask for a step, and return how it was refused."""
        return refusal(self.acme.send('POST', f'{self.path}/migrate?action={action}'))

    def seen(self) -> tuple[str, str]:
        """Return the phase and the state of the migration."""
        found = self.acme.get(f'/my/migrations/{self.id}')
        return found['phase'], found['state']

    def server(self) -> str:
        """Return the machine's server."""
        return str(self.acme.get(self.path)['compute_node'])


@pytest.fixture
def mover() -> Mover:
    """Return an account of the default world."""
    return Mover()


def test_goes_step_by_step(mover: Mover) -> None:
    """Each step runs, then waits for the next one; the switch changes the server."""
    before = mover.server()
    response = mover.acme.send('POST', f'{mover.path}/migrate', {'action': 'begin'})
    begun = read(response)

    assert (201, mover.id, False) == (response.status, begun['machine'], begun['automatic'])
    assert ('begin', 'running') == (begun['phase'], begun['state'])
    mover.acme.done()
    assert ('begin', 'paused') == mover.seen()
    assert ('sync', 'running') == (mover.do('sync')['phase'], mover.seen()[1])
    mover.acme.done()
    assert ('sync', 'paused') == mover.seen()
    mover.finish('sync', 'switch')
    assert ('switch', 'successful') == mover.seen()
    assert before != mover.server()
    assert [('migrate', 'yes')] * 4 == mover.acme.audit(mover.path)[:4]


def test_tells_its_progress(mover: Mover) -> None:
    """Each phase has an entry with its times."""
    mover.finish('begin', 'sync', 'switch')
    (found,) = mover.acme.get('/my/migrations')

    assert ['begin', 'sync', 'switch'] == [entry['phase'] for entry in found['progress_history']]
    for entry in found['progress_history']:
        assert ('successful', 100, 100) == (
            entry['state'],
            entry['current_progress'],
            entry['total_progress'],
        )
        assert 10_000 == entry['duration_ms']
    assert found['finished_timestamp'] > found['created_timestamp']
    assert {'machine', 'automatic', 'phase', 'state', 'duration_ms'} <= set(found)
    assert 'target' not in found


def test_goes_by_itself(mover: Mover) -> None:
    """An automatic one takes all steps in turn."""
    before = mover.server()
    assert mover.do('automatic')['automatic'] is True
    for phase in ('begin', 'sync', 'switch'):
        assert (phase, 'running') == mover.seen()
        mover.acme.clock.advance(10)
    assert ('switch', 'successful') == mover.seen()
    assert before != mover.server()


def test_is_paused_and_goes_on(mover: Mover) -> None:
    """Only a sync that runs can be paused; what an automatic one had planned is given up."""
    mover.do('automatic')
    assert 412 == mover.refused('pause')[0]
    mover.acme.clock.advance(15)
    paused = mover.do('pause')
    assert ('sync', 'paused') == (paused['phase'], paused['state'])
    mover.acme.done()
    assert ('sync', 'paused') == mover.seen()
    mover.finish('sync', 'switch')
    assert ('switch', 'successful') == mover.seen()


def test_is_aborted(mover: Mover) -> None:
    """Its record goes, and another one can begin."""
    mover.finish('begin')
    assert 'running' == mover.do('abort')['state']
    mover.acme.done()
    response = mover.acme.send('GET', f'/my/migrations/{mover.id}')
    assert (404, 'ResourceNotFound') == refusal(response)[:2]
    assert [] == mover.acme.get('/my/migrations')
    mover.finish('begin')
    assert ('begin', 'paused') == mover.seen()


def test_is_finalized(mover: Mover) -> None:
    """That is answered with nothing, and the record goes."""
    mover.finish('automatic')
    text = 'A previous migration exists for this instance - you must finalize'
    assert mover.refused('begin')[2].startswith(text)
    response = mover.acme.send('POST', f'{mover.path}/migrate?action=finalize')
    assert (200, b'') == (response.status, response.body)
    assert [] == mover.acme.get('/my/migrations')


@pytest.mark.parametrize(
    ('before', 'action', 'message'),
    [
        ('begin', 'begin', 'An active migration already exists for this instance'),
        ('begin', 'automatic', 'An active migration already exists for this instance'),
        ('automatic', 'sync', 'Cannot sync in migration state: successful'),
        ('automatic', 'switch', 'Cannot switch in migration phase: switch'),
        (
            'begin',
            'switch',
            'You must perform at least one "migration sync" operation before switching',
        ),
        ('automatic', 'abort', 'Abort cannot work on a successful migration'),
        ('begin', 'finalize', 'Finalize only works on a successful migration'),
        ('begin', 'pause', 'Pause requires a running migration sync action'),
    ],
)
def test_refuses_at_the_wrong_moment(mover: Mover, before: str, action: str, message: str) -> None:
    """What the state does not allow is a failed precondition."""
    mover.finish(before)
    assert (412, 'PreconditionFailed', message) == mover.refused(action)


def test_refuses_while_a_step_runs(mover: Mover) -> None:
    """It has to be awaited."""
    mover.do('begin')
    for action, message in (
        ('sync', 'Cannot sync in migration state: running'),
        ('switch', 'Cannot switch in migration state: running'),
        ('abort', 'Abort cannot work on a running migration'),
    ):
        assert (412, 'PreconditionFailed', message) == mover.refused(action)


@pytest.mark.parametrize(
    ('world', 'body', 'message'),
    [
        ({'migrations': False}, {}, 'User migration on this VM not allowed'),
        ({}, {'tag.smartdc_type': 'core'}, 'Cannot migrate a core instance'),
        ({}, {'tag.smartdc_role': 'nat'}, 'Cannot migrate a NAT instance'),
    ],
)
def test_refuses_some_machines(world: Any, body: Any, message: str) -> None:
    """A data center may allow no migrations, and its own machines stay."""
    assert (412, 'PreconditionFailed', message) == Mover(world, **body).refused('begin')


@pytest.mark.parametrize(
    ('query', 'code', 'message'),
    [
        ('', 'MissingParameter', '"action" must be specified'),
        ('?action=rollback', 'InvalidArgument', 'rollback is not a valid migration action'),
    ],
)
def test_refuses_unknown_actions(mover: Mover, query: str, code: str, message: str) -> None:
    """What is missing or unknown is said."""
    response = mover.acme.send('POST', f'{mover.path}/migrate{query}')
    assert (409, code, message) == refusal(response)


@pytest.mark.parametrize('action', ['sync', 'switch', 'abort', 'finalize', 'pause', 'watch'])
def test_needs_a_migration(mover: Mover, action: str) -> None:
    """Only begin and automatic do without one."""
    assert (404, 'ResourceNotFound') == mover.refused(action)[:2]


def test_fails_without_another_server() -> None:
    """Then nothing is reserved, and it can begin again."""
    mover = Mover({'servers': ['44454c4c-5300-1057-8050-b7c04f533532']})
    mover.finish('begin')
    found = mover.acme.get(f'/my/migrations/{mover.id}')
    assert ('begin', 'failed', 'No compute resources available') == (
        found['phase'],
        found['state'],
        found['error'],
    )
    assert ('migrate', 'no') == mover.acme.audit(mover.path)[0]
    assert 'running' == mover.do('begin')['state']


def test_ends_with_the_machine(mover: Mover) -> None:
    """A machine that is deleted takes its migration along."""
    mover.finish('begin')
    mover.acme.send('DELETE', mover.path)
    mover.acme.done()
    assert [] == mover.acme.get('/my/migrations')
    assert (404, 'ResourceNotFound') == mover.refused('begin')[:2]


def test_estimates(mover: Mover) -> None:
    """The whole disk has to be sent."""
    assert {'size': 25600 * 1024 * 1024} == mover.acme.get(f'{mover.path}/migrate')


def events(mover: Mover) -> list[dict[str, Any]]:
    """Watch a migration, and return its events."""
    response = mover.acme.send('POST', f'{mover.path}/migrate?action=watch')
    assert 'application/x-json-stream' == response.headers['Content-Type']
    return [json.loads(line) for line in response.body.splitlines()]


def test_is_watched_to_the_end_of_a_step(mover: Mover) -> None:
    """A stepped clock is moved there; the last line says how it ended."""
    mover.do('automatic')
    *progress, end = events(mover)

    assert ['begin', 'sync', 'switch'] == [event['phase'] for event in progress]
    assert {'type': 'end', 'phase': 'switch', 'state': 'successful'} == end
    assert ('switch', 'successful') == mover.seen()


def test_an_abort_is_watched(mover: Mover) -> None:
    """When it is over there is no record, but its end is told."""
    mover.finish('begin')
    mover.do('abort')

    assert {'type': 'end', 'phase': 'abort', 'state': 'aborted'} == events(mover)[-1]
    assert [] == mover.acme.get('/my/migrations')


def test_a_failure_is_watched() -> None:
    """The end says why."""
    mover = Mover({'servers': ['44454c4c-5300-1057-8050-b7c04f533532']})
    mover.do('begin')
    end = {'type': 'end', 'phase': 'begin', 'state': 'failed'}
    assert {**end, 'message': 'No compute resources available'} == events(mover)[-1]


def test_the_answer_waits_for_a_real_clock(mover: Mover) -> None:
    """The events are those of the end, the answer is held back until then, and nothing jumps."""
    mover.do('begin')
    # As if the computer's clock had been in use: it stands still while the answer waits.
    mover.acme.cloud.clock = Standing(mover.acme.clock.now())
    response = mover.acme.send('POST', f'{mover.path}/migrate?action=watch')

    assert 10 == response.delay
    assert b'"end", "phase": "begin", "state": "paused"' in response.body
    assert ('begin', 'running') == mover.seen()


class Standing(RealClock):
    """A clock that is no stepped one, and stands."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        """Return always the same time."""
        return self._now
