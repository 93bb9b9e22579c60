"""The disks of a bhyve machine."""

from __future__ import annotations

import re
from typing import Any

from smartdc.simulator import jobs
from smartdc.simulator.calls import Call, Reply, failed, fault, invalid, missing, not_found
from smartdc.simulator.cloud import new_id
from smartdc.simulator.jobs import JobFailed, Work
from smartdc.simulator.routing import SINCE_7_2, Chapter
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

MOST = 8

_DISKS = '/:account/machines/:machine/disks'
_FIELDS = ('id', 'pci_slot', 'size', 'block_size')
_SLOT = re.compile('[0-9]{1,3}:[0-9]{1,2}:[0-7]')
_BLOCK = 8192


@chapter.post(_DISKS, 'CreateMachineDisk', versions=SINCE_7_2)
def create_disk(call: Call) -> Reply:
    """Begin to add a disk; it is answered only when its slot was given.

    The real server never answers for a machine that isn't bhyve; here it is an InternalError.
    """
    _check_bhyve(call)
    size = _size(call)
    slot = call.params.get('pci_slot')
    if slot is not None and (not isinstance(slot, str) or not _SLOT.fullmatch(slot)):
        raise invalid('pci_slot has wrong format')
    if len(_disks(call)) >= MOST:
        raise invalid(f'A maximum of {MOST} disks per VM are supported')
    disk = _new_disk(call, size, slot)
    _keep(call, disk)
    jobs.submit(call, 'create_disk', disk=disk['id'])
    if slot is None:
        return Reply(status=202)
    location = f'/{call.login}/machines/{call.machine["id"]}/disks/{disk["id"]}'
    view = disk_view(call.machine, disk)
    del view['block_size']
    return Reply(view, headers={'Location': location})


@chapter.get(_DISKS, 'ListMachineDisks', head='HeadMachineDisks', versions=SINCE_7_2)
def list_disks(call: Call) -> Reply:
    """Answer the disks of a machine; a zone has none."""
    disks = [disk_view(call.machine, disk) for disk in _disks(call)]
    return Reply(disks, headers={'x-resource-count': str(len(disks))})


@chapter.post(f'{_DISKS}/:disk', 'ResizeMachineDisk', versions=SINCE_7_2)
def resize_disk(call: Call) -> Reply:
    """Begin to give a disk another size; to make it smaller has to be allowed."""
    disk = _disk(call)
    size = _size(call)
    shrink = call.params.get('dangerous_allow_shrink')
    if shrink is not None and not isinstance(shrink, bool):
        raise invalid('dangerous_allow_shrink must be a boolean')
    if size == 'remaining':
        raise invalid('size must be a number')
    if size < disk['size'] and not shrink:
        text = 'Reducing disk size is a dangerous operation, and dangerous_allow_shrink is not set'
        raise failed('Invalid VM update parameters', fault('size', 'Invalid', text))
    _check_room(call, size - disk['size'])
    disk['state'] = 'resizing'
    _keep(call, disk)
    jobs.submit(call, 'resize_disk', disk=disk['id'], size=size)
    return Reply(disk_view(call.machine, disk))


@chapter.get(f'{_DISKS}/:disk', 'GetMachineDisk', head='HeadMachineDisk', versions=SINCE_7_2)
def get_disk(call: Call) -> Reply:
    """Answer a disk."""
    return Reply(disk_view(call.machine, _disk(call)))


@chapter.delete(f'{_DISKS}/:disk', 'DeleteMachineDisk', versions=SINCE_7_2)
def delete_disk(call: Call) -> Reply:
    """Begin to delete a disk, but not the one that the machine boots from."""
    disk = _disk(call)
    _check_stopped(call)
    if disk.get('boot'):
        text = 'The boot disk cannot be deleted'
        raise failed('Invalid VM update parameters', fault('remove_disks', 'Invalid', text))
    disk['state'] = 'deleting'
    _keep(call, disk)
    jobs.submit(call, 'delete_disk', disk=disk['id'])
    return Reply(status=204)


