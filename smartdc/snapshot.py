"""A snapshot of a machine."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from smartdc.errors import ResourceNotFound, WaitFailed
from smartdc.showing import line
from smartdc.times import time_or_none
from smartdc.waiting import FAILURES, Polled, Server

if TYPE_CHECKING:
    from smartdc.machine import Machine


class Snapshot(Polled):
    """A snapshot as CloudAPI last described it; `data` is that description.

    `Snapshot(machine, name)` asks the server; with `data` nothing is asked. No attribute does.
    """

    __slots__ = ('data', 'machine')

    KIND: ClassVar[str] = 'snapshot'
    FAILED: ClassVar[frozenset[str]] = FAILURES['snapshot']

    def __init__(
        self, machine: Any, name: str | None = None, data: dict[str, Any] | None = None
    ) -> None:
        self.machine: Machine = cast('Machine', machine)
        self.data: dict[str, Any] = dict(machine.raw_snapshot_data(name)) if data is None else data

    @property
    def name(self) -> str:
        """The snapshot's name."""
        found = self.data.get('name')
        return found if isinstance(found, str) else ''

    @property
    def state(self) -> str | None:
        """The last state seen: queued, running, created, failed, canceled or deleted."""
        return self.data.get('state')

    @property
    def size(self) -> int | None:
        """The size in bytes, None until it is known."""
        return self.data.get('size')

    @property
    def created(self) -> datetime | None:
        """When it was made, naive in UTC; None until it is known."""
        return time_or_none(self.data.get('created'))

    @property
    def updated(self) -> datetime | None:
        """When it changed last, naive in UTC; None until it is known."""
        return time_or_none(self.data.get('updated'))

    @property
    def path(self) -> str:
        """The path of the snapshot below the account."""
        return f'{self.machine.path}/snapshots/{self.name}'

    def refresh(self) -> None:
        """Ask the server and update `data`.

        `GET /:login/machines/:id/snapshots/:name`, since 6.5. Raises ResourceNotFound.
        """
        self.data = dict(self.machine.raw_snapshot_data(self.name))

    def status(self) -> str:
        """Ask the server and return the state; `deleted` when the snapshot is not there.

        `GET /:login/machines/:id/snapshots/:name`, since 6.5.
        """
        try:
            self.refresh()
        except ResourceNotFound:
            self.data = {**self.data, 'state': 'deleted'}
        return str(self.data.get('state'))

    def delete(self) -> None:
        """Delete the snapshot.

        `DELETE /:login/machines/:id/snapshots/:name`, since 6.5. Raises ResourceNotFound.
        """
        self.machine._call('DELETE', '/machines/{}/snapshots/{}', self.machine.id, self.name)

    def start(self) -> Machine:
        """Roll the machine back to this snapshot, boot it, and return the machine.

        `POST /:login/machines/:id/snapshots/:name`, since 6.5. Raises ResourceNotFound.
        """
        return self.machine.start_from_snapshot(self.name)

    def _title(self) -> str:
        return f'snapshot {self.name} of {self.machine._title()}'

    def _at(self) -> Server:
        return self.machine.datacenter

    def _check(self, seen: str, wanted: str) -> None:
        if seen in self.FAILED or (seen == 'deleted' and not wanted.startswith('anything')):
            raise WaitFailed(f'{self._title()} is {seen}, it will not become {wanted}', self.data)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        form = '<smartdc.machine.Snapshot: <{}> on <Machine: {}>>'
        return line(form, self.name, self.machine.name or self.machine.id, state=self.state)
