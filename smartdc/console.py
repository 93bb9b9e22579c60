"""A machine's screen and keyboard, as a stream of bytes."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from smartdc.errors import ConnectionFailed, Timeout
from smartdc.showing import line
from smartdc.websocket import until_deadline

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection


class Console(io.RawIOBase):
    """The bytes of a VNC session (RFB), unbuffered: what `Machine.vnc()` returns.

    It is a raw stream as `io` defines it: `read(n)` waits for some bytes and returns at most `n`,
    `b''` at the end; `write()` sends all that it is given. One thread may read while another
    writes, and `close()` from any thread ends a read that waits. Wrap it in
    `io.BufferedRWPair(console, console)` to read exact amounts.
    """

    def __init__(self, websocket: ClientConnection, name: str, timeout: float | None) -> None:
        self._websocket = websocket
        self._name = name
        self._timeout = timeout
        self._left = memoryview(b'')

    def __repr__(self) -> str:
        state = 'closed' if self.closed else 'open'
        return line('<smartdc.console.Console: of machine {}>', self._name, state=state)

    def recv(self) -> bytes:
        """Return what comes next, as it came; `b''` at the end.

        Raises Timeout when nothing comes in time or before the deadline, ConnectionFailed when the
        connection breaks.
        """
        from websockets.exceptions import ConnectionClosed, ConnectionClosedOK

        if self._left:
            left, self._left = bytes(self._left), memoryview(b'')
            return left
        seconds = math.inf if self._timeout is None else self._timeout
        patience = until_deadline(seconds)
        try:
            return self._websocket.recv(patience, decode=False)
        except TimeoutError:
            when = f'in {seconds:g} s' if patience == seconds else 'before the deadline'
            raise Timeout(f'nothing came from the console of {self._name} {when}') from None
        except ConnectionClosedOK:
            return b''
        except ConnectionClosed as error:
            if self.closed:
                return b''
            raise ConnectionFailed(f'the console of {self._name} broke off: {error}') from error

    def readinto(self, buffer: Any, /) -> int:
        """Wait for some bytes, put them into the buffer, and return how many; 0 at the end."""
        self._left = memoryview(self.recv())
        size = min(len(self._left), len(buffer))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def write(self, data: Any, /) -> int:
        """Send bytes, all of them, and return how many; raise ConnectionFailed if it can't be."""
        from websockets.exceptions import ConnectionClosed

        sent = bytes(data)
        try:
            self._websocket.send(sent)
        except ConnectionClosed as error:
            text = f'the console of {self._name} is connected no more: {error}'
            raise ConnectionFailed(text) from error
        return len(sent)

    def readable(self) -> bool:
        """Tell that there is something to read."""
        return True

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def close(self) -> None:
        """End the session; a second time does nothing."""
        if not self.closed:
            super().close()
            self._websocket.close()
