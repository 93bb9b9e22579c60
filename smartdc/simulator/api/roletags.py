"""Role tags: which roles may use a resource.

These generic routes are why an unknown path of up to three parts is a 405, and not a 404.
"""

from __future__ import annotations

from smartdc.simulator.routing import Chapter

chapter = Chapter()

for _pattern, _name in (
    ('/:account', 'ReplaceAccountRoleTags'),
    ('/:account/:resource_name', 'ReplaceResourcesRoleTags'),
    ('/:account/:resource_name/:resource_id', 'ReplaceResourceRoleTags'),
    ('/:account/users/:user/:resource_name', 'ReplaceUserKeysResourcesRoleTags'),
    ('/:account/users/:user/keys/:key', 'ReplaceUserKeysResourceRoleTags'),
    ('/:account/machines/:machine', 'ReplaceMachineRoleTags'),
):
    chapter.unserved('PUT', _pattern, _name)
