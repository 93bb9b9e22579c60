"""Moving machines to other servers, step by step or all at once."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from smartdc.simulator import jobs
from smartdc.simulator.api import migration_steps
from smartdc.simulator.calls import Call, Reply, invalid, missing, not_found
from smartdc.simulator.clock import SteppedClock
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

_MIGRATE = '/:account/machines/:machine/migrate'
_FIELDS = (
    *('machine', 'automatic', 'created_timestamp', 'finished_timestamp', 'duration_ms'),
    *('phase', 'state', 'error', 'progress_history'),
)
_BYTES = 1024 * 1024


@chapter.get('/:account/migrations', 'ListMigrations')
def list_migrations(call: Call) -> Reply:
    """Answer the migrations of the account's machines."""
    found = call.store.find('migration', home=call.home, owner=call.owner)
    return Reply([migration_view(migration) for migration in found])


@chapter.get('/:account/migrations/:machine', 'GetMigration')
def get_migration(call: Call) -> Reply:
    """Answer the migration of a machine."""
    found = call.store.get('migration', call.text('machine').lower(), home=call.home)
    if found is None or found['owner'] != call.owner:
        raise not_found(f'VM {call.text("machine")} migration record not found')
    return Reply(migration_view(found))


@chapter.get(_MIGRATE, 'MigrateMachineEstimate')
def estimate(call: Call) -> Reply:
    """Answer how many bytes a migration would send: all of the machine's disk."""
    disks = call.machine.get('disks', ())
    size = sum(disk['size'] for disk in disks) if disks else call.machine['disk']
    return Reply({'size': size * _BYTES})


@chapter.post(_MIGRATE, 'Migrate')
def migrate(call: Call) -> Reply:
    """Do the step that `action` says, and answer the migration."""
    if not call.params.get('action'):
        raise missing('"action" must be specified')
    act = _ACTIONS.get(call.text('action'))
    if act is None:
        raise invalid(f'{call.text("action")} is not a valid migration action')
    if call.machine['state'] == 'deleted':
        raise not_found('VM not found')
    if call.cloud.datacenter(call.home).get('migrations', True) is False:
        raise _unmet('User migration on this VM not allowed')
    found = act(call, _record(call))
    return found if isinstance(found, Reply) else Reply(migration_view(found), 201)


def migration_view(migration: Doc) -> dict[str, Any]:
    """Return a migration as CloudAPI shows it."""
    return {name: migration[name] for name in _FIELDS if name in migration}


def _record(call: Call) -> Doc | None:
    return call.store.get('migration', call.machine['id'], home=call.home)


def _known(call: Call, migration: Doc | None) -> Doc:
    if migration is None:
        raise not_found(f'VM {call.machine["id"]} migration record not found')
    return migration


def _unmet(message: str) -> Refusal:
    return Refusal(412, 'PreconditionFailed', message)


def _begin(call: Call, migration: Doc | None, automatic: bool = False) -> Doc:
    if migration is not None:
        _check_over(migration)
    if call.machine['tags'].get('smartdc_type') == 'core':
        raise _unmet('Cannot migrate a core instance')
    if call.machine['tags'].get('smartdc_role') == 'nat':
        raise _unmet('Cannot migrate a NAT instance')
    new = migration_steps.new_migration(call, automatic)
    return migration_steps.start(call, new, *('begin', 'sync', 'switch')[: 3 if automatic else 1])


def _check_over(migration: Doc) -> None:
    """Refuse to begin while an earlier migration is not over."""
    if migration['state'] == 'successful':
        raise _unmet(
            'A previous migration exists for this instance - you must finalize the previous '
            'migration before starting a new one'
        )
    is_retry = migration['state'] == 'failed' and migration['phase'] == 'begin'
    if migration['state'] != 'aborted' and not is_retry:
        raise _unmet('An active migration already exists for this instance')


def _automatic(call: Call, migration: Doc | None) -> Doc:
    return _begin(call, migration, automatic=True)


def _sync(call: Call, migration: Doc | None) -> Doc:
    found = _known(call, migration)
    if found['state'] not in ('paused', 'failed'):
        raise _unmet(f'Cannot sync in migration state: {found["state"]}')
    if (found['phase'], found['state']) not in (
        ('begin', 'paused'),
        ('sync', 'paused'),
        ('sync', 'failed'),
    ):
        raise _unmet(f'Cannot sync when in migration phase: {found["phase"]}')
    return migration_steps.start(call, found, 'sync')


def _switch(call: Call, migration: Doc | None) -> Doc:
    found = _known(call, migration)
    if found['phase'] not in ('begin', 'sync'):
        raise _unmet(f'Cannot switch in migration phase: {found["phase"]}')
    if found['state'] not in ('paused', 'failed'):
        raise _unmet(f'Cannot switch in migration state: {found["state"]}')
    if not found['syncs']:
        raise _unmet('You must perform at least one "migration sync" operation before switching')
    return migration_steps.start(call, found, 'switch')


def _pause(call: Call, migration: Doc | None) -> Doc:
    found = _known(call, migration)
    if (found['phase'], found['state']) != ('sync', 'running'):
        raise _unmet('Pause requires a running migration sync action')
    return migration_steps.pause(call, found)


def _abort(call: Call, migration: Doc | None) -> Doc:
    found = _known(call, migration)
    if found['state'] in ('running', 'successful'):
        raise _unmet(f'Abort cannot work on a {found["state"]} migration')
    return migration_steps.start(call, found, 'abort')


def _finalize(call: Call, migration: Doc | None) -> Reply:
    found = _known(call, migration)
    if found['state'] != 'successful':
        raise _unmet('Finalize only works on a successful migration')
    call.store.delete('migration', found['id'], home=call.home)
    return Reply()


def _watch(call: Call, migration: Doc | None) -> Reply:
    """Answer all events up to the end of what goes on, when it has ended.

    The real server sends each event when it happens. Here they come together: a stepped clock is
    moved to the end, with the computer's clock the answer waits for it.
    """
    _known(call, migration)
    end = jobs.ends(call, *migration_steps.KINDS)
    left = 0.0 if end is None else max(0.0, end - call.now)
    if left == math.inf:
        return Reply(delay=left)
    found = _ahead(call, call.now + left)
    if left and isinstance(call.cloud.clock, SteppedClock):
        call.cloud.clock.advance(left)
        left = 0.0
    lines = [*found['progress_history'], _end(found)]
    body = ''.join(f'{json.dumps(line)}\n' for line in lines).encode()
    return Reply(body, headers={'Content-Type': 'application/x-json-stream'}, delay=left)


def _ahead(call: Call, moment: float) -> Doc:
    """Return the migration as it will be at a moment, without letting that happen."""
    with call.store.foresight():
        jobs.settle(call.store, moment)
        found = _record(call)
    # A completed abort has no record left.
    last = migration_steps.started(call, 'abort')
    return found or {'phase': 'abort', 'state': 'aborted', 'progress_history': [last]}


def _end(migration: Doc) -> dict[str, Any]:
    end = {'type': 'end', 'phase': migration['phase'], 'state': migration['state']}
    return {**end, 'message': migration['error']} if 'error' in migration else end


_ACTIONS: Mapping[str, Callable[[Call, Doc | None], Doc | Reply]] = {
    'begin': _begin,
    'sync': _sync,
    'switch': _switch,
    'automatic': _automatic,
    'pause': _pause,
    'abort': _abort,
    'finalize': _finalize,
    'watch': _watch,
}
