"""The grammar of the policy language: tokens, productions, and what a fault looks like.

It follows the parser that jison makes of aperture's grammar, down to the text of its complaints.
"""

# The productions are lambdas over what the parts of a rule became, which has no one type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from smartdc.simulator.javascript import SPACE
from smartdc.simulator.javascript_regexp import RegExpFault, compile_regexp, literal_parts
from smartdc.simulator.parse_tables import END, Production, Tables, build

#: The terminals in the order in which a complaint lists them.
TERMINALS = (
    *('EOF', 'AND', ',', 'CAN', 'NOT', 'IF', 'WHEN', 'WHERE', 'OR', 'IN', '(', ')', '::'),
    *('STRING', 'STRING_LITERAL', 'FUZZY_STRING', 'REGEX_LITERAL'),
    *('ALL', 'EVERYTHING', 'ANYTHING', '*'),
)

_KEYWORDS = 'AND|OR|NOT|CAN|TO|IF|WHEN|WHERE|ALL|EVERYTHING|ANYTHING|IN'
_REGEXP_CLASS = r'\[(?:[^\n\r\]\\]|\\[^\n\r])*\]'
_REGEXP_REST = rf'(?:[^\n\r\\/\[]|\\[^\n\r]|{_REGEXP_CLASS})*'
_REGEXP = rf'/(?:[^\n\r*\\/\[]|\\[^\n\r]|{_REGEXP_CLASS}){_REGEXP_REST}/[a-z]*'
_TOKEN = re.compile(
    rf'(?P<blank>[{SPACE}]+)|(?P<keyword>(?:{_KEYWORDS})\b)|(?P<sign>::|[,()])'
    rf'|(?P<regexp>{_REGEXP})::regexp?'
    # The parentheses are left out by a slip of the original: a literal may not hold any.
    r'|"(?P<literal>(?:\\["bfnrt/(\\)]|\\u[a-f0-9]{4}|[^"(\\)])*)"'
    rf'|(?P<string>(?:[^{SPACE},():](?::(?!:))?)+)',
    re.IGNORECASE | re.ASCII,
)
_LINE_END = re.compile(r'\r\n?|\n')
_SHOWN = 20

_SPECIAL = re.compile(r'[-/\\^$*+?.()|[\]{}]')


class PolicyFault(Exception):
    """A rule can't be read, or can't be evaluated.

    `name` is the name of the engine's error, `message` its text and `cause` the text of the error
    behind it, None when there is none.
    """

    def __init__(self, message: str, cause: str | None = None, *, name: str = 'Error') -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.cause = cause


class Pattern(NamedTuple):
    """A regular expression as JavaScript shows it: `/body/flags`."""

    literal: str


class Token(NamedTuple):
    """A terminal with its text, and where in the text of the rule it begins and ends."""

    terminal: str
    text: str
    start: int
    end: int


def units(text: str) -> str:
    """Return the text with a character for each of its UTF-16 units."""
    codes = text.encode('utf-16-le', 'surrogatepass')
    return ''.join(chr(codes[place] | codes[place + 1] << 8) for place in range(0, len(codes), 2))


def from_units(text: str) -> str:
    """Return a text of UTF-16 units as a text; half a character shows as the replacement one."""
    return text.encode('utf-16-le', 'surrogatepass').decode('utf-16-le', 'replace')


def tokens(text: str) -> Iterator[Token]:
    """Return the tokens of a rule, which is given in UTF-16 units; the last one is the end."""
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            shown = _position(text, place, place)
            line = 1 + len(_LINE_END.findall(text, 0, place))
            raise PolicyFault(f'Lexical error on line {line}. Unrecognized text.\n{shown}')
        if found.lastgroup != 'blank':
            yield _token(found)
        place = found.end()
    yield Token('EOF', '', place, place)


def _token(found: re.Match[str]) -> Token:
    kind = found.lastgroup or ''
    text = from_units(found[kind])
    match kind:
        case 'keyword' | 'sign':
            terminal = text.upper()
        case 'regexp':
            terminal = 'REGEX_LITERAL'
        case 'literal':
            terminal = 'STRING_LITERAL'
        case _:
            fuzzy = 'FUZZY_STRING' if '*' in text else 'STRING'
            terminal = '*' if text == '*' else fuzzy
    return Token(terminal, text, found.start(), found.end())


