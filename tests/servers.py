"""A server that answers whatever a test tells it, over a real socket."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Script:
    """The answers of a server, one for each connection, and what it was asked."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.url = f'http://127.0.0.1:{self.socket.getsockname()[1]}'

    def serve(self) -> None:
        """Answer each connection with the next answer, then close it."""
        for answer in self.answers:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self.requests.append(read_request(connection))
                connection.sendall(answer)


def read_request(connection: socket.socket) -> bytes:
    """Read a request to the end of its body, or to where the client goes."""
    data = b''
    while b'\r\n\r\n' not in data:
        if not (more := connection.recv(65536)):
            return data
        data += more
    head, _, body = data.partition(b'\r\n\r\n')
    length = re.search(rb'content-length: (\d+)', head, re.IGNORECASE)
    while length and len(body) < int(length[1]):
        if not (more := connection.recv(65536)):
            break
        body += more
    return head + b'\r\n\r\n' + body


@contextmanager
def serving(*answers: bytes) -> Iterator[Script]:
    """Run a server with these answers in a thread, and end it with the block."""
    script = Script(*answers)
    thread = threading.Thread(target=script.serve)
    thread.start()
    try:
        yield script
    finally:
        script.socket.shutdown(socket.SHUT_RDWR)
        script.socket.close()
        thread.join()


def reply(status: int, body: bytes = b'', **headers: str) -> bytes:
    """Return an answer's bytes; header names have underscores for hyphens."""
    lines = [f'HTTP/1.1 {status} Reason', f'Content-Length: {len(body)}', 'Connection: close']
    lines += [f'{name.replace("_", "-")}: {value}' for name, value in headers.items()]
    return '\r\n'.join([*lines, '', '']).encode() + body


def json_reply(status: int, body: bytes, **headers: str) -> bytes:
    """Return an answer's bytes whose body is JSON."""
    return reply(status, body, Content_Type='application/json', **headers)


@contextmanager
def tunnelling(tls: ssl.SSLContext) -> Iterator[str]:
    """Run a proxy that is spoken to by TLS and carries one connection, and yield its URL."""

    def serve(plain: socket.socket) -> None:
        with tls.wrap_socket(plain, server_side=True) as near:
            host, _, port = read_request(near).split()[1].decode().partition(':')
            _connect(near, (host, int(port)), b'HTTP/1.1 200 Connected\r\n\r\n')

    with _serving_one(serve) as port:
        yield f'https://127.0.0.1:{port}'


@contextmanager
def socks() -> Iterator[str]:
    """Run a SOCKS5 proxy that carries one connection to an IPv4 address, and yield its URL."""

    def serve(near: socket.socket) -> None:
        near.recv(100)
        near.sendall(b'\5\0')
        asked = near.recv(100)
        place = socket.inet_ntoa(asked[4:8]), int.from_bytes(asked[8:10], 'big')
        _connect(near, place, b'\5\0\0\1' + bytes(6))

    with _serving_one(serve) as port:
        yield f'socks5://127.0.0.1:{port}'


@contextmanager
def _serving_one(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection in a thread of its own, and yield the port."""
    with socket.create_server(('127.0.0.1', 0)) as listening:

        def run() -> None:
            with suppress(OSError), listening.accept()[0] as near:
                serve(near)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _connect(near: socket.socket, place: tuple[str, int], answer: bytes) -> None:
    """Tell a client that there is a way to a place, and carry all that goes there and back."""
    with socket.create_connection(place) as far:
        near.sendall(answer)
        back = threading.Thread(target=_carry, args=(far, near))
        back.start()
        _carry(near, far)
        back.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    """Carry what comes from one connection to another until either ends, and end the other."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        socket.socket.shutdown(target, socket.SHUT_RDWR)


@contextmanager
def dripping(
    head: bytes, drip: bytes, tls: ssl.SSLContext | None = None, *, drips: int = 500
) -> Iterator[str]:
    """Run a server that sends a head and then drips, so many times, and yield its URL."""
    ended = threading.Event()
    with socket.create_server(('127.0.0.1', 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            connection = tls.wrap_socket(connection, server_side=True) if tls else connection
            with connection, suppress(OSError):
                read_request(connection)
                connection.sendall(head)
                for _ in range(drips):
                    connection.sendall(drip)
                    if ended.wait(0.01):
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f'http{"s" if tls else ""}://127.0.0.1:{listening.getsockname()[1]}'
        finally:
            ended.set()
            thread.join()
