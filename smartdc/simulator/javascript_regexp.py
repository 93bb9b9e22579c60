"""Regular expressions as JavaScript (V8 of Node.js 6) reads them, made into Python's."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from smartdc.simulator.javascript import SPACE

_FLAGS = 'gimuy'
_LINE_ENDS = '\\n\\r\\u2028\\u2029'
_WORD = '0-9A-Za-z_'
_MOST_TIMES = 65535
_LAST = 0x10FFFF

_INTERVAL = re.compile(r'\{([0-9]+)(?:(,)([0-9]*))?\}')
_OCTAL = re.compile('[0-3][0-7]{0,2}|[4-7][0-7]?')
_HEX = re.compile('x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})')
_DIGITS = re.compile('[1-9][0-9]*')
_GROUP = re.compile(r'\\.|\[(?:\\.|[^\]\\])*\]?|(\((?!\?))', re.DOTALL)
_CONTROLS = {'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}
_EDGE = f'(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))'
_NO_EDGE = f'(?:(?<=[{_WORD}])(?=[{_WORD}])|(?<![{_WORD}])(?![{_WORD}]))'


class RegExpFault(ValueError):
    """A pattern or its flags are wrong; the text is the one of V8's SyntaxError."""


def _complement(inside: str) -> str:
    """Return the inside of a character class that holds everything but what `inside` holds."""
    outside: list[str] = []
    first = 0
    others = re.compile(f'[{inside}]')
    members = [code for code in range(0x10000) if others.match(chr(code))]
    for code in [*members, _LAST + 1]:
        if code > first:
            outside.append(f'\\U{first:08x}-\\U{code - 1:08x}')
        first = code + 1
    return ''.join(outside)


@lru_cache(maxsize=1)
def _sets() -> dict[str, str]:
    """Return what the class escapes stand for, as the inside of a character class."""
    sets = {'d': '0-9', 's': SPACE, 'w': _WORD}
    return sets | {name.upper(): _complement(inside) for name, inside in sets.items()}


