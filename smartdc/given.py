"""Whole numbers and paths of files that users give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smartdc.errors import InvalidInput


def count_of(what: str, given: object, least: int = 1, most: int | None = None) -> int:
    """Return a whole number; raise InvalidInput, with what it is in words, for anything else."""
    if not isinstance(given, int) or given < least or (most is not None and given > most):
        span = f'from {least}' if most is None else f'from {least} to {most}'
        raise InvalidInput(f'{what} must be a whole number {span}, not {given!r}')
    return given


def path_of(what: str, given: Any) -> Path:
    """Return a path, with `~` expanded; raise InvalidInput, with what it is in words, for none."""
    try:
        path = Path(given).expanduser()
    except (RuntimeError, TypeError) as error:  # RuntimeError: there is no such user
        raise InvalidInput(f'{what} {given!r} is not a path that can be used: {error}') from None
    if '\0' in str(path):
        raise InvalidInput(f'{what} {given!r} is not a path that can be used: it has a NUL')
    return path
