"""What a data center does with many things at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartdc.api.machines import MachinesChapter
from smartdc.fleet import Fleet
from smartdc.pacing import paced, turns
from smartdc.types import Scalar


class Many(MachinesChapter):
    """Fleets."""

    __slots__ = ()

    def fleet(
        self,
        *,
        tags: Mapping[str, Scalar] | str | None = None,
        name: str | None = None,
        state: str | None = None,
        machine_type: str | None = None,
        image: str | Mapping[str, Any] | None = None,
        memory: int | None = None,
        brand: str | None = None,
        docker: bool | None = None,
        tombstone: bool | None = None,
    ) -> Fleet:
        """Return the machines that match all of what is given, to do something with all of them.

        `GET /:login/machines`, since 6.5. The filters are those of `machines`.
        """
        with paced():
            found = self.machines(
                tags=tags,
                name=name,
                state=state,
                machine_type=machine_type,
                image=image,
                memory=memory,
                brand=brand,
                docker=docker,
                tombstone=tombstone,
            )
        return Fleet(found)

    def _headers(self, given: Mapping[str, str] | None, data: Any) -> dict[str, str]:
        # Here, because the date that is signed has to be that of the sending.
        waiting = turns()
        if waiting is not None:
            waiting.take(self.clock, self.url)
        return super()._headers(given, data)
