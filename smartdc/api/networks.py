"""The networks that machines can join."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from smartdc.answers import an_object
from smartdc.connection import Connection
from smartdc.paths import ident
from smartdc.search import search_dicts
from smartdc.seen import known
from smartdc.tables import listed, table
from smartdc.types import Network, NetworkIP, NetworkRef


class NetworksChapter(Connection):
    """List and get networks, and look after their addresses."""

    __slots__ = ()

    def networks(
        self,
        search: str | None = None,
        fields: Sequence[str] = ('name',),
        *,
        fabric: bool | None = None,
    ) -> list[Network]:
        """Return the networks, or those with a field that the regular expression matches.

        `GET /:login/networks`, since 7.0. The search is done here and ignores case. `fabric`
        leaves only fabric networks, or only the others.
        """
        found = self._call(
            'GET', '/networks', query={'fabric': fabric}, read=table(self, 'networks')
        )
        if search is None:
            return found
        return listed(self, 'networks', list(search_dicts(found, search, fields)))

    def network(self, identifier: NetworkRef) -> Network:
        """Return one network, by id, short id, name or dict.

        `GET /:login/networks/:id`, since 7.0. Raises ResourceNotFound, UnknownName, AmbiguousName.
        """
        found = self._call('GET', '/networks/{}', self._find('network', identifier), read=an_object)
        return known(self, 'networks', found)

    def network_ips(self, network: NetworkRef) -> list[NetworkIP]:
        """Return the addresses of a network that are used or reserved, all of them.

        `GET /:login/networks/:id/ips`, since 8.4. On public networks only the account's own are
        listed. Raises ResourceNotFound, InvalidArgument for a pool of networks.
        """
        found = self._find('network', network)
        rows = chain.from_iterable(self._pages('/networks/{}/ips', found, query={}, key='ip'))
        return listed(self, 'addresses', list(rows))

    def network_ip(self, network: NetworkRef, ip: str) -> NetworkIP:
        """Return one address of a network.

        `GET /:login/networks/:id/ips/:ip_address`, since 8.4. Raises ResourceNotFound.
        """
        identifier = self._find('network', network)
        return self._call('GET', '/networks/{}/ips/{}', identifier, ident(ip, 'ip'))

    def update_network_ip(self, network: NetworkRef, ip: str, *, reserved: bool) -> NetworkIP:
        """Keep an address free, or stop doing so, and return it.

        `PUT /:login/networks/:id/ips/:ip_address`, since 8.4. Raises InvalidArgument on public
        networks and for managed addresses.
        """
        return self._call(
            'PUT',
            '/networks/{}/ips/{}',
            self._find('network', network),
            ident(ip, 'ip'),
            body={'reserved': reserved},
        )
