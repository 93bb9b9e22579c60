"""Which faults are worth another attempt, and how long to wait before it.

`REPEATED` is the whole decision: for each fault, the verbs that are sent again. A write is sent
again only when the server cannot have begun it, so that nothing is ever done twice.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple, Self

from smartdc.clock import Clock, seconds_left, seconds_of
from smartdc.errors import (
    APIError,
    ConnectionFailed,
    InvalidHeader,
    InvalidInput,
    InvalidResponse,
    RequestExpired,
    ResponseTooLarge,
    SmartDCError,
    Timeout,
    TLSError,
)
from smartdc.given import count_of
from smartdc.pacing import turns


class Fault(Enum):
    """What can go wrong with an attempt, and leave hope for another."""

    NOT_SENT = 'the request did not reach the server'
    BROKEN = 'the connection broke after the request was sent'
    SLOW = 'the answer did not come in time (504 says it of a server behind)'
    CORRUPT = 'the answer is not what the server sent'
    CLOCK = 'the server refused the date'
    THROTTLED = 'too many requests a second (429, 420)'
    UNAVAILABLE = 'maintenance, or a service behind the server is away (503)'
    FAILED = 'the server failed (500, 502)'


READS = frozenset({'GET', 'HEAD'})
ALL = READS | {'POST', 'PUT', 'DELETE'}

#: The verbs that are sent again after each fault.
REPEATED: Mapping[Fault, frozenset[str]] = {
    Fault.NOT_SENT: ALL,
    Fault.BROKEN: READS,
    Fault.SLOW: READS,
    Fault.CORRUPT: READS,
    Fault.CLOCK: ALL,
    Fault.THROTTLED: ALL,
    Fault.UNAVAILABLE: ALL,
    Fault.FAILED: READS,
}

#: The faults after which nobody knows whether a write was done.
OPEN = frozenset({Fault.BROKEN, Fault.SLOW, Fault.CORRUPT, Fault.FAILED})

_BY_STATUS = {
    420: Fault.THROTTLED,
    429: Fault.THROTTLED,
    500: Fault.FAILED,
    502: Fault.FAILED,
    503: Fault.UNAVAILABLE,
    504: Fault.SLOW,
}


def fault_of(error: SmartDCError) -> Fault | None:
    """Return which fault an error is; None for one that another attempt would not mend."""
    if isinstance(error, TLSError | ResponseTooLarge):
        return None
    if isinstance(error, ConnectionFailed):
        if not error.sent:
            return Fault.NOT_SENT
        return Fault.SLOW if isinstance(error, Timeout) else Fault.BROKEN
    if isinstance(error, InvalidResponse):
        return Fault.CORRUPT
    if isinstance(error, RequestExpired):
        return Fault.CLOCK
    if isinstance(error, InvalidHeader):
        return Fault.CLOCK if 'clock skew' in error.message else None
    return _BY_STATUS.get(error.status) if isinstance(error, APIError) else None


def is_open(error: SmartDCError) -> bool:
    """Say whether an error leaves open if a write was done."""
    return fault_of(error) in OPEN or isinstance(error, ResponseTooLarge)


def _was_sent(error: SmartDCError) -> bool:
    """Say whether a request may have reached the server, by its error."""
    if isinstance(error, ConnectionFailed):
        return error.sent
    return isinstance(error, APIError | InvalidResponse)


class _Persistence(NamedTuple):
    attempts: int
    base: float
    factor: float
    cap: float
    longest: float
    within: float
    budget: int


class Retry(_Persistence):
    """How persistent a client is; None in its place means one attempt.

    `attempts` are those of one call. The pause before the next is a random part of `base` times
    `factor` for each attempt, `cap` at most. A server that says how long to wait is obeyed up to
    `longest` seconds; beyond that its error is raised at once. `within` is how many seconds one
    call may take with all its attempts. All calls share `budget` retries, so that an outage does
    not multiply the load; a call that succeeds gives back what it took, and at least one.
    """

    __slots__ = ()

    def __new__(
        cls,
        attempts: int = 5,
        base: float = 0.5,
        factor: float = 2.0,
        cap: float = 20.0,
        longest: float = 60.0,
        within: float = 120.0,
        budget: int = 100,
    ) -> Self:
        """Check and keep what is given."""
        count_of('attempts=', attempts)
        count_of('budget=', budget, 0)
        seconds_of('base=', base)
        seconds_of('cap=', cap)
        seconds_of('longest=', longest)
        seconds_of('within=', within)
        if not isinstance(factor, int | float) or not 0 <= factor < math.inf:
            raise InvalidInput(f'factor= is a number from 0, not {factor!r}')
        return super().__new__(cls, attempts, base, factor, cap, longest, within, budget)

    def pause(self, attempt: int, chance: Callable[[], float] = random.random) -> float:
        """Return how many seconds to wait after so many attempts."""
        try:
            grown = self.base * self.factor ** (attempt - 1)
        except OverflowError:  # more than any cap
            grown = self.cap
        return chance() * min(self.cap, grown)


#: How persistent a client is unless told otherwise.
DEFAULT_RETRY = Retry()


class Budget:
    """The retries that a client's calls share."""

    def __init__(self, retries: int) -> None:
        self._left = self._most = retries
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one retry; False when there is none left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def give_back(self, retries: int) -> None:
        """Return some; there are never more than in the beginning."""
        with self._lock:
            self._left = min(self._most, self._left + retries)