def unexpected(text: str, token: Token, after: int, expected: set[str]) -> PolicyFault:
    """Return the complaint about a token that can't stand where it is; `after` is the last end."""
    line = 1 + len(_LINE_END.findall(text, 0, after))
    wanted = ', '.join(f"'{terminal}'" for terminal in TERMINALS if terminal in expected)
    shown = _position(text, token.start, token.end)
    return PolicyFault(
        f"Parse error on line {line}:\n{shown}\nExpecting {wanted}, got '{token.terminal}'"
    )


def _position(text: str, start: int, end: int) -> str:
    """Return the text around a place, and a line of dashes that leads to it."""
    past = ('...' if start > _SHOWN else '') + text[max(0, start - _SHOWN) : start]
    past = past.replace('\n', '')
    upcoming = text[start : start + _SHOWN] + ('...' if end - start > _SHOWN else '')
    coming = upcoming.replace('\n', '')
    return f'{from_units(past + coming)}\n{"-" * len(past)}^'


def fuzzy(text: str) -> str:
    """Return the body of the regular expression for a text with stars.

    Only the first star stands for anything: the original escapes the others, some of them twice.
    """
    body = _SPECIAL.sub(r'\\\g<0>', text)
    body = body.replace(r'\\\*', '*', 1)
    body = body.replace(r'\*', '.*', 1)
    return re.sub(r'([^.])\*', r'\1\\*', body, count=1)


def _names(*found: Any) -> dict[str, Any]:
    """Return a list of names in the form that the original keeps."""
    return {
        # An object of JavaScript takes no key of this name.
        'exact': {name: True for name in found if isinstance(name, str) and name != '__proto__'},
        'regex': [name.literal for name in found if isinstance(name, Pattern)],
    }


def _longer(name: Any, names: dict[str, Any]) -> dict[str, Any]:
    more = _names(name)
    return {
        'exact': {**names['exact'], **more['exact']},
        'regex': [*names['regex'], *more['regex']],
    }


def _pattern(body: str, flags: str = '') -> Pattern:
    try:
        compile_regexp(body, flags)
    except RegExpFault as fault:
        raise PolicyFault(str(fault), name='SyntaxError') from None
    return Pattern(f'/{body}/{"".join(sorted(flags))}')


def _rule(
    principals: Any = None,
    effect: bool = True,
    actions: Any = None,
    resources: Any = None,
    conditions: Any = None,
) -> dict[str, Any]:
    rule = {
        'principals': principals,
        'effect': effect,
        'actions': actions,
        'resources': resources,
        'conditions': conditions,
    }
    return {key: value for key, value in rule.items() if value is not None}


Action = Callable[..., Any]
Check = Callable[[str, str, str, str | None], None]


def _first(*parts: Any) -> Any:
    return parts[0]


def _joined(left: Any, operator: str, right: Any) -> list[Any]:
    return [operator.lower(), left, right]


