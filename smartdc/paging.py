"""Complete lists out of pages, while the list may change between them."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

#: The most rows that CloudAPI puts on a page.
PAGE = 1000

#: A page: its rows, and how many rows a full one has.
Page = tuple[list[dict[str, Any]], int]

#: Fetches the page at an offset.
Fetch = Callable[[int], Page]

#: How often the same full page may come again before a server is taken to ignore the offset.
_REPEATS = 10

#: The most pages that are fetched ahead at the same time; decoding them takes longer than more.
_AHEAD = 4


def pages(fetch: Fetch, key: str) -> Iterator[list[dict[str, Any]]]:
    """Yield of each page the rows that no page before it had, whatever comes and goes meanwhile.

    The next page starts at the last row of the page before. Where that row is not there, rows
    before it went away and others moved up, past the new page's beginning; then the look goes
    back, twice as far each time, until it meets known rows again. `key` is what tells rows apart.
    """
    known: set[Any] = set()
    previous: list[Any] = []
    offset = back = repeats = 0
    while True:
        page, size = fetch(offset)
        ids = [row[key] for row in page]
        overlap = _overlap(size)
        if offset and overlap and (not ids or ids[0] not in known):
            back = back * 2 or 1
            offset = max(0, offset - back)
            continue
        is_full = len(page) >= size
        fresh = {i: row for i, row in zip(ids, page, strict=True) if i not in known}
        known.update(ids)
        yield [*fresh.values()]
        # Whoever took the rows is the only one to keep them while the next ones come.
        del fresh, page
        repeats = repeats + 1 if ids == previous else 0
        if not is_full or repeats > _REPEATS:
            return
        previous, back = ids, 0
        offset += size - overlap


def _overlap(size: int) -> int:
    return 1 if size > 1 else 0


class Ahead:
    """Fetches pages before they are asked for, once a page was full.

    `get` gets what came for an offset, in other threads, and `decode` makes the page of it, in the
    thread that asks, which the others would only hold up. How many are fetched ahead grows with
    the pages seen, so that a list just longer than a page costs few requests for nothing.
    """

    def __init__(self, get: Callable[[int], Any], decode: Callable[[Any, int], Page]) -> None:
        self._get = get
        self._decode = decode
        self._coming: dict[int, Future[Any]] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._most = 1

    def __call__(self, offset: int) -> Page:
        """Return the page at an offset."""
        coming = self._coming.pop(offset, None)
        page, size = self._decode(coming.result() if coming else self._get(offset), offset)
        if size and len(page) >= size:
            self._hurry(offset, size - _overlap(size))
        return page, size

    def _hurry(self, offset: int, step: int) -> None:
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(_AHEAD, 'smartdc pages')
        self._most = min(self._most * 2, _AHEAD)
        for index in range(1, self._most + 1):
            following = offset + index * step
            if following not in self._coming:
                # A deadline is the thread's that set it, unless its context goes along.
                run = contextvars.copy_context().run
                self._coming[following] = self._threads.submit(run, self._get, following)

    def close(self) -> None:
        """Take no more pages, and wait for those that are under way."""
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)


def total(count: Callable[[int], tuple[int, int]]) -> int:
    """Return how many rows a list has; `count` tells a page's rows and how many a full one has."""
    found = 0
    while True:
        rows, size = count(found)
        found += rows
        if rows < size or not rows:
            return found
