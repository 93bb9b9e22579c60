"""The networks of a new machine, and the NICs that it gets on them."""

from __future__ import annotations

from typing import Any

from smartdc.simulator import versions
from smartdc.simulator.api.networks import (
    AddressesExhausted,
    assign,
    find_network,
    holder,
    is_inside,
    managed,
    netmask,
    visible_networks,
)
from smartdc.simulator.calls import Call, failed, fault, invalid, is_uuid, missing, not_found
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

#: A network, and the address on it that is wished for.
Choice = tuple[Doc, str | None]


def chosen(call: Call, image: Doc, package: Doc) -> list[Choice]:
    """Return the networks that a request asks for, or those that it gets without asking."""
    wanted = call.params.get('networks')
    if not is_array(wanted):
        return _defaults(call, package)
    choices: dict[str, Choice] = {}
    for index, entry in enumerate(wanted):
        ref, wish = _entry(call, index, entry)
        network = find_network(call, ref)
        if network is None:
            raise invalid('Invalid Networks')
        choices.setdefault(network['id'], (network, wish))
    _check_public(image, list(choices.values()))
    for network, wish in choices.values():
        if wish is not None:
            check_wish(call, network, wish)
    return list(choices.values())


def attach(call: Call, machine: Doc, choices: list[Choice]) -> list[Doc]:
    """Give a machine a NIC on each network; the first public one is primary."""
    public = [network['id'] for network, _ in choices if network.get('public')]
    primary = public[0] if public else choices[0][0]['id'] if choices else ''
    nics: list[Doc] = []
    for index, (network, wish) in enumerate(choices):
        try:
            member, ip = assign(call.store, call.home, network, machine, wish)
        except AddressesExhausted:
            text = 'Insufficient capacity in datacenter to provision machine'
            raise failed(
                f'Invalid VM parameters: {text}',
                fault('networks', 'InsufficientCapacity', 'No more free IPs'),
            ) from None
        nics.append(new_nic(machine, index, member, ip, network['id'] == primary))
    return nics


def new_nic(machine: Doc, index: int, network: Doc, ip: str, primary: bool) -> Doc:
    """Return a NIC; its MAC address comes from the machine's id."""
    digits = f'{int(machine["id"][-6:], 16) ^ index:06x}'
    nic = {
        'mac': f'90:b8:d0:{digits[:2]}:{digits[2:4]}:{digits[4:]}',
        'primary': primary,
        'ip': ip,
        'netmask': netmask(network),
        'network': network['id'],
        'state': 'running',
    }
    return {**nic, 'gateway': network['gateway']} if network.get('gateway') else nic


def _defaults(call: Call, package: Doc) -> list[Choice]:
    """Return the package's networks, else the first external and the first internal one."""
    networks = visible_networks(call)
    if package.get('networks'):
        return [(network, None) for network in networks if network['id'] in package['networks']]
    wanted = call.params.get('default_networks', ['external', 'internal'])
    found: list[Doc] = []
    for kind, public in (('external', True), ('internal', False)):
        if kind in wanted:
            found += [net for net in networks if bool(net.get('public')) is public][:1]
    return [(network, None) for network in found]


def _entry(call: Call, index: int, entry: Any) -> tuple[str, str | None]:
    """Return the id of a network and the address wished for, of one entry of `networks`."""
    if isinstance(entry, str):
        return entry, None
    if not versions.reaches(call.asked, '7.3.0'):
        raise invalid('Invalid Networks')
    if not is_object(entry) and not is_array(entry):
        raise invalid(f'property "networks[{index}]": array of strings or objects expected')
    return read_object(call, entry if is_object(entry) else {})


def read_object(call: Call, given: dict[str, Any]) -> tuple[str, str | None]:
    """Return the network and the address that an object tells of."""
    ref, count, ips = (given.get(name) for name in ('ipv4_uuid', 'ipv4_count', 'ipv4_ips'))
    if not ref:
        raise missing('network objects must contain ipv4_uuid')
    if not isinstance(ref, str):
        raise invalid('ipv4_uuid must be a string')
    if not is_uuid(ref):
        raise invalid(f'ipv4_uuid: {ref} is not a uuid')
    if 'ipv4_count' in given and 'ipv4_ips' in given:
        raise invalid('ipv4_count and ipv4_ips cannot be specified together')
    if 'ipv4_count' in given:
        if isinstance(count, bool) or not isinstance(count, int | float):
            raise invalid('ipv4_count must be a number')
        if count != 1:
            raise invalid('ipv4_count can only be set to 1')
    return ref, _wished(call, ref, ips) if 'ipv4_ips' in given else None


def _wished(call: Call, ref: str, ips: Any) -> str:
    """Return the address that is wished for, on a network that lets one choose."""
    if not is_array(ips):
        raise invalid('ipv4_ips must be an array with a single IP')
    if len(ips) != 1:
        text = f'network with ipv4_uuid {ref} should contain a single IP array'
        raise invalid(f'ipv4_ips: {text}')
    if not isinstance(ips[0], str):
        raise invalid('ipv4_ips[0]: string expected')
    network = find_network(call, ref)
    if network is None:
        raise not_found(f'ipv4_uuid: network {ref} not found')
    if 'networks' in network:
        raise invalid(f'ipv4_uuid: {ref} cannot specify IP on a network pool')
    if network.get('public'):
        raise invalid(f'ipv4_uuid: {ref} cannot specify IP on a public network')
    return ips[0]


def _check_public(image: Doc, choices: list[Choice]) -> None:
    """Refuse more public networks than a machine may have."""
    wanted = image.get('requirements', {}).get('networks', [])
    most = len([net for net in wanted if net.get('description') == 'public']) if wanted else 1
    if len([network for network, _ in choices if network.get('public')]) > most:
        raise invalid(f'Can specify a maximum of {most} public networks')


def check_wish(call: Call, network: Doc, ip: str) -> None:
    """Refuse an address that is the network's own, of another subnet, or somebody else's."""
    if ip in managed(network):
        raise invalid(f'cannot use {ip} because it is a managed IP')
    if not is_inside(network, ip):
        raise not_found(f'cannot validate {ip}: IP is not in subnet {network["subnet"]}')
    if holder(call.store, call.home, network, ip) is not None:
        used = fault('ip', 'UsedBy', 'IP in use')
        raise Refusal(422, 'InvalidParameters', 'Invalid parameters', errors=[used])
