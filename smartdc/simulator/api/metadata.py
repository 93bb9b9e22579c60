"""The metadata of a machine."""

from __future__ import annotations

from typing import Any

from smartdc.simulator import jobs
from smartdc.simulator.api.machine_view import credentials
from smartdc.simulator.calls import Call, Reply, failed, fault, invalid, not_found
from smartdc.simulator.jobs import Work
from smartdc.simulator.routing import Chapter

chapter: Chapter = Chapter()

_ALL = '/:account/machines/:machine/metadata'
_ONE = f'{_ALL}/:key'

#: Names of parameters that the server knows by itself, and therefore not as metadata.
_INTERNAL = ('account', 'machine', 'uuid', 'owner_uuid', 'credentials', 'image')
_UNDELETABLE = ('credentials', 'administrator_pw', 'root_authorized_keys')


@chapter.post(_ALL, 'AddMachineMetadata')
def add_metadata(call: Call) -> Reply:
    """Add to the metadata; the answer is what the job will make of it."""
    added = {
        name: value
        for name, value in call.params.items()
        if name not in _INTERNAL and not name.endswith('_pw')
    }
    if not added:
        raise failed('Invalid metadatum parameters', fault('metadata', 'Missing', 'is missing'))
    faults = [
        fault(f'metadata.{name}', 'Invalid', 'must be a string, number or boolean')
        for name, value in added.items()
        if not isinstance(value, str | int | float | bool)
    ]
    if faults:
        raise failed('Invalid metadatum parameters', *faults)
    job = jobs.submit(call, 'set_metadata', metadata=added)
    return Reply({**call.machine['metadata'], **added}, headers={'x-job-uuid': job})


@chapter.get(_ALL, 'ListMachineMetadata', head='HeadMachineMetadata')
def list_metadata(call: Call) -> Reply:
    """Answer all metadata, with the passwords if they are asked for."""
    found: dict[str, Any] = dict(call.machine['metadata'])
    if call.params.get('credentials'):
        found['credentials'] = credentials(call.machine)
    return Reply(found)


@chapter.get(_ONE, 'GetMachineMetadata')
def get_metadata(call: Call) -> Reply:
    """Answer one entry; what is not text counts as not there."""
    key = call.text('key')
    if key == 'credentials':
        return Reply(credentials(call.machine))
    metadata = call.machine['metadata']
    if key not in metadata:
        raise not_found(f'metadatum "{key}" not found')
    if not isinstance(metadata[key], str):
        raise not_found(f'{key} is not metadata')
    return Reply(metadata[key])


@chapter.delete(_ALL, 'DeleteAllMachineMetadata')
def delete_all_metadata(call: Call) -> Reply:
    """Remove all metadata but the keys that let one in; as a known fault, two ids come instead."""
    kept = {
        name: value
        for name, value in call.machine['metadata'].items()
        if name in ('administrator_pw', 'root_authorized_keys')
    }
    ids = {'uuid': call.machine['id'], 'owner_uuid': call.owner}
    metadata = {**ids, **kept}
    # A job is called after what it does, and not after what was asked for.
    removed = call.machine['metadata'].keys() - metadata.keys()
    jobs.submit(call, 'replace_metadata' if removed else 'reset_metadata', metadata=metadata)
    return Reply(status=204)


@chapter.delete(_ONE, 'DeleteMachineMetadata')
def delete_metadata(call: Call) -> Reply:
    """Remove one entry, if it is there."""
    key = call.text('key')
    if key in _UNDELETABLE:
        raise invalid(f'Metadata key {key} can not be deleted')
    jobs.submit(call, 'remove_metadata', key=key)
    return Reply(status=204)


@jobs.job('set_metadata')
def _set(work: Work) -> None:
    work.machine['metadata'] |= work.params['metadata']


@jobs.job('replace_metadata')
@jobs.job('reset_metadata', audit='set_metadata')
def _replace(work: Work) -> None:
    work.machine['metadata'] = work.params['metadata']


@jobs.job('remove_metadata')
def _remove(work: Work) -> None:
    work.machine['metadata'].pop(work.params['key'], None)
