"""The screen of a machine."""

from __future__ import annotations

from smartdc.chapter import MachineChapter
from smartdc.console import Console
from smartdc.paths import fill
from smartdc.websocket import open_websocket


class VncChapter(MachineChapter):
    """Connect to a machine's screen and keyboard."""

    __slots__ = ()

    def vnc(self, *, timeout: float | None = None) -> Console:
        """Connect to the screen of a kvm or bhyve machine that runs, and return its bytes.

        `GET /:login/machines/:id/vnc`, since 9.8.7: a websocket that carries RFB, the protocol of
        VNC viewers. Use it in a `with` statement, which closes it. `timeout` is for how many
        seconds a read waits for the next bytes; None is for ever, until somebody calls `close()`.
        Needs the extra `events`. Raises MachineHasNoVNC, MachineStopped, ResourceNotFound;
        ConfigurationError without the extra.
        """
        # The route has a version of its own, 8.4.0, which no range of majors above 8 reaches.
        websocket = open_websocket(
            self.datacenter,
            fill('/machines/{}/vnc', self.id),
            retries=self.datacenter.retries,
            api_version='~9||~8',
            subprotocol='binary',
        )
        return Console(websocket, self.id, timeout)
