"""The types of the policy language: what their operators do, and which values they take."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from smartdc.simulator.aperture_grammar import PolicyFault
from smartdc.simulator.ipaddr import AddressFault, Prefix, parse
from smartdc.simulator.javascript import number, number_text
from smartdc.simulator.javascript_dates import parse_date
from smartdc.simulator.javascript_regexp import RegExpFault, compile_regexp, literal_parts, matches

#: What every object of JavaScript has, and aperture therefore finds in each of its tables.
INHERITED = frozenset(
    {
        *('constructor', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable'),
        *('toLocaleString', 'toString', 'valueOf', '__proto__', '__defineGetter__'),
        *('__defineSetter__', '__lookupGetter__', '__lookupSetter__'),
    }
)

#: What the checks of some types call on a value, which only a text has.
_TEXT_METHODS = {'day': 'str.toLowerCase', 'ip': 'input.split', 'time': 'input.split'}
_OF_FUNCTIONS = frozenset({'apply', 'bind', 'call'})
_OF_OBJECT = frozenset({'assign', 'create', 'freeze', 'is', 'keys', 'seal'})

_DAYS = ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
_DAY_NAMES = {
    **{day: place for place, day in enumerate(_DAYS, 1)},
    **{day[:3]: place for place, day in enumerate(_DAYS, 1)},
    'm': 1,
    't': 2,
    'w': 3,
    'th': 4,
    'f': 5,
    's': 6,
    'su': 7,
}

_DAY_LENGTH = 86_400_000
_LAST_TIME = 8_640_000_000_000_000
_ORDER = ('<', '>', '<=', '>=')


@dataclass(frozen=True)
class Instant:
    """A date of JavaScript: milliseconds since 1970."""

    milliseconds: int

    @classmethod
    def at(cls, seconds: float) -> Instant:
        """Return the instant that is so many seconds after 1970."""
        return cls(math.floor(seconds * 1000))

    @property
    def day(self) -> int:
        """The day of the week, from 1 for Monday to 7 for Sunday."""
        return (self.milliseconds // _DAY_LENGTH + 3) % 7 + 1

    @property
    def day_seconds(self) -> int:
        """The seconds since midnight."""
        return self.milliseconds % _DAY_LENGTH // 1000

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.milliseconds // 1000, UTC)
        return f'{when:%a %b %d %Y %H:%M:%S} GMT+0000 (UTC)'


#: A value that a condition looks at; None is what JavaScript calls undefined.
Value = str | bool | int | float | Sequence[str] | Instant | None


def text_of(value: Value) -> str:
    """Return what `String(value)` is."""
    if value is None:
        return 'undefined'
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, int | float):
        return number_text(value)
    return str(value) if isinstance(value, str | Instant) else ','.join(value)


def _number_of(value: Value) -> float:
    if isinstance(value, Instant):
        return value.milliseconds
    if isinstance(value, bool | int | float):
        return value
    return math.nan if value is None else number(text_of(value))


def compare(operator: str, left: Any, right: Any) -> bool:
    """Tell what `left operator right` is of two values of one type, numbers or texts."""
    match operator:
        case '=':
            return bool(left == right)
        case '!=':
            return bool(left != right)
        case '<':
            return bool(left < right)
        case '>':
            return bool(left > right)
        case '<=':
            return bool(left <= right)
    return bool(left >= right)


def _required(value: Value, wanted: str, kind: type | tuple[type, ...]) -> None:
    """Refuse a value of another type, as assert-plus does."""
    if not isinstance(value, kind) or (wanted == 'number' and isinstance(value, bool)):
        raise PolicyFault(f'context ({wanted}) is required', name='AssertionError')


def _date(operator: str, value: Value, wanted: str) -> bool:
    _required(value, 'Date', Instant)
    found = parse_date(wanted)
    return compare(operator, _number_of(value), math.nan if found is None else found)


def _day(operator: str, value: Value, wanted: str) -> bool:
    _required(value, 'Date', Instant)
    return isinstance(value, Instant) and compare(operator, value.day, _day_number(wanted))


def _time(operator: str, value: Value, wanted: str) -> bool:
    _required(value, 'Date', Instant)
    found = _time_of(wanted)
    seconds = math.nan if found is None else found.day_seconds
    return isinstance(value, Instant) and compare(operator, value.day_seconds, seconds)


def _number(operator: str, value: Value, wanted: str) -> bool:
    _required(value, 'number', (int, float))
    return compare(operator, _number_of(value), number(wanted))


def _boolean(operator: str, value: Value, wanted: str) -> bool:
    _required(value, 'boolean', bool)
    return compare(operator, text_of(value), wanted)


def _string(operator: str, value: Value, wanted: str) -> bool:
    if operator == 'like':
        return _tested(wanted, value)
    if operator in ('=', '!='):
        return compare(operator, value if isinstance(value, str) else None, wanted)
    if isinstance(value, Instant | bool | int | float) or value is None:
        return compare(operator, _number_of(value), number(wanted))
    return compare(operator, _units(text_of(value)), _units(wanted))


def _units(text: str) -> bytes:
    """Return what texts are ordered by."""
    return text.encode('utf-16-be', 'surrogatepass')


def _tested(literal: str, value: Value) -> bool:
    try:
        return matches(*literal_parts(literal), text_of(value))
    except RegExpFault as fault:
        raise PolicyFault(str(fault), name='SyntaxError') from None


def _ip(operator: str, value: Value, wanted: str) -> bool:
    try:
        prefix = Prefix.parse(wanted)
        if value is None:
            raise PolicyFault("Cannot read property 'match' of undefined", name='TypeError')
        if not isinstance(value, str):
            raise PolicyFault('string.match is not a function', name='TypeError')
        return prefix.holds(parse(value)) == (operator == '=')
    except AddressFault as fault:
        raise PolicyFault(str(fault)) from None


def _array(_: str, value: Value, wanted: str) -> bool:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise PolicyFault('context', name='AssertionError')
    return wanted in value


def _day_number(text: str) -> float:
    """Return the day of the week that a text stands for: a name, a number or a date."""
    named = _DAY_NAMES.get(text.lower())
    if named is not None:
        return named
    found = number(text)
    if not math.isnan(found):
        return found
    date = parse_date(text)
    return math.nan if date is None else Instant(date).day


def _time_of(text: str) -> Instant | None:
    """Return an instant with the time that a text stands for: `hh:mm:ss` or a date."""
    parts = text.split(':')
    if len(parts) == 3:
        total = 0.0
        for part, length in zip(parts, (3_600_000, 60_000, 1000), strict=True):
            total += math.nan if math.isinf(number(part)) else _whole(number(part)) * length
        if abs(total) <= _LAST_TIME:
            return Instant(int(total))
    date = parse_date(text)
    return None if date is None else Instant(date)


def _whole(value: float) -> float:
    return value if math.isnan(value) else math.trunc(value)


def _check_date(value: str, _: str) -> str | None:
    return 'date: unable to parse date' if parse_date(value) is None else None


def _check_day(value: str, _: str) -> str | None:
    day = _day_number(value)
    if math.isnan(day):
        return 'day: unable to parse day'
    return None if 1 <= day <= 7 else 'day: day must be between 1 (Monday) and 7 (Sunday)'


def _check_time(value: str, _: str) -> str | None:
    return 'time: invalid time' if _time_of(value) is None else None


def _check_number(value: str, _: str) -> str | None:
    return 'number: not a number' if math.isnan(number(value)) else None


def _check_boolean(value: str, _: str) -> str | None:
    return None if value in ('true', 'false') else 'boolean: must be "true" or "false"'


def _check_string(value: str, operator: str) -> str | None:
    if operator == 'like':
        try:
            compile_regexp(*literal_parts(value))
        except RegExpFault as fault:
            return str(fault)
    return None


def _check_ip(value: str, _: str) -> str | None:
    try:
        address = parse(value.partition('/')[0])
    except AddressFault as fault:
        return str(fault)
    _, slash, rest = value.partition('/')
    bits = number(rest.partition('/')[0])
    if slash and (bits < 0 or bits > address.bits):
        return f'ip: prefix size must be between 0 and {address.bits}'
    return None


def _check_array(_: str, __: str) -> str | None:
    return None


@dataclass(frozen=True)
class _Type:
    """A type: its operators, what they do, and what is wrong with a value for one of them."""

    operators: frozenset[str]
    evaluate: Callable[[str, Value, str], bool]
    fault: Callable[[str, str], str | None]


def _type(
    evaluate: Callable[[str, Value, str], bool],
    fault: Callable[[str, str], str | None],
    *operators: str,
) -> _Type:
    # The function that checks values lies among the operators, and does for one.
    return _Type(frozenset({*operators, 'validate'}), evaluate, fault)


_TYPES: Mapping[str, _Type] = {
    'array': _type(_array, _check_array, 'contains'),
    'boolean': _type(_boolean, _check_boolean, '=', '!='),
    'date': _type(_date, _check_date, '=', '!=', *_ORDER),
    'day': _type(_day, _check_day, '=', '!=', *_ORDER),
    'ip': _type(_ip, _check_ip, '=', '!='),
    'number': _type(_number, _check_number, '=', '!=', *_ORDER),
    'string': _type(_string, _check_string, '=', '!=', *_ORDER, 'like'),
    'time': _type(_time, _check_time, '=', '!=', *_ORDER),
}


def _functions(type: str) -> frozenset[str]:
    """Return the functions that a type has by itself being a function of JavaScript."""
    if type not in INHERITED or type == '__proto__':
        return frozenset()
    return _OF_FUNCTIONS | _OF_OBJECT if type == 'constructor' else _OF_FUNCTIONS


def _found(type: str, operator: str) -> _Type | None:
    """Return a type that knows the operator, None for one that every object would know."""
    found = _TYPES.get(type)
    if found is None and type not in INHERITED:
        raise PolicyFault(f'unknown type "{type}"', name='UnknownTypeError')
    if operator == 'constructor' or operator in _functions(type):
        return None
    if found is None or operator not in found.operators:
        text = f'unsupported operation "{operator}" on type "{type}"'
        raise PolicyFault(text, name='UnsupportedOperationError')
    return found


def check(operator: str, value: str, type: str) -> None:
    """Refuse a type that is not known, an operator it does not have, a value it does not take.

    Raises:
        PolicyFault: with the fault of the value as its cause.
    """
    found = _found(type, operator)
    if found is not None:
        cause = found.fault(value, operator)
    elif type in INHERITED:
        cause = 'this.types[type].validate is not a function'
    else:
        cause = _TYPES[type].fault(value, operator)
    if cause is not None:
        text = f'unable to validate value "{value}" as type "{type}"'
        raise PolicyFault(text, cause, name='ValidationError')


def supported(operator: str, type: str) -> None:
    """Refuse a type that is not known and an operator that it does not have."""
    _found(type, operator)


def holds(operator: str, value: Value, wanted: str, type: str) -> bool:
    """Tell whether a comparison holds for a value of the context."""
    found = _found(type, operator)
    # The constructor of an object makes an object of anything, and an object counts as true.
    if found is None:
        return True
    if operator != 'validate':
        return found.evaluate(operator, value, wanted)
    if type in _TEXT_METHODS and not isinstance(value, str):
        raise PolicyFault(f'{_TEXT_METHODS[type]} is not a function', name='TypeError')
    cause = found.fault(text_of(value), wanted)
    if cause is not None:
        raise PolicyFault(cause)
    return False
