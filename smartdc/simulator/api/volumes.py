"""Volumes: file systems that several machines can mount, where a data center has them at all."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from smartdc.simulator import jobs
from smartdc.simulator.api.networks import AddressesExhausted, allocate, find_network, release_nic
from smartdc.simulator.api.volume_filters import check_known, fitting
from smartdc.simulator.calls import Call, Reply, invalid, is_uuid
from smartdc.simulator.clock import iso
from smartdc.simulator.cloud import new_id
from smartdc.simulator.javascript import string, type_name
from smartdc.simulator.jobs import Work
from smartdc.simulator.routing import Chapter
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.store import ALIVE, Doc, Where
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

#: The sizes that the packages of volumes have, in MiB: 10 to 100 GiB, and 200 to 1,000 GiB.
SIZES = [1024 * size for size in (*range(10, 100, 10), *range(100, 1001, 100))]

_NAME = re.compile('[a-zA-Z0-9][a-zA-Z0-9_.-]+')
_LONGEST = 256
_FIELDS = (
    *('id', 'name', 'owner_uuid', 'type', 'size', 'state', 'networks', 'filesystem_path'),
    *('tags', 'created'),
)


@chapter.get('/:account/volumes', 'ListVolumes')
def list_volumes(call: Call) -> Reply:
    """Answer the volumes that fit the filters."""
    volumes = [volume_view(call, volume) for volume in fitting(call, _volumes(call))]
    return Reply(volumes, headers={'x-resource-count': str(len(volumes))})


@chapter.post('/:account/volumes', 'CreateVolume')
def create_volume(call: Call) -> Reply:
    """Make a volume; it is creating until its job is done."""
    volume = _new_volume(call)
    call.store.put('volume', volume, home=call.home)
    jobs.submit_for(call, volume, 'create_volume', {})
    return Reply(volume_view(call, volume), 201)


@chapter.get('/:account/volumes/:id', 'GetVolume')
def get_volume(call: Call) -> Reply:
    """Answer a volume."""
    return Reply(volume_view(call, _volume(call, 'getting')))


@chapter.post('/:account/volumes/:id', 'UpdateVolume')
def update_volume(call: Call) -> Reply:
    """Give a volume another name, while no machine mounts it."""
    for given, _ in parse_qsl(call.request.query, keep_blank_values=True):
        if given not in ('name', 'as-role'):
            raise invalid(f'{given} is an invalid parameter')
    volume = _volume(call, 'updating')
    name = call.params.get('name')
    if name is not None and name != volume['name']:
        _check_name(call, name, 'updating')
        _check_unused(call, volume, 'updating')
        volume['name'] = name
        call.store.put('volume', volume, home=call.home)
    return Reply(volume_view(call, volume))


@chapter.delete('/:account/volumes/:id', 'DeleteVolume')
def delete_volume(call: Call) -> Reply:
    """Begin to delete a volume, unless a machine mounts it."""
    volume = _volume(call, 'deleting')
    _check_unused(call, volume, 'deleting')
    if volume['state'] != 'deleting':
        call.store.put('volume', {**volume, 'state': 'deleting'}, home=call.home)
        jobs.submit_for(call, volume, 'delete_volume', {})
    return Reply(status=204)


@chapter.get('/:account/volumesizes', 'ListVolumeSizes')
def list_volume_sizes(call: Call) -> Reply:
    """Answer the sizes that volumes may have, the smallest first."""
    check_known(call, 'type')
    kind = call.text('type') or 'tritonnfs'
    if kind != 'tritonnfs':
        raise invalid(f'Error: Volume type: {kind} is not supported')
    sizes = [{'size': size, 'type': kind} for size in SIZES]
    return Reply(sizes, headers={'x-resource-count': str(len(sizes))})


def volume_view(call: Call, volume: Doc) -> dict[str, Any]:
    """Return a volume as CloudAPI shows it, with the live machines that mount it."""
    view = {name: volume[name] for name in _FIELDS if name in volume}
    refs = _refs(call, volume)
    return {**view, 'refs': refs} if refs else view


def find_volume(call: Call, name: str) -> Doc | None:
    """Return the account's volume of a name."""
    return next((volume for volume in _volumes(call) if volume['name'] == name), None)


def _refs(call: Call, volume: Doc) -> list[str]:
    where = Where().add(ALIVE).add('owner = ?', call.owner)
    where.add(
        "EXISTS (SELECT 1 FROM json_each(doc, '$.volumes') AS entry WHERE entry.value = ?)",
        volume['id'],
    )
    return [machine['id'] for machine in call.store.select('machine', where, home=call.home)]


def _volumes(call: Call) -> list[Doc]:
    """Return the account's volumes that are there."""
    volumes = call.store.find('volume', home=call.home, owner=call.owner)
    return [volume for volume in volumes if volume['state'] != 'deleted']


