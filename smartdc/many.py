"""What a data center does with many things at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartdc.connection import Connection
from smartdc.pacing import turns


class Many(Connection):
    """Work on many things, whose requests wait for their turns in a `paced` block."""

    __slots__ = ()

    def _headers(self, given: Mapping[str, str] | None, data: Any) -> dict[str, str]:
        # Here, because the date that is signed has to be that of the sending.
        waiting = turns()
        if waiting is not None:
            waiting.take(self.clock, self.url)
        return super()._headers(given, data)
