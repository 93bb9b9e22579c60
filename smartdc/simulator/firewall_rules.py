"""Firewall rules as FWAPI takes and gives them: a record is checked, its rule made canonical.

The canonical text has every target once and in order, keywords in capitals, and tags in quotes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from smartdc.simulator import firewall_grammar as grammar
from smartdc.simulator.firewall_grammar import Port, Tag, joined, units
from smartdc.simulator.firewall_values import GrammarFault, Range, is_ipv4, is_ipv6, is_uuid
from smartdc.simulator.javascript import length
from smartdc.simulator.javascript_sort import sort
from smartdc.simulator.shapes import is_array
from smartdc.simulator.wire import Refusal

#: How many targets a side may have, and how many ports or types a protocol.
MOST = 24

_LONGEST = 255

_PLURALS = ('wildcards', 'ips', 'subnets', 'tags', 'vms')
# JavaScript keeps names in plain objects, where this one vanishes.
_LOST = '__proto__'

_ESCAPED = {
    **{char: f'\\{char}' for char in '"()\\'},
    **{chr(code): f'\\u{code:04X}' for code in (*range(0x20), 0x7F, 0x85, 0xA0, 0x1680, 0x180E)},
    **{chr(code): f'\\u{code:04X}' for code in (*range(0x2000, 0x200E), 0x2028, 0x2029, 0x202F)},
    **{chr(code): f'\\u{code:04X}' for code in (0x205F, 0x2060, 0x3000, 0xFEFF)},
}
_NAMED = {'\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r'}
_TO_ESCAPED = str.maketrans({**_ESCAPED, **_NAMED})


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a record, and the field that it is in.

    `name` is that of the server's error; a TypeError has no field.
    """

    field: str | None
    message: str
    name: str = 'VError'

    def shown(self) -> dict[str, str]:
        """Return the fault as an answer lists it."""
        found = {} if self.field is None else {'field': self.field}
        return {**found, 'code': 'InvalidParameter', 'message': self.message}


class RuleFault(Exception):
    """A record is refused, for one reason or for several."""

    def __init__(self, *faults: Fault) -> None:
        first = faults[0].message
        super().__init__(first if len(faults) == 1 else f'first of {len(faults)} errors: {first}')
        self.faults = faults

    def refusal(self) -> Refusal:
        """Return FWAPI's answer to the record, were it a new rule or a changed one."""
        if len(self.faults) == 1 and self.faults[0].field is None:
            return Refusal(500, None, self.faults[0].message)
        errors = [fault.shown() for fault in self.faults]
        return Refusal(422, 'InvalidParameters', 'Invalid parameters', errors=errors)


@dataclass(frozen=True)
class Side:
    """The targets of one side, each sort in order; wildcards are `any` and `vmall`."""

    wildcards: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()
    vms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A rule: its canonical text, what it means, and the rest of its record.

    `ports` are numbers, `all` or ranges, for tcp and udp; `types` such as `8` and `3:1`, for icmp
    and icmp6; otherwise None. `tags` are those of both sides together. `enabled` and `log` are as
    they were given.
    """

    text: str
    action: str
    protocol: str
    priority: int
    ports: tuple[Port, ...] | None
    types: tuple[str, ...] | None
    source: Side
    target: Side
    tags: tuple[Tag, ...]
    enabled: Any = False
    log: Any = False
    description: str | None = None
    created_by: str | None = None
    owner_uuid: str | None = None

    @property
    def all_vms(self) -> bool:
        """Whether one side is all of the owner's machines."""
        return any('vmall' in side.wildcards for side in (self.source, self.target))

    @property
    def is_global(self) -> bool:
        """Whether the rule has no owner and so is for everybody's machines."""
        return self.owner_uuid is None


def canonical(text: str) -> str:
    """Return the canonical text of a rule; raise RuleFault if it is none."""
    return _read(text, {}).text


def read_new(record: Mapping[str, Any]) -> Rule:
    """Return what a new rule's record says; raise Refusal as FWAPI refuses one."""
    if _is_missing(record.get('rule')):
        raise Refusal(409, 'MissingParameter', '"rule" parameter required')
    try:
        return read(record)
    except RuleFault as fault:
        raise fault.refusal() from None


