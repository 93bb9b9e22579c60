"""What the operations are called by which rules of faults mean them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

#: Operations that share a route with others, by that route and the action that tells them apart.
_ACTIONS = {
    'UpdateMachine': {
        'start': 'StartMachine',
        'stop': 'StopMachine',
        'reboot': 'RebootMachine',
        'resize': 'ResizeMachine',
        'rename': 'RenameMachine',
        'enable_firewall': 'EnableMachineFirewall',
        'disable_firewall': 'DisableMachineFirewall',
        'enable_deletion_protection': 'EnableMachineDeletionProtection',
        'disable_deletion_protection': 'DisableMachineDeletionProtection',
    },
    'UpdateImage': {'export': 'ExportImage', 'clone': 'CloneImage'},
    'CreateImageFromMachine': {'import-from-datacenter': 'ImportImageFromDatacenter'},
}


def names_of(route: str, action: str) -> Sequence[str]:
    """Return the names of what a request does: its route's, and its action's if it has one."""
    own = _ACTIONS.get(route, {}).get(action)
    return (route,) if own is None else (route, own)


@cache
def known() -> frozenset[str]:
    """Return the names of all operations."""
    # The chapters know the cloud, which knows the faults, which are checked against these names.
    from smartdc.simulator.api import ROUTES, datasets

    routes = {route.name for route in (*ROUTES, *datasets.chapter.routes)}
    return frozenset(routes.union(*(names.values() for names in _ACTIONS.values())))


@cache
def writing() -> Sequence[str]:
    """Return the names of the operations that change something."""
    from smartdc.simulator.api import ROUTES

    return sorted({route.name for route in ROUTES if route.method not in ('GET', 'HEAD')})
