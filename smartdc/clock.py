"""The clock that dates, waits and retries go by, and the deadlines that blocks set on it."""

from __future__ import annotations

import functools
import math
import time
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, Protocol, TypeVar

from smartdc.errors import InvalidInput

Known = TypeVar('Known')


class Clock(Protocol):
    """What dates, waits and retries go by."""

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Sleep so many seconds."""
        time.sleep(seconds)


#: The clock of all that were not given another.
SYSTEM_CLOCK = SystemClock()


def is_real(clock: Clock) -> bool:
    """Say whether real time passes by a clock; a test may have put another in its place."""
    return isinstance(clock, SystemClock) and not vars(clock)


class PerClock(Generic[Known]):
    """What is known by each clock, as long as the clock lives.

    Clocks need not be hashable, and those that are equal are not the same.
    """

    def __init__(self, make: Callable[[], Known]) -> None:
        self._make = make
        self._all: dict[int, tuple[object, Known]] = {}

    def of(self, clock: Clock) -> Known:
        """Return what is known by a clock, made when first asked for."""
        found = self._all.get(id(clock))
        if found is None:
            found = self._all.setdefault(id(clock), (self._life(clock), self._make()))
        return found[1]

    def clear(self) -> None:
        """Forget everything."""
        self._all.clear()

    def _life(self, clock: Clock) -> object:
        """Return what ends the knowledge with the clock."""
        try:
            # No function of Python's: an interrupt that comes in one that nobody called is lost.
            return weakref.ref(clock, functools.partial(self._all.pop, id(clock)))
        except TypeError:  # its class has no room for that, so it lives on here
            return clock


#: The deadlines of the blocks that this thread is in, from the outside in: whose clock, and when.
_blocks: ContextVar[tuple[tuple[Clock, float], ...]] = ContextVar('deadlines', default=())


@contextmanager
def deadline(seconds: float, *, clock: Clock = SYSTEM_CLOCK) -> Generator[None]:
    """Give all that is done in the block so many seconds together.

    It covers connecting, retries, the pages of lists and waiting: a call that begins too late
    raises Timeout with `sent` False, one that is under way raises Timeout, a fault is not retried
    beyond the deadline, and a wait raises WaitTimeout when no time is left for another look.
    Blocks nest, and the earliest deadline counts. Each is its own thread's alone. Raises
    InvalidInput when `seconds` is negative, or no number.
    """
    end = clock.now() + seconds_of('a deadline', seconds)
    token = _blocks.set((*_blocks.get(), (clock, end)))
    try:
        yield
    finally:
        _blocks.reset(token)


def seconds_of(what: str, given: object) -> float:
    """Return a number of seconds; raise InvalidInput, with what it is in words, for anything else.

    It may be infinity, and not less than 0.
    """
    if not isinstance(given, int | float) or not given >= 0:
        raise InvalidInput(f'{what} is a number of seconds from 0, not {given!r}')
    return given


def seconds_left() -> float:
    """Return how much is left of the blocks' deadlines, infinity outside of any."""
    return min((end - clock.now() for clock, end in _blocks.get()), default=math.inf)
