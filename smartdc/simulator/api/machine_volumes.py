"""The volumes that a new machine mounts."""

from __future__ import annotations

from typing import Any

from smartdc.simulator.api.machine_networks import Choice
from smartdc.simulator.api.volumes import find_volume
from smartdc.simulator.calls import Call, invalid
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

_FIELDS = {'name', 'type', 'mode', 'mountpoint'}


def chosen(call: Call, brand: str, networks: list[Choice]) -> Doc:
    """Return what a machine has to say of the volumes that it mounts.

    The real server never answers when an entry is wrong; here it is an InternalError.
    """
    wanted = call.params.get('volumes')
    if not wanted:
        return {}
    if brand in ('kvm', 'bhyve'):
        raise invalid(f'volumes not yet supported with brand "{brand}"')
    if not call.cloud.datacenter(call.home).get('volumes'):
        raise invalid('Support for automounting volumes is not enabled')
    if not is_array(wanted) or not all(map(_is_entry, wanted)):
        raise Refusal(500, 'InternalError', 'CloudAPI never answers when "volumes" is wrong')
    at = {network['id'] for network, _ in networks}
    return {'volumes': [_reached(call, entry['name'], at) for entry in wanted]}


def _is_entry(entry: Any) -> bool:
    """Tell whether an entry of `volumes` is a name, a mount point, and perhaps type and mode."""
    return (
        is_object(entry)
        and entry.keys() <= _FIELDS
        and isinstance(entry.get('name'), str)
        and isinstance(entry.get('mountpoint'), str)
        and entry['mountpoint'].startswith('/')
        and entry.get('type', 'tritonnfs') == 'tritonnfs'
        and entry.get('mode', 'rw') in ('ro', 'rw')
    )


def _reached(call: Call, name: str, networks: set[str]) -> str:
    """Return the id of a volume that a machine on these networks can reach."""
    volume = find_volume(call, name)
    if volume is None or volume['state'] in ('failed', 'deleting'):
        raise _unreachable(f'Volume with name {name} could not be found')
    if networks.isdisjoint(volume['networks']):
        raise _unreachable(f'Volume with name {name} is not reachable from the networks')
    return str(volume['id'])


def _unreachable(text: str) -> Refusal:
    return Refusal(409, 'VolumesNotReachableError', text)
