"""The network interfaces of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from smartdc.answers import an_object
from smartdc.chapter import MachineChapter
from smartdc.creating import telling
from smartdc.likeness import objects
from smartdc.paths import ident
from smartdc.tables import table
from smartdc.types import NetworkObject, NetworkRef, Nic
from smartdc.waiting import Wait, follow, time_limit

#: The states of a NIC that nothing is done to: those of its machine.
_THERE = ('running', 'stopped')


class NicsChapter(MachineChapter):
    """List, get, add and remove NICs."""

    __slots__ = ()

    def nics(self) -> list[Nic]:
        """Return the NICs of the machine.

        `GET /:login/machines/:id/nics`, since 7.2.
        """
        return self._call('GET', '/machines/{}/nics', self.id, read=table(self.datacenter, 'NICs'))

    def nic(self, mac: str | Mapping[str, Any]) -> Nic:
        """Return one NIC, by MAC address, with or without colons, or dict.

        `GET /:login/machines/:id/nics/:mac`, since 7.2. Raises ResourceNotFound.
        """
        return self._call('GET', '/machines/{}/nics/{}', self.id, _plain(mac), read=an_object)

    def add_nic(
        self,
        network: NetworkRef | NetworkObject,
        *,
        primary: bool | None = None,
        wait: Wait = False,
    ) -> Nic:
        """Add a NIC on a network and return it; the machine reboots.

        `POST /:login/machines/:id/nics`, since 7.2. The network is named as for `network`, or
        `{ipv4_uuid, ipv4_ips}` to choose the address (8.5); `primary` since 9.15. A machine that
        is on the network already gets no second NIC: the one it has is returned. `wait` is how
        long to wait until it runs (or, in a stopped machine, is there to run), in seconds, or
        True. Raises NotAuthorized for a network of somebody else, InvalidParameters for an
        address that is taken.
        """
        limit = time_limit(wait)
        wanted: Any
        if isinstance(network, Mapping) and 'ipv4_uuid' in network:
            wanted, where = network, network['ipv4_uuid']
        else:
            wanted = where = self.datacenter._find('network', network)
        mac = self.datacenter._create(
            '/machines/{}/nics',
            self.id,
            find=lambda: self._mac_on(where),
            sought={'machine': self.id, 'network': where},
            body={'network': wanted, 'primary': primary},
            read=_mac,
        )
        with telling(machine=self.id, mac=mac):
            if wait is False:
                return self.nic(mac)
            added: Any = follow(
                lambda: self.nic(mac),
                *_THERE,
                kind='nic',
                what=f'NIC {mac} of {self.id}',
                wait_for=limit,
                at=self.datacenter,
            )
            return added

    def _mac_on(self, network: str) -> str | None:
        """Return the MAC address of the NIC on a network, None when there is none.

        A NIC on one of a pool's networks is not found, but the server refers to it when it is
        asked to add another one.
        """
        found = [nic for nic in objects(self.nics()) if nic.get('network') == network]
        return _plain(found[0]) if found else None

    def remove_nic(self, mac: str | Mapping[str, Any]) -> None:
        """Remove a NIC, by MAC address or dict; the machine reboots.

        `DELETE /:login/machines/:id/nics/:mac`, since 7.2. Raises ResourceNotFound.
        """
        self._call('DELETE', '/machines/{}/nics/{}', self.id, _plain(mac))


def _plain(mac: str | Mapping[str, Any]) -> str:
    """Return a MAC address as it stands in a path."""
    return str(ident(mac, 'mac')).replace(':', '')


def _mac(nic: Any, response: requests.Response) -> str:
    """Return the MAC address of the new NIC, or of the one that the server redirects to."""
    if response.is_redirect:
        return _plain(response.headers['Location'].rpartition('/')[2])
    return _plain(nic)
