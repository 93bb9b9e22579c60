"""CloudAPI's times as Python's."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime


def dt_time(text: str | None) -> datetime | None:
    """Return the time, naive in UTC and in whole seconds; None when there is none."""
    if not text:
        return None
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is not None:
        parsed = parsed.astimezone(UTC).replace(tzinfo=None)
    return parsed.replace(microsecond=0)


def timestamp(text: str) -> int:
    """Return the time in seconds since 1970."""
    parsed = dt_time(text)
    return calendar.timegm(parsed.timetuple()) if parsed else 0
