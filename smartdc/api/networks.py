"""The networks that machines can join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smartdc.connection import Connection
from smartdc.paths import ident
from smartdc.search import search_dicts
from smartdc.types import Network


class NetworksChapter(Connection):
    """List and get networks."""

    __slots__ = ()

    def networks(
        self, search: str | None = None, fields: Sequence[str] = ('name',)
    ) -> list[Network]:
        """Return the networks, or those with a field that the regular expression matches.

        `GET /:login/networks`, since 7.0. The search is done here and ignores case.
        """
        found: list[Network] = self._call('GET', '/networks')
        return found if search is None else list(search_dicts(found, search, fields))

    def network(self, identifier: str | Mapping[str, Any]) -> Network:
        """Return one network, by id or dict.

        `GET /:login/networks/:id`, since 7.0. Raises ResourceNotFound.
        """
        return self._call('GET', '/networks/{}', ident(identifier))
