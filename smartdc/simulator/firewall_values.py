"""The values in a firewall rule: numbers, ranges, addresses and ids, and their faults."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

_OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
_IPV4 = re.compile(rf'(?:{_OCTET}\.){{3}}{_OCTET}')
_UUID = re.compile('[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
_HEX = re.compile('[0-9a-f]+')
_LONGEST_ADDRESS = 40


class GrammarFault(Exception):
    """A text is no rule; the message is the server's."""


class Range(NamedTuple):
    """Ports from start to end, both included."""

    start: int
    end: int


def number(name: str, text: str, least: int, most: int) -> int:
    """Return a number within limits; `name` is what the fault calls it."""
    digits = text.lstrip('0') or '0'
    plain = digits.isascii() and digits.isdigit() and len(digits) < 6
    if not plain or not least <= int(digits) <= most:
        raise GrammarFault(f'{name} "{text}" is invalid')
    return int(digits)


def port(text: str) -> int:
    """Return a port's number."""
    return number('Port number', text, 1, 65535)


def port_or_range(text: str) -> int | Range:
    """Return what a word in a list of ports says: a dash may be within it."""
    parts = text.split('-')
    if len(parts) > 2:
        raise GrammarFault(f'"{text}" is not a valid port number or range')
    return port(text) if len(parts) == 1 else port_range(*parts)


def port_range(start: str, end: str) -> Range:
    """Return a range of ports."""
    found = Range(port(start), port(end))
    if found.end < found.start:
        text = f'The end of the range ({end}) cannot be less than the start ({start})'
        raise GrammarFault(text)
    return found


def is_ipv4(text: str) -> bool:
    """Tell whether Node.js takes the text for an IPv4 address."""
    return _IPV4.fullmatch(text) is not None


def is_ipv6(text: str) -> bool:
    """Tell whether Node.js takes the text for an IPv6 address."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def is_uuid(text: str) -> bool:
    """Tell whether the text is a UUID in lower case."""
    return _UUID.fullmatch(text) is not None


def _check_address(text: str) -> None:
    if ':' in text:
        if not is_ipv6(text):
            raise GrammarFault(f'IPv6 address "{text}" is invalid')
    elif not is_ipv4(text) or text in ('0.0.0.0', '255.255.255.255'):  # noqa: S104
        raise GrammarFault(f'IPv4 address "{text}" is invalid')


def _check_subnet(text: str) -> None:
    """Refuse what is no subnet; the library that reads it is laxer than Node.js."""
    address, _, length = text.partition('/')
    width = 128 if ':' in address else 32
    value = _ipv6_number(address) if width == 128 else _ipv4_number(address)
    fault = None
    if value is None:
        fault = 'bad address component'
    elif int(length) > width:
        fault = 'bad prefix length'
    elif value & (1 << width - int(length)) - 1:
        fault = 'bits set to right of mask'
    if fault is not None:
        raise GrammarFault(f'Subnet "{text}" is invalid ({fault})')


def _check_vm(text: str) -> None:
    if not is_uuid(text):
        raise GrammarFault(f'UUID "{text}" is invalid')


#: What refuses the value of a target, by the target's keyword.
CHECKS = {'IP': _check_address, 'SUBNET': _check_subnet, 'VM': _check_vm}


def _ipv4_number(text: str) -> int | None:
    """Return the number of an IPv4 address, in which zeros may lead."""
    parts = [int(part) for part in text.split('.')]
    return int.from_bytes(bytes(parts)) if max(parts) < 256 else None


def _ipv6_number(text: str) -> int | None:
    """Return the number of an IPv6 address, in which zeros may lead and `::` may be nothing."""
    head, gap, tail = text.partition('::')
    first, last = (part.split(':') if part else [] for part in (head, tail))
    missing = 8 - len(first) - len(last)
    if len(text) > _LONGEST_ADDRESS or missing < 0 or (missing and not gap):
        return None
    fields = [*first, *['0'] * missing, *last]
    if not all(map(_HEX.fullmatch, fields)):
        return None
    numbers = [int(field, 16) for field in fields]
    if max(numbers) > 0xFFFF:
        return None
    return sum(number << 16 * (7 - place) for place, number in enumerate(numbers))
