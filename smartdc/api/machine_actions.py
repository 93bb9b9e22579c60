"""What can be done to a machine, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from smartdc.actions import Proof, awaited
from smartdc.chapter import MachineChapter
from smartdc.dry_run import is_collecting
from smartdc.tables import table
from smartdc.types import AuditEntry, PackageRef
from smartdc.waiting import Wait


class MachineActionsChapter(MachineChapter):
    """Start, stop, reboot, resize, rename, protect and delete a machine; its audit."""

    __slots__ = ()

    def start(self, *, wait: Wait = False) -> None:
        """Start to boot the machine.

        `POST /:login/machines/:id?action=start`, since 6.5. The server accepts it in any state
        but provisioning (UnallocatedVM); the audit tells whether it came to something. `wait` is
        how long to wait until it has, in seconds, or True; ActionFailed says if it has not.
        """
        self._act('start', wait)

    def stop(self, *, wait: Wait = False) -> None:
        """Start to shut the machine down.

        `POST /:login/machines/:id?action=stop`, since 6.5. The server accepts it in any state
        but provisioning (UnallocatedVM). `wait` is that of `start`.
        """
        self._act('stop', wait)

    def reboot(self, *, wait: Wait = False) -> None:
        """Start to reboot the machine.

        `POST /:login/machines/:id?action=reboot`, since 6.5. The server accepts it in any state
        but provisioning (UnallocatedVM). `wait` is that of `start`.
        """
        self._act('reboot', wait)

    def resize(self, package: PackageRef, *, wait: Wait = False) -> None:
        """Start to give the machine another package, named as for `package`.

        `POST /:login/machines/:id?action=resize`, since 6.5. Raises InvalidArgument for a
        package that is unknown or does not fit, VmNotStopped for a bhyve machine that runs,
        NotAuthorized when a quota is used up. `wait` is that of `start`.
        """
        self._act('resize', wait, package=self.datacenter._find('package', package))

    def rename(self, name: str, *, wait: Wait = False) -> None:
        """Start to give the machine another name.

        `POST /:login/machines/:id?action=rename`, since 7.0. Raises ValidationFailed when the
        name is taken or has other characters than a name may have. `wait` is that of `start`.
        """
        self._act('rename', wait, name=name)

    def enable_firewall(self, *, wait: Wait = False) -> None:
        """Let firewall rules act on the machine.

        `POST /:login/machines/:id?action=enable_firewall`, since 7.0. `wait` is that
        of `start`; what is so already is waited for no longer.
        """
        self._switch('enable_firewall', 'firewall_enabled', True, wait)

    def disable_firewall(self, *, wait: Wait = False) -> None:
        """Let no firewall rules act on the machine.

        `POST /:login/machines/:id?action=disable_firewall`, since 7.0. `wait` is that
        of `start`; what is so already is waited for no longer.
        """
        self._switch('disable_firewall', 'firewall_enabled', False, wait)

    def enable_deletion_protection(self, *, wait: Wait = False) -> None:
        """Protect the machine against deletion.

        `POST /:login/machines/:id?action=enable_deletion_protection`, since 8.6. `wait` is that
        of `start`; what is so already is waited for no longer.
        """
        self._switch('enable_deletion_protection', 'deletion_protection', True, wait)

    def disable_deletion_protection(self, *, wait: Wait = False) -> None:
        """Protect the machine no longer against deletion.

        `POST /:login/machines/:id?action=disable_deletion_protection`, since 8.6. `wait` is that
        of `start`; what is so already is waited for no longer.
        """
        self._switch('disable_deletion_protection', 'deletion_protection', False, wait)

    def delete(self, *, wait: Wait = False) -> None:
        """Start to delete the machine, in whatever state it is.

        `DELETE /:login/machines/:id`, since 6.5. Raises CannotDestroyMachine when it has
        deletion protection, MachineGone when it is deleted already. `wait` is how long to wait
        until it is deleted, in seconds, or True.
        """
        with self._awaited('destroy', wait, lambda data: data.get('state') == 'deleted'):
            self._call('DELETE', '/machines/{}', self.id)
            self._deleting = not is_collecting(self.datacenter)

    def audit(self) -> list[AuditEntry]:
        """Return what was done to the machine, the newest first, also of a deleted one.

        `GET /:login/machines/:id/audit`, since 7.0. What is not finished yet is not in it.
        """
        return self._call(
            'GET', '/machines/{}/audit', self.id, read=table(self.datacenter, 'actions')
        )

    def _act(self, action: str, wait: Wait, **inputs: Any) -> None:
        with self._awaited(action, wait):
            self._ask(action, inputs)

    def _switch(self, action: str, field: str, on: bool, wait: Wait) -> None:
        # The audit calls the switches of the firewall `unknown`, and has no row of what is so.
        row = 'unknown' if 'firewall' in action else action
        with self._awaited(row, wait, lambda data: bool(data.get(field)) is on):
            self._ask(action, {})

    def _ask(self, action: str, inputs: Mapping[str, Any]) -> None:
        query = {'action': action}
        self._call('POST', '/machines/{}', self.id, query=query, body=inputs or None)

    def _awaited(
        self, action: str, wait: Wait, proof: Proof | None = None
    ) -> AbstractContextManager[None]:
        return awaited(self, action, self.audit, wait, proof)
