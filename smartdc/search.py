"""Searching lists of dicts here, not on the server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from smartdc.errors import InvalidInput
from smartdc.shapes import are_texts

Found = TypeVar('Found', bound=Mapping[str, Any])


def search_dicts(
    dicts: Iterable[Found], predicate: str, fields: str | Sequence[str]
) -> Iterator[Found]:
    """Yield each dict with a field that the regular expression matches, whatever the case.

    `fields` are the names to look at; what is not there, or None, never matches.
    """
    if not isinstance(predicate, str):
        kind = type(predicate).__name__
        raise InvalidInput(f'a search is a regular expression as a text, not {kind}')
    try:
        matches = re.compile(predicate, re.IGNORECASE).search
    except re.error as error:
        raise InvalidInput(f'not a regular expression: {predicate!r} ({error})') from None
    names = _names(fields)
    for found in dicts:
        values = (found.get(name) for name in names)
        if any(value is not None and matches(str(value)) for value in values):
            yield found


def _names(fields: Any) -> list[str]:
    given: Any = [fields] if isinstance(fields, str) else fields
    if hasattr(given, '__iter__') and are_texts(names := list(given)):
        return names
    raise InvalidInput(f'fields are the names of what to look at, such as name, not {fields!r}')
