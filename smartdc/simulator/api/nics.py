"""The network interfaces of a machine."""

from __future__ import annotations

import re
from typing import Any

from smartdc.simulator import jobs
from smartdc.simulator.api.machine_actions import check_provisioned
from smartdc.simulator.api.machine_networks import check_wish, new_nic, read_object
from smartdc.simulator.api.networks import (
    AddressesExhausted,
    assign,
    find_network,
    release_nic,
)
from smartdc.simulator.calls import Call, Reply, invalid, is_uuid, missing, not_found
from smartdc.simulator.jobs import JobFailed, Work
from smartdc.simulator.routing import SINCE_7_2, Chapter
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

_ALL = '/:account/machines/:machine/nics'
_ONE = f'{_ALL}/:mac'
_MAC = re.compile('[0-9a-fA-F]{12}')
_FIELDS = ('mac', 'primary', 'ip', 'netmask', 'gateway', 'network', 'state')


@chapter.post(_ALL, 'AddNic', versions=SINCE_7_2)
def add_nic(call: Call) -> Reply:
    """Give a machine a NIC, for which it reboots; one that is on the network already is named."""
    ref, wish = _wanted(call)
    network = _network(call, ref)
    members = network.get('networks', [network['id']])
    there = [nic for nic in call.machine['nics'] if nic['network'] in members]
    if len(there) > 1:
        raise Refusal(500, 'InternalError', 'VM has multiple NICs on that network')
    if there:
        return Reply(status=302, headers={'Location': _path(call, there[0])})
    nic = _new(call, network, wish)
    jobs.submit(call, 'add_nics', mac=nic['mac'], primary=call.flag('primary'))
    call.machine['nics'].append(nic)
    call.store.put('machine', call.machine, home=call.home)
    return Reply(nic_view(call.machine, nic), 201, {'Location': _path(call, nic)})


@chapter.get(_ALL, 'ListNics', head='HeadNics', versions=SINCE_7_2)
def list_nics(call: Call) -> Reply:
    """Answer the NICs of a machine."""
    nics = [nic_view(call.machine, nic) for nic in call.machine['nics']]
    return Reply(nics, headers={'x-resource-count': str(len(nics))})


@chapter.get(_ONE, 'GetNic', head='HeadNic', versions=SINCE_7_2)
def get_nic(call: Call) -> Reply:
    """Answer a NIC by its MAC address, written without colons."""
    return Reply(nic_view(call.machine, _named(call)))


@chapter.delete(_ONE, 'RemoveNic', versions=SINCE_7_2)
def remove_nic(call: Call) -> Reply:
    """Take a NIC from a machine, for which it reboots."""
    nic = _named(call)
    _check_alive(call, 'remove_nics')
    jobs.submit(call, 'remove_nics', mac=nic['mac'])
    return Reply(status=204)


def nic_view(machine: Doc, nic: Doc) -> dict[str, Any]:
    """Return a NIC as CloudAPI shows it: it stops with its machine."""
    view = {name: nic[name] for name in _FIELDS if name in nic}
    if machine['state'] == 'stopped' and nic['state'] == 'running':
        view['state'] = 'stopped'
    return view


def _path(call: Call, nic: Doc) -> str:
    return f'/{call.login}/machines/{call.machine["id"]}/nics/{nic["mac"].replace(":", "")}'


def _named(call: Call) -> Doc:
    """Return the NIC that the path names, or refuse."""
    mac = call.text('mac')
    if not _MAC.fullmatch(mac):
        raise invalid('mac has invalid format')
    for nic in call.machine['nics']:
        if nic['mac'].replace(':', '') == mac.lower():
            return dict(nic)
    raise not_found('nic not found')


def _wanted(call: Call) -> tuple[str, str | None]:
    """Return the id of the network that a NIC is wanted on, and the address it wishes for."""
    network = call.params.get('network')
    if not network and not is_object(network) and not is_array(network):
        raise missing('network must be specified')
    if isinstance(network, str):
        if not is_uuid(network):
            raise invalid('network argument has invalid format')
        return network, None
    if is_object(network) or is_array(network):
        given: Doc = network if is_object(network) else {}
        return read_object(call, given)
    raise invalid('network argument must be a network object or string')


def _network(call: Call, ref: str) -> Doc:
    """Return a network that the account may provision on, and the server knows."""
    network = find_network(call, ref)
    if network is None:
        if call.store.get('network', ref.lower(), home=call.home) is not None:
            raise Refusal(403, 'NotAuthorized', 'owner cannot provision on network')
        raise invalid('network not found')
    has_fabrics = call.cloud.datacenter(call.home).get('fabrics', True)
    if network.get('fabric') and not has_fabrics:
        raise invalid('Server does not support that network')
    return network


def _new(call: Call, network: Doc, wish: str | None) -> Doc:
    """Return a NIC that a job has still to give to the machine."""
    _check_alive(call, 'add_nics')
    if wish is not None:
        check_wish(call, network, wish)
    try:
        member, ip = assign(call.store, call.home, network, call.machine, wish)
    except AddressesExhausted:
        if 'networks' in network:
            raise Refusal(507, 'SubnetsExhausted', 'all networks in pool are full') from None
        raise Refusal(507, 'SubnetFull', 'no more free IPs') from None
    known = {nic['mac'] for nic in call.machine['nics']}
    index = 0
    while (nic := new_nic(call.machine, index, member, ip, False))['mac'] in known:
        index += 1
    return {**nic, 'state': 'provisioning'}


def _check_alive(call: Call, verb: str) -> None:
    """Refuse to change a machine that isn't there yet, or no longer."""
    if call.machine['state'] == 'deleted':
        raise not_found('VM not found')
    check_provisioned(call, verb)


def _rebooted(work: Work) -> None:
    """Let a machine run again that was stopped for the change; others stay as they are."""
    if work.machine['state'] == 'ready':
        work.machine['state'] = 'running'


def _prefer(nics: list[Doc], mac: str) -> None:
    """Make one NIC the primary one."""
    for nic in nics:
        nic['primary'] = nic['mac'] == mac


def _taken_back(work: Work) -> None:
    """Forget a NIC that was to be added, and give its address back."""
    for nic in work.machine['nics']:
        if nic['mac'] == work.params['mac']:
            release_nic(work.store, work.home, nic)
    work.machine['nics'] = [nic for nic in work.machine['nics'] if nic['mac'] != work.params['mac']]


@jobs.job('add_nics', through=('stopping', 'ready'), when=('running',), undo=_taken_back)
def _added(work: Work) -> None:
    nics = work.machine['nics']
    for nic in nics:
        if nic['mac'] == work.params['mac']:
            nic['state'] = 'running'
    if work.params['primary'] or not any(nic['primary'] for nic in nics):
        _prefer(nics, work.params['mac'])
    _rebooted(work)


@jobs.job('remove_nics', through=('stopping', 'ready'), when=('running',))
def _removed(work: Work) -> None:
    nics = work.machine['nics']
    gone = [nic for nic in nics if nic['mac'] == work.params['mac']]
    left = [nic for nic in nics if nic['mac'] != work.params['mac']]
    _rebooted(work)
    if not gone:
        work.store.put('machine', work.machine, home=work.home)
        raise JobFailed
    release_nic(work.store, work.home, gone[0])
    if left and gone[0]['primary']:
        _prefer(left, left[0]['mac'])
    work.machine['nics'] = left
