"""CloudAPI's times as Python's."""

from __future__ import annotations

import calendar
import time
from datetime import UTC, datetime


def dt_time(text: str | None) -> datetime | None:
    """Return the time, naive in UTC and in whole seconds; None when there is none."""
    if not text:
        return None
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is not None:
        parsed = parsed.astimezone(UTC).replace(tzinfo=None)
    return parsed.replace(microsecond=0)


def time_or_none(told: object) -> datetime | None:
    """Return the time that an answer tells; None when it tells none, or something else."""
    try:
        return dt_time(told) if isinstance(told, str) else None
    except (OverflowError, ValueError):
        return None


def timestamp(text: str) -> int:
    """Return the time in seconds since 1970."""
    parsed = dt_time(text)
    return calendar.timegm(parsed.timetuple()) if parsed else 0


def compact(seconds: float) -> str:
    """Return a time in seconds since 1970 as CloudAPI names snapshots: `20250102T030405Z`."""
    return time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(seconds))
