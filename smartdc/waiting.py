"""Waiting with a deadline, by a clock that can be handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Protocol

from smartdc.clock import SYSTEM_CLOCK, Clock, deadline, seconds_left, seconds_of
from smartdc.dry_run import is_collecting
from smartdc.errors import (
    APIError,
    InvalidInput,
    ResourceNotFound,
    SmartDCError,
    WaitFailed,
    WaitTimeout,
)
from smartdc.pace import LEARNED, Interval, Pace, Transition
from smartdc.progress import Progress, Reporting, reporting
from smartdc.retrying import Fault, fault_of
from smartdc.shapes import is_object

__all__ = [
    'DEFAULT_TIMEOUT',
    'FAILURES',
    'LEARNED',
    'SYSTEM_CLOCK',
    'Clock',
    'Interval',
    'Polled',
    'Sleep',
    'Wait',
    'deadline',
    'follow',
    'passes',
    'seconds_left',
    'time_limit',
    'wait',
]

#: How long a wait lasts unless told otherwise, in seconds.
DEFAULT_TIMEOUT = 600.0

#: Whether to wait: no, yes, or for how many seconds at most.
Wait = bool | float

#: For each kind of thing, the states that it will not leave by itself. What is not there any more
#: is `deleted`, whatever it was.
FAILURES: Mapping[str, frozenset[str]] = {
    'machine': frozenset({'failed'}),
    'snapshot': frozenset({'failed', 'canceled'}),
    'image': frozenset({'failed'}),
    'volume': frozenset({'failed'}),
    'migration': frozenset({'failed', 'aborted'}),
    'nic': frozenset(),
    'disk': frozenset({'failed'}),
}

#: For how many seconds a look may go on beyond the end of a wait.
LAST_LOOK = 5.0

#: The longest pause between two looks, a month in seconds: no system sleeps for as long as a server
#: or an interval may say.
_LONGEST = 2_592_000.0

#: What lets time pass, or ends before.
Sleep = Callable[[float], None]


class Server(Protocol):
    """What a wait needs of a data center."""

    clock: Clock

    @property
    def base_url(self) -> str:
        """The server's URL."""
        ...


def wait(
    look: Callable[[], str],
    done: Callable[[str], bool],
    *,
    what: str,
    clock: Clock,
    interval: Interval = LEARNED,
    timeout: float = DEFAULT_TIMEOUT,
    last: Callable[[], Mapping[str, Any]] = dict,
    progress: Reporting = None,
    transition: Transition = (),
    sleep: Sleep | None = None,
    is_real: bool = True,
) -> str:
    """Look at a state until it is `done`, and return it.

    `interval` and `timeout` are in seconds. A look that fails by what may pass counts as one that
    saw nothing; a server that asks to be left alone for a while is. The last look is at the
    timeout's end, not before it, but no look begins beyond the `deadline` of a block. Then
    WaitTimeout says `what` was waited for and carries what `last` returns. `progress` is told of
    each look. `transition` is by what this wait and others like it are known. `sleep` lets time
    pass in the clock's place. Where `is_real` is False nothing was sent and nothing will change, so
    that one look is all.
    """
    seconds_of('a timeout', timeout)
    if not is_real:
        return look()
    began = clock.now()
    end = began + timeout
    pace, state = Pace(interval, clock, transition), ''
    with reporting(progress) as report:
        while True:
            fault: SmartDCError | None = None
            try:
                with deadline(max(0.0, end - clock.now()) + LAST_LOOK, clock=clock):
                    state = look()
            except SmartDCError as error:
                if not passes(error):
                    raise
                fault = error
            report(Progress(what, state, clock.now() - began))
            if fault is None and done(state):
                pace.found()
                return state
            if fault is None:
                pace.missed(state)
            else:
                pace.failed()
            left = end - clock.now()
            if left <= 0:
                raise _late(f'{what} did not happen within {timeout:g} s', last(), fault)
            pause = min(max(pace.pause(), _asked(fault)), left, _LONGEST)
            if pause >= seconds_left():
                raise _late(f'{what} did not happen before the deadline', last(), fault)
            (sleep or clock.sleep)(pause)


def passes(error: SmartDCError) -> bool:
    """Say whether a look that failed by this may succeed later."""
    return fault_of(error) not in (None, Fault.CLOCK)


def _asked(fault: SmartDCError | None) -> float:
    """Return for how many seconds the server has asked to be left alone."""
    return (fault.retry_after or 0.0) if isinstance(fault, APIError) else 0.0


def _late(text: str, last: Mapping[str, Any], fault: SmartDCError | None) -> WaitTimeout:
    """Return the error of a wait that ends with its time: what was seen at last, or why not."""
    seen = still(last) if fault is None else f'; the last look failed: {fault}'
    error = WaitTimeout(f'{text}{seen}', last)
    error.__cause__ = fault
    return error


