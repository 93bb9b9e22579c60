"""How long to wait for the network: what a `timeout=` may be, and what is left of it."""

from __future__ import annotations

import math
import threading

from smartdc.errors import InvalidInput, Timeout

#: How long requests waits, in seconds: to connect and between bytes; None is for ever.
Patience = float | tuple[float | None, float | None] | None


def patient(timeout: Patience) -> Patience:
    """Return a `timeout=` as requests takes it.

    Raises InvalidInput for what is neither a number of seconds above 0 nor two, `(connect, read)`.
    What is longer than a system can count is for ever.
    """
    if isinstance(timeout, tuple) and len(timeout) == 2:
        connect, read = timeout
        return _seconds(connect), _seconds(read)
    return _seconds(timeout)


def _seconds(given: object) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not given > 0:
        raise InvalidInput(
            f'timeout= is a number of seconds above 0, or two, (connect, read), not {given!r}'
        )
    return given if given < threading.TIMEOUT_MAX else None


def within(left: float, timeout: Patience) -> Patience:
    """Return requests' timeout, shortened to the seconds that are left; raise Timeout at none."""
    if left <= 0:
        raise Timeout('the deadline has passed, so nothing was sent', sent=False)
    if left >= threading.TIMEOUT_MAX:
        return timeout
    connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return _sooner(left, connect), _sooner(left, read)


def longest(timeout: Patience) -> float:
    """Return how many seconds requests may wait for one thing."""
    parts = timeout if isinstance(timeout, tuple) else (timeout,)
    return max(math.inf if part is None else part for part in parts)


def _sooner(left: float, seconds: float | None) -> float:
    return left if seconds is None else min(left, seconds)
