"""Creating things exactly once, on an API that has no way to mark a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from smartdc.errors import SmartDCError
from smartdc.retrying import Attempts, is_open


def once(create: Callable[[], Any], find: Callable[[], Any], attempts: Attempts) -> Any:
    """Make a create and return its data, once whatever is lost on the way.

    After a fault that leaves open whether it was done, `find` looks for what this very call has
    made: that is returned, and only when there is nothing the create is made again.
    """
    asked_before = False
    while True:
        try:
            data = create()
        except SmartDCError as error:
            if not attempts.wanted or not (is_open(error) or asked_before):
                raise
            try:
                found = find()
            except SmartDCError as blind:
                raise error from blind
            if found is not None:
                return found
            attempts.again(error)
            asked_before = True
        else:
            attempts.succeeded()
            return data


def like(row: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Say whether a thing shows nothing that differs from what was asked for."""
    return all(
        value is None or _trimmed(row.get(name, value)) == _trimmed(value)
        for name, value in body.items()
    )


def _trimmed(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
