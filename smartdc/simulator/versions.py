"""Version negotiation: which mounted version of a route a range asks for.

The ranges are those of node-semver 4.3.6, by which restify 4.3.3 chooses a route.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from smartdc.simulator.javascript import SPACE, trim

_LARGEST = 2**53 - 1
_LONGEST = 256

_NUMBER = '(?:0|[1-9][0-9]*)'
_LOOSE_NUMBER = '[0-9]+'
_WORD = '[0-9]*[a-zA-Z-][a-zA-Z0-9-]*'
_PRE = rf'(?:{_NUMBER}|{_WORD})(?:\.(?:{_NUMBER}|{_WORD}))*'
_LOOSE_PRE = rf'(?:{_LOOSE_NUMBER}|{_WORD})(?:\.(?:{_LOOSE_NUMBER}|{_WORD}))*'
_BUILD = r'(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?'
_SIGNS = f'[v={SPACE}]*'
_OPERATOR = '[<>]?=?'

_VERSION = re.compile(rf'v?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_PRE}))?{_BUILD}')
_LOOSE_VERSION = (
    rf'{_SIGNS}{_LOOSE_NUMBER}\.{_LOOSE_NUMBER}\.{_LOOSE_NUMBER}(?:-?{_LOOSE_PRE})?{_BUILD}'
)


def _partial(groups: bool) -> str:
    """Return the pattern of a version of which parts may be missing or x."""
    part = rf'({_NUMBER}|[xX*])' if groups else rf'(?:{_NUMBER}|[xX*])'
    pre = rf'({_PRE})' if groups else _PRE
    return rf'{_SIGNS}{part}(?:\.{part}(?:\.{part}(?:-{pre})?{_BUILD})?)?'


_TERM = re.compile(rf'(~>?|\^|{_OPERATOR})({_partial(groups=True)})')
_COMPARATOR = re.compile(rf'({_OPERATOR})[{SPACE}]*({_VERSION.pattern})')
_HYPHEN = re.compile(
    rf'[{SPACE}]*({_partial(groups=True)})[{SPACE}]+-[{SPACE}]+'
    rf'({_partial(groups=True)})[{SPACE}]*'
)
_GAP = re.compile(
    rf'([{SPACE}]*)({_OPERATOR})[{SPACE}]*({_LOOSE_VERSION}|{_partial(groups=False)})'
)
_SIGN_GAP = re.compile(rf'(~)>?[{SPACE}]+|(\^)[{SPACE}]+')
_STAR = re.compile(rf'{_OPERATOR}[{SPACE}]*\*')

Order = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


class _Bound(NamedTuple):
    """One comparator: an operator (empty for equality) and the version it compares with."""

    operator: str
    version: Order

    def admits(self, version: Order) -> bool:
        match self.operator:
            case '<':
                return version < self.version
            case '<=':
                return version <= self.version
            case '>':
                return version > self.version
            case '>=':
                return version >= self.version
        return version == self.version


_ZERO: Order = (0, 0, 0, True, ())


def asked(headers: Mapping[str, str]) -> str:
    """Return the range that a request asks for; an empty header counts as absent."""
    return headers.get('accept-version') or headers.get('x-api-version') or '*'


def choose(mounted: Sequence[str], asked: str) -> str | None:
    """Return the highest mounted version that satisfies the range, None when there is none."""
    return _chosen(tuple(mounted), asked)


@lru_cache(maxsize=512)
def _chosen(mounted: tuple[str, ...], asked: str) -> str | None:
    return max(
        (version for version in mounted if satisfies(version, asked)), key=_order, default=None
    )


@lru_cache(maxsize=512)
def satisfies(version: str, range: str) -> bool:
    """Tell whether the version lies in the range; nothing lies in a range that can't be read."""
    wanted = _order(version)
    return any(_within(bounds, wanted) for bounds in _alternatives(range) or ())


@lru_cache(maxsize=512)
def reaches(range: str, version: str) -> bool:
    """Tell whether the range holds the version or lies above it as a whole.

    This is CloudAPI's own question, by which it switches features on.
    """
    found = _alternatives(range)
    if not found:
        return False
    wanted = _order(version)
    if any(_within(bounds, wanted) for bounds in found):
        return True
    return all(_above(bounds, wanted) for bounds in found)


def _within(bounds: Sequence[_Bound | None], version: Order) -> bool:
    """Tell whether every bound admits the version; None is a bound that admits anything.

    A pre-release counts only when a bound names a pre-release of the same three numbers.
    """
    real = [bound for bound in bounds if bound is not None]
    if not all(bound.admits(version) for bound in real):
        return False
    return version[3] or any(
        not bound.version[3] and bound.version[:3] == version[:3] for bound in real
    )


def _above(bounds: Sequence[_Bound | None], version: Order) -> bool:
    """Tell whether a version that is not within the bounds is below all that is."""
    real = [bound or _Bound('>=', _ZERO) for bound in bounds]
    lowest = min(real, key=lambda bound: bound.version)
    highest = max(real, key=lambda bound: bound.version)
    if lowest.operator in ('<', '<='):
        return False
    if highest.operator in ('', '<'):
        return version < highest.version
    return highest.operator != '<=' or version <= highest.version


