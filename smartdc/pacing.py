"""Going no faster than a server allows, so that work on many things at once is not refused.

CloudAPI gives each account so many requests a second and refuses the rest with 429. In a `paced`
block requests take turns: each waits until the server should take it, and one that is refused
nevertheless is sent again when its next turn comes.
"""

from __future__ import annotations

import logging
import math
import os
import random
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, Self

from smartdc.clock import Clock, PerClock, seconds_left, seconds_of
from smartdc.errors import InvalidInput, SmartDCError, Timeout
from smartdc.given import count_of

#: How far a refusal makes a share fall, and in how many seconds it doubles again. By time and not
#: by answers: else those who have little would get it back more slowly than those who have much.
_FALL, _DOUBLING = 0.8, 30.0

#: Seconds by which the turns are later than computed: servers compute with rounding errors, too.
_GRAIN = 0.001

#: How soon a wait for a turn notices that it is not wanted any more, in seconds.
_SLICE = 1.0

logger: logging.Logger = logging.getLogger('smartdc.pacing')


class Stopped(SmartDCError):
    """Nothing was sent: the work was stopped before its turn came."""


class _Allowance(NamedTuple):
    burst: int
    rate: float
    patience: float


class Pace(_Allowance):
    """What a server allows one account: `burst` requests after a rest, then `rate` a second.

    The defaults are CloudAPI's. Where others ask on behalf of the same account, or the server
    allows less, refusals tell, and a client slows down. A request that is refused over and over is
    given up after `patience` seconds, unless a `deadline` is nearer.
    """

    __slots__ = ()

    def __new__(cls, burst: int = 30, rate: float = 10.0, patience: float = 3600.0) -> Self:
        """Check and keep what is given."""
        count_of('burst=', burst)
        seconds_of('patience=', patience)
        if not isinstance(rate, int | float) or not 0 < rate < math.inf:
            raise InvalidInput(f'rate= is a number above 0, of requests a second, not {rate!r}')
        return super().__new__(cls, burst, rate, patience)


#: What CloudAPI allows unless it was configured otherwise.
DEFAULT_PACE = Pace()


class Pacer:
    """One account's turns at one server, shared by all who wait for one.

    It keeps the bucket of tokens that the server keeps. Its `share` is the part of the server's
    allowance that it takes for its own: all of it at first, less after a refusal, more with time.
    """

    def __init__(self, pace: Pace, chance: Callable[[], float] = random.random) -> None:
        self._pace = pace
        self._chance = chance
        self._share = 1.0
        self._tokens = float(pace.burst)
        self._looked = -math.inf
        self._fell = self._closed_until = -math.inf
        # The server's bucket is full until the first request after a rest arrives there, so that
        # tokens come back only after one was answered.
        self._is_filling = threading.Event()
        self._lock = threading.Lock()
        self._line = threading.Lock()

    @property
    def rate(self) -> float:
        """How many requests a second it lets through when the burst is used up."""
        return self._pace.rate * self._share

    def pause(self, now: float) -> float:
        """Take a turn and return 0; if there is none, return in how many seconds to ask again.

        That is infinity as long as the requests after a rest are on their way.
        """
        with self._lock:
            self._pass_time(now)
            if self._tokens >= 1 and now >= self._closed_until:
                self._tokens -= 1
                return 0.0
            if now < self._closed_until:
                return self._closed_until - now
            if not self._is_filling.is_set():
                return math.inf
            return (1 - self._tokens) / self.rate + _GRAIN

    def answered(self, now: float) -> None:
        """Take note that the server has taken a request."""
        with self._lock:
            self._pass_time(now)
            self._is_filling.set()

    def refused(self, now: float, after: float | None = None) -> None:
        """Take note that the server has none left; `after` is when it says to ask again.

        The requests that are under way together fall into the same hole, so they count once.
        """
        with self._lock:
            self._pass_time(now)
            self._is_filling.set()
            # Those that were refused at once should not all come back at once.
            self._tokens = min(self._tokens, -self._chance())
            self._closed_until = max(self._closed_until, now + (after or 0.0))
            if now - self._fell >= 1 / self.rate:
                self._share *= _FALL
                self._fell = now
                logger.info('throttled: going on with %.2f requests a second', self.rate)

    def wait(self, clock: Clock, is_stopped: Callable[[], bool]) -> None:
        """Wait for a turn and take it; raise Timeout if the deadline comes first."""
        if not self._line.acquire(timeout=min(max(0.0, seconds_left()), threading.TIMEOUT_MAX)):
            raise _too_late()
        # Only the first in the line sleeps, so that a refusal meanwhile holds for all behind it.
        try:
            while not is_stopped() and (pause := self.pause(clock.now())):
                if pause == math.inf:
                    self._wait_for_answer()
                elif pause >= seconds_left():
                    raise _too_late()
                else:
                    clock.sleep(min(pause, _SLICE))
        finally:
            self._line.release()
        if is_stopped():
            raise Stopped('stopped before its turn came, so nothing was sent')

    def _wait_for_answer(self) -> None:
        """Wait until one of the requests after a rest is answered, but not for long."""
        if seconds_left() <= 0:
            raise _too_late()
        self._is_filling.wait(min(_SLICE, seconds_left()))
        self._is_filling.set()

    def _pass_time(self, now: float) -> None:
        passed = max(0.0, now - self._looked) if self._looked > -math.inf else 0.0
        self._looked = now
        self._share = min(1.0, self._share * 2 ** min(passed / _DOUBLING, 64.0))
        if self._is_filling.is_set():
            most = max(1.0, self._pace.burst * self._share)
            self._tokens = min(most, self._tokens + passed * self.rate)
            if self._tokens >= most:
                self._is_filling.clear()


