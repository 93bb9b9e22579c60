"""Fabrics: the account's own VLANs and networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smartdc.chapter import several
from smartdc.connection import Connection
from smartdc.paths import ident
from smartdc.tables import table
from smartdc.types import Network, NetworkRef, Vlan

#: A VLAN by its number or dict.
VlanRef = int | str | Mapping[str, Any]


class FabricsChapter(Connection):
    """VLANs and fabric networks; NotImplementedByServer where a data center has no fabrics."""

    __slots__ = ()

    def fabric_vlans(self) -> list[Vlan]:
        """Return all VLANs of the account.

        `GET /:login/fabrics/default/vlans`, since 7.3.
        """
        return self._call('GET', '/fabrics/default/vlans', read=table(self, 'VLANs'))

    def fabric_vlan(self, vlan: VlanRef) -> Vlan:
        """Return one VLAN, by number or dict.

        `GET /:login/fabrics/default/vlans/:vlan_id`, since 7.3. Raises ResourceNotFound.
        """
        return self._call('GET', '/fabrics/default/vlans/{}', ident(vlan, 'vlan_id'))

    def create_fabric_vlan(
        self, vlan_id: int, name: str, *, description: str | None = None
    ) -> Vlan:
        """Create a VLAN and return it.

        `POST /:login/fabrics/default/vlans`, since 7.3. Numbers are 2 to 4095; name and
        description have up to 64 characters. Raises InvalidArgument.
        """
        body = {'vlan_id': vlan_id, 'name': name, 'description': description}
        return self._create_named('/fabrics/default/vlans', body=body, unique='vlan_id')

    def update_fabric_vlan(
        self, vlan: VlanRef, *, name: str | None = None, description: str | None = None
    ) -> Vlan:
        """Change name or description of a VLAN, and return it.

        `PUT /:login/fabrics/default/vlans/:vlan_id`, since 7.3. Raises ResourceNotFound.
        """
        body = {'name': name, 'description': description}
        return self._call('PUT', '/fabrics/default/vlans/{}', ident(vlan, 'vlan_id'), body=body)

    def delete_fabric_vlan(self, vlan: VlanRef) -> None:
        """Delete a VLAN that has no networks.

        `DELETE /:login/fabrics/default/vlans/:vlan_id`, since 7.3. Raises ResourceNotFound,
        InvalidArgument while it has networks.
        """
        self._call('DELETE', '/fabrics/default/vlans/{}', ident(vlan, 'vlan_id'))

    def fabric_networks(self, vlan: VlanRef) -> list[Network]:
        """Return all networks of a VLAN.

        `GET /:login/fabrics/default/vlans/:vlan_id/networks`, since 7.3. Raises
        ResourceNotFound.
        """
        return self._call(
            'GET',
            '/fabrics/default/vlans/{}/networks',
            ident(vlan, 'vlan_id'),
            read=table(self, 'networks'),
        )

    def fabric_network(self, vlan: VlanRef, network: NetworkRef) -> Network:
        """Return one network of a VLAN, named as for `network`.

        `GET /:login/fabrics/default/vlans/:vlan_id/networks/:id`, since 7.3. Raises
        ResourceNotFound.
        """
        return self._call(
            'GET',
            '/fabrics/default/vlans/{}/networks/{}',
            ident(vlan, 'vlan_id'),
            self._find('network', network),
        )

    def create_fabric_network(
        self,
        vlan: VlanRef,
        *,
        name: str,
        subnet: str,
        provision_start_ip: str,
        provision_end_ip: str,
        gateway: str | None = None,
        resolvers: str | Sequence[str] | None = None,
        routes: Mapping[str, str] | None = None,
        internet_nat: bool | None = None,
        description: str | None = None,
    ) -> Network:
        """Create a network on a VLAN and return it.

        `POST /:login/fabrics/default/vlans/:vlan_id/networks`, since 7.3. `subnet` is in CIDR
        form; machines get addresses from `provision_start_ip` to `provision_end_ip`; `routes`
        are destinations and gateways; up to four `resolvers`; `internet_nat` is on unless it is
        switched off. Raises InvalidArgument, naming the property.
        """
        body = {
            'name': name,
            'subnet': subnet,
            'provision_start_ip': provision_start_ip,
            'provision_end_ip': provision_end_ip,
            'gateway': gateway,
            'resolvers': several('resolvers', resolvers),
            'routes': routes,
            'internet_nat': internet_nat,
            'description': description,
        }
        return self._create_named(
            '/fabrics/default/vlans/{}/networks', ident(vlan, 'vlan_id'), body=body
        )

    def update_fabric_network(
        self,
        vlan: VlanRef,
        network: NetworkRef,
        *,
        name: str | None = None,
        description: str | None = None,
        provision_start_ip: str | None = None,
        provision_end_ip: str | None = None,
        resolvers: str | Sequence[str] | None = None,
        routes: Mapping[str, str] | None = None,
    ) -> Network:
        """Change what is given of a network, and return it.

        `PUT /:login/fabrics/default/vlans/:vlan_id/networks/:id`, since 9.0. Raises
        ResourceNotFound, InvalidArgument.
        """
        body = {
            'name': name,
            'description': description,
            'provision_start_ip': provision_start_ip,
            'provision_end_ip': provision_end_ip,
            'resolvers': several('resolvers', resolvers),
            'routes': routes,
        }
        return self._call(
            'PUT',
            '/fabrics/default/vlans/{}/networks/{}',
            ident(vlan, 'vlan_id'),
            self._find('network', network),
            body=body,
        )

    def delete_fabric_network(self, vlan: VlanRef, network: NetworkRef) -> None:
        """Delete a network that no machine is on.

        `DELETE /:login/fabrics/default/vlans/:vlan_id/networks/:id`, since 7.3. Raises
        ResourceNotFound, InvalidArgument for the default network.
        """
        self._call(
            'DELETE',
            '/fabrics/default/vlans/{}/networks/{}',
            ident(vlan, 'vlan_id'),
            self._find('network', network),
        )
