"""What a request says about a role: dicts since version 9, names before."""

from __future__ import annotations

import json
from typing import Any

from smartdc.simulator import versions
from smartdc.simulator.accounts import find_account, find_policy, find_user
from smartdc.simulator.calls import Call, invalid
from smartdc.simulator.javascript import string
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.store import Doc

_TYPES = ('subuser', 'account')


def given(call: Call) -> Doc:
    """Return the fields of a role that were sent, with ids in the place of names."""
    found: Doc = {}
    name = call.params.get('name')
    if name:
        if not isinstance(name, str) or not name.isprintable():
            raise invalid('role is invalid')
        found['name'] = name
    if versions.reaches(call.asked, '9.0.0'):
        return {**found, **_objects(call)}
    return {**found, **_names(call)}


def _objects(call: Call) -> Doc:
    """Return members and policies that are given as lists of objects."""
    found: Doc = {}
    if call.params.get('members') is not None:
        members = [_member(call, entry) for entry in _list(call, 'members')]
        found['members'] = [{'type': kind, 'id': member} for kind, member, _ in members]
        found['default_members'] = [member for _, member, default in members if default]
    if call.params.get('policies') is not None:
        found['policies'] = [
            _policy(call, _ref(entry, 'policies', 'name')) for entry in _list(call, 'policies')
        ]
    return found


def _list(call: Call, name: str) -> list[Any]:
    given = call.params[name]
    if not is_array(given):
        raise invalid(f'{name} must be an array')
    return given


def _ref(entry: Any, where: str, name: str) -> str:
    """Return the id, or the name, that an entry of a list gives."""
    if not is_object(entry):
        raise invalid(f'{where} must be an array of objects')
    ref = entry.get('id') or entry.get(name)
    if not isinstance(ref, str):
        raise invalid(f'{where} must have {name} or id')
    return ref


def _member(call: Call, entry: Any) -> tuple[str, str, bool]:
    """Return the type and id of a member, and whether it has the role without asking for it."""
    ref = _ref(entry, 'members', 'login')
    kind = entry.get('type')
    if kind not in _TYPES:
        raise invalid('members must have a type, either subuser or account')
    return str(kind), _member_id(call, str(kind), ref), entry.get('default') in (True, 'true')


def _member_id(call: Call, kind: str, ref: str) -> str:
    if kind == 'subuser':
        found = find_user(call.store, call.owner, ref)
    else:
        found = find_account(call.store, ref)
    if found is None:
        raise invalid(f'Invalid {kind}: {ref}')
    return str(found['id'])


def _policy(call: Call, ref: str) -> str:
    found = find_policy(call.store, call.owner, ref)
    if found is None:
        raise invalid(f'Invalid policy: {ref}')
    return str(found['id'])


def _names(call: Call) -> Doc:
    """Return members and policies that are given by name."""
    found: Doc = {}
    members = {
        name: [_member_id(call, 'subuser', login) for login in _texts(call, name)]
        for name in ('members', 'default_members')
        if call.params.get(name) is not None
    }
    if 'members' in members:
        found['members'] = [{'type': 'subuser', 'id': each} for each in members['members']]
    if 'default_members' in members:
        found['default_members'] = members['default_members']
    if call.params.get('policies') is not None:
        found['policies'] = [_policy(call, name) for name in _texts(call, 'policies')]
    return found


def _texts(call: Call, name: str) -> list[str]:
    """Return names that are given as a list, as the JSON of one, or as one text."""
    given = call.params[name]
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = [given]
    return [string(each) for each in given] if is_array(given) else [string(given)]
