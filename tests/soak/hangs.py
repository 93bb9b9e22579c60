"""Servers that never come to an end: every call does, at its deadline."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from smartdc import DataCenter, SmartDCError, deadline
from smartdc.simulator import Simulator
from smartdc.simulator.certificate import make
from tests.proxy import Bandwidth, Latency, Proxy, Slicer, SlowClose, Toxic
from tests.proxy import Timeout as Silence
from tests.servers import json_reply
from tests.soak.clients import client
from tests.soak.figures import Figure, Soak, at_most, exactly
from tests.soak.wire import Act, Wire, hang, send

#: How long the calls may take, in full and in part, and how late they may end, in seconds.
DEADLINE, SHORT = 0.5, 0.2
GRACE = 1.0

HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
ANSWER = json_reply(200, b'[' + b' ' * 5000 + b']')


def drip(head: bytes, drop: bytes) -> Act:
    """Send a head, and then a drop every few moments until the client goes."""

    def act(connection: socket.socket) -> None:
        connection.sendall(head)
        connection.settimeout(0.02)
        with suppress(OSError):
            while True:
                connection.sendall(drop)
                with suppress(TimeoutError):
                    connection.recv(1)
                    return

    return act


def half_open(connection: socket.socket) -> None:
    """Send half of an answer, and close this half of the connection only."""
    connection.sendall(ANSWER[:1000])
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)


#: What a server does that has taken the request.
ACTS: dict[str, Act] = {
    'a black hole': hang(),
    'a status line that drips': drip(b'HTTP/1.1 ', b'0'),
    'headers that drip': drip(HEAD + b'X: ', b'y'),
    'headers without end': drip(HEAD, b'X: y\r\n'),
    'interim answers without end': drip(b'', b'HTTP/1.1 100 Continue\r\n\r\n'),
    'a body that drips': drip(HEAD + b'Content-Length: 9999\r\n\r\n', b' '),
    'chunks that drip': drip(HEAD + b'Transfer-Encoding: chunked\r\n\r\n', b'1\r\n \r\n'),
    'a body without an end': drip(HEAD + b'\r\n[', b' '),
    'a head and then nothing': hang(HEAD + b'Content-Length: 9999\r\n\r\n'),
    'half a connection': half_open,
}

#: What the way to a good server does.
TOXICS: dict[str, Callable[[], Toxic]] = {
    'a way that swallows answers': Silence,
    'a way that swallows requests': lambda: Silence(stream='upstream'),
    'a way that is slow': lambda: Bandwidth(rate=0.1),
    'a way of long latency': lambda: Latency(latency=60.0),
    'a way that cuts into pieces': lambda: Slicer(average_size=1, delay=0.05),
    'an answer whose connection stays open': lambda: SlowClose(delay=None),
}

Call = Callable[[DataCenter], Any]


def read(sdc: DataCenter) -> Any:
    """Read something."""
    return sdc.keys()


def write_much(sdc: DataCenter) -> Any:
    """Write more than the buffers of both sides hold."""
    return sdc.request('POST', '/x', data='x' * 20_000_000)


@contextmanager
def never_accepting() -> Iterator[str]:
    """Take connections into the queue and leave them there."""
    with socket.create_server(('127.0.0.1', 0)) as listening:
        yield f'http://127.0.0.1:{listening.getsockname()[1]}'


@contextmanager
def full() -> Iterator[str]:
    """Have no place in the queue, so that connecting itself takes for ever."""
    with socket.create_server(('127.0.0.1', 0), backlog=0) as listening, ExitStack() as stack:
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f'http://127.0.0.1:{listening.getsockname()[1]}'


#: Servers that do not take the request, and what is asked of them.
DEAF: dict[str, tuple[Callable[[], AbstractContextManager[str]], Call]] = {
    'a connection that nobody accepts': (never_accepting, read),
    'a connection that is not made': (full, read),
    'a request that nobody reads': (never_accepting, write_much),
}


class Caller:
    """Makes calls that have a deadline, in seconds."""

    def __init__(self, key: Path, seconds: float) -> None:
        self._key = key
        self._seconds = seconds

    def __call__(self, url: str, call: Call = read, **options: Any) -> tuple[str, float]:
        """Return how a call ends, and how many seconds after its deadline."""
        with client(url, self._key, **options) as sdc:
            began = time.perf_counter()
            try:
                with deadline(self._seconds):
                    call(sdc)
            except SmartDCError as error:
                how = type(error).__name__
            else:
                how = 'an answer'
            return how, time.perf_counter() - began - self._seconds


def cases(ends: Caller) -> Iterator[tuple[str, str, float]]:
    """Try everything that hangs, and yield what it is, how it ended and how late."""
    for name, act in ACTS.items():
        with Wire(otherwise=act) as wire:
            yield name, *ends(wire.url)
    for name, toxic in TOXICS.items():
        with Wire(otherwise=send(ANSWER)) as wire, Proxy(wire.url) as proxy:
            proxy.add(toxic())
            yield name, *ends(proxy.url)
    for name, (server, call) in DEAF.items():
        with server() as url:
            yield name, *ends(url, call)
    yield from _over_tls(ends)


def _over_tls(ends: Caller) -> Iterator[tuple[str, str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        context, ca = make(Path(folder))
        for name in ('a black hole', 'headers that drip', 'a body that drips'):
            with Wire(otherwise=ACTS[name], tls=context) as wire:
                yield f'{name}, over TLS', *ends(wire.url, verify=ca)
        with Wire(otherwise=hang()) as wire:
            url = wire.url.replace('http:', 'https:')
            yield 'a handshake that nobody answers', *ends(url, verify=ca)
        with Wire(otherwise=send(ANSWER), tls=context) as wire, Proxy(wire.url) as proxy:
            proxy.add(Slicer(average_size=1, delay=0.05))
            yield 'a handshake that drips', *ends(proxy.url, verify=ca)


#: What has all of its answer, though the connection stays open.
WHOLE = 'an answer whose connection stays open'

#: How a call may end that has no answer: late, or broken in the middle.
ENDS = {'Timeout', 'ConnectionFailed'}


def hangs(soak: Soak) -> list[Figure]:
    """Ask servers that hang, each in its way."""
    late, wrong, count = 0.0, [], 0
    with Simulator() as cloud:
        seconds = DEADLINE if soak.scale >= 1 else SHORT
        for name, how, after in cases(Caller(cloud.key_path, seconds)):
            count += 1
            soak.tell(f'{name}: {how}, {after:+.2f} s from the deadline')
            late = max(late, after)
            if how not in ({'an answer'} if name == WHOLE else ENDS):
                wrong.append(f'{name} ended with {how}')
    told = f' ({"; ".join(wrong)})' if wrong else ''
    return [
        exactly(
            f'calls of {count} to servers that hang that end as they should{told}',
            count,
            count - len(wrong),
        ),
        at_most(
            'how long after its deadline the latest of them ended', GRACE, late, ' s', measured=True
        ),
    ]
