"""Dates as V8's `Date.parse` reads them, in a process whose time zone is UTC.

ISO 8601 comes first; whatever is left over goes to the old reader, which takes nearly anything
with numbers in it: `Mon, 23 Nov 2026 08:51:31 UTC`, `11/23/2026 8:51 pm`, `Nov 23, 26 (cold)`.
"""

from __future__ import annotations

import calendar
import re
from functools import lru_cache
from typing import NamedTuple

from smartdc.simulator.javascript import SPACE

_LAST_MILLISECOND = 8_640_000_000_000_000
_MONTHS = ('jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec')
_HALVES = {'am': 0, 'pm': 12}
_ZONES = {
    'ut': 0,
    'utc': 0,
    'z': 0,
    'gmt': 0,
    'est': -5,
    'edt': -4,
    'cst': -6,
    'cdt': -5,
    'mst': -7,
    'mdt': -6,
    'pst': -8,
    'pdt': -7,
}

_TOKEN = re.compile(rf'([0-9]+)|([:+.)-])|([^\x00-@{SPACE}]+)|([{SPACE}])|(?s:.)')
_ISO = re.compile(
    r'([+-][0-9]{6}|[0-9]{4})(?![0-9])(?:-([0-9]{2})(?![0-9])(?:-([0-9]{2})(?![0-9]))?)?'
    r'(?:[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?'
    r'([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?'
)
# What begins like this is ISO 8601 or nothing; the old reader does not get it.
_ISO_TIME = re.compile(
    r'(?:[+-][0-9]{6}|[0-9]{4})(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?[Tt]'
    r'(?![A-Z\[-`a-z\x7b-\U0010ffff])'
)


class _NotADate(ValueError):
    """The text is what JavaScript calls an invalid date."""


class _Token(NamedTuple):
    """A number, a word, a sign, a blank or, with no kind, something that is passed over."""

    kind: str
    text: str


@lru_cache(maxsize=2048)
def parse_date(text: str) -> int | None:
    """Return the milliseconds since 1970 that the text stands for, None for an invalid date."""
    try:
        return _iso(text) if _ISO_TIME.match(text) or _is_iso_day(text) else _Reader(text).read()
    except _NotADate:
        return None


def _is_iso_day(text: str) -> bool:
    """Tell whether the text is a year, month or day of ISO 8601 and nothing more."""
    found = _ISO.fullmatch(text)
    return (
        found is not None
        and found[1] != '-000000'
        and 1 <= int(found[2] or 1) <= 12
        and 1 <= int(found[3] or 1) <= 31
    )


def _iso(text: str) -> int:
    """Return the moment of an ISO 8601 text."""
    found = _ISO.fullmatch(text)
    if found is None or found[1] == '-000000':
        raise _NotADate(text)
    day = [int(found[1]), int(found[2] or 1), int(found[3] or 1)]
    clock = [int(found[part] or 0) for part in (4, 5, 6)]
    clock.append(_thousandths(found[7]) if found[7] else 0)
    return _moment(day, clock, _offset(found[8] or 'Z'))


def _offset(zone: str) -> int:
    """Return the seconds that an ISO 8601 zone is ahead of UTC."""
    if zone in 'Zz':
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:
        raise _NotADate(zone)
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == '-' else 1)


def _thousandths(digits: str) -> int:
    """Return the milliseconds of the digits behind a decimal point."""
    return int(digits[:3].ljust(3, '0'))


def _moment(day: list[int], clock: list[int], offset: int) -> int:
    """Return milliseconds for year, month and day, the time of day, and the zone's offset."""
    year, month, date = day
    hour, minute, second, millisecond = clock
    if not (1 <= month <= 12 and 1 <= date <= 31):
        raise _NotADate
    usual = hour <= 23 and minute <= 59 and second <= 59 and millisecond <= 999
    if not usual and clock != [24, 0, 0, 0]:
        raise _NotADate
    seconds = (_days(year, month) + date - 1) * 86400 + hour * 3600 + minute * 60 + second - offset
    moment = seconds * 1000 + millisecond
    if abs(moment) > _LAST_MILLISECOND:
        raise _NotADate
    return moment


def _days(year: int, month: int) -> int:
    """Return the days from 1970 to the first of a month, in whatever year."""
    cycles, year = divmod(year - 2000, 400)
    return cycles * 146097 + calendar.timegm((2000 + year, month, 1, 0, 0, 0)) // 86400