def read(record: Mapping[str, Any]) -> Rule:
    """Return what a whole record says; raise RuleFault with all that is wrong with it.

    A record has `rule` and, if known, `owner_uuid`, `enabled`, `log`, `description`,
    `created_by`, `global` and `uuid`. One without owner must say that it is global.
    """
    faults = [*_field_faults(record)]
    try:
        statement = _statement(record.get('rule'))
    except RuleFault as fault:
        raise RuleFault(*fault.faults, *faults) from None
    if faults:
        raise RuleFault(*faults)
    owner = record.get('owner_uuid')
    fields = {name: record[name] for name in ('enabled', 'log', *_STRINGS) if name in record}
    return _made(statement, {**fields, 'owner_uuid': None if owner is None else _as_text(owner)})


def _read(text: Any, fields: Mapping[str, Any]) -> Rule:
    return _made(_statement(text), fields)


# what a record holds


_STRINGS = ('created_by', 'description')


def _is_missing(value: Any) -> bool:
    """Tell whether a JSON value is false in JavaScript."""
    return value is None or (isinstance(value, str | int | float) and not value)


def _as_text(value: Any) -> str:
    """Return a JSON value as JavaScript makes a text of it, as far as that can be a UUID."""
    if is_array(value):
        return ','.join(_as_text(item) for item in value)
    return value if isinstance(value, str) else ''


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool) or value in ('true', 'false')


def _field_faults(record: Mapping[str, Any]) -> Iterable[Fault]:
    """Yield what is wrong with everything but the rule, in the server's order."""
    for name, called in (('uuid', 'rule'), ('owner_uuid', 'owner')):
        if name in record and not is_uuid(_as_text(record[name])):
            yield Fault(name, f'Invalid {called} UUID')
    for name in ('enabled', 'log'):
        if name in record and not _is_boolean(record[name]):
            yield Fault(name, f'{name} must be true or false')
    for name in _STRINGS:
        if name in record and (wrong := _string_fault(record[name])) is not None:
            yield Fault(name, f'{name} {wrong}')
    if 'global' in record:
        if not _is_boolean(record['global']):
            yield Fault('global', 'global must be true or false')
        if 'owner_uuid' in record and not _is_missing(record['global']):
            yield Fault('global', 'cannot specify both global and owner_uuid')
    elif 'owner_uuid' not in record:
        yield Fault('owner_uuid', 'owner_uuid required')


def _string_fault(value: Any) -> str | None:
    if not isinstance(value, str):
        return 'must be a string'
    return f'must be shorter than {_LONGEST} characters' if length(value) > _LONGEST else None


def _statement(text: Any) -> grammar.Statement:
    """Return what a rule says; raise RuleFault."""
    if _is_missing(text):
        raise RuleFault(Fault('rule', 'No rule specified'))
    if not isinstance(text, str):
        raise RuleFault(Fault(None, 'this._input.match is not a function', 'TypeError'))
    try:
        return grammar.parse(text)
    except GrammarFault as fault:
        raise RuleFault(Fault('rule', str(fault))) from None


# what a statement means


def _made(statement: grammar.Statement, fields: Mapping[str, Any]) -> Rule:
    """Return the rule that a statement makes; raise RuleFault for what makes no sense."""
    protocol = statement.protocol
    is_icmp = protocol in ('icmp', 'icmp6')
    if len(statement.targets) > MOST:
        raise _fault(f'maximum of {MOST} {"types" if is_icmp else "ports"} allowed')
    if any(len(targets) > MOST for targets in statement.sides.values()):
        raise _fault(f'maximum of {MOST} targets allowed per side')
    source, target = (_side(statement.sides[name]) for name in ('from', 'to'))
    both = _side([*statement.sides['from'], *statement.sides['to']])
    _check_sense(protocol, both)
    types = tuple(sort(map(str, statement.targets), _type_order)) if is_icmp else None
    is_ported = protocol in ('tcp', 'udp')
    ports = tuple(sort(statement.targets, _port_order)) if is_ported else None
    texts = [
        f'FROM {_side_text(source)} TO {_side_text(target)}',
        f'{statement.action.upper()} {protocol}{_targets_text(ports, types)}',
        *([f'PRIORITY {statement.priority}'] if statement.priority else []),
    ]
    return Rule(
        text=joined(' '.join(texts)),
        action=statement.action,
        protocol=protocol,
        priority=statement.priority,
        ports=ports,
        types=types,
        source=_shown(source),
        target=_shown(target),
        tags=_shown(both).tags,
        **fields,
    )


