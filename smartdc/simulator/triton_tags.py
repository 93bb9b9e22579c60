"""Which machine tags VMAPI refuses, and what it says: the special tags of Triton and Docker."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from smartdc.simulator.javascript import json_text, length, parse_int, type_name

_TYPES = {
    'triton.cmon.groups': 'string',
    'triton.cns.services': 'string',
    'triton.cns.disable': 'boolean',
    'triton.cns.reverse_ptr': 'string',
    'triton.network.public': 'string',
    'triton.placement.exclude_virtual_servers': 'boolean',
    'triton._test.string': 'string',
    'triton._test.number': 'number',
    'triton._test.boolean': 'boolean',
}

# Labels that the Docker front end keeps for itself; any other docker:label: is a tag like others.
_DOCKER = re.compile(
    r'sdc_docker\Z|docker:label:triton\.|docker:label:(?:com|io|org)\.docker(?:project)?\.'
)

_HOST = re.compile(r'[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*')
_GROUPS = re.compile(r'[A-Za-z0-9_-]*(?:,[A-Za-z0-9_-]*)*')
_MOST = 100

_SERVICE_NAME = re.compile(r'[A-Za-z0-9-][A-Za-z0-9.-]*|_[A-Za-z0-9-]*\._(?:tcp|udp)')
_PORT = re.compile(r'[0-9]+')
_PROPERTY = re.compile(r'[a-z][a-z0-9-]*')
_VALUE = re.compile(r'[^,:]+')
_LARGEST = 65535


def refusal(name: str, value: Any) -> str | None:
    """Return why VMAPI refuses a tag that a user sets, None when it takes it.

    `value` is the JSON value of the tag; only special tags care for its type.
    """
    if not name.startswith('triton.'):
        return f'Special tag "{name}" not supported' if _DOCKER.match(name) else None
    wanted = _TYPES.get(name)
    if wanted is None:
        return f'Unrecognized special triton tag "{name}"'
    found = type_name(value)
    if found != wanted:
        shown = json_text(value)
        return f'Triton tag "{name}" value must be a {wanted}: {shown} ({found})'
    check = _CHECKS.get(name)
    fault = check(value) if check is not None else None
    return None if fault is None else f'invalid "{name}" tag: {fault}'


def _groups_fault(text: str) -> str | None:
    """Return what is wrong with a list of monitoring groups."""
    if _GROUPS.fullmatch(text) is None:
        return 'groups must be strings comprised of letters, numbers, _, and -'
    groups = text.split(',')
    if len(groups) > _MOST:
        return 'must contain less than or equal to 100 group strings'
    seen: set[str] = set()
    for group in groups:
        if group in seen:
            return f'contains duplicate group {group}'
        seen.add(group)
        if not 1 <= len(group) <= _MOST:
            return 'group name must be no less than 1 character and no greater than 100 characters'
    return None


def _host_fault(text: str) -> str | None:
    """Return what is wrong with a name for reverse look-ups."""
    if length(text) <= 255 and _HOST.fullmatch(text) is not None:
        return None
    return f'"{text}" is not DNS safe'


def _services_fault(text: str) -> str | None:
    """Return what is wrong with a list of services: first its grammar, then its meaning."""
    try:
        services = _Services(text).read()
    except _Unexpected as unexpected:
        return str(unexpected)
    return next((fault for fault in map(_service_fault, services) if fault is not None), None)


_CHECKS: dict[str, Callable[[str], str | None]] = {
    'triton.cmon.groups': _groups_fault,
    'triton.cns.services': _services_fault,
    'triton.cns.reverse_ptr': _host_fault,
}


def _service_fault(service: dict[str, str]) -> str | None:
    """Return what is wrong with one service that was read."""
    name = service['name']
    if length(name) > 63:
        return f'service DNS name "{name}" must be 63 or fewer characters'
    if 'port' in service and not _between(1, service['port']):
        return f'service port number for {name} must be within the range 1 - 65535'
    for key, value in service.items():
        if key in ('priority', 'weight'):
            if not _between(0, value):
                return f'service {key} for {name} must be within the range 0 - 65535'
        elif key not in ('name', 'port'):
            return f'service property "{key}" is not a valid property name'
    return None


def _between(least: int, text: str) -> bool:
    """Tell whether the number that the text begins with is from `least` to 65535."""
    number = parse_int(text)
    return number is not None and least <= number <= _LARGEST


class _Unexpected(Exception):
    """The text stops following the grammar; the message is that of a PEG.js parser."""

    def __init__(self, text: str, position: int, *expected: str) -> None:
        *others, last = sorted(set(expected))
        wanted = f'{", ".join(others)} or {last}' if others else last
        found = f'"{_escaped(text[position])}"' if position < len(text) else 'end of input'
        super().__init__(f'Expected {wanted} but {found} found.')


def _escaped(char: str) -> str:
    """Return a character, or the first half of its surrogate pair, as PEG.js shows it."""
    named = {'\\': '\\\\', '"': '\\"', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f'}
    named['\r'] = '\\r'
    if char in named:
        return named[char]
    code = ord(char)
    if code > 0xFFFF:
        code = 0xD800 + ((code - 0x10000) >> 10)
    if code < 0x20 or 0x80 <= code <= 0xFF:
        return f'\\x{code:02X}'
    return f'\\u{code:04X}' if code > 0xFF else char


class _Services:
    """Reads `name[:port][:key=value]...`, joined by commas."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> list[dict[str, str]]:
        """Return the services, each with its name, its port if any and its properties."""
        services = [self._service()]
        while self._skip(','):
            services.append(self._service())
        return services

    def _service(self) -> dict[str, str]:
        service = {'name': self._take(_SERVICE_NAME, 'DNS name').lower()}
        first = True
        while self._skip(':'):
            if first and (port := self._peek(_PORT)):
                service['port'] = port
            else:
                self._property(service, first)
            first = False
        if self._at < len(self._text) and self._text[self._at] != ',':
            raise _Unexpected(self._text, self._at, '","', '":"', 'end of input')
        return service

    def _property(self, service: dict[str, str], first: bool) -> None:
        expected = ['property name', *(['integer (port number)'] if first else [])]
        key = self._take(_PROPERTY, *expected)
        if not self._skip('='):
            raise _Unexpected(self._text, self._at, '"="')
        service[key] = self._take(_VALUE, 'property value')

    def _skip(self, char: str) -> bool:
        found = self._text.startswith(char, self._at)
        self._at += found
        return found

    def _peek(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ''
        self._at = found.end()
        return found[0]

    def _take(self, pattern: re.Pattern[str], *expected: str) -> str:
        found = self._peek(pattern)
        if not found:
            raise _Unexpected(self._text, self._at, *expected)
        return found
