"""The disks of a bhyve machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartdc.answers import an_object
from smartdc.chapter import MachineChapter
from smartdc.creating import DOUBTFUL, LATE, telling
from smartdc.likeness import like
from smartdc.paths import ident
from smartdc.tables import table
from smartdc.types import DiskData
from smartdc.waiting import Wait, follow, time_limit

#: The states of a disk that nothing is done to: those of its machine.
_THERE = ('stopped', 'running')


class DisksChapter(MachineChapter):
    """List, get, create, resize and delete disks."""

    __slots__ = ()

    def disks(self) -> list[DiskData]:
        """Return the disks of the machine.

        `GET /:login/machines/:id/disks`, since 9.4.1.
        """
        return self._call(
            'GET', '/machines/{}/disks', self.id, read=table(self.datacenter, 'disks')
        )

    def get_disk(self, disk: str | Mapping[str, Any]) -> DiskData:
        """Return one disk, by id or dict.

        `GET /:login/machines/:id/disks/:disk_id`, since 9.4.1. It is `get_disk` because
        `disk` is the machine's size, as in 0.2.0. Raises ResourceNotFound.
        """
        return self._call('GET', '/machines/{}/disks/{}', self.id, ident(disk), read=an_object)

    def create_disk(
        self, size: int | str, *, pci_slot: str | None = None, wait: Wait = False
    ) -> DiskData | None:
        """Start to add a disk to the machine, which must be stopped.

        `POST /:login/machines/:id/disks`, since 9.4.1. `size` is in MiB, or `remaining`.
        `pci_slot` is `0:4:0` to `0:4:7`; the server returns the disk only when it is given, and
        None comes back otherwise, unless `wait`, how long to wait until the disk is there, in
        seconds, or True. After a lost answer the disk is looked for; where it is not there it is
        added again only in a slot that was given. Raises InvalidArgument,
        VmWithoutFlexibleDiskSize, InsufficientDiskSpace.
        """
        limit = time_limit(wait)
        body = {'size': size, 'pci_slot': pci_slot}
        shown = {**body, 'size': None if size == 'remaining' else size}
        sought = {'machine': self.id, 'size': size} | ({'pci_slot': pci_slot} if pci_slot else {})
        before = [] if wait is False else [each.get('id') for each in self.disks()]
        disk: DiskData | None = self.datacenter._create_new(
            '/machines/{}/disks',
            self.id,
            rows=self.disks,
            is_it=lambda row: like(row, shown),
            sought=sought,
            # A disk may be listed some time after it was asked for, but a slot never has two.
            late=DOUBTFUL if pci_slot is None else LATE,
            body=body,
        )
        if wait is False:
            return None if pci_slot is None else disk

        def added() -> Mapping[str, Any]:
            new = [each for each in self.disks() if each.get('id') not in before]
            return new[0] if new else dict[str, Any]()

        with telling(**sought):
            return follow(
                added,
                *_THERE,
                kind='disk',
                what=f'a disk of {self.id}',
                wait_for=limit,
                at=self.datacenter,
            )

    def resize_disk(
        self,
        disk: str | Mapping[str, Any],
        size: int,
        *,
        dangerous_allow_shrink: bool | None = None,
    ) -> DiskData:
        """Start to give a disk another size, in MiB; the machine must be stopped.

        `POST /:login/machines/:id/disks/:disk_id`, since 9.4.1. Making it smaller loses data and
        has to be allowed. Raises ResourceNotFound, ValidationFailed, VmNotStopped.
        """
        body = {'size': size, 'dangerous_allow_shrink': dangerous_allow_shrink}
        return self._call('POST', '/machines/{}/disks/{}', self.id, ident(disk), body=body)

    def delete_disk(self, disk: str | Mapping[str, Any]) -> None:
        """Start to delete a disk, by id or dict; the machine must be stopped.

        `DELETE /:login/machines/:id/disks/:disk_id`, since 9.4.1. Raises ResourceNotFound,
        VmNotStopped, ValidationFailed for the boot disk.
        """
        self._call('DELETE', '/machines/{}/disks/{}', self.id, ident(disk))