def _fault(message: str) -> RuleFault:
    return RuleFault(Fault('rule', message))


def _check_sense(protocol: str, both: Side) -> None:
    """Refuse a rule that mixes IPv4 and IPv6, and one without machines."""
    if protocol in ('icmp', 'icmp6'):
        version, is_right = ('v4', is_ipv4) if protocol == 'icmp' else ('v6', is_ipv6)
        for texts, called in ((both.ips, 'address'), (both.subnets, 'subnet')):
            if not all(is_right(text.partition('/')[0]) for text in texts):
                text = f'rule affects ICMP{version} but contains a non-IP{version} {called}'
                raise _fault(text)
    if not ('vmall' in both.wildcards or both.tags or both.vms):
        raise _fault('rule does not affect VMs')


def _side(targets: Iterable[tuple[str, Tag]]) -> Side:
    """Return targets sorted, each of them once."""
    found: dict[str, set[Any]] = {plural: set() for plural in _PLURALS}
    for kind, value in targets:
        found[f'{kind}s'].add(value)
    tags = _tags(found.pop('tags'))
    return Side(tags=tags, **{plural: tuple(sorted(values)) for plural, values in found.items()})


def _tags(tags: set[Tag]) -> tuple[Tag, ...]:
    """Return tags in order; a tag with any value makes its own values superfluous."""
    values: dict[str, set[str] | None] = {}
    for tag in tags:
        if isinstance(tag, str):
            values[tag] = None
            continue
        name, value = tag
        known = values.setdefault(name, set())
        if known is not None and value != _LOST:
            known.add(value)
    found: list[Tag] = []
    for name in sorted(values.keys() - {_LOST}):
        known = values[name]
        found.extend([name] if known is None else [(name, value) for value in sorted(known)])
    return tuple(found)


def _shown(side: Side) -> Side:
    """Return the side with its tags as whole characters again."""
    tags = [
        joined(tag) if isinstance(tag, str) else (joined(tag[0]), joined(tag[1]))
        for tag in side.tags
    ]
    return Side(side.wildcards, side.ips, side.subnets, tuple(tags), side.vms)


# texts


def _side_text(side: Side) -> str:
    texts = [
        *('all vms' if name == 'vmall' else name for name in side.wildcards),
        *(f'ip {address}' for address in side.ips),
        *(f'subnet {subnet}' for subnet in side.subnets),
        *(f'tag {_tag_text(tag)}' for tag in side.tags),
        *(f'vm {vm}' for vm in side.vms),
    ]
    return _grouped(texts, ' OR ')


def _tag_text(tag: Tag) -> str:
    parts = (tag,) if isinstance(tag, str) else tag
    return ' = '.join(f'"{units(part).translate(_TO_ESCAPED)}"' for part in parts)


def _targets_text(ports: Iterable[Port] | None, types: Iterable[str] | None) -> str:
    """Return ports or types with their keyword, and with a blank before it."""
    if types is not None:
        return ' ' + _grouped([f'TYPE {name.replace(":", " CODE ")}' for name in types], ' AND ')
    if ports is None:
        return ''
    found = list(ports)
    if any(isinstance(port, Range) for port in found):
        return ' PORTS ' + ', '.join(
            f'{port.start} - {port.end}' if isinstance(port, Range) else str(port) for port in found
        )
    return ' ' + _grouped([f'PORT {port}' for port in found], ' AND ')


def _grouped(texts: list[str], joint: str) -> str:
    text = joint.join(texts)
    return f'({text})' if len(texts) > 1 else text


# order


def _port_order(first: Port, second: Port) -> float:
    """Compare ports by where they start."""
    starts = [port.start if isinstance(port, Range) else port for port in (first, second)]
    return math.nan if 'all' in starts else int(starts[0]) - int(starts[1])


def _type_order(first: str, second: str) -> float:
    """Compare types; to the server one without a code is on a par with any that has one."""
    if first == 'all':
        return math.nan
    number, _, code = first.partition(':')
    other, _, other_code = second.partition(':')
    if not code:
        return (int(number) - int(other)) * 256
    if not other_code:
        return math.nan
    return (int(number) - int(other)) * 256 + int(code) - int(other_code)
