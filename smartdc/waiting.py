"""Waiting with a deadline, by a clock that can be handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from smartdc.clock import SYSTEM_CLOCK, Clock, deadline, seconds_left
from smartdc.errors import InvalidInput, ResourceNotFound, WaitFailed, WaitTimeout

__all__ = [
    'DEFAULT_TIMEOUT',
    'FAILED',
    'SYSTEM_CLOCK',
    'Clock',
    'Interval',
    'Polled',
    'Wait',
    'deadline',
    'follow',
    'seconds_left',
    'time_limit',
    'wait',
]

Seen = TypeVar('Seen')

#: Seconds between two looks: a number, or a function of how many looks there were.
Interval = float | Callable[[int], float]

#: How long a wait lasts unless told otherwise, in seconds.
DEFAULT_TIMEOUT = 600.0

#: Whether to wait: no, yes, or for how many seconds at most.
Wait = bool | float

#: The states that nothing leaves by itself, unless they are what is waited for.
FAILED = frozenset({'failed', 'aborted', 'canceled'})


def wait(
    look: Callable[[], Seen],
    done: Callable[[Seen], bool],
    *,
    what: str,
    clock: Clock,
    interval: Interval = 2,
    timeout: float = DEFAULT_TIMEOUT,
    last: Callable[[], Mapping[str, Any]] = dict,
) -> Seen:
    """Look until `done` says so, and return what was seen then.

    `interval` and `timeout` are in seconds. The last look is at the timeout's end, not before it,
    but no look begins beyond the `deadline` of a block. Then WaitTimeout says `what` was waited
    for and carries what `last` returns.
    """
    if timeout < 0:
        raise InvalidInput(f'a timeout cannot be negative: {timeout}')
    end = clock.now() + timeout
    looks = 0
    while True:
        seen = look()
        if done(seen):
            return seen
        looks += 1
        left = end - clock.now()
        if left <= 0:
            raise WaitTimeout(f'{what} did not happen within {timeout:g} s', last())
        pause = min(_pause(interval, looks), left)
        if pause >= seconds_left():
            raise WaitTimeout(f'{what} did not happen before the deadline', last())
        clock.sleep(pause)


def time_limit(wait_for: Wait) -> float:
    """Return how many seconds at most a `wait=` means."""
    return DEFAULT_TIMEOUT if wait_for is True else float(wait_for)


def follow(
    look: Callable[[], Mapping[str, Any]],
    *states: str,
    what: str,
    wait_for: Wait,
    clock: Clock,
    interval: Interval = 2,
) -> Any:
    """Look at a thing's data until its state is one of `states`, and return the data.

    A thing that is not there has the state `deleted`. Raises WaitFailed when it failed or is
    gone and that was not waited for, WaitTimeout at the end of the time.
    """
    last: dict[str, Any] = {}

    def seen() -> str:
        nonlocal last
        try:
            last = dict(look())
        except ResourceNotFound:
            last = {**last, 'state': 'deleted'}
        return str(last.get('state'))

    def done(state: str) -> bool:
        if state not in states and (state in FAILED or state == 'deleted'):
            raise WaitFailed(f'{what} is {state}, it will not become {" or ".join(states)}', last)
        return state in states

    wait(
        seen,
        done,
        what=f'{what} becoming {" or ".join(states)}',
        clock=clock,
        interval=interval,
        timeout=time_limit(wait_for),
        last=lambda: last,
    )
    return last


def _pause(interval: Interval, looks: int) -> float:
    seconds = interval(looks) if callable(interval) else interval
    if seconds < 0:
        raise InvalidInput(f'an interval cannot be negative: {seconds}')
    return seconds


class Polled:
    """A thing with a state that changes by itself."""

    __slots__ = ()

    #: The states that the thing will not leave by itself.
    FAILED: ClassVar[frozenset[str]] = frozenset({'failed'})

    data: dict[str, Any]

    def status(self) -> str:
        """Ask the server and return the state."""
        raise NotImplementedError

    def poll_until(
        self, state: str, interval: Interval = 2, *, timeout: float = DEFAULT_TIMEOUT
    ) -> None:
        """Look every `interval` seconds until the state is `state`.

        `interval` may be a function of how many looks there were. Raises WaitTimeout after
        `timeout` seconds, and WaitFailed or MachineGone at once when the thing has failed or is
        gone and that is not what was waited for.
        """

        def done(seen: str) -> bool:
            if seen != state:
                self._check(seen, state)
            return seen == state

        self._wait(done, f'{self!r} becoming {state}', interval, timeout)

    def poll_while(
        self, state: str, interval: Interval = 2, *, timeout: float = DEFAULT_TIMEOUT
    ) -> None:
        """Look every `interval` seconds until the state is another one than `state`.

        `interval` may be a function of how many looks there were. Raises WaitTimeout after
        `timeout` seconds, and WaitFailed or MachineGone when the state it went to is failed, or
        deleted by somebody else.
        """

        def done(seen: str) -> bool:
            if seen != state:
                self._check(seen, f'anything but {state}')
            return seen != state

        self._wait(done, f'{self!r} leaving {state}', interval, timeout)

    def _wait(
        self, done: Callable[[str], bool], what: str, interval: Interval, timeout: float
    ) -> None:
        wait(
            self.status,
            done,
            what=what,
            clock=self._clock(),
            interval=interval,
            timeout=timeout,
            last=lambda: self.data,
        )

    def _clock(self) -> Clock:
        raise NotImplementedError

    def _check(self, seen: str, wanted: str) -> None:
        """Raise what says that `wanted` will never be, seeing this state."""
        raise NotImplementedError
