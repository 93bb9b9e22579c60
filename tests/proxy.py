"""A TCP proxy on loopback that spoils connections, with the toxics of toxiproxy.

    with Proxy(cloud.url()) as proxy:
        proxy.add(ResetPeer(toxicity=0.2))
        sdc = cloud.datacenter(known_locations={'us-sw-1': proxy.url})

A toxic acts on one stream: `downstream` is what the server sends, `upstream` what the client sends.
`toxicity` is how likely a connection is struck; it is drawn by the proxy's seed when the connection
is made, or when the toxic is added to one that is open. Times are in seconds.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlsplit

Stream = Literal['downstream', 'upstream']

_CHUNK = 65536
#: How long the pieces are, in seconds, that a bandwidth lets through at a time.
_BEAT = 0.1


class _CloseBoth(Exception):
    """Both connections are to be closed; with `reset`, hard."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__(reset)
        self.reset = reset


@dataclass(eq=False, kw_only=True)
class Toxic:
    """What spoils one stream of the connections that it strikes."""

    stream: Stream = 'downstream'
    toxicity: float = 1.0
    removed: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)

    async def through(self, data: bytes, link: Link) -> AsyncIterator[bytes]:
        """Yield what is let through of some data."""
        yield data

    async def at_end(self) -> None:
        """Come back when the stream's end may be passed on."""

    async def pause(self, seconds: float | None) -> None:
        """Wait so many seconds, None for ever, or until the toxic is removed."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.removed.wait(), seconds)


@dataclass(eq=False, kw_only=True)
class Latency(Toxic):
    """Everything comes later, by `latency` give or take `jitter`."""

    latency: float
    jitter: float = 0.0

    async def through(self, data: bytes, link: Link) -> AsyncIterator[bytes]:
        """Wait, and let it through."""
        await self.pause(self.latency + self.jitter * (2 * link.chance() - 1))
        yield data


@dataclass(eq=False, kw_only=True)
class Bandwidth(Toxic):
    """At most `rate` KB come through in a second."""

    rate: float

    async def through(self, data: bytes, link: Link) -> AsyncIterator[bytes]:
        """Let through a beat's worth at a time."""
        size = max(1, int(self.rate * 1000 * _BEAT))
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            await self.pause(len(piece) / (self.rate * 1000))
            yield piece


@dataclass(eq=False, kw_only=True)
class SlowClose(Toxic):
    """The stream's end comes `delay` later, None for never."""

    delay: float | None

    async def at_end(self) -> None:
        """Wait."""
        await self.pause(self.delay)


@dataclass(eq=False, kw_only=True)
class Timeout(Toxic):
    """Nothing comes through, and after `timeout` the connection closes; 0 is never.

    It closes as well when the toxic is removed, since what it swallowed is gone.
    """

    timeout: float = 0.0

    async def through(self, data: bytes, link: Link) -> AsyncIterator[bytes]:
        """Swallow it, wait, and close."""
        await self.pause(self.timeout or None)
        raise _CloseBoth
        yield data


@dataclass(eq=False, kw_only=True)
class ResetPeer(Toxic):
    """The connection is reset `timeout` after the first data, which does not come through."""

    timeout: float = 0.0

    async def through(self, data: bytes, link: Link) -> AsyncIterator[bytes]:
        """Swallow it, wait, and reset."""
        if self.timeout:
            await self.pause(self.timeout)
        raise _CloseBoth(reset=True)
        yield data


@dataclass(eq=False, kw_only=True)
class Slicer(Toxic):
    """Data comes in pieces of `average_size` bytes, give or take, with a `delay` between them."""

    average_size: int
    size_variation: int = 0
    delay: float = 0.0

    async def through(self, data: bytes, link: Link) -> AsyncIterator[bytes]:
        """Let it through piece by piece."""
        while data:
            about = self.average_size + self.size_variation * (2 * link.chance() - 1)
            size = max(1, round(about))
            yield data[:size]
            data = data[size:]
            if data:
                await self.pause(self.delay)


@dataclass(eq=False, kw_only=True)
class LimitData(Toxic):
    """The connection closes when `limit` bytes have come through."""

    limit: int

    async def through(self, data: bytes, link: Link) -> AsyncIterator[bytes]:
        """Let through what is left of the bytes."""
        left = self.limit - link.passed.get(self, 0)
        link.passed[self] = self.limit - left + len(data)
        yield data[:left]
        if len(data) >= left:
            raise _CloseBoth


