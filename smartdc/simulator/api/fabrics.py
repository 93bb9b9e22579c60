"""Fabrics: an account's own VLANs and networks."""

from __future__ import annotations

from functools import wraps
from typing import Any

from smartdc.simulator import params
from smartdc.simulator.api import fabric_checks
from smartdc.simulator.api.networks import network_view, subnet_of, visible_networks
from smartdc.simulator.calls import Call, Handler, Reply, invalid, not_found
from smartdc.simulator.cloud import new_id
from smartdc.simulator.routing import SINCE_7_3, Chapter
from smartdc.simulator.shapes import is_object
from smartdc.simulator.store import Doc, Where
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

_VLANS = '/:account/fabrics/default/vlans'
_VLAN = f'{_VLANS}/:vlan_id'
_NETWORKS = f'{_VLAN}/networks'
_NETWORK = f'{_NETWORKS}/:id'

_FIELDS = ('vlan_id', 'name', 'description')


def _where_enabled(handler: Handler) -> Handler:
    """Let an operation pass only where the data center has fabrics."""

    @wraps(handler)
    def checked(call: Call) -> Reply:
        if call.cloud.datacenter(call.home).get('fabrics', True) is False:
            text = 'fabrics not enabled for this datacenter'
            raise Refusal(501, 'NotImplementedError', text)
        return handler(call)

    return checked


@chapter.get(_VLANS, 'ListFabricVLANs', head='HeadFabricVLANs', versions=SINCE_7_3)
@_where_enabled
def list_vlans(call: Call) -> Reply:
    """Answer the account's VLANs by their numbers."""
    return Reply([_vlan_view(vlan) for vlan in _vlans(call)])


@chapter.post(_VLANS, 'CreateFabricVLAN', versions=SINCE_7_3)
@_where_enabled
def create_vlan(call: Call) -> Reply:
    """Make a VLAN of a number that is free."""
    vlan = fabric_checks.given(call)
    fabric_checks.check_texts(vlan)
    if any(vlan['vlan_id'] == other['vlan_id'] for other in _vlans(call)):
        raise invalid('property "vlan_id": VLAN ID is already in use')
    return Reply(_keep_vlan(call, vlan), 201)


@chapter.put(_VLAN, 'UpdateFabricVLAN', versions=SINCE_7_3)
@_where_enabled
def update_vlan(call: Call) -> Reply:
    """Change the name or the description of a VLAN."""
    changed = fabric_checks.given(call)
    fabric_checks.check_texts(changed)
    return Reply(_keep_vlan(call, {**_vlan(call, changed['vlan_id']), **changed}), 202)


@chapter.get(_VLAN, 'GetFabricVLAN', head='HeadFabricVLAN', versions=SINCE_7_3)
@_where_enabled
def get_vlan(call: Call) -> Reply:
    """Answer a VLAN."""
    return Reply(_vlan_view(_vlan(call, fabric_checks.given(call)['vlan_id'])))


@chapter.delete(_VLAN, 'DeleteFabricVLAN', versions=SINCE_7_3)
@_where_enabled
def delete_vlan(call: Call) -> Reply:
    """Remove a VLAN that has no networks."""
    vlan = _vlan(call, fabric_checks.given(call)['vlan_id'])
    if _networks(call, vlan['vlan_id']):
        raise invalid('VLAN must have no networks')
    call.store.delete('vlan', _vlan_key(call, vlan), home=call.home)
    return Reply(status=204)


@chapter.get(_NETWORKS, 'ListFabricNetworks', head='HeadFabricNetworks', versions=SINCE_7_3)
@_where_enabled
def list_networks(call: Call) -> Reply:
    """Answer the networks of a VLAN."""
    vlan = _vlan(call, fabric_checks.given(call)['vlan_id'])
    return Reply([network_view(call, network) for network in _networks(call, vlan['vlan_id'])])


@chapter.post(_NETWORKS, 'CreateFabricNetwork', versions=SINCE_7_3)
@_where_enabled
def create_network(call: Call) -> Reply:
    """Make a network that overlaps with none of the account's others."""
    properties = fabric_checks.given(call)
    vlan = _vlan(call, properties['vlan_id'])
    fabric_checks.check_network(properties, properties)
    network: Doc = {
        'id': new_id(),
        'public': False,
        'fabric': True,
        'resolvers': [],
        **properties,
        'vlan_id': vlan['vlan_id'],
        'internet_nat': fabric_checks.as_boolean(properties.get('internet_nat', True)),
        'owner': call.owner,
    }
    _check_others(call, network)
    call.store.put('network', network, home=call.home)
    return Reply(network_view(call, network), 201)


