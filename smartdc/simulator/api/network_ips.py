"""The addresses of a network: who has them, and which are kept free."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from smartdc.simulator.api.networks import (
    is_inside,
    known_address,
    managed,
    named_network,
    reserve,
    subnet_of,
)
from smartdc.simulator.calls import Call, Reply, invalid, missing, not_found
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import Doc

chapter: Chapter = Chapter()

MAX_LIMIT = 1000
_DIGITS = 9

_ALL = '/:account/networks/:network/ips'
_ONE = f'{_ALL}/:ip_address'
_BOOLEANS = {True: True, False: False, 'true': True, 'false': False}


@chapter.get(_ALL, 'ListNetworkIPs', head='HeadNetworkIPs')
def list_ips(call: Call) -> Reply:
    """Answer a page of the addresses that are used or reserved, in their order."""
    network = _network(call)
    limit = _number(call, 'limit', 1, MAX_LIMIT, MAX_LIMIT)
    offset = _number(call, 'offset', 0, None, 0)
    if limit is None:
        text = 'invalid limit, must be an integer greater than 0 or less than or equal to 1000'
        raise invalid(f'property "limit": {text}')
    if offset is None:
        text = 'invalid value, offset must be an integer greater than or equal to 0'
        raise invalid(f'property "offset": {text}')
    closed = _managed(network)
    found = _listed(call, network, closed)[offset : offset + limit]
    headers = {'x-query-limit': str(limit), 'x-resource-count': str(len(found))}
    return Reply([_view(call, _known(call, network, ip, closed)) for ip in found], headers=headers)


@chapter.put(_ONE, 'UpdateNetworkIP')
def update_ip(call: Call) -> Reply:
    """Reserve an address, or stop reserving it."""
    network = _network(call)
    if 'reserved' not in call.params:
        raise missing('reserved is a required argument')
    wanted = call.params['reserved']
    if not isinstance(wanted, bool | str) or wanted not in _BOOLEANS:
        raise invalid('reserved must be set to true or false')
    if network.get('public'):
        raise invalid(f'cannot update an IP on a public network: {network["id"]}')
    ip = call.text('ip_address')
    entry = _entry(call, network, ip)
    if entry.get('managed'):
        raise invalid(f'cannot update managed IP: {ip}')
    if entry.get('owner_uuid', call.owner) != call.owner:
        raise invalid(f'IP {ip} on network {network["id"]} is in use by another account')
    reserve(call.store, call.home, network, ip, _BOOLEANS[wanted])
    return Reply(_view(call, _entry(call, network, ip)))


@chapter.get(_ONE, 'GetNetworkIP', head='HeadNetworkIP')
def get_ip(call: Call) -> Reply:
    """Answer an address, whether it is used or free."""
    network = _network(call)
    ip = call.text('ip_address')
    entry = _entry(call, network, ip)
    if network.get('public') and entry.get('owner_uuid') != call.owner:
        raise not_found(f'{ip} not found')
    return Reply(_view(call, entry))


def _network(call: Call) -> Doc:
    """Return the network that the path names, which must not be a pool."""
    network = named_network(call)
    if 'networks' in network:
        raise invalid(f'cannot get IPs in a network pool: {network["id"]}')
    return network


def _number(call: Call, name: str, least: int, most: int | None, default: int) -> int | None:
    """Return a parameter that is a whole number within its bounds, None if it is none."""
    text = call.text(name)
    if not text:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else -1
    return None if value < least or (most is not None and value > most) else value


def _listed(call: Call, network: Doc, closed: frozenset[str]) -> Sequence[str]:
    """Return the addresses that a list shows, in order: on public networks the account's own."""
    owner = call.owner if network.get('public') else None

    def find() -> list[str]:
        known = call.store.find('address', home=call.home, owner=network['id'])
        shown = {entry['ip'] for entry in known if owner in (None, entry.get('owner_uuid'))}
        shown |= frozenset() if owner else closed
        return sorted(shown, key=lambda ip: int(ipaddress.ip_address(ip)))

    return call.store.recall('address', (call.home, network['id'], owner, closed), find)


def _managed(network: Doc) -> frozenset[str]:
    """Return the addresses within the subnet that the data center has for itself."""
    own = {*managed(network), str(subnet_of(network).broadcast_address)}
    return frozenset(ip for ip in own if is_inside(network, ip))


def _entry(call: Call, network: Doc, ip: str) -> Doc:
    """Return what is known of an address, or refuse what is none of the network."""
    try:
        ipaddress.ip_address(ip)
    except ValueError:
        raise invalid(f'Invalid IP {ip}') from None
    if not is_inside(network, ip):
        raise not_found(f'{ip} is not in subnet {network["subnet"]}')
    return _known(call, network, ip, _managed(network))


def _known(call: Call, network: Doc, ip: str, closed: frozenset[str]) -> Doc:
    """Return what is known of an address of a network."""
    if ip in closed:
        return {'ip': ip, 'managed': True}
    return known_address(call.store, call.home, network, ip) or {'ip': ip}


def _view(call: Call, entry: Doc) -> dict[str, Any]:
    """Return an address as CloudAPI shows it; whose machine has it is only told its account."""
    is_managed = bool(entry.get('managed'))
    view = {
        'ip': entry['ip'],
        'reserved': bool(entry.get('reserved')) or is_managed,
        'managed': is_managed,
    }
    if 'owner_uuid' in entry:
        view['owner_uuid'] = entry['owner_uuid']
        if entry['owner_uuid'] == call.owner and 'belongs_to_uuid' in entry:
            view['belongs_to_uuid'] = entry['belongs_to_uuid']
    return view
