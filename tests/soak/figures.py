"""What a long check comes to, and how much of it is done."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar('Item')

#: How often progress is told of: every so many parts of the whole.
_PARTS = 10


@dataclass(frozen=True)
class Figure:
    """What was measured, what is promised of it, and whether it holds.

    A `measured` one depends on the computer, so that no test may fail by it.
    """

    what: str
    promised: str
    came_to: str
    holds: bool
    measured: bool = False


def exactly(what: str, wanted: int, found: int) -> Figure:
    """Return the figure of a count that has to be met."""
    return Figure(what, f'{wanted:,}', f'{found:,}', wanted == found)


def at_most(
    what: str, limit: float, found: float, unit: str = '', *, measured: bool = False
) -> Figure:
    """Return the figure of something that must not be more."""
    texts = (f'{number:,.4g}{unit}' for number in (limit, found))
    promised, came_to = texts
    return Figure(what, f'at most {promised}', came_to, found <= limit, measured)


def at_least(what: str, limit: float, found: float, unit: str = '') -> Figure:
    """Return the figure of something that must not be less."""
    return Figure(what, f'at least {limit:,.5g}{unit}', f'{found:,.5g}{unit}', found >= limit)


@dataclass(frozen=True)
class Soak:
    """How much is done: `scale` of the full numbers, by a `seed`; `tell` hears of the progress."""

    scale: float = 1.0
    seed: int = 1
    tell: Callable[[str], None] = lambda _: None

    def times(self, full: int, least: int = 1) -> int:
        """Return how many there are of what would be so many."""
        return max(least, round(full * self.scale))

    def random(self, subject: str) -> random.Random:
        """Return the random numbers of a subject."""
        return random.Random(f'{subject} {self.seed}')

    def through(self, what: str, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, and tell now and then how far it has come."""
        many = list(items)
        step = max(1, len(many) // _PARTS)
        for number, item in enumerate(many, 1):
            yield item
            if number % step == 0:
                self.tell(f'{what}: {number:,} of {len(many):,}')
