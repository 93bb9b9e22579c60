"""Affinity rules: what a new machine asks of the server that it is placed on."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from smartdc.simulator.javascript import SPACE
from smartdc.simulator.shapes import are_texts, is_array
from smartdc.simulator.wire import Refusal

_OPERATORS = ('==', '!=')
_KEY = re.compile('[A-Za-z_][A-Za-z0-9_.-]+')
# The server's Node.js still counts U+180E as white space.
_VALUE = re.compile(rf'[-A-Za-z0-9:_.*/()?+\[\]\\^$|{SPACE}\u180e]+')
# As the server's messages show the two.
_KEY_SHOWN = r'/^[a-z_][a-z0-9\-_.]+$/i'
_VALUE_SHOWN = r'/^[-a-z0-9:_\s.*\/()?+[\]\\^$|]+$/i'


@dataclass(frozen=True)
class AffinityRule:
    """One rule: `instance`, `container` or a tag's name, and what its value must (not) be.

    `value_type` is `exact`, `glob` (with `*`) or `re` (between slashes); a soft rule is a wish.
    """

    key: str
    operator: str
    value: str
    is_soft: bool
    value_type: str


def parse(value: Any) -> list[AffinityRule]:
    """Return the rules of a request's `affinity`, which is a list of texts or one text.

    Raises Refusal, for the first rule that can't be read.
    """
    texts: list[Any] = value if is_array(value) else [value]
    if not are_texts(texts):
        raise Refusal(500, 'InternalError', 'opts.affinity ([string]) is required')
    return [_rule(text) for text in texts]


def _rule(text: str) -> AffinityRule:
    operator = next((operator for operator in _OPERATORS if operator in text), None)
    if operator is None:
        expected = '", "'.join(_OPERATORS)
        raise _invalid(
            f'could not find operator in affinity rule: expected one of "{expected}"', text
        )
    key, _, rest = text.partition(operator)
    if _KEY.fullmatch(key) is None:
        raise _mismatch('key', text, key, _KEY_SHOWN)
    value = rest.removeprefix('~')
    if _VALUE.fullmatch(value) is None:
        raise _mismatch('value', text, value, _VALUE_SHOWN)
    return AffinityRule(key, operator, value, value != rest, _value_type(value))


def _value_type(value: str) -> str:
    if len(value) >= 3 and value.startswith('/') and value.endswith('/'):
        return 're'
    return 'glob' if '*' in value else 'exact'


def _mismatch(part: str, text: str, found: str, pattern: str) -> Refusal:
    message = f'invalid {part} in affinity rule: {_quoted(text)}'
    return _invalid(message, found, f' does not match {pattern}')


def _invalid(message: str, text: str, rest: str = '') -> Refusal:
    return Refusal(409, 'InvalidArgument', f'{message}: {_quoted(text)}{rest}')


def _quoted(text: str) -> str:
    """Return a text as Node.js 6 shows it: JSON in single quotes."""
    inside = json.dumps(text, ensure_ascii=False)[1:-1]
    return "'" + inside.replace("'", "\\'").replace('\\"', '"') + "'"
