"""What happens in the steps of a migration: its record, and the jobs that change it."""

from __future__ import annotations

from typing import Any

from smartdc.simulator import jobs, placement
from smartdc.simulator.calls import Call
from smartdc.simulator.clock import iso
from smartdc.simulator.jobs import JobFailed, Work
from smartdc.simulator.store import Doc

#: The kinds of job that a migration is made of.
KINDS = ('migrate_begin', 'migrate_sync', 'migrate_switch', 'migrate_abort')

#: What each phase says that it does.
_DOING = {
    'begin': 'reserving instance',
    'sync': 'syncing data',
    'switch': 'switching instances',
    'abort': 'removing the target instance',
}

_ALL_OF_IT = 100


def new_migration(call: Call, automatic: bool) -> Doc:
    """Return a migration that begins now; it fails when there is no server to go to."""
    return {
        'id': call.machine['id'],
        'owner': call.owner,
        'machine': call.machine['id'],
        'automatic': automatic,
        'created_timestamp': iso(call.now),
        'created': call.now,
        'target': placement.other_server(call, call.machine),
        'syncs': 0,
        'progress_history': [],
    }


def start(call: Call, migration: Doc, *phases: str) -> Doc:
    """Begin one phase, or several in turn, and return the migration as it is now."""
    for phase in phases:
        jobs.submit(call, f'migrate_{phase}', automatic=len(phases) > 1)
    migration.pop('error', None)
    _enter(migration, phases[0], call.now)
    call.store.put('migration', migration, home=call.home)
    return migration


def pause(call: Call, migration: Doc) -> Doc:
    """Stop a sync, and what was to come after it."""
    jobs.cancel(call, *KINDS)
    migration['state'] = 'paused'
    _leave(migration, 'paused', call.now)
    call.store.put('migration', migration, home=call.home)
    return migration


def started(call: Call, phase: str) -> dict[str, Any]:
    """Return the event of a phase that was begun now."""
    return _event(phase, call.now)


def _event(phase: str, now: float) -> dict[str, Any]:
    return {
        'type': 'progress',
        'phase': phase,
        'state': 'running',
        'message': _DOING[phase],
        'current_progress': 0,
        'total_progress': _ALL_OF_IT,
        'started_timestamp': iso(now),
        'duration_ms': 0,
    }


def _enter(migration: Doc, phase: str, now: float) -> None:
    # There is no phase `abort`: the record keeps the one that is aborted.
    migration['phase'] = migration.get('phase', 'begin') if phase == 'abort' else phase
    migration |= {'state': 'running', 'since': now}
    migration['progress_history'].append(_event(phase, now))


def _leave(migration: Doc, state: str, now: float) -> None:
    """Let the last event end."""
    event = migration['progress_history'][-1]
    event |= {
        'state': state,
        'finished_timestamp': iso(now),
        'duration_ms': round((now - migration['since']) * 1000),
    }
    if state == 'successful':
        event['current_progress'] = _ALL_OF_IT


def _of(work: Work) -> Doc:
    found = work.store.get('migration', work.machine['id'], home=work.home)
    if found is None:
        raise JobFailed
    return found


def _keep(work: Work, migration: Doc) -> None:
    work.store.put('migration', migration, home=work.home)


def _done(work: Work, migration: Doc, state: str) -> None:
    """Let a phase end well; the next one of an automatic migration begins at once."""
    _leave(migration, 'successful', work.now)
    migration['state'] = state
    following = {'begin': 'sync', 'sync': 'switch'}.get(migration['phase'])
    if work.params.get('automatic') and following:
        _enter(migration, following, work.now)
    _keep(work, migration)


def _failed(work: Work, error: str) -> None:
    """Let a phase fail, and with it the migration."""
    migration = _of(work)
    _leave(migration, 'failed', work.now)
    migration |= {'state': 'failed', 'error': error}
    _keep(work, migration)


def _broke_off(work: Work) -> None:
    if _of(work)['state'] == 'running':
        _failed(work, 'The connection to the other server was lost')


@jobs.job('migrate_begin', audit='migrate', undo=_broke_off)
def _began(work: Work) -> None:
    migration = _of(work)
    if migration['target'] is None:
        _failed(work, 'No compute resources available')
        raise JobFailed
    _done(work, migration, 'paused')


@jobs.job('migrate_sync', audit='migrate', undo=_broke_off)
def _synced(work: Work) -> None:
    migration = _of(work)
    if migration['state'] != 'running':
        raise JobFailed
    migration['syncs'] += 1
    _done(work, migration, 'paused')


@jobs.job('migrate_switch', audit='migrate', undo=_broke_off)
def _switched(work: Work) -> None:
    migration = _of(work)
    if migration['state'] != 'running':
        raise JobFailed
    work.machine['compute_node'] = migration['target']
    migration['finished_timestamp'] = iso(work.now)
    migration['duration_ms'] = round((work.now - migration['created']) * 1000)
    _done(work, migration, 'successful')


@jobs.job('migrate_abort', audit='migrate', undo=_broke_off)
def _aborted(work: Work) -> None:
    work.store.delete('migration', work.machine['id'], home=work.home)
