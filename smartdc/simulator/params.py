"""The parameters of a request: path, query and body merged into one map."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.wire import Refusal, Request

LIMIT = 100_000

_FORM = 'application/x-www-form-urlencoded'


def merged(path: Mapping[str, str], request: Request) -> dict[str, Any]:
    """Return all parameters: the query never overrides the path, the body overrides both.

    A list in the body takes the place of all, even of the account that the path names, and so does
    a number or a text, which has no names at all.
    """
    params: dict[str, Any] = dict(path)
    for name, value in _merged(request.pairs).items():
        params.setdefault(name, value)
    body = sent(request)
    if is_array(body):
        return {str(index): value for index, value in enumerate(body)}
    if is_object(body):
        return {**params, **body}
    return {} if body else params


def sent(request: Request) -> Any:
    """Return what the body says, None if it says nothing."""
    if request.method in ('GET', 'HEAD') or not request.body:
        return None
    return _body(request)


def _merged(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return a query or a form; a name that comes several times has a list."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _body(request: Request) -> Any:
    """Return what the body says; a body of no known type says nothing."""
    if len(request.body) > LIMIT:
        raise Refusal(413, 'PayloadTooLargeError', f'Request body size exceeds {LIMIT}')
    _check_digest(request)
    data = _inflated(request)
    full_type = request.headers.get('content-type', '')
    kind = full_type.partition(';')[0].strip().lower()
    if kind == 'application/json' or kind.endswith('+json'):
        return _json(data)
    if kind == _FORM:
        return _merged(parse_qsl(data.decode('utf-8', 'replace'), keep_blank_values=True))
    if kind == 'multipart/form-data':
        return _multipart(full_type, data)
    return None


def _check_digest(request: Request) -> None:
    sent = request.headers.get('content-md5')
    found = base64.b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode()
    if sent is not None and sent != found:
        raise Refusal(400, 'BadDigest', f"Content-MD5 '{sent}' didn't match '{found}'")


def _inflated(request: Request) -> bytes:
    if request.headers.get('content-encoding', '').lower() != 'gzip':
        return request.body
    try:
        data = gzip.decompress(request.body)
    except (OSError, EOFError, zlib.error) as error:
        raise Refusal(400, 'BadRequestError', str(error)) from None
    if len(data) > LIMIT:
        raise Refusal(413, 'PayloadTooLargeError', f'Request body size exceeds {LIMIT}')
    return data


def _json(data: bytes) -> Any:
    try:
        found = json.loads(
            data.decode('utf-8', 'replace'),
            parse_constant=_no_constant,
            parse_float=_number,
            parse_int=_number,
        )
        if b'\\ud' in data.lower():
            # Half of a surrogate pair is no text anywhere else; JavaScript, too, writes a `?`.
            found = json.loads(json.dumps(found, ensure_ascii=False).encode('utf-8', 'replace'))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, 'InvalidContent', f'Invalid JSON: {error}') from None
    return found


def _number(text: str) -> float | None:
    """Return a number as JavaScript has it: 1.0 is 1, and beyond 2**53 not all digits are kept.

    One that is too large for JavaScript comes out as null in its JSON.
    """
    value = float(text)
    if not math.isfinite(value):
        return None
    return int(Decimal(repr(value))) if value.is_integer() and abs(value) < 1e21 else value


def _no_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which are Python's JSON but nobody else's."""
    raise ValueError(f'Unexpected token {name[0]}')


def _multipart(full_type: str, data: bytes) -> dict[str, Any]:
    head = f'Content-Type: {full_type}\r\n\r\n'.encode('latin-1')
    found: dict[str, Any] = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + data).iter_parts():
        name = part.get_param('name', header='content-disposition')
        if isinstance(name, str):
            content = part.get_payload(decode=True)
            found[name] = content.decode('utf-8', 'replace') if isinstance(content, bytes) else ''
    return found
