"""The snapshots of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from smartdc.answers import an_object, objects
from smartdc.chapter import MachineChapter
from smartdc.creating import telling
from smartdc.paths import ident
from smartdc.snapshot import Snapshot
from smartdc.tables import listed
from smartdc.times import compact
from smartdc.types import SnapshotData
from smartdc.waiting import Wait, time_limit


class SnapshotsChapter(MachineChapter):
    """List, get and create snapshots, and go back to one."""

    __slots__ = ()

    def snapshots(self) -> list[Snapshot]:
        """Return the snapshots of the machine.

        `GET /:login/machines/:id/snapshots`, since 6.5.
        """
        rows = self._call('GET', '/machines/{}/snapshots', self.id, read=objects)
        return listed(self.datacenter, 'snapshots', [Snapshot(self, data=row) for row in rows])

    def snapshot(self, name: str | Mapping[str, Any] | Snapshot) -> Snapshot:
        """Return one snapshot, by name, dict or Snapshot.

        `GET /:login/machines/:id/snapshots/:name`, since 6.5. Raises ResourceNotFound.
        """
        return Snapshot(self, data=dict(self.raw_snapshot_data(name)))

    def raw_snapshot_data(self, name: str | Mapping[str, Any] | Snapshot) -> SnapshotData:
        """Return one snapshot's data, by name, dict or Snapshot.

        `GET /:login/machines/:id/snapshots/:name`, since 6.5. Raises ResourceNotFound.
        """
        path = '/machines/{}/snapshots/{}'
        return self._call('GET', path, self.id, ident(name, 'name'), read=an_object)

    def create_snapshot(self, name: str | None = None, *, wait: Wait = False) -> Snapshot:
        """Start to take a snapshot and return it, queued still.

        `POST /:login/machines/:id/snapshots`, since 6.5. Without a name it is named by the time,
        as the server does it: `20250102T030405Z`. `wait` is how long to wait until it is
        created, in seconds, or True. Raises BrandNotSupported for kvm machines,
        InvalidArgument for bhyve ones.
        """
        limit = time_limit(wait)
        body = {'name': name or compact(self.datacenter._date())}
        data = self._create_named('/machines/{}/snapshots', self.id, body=body)
        snapshot = Snapshot(self, data=data)
        if wait is not False:
            with telling(name=snapshot.name):
                snapshot.poll_until('created', timeout=limit)
        return snapshot

    def start_from_snapshot(self, name: str | Mapping[str, Any] | Snapshot) -> Self:
        """Roll the machine back to a snapshot, boot it, and return the machine.

        `POST /:login/machines/:id/snapshots/:name`, since 6.5. A running machine is stopped
        first. Raises ResourceNotFound.
        """
        self._call('POST', '/machines/{}/snapshots/{}', self.id, ident(name, 'name'))
        return self