def _volume(call: Call, doing: str) -> Doc:
    """Return the volume that the path names; a refusal says what was being done."""
    ref = call.text('id')
    if not is_uuid(ref):
        raise invalid(f'Error: Volume id: {ref} is not a valid UUID')
    volume = call.store.get('volume', ref.lower(), home=call.home)
    if volume is None or volume['owner'] != call.owner or volume['state'] == 'deleted':
        text = f'Error when {doing} volume: Volume with uuid: {ref} could not be found'
        raise Refusal(404, 'VolumeNotFound', text)
    return volume


def _check_unused(call: Call, volume: Doc, doing: str) -> None:
    if _refs(call, volume):
        text = f'Error when {doing} volume: Volume with name {volume["name"]} is used'
        raise Refusal(409, 'VolumeInUse', text)


def _check_name(call: Call, name: Any, doing: str = 'creating') -> None:
    is_good = isinstance(name, str) and len(name) <= _LONGEST and _NAME.fullmatch(name)
    if not is_good:
        raise invalid(f'Error: Volume name: {string(name)} is not a valid volume name')
    if find_volume(call, name) is not None:
        text = f'Error when {doing} volume: Volume with name {name} already exists'
        raise Refusal(409, 'VolumeAlreadyExists', text)


def _new_volume(call: Call) -> Doc:
    """Return the volume that a request asks for, or refuse it."""
    kind = call.params.get('type')
    if kind != 'tritonnfs':
        shown = 'undefined' if kind is None else string(kind)
        raise invalid(f'Error: Volume type: {shown} is not supported')
    name = call.params.get('name', '')
    if name == '':
        name = (new_id() + new_id()).replace('-', '')
    _check_name(call, name)
    size = _size(call)
    tags = call.params.get('tags')
    if tags is not None and not _are_tags(tags):
        raise invalid('Error: Volume tags: an object of strings is needed')
    networks = _networks(call)
    volume = {
        'id': new_id(),
        'owner': call.owner,
        'owner_uuid': call.owner,
        'name': name,
        'type': kind,
        'size': size,
        'state': 'creating',
        'networks': networks,
        'created': iso(call.now),
    }
    return {**volume, 'tags': tags} if tags else volume


def _size(call: Call) -> int:
    size = call.params.get('size')
    if size is None:
        return SIZES[0]
    if type_name(size) != 'number' or size <= 0:
        raise invalid(f'Error: Volume size: {string(size)} is not a valid volume size')
    if size not in SIZES:
        text = f'Error when creating volume: Volume size {string(size)} is not available'
        raise Refusal(409, 'VolumeSizeNotAvailable', text)
    return int(size)


def _are_tags(tags: Any) -> bool:
    return is_object(tags) and all(isinstance(value, str) for value in tags.values())


def _networks(call: Call) -> list[str]:
    """Return the networks that a volume is on: the account's default one if it names none."""
    wanted = call.params.get('networks')
    if not wanted:
        config = call.store.get('config', call.owner, home=call.home)
        if config is None:
            text = 'default_network is not configured for account'
            raise Refusal(409, 'DefaultFabricNetworkNotConfiguredError', text)
        return [str(config['default_network'])]
    if not is_array(wanted) or not all(map(is_uuid, wanted)):
        raise invalid('Error: Volume networks: an array of UUIDs is needed')
    found = [find_network(call, ref) for ref in wanted]
    if not all(network is not None and network.get('fabric') for network in found):
        text = f'Error when creating volume: Invalid networks: {", ".join(wanted)}'
        raise Refusal(409, 'InvalidNetworks', text)
    return [ref.lower() for ref in wanted]


def _failed(work: Work) -> None:
    work.machine['state'] = 'failed'


def _kept(work: Work) -> None:
    work.machine['state'] = 'ready'


@jobs.job('create_volume', needs=('creating',), of='volume', undo=_failed)
def _created(work: Work) -> None:
    """Give the volume's server, which nobody sees, an address on its first network."""
    volume = work.machine
    network = work.store.get('network', volume['networks'][0], home=work.home)
    try:
        ip = allocate(work.store, work.home, network or {}, volume)
    except (AddressesExhausted, KeyError):
        volume['state'] = 'failed'
        return
    volume |= {'state': 'ready', 'ip': ip, 'filesystem_path': f'{ip}:/exports/data'}


@jobs.job('delete_volume', of='volume', undo=_kept)
def _deleted(work: Work) -> None:
    volume = work.machine
    if 'ip' in volume:
        release_nic(work.store, work.home, {'network': volume['networks'][0], 'ip': volume['ip']})
    volume['state'] = 'deleted'
