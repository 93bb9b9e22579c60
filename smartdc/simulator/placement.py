"""On which server a machine goes: affinity rules, locality, and the memory that is left.

A data center has the servers of its world, `"servers": ["uuid", {"id", "memory"}]`. A strict rule
must hold; of the servers that are left the ones that fulfil most wishes win, and among these the
machine's id decides, so that machines spread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from smartdc.simulator import affinity
from smartdc.simulator.affinity import AffinityRule
from smartdc.simulator.calls import Call, failed, fault, invalid, is_uuid
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.store import ALIVE, Doc, Where
from smartdc.simulator.wire import Refusal

#: The servers of a data center whose world names none.
SERVERS = tuple(f'44454c4c-5300-1057-8050-b7c04f53353{digit}' for digit in '234')

_SHORT = 8


@dataclass(frozen=True)
class Wish:
    """What is asked of a server: to hold, or not to hold, one of the machines that fit."""

    fits: Callable[[Doc], bool]
    together: bool
    soft: bool

    def holds(self, neighbours: Iterable[Doc]) -> bool:
        """Tell whether a server with these machines is what is asked for."""
        return any(map(self.fits, neighbours)) is self.together


def servers(call: Call) -> list[Doc]:
    """Return the servers of the data center of a request."""
    named = call.cloud.datacenter(call.home).get('servers') or SERVERS
    return [{'id': server} if isinstance(server, str) else server for server in named]


def wishes(call: Call) -> list[Wish]:
    """Return what a request asks of a machine's server, or refuse what makes no sense."""
    rules, locality = call.params.get('affinity'), call.params.get('locality')
    if rules and locality:
        raise invalid('Cannot specify both "locality" and "affinity"')
    if locality:
        return _of_locality(locality)
    return [_of_rule(rule) for rule in affinity.parse(rules)] if rules else []


def choose(call: Call, machine: Doc, asked: list[Wish]) -> str:
    """Return the server for a new machine, or refuse it when none will do."""
    choices = servers(call)
    with_room = [server for server in choices if _has_room(call, server, machine)]
    if not with_room:
        raise _no_server('ram', 'No compute resources with enough memory')
    found = _best(call, with_room, machine, asked)
    if found is None:
        raise _no_server('affinity', 'No compute resources fulfil the affinity rules')
    return found


def other_server(call: Call, machine: Doc) -> str | None:
    """Return a server that a machine can move to, None when there is none."""
    others = [server for server in servers(call) if server['id'] != machine.get('compute_node')]
    with_room = [server for server in others if _has_room(call, server, machine)]
    return _best(call, with_room, machine, [])


def _best(call: Call, choices: list[Doc], machine: Doc, asked: list[Wish]) -> str | None:
    around = _neighbours(call, machine) if asked else {}
    ranked = [
        (sum(wish.holds(around.get(server['id'], ())) for wish in asked), server['id'])
        for server in choices
        if all(wish.soft or wish.holds(around.get(server['id'], ())) for wish in asked)
    ]
    best = [server for score, server in ranked if score == max(ranked)[0]]
    return best[int(machine['id'][:_SHORT], 16) % len(best)] if best else None


def _neighbours(call: Call, machine: Doc) -> dict[str, list[Doc]]:
    """Return the account's other live machines by their server."""
    where = Where().add(ALIVE).add('owner = ?', call.owner)
    found: dict[str, list[Doc]] = {}
    for other in call.store.select('machine', where, home=call.home):
        if other['id'] != machine['id']:
            found.setdefault(other.get('compute_node', ''), []).append(other)
    return found


def _has_room(call: Call, server: Doc, machine: Doc) -> bool:
    """Tell whether a server has the memory for a machine; one without a figure always has."""
    if 'memory' not in server:
        return True
    where = Where().add(ALIVE).equals('$.compute_node', server['id'])
    used = sum(other['memory'] for other in call.store.select('machine', where, home=call.home))
    return bool(used + machine['memory'] <= server['memory'])


def _no_server(field: str, why: str) -> Refusal:
    text = 'Invalid VM parameters: Insufficient capacity in datacenter to provision machine'
    return failed(text, fault(field, 'InsufficientCapacity', why))


def _of_rule(rule: AffinityRule) -> Wish:
    return Wish(lambda machine: _fits(rule, machine), rule.operator == '==', rule.is_soft)


def _fits(rule: AffinityRule, machine: Doc) -> bool:
    """Tell whether a rule means a machine."""
    if rule.key in ('instance', 'container'):
        names = [machine['name'], machine['id'], machine['id'][:_SHORT]]
    else:
        value = machine['tags'].get(rule.key)
        names = [] if value is None else [_written(value)]
    return any(_equals(rule, name) for name in names)


def _equals(rule: AffinityRule, text: str) -> bool:
    if rule.value_type == 'glob':
        return fnmatchcase(text, rule.value.replace('[', '[[]').replace('?', '[?]'))
    if rule.value_type == 're':
        try:
            return re.search(rule.value[1:-1], text) is not None
        except re.error:
            return False
    return text == rule.value


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_locality(locality: Any) -> list[Wish]:
    if not is_object(locality):
        raise invalid('locality must be an object')
    soft = locality.get('strict') is not True
    asked: list[Wish] = []
    for name, together in (('near', True), ('far', False)):
        given: Any = locality.get(name) or []
        ids: list[Any] = given if is_array(given) else [given]
        if not all(map(is_uuid, ids)):
            raise invalid(f'locality contains malformed UUID in "{name}"')
        if ids:
            asked.append(Wish(lambda machine, ids=ids: machine['id'] in ids, together, soft))  # type: ignore[misc]
    return asked
