"""Firewall rules as texts: which of them say the same.

The server keeps a rule in a text of its own: keywords in capitals, tags in quotes, targets, ports
and types in order and each of them once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_KEYWORDS = frozenset(
    {
        *('FROM', 'TO', 'ALLOW', 'BLOCK', 'PRIORITY', 'OR', 'AND', 'ANY', 'ALL', 'VMS', 'VM'),
        *('IP', 'SUBNET', 'TAG', 'TCP', 'UDP', 'ICMP', 'ICMP6', 'AH', 'ESP'),
        *('PORT', 'PORTS', 'TYPE', 'CODE'),
    }
)
_TOKEN = re.compile(r'"((?:\\.|[^"\\])*)"|([-=(),])|([^\s"=(),]+)', re.DOTALL)
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(.))', re.DOTALL)
_ESCAPED = {'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}


class Token(NamedTuple):
    """A part of a rule: a keyword or a sign, or a value that is written out."""

    text: str
    is_keyword: bool = False


def says_the_same(text: str, other: str) -> bool:
    """Say whether two rules mean the same, however they are written."""
    return text == other or _meaning(text) == _meaning(other)


def _meaning(text: str) -> tuple[object, ...]:
    """Return what a rule means; of a text that is no rule, its parts."""
    parts = _split(_tokens(text), 'FROM', 'TO', 'ALLOW', 'BLOCK')
    if len(parts) != 4 or not parts[3]:
        return (str(parts),)
    _, source, target, (protocol, *rest) = parts
    targets, *priority = _split(rest, 'PRIORITY')
    return (
        _side(source),
        _side(target),
        _key('ALLOW') in _tokens(text),
        protocol,
        _targets(targets),
        _number(_joined(*priority) or '0'),
    )


def _key(text: str) -> Token:
    return Token(text, True)


def _tokens(text: str) -> list[Token]:
    """Return the parts of a rule but for its parentheses, tags without quotes."""
    found: list[Token] = []
    for quoted, sign, word in _TOKEN.findall(text):
        if sign:
            found.append(_key(sign))
        elif not word:
            found.append(Token(_unescaped(quoted)))
        elif word.upper() in _KEYWORDS and word in (word.upper(), word.lower()):
            found.append(_key(word.upper()))
        else:
            found.append(Token(word))
    return [token for token in found if token not in (_key('('), _key(')'))]


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[2]), text
    )


def _split(tokens: Sequence[Token], *separators: str) -> list[list[Token]]:
    """Return what stands between keywords that separate."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.is_keyword and token.text in separators:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _side(tokens: Sequence[Token]) -> frozenset[tuple[str, ...]]:
    """Return the targets of a side; a tag of any value makes its own values superfluous."""
    found = {
        tuple(token.text for token in each)
        if each[:1] == [_key('TAG')]
        else (*(token.text for token in each[:1]), _joined(each[1:]))
        for each in _split(tokens, 'OR')
    }
    return frozenset(each for each in found if len(each) < 4 or each[:2] not in found)


def _targets(tokens: Sequence[Token]) -> frozenset[str]:
    """Return ports, such as `80` and `1-9`, or types, such as `8` and `3:1`."""
    wanted = [token for token in tokens if token not in (_key('PORT'), _key('PORTS'), _key('TYPE'))]
    return frozenset(
        ':'.join('-'.join(map(_number, _joined(part).split('-'))) for part in _split(each, 'CODE'))
        for each in _split(wanted, 'AND', ',')
    )


def _joined(*tokens: Sequence[Token]) -> str:
    return ''.join(token.text for each in tokens for token in each)


def _number(text: str) -> str:
    return text.lstrip('0') or '0' if text.isdigit() else text
