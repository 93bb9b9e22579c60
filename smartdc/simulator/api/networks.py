"""Networks, and the addresses that they give away."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from smartdc.simulator.calls import Call, Reply, not_found
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import Doc, Store

chapter: Chapter = Chapter()

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
    """Answer the networks that the account may provision on, pools instead of their members."""
    wanted = call.text('fabric').lower()
    networks = visible_networks(call)
    pooled = {member for network in networks for member in network.get('networks', ())}
    return Reply(
        [
            network_view(call, network)
            for network in networks
            if network['id'] not in pooled
            and wanted in ('', str(bool(network.get('fabric'))).lower())
        ]
    )


@chapter.get('/:account/networks/:network', 'GetNetwork', head='HeadNetwork')
def get_network(call: Call) -> Reply:
    """Answer a network."""
    return Reply(network_view(call, named_network(call)))


def visible_networks(call: Call) -> list[Doc]:
    """Return the networks that the account may provision on."""
    networks = call.store.find('network', home=call.home)
    return [network for network in networks if network.get('owner', '') in ('', call.owner)]


def find_network(call: Call, id: str) -> Doc | None:
    """Return a network that the account may provision on, by its id."""
    network = call.store.get('network', id.lower(), home=call.home)
    return network if network and network.get('owner', '') in ('', call.owner) else None


def named_network(call: Call) -> Doc:
    """Return the network that the path names, or refuse with 404."""
    network = find_network(call, call.text('network'))
    if network is None:
        raise not_found(f'{call.text("network")} not found')
    return network


def network_view(call: Call, network: Doc) -> dict[str, Any]:
    """Return a network as CloudAPI shows it: only a fabric's says more than its name.

    The suffixes of its names in the DNS are for accounts that use CNS.
    """
    fields = (*_FIELDS, *_FABRIC_FIELDS) if network.get('fabric') else _FIELDS
    hidden = () if call.account.get('triton_cns_enabled') else ('suffixes',)
    return {name: network[name] for name in fields if name in network and name not in hidden}


class AddressesExhausted(Exception):
    """A network has no address left to give away."""


def assign(
    store: Store, home: str, network: Doc, machine: Doc, wish: str | None = None
) -> tuple[Doc, str]:
    """Give a machine an address, and return it with its network: of a pool, one of its members."""
    if 'networks' not in network:
        return network, allocate(store, home, network, machine, wish)
    for ref in network['networks']:
        member = store.get('network', ref, home=home)
        if member is not None:
            try:
                return member, allocate(store, home, member, machine)
            except AddressesExhausted:
                continue
    raise AddressesExhausted(network['name'])


def allocate(store: Store, home: str, network: Doc, machine: Doc, wish: str | None = None) -> str:
    """Give a machine an address of a network, the one it wishes for or the next that is free.

    The network's document keeps a cursor, so that an address that was freed rests for as long as
    there are others.
    """
    ip = wish or _next_free(store, home, network)
    taken = taken_address(network, ip, machine)
    found = store.get('address', taken['id'], home=home) or {}
    store.put('address', {**found, **taken}, home=home)
    return ip


def taken_address(network: Doc, ip: str, machine: Doc) -> Doc:
    """Return the entry of an address that a machine has."""
    return {
        'id': _address_id(network['id'], ip),
        'owner': network['id'],
        'ip': ip,
        'owner_uuid': machine['owner'],
        'belongs_to_uuid': machine['id'],
    }


def addresses(network: Doc) -> Iterator[str]:
    """Yield the addresses that machines may have, from the cursor on, which goes with them."""
    first = ipaddress.ip_address(network['provision_start_ip'])
    size = int(ipaddress.ip_address(network['provision_end_ip'])) - int(first) + 1
    start = network.get('cursor', 0)
    closed = managed(network)
    for step in range(size):
        offset = (start + step) % size
        ip = str(first + offset)
        if ip not in closed:
            network['cursor'] = offset + 1
            yield ip


def release(store: Store, home: str, machine: Doc) -> None:
    """Take the addresses of a machine back."""
    for nic in machine.get('nics', ()):
        release_nic(store, home, nic)


def release_nic(store: Store, home: str, nic: Doc) -> None:
    """Take the address of a NIC back; one that is reserved stays so."""
    key = _address_id(nic['network'], nic['ip'])
    found = store.get('address', key, home=home)
    if found is not None and found.get('reserved'):
        del found['belongs_to_uuid']
        store.put('address', found, home=home)
    else:
        store.delete('address', key, home=home)


def reserve(store: Store, home: str, network: Doc, ip: str, reserved: bool) -> None:
    """Keep an address from being given away, or stop doing so."""
    key = _address_id(network['id'], ip)
    found = store.get('address', key, home=home) or {'id': key, 'owner': network['id'], 'ip': ip}
    if reserved or 'belongs_to_uuid' in found:
        store.put('address', {**found, 'reserved': reserved}, home=home)
    else:
        store.delete('address', key, home=home)


def known_address(store: Store, home: str, network: Doc, ip: str) -> Doc | None:
    """Return what is known of an address that is used or reserved, None for a free one."""
    return store.get('address', _address_id(network['id'], ip), home=home)


def holder(store: Store, home: str, network: Doc, ip: str) -> Doc | None:
    """Return the entry of an address that somebody has, None when nobody has it."""
    found = known_address(store, home, network, ip)
    return found if found is not None and 'belongs_to_uuid' in found else None


def managed(network: Doc) -> set[str]:
    """Return the addresses that no machine may have: the gateway's and the resolvers'."""
    return {network.get('gateway', ''), *network.get('resolvers', ())}


def netmask(network: Doc) -> str:
    """Return the mask of a network's subnet."""
    return _netmask(network['subnet'])


@lru_cache(maxsize=1024)
def _netmask(subnet: str) -> str:
    return str(ipaddress.ip_network(subnet, strict=False).netmask)


def subnet_of(network: Doc) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return a network's subnet."""
    return _subnet(network['subnet'])


@lru_cache(4096)
def _subnet(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return the subnet that a text means; a new network is held against all there are."""
    return ipaddress.ip_network(text, strict=False)


def is_inside(network: Doc, ip: str) -> bool:
    """Tell whether a text is an address of the network's subnet."""
    try:
        return ipaddress.ip_address(ip) in subnet_of(network)
    except ValueError:
        return False


def _next_free(store: Store, home: str, network: Doc) -> str:
    for ip in addresses(network):
        if known_address(store, home, network, ip) is None:
            store.put('network', network, home=home)
            return ip
    raise AddressesExhausted(network['name'])


def _address_id(network: str, ip: str) -> str:
    return f'{network}/{ip}'