def _too_late() -> Timeout:
    text = 'the deadline comes before the server takes another request, so nothing was sent'
    return Timeout(text, sent=False)


class Pacers:
    """The pacers of this process: one for each account at each server, and clock."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked child must: its parent's threads may hold the locks."""
        self._lock = threading.Lock()
        self._all = PerClock(dict[tuple[str, Pace], Pacer])

    def of(self, clock: Clock, account: str, pace: Pace) -> Pacer:
        """Return the pacer that all share who ask for this account, a URL, by this clock."""
        with self._lock:
            found = self._all.of(clock)
            if (account, pace) not in found:
                found[account, pace] = Pacer(pace)
            return found[account, pace]


_pacers = Pacers()
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_pacers.forget)


class Turns:
    """What the requests of one block wait for, one after the other."""

    def __init__(self, pace: Pace, is_stopped: Callable[[], bool]) -> None:
        self._pace = pace
        self._is_stopped = is_stopped
        self._pacer: Pacer | None = None
        self._has_begun = False
        self._refused_since: float | None = None
        #: For how many seconds the block has waited.
        self.waited: float = 0.0

    def take(self, clock: Clock, account: str) -> None:
        """Wait until the server should take a request for this account, a URL.

        A block of which the server has taken a request is not stopped any more, so that it leaves
        nothing half-done.
        """
        self._pacer = _pacers.of(clock, account, self._pace)
        before = clock.now()
        self._pacer.wait(clock, _never if self._has_begun else self._is_stopped)
        self.waited += clock.now() - before

    def answered(self, clock: Clock) -> None:
        """Take note that the server has taken the last request."""
        self._has_begun, self._refused_since = True, None
        if self._pacer is not None:
            self._pacer.answered(clock.now())

    def refused(self, clock: Clock, after: float | None) -> bool:
        """Take note that the server has refused the last request; say whether to go on."""
        now = clock.now()
        if self._pacer is None:
            return False
        if self._refused_since is None:
            self._refused_since = now
        self._pacer.refused(now, after)
        return now - self._refused_since <= self._pace.patience


def _never() -> bool:
    return False


_turns: ContextVar[Turns | None] = ContextVar('turns', default=None)


def turns() -> Turns | None:
    """Return what the requests of this thread wait for; None when they need not."""
    return _turns.get()


def take_turn(clock: Clock, account: str) -> None:
    """Wait for this thread's turn at an account, a URL, if it is in a `paced` block."""
    waiting = turns()
    if waiting is not None:
        waiting.take(clock, account)


@contextmanager
def paced(
    pace: Pace | None = DEFAULT_PACE, *, is_stopped: Callable[[], bool] = _never
) -> Generator[None]:
    """Let each request of the block wait for its turn; with None none does.

    All blocks of a process that ask for the same account share its turns; each is its own
    thread's alone. `is_stopped` is asked as long as the server has taken no request of the block;
    where it is true Stopped is raised.
    """
    token = _turns.set(None if pace is None else Turns(pace, is_stopped))
    try:
        yield
    finally:
        _turns.reset(token)
