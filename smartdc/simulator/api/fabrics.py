"""Fabrics: an account's own VLANs and networks."""

from __future__ import annotations

from smartdc.simulator.routing import SINCE_7_3, Chapter

chapter = Chapter()

_VLANS = '/:account/fabrics/default/vlans'
_NETWORKS = f'{_VLANS}/:vlan_id/networks'

for _method, _pattern, _name in (
    ('GET', _VLANS, 'ListFabricVLANs'),
    ('HEAD', _VLANS, 'HeadFabricVLANs'),
    ('POST', _VLANS, 'CreateFabricVLAN'),
    ('PUT', f'{_VLANS}/:vlan_id', 'UpdateFabricVLAN'),
    ('GET', f'{_VLANS}/:vlan_id', 'GetFabricVLAN'),
    ('HEAD', f'{_VLANS}/:vlan_id', 'HeadFabricVLAN'),
    ('DELETE', f'{_VLANS}/:vlan_id', 'DeleteFabricVLAN'),
    ('GET', _NETWORKS, 'ListFabricNetworks'),
    ('HEAD', _NETWORKS, 'HeadFabricNetworks'),
    ('POST', _NETWORKS, 'CreateFabricNetwork'),
    ('GET', f'{_NETWORKS}/:id', 'GetFabricNetwork'),
    ('HEAD', f'{_NETWORKS}/:id', 'HeadFabricNetwork'),
    ('PUT', f'{_NETWORKS}/:id', 'UpdateFabricNetwork'),
    ('DELETE', f'{_NETWORKS}/:id', 'DeleteFabricNetwork'),
):
    chapter.unserved(_method, _pattern, _name, versions=SINCE_7_3)
