"""The policy language of CloudAPI's roles: reading rules, and deciding by them.

`CAN listmachines AND getmachine WHEN sourceip = 10.0.0.0/8 AND tag_role::string = web`

The engine is Joyent's aperture; where it is odd, this is odd in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from smartdc.simulator.aperture_grammar import PolicyFault, read
from smartdc.simulator.aperture_types import INHERITED, Instant, Value, check, holds, supported
from smartdc.simulator.javascript_regexp import RegExpFault, literal_parts, matches

__all__ = [
    'DEPLOYED_TYPES',
    'DOCUMENTED_TYPES',
    'Context',
    'Instant',
    'PolicyFault',
    'Rule',
    'Value',
    'evaluate',
    'parse',
]

#: The types of conditions that need no `::type`, by aperture-config: rules are read by this table.
DOCUMENTED_TYPES: Mapping[str, str] = {
    'activeRoles': 'array',
    'date': 'date',
    'day': 'day',
    'fromjob': 'boolean',
    'method': 'string',
    'overwrite': 'boolean',
    'parentdirectory': 'string',
    'region': 'string',
    'sourceip': 'ip',
    'time': 'time',
    'user-agent': 'string',
}

#: The table that CloudAPI's own image installs, and by which it evaluates.
DEPLOYED_TYPES: Mapping[str, str] = {'ip': 'ip', 'sourceip': 'ip', 'user-agent': 'string'}


@dataclass(frozen=True)
class Rule:
    """A rule that was read: `parsed` is what aperture's parser makes of it, fit for JSON."""

    text: str
    parsed: Mapping[str, Any]

    @property
    def names_resources(self) -> bool:
        """Whether the rule reaches resources that carry no tag of the role.

        By a slip of the original, resources that are named exactly do not count.
        """
        resources = self.parsed.get('resources')
        return resources == 1 or (resources is not None and bool(resources['regex']))


@dataclass(frozen=True)
class Context:
    """What is asked for: an action on a resource, and the values that conditions look at."""

    action: str
    resource: str
    conditions: Mapping[str, Value] = field(default_factory=dict[str, Value])


@lru_cache(maxsize=1024)
def parse(text: str) -> Rule:
    """Return the rule that a text stands for.

    Raises:
        PolicyFault: with the message that CloudAPI answers.
    """
    return Rule(text, read(text, _check))


def evaluate(
    rules: Iterable[Rule], context: Context, types: Mapping[str, str] = DOCUMENTED_TYPES
) -> bool:
    """Tell whether one of the rules allows what is asked for.

    Rules after the first that allows it are not looked at; `CAN NOT` allows nothing, and forbids
    nothing either. `types` are those of conditions that name no type.

    Raises:
        PolicyFault: a rule on the way can't be evaluated.
    """
    try:
        return any(_allows(rule.parsed, context, types) for rule in rules)
    except RecursionError:
        raise PolicyFault('Maximum call stack size exceeded', name='RangeError') from None


def _check(operator: str, name: str, value: str, type: str | None) -> None:
    check(operator, value, type or _looked_up(name, DOCUMENTED_TYPES))


def _looked_up(name: str, types: Mapping[str, str]) -> str:
    """Return the type of a condition; a name that all objects know has a function for its type."""
    if name in types:
        return types[name]
    if name not in INHERITED:
        raise PolicyFault(f'no type for "{name}"', name='MissingTypeError')
    if name == '__proto__':
        return '[object Object]'
    return f'function {"Object" if name == "constructor" else name}() {{ [native code] }}'


def _allows(rule: Mapping[str, Any], context: Context, types: Mapping[str, str]) -> bool:
    # The caller is never told to the engine, so its name is what undefined looks like.
    asked = {
        'principals': 'undefined',
        'actions': context.action,
        'resources': context.resource,
    }
    if not all(_named(rule.get(part), name) for part, name in asked.items()):
        return False
    conditions = rule['conditions']
    return (not conditions or _holds(conditions, context, types)) and bool(rule['effect'])


def _named(names: Any, name: str) -> bool:
    """Tell whether a part of a rule speaks of a name; a part that is left out speaks of all."""
    if names is None or names == 1:
        return True
    if name in names['exact'] or name in INHERITED:
        return True
    return any(_matches(literal, name) for literal in names['regex'])


def _matches(literal: str, name: str) -> bool:
    try:
        return matches(*literal_parts(literal), name)
    except RegExpFault as fault:
        raise PolicyFault(str(fault), name='SyntaxError') from None


def _holds(condition: Any, context: Context, types: Mapping[str, str]) -> bool:
    operator, left, *rest = condition
    match operator:
        case 'and':
            return _holds(left, context, types) and _holds(rest[0], context, types)
        case 'or':
            return _holds(left, context, types) or _holds(rest[0], context, types)
        case 'not':
            return not _holds(left, context, types)
        case 'in':
            return any(_compares('=', left, value, context, types) for value in rest[0])
    return _compares(operator, left, rest[0], context, types)


def _compares(
    operator: str, left: Mapping[str, str], wanted: str, context: Context, types: Mapping[str, str]
) -> bool:
    name = left['name']
    kind = left.get('type') or _looked_up(name, types)
    supported(operator, kind)
    value = context.conditions.get(name)
    if value is None and name not in INHERITED:
        text = f'missing condition in context: "{name}"'
        raise PolicyFault(text, name='MissingConditionError')
    return holds(operator, value, wanted, kind)
