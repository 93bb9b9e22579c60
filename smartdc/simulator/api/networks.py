"""Networks, and the addresses that they give away."""

from __future__ import annotations

import ipaddress
from typing import Any

from smartdc.simulator.calls import Call, Reply, not_found
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import Doc, Store

chapter = Chapter()

_FIELDS = ('id', 'name', 'public', 'description', 'suffixes')
_FABRIC_FIELDS = (
    'fabric',
    'vlan_id',
    'subnet',
    'provision_start_ip',
    'provision_end_ip',
    'gateway',
    'resolvers',
    'routes',
    'internet_nat',
)


@chapter.get('/:account/networks', 'ListNetworks', head='HeadNetworks')
def list_networks(call: Call) -> Reply:
    """Answer the networks that the account may provision on."""
    wanted = call.text('fabric').lower()
    return Reply(
        [
            network_view(network)
            for network in visible_networks(call)
            if wanted in ('', str(bool(network.get('fabric'))).lower())
        ]
    )


@chapter.get('/:account/networks/:network', 'GetNetwork', head='HeadNetwork')
def get_network(call: Call) -> Reply:
    """Answer a network."""
    network = find_network(call, call.text('network'))
    if network is None:
        raise not_found(f'{call.text("network")} not found')
    return Reply(network_view(network))


chapter.unserved('GET', '/:account/networks/:network/ips', 'ListNetworkIPs')
chapter.unserved('HEAD', '/:account/networks/:network/ips', 'HeadNetworkIPs')
chapter.unserved('GET', '/:account/networks/:network/ips/:ip_address', 'GetNetworkIP')
chapter.unserved('HEAD', '/:account/networks/:network/ips/:ip_address', 'HeadNetworkIP')
chapter.unserved('PUT', '/:account/networks/:network/ips/:ip_address', 'UpdateNetworkIP')


def visible_networks(call: Call) -> list[Doc]:
    """Return the networks that the account may provision on."""
    networks = call.store.find('network', home=call.home)
    return [network for network in networks if network.get('owner', '') in ('', call.owner)]


def find_network(call: Call, id: str) -> Doc | None:
    """Return a network that the account may provision on, by its id."""
    network = call.store.get('network', id.lower(), home=call.home)
    return network if network and network.get('owner', '') in ('', call.owner) else None


def network_view(network: Doc) -> dict[str, Any]:
    """Return a network as CloudAPI shows it: only a fabric's says more than its name."""
    fields = (*_FIELDS, *_FABRIC_FIELDS) if network.get('fabric') else _FIELDS
    return {name: network[name] for name in fields if name in network}


class AddressesExhausted(Exception):
    """A network has no address left to give away."""


def allocate(store: Store, home: str, network: Doc, machine: Doc, wish: str | None = None) -> str:
    """Give a machine an address of a network, the one it wishes for or the next that is free.

    The network's document keeps a cursor, so that an address that was freed rests for as long as
    there are others.
    """
    ip = wish or _next_free(store, home, network)
    taken = {
        'id': _address_id(network, ip),
        'owner': network['id'],
        'ip': ip,
        'owner_uuid': machine['owner'],
        'belongs_to_uuid': machine['id'],
    }
    store.put('address', taken, home=home)
    return ip


def release(store: Store, home: str, machine: Doc) -> None:
    """Take the addresses of a machine back."""
    for nic in machine.get('nics', ()):
        store.delete('address', f'{nic["network"]}/{nic["ip"]}', home=home)


def holder(store: Store, home: str, network: Doc, ip: str) -> Doc | None:
    """Return who has an address, None when it is free."""
    return store.get('address', _address_id(network, ip), home=home)


def managed(network: Doc) -> set[str]:
    """Return the addresses that no machine may have: the gateway's and the resolvers'."""
    return {network.get('gateway', ''), *network.get('resolvers', ())}


def netmask(network: Doc) -> str:
    """Return the mask of a network's subnet."""
    return str(ipaddress.ip_network(network['subnet'], strict=False).netmask)


def _next_free(store: Store, home: str, network: Doc) -> str:
    start = int(ipaddress.ip_address(network['provision_start_ip']))
    size = int(ipaddress.ip_address(network['provision_end_ip'])) - start + 1
    cursor = network.get('cursor', 0)
    closed = managed(network)
    for step in range(size):
        offset = (cursor + step) % size
        ip = str(ipaddress.ip_address(start + offset))
        if ip not in closed and holder(store, home, network, ip) is None:
            network['cursor'] = offset + 1
            store.put('network', network, home=home)
            return ip
    raise AddressesExhausted(network['name'])


def _address_id(network: Doc, ip: str) -> str:
    return f'{network["id"]}/{ip}'
