"""Snapshots of a machine's disk."""

from __future__ import annotations

import re
from typing import Any

from smartdc.simulator import jobs
from smartdc.simulator.api.datasets import is_first
from smartdc.simulator.calls import Call, Reply, invalid, not_found
from smartdc.simulator.clock import compact, iso
from smartdc.simulator.jobs import JobFailed, Work
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

_ALL = '/:account/machines/:machine/snapshots'
_ONE = f'{_ALL}/:name'
_FIELDS = ('name', 'state', 'created', 'updated')

_GONE = ('deleted', 'failed')

#: Names that the file system takes.
_NAME = re.compile('[A-Za-z0-9_.:-]+')


@chapter.post(_ALL, 'CreateMachineSnapshot')
def create_snapshot(call: Call) -> Reply:
    """Take a snapshot; whether its name can be had shows when the job runs."""
    _check_brand(call)
    name = call.text('name') or compact(call.now)
    known = _find(call, name)
    if known is None or known['state'] in _GONE:
        call.store.put('snapshot', _new(call, name), home=call.home)
    jobs.submit(call, 'create_snapshot', name=name)
    return Reply({'name': name, 'state': 'queued'}, 201)


@chapter.post(_ONE, 'StartMachineFromSnapshot')
def start_from_snapshot(call: Call) -> Reply:
    """Put a machine back to a snapshot, and boot it."""
    jobs.submit(call, 'rollback_snapshot', name=_created(call)['name'])
    return Reply(status=202)


@chapter.get(_ALL, 'ListMachineSnapshots', head='HeadMachineSnapshots')
def list_snapshots(call: Call) -> Reply:
    """Answer the snapshots of a machine."""
    snapshots = call.store.find('snapshot', home=call.home, owner=call.machine['id'])
    return Reply([_view(call, found) for found in snapshots if found['state'] != 'deleted'])


@chapter.get(_ONE, 'GetMachineSnapshot', head='HeadMachineSnapshot')
def get_snapshot(call: Call) -> Reply:
    """Answer a snapshot; one that was deleted is remembered."""
    snapshot = _find(call, call.text('name'))
    if snapshot is None:
        raise not_found('Snapshot does not exist')
    return Reply(_view(call, snapshot))


@chapter.delete(_ONE, 'DeleteMachineSnapshot')
def delete_snapshot(call: Call) -> Reply:
    """Delete a snapshot."""
    jobs.submit(call, 'delete_snapshot', name=_created(call)['name'])
    return Reply(status=204)


def _view(call: Call, snapshot: Doc) -> dict[str, Any]:
    """Return a snapshot as CloudAPI shows it: of a deleted one only that it is, and its name."""
    if snapshot['state'] == 'deleted':
        return {'name': snapshot['name'], 'state': 'deleted'}
    view = {name: snapshot[name] for name in _FIELDS}
    if view['state'] == 'created' and is_first(call.cloud.datacenter(call.home)):
        return {**view, 'state': 'success'}
    return view


def _check_brand(call: Call) -> None:
    if call.machine['brand'] == 'bhyve':
        raise invalid('Snapshots of bhyve VMs are not allowed')
    if call.machine['brand'] == 'kvm' or call.machine.get('delegate_dataset'):
        text = 'Snapshots are not supported for this brand or for delegated datasets'
        raise Refusal(409, 'BrandNotSupported', text)


def _new(call: Call, name: str) -> Doc:
    now = iso(call.now)
    return {
        'id': f'{call.machine["id"]}/{name}',
        'owner': call.machine['id'],
        'name': name,
        'state': 'queued',
        'created': now,
        'updated': now,
    }


def _find(call: Call, name: str) -> Doc | None:
    return call.store.get('snapshot', f'{call.machine["id"]}/{name}', home=call.home)


def _created(call: Call) -> Doc:
    """Return a snapshot that something can be done with."""
    snapshot = _find(call, call.text('name'))
    if snapshot is None or snapshot['state'] in _GONE:
        raise not_found(f'{call.text("name")} not found')
    return snapshot


def _of(work: Work) -> Doc:
    """Return the snapshot that a job is about."""
    found = work.store.get(
        'snapshot', f'{work.machine["id"]}/{work.params["name"]}', home=work.home
    )
    if found is None:
        raise JobFailed
    return found


def _keep(work: Work, snapshot: Doc, state: str) -> None:
    snapshot |= {'state': state, 'updated': iso(work.now)}
    work.store.put('snapshot', snapshot, home=work.home)


def _uncreated(work: Work) -> None:
    _keep(work, _of(work), 'failed')


@jobs.job('create_snapshot', undo=_uncreated)
def _create(work: Work) -> None:
    snapshot = _of(work)
    if snapshot['state'] == 'created':
        raise JobFailed
    if not _NAME.fullmatch(snapshot['name']):
        _keep(work, snapshot, 'failed')
        raise JobFailed
    snapshot['created'] = iso(work.now)
    _keep(work, snapshot, 'created')


@jobs.job('rollback_snapshot', through=('stopping',))
def _rollback(work: Work) -> None:
    work.machine['state'] = 'running'


@jobs.job('delete_snapshot')
def _delete(work: Work) -> None:
    _keep(work, _of(work), 'deleted')
