"""What the operations are called, by the server itself and by CloudAPI's documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

#: What the documentation calls operations that the server itself calls otherwise.
_DOCUMENTED = {
    'AddMachineMetadata': 'UpdateMachineMetadata',
    'GetProvisioningLimits': 'GetAccountLimits',
    'HeadmachineTags': 'HeadMachineTags',
    'changefeed': 'GetChangefeed',
}

#: The same for what one of the server's operations does by its parameter `action`.
_ACTIONS: Mapping[str, Mapping[str, str]] = {
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


def names_of(route: str, action: str, path: str) -> Sequence[str]:
    """Return what a request's operation is called, the documentation's name first."""
    documented = _ACTIONS.get(route, {}).get(action) or _DOCUMENTED.get(route)
    if route == 'GetAccount' and path.endswith('/--ping'):
        documented = 'Ping'
    return (documented, route) if documented else (route,)


@cache
def known() -> frozenset[str]:
    """Return the names of all operations, of servers old and new."""
    # The chapters know the cloud, which knows the faults, which are checked against these names.
    from smartdc.simulator.api import ROUTES, datasets

    names = {route.name for route in (*ROUTES, *datasets.chapter.routes)}
    names |= {'Ping', *_DOCUMENTED.values()}
    return frozenset(names.union(*(actions.values() for actions in _ACTIONS.values())))


@cache
def writing() -> Sequence[str]:
    """Return the names of the operations that change something."""
    from smartdc.simulator.api import ROUTES

    return sorted({route.name for route in ROUTES if route.method not in ('GET', 'HEAD')})
