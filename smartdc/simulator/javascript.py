"""The few habits of JavaScript that CloudAPI's answers show to its clients."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import Any

from smartdc.simulator.shapes import is_array, is_object

#: What `\s` and `trim()` take for white space, as the inside of a character class.
SPACE = '\t-\r \u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'

_SPACES = ''.join(
    chr(code) for code in range(0x10000) if re.match(f'[{SPACE}]', chr(code)) is not None
)
_INTEGER = re.compile(f'[{SPACE}]*([+-]?[0-9]+)')
_DECIMAL = re.compile(r'[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)')
_HEXADECIMAL = re.compile('0[xX][0-9a-fA-F]+')
_URL_SAFE = str.maketrans('-_', '+/')
# Python refuses to read longer numbers; a client who sends one gets the answer for a huge one.
_MOST_DIGITS = 400
_NOT_BASE64 = re.compile('[^A-Za-z0-9+/]')


def trim(text: str) -> str:
    """Return the text without the white space around it, as `String.prototype.trim` does."""
    return text.strip(_SPACES)


def trim_start(text: str) -> str:
    """Return the text without its leading white space."""
    return text.lstrip(_SPACES)


def parse_int(text: str) -> int | None:
    """Return the decimal number that the text begins with, None where `parseInt` says NaN."""
    found = _INTEGER.match(text)
    return None if found is None else int(found[1][:_MOST_DIGITS])


def length(text: str) -> int:
    """Return how many UTF-16 units the text has, which is what `.length` says."""
    return len(text) + sum(char > '\uffff' for char in text)


def number_text(value: float) -> str:
    """Return a number as JavaScript prints it: 310.793, but 310 and not 310.0."""
    if math.isinf(value):
        return 'Infinity' if value > 0 else '-Infinity'
    if abs(value) < 1e21 and value == int(value):
        return str(int(value))
    digits, _, exponent = repr(value).partition('e')
    if not exponent:
        return digits
    power = int(exponent)
    if -7 < power < 0:
        return f'{value:.{len(digits.replace(".", "").lstrip("-")) - 1 - power}f}'
    return f'{digits}e{power:+d}'


def number(text: str) -> float:
    """Return what `Number(text)` is: NaN for a text that is no number, 0 for a blank one."""
    bare = trim(text)
    if not bare:
        return 0.0
    if _HEXADECIMAL.fullmatch(bare):
        return float(int(bare[:258], 16))
    return float(bare) if _DECIMAL.fullmatch(bare) else math.nan


def string(value: Any) -> str:
    """Return what `String(value)` is of a JSON value: a list is joined by commas."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return number_text(value)
    if is_array(value):
        return ','.join('' if item is None else string(item) for item in value)
    return value if isinstance(value, str) else '[object Object]'


def type_name(value: Any) -> str:
    """Return what `typeof` says of a JSON value."""
    if isinstance(value, bool):
        return 'boolean'
    if isinstance(value, int | float):
        return 'number'
    return 'string' if isinstance(value, str) else 'object'


def json_text(value: Any) -> str:
    """Return a JSON value as `JSON.stringify` writes it."""
    return json.dumps(_whole(value), ensure_ascii=False, separators=(',', ':'))


def _whole(value: Any) -> Any:
    """Return the value with 5.0 made 5, because JavaScript has one kind of number."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if is_array(value):
        return [_whole(item) for item in value]
    if is_object(value):
        return {key: _whole(item) for key, item in value.items()}
    return value


def from_base64(text: str) -> bytes:
    """Return the bytes of a base64 text as Node.js reads it.

    It ends at the first `=`, skips what is no digit, and takes the URL-safe digits as well.
    """
    try:
        # What is written as it should be is read the same everywhere, and much faster.
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        pass
    digits = _NOT_BASE64.sub('', text.partition('=')[0].translate(_URL_SAFE))
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return base64.b64decode(digits + '=' * (-len(digits) % 4))
