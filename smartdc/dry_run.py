"""Showing what would be done before it is: the writes of a block are collected, not sent."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

    from smartdc.connection import Connection
    from smartdc.plan import Plan


class DryRuns:
    """The plans that a data center and its copies collect for now; the last one counts."""

    def __init__(self) -> None:
        self._plans: list[Plan] = []

    @property
    def plan(self) -> Plan | None:
        """The plan to collect for, None when writes are sent."""
        return self._plans[-1] if self._plans else None

    @contextmanager
    def collecting(self) -> Generator[Plan]:
        """Collect the writes of the block."""
        from smartdc.plan import Plan

        plan = Plan()
        self._plans.append(plan)
        try:
            yield plan
        finally:
            self._plans.remove(plan)


def collected(
    connection: Connection,
    method: str,
    path: str,
    params: Mapping[str, Any] | None,
    body: bytes | None,
) -> requests.Response | None:
    """Return what stands for the answer of a request that is not to be sent, None if it is.

    The arguments are those of a request, with its body as it would be sent.
    """
    plan = _plan(connection)
    return None if plan is None else plan.answer(connection, method, path, params, body)


def is_collecting(server: object) -> bool:
    """Say whether the writes to a data center are collected for now, so that nothing changes."""
    return _plan(server) is not None


def _plan(server: object) -> Plan | None:
    runs: DryRuns | None = getattr(server, '_dry_runs', None)
    return runs.plan if runs else None
