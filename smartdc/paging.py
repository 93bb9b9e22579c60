"""Complete lists out of pages, while the list may change between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: The most rows that CloudAPI puts on a page.
PAGE = 1000

#: Fetches the page at an offset: its rows, and how many rows a full page has.
Fetch = Callable[[int], tuple[list[dict[str, Any]], int]]

#: How often the same full page may come again before a server is taken to ignore the offset.
_REPEATS = 10


def complete(fetch: Fetch, key: str = 'id') -> list[dict[str, Any]]:
    """Return each row of a list once, whatever comes and goes between its pages.

    The next page starts at the last row of the page before. Where that row is not there, rows
    before it went away and others moved up, past the new page's beginning; then the look goes
    back, twice as far each time, until it meets known rows again. `key` is what tells rows apart.
    """
    found: dict[str, dict[str, Any]] = {}
    previous: list[str] = []
    offset = back = repeats = 0
    while True:
        rows, size = fetch(offset)
        ids = [row[key] for row in rows]
        overlap = 1 if size > 1 else 0
        if offset and overlap and (not ids or ids[0] not in found):
            back = back * 2 or 1
            offset = max(0, offset - back)
            continue
        for row in rows:
            found.setdefault(row[key], row)
        repeats = repeats + 1 if ids == previous else 0
        if len(rows) < size or repeats > _REPEATS:
            return list(found.values())
        previous, back = ids, 0
        offset += size - overlap


def page_of(size: int) -> Callable[[Any, Any], tuple[list[dict[str, Any]], int]]:
    """Return the reader of a page: its rows, and how many a full one has by the server's word."""

    def read(rows: list[dict[str, Any]], response: Any) -> tuple[list[dict[str, Any]], int]:
        return rows, min(size, int(response.headers.get('x-query-limit', size)))

    return read


def total(count: Callable[[int], tuple[int, int]]) -> int:
    """Return how many rows a list has; `count` tells a page's rows and how many a full one has."""
    found = 0
    while True:
        rows, size = count(found)
        found += rows
        if rows < size or not rows:
            return found
