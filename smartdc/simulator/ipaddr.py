"""IP addresses and prefixes as ipaddr.js 0.1.1 reads and compares them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

from smartdc.simulator.javascript import number

_OCTET = '(0?[0-9]+|0x[a-f0-9]+)'
_QUAD = rf'{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}'
_PARTS = '(?:[0-9a-f]+::?)+'
_V4 = re.compile(_QUAD, re.IGNORECASE)
_LONG = re.compile(_OCTET, re.IGNORECASE)
_V6 = re.compile(f'(?:::)?(?:{_PARTS})?(?:[0-9a-f]+)?(?:::)?', re.IGNORECASE)
_MIXED = re.compile(f'({_PARTS}|::(?:{_PARTS})?){_QUAD}', re.IGNORECASE)
_MAPPED = (0, 0, 0, 0, 0, 0xFFFF)


class AddressFault(ValueError):
    """The text is no address; the message is the one of the library."""

    def __init__(self, reason: str) -> None:
        super().__init__(f'ipaddr: {reason}')


class Address(NamedTuple):
    """An address: four octets, or eight numbers of two octets."""

    parts: tuple[int, ...]

    @property
    def bits(self) -> int:
        """How many bits the address has."""
        return 32 if len(self.parts) == 4 else 128

    def like(self, other: Address) -> Address | None:
        """Return the address in the family of the other one, None if it is not in it."""
        if len(self.parts) == len(other.parts):
            return self
        if len(self.parts) == 4:
            one, two, three, four = self.parts
            return Address((*_MAPPED, one << 8 | two, three << 8 | four))
        if self.parts[:6] != _MAPPED:
            return None
        high, low = self.parts[6:]
        return Address((high >> 8, high & 0xFF, low >> 8, low & 0xFF))

    def within(self, other: Address, bits: float) -> bool:
        """Tell whether the first `bits` of two addresses of one family are the same.

        Not a number is no bits at all.
        """
        width = self.bits // len(self.parts)
        for mine, its in zip(self.parts, other.parts, strict=True):
            if not bits > 0:
                break
            shift = int(max(width - bits, 0))
            if mine >> shift != its >> shift:
                return False
            bits -= width
        return True


@dataclass(frozen=True)
class Prefix:
    """An address with how many of its bits count, NaN for a length that is no number."""

    address: Address
    bits: float

    @classmethod
    def parse(cls, text: str) -> Prefix:
        """Return the prefix that a text stands for; without a length, all bits count."""
        first, *rest = text.split('/')
        address = parse(first)
        return cls(address, number(rest[0]) if rest and rest[0] else address.bits)

    def holds(self, address: Address) -> bool:
        """Tell whether an address lies in the prefix; addresses of IPv4 may be mapped ones."""
        found = address.like(self.address)
        return found is not None and found.within(self.address, self.bits)


def parse(text: str) -> Address:
    """Return the address that a text stands for.

    Raises:
        AddressFault: it stands for none.
    """
    parts = _v6(text)
    if parts is not None:
        if len(parts) != 8:
            raise AddressFault('ipv6 part count should be 8')
        if not all(0 <= part <= 0xFFFF for part in parts):
            raise AddressFault('ipv6 part should fit to two octets')
        return Address(tuple(int(part) for part in parts))
    octets = _v4(text)
    if octets is None:
        raise AddressFault('the address has neither IPv6 nor IPv4 format')
    if not all(0 <= octet <= 255 for octet in octets):
        raise AddressFault('ipv4 octet is a byte')
    return Address(tuple(octets))


def _integer(text: str) -> int:
    """Return a decimal or hexadecimal number; what is too large for a float is cut."""
    found = int(text[:300], 16 if text[:2] in ('0x', '0X') else 10)
    return int(float(found))


def _signed(value: int) -> int:
    """Return what is left of a number in 32 bits with a sign."""
    return (value + 2**31) % 2**32 - 2**31


def _v4(text: str) -> list[int] | None:
    found = _V4.fullmatch(text)
    if found is not None:
        return [_integer(octet) for octet in found.groups()]
    if _LONG.fullmatch(text):
        value = _signed(_integer(text))
        return [value >> shift & 0xFF for shift in (24, 16, 8, 0)]
    return None


def _v6(text: str) -> list[float] | None:
    """Return the parts of an IPv6 address, as many as there are; None if it looks like none."""
    if _V6.fullmatch(text):
        return _expanded(text, 8)
    found = _MIXED.fullmatch(text)
    parts = None if found is None else _expanded(found[1][:-1], 6)
    if found is None or parts is None:
        return None
    octets = [_integer(octet) for octet in found.groups()[1:]]
    for high, low in (octets[:2], octets[2:]):
        parts.append(_signed(_signed(high) << 8) | _signed(low))
    return parts


def _expanded(text: str, wanted: int) -> list[float] | None:
    """Return the parts of a text, with as many zeros for `::` as are missing."""
    if text.find('::') != text.rfind('::'):
        return None
    colons = text.count(':') - text.startswith(':') - text.endswith(':')
    # With more parts than an address has, the original adds zeros for ever.
    text = text.replace('::', ':' + '0:' * max(wanted - colons, 0), 1)
    text = text.removeprefix(':').removesuffix(':')
    return [int(part[:300], 16) if part else math.nan for part in text.split(':')]
