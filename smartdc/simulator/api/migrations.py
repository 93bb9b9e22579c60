"""Moving machines to other servers."""

from __future__ import annotations

from smartdc.simulator.routing import Chapter

chapter = Chapter()

for _method, _pattern, _name in (
    ('GET', '/:account/migrations', 'ListMigrations'),
    ('GET', '/:account/migrations/:machine', 'GetMigration'),
    ('GET', '/:account/machines/:machine/migrate', 'MigrateMachineEstimate'),
    ('POST', '/:account/machines/:machine/migrate', 'Migrate'),
):
    chapter.unserved(_method, _pattern, _name)
