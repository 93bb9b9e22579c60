"""What a simulated cloud holds when it starts: the default world, or the one of a file.

A world is a JSON object (or a dict) of this shape; all parts are optional::

    {"accounts": [{"login", "id", "email", "keys": [{"name", "key"}], "users": [{"login", "keys"}],
                   "policies": [{"name", "rules": ["CAN listmachines"]}],
                   "roles": [{"name", "members": ["bob"], "policies": ["name"]}],
                   "role_tags": {"/machines": ["role"]},
                   "operator": false, "disabled": false, ...}],
     "datacenters": ["name", {"name", "images", "packages", "networks", "machines", ...}],
     "images": [...], "packages": [...], "networks": [...], "machines": [...],
     "network_pools": [{"name", "networks": ["name"]}], "fabrics": true,
     "version": "9.20.0", "services": {}, "volumes": false, "migrations": true,
     "servers": ["uuid", {"id", "memory"}], "limits": [{"by": "machines", "value": 25}],
     "read_only": false, "read_only_until": "2026-01-02T04:00:00Z", "throttle": 0,
     "faults": [{"operation": "CreateMachine", "status": 503, "count": 1}]}

What stands at the top holds for each data center that has none of its own. A single data center
can be named by `"datacenter": "name"`. Ids and dates that are missing are made up, the same ones
each time. A machine needs nothing: `{}` is a running one. Faults are the arguments of
`Faults.add()` by their names, and strike in all data centers.

Members of roles have their role by default, unless they are written
`{"login", "type": "subuser" or "account", "default": false}`. The roles on a machine stand with it,
as its `"role_tags": ["role"]`; those on anything else with the account, by the path below it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from smartdc.simulator import default_world
from smartdc.simulator.fault_checks import RuleError
from smartdc.simulator.faults import Faults
from smartdc.simulator.shapes import is_object

World = dict[str, Any]

#: A field's type: a Python type, several, a list of something, or an object with known fields.
Shape = Any

_KEY: Shape = {'name': str, 'key': str}
_PERSON: Shape = dict.fromkeys(
    (
        *('id', 'email', 'companyName', 'firstName', 'lastName', 'address', 'postalCode'),
        *('city', 'state', 'country', 'phone', 'created', 'updated'),
    ),
    str,
)
_USER: Shape = {**_PERSON, 'login!': str, 'keys': [_KEY], 'disabled': bool}
_LIMIT: Shape = {
    'value!': int,
    **dict.fromkeys(('by', 'check', 'brand', 'image', 'os'), str),
}
_MEMBER: Shape = {'type': str, 'login!': str, 'default': bool}
_ROLE: Shape = {'id': str, 'name!': str, 'members': [(str, _MEMBER)], 'policies': [str]}
_POLICY: Shape = {'id': str, 'name!': str, 'rules!': [str], 'description': str}
_ACCOUNT: Shape = {
    **_USER,
    'users': [_USER],
    'roles': [_ROLE],
    'policies': [_POLICY],
    'role_tags': dict,
    'operator': bool,
    'role_operator': bool,
    'triton_cns_enabled': bool,
    'limits': [_LIMIT],
    'approved_for_provisioning': bool,
}
_IMAGE: Shape = {
    **dict.fromkeys(('id', 'version', 'os', 'type', 'description', 'homepage', 'eula'), str),
    **dict.fromkeys(('owner', 'state', 'published_at', 'origin'), str),
    'name!': str,
    'requirements': dict,
    'public': bool,
    'acl': [str],
    'tags': dict,
    'files': [dict],
    'image_size': int,
    'error': dict,
}
_PACKAGE: Shape = {
    **dict.fromkeys(('id', 'version', 'group', 'description', 'brand', 'os'), str),
    **dict.fromkeys(('swap', 'lwps', 'vcpus'), int),
    **dict.fromkeys(('default', 'active', 'flexible_disk'), bool),
    'name!': str,
    'memory!': int,
    'disk!': int,
    'disks': [dict],
    'networks': [str],
    'traits': dict,
}
_NETWORK: Shape = {
    **dict.fromkeys(('id', 'description', 'gateway', 'owner'), str),
    **dict.fromkeys(('public', 'fabric', 'internet_nat'), bool),
    'name!': str,
    'subnet!': str,
    'provision_start_ip!': str,
    'provision_end_ip!': str,
    'vlan_id': int,
    'resolvers': [str],
    'suffixes': [str],
    'routes': dict,
}
_POOL: Shape = {
    **dict.fromkeys(('id', 'description', 'owner'), str),
    'public': bool,
    'name!': str,
    'networks!': [str],
}
_MACHINE: Shape = {
    **dict.fromkeys(('id', 'name', 'owner', 'image', 'package', 'state', 'brand'), str),
    **dict.fromkeys(('created', 'updated', 'compute_node'), str),
    **dict.fromkeys(('memory', 'disk'), int),
    **dict.fromkeys(('firewall_enabled', 'deletion_protection', 'docker'), bool),
    **dict.fromkeys(('delegate_dataset', 'encrypted'), bool),
    'networks': [str],
    'role_tags': [str],
    'tags': dict,
    'metadata': dict,
}
_SERVER: Shape = {'id!': str, 'memory': int}
_CONTENTS: Shape = {
    'version': str,
    'services': dict,
    'fabrics': bool,
    'volumes': bool,
    'migrations': bool,
    'servers': [(str, _SERVER)],
    'limits': [_LIMIT],
    'read_only': (bool, str),
    'read_only_until': str,
    'throttle': (int, float),
    'images': [_IMAGE],
    'packages': [_PACKAGE],
    'networks': [_NETWORK],
    'network_pools': [_POOL],
    'machines': [_MACHINE],
}
_DATACENTER: Shape = {**_CONTENTS, 'name!': str}
_WORLD: Shape = {
    **_CONTENTS,
    'comment': str,
    'faults': [dict],
    'accounts': [_ACCOUNT],
    'datacenter': str,
    'datacenters': [(str, _DATACENTER)],
}
_WORDS = {str: 'text', int: 'a number', float: 'a number', bool: 'true or false', dict: 'an object'}


class WorldError(Exception):
    """A world that makes no sense; the message names the place in it."""


def load(
    source: str | Path | Mapping[str, Any] | None,
    *,
    account: str = 'acme',
    datacenters: Sequence[str] = ('us-sw-1', 'us-east-1'),
) -> World:
    """Return a world with every data center's contents spelled out.

    `account` is the login of the default world's account; `datacenters` are the names that count
    unless the world names its own.
    """
    if source is None:
        given: World = {}
    elif isinstance(source, Mapping):
        given = dict(source)
    else:
        given = _read(source)
    _check('', given, _WORLD)
    accounts = given.get('accounts') or [default_world.account(account)]
    named = given.get('datacenters') or ([given['datacenter']] if 'datacenter' in given else [])
    homes = [{'name': home} if isinstance(home, str) else home for home in named or datacenters]
    names = [home['name'] for home in homes]
    if len(set(names)) < len(names):
        raise WorldError('world: datacenters: a name comes twice')
    # The default world has all that CloudAPI can do; a world of one's own says so itself.
    switches = {'volumes': True} if source is None else {}
    shared = {name: given[name] for name in _CONTENTS if name in given}
    return {
        'accounts': accounts,
        'faults': _faults(given.get('faults', [])),
        'datacenters': [
            {**default_world.contents(index), **switches, **shared, **home}
            for index, home in enumerate(homes)
        ],
    }


def _faults(rules: list[Any]) -> list[Any]:
    """Return rules of faults that make sense."""
    try:
        Faults().load(rules)
    except RuleError as error:
        raise WorldError(f'world: {error}') from None
    return rules


def _read(path: str | Path) -> World:
    try:
        found = json.loads(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise WorldError(f'world: cannot read {path}: {error.strerror}') from None
    except ValueError as error:
        raise WorldError(f'world: {path} is not JSON: {error}') from None
    if not is_object(found):
        raise WorldError(f'world: {path}: expected an object')
    return found


def _check(place: str, value: Any, shape: Shape) -> None:
    """Raise WorldError if a value is not of a shape; `place` is where it stands."""
    if isinstance(shape, list):
        _check_type(place, value, list)
        for index, entry in enumerate(value):
            _check(f'{place}[{index}]', entry, shape[0])
    elif isinstance(shape, dict):
        _check_type(place, value, dict)
        _check_fields(place, value, shape)
    elif isinstance(shape, tuple) and isinstance(shape[-1], dict):
        _check(place, value, shape[0] if isinstance(value, str) else shape[-1])
    else:
        _check_type(place, value, shape)


def _check_fields(place: str, value: Mapping[str, Any], shape: Shape) -> None:
    known = {name.removesuffix('!'): kind for name, kind in shape.items()}
    for name in value:
        if name not in known:
            raise WorldError(f'world: {_join(place, name)}: unknown, known are {_list(known)}')
        _check(_join(place, name), value[name], known[name])
    for name in shape:
        if name.endswith('!') and name[:-1] not in value:
            raise WorldError(f'world: {_join(place, name[:-1])}: is missing')


def _check_type(place: str, value: Any, kind: Any) -> None:
    kinds: list[Any] = [*kind] if isinstance(kind, tuple) else [kind]
    is_bool = isinstance(value, bool)
    if not isinstance(value, tuple(kinds)) or (is_bool and bool not in kinds):
        words = ' or '.join(dict.fromkeys(_WORDS.get(each, 'a list') for each in kinds))
        raise WorldError(f'world: {place or "it"}: expected {words}, found {value!r}')


def _join(place: str, name: str) -> str:
    return f'{place}.{name}' if place else name


def _list(names: Mapping[str, Any]) -> str:
    return ', '.join(sorted(names))
