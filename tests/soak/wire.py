"""A server on a bare socket, whose connections do what they are told."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from tests.servers import read_request

#: What becomes of one connection, after its request has been read.
Act = Callable[[socket.socket], None]


def close(_: socket.socket) -> None:
    """Close at once."""


def send(data: bytes) -> Act:
    """Send this, and close."""
    return lambda connection: connection.sendall(data)


def reset(data: bytes = b'') -> Act:
    """Send this, and reset the connection."""

    def act(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))

    return act


def hang(data: bytes = b'') -> Act:
    """Send this, and then nothing until the client goes."""

    def act(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.recv(1)

    return act


class Wire:
    """One connection after another, each with the next of `acts`; with none left, `otherwise`.

    `requests` is how many came in, `last` the last of them.
    """

    def __init__(
        self,
        *acts: Act,
        otherwise: Act = close,
        listening: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.acts = deque(acts)
        self.otherwise = otherwise
        self.requests = 0
        self.last = b''
        self._tls = tls
        self._socket = socket.socket()
        self._socket.bind(('127.0.0.1', 0))
        self._thread = threading.Thread(target=self._serve, name='wire')
        self.url = f'http{"s" if tls else ""}://127.0.0.1:{self._socket.getsockname()[1]}'
        if listening:
            self.listen()

    def listen(self) -> None:
        """Begin to accept connections; until then they are refused."""
        self._socket.listen(64)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._thread.ident is not None:
            self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with suppress(OSError):
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                with connection:
                    self.last = read_request(connection)
                    self.requests += 1
                    act = self.acts.popleft() if self.acts else self.otherwise
                    act(connection)
