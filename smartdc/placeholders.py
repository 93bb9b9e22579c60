"""What stands for the answers of writes that were not sent, and for the things they would make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from smartdc.seen import MADE_UP
from smartdc.shapes import is_array, is_object

#: The names of fields that are in no answer.
SECRET = re.compile(
    r'passw|passphrase|passcode|(?:pass|pwd|pw)(?![a-z])'
    r'|secret|credential|token|private|api[-_.]?key',
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a POST to a path makes: its key in paths, its state at first and from the next look on.

    `more` are fields that the server adds.
    """

    path: str
    key: str = 'id'
    first: str | None = None
    settled: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])


_KINDS = (
    _Kind('/machines', 'id', 'provisioning', 'running', {'ips': [], 'tags': {}, 'metadata': {}}),
    _Kind('/machines/[^/]+/snapshots', 'name', 'queued', 'created'),
    _Kind('/machines/[^/]+/nics', 'mac', 'provisioning', 'running'),
    _Kind('/machines/[^/]+/disks', 'id', 'creating', 'running'),
    _Kind('/images', 'id', 'creating', 'active'),
    _Kind('/volumes', 'id', 'creating', 'ready'),
    _Kind('/fwrules', more={'enabled': False, 'log': False}),
    _Kind('/(users|roles|policies)|/fabrics/default/vlans/[^/]+/networks'),
    _Kind('(/users/[^/]+)?/keys', 'name', more={'fingerprint': ''}),
    _Kind('(/users/[^/]+)?/accesskeys', 'accesskeyid', more={'accesskeysecret': ''}),
    _Kind('/fabrics/default/vlans', 'vlan_id'),
)

#: What would become of a machine by an action.
_ACTIONS: Mapping[str, Mapping[str, Any]] = {
    'start': {'state': 'running'},
    'stop': {'state': 'stopped'},
    'reboot': {'state': 'running'},
    'enable_firewall': {'firewall_enabled': True},
    'disable_firewall': {'firewall_enabled': False},
    'enable_deletion_protection': {'deletion_protection': True},
    'disable_deletion_protection': {'deletion_protection': False},
}

#: What stands behind the path of a thing to change it, and what that changes.
_VERBS: Mapping[str, Mapping[str, Any]] = {
    'enable': {'enabled': True},
    'disable': {'enabled': False},
    'change_password': {},
}

_MACHINE = re.compile(r'/machines/[^/]+')
_PART = re.compile(r'(/machines/[^/]+)/(tags|metadata)(?:/([^/]+))?')
_MIGRATION = re.compile(r'/machines/([^/]+)/migrate')


class Placeholders:
    """The things that the writes of a plan would have made, by their paths."""

    def __init__(self) -> None:
        self._things: dict[str, dict[str, Any]] = {}
        self._settled: dict[str, str] = {}

    def written(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> Any:
        """Return what stands for the answer of a write; the last state it leads to is kept."""
        self._settle(path)
        action, given = query.get('action'), _answered(body) if is_object(body) else {}
        thing = self._things.get(path, {})
        if part := _PART.fullmatch(path):
            return self._part(part, given, method)
        if method == 'DELETE':
            thing |= {'state': 'deleted'}
            return None
        if moved := _MIGRATION.fullmatch(path):
            return {'machine': unquote(moved[1]), 'phase': action, 'state': 'running'}
        if action and _MACHINE.fullmatch(path):
            thing |= {**given, **_ACTIONS.get(str(action), {})}
            return None
        kind = next((kind for kind in _KINDS if re.fullmatch(kind.path, path)), None)
        if kind is not None and method == 'POST':
            return self._made(kind, path, given)
        return self._changed(path, given)

    def read(self, path: str) -> Any:
        """Return what stands for the answer of a look at a placeholder, None for all else."""
        above, _, last = path.rpartition('/')
        self._settle(path)
        if path in self._things:
            return self._things[path]
        if above in self._things:
            return self._things[above].get(last, [])
        if (part := _PART.fullmatch(path)) and part[1] in self._things:
            return self._things[part[1]].get(part[2], {}).get(unquote(last))
        return next((each for each in self._things.values() if each['id'] == last), None)

    def named(self, value: Any, *, is_path: bool = False) -> Any:
        """Return a value with names in the place of the ids that were made up for them."""
        if is_object(value):
            return {name: self.named(each) for name, each in value.items()}
        if is_array(value):
            return [self.named(each) for each in value]
        if isinstance(value, str):
            for thing in self._things.values():
                name = str(thing.get('name') or thing.get('login') or thing['id'])
                value = value.replace(str(thing['id']), quote(name, safe='') if is_path else name)
        return value

    def _settle(self, path: str) -> None:
        """Let a thing come to the state that it has from the first look or change on."""
        if path in self._settled:
            self._things[path]['state'] = self._settled.pop(path)

    def _made(self, kind: _Kind, path: str, given: dict[str, Any]) -> dict[str, Any]:
        number = len(self._things) + 1
        made_up = {'id': _made_up_id(number), 'mac': _made_up_mac(number)}
        key = given.get(kind.key) or made_up.get(kind.key) or f'unnamed-{number}'
        state = {'state': kind.first} if kind.first else {}
        thing = {**kind.more, **_nested(given), 'id': made_up['id'], kind.key: key, **state}
        in_path = key.replace(':', '') if kind.key == 'mac' else str(key)
        where = f'{path}/{quote(in_path, safe="")}'
        self._things[where] = thing
        if kind.settled:
            self._settled[where] = kind.settled
        return thing

    def _changed(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        item, _, verb = path.rpartition('/')
        if verb not in _VERBS:
            item, verb = path, ''
        thing = self._things.get(item, {'id': unquote(item.rpartition('/')[2])})
        thing |= {**given, **_VERBS.get(verb, {})}
        return thing

    def _part(self, part: re.Match[str], given: dict[str, Any], method: str) -> Any:
        """Return the tags or metadata of a machine after a change, as far as they are known."""
        path, what, name = part.groups()
        thing = self._things.get(path, {})
        before: dict[str, Any] = thing.get(what, {}) if method == 'POST' or name else {}
        thing[what] = {**before, **given}
        if method != 'DELETE':
            return thing[what]
        thing[what].pop(unquote(name or ''), None)
        return None


def _made_up_id(number: int) -> str:
    return f'{MADE_UP}{number:012}'


def _made_up_mac(number: int) -> str:
    digits = f'{number:012x}'
    return ':'.join(digits[at : at + 2] for at in range(0, 12, 2))


def _answered(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a body that a server would tell again: all but secrets."""
    return {name: value for name, value in body.items() if not SECRET.search(name)}


def _nested(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body with `tag.role` as role in tags, and the same for metadata."""
    found: dict[str, Any] = {}
    for name, value in body.items():
        part, dot, inner = name.partition('.')
        if dot and part in ('tag', 'metadata'):
            found.setdefault('tags' if part == 'tag' else part, {})[inner] = value
        else:
            found[name] = value
    return found
