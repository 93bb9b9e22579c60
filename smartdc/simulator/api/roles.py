"""Roles: which members have which policies."""

from __future__ import annotations

from typing import Any

from smartdc.simulator import versions
from smartdc.simulator.accounts import find_role
from smartdc.simulator.api import role_input
from smartdc.simulator.calls import Call, Reply, invalid, missing, not_found
from smartdc.simulator.cloud import new_id
from smartdc.simulator.roles import ADMINISTRATOR
from smartdc.simulator.routing import UPLOADS, Chapter
from smartdc.simulator.store import Doc

chapter: Chapter = Chapter()

_ROLE = '/:account/roles/:role'


@chapter.post('/:account/roles', 'CreateRole', types=UPLOADS)
def create_role(call: Call) -> Reply:
    """Make a role out of a name, members and policies."""
    given = role_input.given(call)
    if 'name' not in given:
        raise missing('Request is missing required parameter: name')
    empty: Doc = {'members': [], 'default_members': [], 'policies': []}
    role = {'id': new_id(), 'owner': call.owner, **empty, **given}
    _keep(call, role)
    return Reply(role_view(call, role), 201, {'Location': f'/{call.login}/roles/{role["id"]}'})


@chapter.get('/:account/roles', 'ListRoles', head='HeadRoles')
def list_roles(call: Call) -> Reply:
    """Answer all roles."""
    return Reply([role_view(call, role) for role in call.store.find('role', owner=call.owner)])


@chapter.get(_ROLE, 'GetRole', head='HeadRole')
def get_role(call: Call) -> Reply:
    """Answer a role by its name or id."""
    return Reply(role_view(call, _role(call)))


@chapter.post(_ROLE, 'UpdateRole')
def update_role(call: Call) -> Reply:
    """Change what was sent; lists take the place of those that were there."""
    changed = role_input.given(call)
    known = _role(call)
    if known['name'] == ADMINISTRATOR and 'policies' in changed:
        raise invalid('Administrator role cannot have policies')
    role = {**known, **changed}
    _keep(call, role)
    return Reply(role_view(call, role))


@chapter.delete(_ROLE, 'DeleteRole')
def delete_role(call: Call) -> Reply:
    """Delete a role; its tags mean nothing from now on."""
    call.store.delete('role', _role(call)['id'])
    return Reply(status=204)


def role_view(call: Call, role: Doc) -> dict[str, Any]:
    """Return a role as CloudAPI shows it to the version that was asked for."""
    members = [(member, _login(call, member)) for member in role['members']]
    found = (call.store.get('policy', each) for each in role['policies'])
    policies = [policy for policy in found if policy is not None]
    view: dict[str, Any] = {'name': role['name'], 'id': role['id']}
    if not members and not policies:
        # By a slip of the original, a role of nobody and nothing has one form for all versions.
        return {**view, 'members': [], 'default_members': [], 'policies': []}
    defaults = role['default_members']
    if not versions.reaches(call.asked, '9.0.0'):
        logins = {member['id']: login for member, login in members if member['type'] == 'subuser'}
        view['members'] = list(logins.values())
        view['default_members'] = [logins[each] for each in defaults if each in logins]
        return {**view, 'policies': [policy['name'] for policy in policies]}
    view['members'] = [
        {**member, 'login': login, **({'default': True} if member['id'] in defaults else {})}
        for member, login in members
    ]
    return {**view, 'policies': [{'name': each['name'], 'id': each['id']} for each in policies]}


def _login(call: Call, member: Doc) -> str:
    kind = 'user' if member['type'] == 'subuser' else 'account'
    return str((call.store.get(kind, member['id']) or {}).get('login', ''))


def _role(call: Call) -> Doc:
    found = find_role(call.store, call.owner, call.text('role'))
    if found is None:
        raise not_found(f'{call.text("role")} does not exist')
    return found


def _keep(call: Call, role: Doc) -> None:
    """Store a role, if its name is good and free."""
    name = role['name']
    others = call.store.find('role', owner=call.owner, name=name)
    taken = any(other['id'] != role['id'] for other in others)
    if taken or not name.isprintable():
        raise invalid('role is invalid')
    call.store.put('role', role)
