"""How a request becomes a websocket: who may ask for it, and what the two ends say then."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.wire import Request

#: RFC 6455 mixes this into the answer to a client's key.
_MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

#: Sends a message; may be called from any thread.
Send = Callable[[str | bytes], None]


class Channel(Protocol):
    """The server's end of a websocket, free of sockets."""

    def opened(self, send: Send, drop: Callable[[], None]) -> None:
        """Take what sends a message and what breaks the connection off, from any thread."""

    def receive(self, message: str | bytes) -> None:
        """Take a message of the client's."""

    def closed(self) -> None:
        """Take note that the connection is gone."""


def is_upgrade(request: Request) -> bool:
    """Tell whether the client asks for another protocol on this connection."""
    wishes = [part.strip() for part in request.headers.get('connection', '').lower().split(',')]
    return 'upgrade' in wishes and 'upgrade' in request.headers


def is_websocket(request: Request) -> bool:
    """Tell whether the client asks for a websocket, with all that takes."""
    return (
        is_upgrade(request)
        and request.headers['upgrade'].lower() == 'websocket'
        and bool(request.headers.get('sec-websocket-key'))
        and request.headers.get('sec-websocket-version', '13') == '13'
    )


def accept(call: Call, channel: Channel, protocols: Sequence[str] = ()) -> Reply:
    """Return the answer that turns a request into a websocket.

    `protocols` are the subprotocols that this end speaks; the first one that the client asks for
    is taken.
    """
    headers = call.request.headers
    mixed = f'{headers["sec-websocket-key"]}{_MAGIC}'.encode()
    digest = hashlib.sha1(mixed, usedforsecurity=False).digest()
    asked = [part.strip() for part in headers.get('sec-websocket-protocol', '').split(',')]
    taken = [{'Sec-WebSocket-Protocol': name} for name in asked if name in protocols][:1]
    answer = {
        'Upgrade': 'websocket',
        'Connection': 'Upgrade',
        'Sec-WebSocket-Accept': base64.b64encode(digest).decode(),
        **(taken[0] if taken else {}),
    }
    return Reply(status=101, headers=answer, channel=channel)
