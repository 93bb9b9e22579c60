"""Answers that no server should give, made by chance."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.soak.wire import Act, close, hang, reset, send

#: Values of every type, and of sizes that break things.
VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1, 10**400, -0.0, 1e308, float('inf'), float('nan')),
    *('', ' ', 'x', 'é\u2028\x00', '\ud800', 'x' * 70_000, '[]', 'null', '2026-13-45T99:99:99Z'),
    *('9999999-01-01T00:00:00Z', '10.0.0.1', '::1', 'not a uuid', 'running'),
    *([], {}, [[]], [None], [{}], [1, 'x'], {'': None}, {'id': None}, {'id': 'x'}, {'name': 5}),
)

STATUS_LINES = (
    *(b'HTTP/1.1 200 OK', b'HTTP/1.1 200', b'HTTP/1.0 200 OK', b'HTTP/2 200', b'HTTP/1.1 999 X'),
    *(b'HTTP/1.1 099 X', b'HTTP/1.1 1000 X', b'HTTP/1.1 -1 X', b'HTTP/1.1 2x0 OK', b'', b'200 OK'),
    *(b'ICY 200 OK', b'HTTP/1.1  200  OK', b'HTTP/1.1 200 \xff\xfe', b'\x16\x03\x01\x02\x00'),
    *(b'SSH-2.0-OpenSSH_9.6', b'HTTP/1.1 200 ' + b'O' * 70_000, b'HTTP/9.9 200 OK', b'\x00'),
)

HEADERS = (
    *(b'Content-Length: -1', b'Content-Length: 99999999999999999999', b'Content-Length: 1e3'),
    *(b'Content-Length: 5, 5', b'Content-Length:', b'Content-Length: 0', b'Content-Length: 7'),
    *(b'Transfer-Encoding: chunked', b'Transfer-Encoding: gzip', b'Transfer-Encoding: chunked, x'),
    *(b'Content-Encoding: gzip', b'Content-Encoding: deflate', b'Content-Encoding: br'),
    *(b'Content-Encoding: zstd', b'Content-Encoding: gzip, gzip, gzip', b'Content-Encoding: x'),
    *(b'Content-MD5: x', b'Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==', b'Content-MD5: \xff'),
    *(b'Date: yesterday', b'Date: Thu, 99 Foo 99999 99:99:99 GMT', b'Date: Thu, 01 Jan 1970'),
    *(b'Date: Fri, 31 Dec 9999 23:59:59 -2359', b'Date: Mon, 01 Jan 0001 00:00:00 +2359'),
    *(b'Retry-After: soon', b'Retry-After: -5', b'Retry-After: 1e9', b'Retry-After: \xb2'),
    *(b'Retry-After: 99999999999999999999999', b'Retry-After: Thu, 99 Foo 99999 99:99:99 GMT'),
    b'Retry-After: ' + b'9' * 5000,
    *(b'Location: //', b'Location: http://[', b'Location: \xff', b'Location: https://example.com'),
    *(b'x-query-limit: many', b'x-query-limit: 0', b'x-query-limit: -1', b'x-query-limit: \xb2'),
    *(b'x-resource-count: many', b'x-resource-count: -1', b'x-resource-count: 1e3'),
    *(b'x-query-limit: 99999999999999999999', b'x-resource-count: ' + b'9' * 5000),
    *(b'no colon', b': no name', b'name : blank', b' folded', b'X: ' + b'y' * 70_000, b'X: \x00'),
    *(b'Content-Type: text/html', b'Content-Type:', b'Content-Type: application/json; charset=x'),
    *(b'Content-Type: text/plain; charset=\xff', b'Content-Type: text/plain; charset=idna'),
    *(b'Connection: keep-alive', b'Connection: upgrade', b'Upgrade: websocket', b'Set-Cookie: a=b'),
    *(b'Sec-WebSocket-Accept: x', b'WWW-Authenticate: Basic', b'Trailer: X', b'Server: \xff'),
)

#: Statuses that a server gives, and some that it does not.
STATUSES = (
    *(200, 200, 200, 201, 202, 204, 205, 206, 207, 299, 300, 301, 302, 303, 304, 307, 308),
    *(400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 418, 420, 422, 426, 429, 449, 451),
    *(500, 501, 502, 503, 504, 507, 511, 599, 600, 799, 100, 101, 102, 103, 199),
)

CODES = ('InvalidHeader', 'RequestExpired', 'ResourceNotFound', 'NotAuthorized', 'x', '', 5, None)


@dataclass(frozen=True)
class Answer:
    """What becomes of a connection; `request_id` is set when the server has told one for sure."""

    act: Act
    request_id: str | None
    shown: bytes


class Garbage:
    """Makes answers by the random numbers it is given."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._count = 0

    def answer(self, good: object) -> Answer:
        """Return an answer in place of a good one."""
        status, body = self._status(), self._body(good)
        lines = [f'HTTP/1.1 {status} Reason'.encode()]
        clean = self.chance.random() < 0.7
        if not clean:
            lines = [self.chance.choice(STATUS_LINES)]
        self._count += 1
        request_id = f'request-{self._count}'
        lines += [b'Request-Id: ' + request_id.encode()]
        extra = [self.chance.choice(HEADERS) for _ in range(self._few())]
        body, framing = self._framed(body)
        lines += [*framing, *extra]
        if self.chance.random() < 0.7:
            lines.append(b'Content-Type: application/json')
        head = b'\r\n'.join([*lines, b'', b''])
        interim = b'HTTP/1.1 100 Continue\r\n\r\n' * self.chance.choice((0, 0, 0, 0, 1, 3))
        act, whole = self._event(interim + head, body)
        told = clean and whole and not extra and status >= 200
        return Answer(act, request_id if told else None, interim + head + body[:200])

    def _few(self) -> int:
        return self.chance.choice((0, 0, 0, 1, 1, 2, 3, 120 if self.chance.random() < 0.02 else 4))

    def _status(self) -> int:
        return self.chance.choice(STATUSES)

    def value(self, depth: int = 0) -> object:
        """Return any JSON value."""
        roll = self.chance.random()
        if depth > 3 or roll < 0.6:
            return self.chance.choice(VALUES)
        if roll < 0.8:
            return [self.value(depth + 1) for _ in range(self.chance.randrange(4))]
        names = ('id', 'name', 'state', 'code', 'message', 'errors', 'login', 'x')
        return {self.chance.choice(names): self.value(depth + 1) for _ in range(3)}

    def _body(self, good: object) -> bytes:
        kind = self.chance.randrange(8)
        if kind == 0:
            return self.chance.randbytes(self.chance.choice((0, 1, 10, 5000)))
        if kind == 1:
            return self.chance.choice(
                (b'', b'<html>', b'[' * 100_000, b'{"a":' * 100_000, b'9' * 9999)
            )
        if kind == 2:
            error = {
                'code': self.chance.choice(CODES),
                'message': self.chance.choice(('clock skew', 'x', 5, None, ['x'])),
                'errors': self.value(),
            }
            return json.dumps(error).encode()
        text = json.dumps(good if kind < 6 else self.value())
        if kind == 5:
            cut = self.chance.randrange(len(text) + 1)
            text = text[:cut] + self.chance.choice(('', '\x00', '"', ']', 'x')) + text[cut + 1 :]
        return text.encode(
            self.chance.choice(('utf-8', 'utf-8', 'utf-8', 'utf-16')), 'surrogatepass'
        )

    def _framed(self, body: bytes) -> tuple[bytes, list[bytes]]:
        """Return a body as it is sent, and the headers that say how."""
        ways: list[Callable[[bytes], tuple[bytes, list[bytes]]]] = [
            *([self._measured] * 8),
            self._packed,
            self._chunked,
            lambda body: (body, []),
        ]
        return self.chance.choice(ways)(body)

    def _measured(self, body: bytes) -> tuple[bytes, list[bytes]]:
        wrong = self.chance.choice((0,) * 8 + (1, -1, 1000))
        return body, [b'Content-Length: %d' % max(0, len(body) + wrong)]

    def _packed(self, body: bytes) -> tuple[bytes, list[bytes]]:
        kind = self.chance.choice(('gzip', 'deflate'))
        bomb = self.chance.random() < 0.1
        data = b' ' * 20_000_000 if bomb else body
        packed = gzip.compress(data, 1) if kind == 'gzip' else zlib.compress(data, 1)
        if self.chance.random() < 0.3:
            cut = self.chance.randrange(len(packed))
            packed = packed[:cut] + self.chance.choice((b'', b'\xff')) + packed[cut + 1 :]
        return packed, [f'Content-Encoding: {kind}'.encode(), b'Content-Length: %d' % len(packed)]

    def _chunked(self, body: bytes) -> tuple[bytes, list[bytes]]:
        half = len(body) // 2
        size = self.chance.choice(
            (b'%x' % half, b'%x' % half, b'-1', b'zz', b'', b'f' * 5000, b'0')
        )
        end = self.chance.choice((b'0\r\n\r\n', b'0\r\n\r\n', b'0\r\nX: y\r\n\r\n', b'', b'0'))
        rest = body[half:]
        data = size + b'\r\n' + body[:half] + b'\r\n' + b'%x\r\n' % len(rest) + rest + b'\r\n' + end
        return data, [b'Transfer-Encoding: chunked']

    def _event(self, head: bytes, body: bytes) -> tuple[Act, bool]:
        """Return what the socket does, and whether all of the head is sent for sure."""
        whole = head + body
        roll = self.chance.random()
        if roll < 0.8:
            return send(whole), True
        cut = self.chance.randrange(len(whole) + 1)
        if roll < 0.88:
            return send(whole[:cut]), cut >= len(head)
        if roll < 0.96:
            return reset(whole[:cut]), False
        if roll < 0.999:
            return close, False
        return hang(whole[:cut]), False
