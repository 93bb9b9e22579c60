"""What a request says about a role: dicts since version 9, names before."""

from __future__ import annotations

import json
from typing import Any

from smartdc.simulator import versions
from smartdc.simulator.accounts import find_account, find_policy, find_user
from smartdc.simulator.calls import Call, invalid, is_uuid
from smartdc.simulator.javascript import json_text, string
from smartdc.simulator.roles import ADMINISTRATOR
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

_TYPES = ('subuser', 'account')

#: What an entry of a list may say, as a message tells it.
_OF_MEMBER = '"type", "login", "id", or "default"'
_OF_POLICY = '"name" or "id"'


def given(call: Call) -> Doc:
    """Return the fields of a role that were sent, with ids in the place of names."""
    found: Doc = {}
    name = call.params.get('name')
    modern = versions.reaches(call.asked, '9.0.0')
    if name:
        if not isinstance(name, str):
            raise invalid('Role "name" must be a string' if modern else 'role is invalid')
        found['name'] = name
    members, policies = _objects(call) if modern else _names(call)
    return {**found, **_looked_up(call, found.get('name'), members, policies)}


def _objects(call: Call) -> tuple[list[Doc] | None, list[Doc] | None]:
    """Return members and policies that are given as lists of objects."""
    policies = _list(call, 'policies')
    for policy in policies or ():
        for name, value in policy.items():
            _check_policy(name, value)
    members = _list(call, 'members')
    for member in members or ():
        _check_type(member.get('type'))
        for name, value in member.items():
            _check_member(name, value)
    return members, policies


def _list(call: Call, name: str) -> list[Doc] | None:
    """Return a list of objects, None if none was given."""
    found = call.params.get(name)
    if not found and not is_array(found):
        return None
    if not is_array(found) or not all(map(is_object, found)):
        raise invalid(f'Role "{name}" must be an array of objects')
    return found


def _check_policy(name: str, value: Any) -> None:
    match name:
        case 'id':
            _check(is_uuid(value), 'Policy "id" property must be a string UUID')
        case 'name':
            _check(isinstance(value, str), 'Policy "name" property must be a string')
        case _:
            raise _unknown('Policy', _OF_POLICY, name)


def _check_type(value: Any) -> None:
    _check(isinstance(value, str), 'Role "member" references must have a string "type" property')
    _check(value in _TYPES, f'Member "type" is not supported: "{value}"')


def _check_member(name: str, value: Any) -> None:
    match name:
        case 'type':
            pass
        case 'id':
            _check(is_uuid(value), 'Member "id" property must be a string UUID')
        case 'login':
            _check(isinstance(value, str), 'Member "login" property must be a string')
        case 'default':
            _check(isinstance(value, bool), 'Member "default" property must be a boolean')
        case _:
            raise _unknown('Member', _OF_MEMBER, name)


def _check(is_good: bool, message: str) -> None:
    if not is_good:
        raise invalid(message)


def _unknown(what: str, known: str, name: str) -> Refusal:
    return invalid(f'{what} references may only contain {known} properties, not "{name}"')


def _names(call: Call) -> tuple[list[Doc] | None, list[Doc] | None]:
    """Return members and policies that are given by name; who has a role by default is a member."""
    logins, defaults = _texts(call, 'members'), _texts(call, 'default_members')
    members = None
    if logins is not None or defaults is not None:
        members = [
            {'type': 'subuser', 'login': login, 'default': login in (defaults or ())}
            for login in dict.fromkeys([*(logins or ()), *(defaults or ())])
        ]
    policies = _texts(call, 'policies')
    return members, None if policies is None else [{'name': name} for name in policies]


def _texts(call: Call, name: str) -> list[str] | None:
    """Return names that are given as a list, as the JSON of one, or as one text."""
    given = call.params.get(name)
    if not given and not is_array(given):
        return None
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = [given]
    return [string(each) for each in given] if is_array(given) else [string(given)]


def _looked_up(
    call: Call, name: str | None, members: list[Doc] | None, policies: list[Doc] | None
) -> Doc:
    """Return lists with the ids of what they name, or refuse all that is not there."""
    faults = ['"true" is not a valid role name'] if name == 'true' else []
    found: Doc = {}
    if members is not None:
        ids = [_member_id(call, member, faults) for member in members]
        found['members'] = [
            {'type': member['type'], 'id': each} for member, each in zip(members, ids, strict=True)
        ]
        found['default_members'] = [
            each for member, each in zip(members, ids, strict=True) if member.get('default')
        ]
    if policies is not None:
        if name == ADMINISTRATOR:
            faults.append('Administrator role cannot have policies')
        found['policies'] = [_policy_id(call, policy, faults) for policy in policies]
    if faults:
        raise invalid(', '.join(faults))
    return found


def _member_id(call: Call, member: Doc, faults: list[str]) -> str:
    ref, kind = member.get('id') or member.get('login'), member['type']
    if not ref:
        faults.append(f'Invalid member: {json_text(member)}')
        return ''
    found = (
        find_user(call.store, call.owner, ref)
        if kind == 'subuser'
        else find_account(call.store, ref)
    )
    if found is None:
        faults.append(f'Invalid {kind}: {ref}')
        return ''
    return str(found['id'])


def _policy_id(call: Call, policy: Doc, faults: list[str]) -> str:
    ref = policy.get('id') or policy.get('name')
    found = find_policy(call.store, call.owner, ref) if ref else None
    if found is None:
        faults.append(f'Invalid policy: {ref or json_text(policy)}')
        return ''
    return str(found['id'])
