"""The simulator among clients that mean no good: it answers or closes, and goes on."""

from __future__ import annotations

import http.client
import logging
import random
import resource
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest

from smartdc.simulator import Simulator
from tests.descriptors import opened
from tests.simulator.signer import Signer, signer

MACHINE = 'b1e3f1c0-0000-4000-8000-000000000001'
ITEM = f'/my/machines/{MACHINE}'

#: Nobody's key: what it signs is signed well, and worth nothing.
STRANGER = Signer('acme')


@pytest.fixture
def cloud(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Simulator]:
    """Run a simulator that has to end with its state, its descriptors and no word of complaint."""
    caplog.set_level(logging.DEBUG, 'asyncio')
    before = opened()
    simulator = Simulator(
        {'machines': [{'id': MACHINE, 'name': 'web0'}]}, public_key=signer('acme').public
    )
    with simulator as running:
        caplog.clear()
        state = contents(running)
        yield running
        assert 200 == answer(exchange(running, signed('GET', ITEM)))
        assert state == contents(running)
        settle(running)
    assert set() == opened(before)
    assert '' == capfd.readouterr().err
    assert [] == [record.getMessage() for record in caplog.records]


def contents(simulator: Simulator) -> list[tuple[str, ...]]:
    """Return all that the simulator has in its memory."""
    assert simulator._cloud is not None
    query = 'SELECT kind, home, id, doc FROM things ORDER BY kind, home, id'
    return [tuple(row) for row in simulator._cloud.store.execute(query)]


def settle(simulator: Simulator) -> None:
    """Let the simulator see the connections go that its clients have closed."""
    assert simulator._server is not None
    end = time.monotonic() + 10
    while any(site.connections for site in simulator._server._sites.values()):
        assert time.monotonic() < end, 'connections stay open'


def connect(simulator: Simulator) -> socket.socket:
    """Return a bare connection to the first data center."""
    address = urlsplit(simulator.url())
    return socket.create_connection((address.hostname, address.port), timeout=10)


def exchange(simulator: Simulator, *parts: bytes) -> bytes:
    """Send bytes over a new connection, and return all that comes back until it is closed."""
    with connect(simulator) as connection:
        with suppress(OSError):
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
        return rest(connection)


def rest(connection: socket.socket) -> bytes:
    """Return what comes in until the connection is closed, or reset."""
    found = b''
    with suppress(ConnectionError):
        while part := connection.recv(65536):
            found += part
    return found


def answer(data: bytes) -> int:
    """Return the status of the first answer, 0 when there is none."""
    return int(data.split(b' ', 2)[1]) if data else 0


def signed(
    method: str,
    target: str,
    *,
    body: bytes = b'',
    by: Signer | None = None,
    of: str | None = None,
    also: str = '',
) -> bytes:
    """Return a request; `of` is what was signed in its place, `also` are more lines of its head."""
    what = (of or f'{method} {target}').split(' ')
    headers = (by or signer('acme')).headers(what[0], what[1], time.time())
    lines = [f'{method} {target} HTTP/1.1', 'Host: x', *[f'{k}: {v}' for k, v in headers.items()]]
    length = f'Content-Length: {len(body)}\r\nContent-Type: application/json\r\n' if body else ''
    return f'{chr(13) + chr(10)}'.join(lines).encode() + f'\r\n{length}{also}\r\n'.encode() + body


GOOD = signed('GET', ITEM)
HEAD = f'DELETE {ITEM} HTTP/1.1\r\nHost: x\r\n'.encode()

