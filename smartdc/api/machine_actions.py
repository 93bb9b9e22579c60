"""What can be done to a machine, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartdc.chapter import MachineChapter
from smartdc.paths import ident
from smartdc.types import AuditEntry


class MachineActionsChapter(MachineChapter):
    """Start, stop, reboot, resize, rename, protect and delete a machine; its audit."""

    __slots__ = ()

    def start(self) -> None:
        """Start to boot the machine.

        `POST /:login/machines/:id?action=start`, since 6.5. The server accepts it in any state
        but provisioning (UnallocatedVM); the audit tells whether it came to something.
        """
        self._act('start')

    def stop(self) -> None:
        """Start to shut the machine down.

        `POST /:login/machines/:id?action=stop`, since 6.5. The server accepts it in any state
        but provisioning (UnallocatedVM); the audit tells whether it came to something.
        """
        self._act('stop')

    def reboot(self) -> None:
        """Start to reboot the machine.

        `POST /:login/machines/:id?action=reboot`, since 6.5. The server accepts it in any state
        but provisioning (UnallocatedVM); the audit tells whether it came to something.
        """
        self._act('reboot')

    def resize(self, package: str | Mapping[str, Any]) -> None:
        """Start to give the machine another package, by name, id or dict.

        `POST /:login/machines/:id?action=resize`, since 6.5. Raises InvalidArgument for a
        package that is unknown or does not fit, VmNotStopped for a bhyve machine that runs,
        NotAuthorized when a quota is used up.
        """
        self._act('resize', package=ident(package, 'name', 'id'))

    def rename(self, name: str) -> None:
        """Start to give the machine another name.

        `POST /:login/machines/:id?action=rename`, since 7.0. Raises ValidationFailed when the
        name is taken or has other characters than a name may have.
        """
        self._act('rename', name=name)

    def enable_firewall(self) -> None:
        """Let firewall rules act on the machine.

        `POST /:login/machines/:id?action=enable_firewall`, since 7.0.
        """
        self._act('enable_firewall')

    def disable_firewall(self) -> None:
        """Let no firewall rules act on the machine.

        `POST /:login/machines/:id?action=disable_firewall`, since 7.0.
        """
        self._act('disable_firewall')

    def enable_deletion_protection(self) -> None:
        """Protect the machine against deletion.

        `POST /:login/machines/:id?action=enable_deletion_protection`, since 8.6.
        """
        self._act('enable_deletion_protection')

    def disable_deletion_protection(self) -> None:
        """Protect the machine no longer against deletion.

        `POST /:login/machines/:id?action=disable_deletion_protection`, since 8.6.
        """
        self._act('disable_deletion_protection')

    def delete(self) -> None:
        """Start to delete the machine, in whatever state it is.

        `DELETE /:login/machines/:id`, since 6.5. Raises CannotDestroyMachine when it has
        deletion protection, MachineGone when it is deleted already.
        """
        self._call('DELETE', '/machines/{}', self.id)
        self._deleting = True

    def audit(self) -> list[AuditEntry]:
        """Return what was done to the machine, the newest first, also of a deleted one.

        `GET /:login/machines/:id/audit`, since 7.0. What is not finished yet is not in it.
        """
        return self._call('GET', '/machines/{}/audit', self.id)

    def _act(self, action: str, **inputs: Any) -> None:
        query = {'action': action}
        self._call('POST', '/machines/{}', self.id, query=query, body=inputs or None)
