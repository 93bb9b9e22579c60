"""The network interfaces of a machine."""

from __future__ import annotations

import re
from typing import Any

from smartdc.simulator.calls import Call, Reply, invalid, not_found
from smartdc.simulator.routing import SINCE_7_2, Chapter
from smartdc.simulator.store import Doc

chapter = Chapter()

_MAC = re.compile('[0-9a-fA-F]{12}')
_FIELDS = ('mac', 'primary', 'ip', 'netmask', 'gateway', 'network', 'state')

chapter.unserved('POST', '/:account/machines/:machine/nics', 'AddNic', versions=SINCE_7_2)


@chapter.get('/:account/machines/:machine/nics', 'ListNics', head='HeadNics', versions=SINCE_7_2)
def list_nics(call: Call) -> Reply:
    """Answer the NICs of a machine."""
    nics = [nic_view(nic) for nic in call.machine['nics']]
    return Reply(nics, headers={'x-resource-count': str(len(nics))})


@chapter.get('/:account/machines/:machine/nics/:mac', 'GetNic', head='HeadNic', versions=SINCE_7_2)
def get_nic(call: Call) -> Reply:
    """Answer a NIC by its MAC address, written without colons."""
    mac = call.text('mac')
    if not _MAC.fullmatch(mac):
        raise invalid('mac has invalid format')
    for nic in call.machine['nics']:
        if nic['mac'].replace(':', '') == mac.lower():
            return Reply(nic_view(nic))
    raise not_found('nic not found')


chapter.unserved('DELETE', '/:account/machines/:machine/nics/:mac', 'RemoveNic', versions=SINCE_7_2)


def nic_view(nic: Doc) -> dict[str, Any]:
    """Return a NIC as CloudAPI shows it."""
    return {name: nic[name] for name in _FIELDS if name in nic}
