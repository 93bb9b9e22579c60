"""Connections to the simulator: how long they may last, and in which order they are served."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from smartdc.simulator import Simulator
from smartdc.simulator.protocol import Connection, Site
from smartdc.simulator.websocket import Ticker
from smartdc.simulator.wire import Response
from tests.simulator.signer import signer


@pytest.fixture
def cloud() -> Iterator[Simulator]:
    """Run a simulator."""
    with Simulator(public_key=signer('acme').public) as running:
        yield running


@pytest.fixture
def hasty() -> Iterator[Simulator]:
    """Run a simulator that has little patience, and many machines."""
    world: dict[str, Any] = {'machines': [{}] * 300}
    with Simulator(world, public_key=signer('acme').public, patience=0.3) as running:
        yield running


def connect(simulator: Simulator) -> socket.socket:
    """Return a bare connection to the first data center."""
    address = urlsplit(simulator.url())
    return socket.create_connection((address.hostname, address.port), timeout=10)


def rest(connection: socket.socket) -> bytes:
    """Return what comes in until the connection is closed."""
    found = b''
    while part := connection.recv(65536):
        found += part
    return found


def signed(target: str, also: str = '') -> bytes:
    """Return a signed GET; `also` are more lines of its head."""
    headers = signer('acme').headers('GET', target, time.time())
    lines = [f'{name}: {value}\r\n' for name, value in headers.items()]
    return f'GET {target} HTTP/1.1\r\n{"".join(lines)}{also}\r\n'.encode()


@pytest.mark.parametrize(
    ('sent', 'answer'),
    [
        (b'', b''),
        (b'GET /', b'HTTP/1.1 408 '),
        (b'G', b'HTTP/1.1 408 '),
        (b'POST /my HTTP/1.1\r\nContent-Length: 5\r\n\r\nhell', b'HTTP/1.1 408 '),
        (b'GET /--ping HTTP/1.1\r\n\r\nGET /', b'HTTP/1.1 200 '),
    ],
)
def test_waits_for_nobody_for_ever(hasty: Simulator, sent: bytes, answer: bytes) -> None:
    """Who says nothing is let go without a word; who stops amid a request is told why."""
    with connect(hasty) as connection:
        connection.sendall(sent)
        found = rest(connection)
    assert found[: len(answer)] == answer
    assert (b'IdleClientError' in found) == (sent not in (b'',))
    assert found.count(b'HTTP/1.1 ') == (2 if b'200' in answer else bool(sent))


def test_a_drip_is_no_progress(hasty: Simulator) -> None:
    """A head that comes byte by byte has no more time than any other."""
    with connect(hasty) as connection:
        connection.sendall(b'GET /')
        connection.settimeout(0.01)
        found = b''
        while not found:
            with suppress(TimeoutError):
                found = connection.recv(20)
            if not found:
                connection.sendall(b'x')
    assert b'HTTP/1.1 408 Request' == found


def test_lets_go_of_who_does_not_read(hasty: Simulator) -> None:
    """A client that asks for much and reads none of it is cut off."""
    assert hasty._server is not None
    requests = [signed('/my/machines') for _ in range(60)]
    with connect(hasty) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b''.join(requests))
        end = time.monotonic() + 10
        while not hasty.requests:
            assert time.monotonic() < end
        while any(site.connections for site in hasty._server._sites.values()):
            assert time.monotonic() < end
        assert len(hasty.requests) < 60


def test_has_patience_with_itself(hasty: Simulator) -> None:
    """An answer that is held back for longer than a client may take comes all the same."""
    hasty.faults.add(delay=0.4, count=1)
    with connect(hasty) as connection:
        connection.sendall(signed('/my', 'Connection: close\r\n'))
        assert rest(connection).startswith(b'HTTP/1.1 200 OK\r\n')


def test_tells_clients_to_go_on(cloud: Simulator) -> None:
    """A client that waits to be told to send its body is told, and answered after it."""
    with connect(cloud) as connection:
        connection.sendall(
            b'POST /my HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n'
        )
        assert b'HTTP/1.1 100 Continue\r\n\r\n' == connection.recv(25)
        connection.sendall(b'{}')
        assert connection.recv(65536).startswith(b'HTTP/1.1 401 ')


def test_answers_of_the_old_protocol_end_the_connection(cloud: Simulator) -> None:
    """HTTP/1.0 has one request for each connection."""
    with connect(cloud) as connection:
        connection.sendall(b'GET /--ping HTTP/1.0\r\n\r\nGET /--ping HTTP/1.0\r\n\r\n')
        found = rest(connection)
    assert 1 == found.count(b'HTTP/1.1 200 OK')
    assert b'\r\nConnection: close\r\n' in found


def test_a_client_may_be_gone_after_it_was_told_why() -> None:
    """The end of an answer meets a connection that was reset meanwhile, and all is quiet."""
    failures: list[Exception] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        site = Site(lambda _: Response(200), Ticker(lambda: None), 60.0, failures.append)
        made: list[Connection] = []

        def make() -> Connection:
            made.append(Connection(site))
            return made[0]

        server = await loop.create_server(make, '127.0.0.1', 0)
        with socket.create_connection(server.sockets[0].getsockname()) as client:
            client.sendall(b'GET /')
            while not made or not made[0]._reader.is_amid:
                await asyncio.sleep(0)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        made[0]._end(lingers=True)
        while site.connections:
            await asyncio.sleep(0)
        server.close()

    asyncio.run(run())
    assert [] == failures


def test_reports_what_fails_in_it() -> None:
    """A fault of the server's own is a 500 for the client, and raised to who runs it."""
    simulator = Simulator(public_key=signer('acme').public).start()
    assert simulator._cloud is not None
    simulator._cloud.requests = None  # type: ignore[assignment] # what the application relies upon
    with connect(simulator) as connection:
        connection.sendall(signed('/my'))
        assert rest(connection).startswith(b'HTTP/1.1 500 ')
    simulator.stop()
    with pytest.raises(AttributeError):
        simulator.check()
