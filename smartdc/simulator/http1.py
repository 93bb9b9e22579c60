"""HTTP/1.1 as bytes: requests are read out of them, answers are written into them.

What a client may send is bounded, as by the proxy in front of the real server, which also answers
by itself what it can't make a request of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from smartdc.simulator.wire import Request, Response

try:
    import httptools
except ImportError as _error:
    raise ImportError(
        f"the simulator needs {_error.name}: pip install 'smartdc[simulator]'", name=_error.name
    ) from None

#: How long the first line and the headers of a request may be together, in bytes.
MOST_HEAD = 64 * 1024

#: How long all of a request may be as it is sent, with what chunks add to its body.
MOST_SENT = 2 * 1024 * 1024

#: How much of a body is kept; the application refuses what is longer than it takes.
MOST_BODY = 1_000_000

CONTINUE = b'HTTP/1.1 100 Continue\r\n\r\n'

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_PHRASES[101] = 'The Watershed Moment'

# No header may end early, whatever its value was made of.
_CONTROL = re.compile('[\x00-\x1f\x7f]')


@dataclass
class Turn:
    """A request whose turn it is to be answered, or what the proxy has answered to it already.

    `closes` is whether the answer is the last one of the connection, `is_whole` whether all of the
    request has come in, and `chunks` whether the client knows of chunks.
    """

    request: Request
    refused: Response | None = None
    closes: bool = True
    is_whole: bool = True
    chunks: bool = True


class Reader:
    """Makes requests of what comes in on a connection, in the order in which they end.

    `is_amid` is whether a request has begun and not ended, `wants_continue` whether its client
    waits to be told to send the body. Once it `ended` nothing more is read; `rest` is what came
    behind the wish for another protocol.
    """

    def __init__(self, peer: str) -> None:
        self.is_amid: bool = False
        self.wants_continue: bool = False
        self.ended: bool = False
        self.rest: bytes = b''
        self._peer = peer
        self._parser = httptools.HttpRequestParser(self)
        self._turns: list[Turn] = []
        self._sent = self._came = 0
        self._begin()

    def _begin(self) -> None:
        self._target = b''
        self._listed: list[tuple[bytes, bytes]] = []
        self._headers: Mapping[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._is_head = True

    def feed(self, data: bytes) -> list[Turn]:
        """Take some bytes, and return the requests that end with them."""
        if self.ended:
            return []
        self._turns = []
        self._came = self._sent + len(data)
        try:
            self._parser.feed_data(data)
            self._check_length(len(data))
        except httptools.HttpParserUpgrade as upgrade:
            self.rest = data[upgrade.args[0] :]
            self.ended = True
        except httptools.HttpParserError:
            self._refuse()
        return self._turns

    def _check_length(self, length: int) -> None:
        """Give up on a request that has no end; the piece in which another one ended is free."""
        self._sent = 0 if self._turns else self._sent + length
        if self._sent > (MOST_HEAD if self._is_head else MOST_SENT):
            self._refuse()

    def _refuse(self) -> None:
        if not self.ended:
            self.ended = True
            self._turns.append(Turn(Request('GET', ''), refused=BAD_REQUEST, is_whole=False))

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._begin()
        self.is_amid = True

    def on_url(self, url: bytes) -> None:
        """Take a part of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those behind a body in chunks count for nothing."""
        if self._is_head:
            self._listed.append((name, value))

    def on_headers_complete(self) -> None:
        """Take note that the body begins."""
        self._is_head = False
        # It is no longer than what has come in.
        if self._came > MOST_HEAD and self._length() > MOST_HEAD:
            raise OverflowError
        self._headers = _joined(self._listed)
        self.wants_continue = self._headers.get('expect', '').lower() == '100-continue'

    def _length(self) -> int:
        """Return how long the head of the request is."""
        return len(self._target) + sum(len(name) + len(value) + 4 for name, value in self._listed)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; what is far too long is answered at once."""
        if self.ended:
            return
        self._size += len(body)
        self._body.append(body)
        if self._size > MOST_BODY:
            self._add(Turn(self._request(), is_whole=False))

    def on_message_complete(self) -> None:
        """End a request."""
        if not self.ended:
            closes = self._parser.should_upgrade() or not self._parser.should_keep_alive()
            chunks = self._parser.get_http_version() != '1.0'
            self._add(Turn(self._request(), closes=closes, chunks=chunks))

    def _add(self, turn: Turn) -> None:
        self._turns.append(turn)
        self.is_amid = self.wants_continue = False
        self.ended = turn.closes

    def _request(self) -> Request:
        method = self._parser.get_method().decode('ascii')
        target = self._target.decode('latin-1')
        return Request(method, target, self._headers, b''.join(self._body), self._peer)


def _joined(listed: list[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Return headers by their name in lower case; those that come twice are one."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in listed:
        name, value = _name(raw_name), raw_value.decode('latin-1')
        headers[name] = f'{headers[name]}, {value}' if name in headers else value
    return headers


@lru_cache(maxsize=1024)
def _name(raw: bytes) -> str:
    return raw.decode('latin-1').lower()


def head(response: Response, turn: Turn) -> bytes:
    """Return the first line and the headers of an answer."""
    headers = response.headers
    if turn.closes and response.channel is None:
        headers = {**headers, 'Connection': 'close'}
    if not turn.chunks:
        headers = {name: headers[name] for name in headers if name != 'Transfer-Encoding'}
    if not ''.join(headers.values()).isprintable():
        headers = {name: _CONTROL.sub('?', value) for name, value in headers.items()}
    first = f'HTTP/1.1 {response.status} {_PHRASES.get(response.status, "")}'
    lines = [first, *[f'{name}: {value}' for name, value in headers.items()], '', '']
    return '\r\n'.join(lines).encode('latin-1', 'replace')


def body(response: Response, turn: Turn) -> bytes:
    """Return the body of an answer as it is sent."""
    if turn.chunks and response.headers.get('Transfer-Encoding') == 'chunked':
        return b'0\r\n\r\n'
    return response.body


def _by_proxy(status: int, kind: str, message: str) -> Response:
    """Return an answer of the proxy's own."""
    content = json.dumps({kind: message}).encode()
    headers = {
        'Cache-Control': 'no-cache',
        'Connection': 'close',
        'Content-Type': 'application/json',
        'Content-Length': str(len(content)),
    }
    return Response(status, headers, content)


BAD_REQUEST = _by_proxy(400, 'BadHTTPRequest', 'this is not a request of HTTP')
IDLE_CLIENT = _by_proxy(408, 'IdleClientError', 'the request did not come to its end in time')
BROKEN = _by_proxy(500, 'InternalServerError', 'the simulator failed')
