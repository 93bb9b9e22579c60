"""Ids and paths: what may stand in a URL, and how it gets there."""

from __future__ import annotations

import functools
import re
from typing import Any
from urllib.parse import quote

from smartdc.errors import InvalidInput
from smartdc.shapes import is_object

_CONTROL = re.compile(r'[\x00-\x1f\x7f]')
_UUID = re.compile('[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.IGNORECASE)


def fill(template: str, *parts: object) -> str:
    """Put each part, percent-encoded, into its `{}` of the template.

    Slashes, blanks, `? # %` and non-ASCII characters arrive at the server as they are. A part
    that is empty, `.` or `..`, or has control characters is refused: it would name another
    resource than the one that is signed for.
    """
    return template.format(*(_encoded(part) for part in parts))


def _encoded(part: object) -> str:
    text = str(part) if isinstance(part, str | int) and not isinstance(part, bool) else ''
    if not text:
        raise InvalidInput(f'an id or name must not be empty, got {part!r}')
    return _quoted(text)


@functools.lru_cache(256)
def _quoted(text: str) -> str:
    if text in ('.', '..'):
        raise InvalidInput(f'{text!r} cannot be an id or name: it means another path in a URL')
    if _CONTROL.search(text):
        raise InvalidInput(f'an id or name must not have control characters: {text!r}')
    try:
        return quote(text, safe='')
    except UnicodeEncodeError:
        raise InvalidInput(f'not valid Unicode: {text!r}') from None


def ident(thing: Any, *keys: str) -> Any:
    """Return the id of a thing: itself if it is a string, else its first key or attribute found.

    `keys` are the names under which a dict may carry its id, `id` if none are named.
    """
    if isinstance(thing, str | int):
        return thing
    for key in keys or ('id',):
        found = thing.get(key) if is_object(thing) else getattr(thing, key, None)
        if isinstance(found, str | int) and found:
            return found
    wanted = ' or '.join(repr(key) for key in keys or ('id',))
    raise InvalidInput(
        f'expected an id, or a dict or object with {wanted}, got {type(thing).__name__}'
    )


def is_uuid(text: str) -> bool:
    """Say whether the text is a UUID as CloudAPI writes them."""
    return _UUID.fullmatch(text) is not None
