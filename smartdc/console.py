"""A machine's screen and keyboard, as a stream of bytes."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from smartdc.errors import ConnectionFailed, InvalidInput, Timeout
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
        """Return what comes next, as it came; `b''` at the end, and when it is closed.

        Raises Timeout when nothing comes in time or before the deadline, ConnectionFailed when the
        connection breaks.
        """
        left, self._left = bytes(self._left), memoryview(b'')
        # A message may be empty, which is no end.
        while not left and not self.closed:
            message = self._received()
            if message is None:
                break
            left = message
        return b'' if self.closed else left

    def _received(self) -> bytes | None:
        """Return the next message, None when there will be none."""
        from websockets.exceptions import ConnectionClosed, ConnectionClosedOK

        seconds = math.inf if self._timeout is None else self._timeout
        patience = until_deadline(seconds)
        try:
            return self._websocket.recv(patience, decode=False)
        except TimeoutError:
            when = f'in {seconds:g} s' if patience == seconds else 'before the deadline'
            raise Timeout(f'nothing came from the console of {self._name} {when}') from None
        except ConnectionClosedOK:
            return None
        except ConnectionClosed as error:
            if self.closed:
                return None
            raise ConnectionFailed(f'the console of {self._name} broke off: {error}') from error

    def readinto(self, buffer: Any, /) -> int:
        """Wait for some bytes, put them into the buffer, and return how many; 0 at the end."""
        self._left = memoryview(self.recv())
        size = min(len(self._left), len(buffer))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def write(self, data: Any, /) -> int:
        """Send bytes, all of them, and return how many.

        Raises ConnectionFailed if it can't be, InvalidInput for what is no bytes.
        """
        from websockets.exceptions import ConnectionClosed

        try:
            sent = memoryview(data).tobytes()
        except TypeError:
            kind = type(data).__name__
            raise InvalidInput(f'a console is written bytes, not {kind}: encode a text') from None
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