#: What is no request, or none that anybody should do anything about.
MALFORMED = {
    'nothing': b'\r\n' * 40,
    'a word': b'hello\r\n\r\n',
    'no version': f'DELETE {ITEM}\r\n\r\n'.encode(),
    'an unknown version': f'DELETE {ITEM} HTTP/3.7\r\n\r\n'.encode(),
    'the preface of HTTP/2': b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'a greeting of TLS': bytes.fromhex('160301020001000001fc0303') + bytes(500),
    'a method of none': f'DESTROY {ITEM} HTTP/1.1\r\n\r\n'.encode(),
    'a blank in the target': b'DELETE /my/machines/a b HTTP/1.1\r\n\r\n',
    'no target': b'DELETE  HTTP/1.1\r\n\r\n',
    'a star': b'OPTIONS * HTTP/1.1\r\n\r\n',
    'an absolute target': f'DELETE http://x{ITEM} HTTP/1.1\r\nHost: x\r\n\r\n'.encode(),
    'an authority': b'CONNECT x:22 HTTP/1.1\r\nHost: x\r\n\r\n',
    'a NUL in the target': b'DELETE /my/machines/\0 HTTP/1.1\r\n\r\n',
    'a NUL in a header': HEAD + b'Date: \0\r\n\r\n',
    'bytes that are no text': b'DELETE /\xff\xfe/\x80 HTTP/1.1\r\nDate: \xff\xfe\r\n\r\n',
    'a header with no name': HEAD + b': x\r\n\r\n',
    'a header with no colon': HEAD + b'Authorization\r\n\r\n',
    'a blank before the colon': HEAD + b'Authorization : x\r\n\r\n',
    'a folded header': HEAD + b'Authorization: Signature\r\n keyId="x"\r\n\r\n',
    'a bare line end': HEAD + b'Date: x\nAuthorization: y\n\n',
    'a bare carriage return': HEAD + b'Date: x\rAuthorization: y\r\n\r\n',
    'a header that is too long': HEAD + b'X: ' + b'x' * 70_000 + b'\r\n\r\n',
    'too many headers': HEAD + b'X: y\r\n' * 12_000 + b'\r\n',
    'a target that is too long': b'GET /' + b'x' * 70_000 + b' HTTP/1.1\r\n\r\n',
    'two lengths': HEAD + b'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x',
    'a list of lengths': HEAD + b'Content-Length: 2, 2\r\n\r\n{}',
    'a length below zero': HEAD + b'Content-Length: -1\r\n\r\n',
    'a length with a sign': HEAD + b'Content-Length: +2\r\n\r\n{}',
    'a length beyond all': HEAD + b'Content-Length: 99999999999999999999\r\n\r\n{}',
    'a length and chunks': HEAD
    + b'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    + f'DELETE {ITEM} HTTP/1.1\r\n\r\n'.encode(),
    'an unknown coding': HEAD + b'Transfer-Encoding: cow\r\n\r\n{}',
    'chunks not last': HEAD + b'Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
    'a chunk of no size': HEAD + b'Transfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n0\r\n\r\n',
    'a chunk below zero': HEAD + b'Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n',
    'a chunk beyond all': HEAD + b'Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}',
    'a chunk that is longer': HEAD + b'Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n',
    'junk percent': b'DELETE /my/machines/%zz%%%4 HTTP/1.1\r\nHost: x\r\n\r\n',
    'percent of no text': b'DELETE /my/machines/%ff%fe?a=%ff&%=%&%00=%c3 HTTP/1.1\r\n\r\n',
    'a query of junk': f'DELETE {ITEM}?{"&" * 900}[][]=[&a[=]&keyId HTTP/1.1\r\n\r\n'.encode(),
}


@pytest.mark.parametrize('what', MALFORMED)
def test_refuses_what_is_no_good_request(cloud: Simulator, what: str) -> None:
    """What is malformed, and unsigned besides, is refused or not answered at all."""
    assert answer(exchange(cloud, MALFORMED[what])) in {0, *range(400, 600)}


def badly_signed() -> dict[str, bytes]:
    """Return requests that would destroy or change something if they were signed well."""
    good = signed('DELETE', ITEM).decode()
    start = good.index('signature="') + 11
    trailer = signed('DELETE', ITEM).partition(b'Host: x\r\n')[2]
    return {
        'without a signature': f'{HEAD.decode()}\r\n'.encode(),
        'by nobody': signed('DELETE', ITEM, by=STRANGER),
        'of another path': signed('DELETE', ITEM, of=f'DELETE {ITEM}?x'),
        'of another method': signed('DELETE', ITEM, of=f'GET {ITEM}'),
        'of another date': good.replace('date: ', 'date:  Mon,').encode(),
        'with another signature': f'{good[:start]}AAAA{good[start + 4 :]}'.encode(),
        'with an empty signature': f'{good[:start]}{good[start + 88 :]}'.encode(),
        'after one that is no good': good.replace(
            'authorization:', 'authorization: Signature x\r\nauthorization:'
        ).encode(),
        'behind its body': HEAD
        + b'Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n0\r\n'
        + trailer,
        'in the name of a header': HEAD + b'X-' + trailer,
        'with a body that goes on': signed('POST', '/my', body=b'{"phone":"1"}' + b' ' * 100_000),
        'cut off': signed('POST', '/my', body=b'{"phone":"1"}')[:-1],
    }


@pytest.mark.parametrize('how', badly_signed())
def test_does_nothing_that_is_badly_signed(cloud: Simulator, how: str) -> None:
    """A write whose signature is missing, wrong or somewhere else is refused and not done."""
    assert answer(exchange(cloud, badly_signed()[how])) in (0, 400, 401, 413)


