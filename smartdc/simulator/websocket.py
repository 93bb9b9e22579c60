"""Carries a channel's messages over a connection that became a websocket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from smartdc.simulator.upgrade import Channel

try:
    from websockets.frames import Frame, Opcode
    from websockets.protocol import OPEN
    from websockets.server import ServerProtocol
except ImportError as _error:
    _text = f"the simulator needs {_error.name}: pip install 'smartdc[simulator]'"
    raise ImportError(_text, name=_error.name) from None

#: The longest message that is taken, in bytes.
_MAX_SIZE = 16 * 2**20


#: How often what is due is looked for while a websocket is open, in seconds.
_TICK = 0.02


class WebSocket(asyncio.Protocol):
    """A connection after its handshake, for as long as it lasts.

    Messages are handled as they arrive, before anything that came after them is answered: who gets
    the pong to a ping knows that all messages before it have been taken. `gone` is called at the
    end.
    """

    def __init__(self, channel: Channel, gone: Callable[[WebSocket], None]) -> None:
        self._channel = channel
        self._gone = gone
        self._frames = ServerProtocol(state=OPEN, max_size=_MAX_SIZE)
        self._parts: list[bytes] = []
        self._is_text = False
        self._loop = asyncio.get_running_loop()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the answer to the handshake has been sent."""
        self.transport = transport
        self._channel.opened(self._send_soon, self._drop_soon)

    def data_received(self, data: bytes) -> None:
        """Take what came, and answer pings and the wish to close."""
        self._frames.receive_data(data)
        for event in self._frames.events_received():
            if isinstance(event, Frame):
                self._take(event)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """End."""
        self._channel.closed()
        self._gone(self)

    def pause_writing(self) -> None:
        """Read no more from a client that is slow to read."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read again."""
        self.transport.resume_reading()

    def _take(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._parts, self._is_text = [], frame.opcode is Opcode.TEXT
        elif frame.opcode is not Opcode.CONT:
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            whole = b''.join(self._parts)
            self._channel.receive(whole.decode('utf-8', 'replace') if self._is_text else whole)

    def _send_soon(self, message: str | bytes) -> None:
        self._loop.call_soon_threadsafe(self._send, message)

    def _drop_soon(self) -> None:
        self._loop.call_soon_threadsafe(self.transport.abort)

    def _send(self, message: str | bytes) -> None:
        if self._frames.state is not OPEN or self.transport.is_closing():
            return
        if isinstance(message, str):
            self._frames.send_text(message.encode())
        else:
            self._frames.send_binary(message)
        self._flush()
        if self.transport.get_write_buffer_size() > _MAX_SIZE:
            # Nobody reads what is sent.
            self.transport.abort()

    def _flush(self) -> None:
        for data in self._frames.data_to_send():
            if data:
                self.transport.write(data)
            else:
                # Nothing more will be sent: the closing handshake is over.
                self.transport.close()


class Ticker:
    """Calls a function every few moments while there are websockets."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._open: set[WebSocket] = set()
        self._is_beating = False

    def add(self, protocol: WebSocket) -> None:
        """Go on for as long as this one is open."""
        self._open.add(protocol)
        if not self._is_beating:
            self._wait()

    def remove(self, protocol: WebSocket) -> None:
        """Go on without this one."""
        self._open.discard(protocol)

    def _wait(self) -> None:
        self._is_beating = True
        asyncio.get_running_loop().call_later(_TICK, self._beat)

    def _beat(self) -> None:
        self._is_beating = False
        if self._open:
            self._tick()
            self._wait()
