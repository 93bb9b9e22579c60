"""Serves simulated data centers over HTTP: one thread, one event loop, a socket for each."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from smartdc.simulator.protocol import Connection, Site
from smartdc.simulator.websocket import Ticker
from smartdc.simulator.wire import Request, Response

Handle = Callable[[Request], Response]

#: How long a client may be idle, and may take to send a request: that of the real server's proxy.
PATIENCE = 55.0

_BACKLOG = 2048


class PortTaken(Exception):
    """A port that can't be had; the message says which, and why."""


class Server:
    """Several data centers in one thread with one event loop, each on a socket of its own.

    `handles` are what answers for each data center, by name. `ports` holds the port of each; 0 is
    any that is free. `start()` returns when all listen, `stop()` when all is closed. While a
    websocket is open `tick` is called now and then. `patience` is how many seconds a client may be
    idle, and may take to send a request. `failed` is told of what goes wrong in here.
    """

    def __init__(
        self,
        handles: Mapping[str, Handle],
        *,
        host: str = '127.0.0.1',
        ports: Sequence[int] = (),
        tls: ssl.SSLContext | None = None,
        tick: Callable[[], None] = lambda: None,
        patience: float = PATIENCE,
        failed: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        ticker = Ticker(tick)
        self._sites = {
            name: Site(handle, ticker, patience, failed) for name, handle in handles.items()
        }
        self._failed = failed
        self._patience = patience
        self._host = host
        self._ports = [*ports, *([0] * len(self._sites))]
        self._tls = tls
        self._sockets: dict[str, socket.socket] = {}
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def urls(self) -> dict[str, str]:
        """Where each data center listens."""
        scheme = 'http' if self._tls is None else 'https'
        host = f'[{self._host}]' if ':' in self._host else self._host
        return {
            name: f'{scheme}://{host}:{found.getsockname()[1]}'
            for name, found in self._sockets.items()
        }

    def bind(self) -> None:
        """Take the ports, so that the URLs are known; `start()` begins to answer."""
        for name, port in zip(self._sites, self._ports, strict=False):
            try:
                self._sockets[name] = _listening(self._host, port)
            except OSError as error:
                self._close_sockets()
                reason = error.strerror or error
                raise PortTaken(f'cannot listen on {self._host}:{port}: {reason}') from None

    def start(self) -> None:
        """Begin to answer, in a thread of its own."""
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name='smartdc-simulator', daemon=True
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Close all connections and all sockets."""
        if self._thread is not None and self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        self._thread = None
        self._close_sockets()

    def _close_sockets(self) -> None:
        for found in self._sockets.values():
            found.close()
        self._sockets.clear()

    def _run(self, ready: threading.Event) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._note)
        self._stopping = asyncio.Event()
        servers = [
            await self._loop.create_server(
                _connections(self._sites[name]),
                sock=found,
                ssl=self._tls,
                ssl_handshake_timeout=None if self._tls is None else self._patience,
            )
            for name, found in self._sockets.items()
        ]
        ready.set()
        await self._stopping.wait()
        for server in servers:
            server.close()
        await _close(self._sites.values())

    def _note(self, _loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        """Keep what went wrong in the loop for who runs the simulator, instead of printing it."""
        error = context.get('exception')
        self._failed(error if isinstance(error, Exception) else RuntimeError(context['message']))


def _connections(site: Site) -> Callable[[], Connection]:
    return lambda: Connection(site)


async def _close(sites: Collection[Site]) -> None:
    """Break off what is still under way, and let the event loop see the connections go."""
    for site in sites:
        for connection in list(site.connections):
            connection.transport.abort()
    while any(site.connections for site in sites):
        await asyncio.sleep(0)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY; without, each answer takes 40 ms more.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(_BACKLOG)
    except OSError:
        found.close()
        raise
    return found
