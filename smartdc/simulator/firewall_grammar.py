"""The language of firewall rules: tokens, grammar, and what it says of a text that is no rule.

The server's parser is a table (LALR), and its messages show that table: a message lists what
could have followed in the state of the fault, and that state may be one that several places of
the grammar share. So every `want` below has the followers of such a state, not just what makes
sense at its place. A value is checked only once what follows it has been read.

Texts are taken apart into UTF-16 units, because the server counts, cuts and sorts those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from smartdc.simulator import firewall_values as values
from smartdc.simulator.firewall_values import GrammarFault, Range
from smartdc.simulator.javascript import SPACE

Tag = str | tuple[str, str]
Port = int | str | Range


@dataclass(frozen=True)
class Statement:
    """What a rule's text says, in the order in which it says it.

    A side is a list of pairs such as `('ip', '10.0.0.1')`, `('tag', ('role', 'web'))` or
    `('wildcard', 'any')`. Targets of a protocol are ports, or ICMP types such as `8` and `3:1`.
    """

    sides: dict[str, list[tuple[str, Tag]]]
    action: str
    protocol: str
    targets: list[Port]
    priority: int


def units(text: str) -> str:
    """Return the text with every character beyond the BMP as its two surrogates."""
    if text.isascii():
        return text
    data = text.encode('utf-16-le', 'surrogatepass')
    return ''.join(chr(data[at] | data[at + 1] << 8) for at in range(0, len(data), 2))


def joined(text: str) -> str:
    """Return the text with its surrogates paired; one that is alone becomes U+FFFD."""
    if text.isascii():
        return text
    whole = text.encode('utf-16-le', 'surrogatepass').decode('utf-16-le', 'replace')
    return re.sub('[\ud800-\udfff]', '\ufffd', whole)


def parse(text: str) -> Statement:
    """Return what a rule says, its texts in UTF-16 units; raise GrammarFault if it is none."""
    return _Reader(units(text)).statement()


# In the order of the server's table, in which its messages list them.
_TERMINALS = (
    *('FROM', 'TO', 'EOF', 'PRIORITY', 'WORD', '(', ')', 'OR', 'ALL', 'VMS', 'ANY', 'IP'),
    *('IPV4ADDR', 'SUBNET', 'CIDRSUFFIX', 'IPV6ADDR', 'VM', 'TAG', '=', 'STRING', 'BLOCK'),
    *('ALLOW', 'TCP', 'UDP', 'ICMP', 'ICMP6', 'AH', 'ESP', 'AND', 'PORT', 'PORTS', '-', ','),
    *('TYPE', 'CODE'),
)
_SIGNS = '-,=()'
_NAMED = {'EOF', 'WORD', 'IPV4ADDR', 'IPV6ADDR', 'CIDRSUFFIX', 'STRING', *_SIGNS}
_KEYWORDS = '|'.join(f'{word}|{word.lower()}' for word in _TERMINALS if word not in _NAMED)
_SHOWN_LOWER = {'ALL', 'ANY', 'IP', 'SUBNET', 'TAG', 'VM'}

# The server's Node.js still counts U+180E as white space.
_TOKEN = re.compile(
    rf'(?P<SPACE>[{SPACE}\u180e]+)'
    rf'|(?P<KEYWORD>(?:{_KEYWORDS})(?![A-Za-z0-9_]))'
    rf'|(?P<SIGN>[{_SIGNS}])'
    r'|(?P<STRING>"(?:\\["bfnrt/()\\]|\\u[a-fA-F0-9]{4}|[^"\\])*")'
    r'|(?P<IPV4ADDR>[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})'
    r'|(?P<IPV6ADDR>[0-9a-f]*:[0-9a-f]*:[:0-9a-f]*)'
    r'|(?P<CIDRSUFFIX>/[0-9]{1,3})'
    r'|(?P<WORD>[-a-zA-Z0-9_]+)'
)
_LINE = re.compile('(\r\n?|\n)([^\n\r\u2028\u2029]*)')
_ESCAPE = re.compile(r'\\(?:u([a-fA-F0-9]{4})|(.))')
_ESCAPED = {'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

_TARGETS = ('IP', 'SUBNET', 'VM', 'TAG')
_WILDCARDS = ('ALL', 'ANY')
_AFTER_SIDE = ('TO', 'BLOCK', 'ALLOW')
_AFTER_TARGET = (*_AFTER_SIDE, ')', 'OR')
_AFTER_PROTOCOL = ('EOF', 'PRIORITY')
_AFTER_NUMBER = (*_AFTER_PROTOCOL, ')', 'AND')


class _Token(NamedTuple):
    """A token: its kind, its text, and the column in which it ends."""

    kind: str
    text: str
    column: int


class _Reader:
    """Reads one rule."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._scan()
        self._next: _Token | None = None
        self._column = 0

    def statement(self) -> Statement:
        """Return what the whole text says."""
        self._take('FROM')
        source = self._side()
        self._take('TO')
        target = self._side()
        action = self._take('BLOCK', 'ALLOW').text.lower()
        protocol = self._take('TCP', 'UDP', 'ICMP', 'ICMP6', 'AH', 'ESP').kind.lower()
        targets = self._protocol_targets(protocol)
        priority = 0
        if self._take(*_AFTER_PROTOCOL).kind == 'PRIORITY':
            priority = values.number('Priority level', self._take('WORD').text, 0, 100)
            self._take('EOF')
        return Statement({'from': source, 'to': target}, action, protocol, targets, priority)

    # tokens

    def _scan(self) -> Iterator[_Token]:
        """Yield the tokens, without white space, and EOF at the end."""
        at = column = 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            if found is None:
                raise GrammarFault(joined(_unexpected(self._text, at)))
            at = found.end()
            column = _column_after(found[0], column)
            kind = str(found.lastgroup)
            if kind != 'SPACE':
                kind = found[0].upper() if kind in ('KEYWORD', 'SIGN') else kind
                yield _Token(kind, found[0], column)
        yield _Token('EOF', '', column)

    def _peek(self) -> _Token:
        """Return the next token without going past it."""
        if self._next is None:
            self._next = next(self._tokens)
        return self._next

    def _want(self, *kinds: str) -> str:
        """Return the kind of the next token, which must be one of these."""
        token = self._peek()
        if token.kind in kinds:
            return token.kind
        names = ', '.join(f"'{_shown(kind)}'" for kind in _TERMINALS if kind in kinds)
        found = 'word' if token.kind == 'WORD' else token.kind
        text = f"Error at character {self._column}: '{token.text}', expected: {names}"
        raise GrammarFault(joined(f'{text}, found: {found}'))

    def _take(self, *kinds: str) -> _Token:
        """Return the next token, which must be one of these, and go past it."""
        self._want(*kinds)
        token = self._peek()
        self._next = None
        self._column = token.column
        return token

    # sides

    def _side(self) -> list[tuple[str, Tag]]:
        """Return the targets of one side."""
        kind = self._want('(', *_WILDCARDS, *_TARGETS)
        if kind == '(':
            found = self._listed_targets()
        elif kind in _WILDCARDS:
            found = [self._wildcard()]
        else:
            found = [self._target()]
        self._want(*_AFTER_SIDE)
        return found

    def _listed_targets(self) -> list[tuple[str, Tag]]:
        """Return the targets between parentheses."""
        self._take('(')
        if self._want(*_WILDCARDS, *_TARGETS) in _WILDCARDS:
            found = [self._wildcard()]
        else:
            found = [self._target()]
            while self._want(')', 'OR') == 'OR':
                self._take('OR')
                found.append(self._target())
        self._take(')')
        return found

    def _wildcard(self) -> tuple[str, Tag]:
        if self._take(*_WILDCARDS).kind == 'ANY':
            return ('wildcard', 'any')
        self._take('VMS')
        return ('wildcard', 'vmall')

    def _target(self) -> tuple[str, Tag]:
        kind = self._take(*_TARGETS).kind
        value = self._tag() if kind == 'TAG' else self._checked(kind)
        return (kind.lower(), value)

    def _checked(self, kind: str) -> str:
        """Return the address, the subnet or the id of a target."""
        kinds = ('WORD',) if kind == 'VM' else ('IPV4ADDR', 'IPV6ADDR')
        text = self._take(*kinds).text
        if kind == 'SUBNET':
            text += self._take('CIDRSUFFIX').text
        self._want(*_AFTER_TARGET)
        values.CHECKS[kind](text)
        return text

    def _tag(self) -> Tag:
        """Return a tag: its name, or its name and its value."""
        name = self._name()
        if self._peek().kind != '=':
            return name
        self._take('=')
        value = self._name()
        self._want(*_AFTER_TARGET)
        return (name, value)

    def _name(self) -> str:
        token = self._take('WORD', 'STRING')
        self._want(*_AFTER_TARGET, '=')
        if token.kind == 'WORD':
            return token.text
        # Half a character does not survive being stored, and must not be sorted as if it did.
        return units(joined(_unescaped(token.text[1:-1])))

    # protocols

    def _protocol_targets(self, protocol: str) -> list[Port]:
        """Return the ports or the types that follow a protocol."""
        if protocol in ('ah', 'esp'):
            return ['all']
        if protocol in ('icmp', 'icmp6'):
            self._want('(', 'TYPE')
            return self._group('TYPE', self._type)
        if self._want('(', 'PORT', 'PORTS') == 'PORTS':
            return self._ports()
        return self._group('PORT', self._port)

    def _group(self, keyword: str, read: Callable[[], Port]) -> list[Port]:
        """Return one target, or those between parentheses."""
        listed = self._peek().kind == '('
        if listed:
            self._take('(')
        self._take(keyword)
        if self._want('WORD', 'ALL') == 'ALL':
            found: list[Port] = [self._take('ALL').kind.lower()]
            self._want(*_AFTER_PROTOCOL, ')')
        else:
            found = [read()]
            while listed and self._want(')', 'AND') == 'AND':
                self._take('AND')
                self._take(keyword)
                found.append(read())
        if listed:
            self._take(')')
        return found

    def _port(self) -> Port:
        text = self._take('WORD').text
        self._want(*_AFTER_NUMBER)
        return values.port(text)

    def _type(self) -> Port:
        text = self._take('WORD').text
        self._want(*_AFTER_NUMBER, 'CODE')
        number = values.number('ICMP type', text, 0, 255)
        if self._peek().kind != 'CODE':
            return str(number)
        self._take('CODE')
        text = self._take('WORD').text
        self._want(*_AFTER_NUMBER)
        return f'{number}:{values.number("ICMP code", text, 0, 255)}'

    def _ports(self) -> list[Port]:
        """Return what follows PORTS: numbers and ranges."""
        self._take('PORTS')
        found = [self._port_or_range()]
        while self._peek().kind == ',':
            self._take(',')
            found.append(self._port_or_range())
        return found

    def _port_or_range(self) -> Port:
        start = self._take('WORD').text
        if self._want(*_AFTER_PROTOCOL, '-', ',') != '-':
            return values.port_or_range(start)
        self._take('-')
        end = self._take('WORD').text
        self._want(*_AFTER_PROTOCOL, ',')
        return values.port_range(start, end)


def _shown(kind: str) -> str:
    return kind.lower() if kind in _SHOWN_LOWER else kind


def _unexpected(text: str, at: int) -> str:
    """Return the message for text that no token begins with."""
    shown = text[max(0, at - 20) : at].replace('\n', '')
    column = len(shown) + (3 if at > 20 else 0)
    rest = text[at : at + 20].replace('\n', '')
    return f"Error at character {column}: '{rest}', found: unexpected text"


def _column_after(text: str, column: int) -> int:
    """Return the column after a token that may hold line ends."""
    lines = _LINE.findall(text)
    return len(lines[-1][1]) if lines else column + len(text)


def _unescaped(text: str) -> str:
    """Return what the inside of a quoted text stands for."""
    return _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[2]),
        text,
    )