#: Productions with what they make of the values of their symbols; a condition is made by `Check`.
_GRAMMAR: tuple[tuple[str, str, Action], ...] = (
    ('Rule', 'List Effect List List Conditions EOF', lambda p, e, a, r, c, _: _rule(p, e, a, r, c)),
    ('Rule', 'List Effect List Conditions EOF', lambda p, e, a, c, _: _rule(p, e, a, None, c)),
    ('Rule', 'Effect List List Conditions EOF', lambda e, a, r, c, _: _rule(None, e, a, r, c)),
    ('Rule', 'Effect List Conditions EOF', lambda e, a, c, _: _rule(None, e, a, None, c)),
    ('List', 'Identifier', _names),
    ('List', 'Identifier AND Identifier', lambda a, _, b: _names(a, b)),
    ('List', 'LongList', _first),
    ('List', 'All', lambda _: 1),
    (
        'LongList',
        'Identifier , Identifier , AND Identifier',
        lambda a, _, b, __, ___, c: _names(a, b, c),
    ),
    ('LongList', 'Identifier , Identifier AND Identifier', lambda a, _, b, __, c: _names(a, b, c)),
    ('LongList', 'Identifier , LongList', lambda a, _, names: _longer(a, names)),
    ('Effect', 'CAN', lambda _: True),
    ('Effect', 'CAN NOT', lambda _, __: False),
    ('Conditions', 'If OrCondition', lambda _, condition: condition),
    ('Conditions', '', list),
    *(('If', keyword, _first) for keyword in ('IF', 'WHEN', 'WHERE')),
    ('OrCondition', 'OrCondition OR AndCondition', _joined),
    ('OrCondition', 'AndCondition', _first),
    ('AndCondition', 'AndCondition AND NotCondition', _joined),
    ('AndCondition', 'NotCondition', _first),
    ('NotCondition', 'NOT NotCondition', lambda _, condition: ['not', condition]),
    ('NotCondition', 'Condition', _first),
    ('Condition', 'Lhs String String', lambda left, name, right: [name.lower(), left, right]),
    (
        'Condition',
        'Lhs IN ( CommaSeparatedList )',
        lambda left, _, __, texts, ___: ['in', left, texts],
    ),
    ('Condition', '( OrCondition )', lambda _, condition, __: condition),
    ('Lhs', 'String :: String', lambda name, _, kind: {'name': name, 'type': kind}),
    ('Lhs', 'String', lambda name: {'name': name}),
    ('CommaSeparatedList', 'String', lambda text: [text]),
    ('CommaSeparatedList', 'CommaSeparatedList , String', lambda texts, _, text: [*texts, text]),
    ('Identifier', 'STRING', _first),
    ('Identifier', 'STRING_LITERAL', _first),
    ('Identifier', 'FUZZY_STRING', lambda text: _pattern(fuzzy(text))),
    ('Identifier', 'REGEX_LITERAL', lambda text: _pattern(*literal_parts(text))),
    *(('All', keyword, _first) for keyword in ('ALL', 'EVERYTHING', 'ANYTHING', '*')),
    *(
        ('String', terminal, _first)
        for terminal in ('STRING', 'STRING_LITERAL', 'FUZZY_STRING', '*')
    ),
)
_BODIES = [(head, tuple(body.split())) for head, body, _ in _GRAMMAR]


@lru_cache(maxsize=1)
def _tables() -> Tables:
    return build([Production(head, body) for head, body in _BODIES])


def read(rule: str, check: Check) -> dict[str, Any]:
    """Return what the original parser makes of a rule.

    `check` is called for each comparison, as it is read, with its operator, name, value and type.

    Raises:
        PolicyFault: the rule does not follow the grammar, or `check` raised it.
    """
    text = units(rule)
    stack: list[tuple[int, Any]] = [(0, None)]
    after = 0
    for token in tokens(text):
        _reduce(stack, token.terminal, check)
        state = stack[-1][0]
        target = _tables().shifts[state].get(token.terminal)
        if target is None:
            raise unexpected(text, token, after, _tables().expected(state))
        stack.append((target, token.text))
        after = token.end
    form = _tables().reduces[stack[-1][0]][END]
    return _GRAMMAR[form][2](*(value for _, value in stack[1:]))


def _reduce(stack: list[tuple[int, Any]], terminal: str, check: Check) -> None:
    """Put together what is finished, as long as the next terminal says that it is."""
    tables = _tables()
    while (number := tables.reduces[stack[-1][0]].get(terminal)) is not None:
        head, body = _BODIES[number]
        size = len(body)
        values = [value for _, value in stack[len(stack) - size :]]
        value = _GRAMMAR[number][2](*values)
        if body[0:1] == ('Lhs',):
            _check(value, check)
        del stack[len(stack) - size :]
        stack.append((tables.shifts[stack[-1][0]][head], value))


def _check(condition: list[Any], check: Check) -> None:
    operator, left, right = condition
    values = right if operator == 'in' and isinstance(right, list) else [right]
    for value in values:
        check('=' if values is right else operator, left['name'], value, left.get('type'))
