"""Complete lists out of pages, while the list may change between them."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from smartdc.errors import InvalidResponse

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

#: How many full pages are counted before a server is taken to ignore the offset: counts that are
#: alike tell nothing, and no account has a million rows.
_MOST = 1000

#: The most pages that are fetched ahead at the same time; decoding them takes longer than more.
_AHEAD = 4

#: How long the threads that fetch are left alone, in seconds: a page that is decoded meanwhile lets
#: nobody else run, and would keep the requests from going out.
_HEAD_START = 0.004


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

    `get` gets what came for an offset, in other threads. `told` says by the head of what came how
    many rows it has, None if it does not say, and how many a full page has. `decode` makes the page
    of it, in the thread that asks, which the others would only hold up.

    Pages are fetched in batches: the next one is asked for when all pages of the last one have come
    and are full. So few are asked for beyond the end, and none of them later than the last page.
    """

    def __init__(
        self,
        get: Callable[[int], Any],
        told: Callable[[Any], tuple[int | None, int]],
        decode: Callable[[Any, int], Page],
    ) -> None:
        self._get = get
        self._told = told
        self._decode = decode
        self._batch: dict[int, Future[Any]] = {}
        self._coming: dict[int, Future[Any]] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._most = 1
        self._process = os.getpid()

    def __call__(self, offset: int) -> Page:
        """Return the page at an offset."""
        self._leave_parent()
        got = self._take(offset)
        self._hurry(offset, *self._told(got))
        page, size = self._decode(got, offset)
        self._hurry(offset, len(page), size)
        return page, size

    def _leave_parent(self) -> None:
        """In a forked child, drop what the parent's threads fetch: they are not here."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._batch, self._coming, self._threads, self._most = {}, {}, None, 1

    def _take(self, offset: int) -> Any:
        if offset in self._coming:
            self._batch, self._coming = self._coming, {}
        elif offset not in self._batch:
            # A list that changed goes on elsewhere, and what comes for the old places is dropped.
            self._batch, self._coming, self._most = {}, {}, 1
        fetched = self._batch.pop(offset, None)
        return fetched.result() if fetched else self._get(offset)

    def _hurry(self, offset: int, rows: int | None, size: int) -> None:
        """Ask for the next batch, if it is time."""
        if rows is None or not 0 < size <= rows or self._coming:
            return
        if not all(map(self._is_full, self._batch.values())):
            return
        self._most = min(self._most * 2, _AHEAD)
        last, step = max(self._batch, default=offset), size - _overlap(size)
        self._coming = self._ask(range(last + step, last + step * self._most + 1, step))

    def _is_full(self, fetched: Future[Any]) -> bool:
        """Say whether a page has come, or does as soon as the others, and is full by its head."""
        if fetched.exception():
            return False
        rows, size = self._told(fetched.result())
        return rows is not None and rows >= size

    def _ask(self, offsets: Iterable[int]) -> dict[int, Future[Any]]:
        """Have other threads fetch pages, and let them go first; none if there are no threads."""
        from concurrent import futures

        try:
            if self._threads is None:
                self._threads = futures.ThreadPoolExecutor(_AHEAD, 'smartdc pages')
            coming = {
                # A deadline is the thread's that set it, unless its context goes along.
                offset: self._threads.submit(contextvars.copy_context().run, self._get, offset)
                for offset in offsets
            }
        except RuntimeError:  # there are no new threads, as when the program ends
            return {}
        futures.wait(coming.values(), _HEAD_START)
        return coming

    def close(self) -> None:
        """Wait for what is under way, so that nothing is asked once a list has ended."""
        self._leave_parent()
        if self._threads is not None:
            self._threads.shutdown()


def total(count: Callable[[int], tuple[int, int]]) -> int:
    """Return how many rows a list has; `count` tells a page's rows and how many a full one has.

    Raises InvalidResponse where the pages do not come to an end.
    """
    found = 0
    for _ in range(_MOST):
        rows, size = count(found)
        found += rows
        if rows < size or not rows:
            return found
    raise InvalidResponse(
        f'the server counts full pages without end, {found} rows so far: it seems to ignore '
        'offset; list the things, which takes each once'
    )