def test_survives_junk(cloud: Simulator) -> None:
    """Thousands of blobs, and of requests with some bytes changed, get refusals at most."""
    chance = random.Random(20260102)
    good = signed('DELETE', ITEM, body=b'{}', by=STRANGER, also='Connection: close\r\n')
    for number in range(3000):
        if number % 2:
            blob = chance.randbytes(chance.randrange(1, 400))
        else:
            changed = bytearray(good)
            for _ in range(chance.randrange(1, 9)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            blob = bytes(changed[: chance.randrange(20, len(changed) + 1)])
        assert answer(exchange(cloud, blob)) in {0, *range(400, 600)}, blob


def test_survives_clients_that_vanish(cloud: Simulator) -> None:
    """Connections that end amid a request, closed or reset, leave nothing behind."""
    request = signed('POST', '/my', body=b'{"phone":"1"}' * 50, by=STRANGER)
    pieces = [request[:end] for end in range(0, len(request), 9)]
    for number, piece in enumerate([*pieces, *[b'nonsense\r\n\r\n'] * 200]):
        with connect(cloud) as connection:
            connection.sendall(piece)
            if number % 2:
                linger = struct.pack('ii', 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def test_works_among_a_thousand_idlers(cloud: Simulator) -> None:
    """A client is served as ever while a thousand others hold connections and say nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    with ExitStack() as stack:
        idlers = [stack.enter_context(connect(cloud)) for _ in range(1000)]
        for idler in idlers[::2]:
            idler.sendall(b'GET / HT')
        for _ in range(50):
            assert 200 == answer(exchange(cloud, signed('GET', ITEM)))
        idlers[0].sendall(b'TP/1.1\r\n\r\n')
        assert idlers[0].recv(20).startswith(b'HTTP/1.1 302 ')


def test_answers_pipelined_requests_in_order(cloud: Simulator) -> None:
    """Hundreds of requests sent at once are answered one by one, the last of them as well."""
    targets = [f'{ITEM}?n={number}' for number in range(400)]
    requests = [signed('GET', each, also=f'Request-Id: {each[-3:]}\r\n') for each in targets]
    last = signed('GET', ITEM, also='Connection: close\r\n')
    with connect(cloud) as connection:
        connection.sendall(b''.join([*requests, last]))
        found = rest(connection)
    assert 401 == found.count(b'HTTP/1.1 200 OK')
    ids = [line[-3:].decode() for line in found.split(b'\r\n') if line.startswith(b'Request-Id:')]
    assert [each[-3:] for each in targets] == ids[:400]


def test_refuses_bodies_that_are_too_large(cloud: Simulator) -> None:
    """A body beyond the limit is refused, and one far beyond it before it is at its end."""
    body = b'{"phone":"' + b'1' * 100_000 + b'"}'
    assert 413 == answer(exchange(cloud, signed('POST', '/my', body=body)))
    start = signed('POST', '/my', also='Content-Length: 999999999999\r\n')
    assert 413 == answer(exchange(cloud, start, *[b'1' * 100_000] * 100))
    start = signed('POST', '/my', also='Transfer-Encoding: chunked\r\n')
    assert 413 == answer(exchange(cloud, start, *[b'10000\r\n' + b'1' * 65536 + b'\r\n'] * 100))
    start = signed('POST', '/my', also='Transfer-Encoding: chunked\r\n')
    assert 400 == answer(exchange(cloud, start, *[b'1;' + b'x' * 65536 + b'\r\n1\r\n'] * 100))


WEBSOCKET = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eHh4\r\n'

UPGRADES = {
    'without a key': 'Upgrade: websocket\r\n',
    'of another version': f'{WEBSOCKET}Sec-WebSocket-Version: 9\r\n',
    'to HTTP/2': 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n',
    'to anything': 'Upgrade: \xff, websocket, \x01\r\n',
}


@pytest.mark.parametrize('what', UPGRADES)
def test_refuses_junk_upgrades(cloud: Simulator, what: str) -> None:
    """A wish for a websocket that lacks something is refused, and the connection closed."""
    also = f'Connection: Upgrade\r\n{UPGRADES[what]}'
    data = signed('GET', '/my/changefeed', also=also).replace(b'\xc3\xbf', b'\xff')
    assert answer(exchange(cloud, data, b'\x81\x85junk' * 100)) in {0, *range(400, 600)}


def test_closes_websockets_that_speak_junk(cloud: Simulator) -> None:
    """What is no frame ends a websocket; what makes no sense in a frame is passed over."""
    chance = random.Random(20260102)
    for _ in range(100):
        junk = chance.randbytes(300)
        found = exchange(cloud, signed('GET', '/my/changefeed', also=WEBSOCKET), junk)
        assert 101 == answer(found)


def test_keeps_a_good_client_served_amid_all_that(cloud: Simulator) -> None:
    """A connection that behaves survives what others do meanwhile."""
    connection = http.client.HTTPConnection(urlsplit(cloud.url()).netloc, timeout=10)
    for data in MALFORMED.values():
        connection.request('GET', ITEM, headers=signer('acme').headers('GET', ITEM, time.time()))
        response = connection.getresponse()
        assert (200, MACHINE) == (response.status, response.read().decode()[7:43])
        exchange(cloud, data)
    connection.close()
