"""Machines: create, list, get, delete, and the actions on them."""

from __future__ import annotations

import re
from typing import Any

from smartdc.simulator import jobs
from smartdc.simulator.api import machine_actions, machine_create
from smartdc.simulator.api.datasets import is_first
from smartdc.simulator.api.machine_view import machine_view, machine_views
from smartdc.simulator.api.networks import find_network
from smartdc.simulator.calls import Call, Reply, failed, fault, invalid, missing
from smartdc.simulator.names import ALIAS
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import ALIVE, Where
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

MAX_LIMIT = 1000

#: What CNS makes a dash of.
_NOT_IN_LABEL = re.compile('[^a-z0-9-]+')

#: What may be asked for, and which stored states that means; `active` hides the dead.
_STATES = {
    'active': None,
    'provisioning': None,
    'stopping': None,
    'running': 'running',
    'stopped': 'stopped',
    'destroyed': 'deleted',
}
_TYPES = {
    'smartmachine': "json_extract(doc, '$.brand') NOT IN ('kvm', 'bhyve')",
    'virtualmachine': "json_extract(doc, '$.brand') IN ('kvm', 'bhyve')",
}


@chapter.post('/:account/machines', 'CreateMachine')
def create_machine(call: Call) -> Reply:
    """Make a machine; it is provisioning until its job is done."""
    machine = machine_create.new_machine(call)
    call.store.put('machine', machine, home=call.home)
    jobs.submit_for(call, machine, 'provision', {})
    # The real server answers before it knows the name of the package.
    view = {**machine_view(call, machine), 'package': ''}
    return Reply(view, 201, {'Location': f'/{call.login}/machines/{machine["id"]}'})


@chapter.post('/:account/machines/:machine', 'UpdateMachine')
def update_machine(call: Call) -> Reply:
    """Do what `action` says."""
    action = call.text('action')
    if not action:
        raise missing('action is required')
    act = machine_actions.ACTIONS.get(action)
    is_later = action not in machine_actions.FIRST and is_first(call.cloud.datacenter(call.home))
    if act is None or is_later:
        raise invalid(f'{action} is not a valid action')
    if call.machine['state'] == 'deleted' and not action.endswith('_deletion_protection'):
        return _gone(call)
    act(call)
    return Reply(status=202)


@chapter.get('/:account/machines', 'ListMachines', head='HeadMachines')
def list_machines(call: Call) -> Reply:
    """Answer a page of the machines that fit the filters, by id, descending."""
    if call.params.get('image') and call.params.get('dataset'):
        raise invalid('image and dataset are mutually exclusive parameters.')
    where = _where(call)
    limit = _number(call, 'limit', 1, MAX_LIMIT, MAX_LIMIT)
    offset = _number(call, 'offset', 0, None, 0)
    headers = {'x-query-limit': str(limit)}
    if call.text('tags') == '*':
        # Real: "has any tag" discards every other filter, the page and the state.
        where = Where().add('owner = ?', call.owner).add("json_extract(doc, '$.tags') <> '{}'")
        limit, offset, headers = -1, 0, {}
    machines = call.store.page('machine', where, home=call.home, limit=limit, offset=offset)
    headers['x-resource-count'] = str(len(machines))
    return Reply(machine_views(call, machines), headers=headers)


@chapter.get('/:account/machines/:machine', 'GetMachine', head='HeadMachine')
def get_machine(call: Call) -> Reply:
    """Answer a machine; a deleted one with 410."""
    if call.machine['state'] == 'deleted':
        return _gone(call)
    return Reply(_whole(call))


@chapter.delete('/:account/machines/:machine', 'DeleteMachine')
def delete_machine(call: Call) -> Reply:
    """Destroy a machine, whatever its state."""
    if call.machine['state'] == 'deleted':
        return _gone(call)
    if call.machine.get('deletion_protection'):
        text = 'Instance has "deletion_protection" enabled, preventing deletion'
        raise Refusal(409, 'CannotDestroyMachineError', text)
    if call.machine['state'] == 'failed' and not call.machine.get('compute_node'):
        raise Refusal(409, 'ConflictError', f'VM {call.machine["id"]} has no server')
    if not jobs.pending(call, 'destroy'):
        jobs.submit(call, 'destroy')
    return Reply(status=204)


def _gone(call: Call) -> Reply:
    return Reply(_whole(call), 410)


def _whole(call: Call) -> dict[str, Any]:
    """Return the machine of a request with its names in the DNS, if the account uses CNS."""
    view = machine_view(call, call.machine)
    if not call.account.get('triton_cns_enabled'):
        return view
    networks = (find_network(call, nic['network']) or {} for nic in call.machine['nics'])
    suffixes = dict.fromkeys(each for net in networks for each in net.get('suffixes', ()))
    label = _NOT_IN_LABEL.sub('-', call.machine['name'].lower())
    return {**view, 'dns_names': [f'{label}.{suffix}' for suffix in suffixes]}


def _number(call: Call, name: str, least: int, most: int | None, default: int) -> int:
    """Return a parameter that is a whole number within its bounds."""
    text = call.text(name)
    if not text:
        return default
    value = int(text) if text.isascii() and text.isdigit() else -1
    if value < least or (most is not None and value > most):
        raise failed('Invalid Parameters', fault(name, 'Invalid', f'Invalid {name}'))
    return value


def _where(call: Call) -> Where:
    """Return the conditions that the filters of a list make."""
    where = Where().add('owner = ?', call.owner)
    _where_state(call, where)
    _where_type(call, where)
    if call.text('name'):
        if not ALIAS.fullmatch(call.text('name')):
            raise failed('Invalid Parameters', fault('alias', 'Invalid', 'Invalid alias'))
        where.starts(call.text('name'))
    image = call.text('image') or call.text('dataset')
    if image:
        where.equals('$.image', image.lower())
    if call.text('brand'):
        where.equals('$.brand', call.text('brand'))
    if call.text('memory'):
        where.equals('$.memory', _number(call, 'memory', 0, None, 0))
    for name, value in call.params.items():
        if name.startswith('tag.') and len(name) > len('tag.'):
            where.holds('$.tags', name.removeprefix('tag.'), _tag_text(value))
    return where


def _where_state(call: Call, where: Where) -> None:
    wanted = call.text('state')
    if 'state' not in call.params:
        if not call.text('tombstone'):
            where.add(ALIVE)
        return
    if wanted == 'unknown':
        raise failed('Invalid Parameters', fault('state', 'Invalid', 'Invalid state'))
    if wanted not in _STATES:
        raise invalid(f'{wanted} is not a valid state')
    state = _STATES[wanted]
    if state is None:
        where.add(ALIVE)
    else:
        where.equals('$.state', state)


def _where_type(call: Call, where: Where) -> None:
    wanted = call.text('type')
    if 'type' in call.params:
        if wanted not in _TYPES:
            raise invalid(f'{wanted} is not a valid type')
        where.add(_TYPES[wanted])
    docker = call.text('docker')
    if 'docker' in call.params:
        if docker not in ('true', 'false'):
            raise invalid(f'{docker} is not a valid boolean')
        where.add("json_extract(doc, '$.docker') IS ?", 1 if docker == 'true' else None)


def _tag_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
