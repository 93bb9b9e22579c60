"""How many signed requests a second the simulator answers, against a bare uvicorn.

The servers run in processes of their own;
the load comes from this one, over raw connections that are kept alive, with requests that were
signed beforehand. No two of them are the same, so that every signature has to be verified.
"""

from __future__ import annotations

import base64
import json
import re
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import md5
from itertools import cycle

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.bench.harness import Figure
from tests.bench.servers import MACHINE

#: What is measured: a bare uvicorn, and the simulator with each backend of signatures.
HELLO = 'hello'
BACKENDS = ('pycryptodome', 'cryptography')

#: What each is to reach of the bare one, with pycryptodome and with `fast`.
LEAST = {'pycryptodome': 0.15, 'cryptography': 0.25}

SECONDS = 1.0
CONNECTIONS = 8

#: A signature is good for five minutes; measuring takes a part of them.
SECONDS_AROUND = 200

#: What a server remembers of the latest requests takes its place before anything is measured.
WARMING_UP = 3.0


def figures(rounds: int) -> list[Figure]:
    """Compare the requests a second of each simulator with those of the bare one.

    A round measures all of them one after the other. The requests are counted against the time that
    the server's process had on the processor, which is what it answers in a second that it has to
    itself.
    """
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    rates: dict[str, list[float]] = {HELLO: [], **{backend: [] for backend in BACKENDS}}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(_serving(name, public)) for name in BACKENDS}
        requests = _signed(key, public)
        answer = _answer(servers[BACKENDS[0]], requests)
        servers[HELLO] = stack.enter_context(_serving(HELLO, answer))
        for server in servers.values():
            _rate(server, requests, WARMING_UP)
        for _ in range(rounds):
            for name, found in rates.items():
                found.append(_rate(servers[name], requests, SECONDS))
    return [_figure(backend, rates) for backend in BACKENDS]


def _figure(backend: str, rates: dict[str, list[float]]) -> Figure:
    bare = rates[HELLO]
    return Figure(
        f'simulator, requests a second, signatures by {backend}',
        'a bare uvicorn that answers the same bytes',
        statistics.median(a / b for a, b in zip(rates[backend], bare, strict=True)),
        least=LEAST[backend],
        values=rates[backend],
        floors=bare,
        unit='request a second',
    )


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    def connect(self) -> socket.socket:
        """Return a new connection to it."""
        return socket.create_connection(('127.0.0.1', self.port))

    def worked(self) -> float:
        """Return how many seconds it has had on the processor."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


@contextmanager
def _serving(kind: str, argument: str) -> Iterator[Server]:
    """Run a server for as long as the block lasts."""
    command = [sys.executable, '-m', 'tests.bench.servers', kind, argument]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Server(process, int(process.stdout.readline()))
        process.stdin.close()  # which ends it


def _signed(key: rsa.RSAPrivateKey, public: str) -> list[bytes]:
    """Return GETs of one machine, of different seconds and so with different signatures."""
    fingerprint = md5(base64.b64decode(public.split()[1]), usedforsecurity=False).digest().hex(':')
    now = time.time()
    return [
        _request(key, fingerprint, formatdate(now + second, usegmt=True))
        for second in range(-SECONDS_AROUND, SECONDS_AROUND)
    ]


def _request(key: rsa.RSAPrivateKey, fingerprint: str, date: str) -> bytes:
    target = f'/acme/machines/{MACHINE}'
    text = f'(request-target): get {target}\ndate: {date}'
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    parameters = (
        f'keyId="/acme/keys/{fingerprint}",algorithm="rsa-sha256",'
        f'headers="(request-target) date",signature="{base64.b64encode(signature).decode()}"'
    )
    return (
        f'GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n'
        f'Accept-Version: ~9||~8\r\nUser-Agent: bench\r\nDate: {date}\r\n'
        f'Authorization: Signature {parameters}\r\n\r\n'
    ).encode()


def _answer(server: Server, requests: list[bytes]) -> str:
    """Return the headers and the body that a simulator answers, as JSON."""
    with server.connect() as connection:
        connection.sendall(requests[0])
        head, _, body = _received(connection).decode().partition('\r\n\r\n')
    first, *lines = head.split('\r\n')
    assert first == 'HTTP/1.1 200 OK', first
    return json.dumps([[line.split(': ', 1) for line in lines], body])


def _received(connection: socket.socket) -> bytes:
    """Read one answer, which says its length."""
    data = connection.recv(65536)
    while len(data) < _length(data):
        data += connection.recv(65536)
    return data


def _length(data: bytes) -> int:
    """Return how long an answer is, with its head."""
    end = data.index(b'\r\n\r\n') + 4
    found = re.search(rb'content-length: (\d+)', data[:end], re.IGNORECASE)
    assert found is not None, data
    return end + int(found[1])


def _rate(server: Server, requests: list[bytes], seconds: float) -> float:
    """Return how many requests are answered in a second of the server's work."""
    wanted = cycle(requests)
    answered = 0
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        before = server.worked()
        for _ in range(CONNECTIONS):
            connection = stack.enter_context(server.connect())
            connection.sendall(next(wanted))
            selector.register(connection, selectors.EVENT_READ, connection)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for entry, _ in selector.select(0):
                data = _received(entry.data)
                assert data.startswith(b'HTTP/1.1 200 '), data
                answered += 1
                entry.data.sendall(next(wanted))
        return answered / (server.worked() - before)
