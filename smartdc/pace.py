"""When to look again: as often as told, or as the waits of this process have shown to be wise."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from smartdc.clock import Clock, PerClock, seconds_of

#: Seconds between two looks: a number, or a function of how many looks there were.
Interval = float | Callable[[int], float]


class _Learned(float):
    """A number of seconds that holds until it is known how long something takes."""

    __slots__ = ()


#: Two seconds between two looks, and fewer looks while it is too early for what is known to take
#: long: what `interval=` is unless it is given. It equals 2; a 2 that is given is just that.
LEARNED = _Learned(2)


def is_learned(interval: Interval) -> bool:
    """Tell whether nobody has said how often to look."""
    return isinstance(interval, _Learned)


#: The part of the typical time after which it is worth to look.
_EARLY = 0.6

#: How much less of it when it is known from one wait only; from n waits, an nth of this.
_DOUBT = 0.25

#: How many intervals must be saved, so that what is short is seen as soon as ever.
_WORTH = 3

#: How much the last wait counts, once there were several.
_WEIGHT = 0.2


class _Typical(NamedTuple):
    """How long something takes, as far as it is known, and from how many waits."""

    seconds: float
    waits: int = 1

    def and_then(self, seconds: float) -> _Typical:
        """Return what is known after one more wait; what is late by far counts no more for it."""
        weight = max(_WEIGHT, 1 / (self.waits + 1))
        return _Typical(self.seconds * (seconds / self.seconds) ** weight, self.waits + 1)

    def due(self) -> float:
        """Return after how many seconds it is worth to look."""
        return self.seconds * _EARLY * (1 - _DOUBT / self.waits)


#: What is waited for: whose it is, of what kind, what was seen first, and what it is to become.
Transition = tuple[str, ...]

#: What the waits of this process have shown, by the clock that they went by. Two that end at the
#: same moment may leave what one of them has shown; that does no harm.
_known = PerClock(dict[Transition, _Typical])


class Pace:
    """The looks of one wait: when the next one is due, and what they tell of how long it takes.

    `transition` says what is waited for, but for the state that is seen first.
    """

    def __init__(self, interval: Interval, clock: Clock, transition: Transition) -> None:
        self._interval = interval
        self._clock = clock
        self._transition = transition
        self._first = ''
        self._began = clock.now()
        self._looks = 0
        self._saw = False
        self._known = _known.of(clock)

    def missed(self, state: str) -> None:
        """Note a look at which it was too early, and what it saw."""
        self._first = self._first or state
        self._looks += 1
        self._saw = True

    def failed(self) -> None:
        """Note a look that saw nothing."""
        self._looks += 1
        self._saw = False

    def pause(self) -> float:
        """Return how many seconds to wait until the next look."""
        interval = self._interval
        given = interval(self._looks) if callable(interval) else interval
        seconds = seconds_of('an interval', given)
        if not is_learned(interval) or self._looks < 2:
            return seconds
        known = self._known.get((*self._transition, self._first))
        early = 0.0 if known is None else known.due() - self._elapsed()
        return early if early > _WORTH * seconds else seconds

    def found(self) -> None:
        """Learn from a wait that has ended well, if the look before it saw that it had not."""
        if not self._saw:
            return
        took = max(self._elapsed() - LEARNED / 2, 0.1)
        key = (*self._transition, self._first)
        known = self._known.get(key)
        self._known[key] = _Typical(took) if known is None else known.and_then(took)

    def _elapsed(self) -> float:
        return self._clock.now() - self._began
