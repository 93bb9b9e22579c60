"""Where the simulator gets its time from: the machine's clock, or one that a test steps."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """What the simulator, and a client that shares its time, ask of a clock."""

    def now(self) -> float:
        """Return the seconds since 1970, UTC."""

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""


class RealClock:
    """The time of this computer."""

    def now(self) -> float:
        """Return the seconds since 1970, UTC."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)


class SteppedClock:
    """A clock that stands still until somebody moves it.

    `start` is the time it begins with (seconds since 1970; now when not given). `sleep()` moves it
    on and returns at once, so that a client that shares this clock never waits. `per_look` is how
    far each request to the simulator moves it: "the machine runs after three looks".
    """

    def __init__(self, start: float | None = None, per_look: float = 0.0) -> None:
        self.per_look = per_look
        self._now = time.time() if start is None else start
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the seconds since 1970, UTC."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move the clock on instead of waiting."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move the clock on by some seconds."""
        with self._lock:
            self._now += seconds

    def set(self, now: float) -> None:
        """Set the clock, forward or back."""
        with self._lock:
            self._now = now


def iso(now: float) -> str:
    """Return a time as CloudAPI writes it: `2026-11-23T09:05:07.964Z`."""
    millis = round(now * 1000)
    text = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(millis // 1000))
    return f'{text}.{millis % 1000:03d}Z'


def compact(now: float) -> str:
    """Return a time as the default name of a snapshot: `20261123T090519Z`."""
    return time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))


def http_date(now: float) -> str:
    """Return a time as HTTP writes it: `Mon, 23 Nov 2026 09:05:07 GMT`."""
    return _http_date(int(now))


@lru_cache(maxsize=64)
def _http_date(now: int) -> str:
    return formatdate(now, usegmt=True)
