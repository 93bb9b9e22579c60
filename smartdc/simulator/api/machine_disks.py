"""The disks of a new machine: one from its image, and those that were asked for."""

from __future__ import annotations

from typing import Any

from smartdc.simulator.calls import Call, invalid
from smartdc.simulator.cloud import new_id
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

_MOST = 8
_BLOCK = 8192
_BLOCKS = tuple(2**power for power in range(9, 18))
_IMAGE_SIZE = 10240


def chosen(call: Call, brand: str, image: Doc, package: Doc) -> Doc:
    """Return what a machine has to say of its disks: nothing if it is a zone."""
    wanted = call.params.get('disks')
    if brand not in ('kvm', 'bhyve'):
        if wanted is not None:
            raise Refusal(409, 'VmWithoutFlexibleDiskSize', 'disks are only for bhyve machines')
        return {}
    boot = int(image.get('image_size', _IMAGE_SIZE))
    if wanted is None:
        disks = [_disk(0, boot, image), _disk(1, package['disk'])]
        flexible = {'flexible': True, 'free_space': 0} if package.get('flexible_disk') else {}
        return {'disks': disks, 'disk': package['disk'], **flexible}
    disks = _flexible(wanted, image, package, boot)
    free = package['disk'] - sum(disk['size'] for disk in disks)
    return {'disks': disks, 'disk': package['disk'], 'flexible': True, 'free_space': free}


def _flexible(wanted: Any, image: Doc, package: Doc, boot: int) -> list[Doc]:
    """Return the disks that were asked for, if the package has room for them."""
    if not package.get('flexible_disk'):
        text = 'The package does not have a flexible disk size'
        raise Refusal(409, 'VmWithoutFlexibleDiskSize', text)
    if not is_array(wanted) or not all(map(is_object, wanted)):
        raise invalid('property "disks": array of objects expected')
    if len(wanted) > _MOST:
        raise invalid(f'maximum of {_MOST} disks allowed')
    sizes = _sizes(wanted, package['disk'], boot)
    if wanted and 'block_size' in wanted[0]:
        raise invalid('block_size cannot be set for the image disk')
    for disk in wanted:
        if disk.get('block_size', _BLOCK) not in _BLOCKS:
            raise invalid(f'block_size {disk["block_size"]} is not a power of 2 from 512 to 131072')
    return [
        _disk(slot, size, image if slot == 0 else None, disk.get('block_size', _BLOCK))
        for slot, (disk, size) in enumerate(zip(wanted, sizes, strict=True))
    ]


def _sizes(wanted: list[Doc], room: int, boot: int) -> list[int]:
    """Return the size of each disk; at most one takes what remains."""
    given = [disk.get('size', boot if slot == 0 else None) for slot, disk in enumerate(wanted)]
    numbers = [size for size in given if type(size) is int]
    remaining = given.count('remaining')
    if remaining > 1 or len(numbers) + remaining < len(given):
        raise invalid('disk sizes must be numbers, at most one "remaining"')
    free = room - sum(numbers)
    if free < 0 or (remaining and free == 0):
        raise Refusal(409, 'InsufficientDiskSpace', 'The disks do not fit into the package')
    sizes = [size if type(size) is int else free for size in given]
    if sizes and sizes[0] < boot:
        raise invalid(f'the boot disk must have at least {boot} MiB')
    return sizes


def _disk(slot: int, size: int, image: Doc | None = None, block: int = _BLOCK) -> Doc:
    disk: Doc = {'id': new_id(), 'pci_slot': f'0:4:{slot}', 'size': size, 'block_size': block}
    return disk if image is None else {**disk, 'boot': True, 'image': image['id']}