@lru_cache(maxsize=512)
def _order(version: str) -> Order:
    """Return what versions are compared by; raise ValueError for what is no version."""
    found = _VERSION.fullmatch(trim(version)) if len(version) <= _LONGEST else None
    if found is None:
        raise ValueError(version)
    major, minor, patch = (int(found[part]) for part in (1, 2, 3))
    if max(major, minor, patch) > _LARGEST:
        raise ValueError(version)
    words = found[4].split('.') if found[4] else []
    pre = tuple((not word.isdigit(), int(word) if word.isdigit() else 0, word) for word in words)
    return (major, minor, patch, not pre, pre)


@lru_cache(maxsize=512)
def _alternatives(range: str) -> list[list[_Bound | None]] | None:
    """Return the bounds of each side of the `||`s, None when one of them can't be read."""
    try:
        return [_bounds(trim(part)) for part in re.split(rf'[{SPACE}]*\|\|[{SPACE}]*', range)]
    except ValueError:
        return None


def _bounds(text: str) -> list[_Bound | None]:
    """Return the comparators that blanks join."""
    found = _HYPHEN.fullmatch(text)
    if found is not None:
        text = _span(found)
    text = _GAP.sub(r'\1\2\3', text)
    text = _SIGN_GAP.sub(lambda sign: sign[1] or sign[2], text)
    words = re.split(f'[{SPACE}]+', text)
    return [bound for word in words for bound in _term(word)]


def _span(found: re.Match[str]) -> str:
    """Return `1.2 - 3` as the two comparators it stands for."""
    low, *low_parts = found.group(1, 2, 3, 4)
    high, *high_parts = found.group(6, 7, 8, 9, 10)
    first = _given(low_parts)
    last = _given(high_parts[:3])
    below = {0: '', 1: '<{}.0.0', 2: '<{}.{}.0'}
    start = f'>={low}' if len(first) == 3 else (f'>={_filled(first)}' if first else '')
    if len(last) == 3:
        pre = high_parts[3]
        end = f'<={".".join(map(str, last))}-{pre}' if pre else f'<={high}'
    else:
        end = below[len(last)].format(*_next(last)) if last else ''
    return trim(f'{start} {end}')


def _given(parts: Sequence[str | None]) -> list[int]:
    """Return the numbers before the first part that is missing or x."""
    numbers: list[int] = []
    for part in parts:
        if part is None or part in 'xX*':
            break
        numbers.append(int(part))
    return numbers


def _next(numbers: Sequence[int]) -> list[int]:
    """Return the numbers with the last one raised by one."""
    return [*numbers[:-1], numbers[-1] + 1]


def _filled(numbers: Sequence[int]) -> str:
    """Return a full version with zeros for what is missing."""
    return '.'.join(str(number) for number in (*numbers, 0, 0, 0)[:3])


def _term(word: str) -> list[_Bound | None]:
    """Return the comparators of one word of a range."""
    found = _TERM.fullmatch(word)
    if found is None:
        return [_comparator(word)]
    sign, pre = found[1], found[6]
    numbers = _given(found.group(3, 4, 5))
    if sign.startswith('~'):
        return _between(numbers, pre, _next(numbers[:2]) if numbers else [])
    if sign == '^':
        return _between(numbers, pre, _next(_kept(numbers)) if numbers else [])
    if len(numbers) == 3:
        return [_comparator(word)]
    return _ranged(sign, numbers)


def _kept(numbers: list[int]) -> list[int]:
    """Return the part of a caret's version whose last number is what must not change."""
    if numbers[0] != 0 or len(numbers) == 1:
        return numbers[:1]
    return numbers[:2] if numbers[1] != 0 or len(numbers) == 2 else numbers


def _between(numbers: list[int], pre: str | None, end: list[int]) -> list[_Bound | None]:
    """Return "from these numbers up to, but not with, the end"."""
    if not numbers:
        return [None]
    suffix = f'-{pre}' if pre and len(numbers) == 3 else ''
    return [
        _Bound('>=', _order(_filled(numbers) + suffix)),
        _Bound('<', _order(_filled(end))),
    ]


def _ranged(sign: str, numbers: list[int]) -> list[_Bound | None]:
    """Return what an operator before a partial version means."""
    if not numbers:
        return [_Bound('<', _ZERO)] if sign in ('<', '>') else [None]
    match sign:
        case '>':
            return [_Bound('>=', _order(_filled(_next(numbers))))]
        case '<=':
            return [_Bound('<', _order(_filled(_next(numbers))))]
        case '>=' | '<':
            return [_Bound(sign, _order(_filled(numbers)))]
    return _between(numbers, None, _next(numbers))


def _comparator(word: str) -> _Bound | None:
    """Return an operator and a full version; a star in the word is dropped, nothing is anything."""
    word = _STAR.sub('', word, count=1)
    if not word:
        return None
    found = _COMPARATOR.fullmatch(word)
    if found is None:
        raise ValueError(word)
    return _Bound('' if found[1] == '=' else found[1], _order(found[2]))
