"""Serves simulated data centers over HTTP; the only file that knows the web server."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from smartdc.simulator.upgrade import Channel, is_upgrade
from smartdc.simulator.websocket import WebSocket
from smartdc.simulator.wire import Request, Response

try:
    import uvicorn
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    from uvicorn.server import ServerState
except ImportError as _error:
    _text = f"the simulator needs {_error.name}: pip install 'smartdc[simulator]'"
    raise ImportError(_text, name=_error.name) from None

Handle = Callable[[Request], Response]
Scope = dict[str, Any]

#: Bodies are read up to here; the application refuses what is longer than it takes.
_BODY_LIMIT = 1_000_000
_BACKLOG = 2048

#: How often what is due is looked for while a websocket is open, in seconds.
_TICK = 0.02


class _Protocol(HttpToolsProtocol):  # type: ignore[misc] # uvicorn is not followed
    """uvicorn's protocol, which also hands over itself and the target as it came."""

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self.scope.setdefault('state', {}).update(target=self.url, protocol=self)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: the application answers these requests as all others."""

    def become(self, protocol: WebSocket) -> None:
        """Hand the connection over to another protocol."""
        # uvicorn takes a lost connection as the end of the request, and lets go of both.
        self.connection_lost(ConnectionError('upgraded'))
        self.connections.add(protocol)  # pyright: ignore[reportArgumentType] - only closed there
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)


class PortTaken(Exception):
    """A port that can't be had; the message says which, and why."""


class Server:
    """Several data centers in one thread with one event loop, each on a socket of its own.

    `handles` are what answers for each data center, by name. `ports` holds the port of each; 0 is
    any that is free. `start()` returns when all listen, `stop()` when all is closed. While a
    websocket is open `tick` is called now and then.
    """

    def __init__(
        self,
        handles: Mapping[str, Handle],
        *,
        host: str = '127.0.0.1',
        ports: Sequence[int] = (),
        tls: ssl.SSLContext | None = None,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._handles = dict(handles)
        self._ticker = _Ticker(tick)
        self._host = host
        self._ports = [*ports, *([0] * len(self._handles))]
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
        for name, port in zip(self._handles, self._ports, strict=False):
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
        self._stopping = asyncio.Event()
        states: list[ServerState] = []
        servers: list[asyncio.Server] = []
        for name, found in self._sockets.items():
            state = ServerState()
            config = _config(_Asgi(self._handles[name], self._ticker))
            make = _protocols(config, state)
            servers.append(await self._loop.create_server(make, sock=found, ssl=self._tls))
            states.append(state)
        ready.set()
        await self._stopping.wait()
        for server in servers:
            server.close()
        await _close(states)


async def _close(states: Sequence[ServerState]) -> None:
    """Break off what is still under way, and let the event loop see the connections go."""
    tasks = [task for state in states for task in state.tasks]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for state in states:
        for connection in list(state.connections):
            connection.transport.abort()
    while any(state.connections for state in states):
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


def _config(app: Any) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws='none',
        lifespan='off',
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=55,
    )
    config.load()
    return config


def _protocols(config: uvicorn.Config, state: ServerState) -> Callable[[], asyncio.Protocol]:
    return lambda: _Protocol(config=config, server_state=state, app_state={})


class _Ticker:
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


class _Asgi:
    """An ASGI application around what answers for a data center."""

    def __init__(self, handle: Handle, ticker: _Ticker) -> None:
        self._handle = handle
        self._ticker = ticker

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        request = _request(scope, await _body(receive))
        response = self._handle(request)
        if response.delay:
            await asyncio.sleep(response.delay)
        protocol = scope['state']['protocol']
        if response.outcome == 'drop':
            protocol.transport.abort()
        elif response.channel is not None:
            self._upgrade(protocol, response, response.channel)
            return
        else:
            if is_upgrade(request):
                # The parser has stopped at the end of such a request.
                response.headers['Connection'] = 'close'
            await _reply(response, send)
        if response.outcome == 'cut':
            protocol.transport.close()
        if response.outcome != 'reply':
            await receive()  # comes back when the connection is gone; uvicorn needs to know

    def _upgrade(self, protocol: Any, response: Response, channel: Channel) -> None:
        """Go on as a websocket, unless the client has gone meanwhile."""
        if protocol not in protocol.connections:
            return

        def gone(websocket: WebSocket) -> None:
            protocol.connections.discard(websocket)
            self._ticker.remove(websocket)

        protocol.transport.write(_switching(response))
        websocket = WebSocket(channel, gone)
        protocol.become(websocket)
        self._ticker.add(websocket)


def _switching(response: Response) -> bytes:
    """Return the head of an answer that ends HTTP on a connection."""
    lines = [f'{name}: {value}' for name, value in response.headers.items()]
    head = ['HTTP/1.1 101 The Watershed Moment', *lines, '', '']
    return '\r\n'.join(head).encode('latin-1')


async def _body(receive: Any) -> bytes:
    """Return the body; what is far too long is read, and cut."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get('body', b'')
        size += len(part)
        if size <= _BODY_LIMIT:
            parts.append(part)
        if not message.get('more_body'):
            return b''.join(parts)


def _request(scope: Scope, body: bytes) -> Request:
    """Return a request as it arrived: its target is not normalised in any way."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope['headers']:
        name, value = raw_name.decode('latin-1'), raw_value.decode('latin-1')
        headers[name] = f'{headers[name]}, {value}' if name in headers else value
    target = scope['state']['target'].decode('latin-1')
    peer = scope['client'][0] if scope.get('client') else ''
    return Request(scope['method'], target, headers, body, peer)


async def _reply(response: Response, send: Any) -> None:
    """Send an answer, or, when it is to be cut, its head and half of its body."""
    headers = [
        (name.lower().encode('latin-1'), value.encode('latin-1', 'replace'))
        for name, value in response.headers.items()
    ]
    start = {'type': 'http.response.start', 'status': response.status, 'headers': headers}
    await send(start)
    cut = response.outcome == 'cut'
    body = response.body[: len(response.body) // 2] if cut else response.body
    await send({'type': 'http.response.body', 'body': body, 'more_body': cut})
