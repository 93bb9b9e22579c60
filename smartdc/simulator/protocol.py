"""One connection: requests come in, answers go out, and some go wrong on purpose.

Requests that come faster than they are answered wait for their turn. Nobody may take for ever: a
client has so much time to send a request, and as much between two requests.
"""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from smartdc.simulator import http1
from smartdc.simulator.http1 import Reader, Turn
from smartdc.simulator.upgrade import Channel
from smartdc.simulator.websocket import Ticker, WebSocket
from smartdc.simulator.wire import Request, Response

#: How many requests may wait for their turn before no more is read.
_MOST_WAITING = 16

#: How long a client that was cut short may go on sending, in seconds.
_LINGER = 2.0

#: Into how many pieces a slow answer is cut for each second that it takes.
_PIECES = 20


@dataclass
class Site:
    """What the connections to one data center share.

    `handle` answers a request. `patience` is how many seconds a client may be idle, and may take to
    send a request. `failed` is told of what goes wrong in here.
    """

    handle: Callable[[Request], Response]
    ticker: Ticker
    patience: float
    failed: Callable[[Exception], None]
    connections: set[Any] = field(default_factory=set[Any])


class Connection(asyncio.Protocol):
    """A connection for as long as it speaks HTTP."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._loop = asyncio.get_running_loop()
        self._reader = Reader('')
        self._turns: deque[Turn] = deque()
        self._is_answering = self._is_full = self._is_ending = False
        self._deadline: float | None = None
        self._unsent = 0
        self._watching: asyncio.TimerHandle | None = None
        self._later: asyncio.TimerHandle | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self.transport = transport
        peer = transport.get_extra_info('peername')
        self._reader = Reader(peer[0] if peer else '')
        self._site.connections.add(self)
        self._wait(self._site.patience)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """End."""
        self._site.connections.discard(self)
        self._turns.clear()
        self._is_ending = True
        self._cancel()

    def data_received(self, data: bytes) -> None:
        """Take what came in."""
        if not (self._reader.is_amid or self._is_answering or self._is_ending):
            self._deadline = self._loop.time() + self._site.patience
        self._turns.extend(self._reader.feed(data))
        if self._reader.wants_continue and not (self._turns or self._is_answering):
            self._reader.wants_continue = False
            self.transport.write(http1.CONTINUE)
        if len(self._turns) > _MOST_WAITING:
            self.transport.pause_reading()
        self._go_on()

    def pause_writing(self) -> None:
        """Answer no more to a client that is slow to read."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Answer again."""
        self._is_full = False
        self._go_on()

    def _go_on(self) -> None:
        """Answer the next request, if there is one and nothing is in its way."""
        if self._is_answering or self._is_full or self._is_ending or not self._turns:
            return
        self._is_answering, self._deadline = True, None
        turn = self._turns.popleft()
        response = turn.refused or self._handled(turn)
        if response.delay == math.inf:
            return  # until the client goes
        if response.delay:
            self._later = self._loop.call_later(response.delay, self._answer, turn, response)
        else:
            self._answer(turn, response)

    def _handled(self, turn: Turn) -> Response:
        try:
            return self._site.handle(turn.request)
        except Exception as error:
            self._site.failed(error)
            turn.closes = True
            return http1.BROKEN

    def _answer(self, turn: Turn, response: Response) -> None:
        """Send an answer, or do what a fault has made of it."""
        match response.outcome:
            case 'reply' | 'flip' if response.channel is None:
                self.transport.write(http1.head(response, turn) + http1.body(response, turn))
                self._done(turn)
            case 'drop':
                self.transport.abort()
            case 'reset':
                _reset(self.transport)
            case 'hang':
                pass  # until the client goes
            case _ if response.channel is not None:
                self._upgrade(turn, response, response.channel)
            case 'cut':
                half = response.body[: len(response.body) // 2]
                self.transport.write(http1.head(response, turn) + half)
                self._end()
            case 'slow':
                self.transport.write(http1.head(response, turn))
                self._drip(turn, http1.body(response, turn), response.rate)

    def _done(self, turn: Turn) -> None:
        """Go on after an answer that went well."""
        if turn.closes:
            self._end(lingers=not turn.is_whole)
            return
        self._is_answering = False
        self._deadline = self._loop.time() + self._site.patience
        if self._turns:
            # Others are to have their turn, too.
            self._loop.call_soon(self._go_on)
        else:
            self.transport.resume_reading()

    def _end(self, *, lingers: bool = False) -> None:
        """Close the connection behind what was sent.

        A client that is still sending is listened to for a moment: closed at once, the connection
        would be reset, and the answer be lost.
        """
        self._is_ending = True
        if lingers and self.transport.can_write_eof():
            try:
                self.transport.write_eof()
            except OSError:  # the client was quicker
                self.transport.abort()
        else:
            self.transport.close()
        self._wait(_LINGER)

    def _drip(self, turn: Turn, body: bytes, rate: float) -> None:
        """Send a body bit by bit, so many bytes a second."""
        size = max(1, round(rate / _PIECES))
        self.transport.write(body[:size])
        if len(body) <= size:
            self._done(turn)
        else:
            self._later = self._loop.call_later(size / rate, self._drip, turn, body[size:], rate)

    def _upgrade(self, turn: Turn, response: Response, channel: Channel) -> None:
        """Go on as a websocket."""
        connections, ticker = self._site.connections, self._site.ticker

        def gone(websocket: WebSocket) -> None:
            connections.discard(websocket)
            ticker.remove(websocket)

        self.transport.write(http1.head(response, turn))
        self._cancel()
        websocket = WebSocket(channel, gone)
        connections.discard(self)
        connections.add(websocket)
        self.transport.set_protocol(websocket)
        websocket.connection_made(self.transport)
        websocket.data_received(self._reader.rest)
        ticker.add(websocket)

    def _cancel(self) -> None:
        for timer in (self._watching, self._later):
            if timer is not None:
                timer.cancel()

    # Time. One timer looks now and then at a deadline that moves with each request.

    def _wait(self, seconds: float) -> None:
        """Give the client so much time from now."""
        self._deadline = self._loop.time() + seconds
        self._watch()

    def _watch(self) -> None:
        """End the connection if its time is up, else look again when it will be."""
        if self._watching is not None:
            self._watching.cancel()
        left = self._site.patience
        if self._deadline is not None:
            left = self._deadline - self._loop.time()
            if left <= 0:
                left = self._site.patience
                if not self._is_read_slowly():
                    self._give_up()
        self._watching = self._loop.call_later(left, self._watch)

    def _is_read_slowly(self) -> bool:
        """Tell whether the client takes what was sent, if at a pace of its own."""
        before, self._unsent = self._unsent, self.transport.get_write_buffer_size()
        return 0 < self._unsent and (not before or self._unsent < before)

    def _give_up(self) -> None:
        """End a connection whose client takes too long."""
        if self._is_ending or self._unsent:
            self.transport.abort()
        elif self._reader.is_amid:
            self._turns.append(Turn(Request('GET', ''), http1.IDLE_CLIENT, is_whole=False))
            self._go_on()
        else:
            self._end()


def _reset(transport: asyncio.Transport) -> None:
    """Break a connection off in such a way that the other end is told of a reset."""
    found: socket.socket = transport.get_extra_info('socket')
    with suppress(OSError):  # the client was quicker
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    transport.abort()
