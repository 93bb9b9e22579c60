"""Searching lists of dicts here, not on the server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from smartdc.errors import InvalidInput

Found = TypeVar('Found', bound=Mapping[str, Any])


def search_dicts(
    dicts: Iterable[Found], predicate: str, fields: str | Sequence[str]
) -> Iterator[Found]:
    """Yield each dict with a field that the regular expression matches, whatever the case.

    `fields` are the names to look at; what is not there, or None, never matches.
    """
    try:
        matches = re.compile(predicate, re.IGNORECASE).search
    except (re.error, TypeError) as error:
        raise InvalidInput(f'not a regular expression: {predicate!r} ({error})') from None
    names = [fields] if isinstance(fields, str) else list(fields)
    for found in dicts:
        values = (found.get(name) for name in names)
        if any(value is not None and matches(str(value)) for value in values):
            yield found
