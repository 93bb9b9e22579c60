"""What time it is at a server whose clock differs from this machine's."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from smartdc.clock import Clock, PerClock
from smartdc.times import timestamp

#: Dates have whole seconds, so that two clocks that agree may differ by this much.
_TICK = 2

#: 2100-01-01: a server that says it is later is not believed, nor one before 1970. A moment after
#: the last second of the year 9999 there would be no date to sign.
_LATEST = 4_102_444_800

#: How far each server's clock is ahead of a clock of this process, by the server's URL.
_ahead = PerClock(dict[str, float])


class ServerClock:
    """The clocks of the servers that one client talks to, by its own.

    What one client learns of a server holds for all that go by the same clock: a wrong clock costs
    one extra request a process.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._skew = _ahead.of(clock)
        self._seen: dict[str, tuple[str, float]] = {}

    def ahead(self, server: str) -> float:
        """Return for how many seconds a server is ahead of this clock: 0 until it has refused."""
        return self._skew.get(server, 0.0)

    def saw(self, server: str, date: str | None) -> None:
        """Remember the date of an answer."""
        if date:
            self._seen[server] = date, self._clock.now()

    def correct(self, server: str, date: str | None) -> None:
        """Go by a server's clock from now on, and warn that this machine's is wrong."""
        told = _seconds(date)
        if told is None or not 0 <= told <= _LATEST:
            return
        skew = told - self._clock.now()
        known, self._skew[server] = self._skew.get(server), skew
        if known is not None and abs(known - skew) < _TICK:
            return
        warnings.warn(
            f'the clock of this machine is {-skew:.0f} s ahead of that of {server}; '
            "requests are signed by the server's from now on",
            stacklevel=6,
        )

    def is_new(self, row: Mapping[str, Any], since: float, server: str) -> bool:
        """Say whether a thing was made after a moment of this machine's clock, if it is told."""
        told = row.get('created')
        if not (isinstance(told, str) and told):
            return True
        try:
            return timestamp(told) >= since + self._ahead_of(server) - _TICK
        except (OverflowError, ValueError):
            return True

    def _ahead_of(self, server: str) -> float:
        date, seen = self._seen.get(server, (None, 0.0))
        told = _seconds(date)
        return self._skew.get(server, 0.0) if told is None else told - seen


def _seconds(date: str | None) -> float | None:
    """Return a Date header's time in seconds since 1970; None when it is not one."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (OverflowError, ValueError):
        return None
