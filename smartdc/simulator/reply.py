"""What an answer looks like on the wire: content types, and CloudAPI's headers."""

from __future__ import annotations

import binascii
import hashlib
import json
import time
from functools import lru_cache
from typing import Any

from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.clock import http_date
from smartdc.simulator.cloud import new_id
from smartdc.simulator.wire import Refusal, Request, Response

JSON = 'application/json'
TEXT = 'text/plain'
BYTES = 'application/octet-stream'
SCRIPT = 'application/javascript'

#: The types that can be asked for, in the order in which they are preferred.
PRODUCIBLE = (JSON, TEXT, BYTES, SCRIPT)

_ENCODER = json.JSONEncoder(separators=(',', ':'), ensure_ascii=False)

#: Always the highest one that is mounted, whatever was asked for.
API_VERSION = '9.0.0'


def negotiate(request: Request) -> str:
    """Return the type that the client likes best, or refuse with 406."""
    found = _liked_best(request.headers.get('accept') or '*/*')
    if found is None:
        raise Refusal(406, 'NotAcceptableError', f'Server accepts: {",".join(PRODUCIBLE)}')
    return found


@lru_cache(maxsize=256)
def _liked_best(wanted: str) -> str | None:
    """Return the type that an Accept header likes best, None where it admits none.

    Each type goes by the range that says most of it. Of types that are liked as well, the one
    counts that is named most exactly, then the one that is named first.
    """
    ranges = [_range(part) for part in wanted.lower().split(',')]
    liked: list[tuple[float, int, int, int, str]] = []
    for index, produced in enumerate(PRODUCIBLE):
        fits = [
            (_exactness(name, produced), quality, place)
            for place, (name, quality) in enumerate(ranges)
        ]
        exactness, quality, place = max(fits, key=lambda fit: (fit[0], fit[1], -fit[2]))
        if exactness >= 0 and quality > 0:
            liked.append((-quality, -exactness, place, index, produced))
    return min(liked)[-1] if liked else None


def _range(part: str) -> tuple[str, float]:
    """Return a media range, and how much it is liked."""
    name, *options = [each.strip() for each in part.split(';')]
    quality = 1.0
    for option in options:
        key, _, value = option.partition('=')
        if key.strip() != 'q':
            # What is produced has no parameters, so that none can be asked for.
            return '', 0.0
        try:
            quality = float(value)
        except ValueError:
            quality = 0.0
    return name, quality


def _exactness(wanted: str, produced: str) -> int:
    """Return how exactly a media range names a type: fully, by its kind, not at all, or -1."""
    return {produced: 2, f'{produced.partition("/")[0]}/*': 1, '*/*': 0}.get(wanted, -1)


def bare(request: Request, refusal: Refusal, now: float) -> Response:
    """Return a refusal that comes before the usual headers are set."""
    body = _text(refusal.body()).encode()
    headers = {
        **refusal.headers,
        'Content-Type': JSON,
        'Content-Length': str(len(body)),
        'Date': http_date(now),
        'Connection': _connection(request),
    }
    return Response(refusal.status, headers, _seen(request, body))


def full(
    call: Call, result: Reply | Refusal, methods: str, started: float, server: str
) -> Response:
    """Return an answer with CloudAPI's usual headers; `methods` are those of the route's path."""
    body = _encoded(call, result)
    headers = {
        **_content(call, result, body),
        **result.headers,
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Headers': 'Accept, Accept-Version, Content-Length, Content-MD5, '
        'Content-Type, Date, Api-Version, Response-Time',
        'Access-Control-Allow-Methods': methods,
        'Access-Control-Expose-Headers': 'Api-Version, Request-Id, Response-Time',
        'Connection': _connection(call.request),
        'Date': http_date(call.now),
        'Server': result.headers.get('Server', server),
        'Api-Version': API_VERSION,
        'Request-Id': _request_id(call.request),
        'Response-Time': str(round((time.monotonic() - started) * 1000)),
    }
    delay = result.delay if isinstance(result, Reply) else 0.0
    return Response(result.status, headers, _seen(call.request, body), delay)


def _encoded(call: Call, result: Reply | Refusal) -> bytes:
    """Return the body in the type that was negotiated."""
    if isinstance(result, Refusal):
        data: Any = result.message if call.produces == TEXT else result.body()
    elif result.body is None:
        return b''
    elif isinstance(result.body, bytes):
        return result.body
    else:
        data = result.body
    if isinstance(data, str) and call.produces in (TEXT, BYTES):
        return data.encode()
    text = _text(data)
    function = call.params.get('callback') or call.params.get('jsonp')
    if call.produces == SCRIPT and function:
        return f'{function}({text});'.encode()
    return text.encode()


def _content(call: Call, result: Reply | Refusal, body: bytes) -> dict[str, str]:
    """Return the headers about the body; an empty 202 is chunked, a 204 has none."""
    if isinstance(result, Reply) and result.body is None:
        if result.status == 202:
            return {'Transfer-Encoding': 'chunked'}
        return {} if result.status == 204 else {'Content-Length': '0'}
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    return {
        'Content-Type': call.produces,
        'Content-Length': str(len(body)),
        'Content-MD5': binascii.b2a_base64(digest, newline=False).decode(),
    }


def _text(data: Any) -> str:
    return _ENCODER.encode(data)


def _seen(request: Request, body: bytes) -> bytes:
    return b'' if request.method == 'HEAD' else body


def _connection(request: Request) -> str:
    wish = request.headers.get('connection', '').lower()
    return 'close' if 'close' in wish else 'keep-alive'


def _request_id(request: Request) -> str:
    return request.headers.get('request-id') or request.headers.get('x-request-id') or new_id()