class Attempts:
    """The attempts of one call: each failure either ends it or waits for the next.

    In a `paced` block an attempt that the server had no time for is none: it costs neither the call
    nor the budget anything.
    """

    def __init__(self, policy: Retry | None, budget: Budget, clock: Clock, method: str) -> None:
        self._policy = policy
        self._budget = budget
        self._clock = clock
        self._method = method
        self._began = clock.now()
        self._made = 1
        self._turns = turns()
        self._waited = self._turns.waited if self._turns else 0.0

    @property
    def wanted(self) -> bool:
        """Whether there may be more than one attempt."""
        return self._policy is not None

    def again(self, error: SmartDCError) -> None:
        """Wait for the next attempt, or raise the error when there is none.

        The error of a write says whether it may have been done.
        """
        fault = fault_of(error)
        if self._turn_again(fault, error):
            return
        policy = self._policy
        if self._method not in READS and is_open(error):
            error.maybe_done = True
        if policy is None or fault is None or self._method not in REPEATED[fault]:
            raise error
        pause = self._pause(policy, error)
        late = self._clock.now() + pause > self._began + self._idle() + policy.within
        late = late or pause >= seconds_left()
        if self._made >= policy.attempts or pause > policy.longest or late:
            raise error
        if not self._budget.take():
            raise error
        self._made += 1
        if pause:
            self._clock.sleep(pause)

    def succeeded(self) -> None:
        """Give back what the retries of this call took, and one when it took none.

        Without that one, what an outage has used up would be lost for good.
        """
        if self._turns:
            self._turns.answered(self._clock)
        self._budget.give_back(max(1, self._made - 1))

    def _turn_again(self, fault: Fault | None, error: SmartDCError) -> bool:
        """Tell those who take turns what became of this one; say whether there will be another."""
        if self._turns is None:
            return False
        if fault is Fault.THROTTLED and isinstance(error, APIError):
            longest = (self._policy or DEFAULT_RETRY).longest
            is_obeyed = (error.retry_after or 0.0) <= longest
            # What is too long for this call is not to hold up all others of the process either.
            after = error.retry_after if is_obeyed else None
            return self._turns.refused(self._clock, after) and is_obeyed
        if _was_sent(error):
            self._turns.answered(self._clock)
        return False

    def _idle(self) -> float:
        """Return for how many seconds of the call it was not its turn."""
        return self._turns.waited - self._waited if self._turns else 0.0

    def _pause(self, policy: Retry, error: SmartDCError) -> float:
        told = error.retry_after if isinstance(error, APIError) else None
        return policy.pause(self._made) if told is None else told