class _Reader:
    """The old reader: it collects up to three numbers for the day, four for the time, a zone."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._day: list[int] = []
        self._month: int | None = None
        self._clock: list[int] = []
        self._half: int | None = None
        self._sign: int | None = None
        self._zone: tuple[int, int | None] | None = None
        self._numbered = False

    def read(self) -> int:
        """Return the moment, or raise _NotADate."""
        self._iso_day()
        while self._at < len(self._tokens):
            token = self._take()
            match token.kind:
                case 'number':
                    self._number(token)
                case 'word':
                    self._word(token)
                case 'sign':
                    self._signed(token)
        return _moment(self._date(), self._time(), self._seconds_ahead())

    def _iso_day(self) -> None:
        """Take what begins like an ISO date, which may be year, month and day before a colon."""
        sign = self._take().text if self._peek().text in ('+', '-') else ''
        year = self._peek()
        known = year.kind == 'number' and len(year.text) == (6 if sign else 4)
        if not known or (sign, year.text) == ('-', '000000'):
            self._at = 0
            return
        self._numbered = True
        self._day.append(int(sign + self._take().text))
        for limit in (12, 31):
            if not (self._skip('-') and self._two_digits(limit)):
                break
            self._day.append(int(self._take().text))

    def _two_digits(self, limit: int) -> bool:
        token = self._peek()
        return token.kind == 'number' and len(token.text) == 2 and 1 <= int(token.text) <= limit

    def _take(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _Token('end', '')

    def _skip(self, sign: str) -> bool:
        found = self._peek() == _Token('sign', sign)
        self._at += found
        return found

    def _number(self, token: _Token) -> None:
        self._numbered = True
        number = _value(token.text)
        if self._skip(':'):
            self._hours_or_minutes(number)
        elif self._skip('.') and self._expected_time(number):
            self._clock.append(number)
            self._fraction()
        elif self._zone is not None and self._zone[1] is None and number < 60:
            self._zone = (self._zone[0], number)
        elif self._expected_time(number):
            self._end_time(number)
        else:
            self._add_day(number)

    def _hours_or_minutes(self, number: int) -> None:
        if self._skip(':'):
            if self._clock:
                raise _NotADate
            self._clock += [number, 0]
            return
        if len(self._clock) == 4:
            raise _NotADate
        self._clock.append(number)
        self._skip('.')

    def _expected_time(self, number: int) -> bool:
        limit = {1: 60, 2: 60, 3: 1000}.get(len(self._clock), 0)
        return number < limit

    def _fraction(self) -> None:
        token = self._peek()
        if token.kind != 'number':
            raise _NotADate
        self._at += 1
        self._fill(_thousandths(_significant(token.text)))

    def _fill(self, number: int) -> None:
        self._clock = [*self._clock, number, 0, 0, 0][:4]

    def _end_time(self, number: int) -> None:
        self._fill(number)
        after = self._peek()
        ends = after.kind in ('end', 'blank') or after.text in ('z', 'Z', '+', '-')
        if not ends:
            raise _NotADate

    def _add_day(self, number: int) -> None:
        if len(self._day) == 3:
            raise _NotADate
        self._day.append(number)
        self._skip('-')

    def _word(self, token: _Token) -> None:
        word = ''.join(chr(ord(char) | 0x20) for char in token.text[:3])
        short = len(token.text) <= 3
        if short and word in _HALVES and self._clock:
            self._half = _HALVES[word]
        elif word in _MONTHS:
            self._month = _MONTHS.index(word) + 1
            self._skip('-')
        elif short and word in _ZONES and self._numbered:
            self._sign = -1 if _ZONES[word] < 0 else 1
            self._zone = (abs(_ZONES[word]), 0)
        elif self._numbered or self._peek().kind == 'number':
            raise _NotADate

    def _signed(self, token: _Token) -> None:
        if token.text in '+-' and (self._zone == (0, 0) or self._clock):
            self._sign = -1 if token.text == '-' else 1
            digits = self._take().text if self._peek().kind == 'number' else ''
            self._numbered = True
            number = _value(digits or '0')
            if self._peek() == _Token('sign', ':'):
                self._zone = (number, None)
            elif len(digits) in (1, 2):
                self._zone = (number, 0)
            elif len(digits) in (3, 4):
                self._zone = (number // 100, number % 100)
            else:
                raise _NotADate
        elif token.text in '+-)' and self._numbered:
            raise _NotADate

    def _date(self) -> list[int]:
        if not self._day:
            raise _NotADate
        first, second, third = (*self._day, 1, 1)[:3]
        plausible = 1 <= first <= 31
        if self._month is not None:
            year, month, day = (second, self._month, first)
            if not plausible:
                year, day = first, second
        elif not plausible:
            year, month, day = first, second, third
        else:
            month, day, year = first, second, third
        if 0 <= year < 100:
            year += 2000 if year < 50 else 1900
        return [year, month, day]

    def _time(self) -> list[int]:
        clock = self._clock + [0] * (4 - len(self._clock))
        if self._half is not None:
            if clock[0] > 12:
                raise _NotADate
            clock[0] = clock[0] % 12 + self._half
        return clock

    def _seconds_ahead(self) -> int:
        hours, minutes = self._zone or (0, 0)
        return (hours * 3600 + (minutes or 0) * 60) * (self._sign or 1)


def _significant(digits: str) -> str:
    """Return the digits that count: V8 keeps nine, not counting zeros in front."""
    zeros = len(digits) - len(digits.lstrip('0'))
    return digits[: zeros + 9]


def _value(digits: str) -> int:
    return int(_significant(digits))


def _tokens(text: str) -> list[_Token]:
    """Return the tokens of a text; what parentheses enclose is one that means nothing."""
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        if text[at] == '(':
            at = _after_parentheses(text, at)
            tokens.append(_Token('', ''))
            continue
        stop = text.find('(', at)
        for found in _TOKEN.finditer(text, at, len(text) if stop < 0 else stop):
            kind = {1: 'number', 2: 'sign', 3: 'word', 4: 'blank'}.get(found.lastindex or 0, '')
            tokens.append(_Token(kind, found[0]))
            at = found.end()
    return tokens


def _after_parentheses(text: str, at: int) -> int:
    """Return the place behind the parenthesis that closes the one at `at`, or the text's end."""
    depth = 0
    for place in range(at, len(text)):
        depth += {'(': 1, ')': -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    return len(text)