def disk_view(machine: Doc, disk: Doc) -> dict[str, Any]:
    """Return a disk as CloudAPI shows it; its state is the machine's unless it changes."""
    view = {name: disk[name] for name in _FIELDS if name in disk}
    state = disk.get('state', machine['state'])
    return {**view, 'boot': disk.get('boot', False), 'state': state}


def _check_bhyve(call: Call) -> None:
    if call.machine['brand'] != 'bhyve':
        text = 'Disk Creation is supported only for BHYVE VMs'
        raise Refusal(500, 'InternalError', text)


def _check_stopped(call: Call) -> None:
    if call.machine['state'] != 'stopped':
        raise invalid('VM must be stopped')


def _size(call: Call) -> Any:
    """Return the size that is asked for, in MiB, or `remaining`, of a stopped machine's disk."""
    _check_stopped(call)
    size = call.params.get('size')
    if not size:
        raise missing('size must be specified')
    if size == 'remaining':
        return size
    try:
        number = int(size)
    except (TypeError, ValueError):
        raise invalid('size must be a number') from None
    if number <= 0 or isinstance(size, bool):
        raise invalid('size must be a number')
    return number


def _new_disk(call: Call, size: Any, slot: str | None) -> Doc:
    """Return a disk in the slot that was asked for, or the next one, if there is room for it."""
    if size == 'remaining':
        if not call.machine.get('flexible'):
            text = 'remaining is only supported for VMs created with flexible_disk_size packages'
            raise invalid(text)
        size = free_space(call.machine)
    _check_room(call, max(size, 1))
    taken = {disk.get('pci_slot') for disk in _disks(call)}
    if slot in taken:
        text = f'pci_slot {slot} is in use'
        raise failed('Invalid VM update parameters', fault('pci_slot', 'Duplicate', text))
    free = next(name for name in (f'0:4:{number}' for number in range(MOST)) if name not in taken)
    return {
        'id': new_id(),
        'pci_slot': slot or free,
        'size': size,
        'block_size': _BLOCK,
        'state': 'creating',
    }


def _check_room(call: Call, more: int) -> None:
    """Refuse what the machine's package has no room for."""
    if not call.machine.get('flexible'):
        text = 'VM does not have a flexible disk size'
        raise Refusal(409, 'VmWithoutFlexibleDiskSize', text)
    if more > free_space(call.machine):
        text = f'There is not enough free space: {free_space(call.machine)} MiB are left'
        raise Refusal(409, 'InsufficientDiskSpace', text)


def free_space(machine: Doc) -> int:
    """Return how many MiB of a flexible machine no disk has."""
    used = sum(disk['size'] for disk in machine.get('disks', ()))
    return max(0, int(machine['disk'] - used))


def _disks(call: Call) -> list[Doc]:
    found: list[Doc] = call.machine.get('disks', [])
    return found


def _disk(call: Call) -> Doc:
    for disk in _disks(call):
        if disk['id'] == call.text('disk').lower():
            return disk
    raise not_found('disk not found')


def _keep(call: Call, disk: Doc) -> None:
    """Keep a machine with a disk that changes."""
    others = _disks(call)
    if disk not in others:
        call.machine['disks'] = [*others, disk]
    call.machine['free_space'] = free_space(call.machine)
    call.store.put('machine', call.machine, home=call.home)


def _worked(work: Work) -> Doc:
    """Return the disk that a job is about."""
    for disk in work.machine.get('disks', ()):
        if disk['id'] == work.params['disk']:
            disk.pop('state', None)
            found: Doc = disk
            return found
    raise JobFailed


def _left_alone(work: Work) -> None:
    _worked(work)


def _taken_back(work: Work) -> None:
    work.machine['disks'].remove(_worked(work))
    work.machine['free_space'] = free_space(work.machine)


@jobs.job('create_disk', audit='unknown', undo=_taken_back)
def _created(work: Work) -> None:
    _worked(work)


@jobs.job('resize_disk', audit='unknown', undo=_left_alone)
def _resized(work: Work) -> None:
    _worked(work)['size'] = work.params['size']
    work.machine['free_space'] = free_space(work.machine)


@jobs.job('delete_disk', audit='unknown', undo=_left_alone)
def _deleted(work: Work) -> None:
    _taken_back(work)
