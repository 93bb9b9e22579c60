"""Roles: which sub-users have which policies."""

from __future__ import annotations

from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.routing import UPLOADS, Chapter

chapter = Chapter()

chapter.unserved('POST', '/:account/roles', 'CreateRole', types=UPLOADS)


@chapter.get('/:account/roles', 'ListRoles', head='HeadRoles')
def list_roles(call: Call) -> Reply:
    """Answer all roles."""
    return Reply(call.store.find('role', owner=call.owner))


for _method, _name in (
    ('GET', 'GetRole'),
    ('HEAD', 'HeadRole'),
    ('POST', 'UpdateRole'),
    ('DELETE', 'DeleteRole'),
):
    chapter.unserved(_method, '/:account/roles/:role', _name)
