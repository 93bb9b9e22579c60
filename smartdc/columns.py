"""What a table shows of each kind of thing: the columns that the triton command shows."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from smartdc import seen
from smartdc.shapes import is_object
from smartdc.showing import printable
from smartdc.times import timestamp

_KIB = 1024

#: Seconds in what an age is told in, the longest first.
_SPANS = {'y': 31536000, 'w': 604800, 'd': 86400, 'h': 3600, 'm': 60, 's': 1}


@dataclass(frozen=True, slots=True)
class Row:
    """A thing in a list, and when it was listed, in seconds since 1970."""

    thing: Any
    at: float

    def get(self, name: str) -> Any:
        """Return a field of the thing's data, None if it has none of that name."""
        data = getattr(self.thing, 'data', self.thing)
        return data.get(name) if is_object(data) else None


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, what stands below it, and whether that is a number."""

    heading: str
    value: Callable[[Row], Any]
    is_number: bool = False

    def text(self, row: Row) -> str:
        """Return what a row has in this column; `-` for nothing, or for what makes no sense."""
        try:
            value = self.value(row)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            value = None
        if isinstance(value, bool):
            return 'true' if value else 'false'
        return '-' if value is None else printable(value)


def _field(name: str, heading: str = '') -> Column:
    return Column(heading or name.upper(), lambda row: row.get(name))


def _size(name: str) -> Column:
    """Return the column of a size that is told in MiB."""
    return Column(name.upper(), lambda row: _human(row.get(name)), is_number=True)


def _human(mib: Any) -> str:
    """Return a size in the largest unit that it has one of, with one digit after the point."""
    size, units = float(mib), 'MGTP'
    while size >= _KIB and len(units) > 1:
        size, units = size / _KIB, units[1:]
    return f'{int(size * 10) / 10:g}{units[0]}'


def _short(identifier: Any) -> str | None:
    return str(identifier).partition('-')[0] if identifier else None


def _address(row: Row) -> str:
    """Return a NIC's address with the length of its network's prefix."""
    length = ipaddress.ip_network(f'0.0.0.0/{row.get("netmask")}').prefixlen
    return f'{row.get("ip")}/{length}'


def _age(row: Row) -> str:
    seconds = max(0, round(row.at - timestamp(row.get('created'))))
    span = next((span for span in _SPANS if seconds >= _SPANS[span]), 's')
    return f'{seconds // _SPANS[span]}{span}'


def _date(name: str) -> Callable[[Row], Any]:
    return lambda row: str(row.get(name))[:10] if row.get(name) else None


def _image_of(row: Row) -> Any:
    """Return a machine's image as `name@version` where that was seen, else its short id."""
    image = row.get('image')
    center = getattr(row.thing, 'datacenter', None)
    name = seen.name_of(center, 'images', image) if center is not None else None
    return name or _short(image)


def _machine_flags(row: Row) -> str | None:
    flags = (
        ('B', row.get('brand') == 'bhyve'),
        ('D', row.get('docker')),
        ('F', row.get('firewall_enabled')),
        ('K', row.get('brand') == 'kvm'),
        ('P', row.get('deletion_protection')),
    )
    return ''.join(letter for letter, holds in flags if holds) or None


def _image_flags(row: Row) -> str | None:
    flags = (
        ('I', row.get('origin')),
        ('P', row.get('public')),
        ('X', row.get('state') not in (None, 'active')),
    )
    return ''.join(letter for letter, holds in flags if holds) or None


def _members(row: Row) -> str:
    """Return the members of a role; a star marks those who have to ask to act in it."""
    return ', '.join(sorted(_member(member) for member in row.get('members')))


def _member(member: Any) -> str:
    if isinstance(member, str):
        return member
    return f'{member.get("login") or member.get("id")}{"" if member.get("default") else "*"}'


def _policies(row: Row) -> str:
    given = row.get('policies')
    return ', '.join(each if isinstance(each, str) else str(each['name']) for each in given)


def _person(row: Row) -> str | None:
    names = [str(row.get(part)) for part in ('firstName', 'lastName') if row.get(part)]
    return ' '.join(names) or None


_ID = Column('SHORTID', lambda row: _short(row.get('id')))
_NAME = _field('name')
_STATE = _field('state')
_AGE = Column('AGE', _age)
_CREATED = _field('created')

#: The columns of each kind.
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    'access keys': (
        _field('accesskeyid', 'ID'),
        _field('status'),
        _CREATED,
        _field('description'),
    ),
    'actions': (_field('time'), _field('action'), _field('success')),
    'addresses': (
        _field('ip'),
        *map(_field, ('managed', 'reserved', 'owner_uuid', 'belongs_to_uuid')),
    ),
    'disks': (_ID, _size('size'), _field('pci_slot')),
    'firewall rules': (_ID, *map(_field, ('enabled', 'global', 'log', 'rule'))),
    'images': (
        _ID,
        _NAME,
        _field('version'),
        Column('FLAGS', _image_flags),
        _field('os'),
        _field('type'),
        Column('PUBDATE', _date('published_at')),
    ),
    'keys': (_field('fingerprint'), _NAME),
    'limits': (
        _field('by', 'TYPE'),
        Column('USED', lambda row: row.get('used'), is_number=True),
        Column('LIMIT', lambda row: row.get('value'), is_number=True),
    ),
    'machines': (
        _ID,
        _NAME,
        Column('IMG', _image_of),
        _STATE,
        Column('FLAGS', _machine_flags),
        _AGE,
    ),
    'migrations': (
        _field('machine'),
        _field('phase'),
        _STATE,
        _field('created_timestamp', 'CREATED'),
    ),
    'networks': (
        _ID,
        _NAME,
        *map(_field, ('subnet', 'gateway', 'fabric')),
        _field('vlan_id', 'VLAN'),
        _field('public'),
    ),
    'NICs': (
        Column('IP', _address),
        _field('mac'),
        _STATE,
        Column('NETWORK', lambda row: _short(row.get('network'))),
    ),
    'packages': (
        _ID,
        _NAME,
        *map(_size, ('memory', 'swap', 'disk')),
        Column('VCPUS', lambda row: row.get('vcpus') or None, is_number=True),
    ),
    'policies': (
        _NAME,
        _field('description'),
        Column('NRULES', lambda row: len(row.get('rules')), is_number=True),
    ),
    'roles': (_NAME, Column('POLICIES', _policies), Column('MEMBERS', _members)),
    'snapshots': (_NAME, _STATE, _CREATED),
    'users': (
        _field('login'),
        _field('email'),
        Column('NAME', _person),
        Column('CDATE', _date('created')),
    ),
    'VLANs': (_field('vlan_id'), _NAME, _field('description')),
    'volume sizes': (_field('type'), _size('size')),
    'volumes': (_ID, _NAME, _size('size'), _field('type'), _STATE, _AGE),
}
