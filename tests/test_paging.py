"""Complete lists out of pages that come and go."""

import os
import sys
import threading
import warnings
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smartdc
from smartdc.clock import seconds_left
from smartdc.paging import Ahead, Fetch, pages, total
from tests.clocks import TestClock
from tests.programs import run


def rows(fetch: Fetch, key: str = 'id') -> Iterator[dict[str, Any]]:
    """Yield the rows of all pages, one after the other."""
    return chain.from_iterable(pages(fetch, key))


def complete(fetch: Fetch, key: str = 'id') -> list[dict[str, Any]]:
    """Return the rows of all pages."""
    return list(rows(fetch, key))


class Listing:
    """A server's list, highest id first, that may change before a page is served."""

    def __init__(self, ids: list[int], changes: dict[int, tuple[set[int], set[int]]], size: int):
        self.ids = set(ids)
        self.changes = changes
        self.size = size
        self.offsets: list[int] = []

    def page(self, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Serve a page, after the change that is due before it."""
        added, removed = self.changes.get(len(self.offsets), (set(), set()))
        self.ids = (self.ids | added) - removed
        self.offsets.append(offset)
        assert len(self.offsets) < 99, 'the list does not come to an end'
        rows = sorted(self.ids, reverse=True)[offset : offset + self.size]
        return [{'id': str(each)} for each in rows], self.size


@pytest.mark.parametrize('count', [0, 1, 999, 1000, 1001, 2500, 10_000])
def test_each_row_comes_once_with_the_fewest_requests(count: int) -> None:
    """A list of any length is exact, and takes as many requests as pages that can be needed."""
    listing = Listing(list(range(count)), {}, 1000)
    found = [int(row['id']) for row in complete(listing.page)]

    assert list(range(count))[::-1] == found
    assert len(listing.offsets) <= count // 1000 + 1


@given(
    start=st.sets(st.integers(0, 200), max_size=60),
    changes=st.dictionaries(
        st.integers(1, 8),
        st.tuples(
            st.sets(st.integers(201, 400), max_size=9), st.sets(st.integers(0, 200), max_size=9)
        ),
        max_size=5,
    ),
    size=st.integers(2, 12),
)
def test_nothing_that_stays_is_missed_or_doubled(
    start: set[int], changes: dict[int, tuple[set[int], set[int]]], size: int
) -> None:
    """Rows that are there all the time are listed once, whatever comes and goes meanwhile."""
    gone = set().union(*(removed for _, removed in changes.values()))
    found = [int(row['id']) for row in complete(Listing(sorted(start), changes, size).page)]

    assert len(set(found)) == len(found)
    assert start - gone <= set(found)


@pytest.mark.parametrize(
    ('gone', 'offsets'), [(0, [0, 9, 18]), (1, [0, 9, 8, 17]), (3, [0, 9, 8, 6, 15])]
)
def test_the_look_goes_back_twice_as_far_each_time(gone: int, offsets: list[int]) -> None:
    """The more rows went away before the second page, the further back is the last known one."""
    listing = Listing(list(range(25)), {1: (set(), set(range(25 - gone, 25)))}, 10)

    assert list(range(25))[::-1] == [int(row['id']) for row in complete(listing.page)]
    assert offsets == listing.offsets


def test_pages_of_two_rows_overlap() -> None:
    """They are the smallest of which the next can begin with what is known."""
    listing = Listing([1, 2, 3, 4], {1: (set(), {4})}, 2)

    assert ['4', '3', '2', '1'] == [row['id'] for row in complete(listing.page)]


def test_rows_are_told_apart_by_any_field() -> None:
    """Not all that is listed has an id."""
    vlans = [{'vlan_id': 2}, {'vlan_id': 3}, {'vlan_id': 2}]

    assert [{'vlan_id': 2}, {'vlan_id': 3}] == complete(lambda _: (vlans, 10), 'vlan_id')


def test_pages_of_one_row_come_to_an_end() -> None:
    """The smallest page there is lists everything, too."""
    listing = Listing([3, 1, 2], {}, 1)

    assert ['3', '2', '1'] == [row['id'] for row in complete(listing.page)]


def test_a_server_that_ignores_the_offset_is_not_asked_for_ever() -> None:
    """The same full page again and again is the end of the list."""
    asked: list[int] = []

    def page(offset: int) -> tuple[list[dict[str, Any]], int]:
        asked.append(offset)
        assert len(asked) < 20
        return [{'id': 'a'}, {'id': 'b'}], 2

    assert [{'id': 'a'}, {'id': 'b'}] == complete(page)


@pytest.mark.parametrize('rows', [0, 1, 999, 1000, 1001, 2500])
def test_the_total_adds_up_pages(rows: int) -> None:
    """A count goes on while pages are full, and no longer."""
    listing = Listing(list(range(rows)), {}, 1000)

    def count(offset: int) -> tuple[int, int]:
        page, size = listing.page(offset)
        return len(page), size

    assert rows == total(count)
    assert rows // 1000 + 1 == len(listing.offsets)


def test_a_count_of_full_pages_comes_to_an_end() -> None:
    """A server that ignores the offset is not asked for ever, and no number is made up."""
    asked: list[int] = []

    def count(offset: int) -> tuple[int, int]:
        asked.append(offset)
        assert len(asked) < 2000
        return 1000, 1000

    with pytest.raises(smartdc.InvalidResponse, match='seems to ignore offset'):
        total(count)


class Server:
    """A list of numbers on pages of ten, which remembers what was asked, and what of it here.

    `is_told` says whether the heads of its answers tell how many rows there are.
    """

    def __init__(self, count: int, *, is_told: bool = True) -> None:
        self.count = count
        self.is_told = is_told
        self.asked: list[int] = []
        self.own: list[int] = []

    def get(self, offset: int) -> range:
        """Return where the rows of a page are on it."""
        self.asked.append(offset)
        assert len(self.asked) < 99, 'the list does not come to an end'
        if threading.current_thread() is threading.main_thread():
            self.own.append(offset)
        return range(min(10, self.count - offset))

    def told(self, places: range) -> tuple[int | None, int]:
        """Return what the head of an answer says."""
        return (len(places) if self.is_told else None), 10

    def page(self, places: range, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Return the rows of a page, and how many a full one has."""
        return [{'id': offset + place} for place in places], 10

    def rows(self) -> list[int]:
        """Return the whole list, fetched ahead."""
        ahead = Ahead(self.get, self.told, self.page)
        try:
            return [row['id'] for row in rows(ahead)]
        finally:
            ahead.close()


@pytest.mark.parametrize('is_told', [True, False])
@pytest.mark.parametrize(
    ('count', 'asked'), [(0, 1), (9, 1), (10, 3), (11, 3), (27, 3), (28, 7), (64, 11), (100, 15)]
)
def test_pages_are_fetched_ahead_in_batches(count: int, asked: int, *, is_told: bool) -> None:
    """After the first page come 2, 4, 4 ... at a time, each once, while all before are full."""
    server = Server(count, is_told=is_told)

    assert list(range(count)) == server.rows()
    assert list(range(0, 9 * asked, 9)) == sorted(server.asked)
    assert [0] == server.own


def test_the_next_batch_is_under_way_before_a_page_is_decoded() -> None:
    """What the heads tell is enough; the last batch is not asked for beyond its short page."""
    server = Server(28)
    seen: list[tuple[int, int]] = []

    def page(places: range, offset: int) -> tuple[list[dict[str, Any]], int]:
        seen.append((offset, len(ahead._coming)))
        return server.page(places, offset)

    ahead = Ahead(server.get, server.told, page)
    assert list(range(28)) == [row['id'] for row in rows(ahead)]
    ahead.close()

    assert [(0, 2), (9, 4), (18, 4), (27, 0)] == seen


def test_pages_ahead_are_dropped_when_the_list_has_changed() -> None:
    """Rows that moved up are found again, and what was ahead at the old places is not used."""
    asked: list[int] = []

    def get(offset: int) -> list[int]:
        asked.append(offset)
        rows = list(range(3 if offset else 0, 40))
        return rows[offset : offset + 10]

    ahead = Ahead(
        get,
        lambda found: (len(found), 10),
        lambda found, _: ([{'id': number} for number in found], 10),
    )
    assert list(range(40)) == [row['id'] for row in rows(ahead)]
    ahead.close()

    # For 9: 18, and 27 to 54. For 8: 17 and 26. For 6: 15 and 24, and 33 to 60.
    assert [0, 6, 8, 9, 15, 17, 18, 24, 26, 27, *(33, 36, 42, 45, 51, 54, 60)] == sorted(asked)


def test_what_goes_wrong_ahead_is_raised_when_its_turn_comes() -> None:
    """The rows before it come first; what went wrong beyond the end does not matter."""

    def get(offset: int) -> list[dict[str, Any]]:
        if offset == 18:
            raise smartdc.ResourceNotFound(404)
        return [{'id': number} for number in range(offset, offset + 10)]

    ahead = Ahead(get, lambda page: (len(page), 10), lambda page, _: (page, 10))
    coming = rows(ahead)

    assert list(range(19)) == [next(coming)['id'] for _ in range(19)]
    with pytest.raises(smartdc.ResourceNotFound):
        next(coming)
    ahead.close()


def test_a_deadline_goes_along_to_the_pages_ahead() -> None:
    """The threads that fetch know how much time is left."""
    clock, left = TestClock(), []

    def get(offset: int) -> list[dict[str, Any]]:
        left.append(seconds_left())
        return [{'id': number} for number in range(offset, min(offset + 10, 25))]

    ahead = Ahead(get, lambda page: (len(page), 10), lambda page, _: (page, 10))
    with smartdc.deadline(7, clock=clock):
        assert 25 == len(list(rows(ahead)))
    ahead.close()

    assert {7} == set(left)


def test_no_thread_is_left() -> None:
    """A list that is left in the middle ends its threads, too."""
    before = set(threading.enumerate())
    server = Server(100)
    ahead = Ahead(server.get, server.told, server.page)
    listing = rows(ahead)
    for _ in range(25):
        next(listing)
    ahead.close()

    assert set() == set(threading.enumerate()) - before


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')
def test_a_forked_child_goes_on_without_the_threads_of_its_parent() -> None:
    """The pages that were under way at the fork are asked for again, by the child itself."""
    gate = threading.Event()

    def get(offset: int) -> range:
        if offset and os.getpid() == parent:
            gate.wait(10)
        return server.get(offset)

    parent, server = os.getpid(), Server(28)
    ahead = Ahead(get, server.told, server.page)
    listing = rows(ahead)
    first = [next(listing)['id'] for _ in range(10)]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)  # there are threads
        child = os.fork()
    if child == 0:
        try:
            threading.Timer(10, os._exit, (2,)).start()
            is_whole = list(range(28)) == first + [row['id'] for row in listing]
            ahead.close()
            os._exit(3 if is_whole else 1)
        finally:
            os._exit(1)
    gate.set()
    assert list(range(28)) == first + [row['id'] for row in listing]
    ahead.close()
    _, status = os.waitpid(child, 0)

    assert 3 == os.waitstatus_to_exitcode(status)


#: A list that is asked for when no thread can be started any more.
AT_THE_END = """
import atexit
import concurrent.futures.thread
from smartdc.paging import Ahead, pages

def last():
    ahead = Ahead(
        lambda offset: range(offset, min(offset + 10, 28)),
        lambda numbers: (len(numbers), 10),
        lambda numbers, _: ([{'id': number} for number in numbers], 10),
    )
    print([row['id'] for page in pages(ahead, 'id') for row in page] == list(range(28)))
    ahead.close()

atexit.register(last)
"""


def test_at_the_end_of_a_program_one_page_comes_after_the_other() -> None:
    """A list of several pages is whole, though there are no threads any more to fetch ahead."""
    assert 'True' == run(sys.executable, '-c', AT_THE_END).strip()
