"""The stream of changes of machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from smartdc.connection import Connection
from smartdc.types import MachineRef

if TYPE_CHECKING:
    from smartdc.changefeed import ChangeFeed


class ChangefeedChapter(Connection):
    """Follow the changes of machines."""

    __slots__ = ()

    def changefeed(
        self,
        machines: MachineRef | Iterable[MachineRef] | None = None,
        *,
        sub_resources: Iterable[str] | None = None,
        timeout: float | None = None,
    ) -> ChangeFeed:
        """Follow the changes of the account's machines, as they happen.

        `GET /:login/changefeed`, since 9.14: a websocket. Use it in a `with` statement and iterate
        over it; see `ChangeFeed` for what comes, and what happens when the connection is lost.
        `machines` are the ones to follow, one or several, each named as for `machine`; None means
        all, also those that are yet to come. `sub_resources` are what to hear of: alias,
        customer_metadata, destroyed, nics, owner_uuid, server_uuid, state, tags; all of it if not
        given. `timeout` is for
        how many seconds to wait for the next change; None is for ever, until somebody calls
        `close()`. Needs the extra `events`. Raises InvalidInput for a sub-resource that there is
        not, ConfigurationError without the extra.
        """
        from smartdc.changefeed import SUB_RESOURCES, ChangeFeed
        from smartdc.websocket import open_websocket

        return ChangeFeed(
            self,
            lambda retries: open_websocket(self, '/changefeed', retries=retries),
            machines=machines,
            sub_resources=SUB_RESOURCES if sub_resources is None else sub_resources,
            timeout=timeout,
        )
