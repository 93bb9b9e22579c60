"""What a VLAN or a fabric network may be: CloudAPI's checks of each property, then NAPI's.

CloudAPI refuses by the first property that has the wrong type; NAPI, behind it, looks at what the
properties mean, and names all that it doesn't like.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from smartdc.simulator.calls import Call, invalid
from smartdc.simulator.javascript import length, number, type_name
from smartdc.simulator.store import Doc

#: How many characters a name or a description has at most.
LONGEST = 64
MOST_RESOLVERS = 4

_UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
_NAME = r'^[a-zA-Z][a-zA-Z0-9_\./-]{1,255}$'
_SMALLEST, _LARGEST = 2, 4095
_BITS = [str(bits) for bits in range(8, 33)]
_BOOLEANS = {True: True, False: False, 'true': True, 'false': False}
# Neither is a property: who asks, and in which role.
_IGNORED = ('account', 'as-role')

#: What is wrong with a value, None if nothing is.
Check = Callable[[Any], str | None]


def _typed(kind: str) -> Check:
    def check(value: Any) -> str | None:
        found = _kind(value)
        return None if found == kind else _mismatch(found, kind)

    return check


def _mismatch(found: str, kind: str) -> str:
    return f'{"object" if found == "array" else found} value found, but a {kind} is required'


def _kind(value: Any) -> str:
    """Return what JavaScript calls the type of a JSON value; a list is told apart."""
    return 'array' if isinstance(value, list) else type_name(value)


def _matched(pattern: str) -> Check:
    compiled = re.compile(pattern.replace('$', r'\Z'))

    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return _mismatch(_kind(value), 'string')
        found = compiled.match(value)
        # The validator writes its own messages in lower case, and so the pattern.
        return None if found else f'does not match the regex pattern {pattern.lower()}'

    return check


def _vlan_id(value: Any) -> str | None:
    is_text = isinstance(value, str)
    if isinstance(value, dict | list | None) or not (number(value) % 1 == 0 if is_text else True):
        return _mismatch(_kind(value), 'integer')
    if is_text:
        return None
    if value % 1 != 0:
        return _mismatch('number', 'integer')
    if value < _SMALLEST:
        return f'must have a minimum value of {_SMALLEST}'
    return f'must have a maximum value of {_LARGEST}' if value > _LARGEST else None


def _address(value: Any) -> str | None:
    if not isinstance(value, str):
        return _mismatch(_kind(value), 'string')
    return None if _is_address(value) else 'must be an IPv4 address'


def _any(_: Any) -> str | None:
    return None


_VLAN: dict[str, Check] = {
    'vlan_id': _vlan_id,
    'name': _typed('string'),
    'description': _typed('string'),
}
_NETWORK: dict[str, Check] = {
    'name': _matched(_NAME),
    'description': _typed('string'),
    'subnet': _typed('string'),
    'internet_nat': _any,
    'provision_start_ip': _address,
    'provision_end_ip': _address,
    'gateway': _address,
    'resolvers': _typed('array'),
    'routes': _typed('object'),
    'vlan_id': _vlan_id,
}
_NETWORK_UPDATE: dict[str, Check] = {
    'id': _matched(_UUID),
    **{name: _NETWORK[name] for name in ('name', 'routes', 'description', 'resolvers')},
    **{name: _NETWORK[name] for name in ('provision_start_ip', 'provision_end_ip', 'vlan_id')},
}
_ONE_VLAN: dict[str, Check] = {'vlan_id': _vlan_id}
_ONE_NETWORK: dict[str, Check] = {'vlan_id': _vlan_id, 'id': _matched(_UUID)}

#: What each operation takes, and what it can't do without.
_SCHEMAS: dict[str, tuple[dict[str, Check], tuple[str, ...]]] = {
    'CreateFabricVLAN': (_VLAN, ('vlan_id', 'name')),
    'UpdateFabricVLAN': (_VLAN, ('vlan_id',)),
    'CreateFabricNetwork': (
        _NETWORK,
        ('name', 'subnet', 'provision_start_ip', 'provision_end_ip', 'vlan_id'),
    ),
    'UpdateFabricNetwork': (_NETWORK_UPDATE, ('id', 'vlan_id')),
    **dict.fromkeys(
        ('GetFabricVLAN', 'HeadFabricVLAN', 'DeleteFabricVLAN'), (_ONE_VLAN, ('vlan_id',))
    ),
    **dict.fromkeys(('ListFabricNetworks', 'HeadFabricNetworks'), (_ONE_VLAN, ('vlan_id',))),
    **dict.fromkeys(
        ('GetFabricNetwork', 'HeadFabricNetwork', 'DeleteFabricNetwork'),
        (_ONE_NETWORK, ('vlan_id', 'id')),
    ),
}


def given(call: Call) -> Doc:
    """Return the properties that a request gives, each of the right type, or refuse them."""
    checks, needed = _SCHEMAS[call.route.name]
    params = {name: value for name, value in call.params.items() if name not in _IGNORED}
    for name, check in checks.items():
        if name not in params:
            if name in needed:
                raise invalid(f'property "{name}": is missing and it is required')
            continue
        text = check(params[name])
        if text is not None:
            raise invalid(f'property "{name}": {text}')
        if name == 'resolvers':
            _check_resolvers(params[name])
    for name in params:
        if name not in checks:
            raise invalid(f'property "{name.lower()}": unsupported property')
    if len(params.get('resolvers', ())) > MOST_RESOLVERS:
        raise invalid(f'property "resolvers": maximum of {MOST_RESOLVERS} resolvers')
    if params.get('routes', {}) is None:
        # To JavaScript null is an object too, one without routes.
        params['routes'] = {}
    return {**params, 'vlan_id': int(number(str(params['vlan_id'])))}


def _check_resolvers(resolvers: list[Any]) -> None:
    for index, address in enumerate(resolvers):
        text = _address(address)
        if text is not None:
            raise invalid(f'property "resolvers[{index}]": {text}')


def check_texts(properties: Mapping[str, Any]) -> None:
    """Refuse names and descriptions that are empty or too long."""
    _refuse(dict(_text_faults(properties)))


def check_network(network: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    """Refuse a network as it would be, with its `changed` properties."""
    faults = {
        **dict(_text_faults(changed)),
        **dict(_subnet_faults(network)),
        **dict(_route_faults(changed)),
    }
    if changed.get('internet_nat', True) not in (True, False, 'true', 'false'):
        faults['internet_nat'] = 'must be a boolean value'
    _refuse(faults)
    _refuse(dict(_range_faults(network)))


def as_boolean(value: Any) -> bool:
    """Return a boolean that was written as JSON or as a text."""
    return _BOOLEANS[value]


def _refuse(faults: Mapping[str, str]) -> None:
    if faults:
        texts = [f'property "{name}": {faults[name]}' for name in sorted(faults)]
        raise invalid(', '.join(texts))


def _text_faults(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ('name', 'description'):
        value = properties.get(name)
        if value is None:
            continue
        if length(value) > LONGEST:
            yield name, f'must not be longer than {LONGEST} characters'
        elif not value.strip():
            yield name, 'must not be empty'


def _subnet_faults(network: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    address, slash, bits = network['subnet'].partition('/')
    if not slash or '/' in bits:
        yield 'subnet', 'Subnet must be in CIDR form'
    elif not _is_address(address):
        yield 'subnet', 'Subnet IP invalid'
    elif bits not in _BITS:
        yield 'subnet', 'Subnet bits invalid'


def _route_faults(changed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    routes: Doc = changed.get('routes') or {}
    wrong = [
        target
        for target, gateway in routes.items()
        if not (_is_target(target) and isinstance(gateway, str) and _is_address(gateway))
    ]
    if wrong:
        yield 'routes', 'invalid route' if len(wrong) == 1 else 'invalid routes'


def _range_faults(network: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what lies outside of the subnet, or in the wrong order."""
    subnet = ipaddress.IPv4Network(network['subnet'], strict=False)
    ends = ('provision_start_ip', 'provision_end_ip')
    start, end = (ipaddress.IPv4Address(network[name]) for name in ends)
    for name, address in zip(ends, (start, end), strict=True):
        if address not in subnet:
            yield name, f'{name} cannot be outside subnet'
        elif address == subnet.broadcast_address:
            yield name, f'{name} cannot be the broadcast address'
        elif end <= start:
            yield name, 'provision_start_ip must be before provision_end_ip'
    gateway = network.get('gateway')
    if gateway is not None and ipaddress.IPv4Address(gateway) not in subnet:
        yield 'gateway', 'gateway cannot be outside subnet'


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_target(text: str) -> bool:
    """Tell whether a text is an address or a subnet, to which a route may lead."""
    try:
        ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        return False
    return True
