"""Complete lists out of pages that come and go."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc.paging import complete, total


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


def test_pages_of_one_row_come_to_an_end() -> None:
    """The smallest page there is lists everything, too."""
    listing = Listing([3, 1, 2], {}, 1)

    assert ['3', '2', '1'] == [row['id'] for row in complete(listing.page)]


def test_a_server_that_ignores_the_offset_is_not_asked_for_ever() -> None:
    """The same full page again and again is the end of the list."""
    asked: list[int] = []

    def page(offset: int) -> tuple[list[dict[str, Any]], int]:
        asked.append(offset)
        return [{'id': 'a'}, {'id': 'b'}], 2

    assert [{'id': 'a'}, {'id': 'b'}] == complete(page)
    assert len(asked) < 20


@pytest.mark.parametrize('rows', [0, 1, 999, 1000, 1001, 2500])
def test_the_total_adds_up_pages(rows: int) -> None:
    """A count goes on while pages are full."""
    assert rows == total(lambda offset: (min(1000, max(0, rows - offset)), 1000))
