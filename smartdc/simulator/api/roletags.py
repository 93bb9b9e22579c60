"""Role tags: which roles may use a resource.

These generic routes are why an unknown path of up to three parts is a 405, and not a 404.
"""

from __future__ import annotations

from smartdc.simulator import tagging, versions
from smartdc.simulator.accounts import find_user
from smartdc.simulator.calls import Call, Reply, not_found
from smartdc.simulator.javascript import string
from smartdc.simulator.routing import Chapter
from smartdc.simulator.shapes import is_array
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

#: The collections whose things may be tagged, and which may be tagged themselves.
_COLLECTIONS = (
    *('machines', 'users', 'roles', 'packages', 'images', 'policies', 'keys', 'datacenters'),
    *('fwrules', 'networks', 'services'),
)


@chapter.put('/:account', 'ReplaceAccountRoleTags')
@chapter.put('/:account/:resource_name', 'ReplaceResourcesRoleTags')
@chapter.put('/:account/:resource_name/:resource_id', 'ReplaceResourceRoleTags')
@chapter.put('/:account/users/:user/:resource_name', 'ReplaceUserKeysResourcesRoleTags')
@chapter.put('/:account/users/:user/keys/:key', 'ReplaceUserKeysResourceRoleTags')
@chapter.put('/:account/machines/:machine', 'ReplaceMachineRoleTags')
def replace_role_tags(call: Call) -> Reply:
    """Put roles on a resource, in the place of those that it had."""
    if not versions.reaches(call.asked, '7.2.0'):
        # The real server never answers this.
        raise Refusal(500, 'InternalError', 'Internal Error')
    _check_resource(call)
    path = tagging.resource(call)
    wanted = _wanted(call)
    if wanted is None:
        return Reply({'name': path, 'role-tag': []})
    roles = tagging.named_roles(call, wanted)
    tagging.put(call, path, [role['id'] for role in roles])
    return Reply({'name': path, 'role-tag': [role['name'] for role in roles]})


def _check_resource(call: Call) -> None:
    """Refuse a path that leads nowhere."""
    name = call.path.get('resource_name')
    if name is not None and name not in _COLLECTIONS:
        raise not_found(f'{name} is not a valid resource')
    user = call.path.get('user')
    if user is None and name == 'users':
        user = call.path.get('resource_id')
    if user is not None and find_user(call.store, call.owner, user) is None:
        raise not_found(f'{user} does not exist')


def _wanted(call: Call) -> list[str] | None:
    """Return the names of roles that were sent, None if nothing was."""
    given = call.params.get('role-tag')
    if given is None or given == '':
        header = call.request.headers.get('role-tag')
        return tagging.listed(header) if header else None
    return [string(name) for name in given] if is_array(given) else [string(given)]