@lru_cache(maxsize=512)
def compile_regexp(pattern: str, flags: str = '') -> re.Pattern[str]:
    """Return what `new RegExp(pattern, flags)` is in Python; search with `matches`.

    Raises:
        RegExpFault: with the message of the SyntaxError.
    """
    if len(set(flags)) != len(flags) or not set(flags) <= set(_FLAGS):
        raise RegExpFault(f"Invalid flags supplied to RegExp constructor '{flags}'")
    source = _Translation(pattern, multiline='m' in flags).source()
    start = r'\A' if 'y' in flags else ''
    try:
        return re.compile(f'{start}(?:{source})', re.IGNORECASE if 'i' in flags else 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise _wrong(pattern, 'Regular expression too large') from error


def matches(pattern: str, flags: str, text: str) -> bool:
    """Tell what `new RegExp(pattern, flags).test(text)` tells."""
    return compile_regexp(pattern, flags).search(text) is not None


def literal_parts(literal: str) -> tuple[str, str]:
    """Return the body and the flags of `/body/flags`.

    What has no slashes is cut as `substring` with its swapped ends cuts it: `x` has the body and
    the flags `x`.
    """
    last = literal.rfind('/')
    body = literal[1:last] if last >= 1 else literal[:1]
    return body, literal[last + 1 :]


def _wrong(pattern: str, reason: str) -> RegExpFault:
    return RegExpFault(f'Invalid regular expression: /{pattern}/: {reason}')


def _plain(char: str) -> str:
    """Return a character as it stands, in a pattern or in a character class."""
    return char if char.isalnum() else f'\\U{ord(char):08x}'


class _Member(NamedTuple):
    """What stands in a character class: a character with its code, or a set of them."""

    text: str
    code: int | None = None


def _single(char: str) -> _Member:
    return _Member(_plain(char), ord(char))


class _Translation:
    """Reads a pattern from left to right and writes what Python understands."""

    def __init__(self, pattern: str, multiline: bool) -> None:
        self._pattern = pattern
        self._multiline = multiline
        self._at = 0
        self._out: list[str] = []
        self._open: list[int] = []  # the numbers of the groups around, 0 for one with no number
        self._closed: set[int] = set()
        self._begun = 0
        self._repeatable = False

    def source(self) -> str:
        """Return the pattern for Python."""
        while self._at < len(self._pattern):
            char = self._pattern[self._at]
            step = _STEPS.get(char, _Translation._literal)
            step(self, char)
        if self._open:
            raise self._fault('Unterminated group')
        return ''.join(self._out)

    def _fault(self, reason: str) -> RegExpFault:
        return _wrong(self._pattern, reason)

    def _put(self, text: str, consumed: int, repeatable: bool = True) -> None:
        self._out.append(text)
        self._at += consumed
        self._repeatable = repeatable

    def _literal(self, char: str) -> None:
        self._put(_plain(char), 1)

    def _any(self, char: str) -> None:
        self._put(f'[^{_LINE_ENDS}]', len(char))

    def _bar(self, char: str) -> None:
        self._put(char, 1, repeatable=False)

    def _start(self, char: str) -> None:
        text = f'(?<![^{_LINE_ENDS}])' if self._multiline else r'\A'
        self._put(text, len(char), repeatable=False)

    def _end(self, char: str) -> None:
        text = f'(?![^{_LINE_ENDS}])' if self._multiline else r'\Z'
        self._put(text, len(char), repeatable=False)

    def _open_group(self, char: str) -> None:
        kind = self._pattern[self._at : self._at + 3]
        if kind in ('(?:', '(?=', '(?!'):
            self._open.append(0)
            self._put(kind, 3, repeatable=False)
        elif kind.startswith('(?'):
            raise self._fault('Invalid group')
        else:
            self._begun += 1
            self._open.append(self._begun)
            self._put(char, 1, repeatable=False)

    def _close_group(self, char: str) -> None:
        if not self._open:
            raise self._fault("Unmatched ')'")
        self._closed.add(self._open.pop())
        self._put(char, 1)

    def _repeat(self, char: str) -> None:
        self._quantify(char, 1)

    def _brace(self, char: str) -> None:
        found = _INTERVAL.match(self._pattern, self._at)
        if found is None:
            self._literal(char)
            return
        least, comma, most = found.groups()
        if self._repeatable and most and int(most[:400]) < int(least[:400]):
            raise self._fault('numbers out of order in {} quantifier')
        low, high = (str(min(int(n[:400]), _MOST_TIMES)) if n else '' for n in (least, most))
        self._quantify(f'{{{low}{comma or ""}{high}}}', len(found[0]))

    def _quantify(self, text: str, consumed: int) -> None:
        if not self._repeatable:
            raise self._fault('Nothing to repeat')
        lazy = self._pattern.startswith('?', self._at + consumed)
        self._put(text + '?' * lazy, consumed + lazy, repeatable=False)

    def _escape(self, _: str) -> None:
        following = self._pattern[self._at + 1 : self._at + 2]
        if not following:
            raise self._fault('\\ at end of pattern')
        if following in 'bB':
            self._put(_EDGE if following == 'b' else _NO_EDGE, 2, repeatable=False)
        elif not self._backreference():
            self._put(f'[{self._escaped().text}]', 0)

    def _backreference(self) -> bool:
        """Read a reference to a group, if the pattern has as many groups."""
        found = _DIGITS.match(self._pattern, self._at + 1)
        if found is None or len(found[0]) > 4:
            return False
        number = int(found[0])
        if number > sum(group[1] is not None for group in _GROUP.finditer(self._pattern)):
            return False
        # A group that took no part matches the empty text here, and nothing in Python.
        text = f'(?:(?({number})\\{number}|))' if number in self._closed else '(?:)'
        self._put(text, 1 + len(found[0]))
        return True

    def _escaped(self, inside: bool = False) -> _Member:
        """Read an escape that stands for a character or for a set of them."""
        at = self._at + 1
        char = self._pattern[at]
        self._at = at + 1
        if char in 'dDsSwW':
            return _Member(_sets()[char])
        if char in _CONTROLS or (inside and char == 'b'):
            return _single(_CONTROLS.get(char, '\b'))
        if char == 'c':
            return self._control(at, inside)
        found = _HEX.match(self._pattern, at) or _OCTAL.match(self._pattern, at)
        if found is None:
            return _single(char)
        self._at = found.end()
        octal = found.re is _OCTAL
        return _single(chr(int(found[0], 8) if octal else int(found[0][1:], 16)))

    def _control(self, at: int, inside: bool) -> _Member:
        """Read a control character; without its letter, the backslash stands for itself."""
        letter = self._pattern[at + 1 : at + 2]
        wanted = f'[{_WORD}]' if inside else '[A-Za-z]'
        taken = re.match(wanted, letter) is not None
        self._at = at + 2 if taken else at
        return _single(chr(ord(letter) % 32) if taken else '\\')

    def _class(self, _: str) -> None:
        self._at += 1
        negated = self._pattern.startswith('^', self._at)
        self._at += negated
        members = ''.join(self._members())
        if members:
            self._put(f'[{"^" * negated}{members}]', 0)
        else:
            self._put('(?s:.)' if negated else '(?!)', 0)

    def _members(self) -> list[str]:
        """Return the members of the class, up to its closing bracket."""
        found: list[str] = []
        while not self._pattern.startswith(']', self._at):
            low = self._member()
            if self._pattern.startswith('-', self._at) and self._pattern[self._at + 1 :][:1] != ']':
                self._at += 1
                found.append(self._range(low, self._member()))
            else:
                found.append(low.text)
        self._at += 1
        return found

    def _range(self, low: _Member, high: _Member) -> str:
        if low.code is None or high.code is None:
            return low.text + _plain('-') + high.text
        if low.code > high.code:
            raise self._fault('Range out of order in character class')
        return f'{low.text}-{high.text}'

    def _member(self) -> _Member:
        """Return one member, which is a character or all that a class escape stands for."""
        char = self._pattern[self._at : self._at + 1]
        if not char:
            raise self._fault('Unterminated character class')
        if char != '\\':
            self._at += 1
            return _single(char)
        if self._at + 1 == len(self._pattern):
            raise self._fault('\\ at end of pattern')
        return self._escaped(inside=True)


_STEPS = {
    '^': _Translation._start,
    '$': _Translation._end,
    '.': _Translation._any,
    '|': _Translation._bar,
    '(': _Translation._open_group,
    ')': _Translation._close_group,
    '*': _Translation._repeat,
    '+': _Translation._repeat,
    '?': _Translation._repeat,
    '{': _Translation._brace,
    '[': _Translation._class,
    '\\': _Translation._escape,
}