class Link:
    """One stream of one connection, and the toxics that strike it."""

    def __init__(self, stream: Stream, chance: Callable[[], float]) -> None:
        self.stream = stream
        self.chance = chance
        self.toxics: list[Toxic] = []
        self.passed: dict[Toxic, int] = {}

    def meet(self, toxic: Toxic) -> None:
        """Draw whether a toxic strikes this stream."""
        if toxic.stream == self.stream and self.chance() < toxic.toxicity:
            self.toxics.append(toxic)

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry data from one side to the other until it ends."""
        while data := await reader.read(_CHUNK):
            async for piece in _passed(data, list(self.toxics), self):
                writer.write(piece)
                await writer.drain()
        for toxic in list(self.toxics):
            await toxic.at_end()
        writer.write_eof()


async def _passed(data: bytes, toxics: list[Toxic], link: Link) -> AsyncIterator[bytes]:
    """Yield what comes through all of the toxics."""
    if not toxics:
        yield data
        return
    async for piece in toxics[0].through(data, link):
        async for rest in _passed(piece, toxics[1:], link):
            yield rest


class Proxy:
    """Passes connections on to the server at a URL, from its own thread, until the block ends.

    `accepted` is how many connections there were, `most` how many at once.
    """

    def __init__(self, target: str, *, seed: int = 0) -> None:
        parts = urlsplit(target)
        self._scheme, self._target = parts.scheme, (parts.hostname, parts.port)
        self._random = random.Random(seed)
        self._toxics: list[Toxic] = []
        self._links: dict[asyncio.Task[None], tuple[Link, Link]] = {}
        self._listening: socket.socket | None = None
        self._port = 0
        self.accepted = self.most = 0

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name='fault proxy')
        self._thread.start()
        ready.wait()
        self.up()
        return self

    def __exit__(self, *failure: object) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """The URL to give to the client."""
        return f'{self._scheme}://127.0.0.1:{self._port}'

    @property
    def open(self) -> int:
        """How many connections are open."""
        return len(self._links)

    def add(self, toxic: Toxic) -> Toxic:
        """Let a toxic act from now on, also on connections that are open, and return it."""

        async def add() -> None:
            self._toxics.append(toxic)
            for links in self._links.values():
                for link in links:
                    link.meet(toxic)

        self._do(add())
        return toxic

    def remove(self, toxic: Toxic) -> None:
        """Let a toxic act no longer; what it holds back comes at once."""

        async def remove() -> None:
            self._toxics.remove(toxic)
            for link in (each for links in self._links.values() for each in links):
                link.toxics = [each for each in link.toxics if each is not toxic]
            toxic.removed.set()

        self._do(remove())

    def clear(self) -> None:
        """Remove all toxics."""
        for toxic in list(self._toxics):
            self.remove(toxic)

    def up(self) -> None:
        """Accept connections, at the same port as before."""

        async def up() -> None:
            self._listening = socket.create_server(('127.0.0.1', self._port), backlog=1024)
            self._listening.setblocking(False)
            self._port = self._listening.getsockname()[1]
            self._loop.add_reader(self._listening, self._accept, self._listening)

        self._do(up())

    def down(self) -> None:
        """Refuse connections, and reset those that are open."""

        async def down() -> None:
            listening, self._listening = self._listening, None
            if listening is not None:
                self._loop.remove_reader(listening)
                listening.close()
            tasks = list(self._links)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._do(down())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _serve(self, ready: threading.Event) -> None:
        async def serve() -> None:
            self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
            ready.set()
            await self._ended.wait()

        asyncio.run(serve())

    def _accept(self, listening: socket.socket) -> None:
        """Begin to carry a new connection; asyncio's own servers lose one that comes at the end."""
        with suppress(BlockingIOError):
            found, _ = listening.accept()
            links = Link('downstream', self._random.random), Link('upstream', self._random.random)
            for toxic in self._toxics:
                for link in links:
                    link.meet(toxic)
            task = self._loop.create_task(self._carry(found, *links))
            self._links[task] = links
            self.accepted, self.most = self.accepted + 1, max(self.most, len(self._links))
            task.add_done_callback(self._links.pop)
            task.add_done_callback(lambda _: found.close())

    async def _carry(self, found: socket.socket, down: Link, up: Link) -> None:
        """Carry both streams of a connection until they end."""
        found.setblocking(False)
        writers: list[asyncio.StreamWriter] = []
        reset = True
        try:
            reader, writer = await asyncio.open_connection(sock=found)
            writers.append(writer)
            server_reader, server_writer = await asyncio.open_connection(*self._target)
            writers.append(server_writer)
            await _both(down.pump(server_reader, writer), up.pump(reader, server_writer))
            reset = False
        except _CloseBoth as end:
            reset = end.reset
        except OSError:
            pass
        finally:
            await _close(writers, reset)


async def _both(*works: Coroutine[Any, Any, None]) -> None:
    """Do both, and raise what the first to fail raises."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _close(writers: list[asyncio.StreamWriter], reset: bool) -> None:
    for writer in writers:
        if reset:
            found = writer.get_extra_info('socket')
            with suppress(OSError):
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            writer.transport.abort()
        else:
            writer.close()
    for writer in writers:
        with suppress(OSError):
            await writer.wait_closed()
