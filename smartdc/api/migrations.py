"""Migrations: moving a machine to another server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests

from smartdc.answers import an_object, loads, understood
from smartdc.chapter import MachineChapter, several
from smartdc.connection import Connection
from smartdc.paths import ident
from smartdc.tables import table
from smartdc.transport import translated
from smartdc.types import MachineRef, Migration
from smartdc.waiting import Wait, follow, time_limit

#: The states in which a migration waits for the next action, or has ended well.
_RESTING = ('paused', 'successful')

#: The states of a migration whose abort is done; its record goes.
_ABORTED = ('deleted', 'aborted')


class MigrationsChapter(Connection):
    """The migrations of the account's machines."""

    __slots__ = ()

    def migrations(self) -> list[Migration]:
        """Return all migrations of the account.

        `GET /:login/migrations`, since 9.6.
        """
        return self._call('GET', '/migrations', read=table(self, 'migrations'))

    def migration(self, machine: MachineRef) -> Migration:
        """Return the migration of a machine, named as for `machine`, or by its own dict.

        `GET /:login/migrations/:id`, since 9.6. Raises ResourceNotFound.
        """
        identifier = self._find('machine', ident(machine, 'id', 'machine'))
        return self._call('GET', '/migrations/{}', identifier, read=an_object)


class MachineMigrationChapter(MachineChapter):
    """The migration of one machine."""

    __slots__ = ()

    def migrate(
        self,
        action: str = 'automatic',
        *,
        affinity: str | Sequence[str] | None = None,
        wait: Wait = False,
    ) -> Migration | None:
        """Do one step of a migration, or all of them, and return the migration.

        `POST /:login/machines/:id/migrate?action=begin`, since 9.6. The actions are begin, sync,
        switch, automatic (these three in turn), pause, abort and finalize (9.8.1), which returns
        None. `affinity` are rules for where to. `wait` is how long to wait until the step is
        done, in seconds, or True. Raises PreconditionFailed when it is not the moment for it.
        """
        limit = time_limit(wait)
        query = {'action': action}
        body = {'affinity': several('affinity', affinity)} if affinity is not None else None
        migration = self._call('POST', '/machines/{}/migrate', self.id, query=query, body=body)
        if migration is None or wait is False:
            return migration
        return follow(
            lambda: self._call('GET', '/migrations/{}', self.id, read=an_object),
            *(_ABORTED if action == 'abort' else _RESTING),
            kind='migration',
            what=f'migration of {self.id}',
            wait_for=limit,
            at=self.datacenter,
        )

    def estimate_migration(self) -> Mapping[str, int]:
        """Return how many bytes a migration would move, as `size`.

        `GET /:login/machines/:id/migrate`, since 9.6.
        """
        return self._call('GET', '/machines/{}/migrate', self.id)

    def watch_migration(self) -> Iterator[dict[str, Any]]:
        """Yield the events of the migration that goes on, to its end.

        `POST /:login/machines/:id/migrate?action=watch`, since 9.6. An event has type, phase,
        state and progress; the last has the type `end`. Raises ResourceNotFound, and
        ConnectionFailed when the stream breaks off, InvalidResponse for an event that is none.
        """
        response = self.datacenter._stream(
            'POST', '/machines/{}/migrate', self.id, query={'action': 'watch'}
        )
        with response, translated(self.datacenter.base_url):
            for line in response.iter_lines():
                if line:
                    yield _event(line, response)


def _event(line: bytes, response: requests.Response) -> dict[str, Any]:
    with understood(response):
        return an_object(loads(line), response)
