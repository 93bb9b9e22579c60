"""The screens of hardware virtual machines."""

from __future__ import annotations

from smartdc.simulator.routing import Chapter

chapter = Chapter()

chapter.unserved('GET', '/:account/machines/:machine/vnc', 'ConnectMachineVNC', versions=('8.4.0',))
