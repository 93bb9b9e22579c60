"""What a rule of faults may say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, cast

from smartdc.simulator import operations
from smartdc.simulator.shapes import is_sequence

OUTCOMES = ('reply', 'drop', 'reset', 'cut', 'flip', 'slow', 'hang')
FATES = ('fail', 'hang')

#: How many names are too many to list them all.
_MANY = 20


class RuleError(ValueError):
    """A rule of faults that makes no sense; the message says which part, and what would."""


def check(rule: Mapping[str, Any]) -> None:
    """Raise RuleError for a rule that makes no sense, in a part of it or as a whole."""
    check_names(rule)
    for name, value in rule.items():
        fits, wanted = _PARTS[name]
        if not fits(value):
            raise RuleError(f'{name}: expected {wanted}, found {value!r}')
    for pattern in listed(rule['operation']):
        _check_operation(pattern)
    if rule['outcome'] not in OUTCOMES:
        raise _unknown('outcome', rule['outcome'], OUTCOMES)
    if rule['job'] is not None and rule['job'] not in FATES:
        raise _unknown('job', rule['job'], FATES)
    of_job = rule['job'] is not None or rule['job_delay'] > 0
    of_answer = rule['status'] is not None or rule['outcome'] != 'reply' or rule['delay'] != 0
    if of_job and (of_answer or rule['after']):
        raise RuleError('job: a rule strikes jobs or answers; make another one for the other')


def check_names(rule: Mapping[str, Any]) -> None:
    """Raise RuleError for a part that no rule has."""
    for name in rule:
        if name not in _PARTS:
            raise _unknown('rule', name, _PARTS)


def listed(operation: str | Sequence[str]) -> list[str]:
    """Return the patterns of one operation, or of several."""
    return [operation] if isinstance(operation, str) else list(operation)


def _check_operation(pattern: str) -> None:
    known = operations.known()
    if not any(fnmatchcase(name.lower(), pattern.lower()) for name in known):
        raise _unknown('operation', pattern, sorted(known))


def _unknown(part: str, found: Any, known: Iterable[str]) -> RuleError:
    """Return the error about a name that there is not, with those that are like it."""
    names = {name.lower(): name for name in known}
    near = [names[each] for each in get_close_matches(str(found).lower(), names, n=3)]
    if near:
        hint = f'did you mean {" or ".join(near)}?'
    elif len(names) < _MANY:
        hint = f'known are {", ".join(names.values())}'
    else:
        hint = 'nothing is called like it'
    return RuleError(f'{part}: there is no {found!r}; {hint}')


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_names(value: Any) -> bool:
    is_list = is_sequence(value) and not isinstance(value, bytes)
    names: Sequence[Any] = value if is_list else [value]
    return bool(names) and all(isinstance(name, str) and name for name in names)


def _is_delay(value: Any) -> bool:
    if _is_number(value):
        return bool(value >= 0)
    is_pair = is_sequence(value) and len(value) == 2
    return is_pair and all(map(_is_number, value)) and bool(0 <= value[0] <= value[1])


def _is_headers(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(part, str)
        for pair in cast('Mapping[object, object]', value).items()
        for part in pair
    )


_Part = tuple[Callable[[Any], bool], str]

_TEXT: _Part = (lambda value: isinstance(value, str), 'text')
_TEXT_OR_NONE: _Part = (lambda value: value is None or isinstance(value, str), 'text, or nothing')

_PARTS: Mapping[str, _Part] = {
    'operation': (_is_names, 'the name of an operation, or a list of names'),
    'count': (
        lambda value: value is None or (_is_whole(value) and value >= 0),
        'how many are struck, or nothing for no end',
    ),
    'probability': (lambda value: _is_number(value) and 0 <= value <= 1, 'a number from 0 to 1'),
    'status': (
        lambda value: value is None or (_is_whole(value) and 100 <= value <= 599),
        'a status of HTTP, or nothing',
    ),
    'code': _TEXT_OR_NONE,
    'message': _TEXT,
    'headers': (_is_headers, 'texts by name'),
    'delay': (_is_delay, 'seconds, or the least and the most of them'),
    'outcome': _TEXT,
    'after': (lambda value: isinstance(value, bool), 'true or false'),
    'rate': (lambda value: _is_number(value) and value > 0, 'bytes a second'),
    'job': _TEXT_OR_NONE,
    'job_delay': (lambda value: _is_number(value) and value >= 0, 'seconds'),
}