@chapter.get(_NETWORK, 'GetFabricNetwork', head='HeadFabricNetwork', versions=SINCE_7_3)
@_where_enabled
def get_network(call: Call) -> Reply:
    """Answer a network of a VLAN."""
    return Reply(network_view(call, _network(call, fabric_checks.given(call))))


@chapter.put(_NETWORK, 'UpdateFabricNetwork', versions=SINCE_7_3)
@_where_enabled
def update_network(call: Call) -> Reply:
    """Change what may be changed of a network; its subnet and gateway may not."""
    body = params.sent(call.request)
    if is_object(body) and body.get('id'):
        raise invalid('property "id": cannot be set')
    changed = fabric_checks.given(call)
    network = {**_network(call, changed), **changed}
    fabric_checks.check_network(network, changed)
    _check_others(call, network)
    call.store.put('network', network, home=call.home)
    return Reply(network_view(call, network))


@chapter.delete(_NETWORK, 'DeleteFabricNetwork', versions=SINCE_7_3)
@_where_enabled
def delete_network(call: Call) -> Reply:
    """Remove a network that no machine is on, and that is not the default one."""
    network = _network(call, fabric_checks.given(call))
    if network['id'] == _default(call):
        raise invalid('cannot delete default network')
    used = Where().add('owner = ?', network['id'])
    used.add("json_extract(doc, '$.belongs_to_uuid') IS NOT NULL")
    if call.store.select('address', used, home=call.home, limit=1):
        raise invalid('network must have no NICs provisioned')
    for address in call.store.find('address', home=call.home, owner=network['id']):
        call.store.delete('address', address['id'], home=call.home)
    call.store.delete('network', network['id'], home=call.home)
    return Reply(status=204)


def _vlans(call: Call) -> list[Doc]:
    """Return the account's VLANs; those of networks that came with the world go without saying."""
    implied = {
        network['vlan_id']: {'vlan_id': network['vlan_id'], 'name': 'My-Fabric-VLAN'}
        for network in visible_networks(call)
        if network.get('fabric') and 'vlan_id' in network
    }
    stored = call.store.find('vlan', home=call.home, owner=call.owner)
    known = implied | {vlan['vlan_id']: vlan for vlan in stored}
    return [known[number] for number in sorted(known)]


def _vlan(call: Call, number: int) -> Doc:
    for vlan in _vlans(call):
        if vlan['vlan_id'] == number:
            return vlan
    raise not_found('vlan not found')


def _keep_vlan(call: Call, vlan: Doc) -> dict[str, Any]:
    """Keep a VLAN, and return it as it is shown."""
    kept = {name: vlan[name] for name in _FIELDS if name in vlan}
    doc = {**kept, 'id': _vlan_key(call, vlan), 'owner': call.owner}
    call.store.put('vlan', doc, home=call.home)
    return kept


def _vlan_key(call: Call, vlan: Doc) -> str:
    return f'{call.owner}/{vlan["vlan_id"]}'


def _vlan_view(vlan: Doc) -> dict[str, Any]:
    return {name: vlan[name] for name in _FIELDS if name in vlan}


def _fabric_networks(call: Call) -> list[Doc]:
    return [network for network in visible_networks(call) if network.get('fabric')]


def _networks(call: Call, vlan_id: int) -> list[Doc]:
    return [network for network in _fabric_networks(call) if network.get('vlan_id') == vlan_id]


def _network(call: Call, asked: Doc) -> Doc:
    """Return the network that a path names."""
    for network in _networks(call, asked['vlan_id']):
        if network['id'] == asked['id']:
            return network
    raise not_found('network not found')


def _check_others(call: Call, network: Doc) -> None:
    """Refuse a network whose subnet or name another one of the account's has."""
    for other in _fabric_networks(call):
        if other['id'] == network['id']:
            continue
        if subnet_of(other).overlaps(subnet_of(network)):
            raise invalid('property "subnet": subnet overlaps with another network')
        if other['name'] == network['name']:
            raise invalid('property "name": name is in use by another network')


def _default(call: Call) -> str:
    """Return the id of the default network: the world's first until another one is chosen."""
    config = call.store.get('config', call.owner, home=call.home)
    if config is not None:
        return str(config['default_network'])
    own = [network['id'] for network in _fabric_networks(call) if not network.get('owner')]
    return own[0] if own else ''
