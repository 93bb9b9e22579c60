"""The screens of hardware virtual machines; what is sent to them comes back."""

from __future__ import annotations

from collections.abc import Callable

from smartdc.simulator.api.machine_view import is_virtual
from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.routing import Chapter
from smartdc.simulator.upgrade import Send, accept, is_websocket
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()


class Echo:
    """A screen that sends back all bytes that it gets."""

    def __init__(self) -> None:
        self._send: Send | None = None

    def opened(self, send: Send, drop: Callable[[], None]) -> None:  # noqa: ARG002 - a channel's
        """Begin."""
        self._send = send

    def receive(self, message: str | bytes) -> None:
        """Send it back; text is no part of the protocol."""
        if self._send is not None and isinstance(message, bytes):
            self._send(message)

    def closed(self) -> None:
        """End."""
        self._send = None


@chapter.get('/:account/machines/:machine/vnc', 'ConnectMachineVNC', versions=('8.4.0',))
def connect_vnc(call: Call) -> Reply:
    """Connect the client to a machine's screen, over a websocket."""
    machine = call.machine
    if not is_virtual(machine):
        text = f'Instance type {machine["brand"]} does not support VNC connections'
        raise Refusal(400, 'MachineHasNoVNCError', text)
    if machine['state'] != 'running':
        raise Refusal(400, 'MachineStoppedError', 'Instance is not running')
    if not is_websocket(call.request):
        raise Refusal(400, 'UpgradeRequiredError', 'Connection Must Upgrade For WebSockets')
    return accept(call, Echo(), ('binary', 'rfb'))
