"""The account's settings in one data center."""

from __future__ import annotations

from smartdc.simulator.api.networks import find_network
from smartdc.simulator.calls import Call, Reply, invalid, is_uuid
from smartdc.simulator.javascript import type_name
from smartdc.simulator.routing import Chapter

chapter: Chapter = Chapter()


@chapter.get('/:account/config', 'GetConfig', head='HeadConfig')
def get_config(call: Call) -> Reply:
    """Answer the settings; an empty object when nothing is set."""
    stored = call.store.get('config', call.owner, home=call.home)
    return Reply({} if stored is None else {'default_network': stored['default_network']})


@chapter.put('/:account/config', 'UpdateConfig')
def update_config(call: Call) -> Reply:
    """Choose the network that is used where none is named."""
    network = call.params.get('default_network')
    if 'default_network' not in call.params:
        raise invalid('property "default_network": is missing and it is required')
    if not isinstance(network, str):
        found = type_name(network)
        raise invalid(f'property "default_network": {found} value found, but a string is required')
    if not is_uuid(network):
        raise invalid('property "default_network": must be a UUID')
    if find_network(call, network) is None:
        raise invalid('unknown network')
    call.store.put('config', {'id': call.owner, 'default_network': network}, home=call.home)
    return Reply({'default_network': network})
