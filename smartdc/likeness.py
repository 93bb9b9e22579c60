"""Knowing a thing again: what is new in a list, and what is as it was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from smartdc.errors import InvalidResponse, NotAuthorized, SmartDCError
from smartdc.shapes import is_array, is_object, is_sequence

#: What is the same in capitals: booleans, what is written in hexadecimal as ids are, and email.
_FOLDED = re.compile(r'true|false|none|[0-9a-f:.-]+|[^@\s]+@[^@\s]+', re.IGNORECASE)

#: A thing as the server tells of it.
Row = Mapping[str, Any]


def objects(rows: Any) -> list[Row]:
    """Return what a list has of objects; raise InvalidResponse for what is no list."""
    if not is_array(rows):
        raise InvalidResponse(f'a list was expected, not {type(rows).__name__}')
    return [row for row in rows if is_object(row)]


def known(rows: Callable[[], Any], key: str) -> set[str] | None:
    """Return what is listed before a create, by its `key`; None where that may not be read."""
    try:
        return {str(row.get(key)) for row in objects(rows())}
    except NotAuthorized:
        return None


def newcomer(
    rows: Any, key: str, before: Collection[str], is_it: Callable[[Any], bool]
) -> Row | None:
    """Return the one of the rows that was not there before and is as `is_it` says, None for none.

    Raises SmartDCError when there are several.
    """
    new = [row for row in objects(rows) if str(row.get(key)) not in before and is_it(row)]
    if len(new) < 2:
        return new[0] if new else None
    ids = [str(row.get(key)) for row in new]
    several = SmartDCError(f'several that are alike are new: {", ".join(ids)}')
    several.sought = {key: ids}
    raise several


def like(row: Row, body: Row) -> bool:
    """Say whether a thing shows nothing that differs from what was asked for.

    What is None was not asked for, and what the server does not tell cannot differ. Lists may be
    in another order; ids, numbers, booleans and addresses may be written in another form.
    """
    return all(
        value is None or name not in row or _same(row[name], value) for name, value in body.items()
    )


def _same(told: Any, asked: Any) -> bool:
    if is_object(asked):
        if not is_object(told):
            return False
        shown = {_plain(name): value for name, value in told.items()}
        return all(_same(shown.get(_plain(name)), value) for name, value in asked.items())
    if is_sequence(asked):
        return _same_items(told, asked)
    return _plain(told) == _plain(asked)


def _same_items(told: Any, asked: Sequence[Any]) -> bool:
    left: list[Any] = list(told) if is_sequence(told) else []
    for each in asked:
        twin = next((place for place, other in enumerate(left) if _same(other, each)), None)
        if twin is None:
            return False
        del left[twin]
    return not left


def _plain(value: Any) -> str:
    """Return a value in a form that all ways to write it share."""
    text = str(value).strip()
    if _FOLDED.fullmatch(text):
        text = text.casefold()
    if text in ('none', 'false'):
        return ''
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return text
