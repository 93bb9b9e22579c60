"""Whole numbers that users give."""

from __future__ import annotations

from smartdc.errors import InvalidInput


def count_of(what: str, given: object, least: int = 1) -> int:
    """Return a whole number; raise InvalidInput, with what it is in words, for anything else."""
    if not isinstance(given, int) or given < least:
        raise InvalidInput(f'{what} must be a whole number from {least}, not {given!r}')
    return given