def still(data: Mapping[str, Any]) -> str:
    """Return what state a thing is in, to be put after what did not happen to it."""
    return f'; it is {data["state"]}' if data.get('state') else ''


def time_limit(wait_for: Wait) -> float:
    """Return how many seconds at most a `wait=` means."""
    if wait_for is True:
        return DEFAULT_TIMEOUT
    if not isinstance(wait_for, int | float) or not wait_for >= 0:
        raise InvalidInput(f'wait= is True, False or a number of seconds, not {wait_for!r}')
    return float(wait_for)


def follow(
    look: Callable[[], Mapping[str, Any]],
    *states: str,
    kind: str,
    what: str,
    wait_for: Wait,
    at: Server,
    interval: Interval = LEARNED,
    progress: Reporting = None,
    sleep: Sleep | None = None,
) -> Any:
    """Look at a thing's data until its state is one of `states`, and return the data.

    `kind` is what it is, one of those in FAILURES, and `what` is what to call it. A thing that is
    not there has the state `deleted`. Raises WaitFailed when it failed or is gone and that was not
    waited for, WaitTimeout at the end of the time.
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
        if state not in states and (state in FAILURES[kind] or state == 'deleted'):
            text = f'{what} is {state}{_reason(last)}, it will not become {" or ".join(states)}'
            raise WaitFailed(text, last)
        return state in states

    wait(
        seen,
        done,
        what=f'{what} becoming {" or ".join(states)}',
        clock=at.clock,
        interval=interval,
        timeout=time_limit(wait_for),
        last=lambda: last,
        progress=progress,
        transition=(at.base_url, kind, *states),
        sleep=sleep,
        is_real=not is_collecting(at),
    )
    return last


def _reason(data: Mapping[str, Any]) -> str:
    """Return why a thing failed, as far as its data tell: an image's do."""
    error = data.get('error')
    return f' ({error.get("message")})' if is_object(error) else ''


class Polled:
    """A thing with a state that changes by itself."""

    __slots__ = ()

    #: What kind of thing it is, and the states that it will not leave by itself.
    KIND: ClassVar[str]
    FAILED: ClassVar[frozenset[str]]

    data: dict[str, Any]

    def status(self) -> str:
        """Ask the server and return the state."""
        raise NotImplementedError

    def poll_until(
        self,
        state: str,
        interval: Interval = LEARNED,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        progress: Reporting = None,
    ) -> None:
        """Look every `interval` seconds until the state is `state`.

        `interval` may be a function of how many looks there were. Without it the looks are two
        seconds apart, but those are left out that come too early by what such waits have taken
        before. `progress` is called after each look with a Progress; None shows a line where stderr
        is a terminal, and False shows none. Raises WaitTimeout after `timeout` seconds, and
        WaitFailed or MachineGone at once when the thing has failed or is gone and that is not what
        was waited for.
        """

        def done(seen: str) -> bool:
            if seen != state:
                self._check(seen, state)
            return seen == state

        self._wait(done, f'becoming {state}', interval, timeout, progress)

    def poll_while(
        self,
        state: str,
        interval: Interval = LEARNED,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        progress: Reporting = None,
    ) -> None:
        """Look every `interval` seconds until the state is another one than `state`.

        `interval` and `progress` are those of `poll_until`. Raises WaitTimeout after `timeout`
        seconds, and WaitFailed or MachineGone when the state it went to is failed, or deleted by
        somebody else.
        """

        def done(seen: str) -> bool:
            if seen != state:
                self._check(seen, f'anything but {state}')
            return seen != state

        self._wait(done, f'leaving {state}', interval, timeout, progress)

    def _wait(
        self,
        done: Callable[[str], bool],
        goal: str,
        interval: Interval,
        timeout: float,
        progress: Reporting,
    ) -> None:
        with self._pauses(interval) as sleep:
            wait(
                self.status,
                done,
                what=f'{self._title()} {goal}',
                clock=self._at().clock,
                interval=interval,
                timeout=timeout,
                last=lambda: self.data,
                progress=progress,
                transition=(self._at().base_url, self.KIND, goal),
                sleep=sleep,
                is_real=not is_collecting(self._at()),
            )

    def _pauses(self, interval: Interval) -> AbstractContextManager[Sleep]:  # noqa: ARG002 - machines need it
        """Return how time passes between two looks."""
        return nullcontext(self._at().clock.sleep)

    def _title(self) -> str:
        """Return what to call the thing."""
        raise NotImplementedError

    def _at(self) -> Server:
        """Return the data center where it is."""
        raise NotImplementedError

    def _check(self, seen: str, wanted: str) -> None:
        """Raise what says that `wanted` will never be, seeing this state."""
        raise NotImplementedError
