"""The disks of a bhyve machine."""

from __future__ import annotations

from typing import Any

from smartdc.simulator.calls import Call, Reply, not_found
from smartdc.simulator.routing import SINCE_7_2, Chapter
from smartdc.simulator.store import Doc

chapter = Chapter()

_DISKS = '/:account/machines/:machine/disks'
_FIELDS = ('id', 'pci_slot', 'size', 'block_size')

chapter.unserved('POST', _DISKS, 'CreateMachineDisk', versions=SINCE_7_2)


@chapter.get(_DISKS, 'ListMachineDisks', head='HeadMachineDisks', versions=SINCE_7_2)
def list_disks(call: Call) -> Reply:
    """Answer the disks of a machine; a zone has none."""
    disks = [disk_view(call.machine, disk) for disk in call.machine.get('disks', ())]
    return Reply(disks, headers={'x-resource-count': str(len(disks))})


chapter.unserved('POST', f'{_DISKS}/:disk', 'ResizeMachineDisk', versions=SINCE_7_2)


@chapter.get(f'{_DISKS}/:disk', 'GetMachineDisk', head='HeadMachineDisk', versions=SINCE_7_2)
def get_disk(call: Call) -> Reply:
    """Answer a disk."""
    for disk in call.machine.get('disks', ()):
        if disk['id'] == call.text('disk'):
            return Reply(disk_view(call.machine, disk))
    raise not_found('disk not found')


chapter.unserved('DELETE', f'{_DISKS}/:disk', 'DeleteMachineDisk', versions=SINCE_7_2)


def disk_view(machine: Doc, disk: Doc) -> dict[str, Any]:
    """Return a disk as CloudAPI shows it; its state is the machine's."""
    view = {name: disk[name] for name in _FIELDS if name in disk}
    return {**view, 'boot': disk.get('boot', False), 'state': machine['state']}
