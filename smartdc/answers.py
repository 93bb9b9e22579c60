"""Reading answers: what was refused, what came, and whether CloudAPI answers like this."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import importlib
import json
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from smartdc.errors import InvalidResponse
from smartdc.errors.codes import leaf_for


def refuse(response: requests.Response, content: bytes, now: float) -> None:
    """Raise what a status of 400 or more means; `now` is the time, for a server that names one."""
    if response.status_code < 400:
        return
    actor = _actor(response.request)
    response.request.headers.pop('Authorization', None)
    try:
        body = loads(content)
    except ValueError:
        body = None
    told = body if isinstance(body, dict) and response.status_code != 410 else {}
    errors = told.get('errors')
    code, message = told.get('code'), told.get('message')
    leaf = leaf_for(response.status_code, str(code or ''))
    raise leaf(
        response.status_code,
        str(code or ''),
        str(message or response.reason or ''),
        errors=[e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else [],
        request_id=response.headers.get('Request-Id'),
        method=response.request.method or '',
        url=response.url,
        body=body,
        retry_after=_retry_after(response.headers.get('Retry-After'), now),
        actor=actor,
        response=response,
    )


def _actor(request: requests.PreparedRequest) -> str:
    """Return who signed a request, and the roles that it asked to act in."""
    key_id = re.search('keyId="([^"]*)"', str(request.headers.get('Authorization', '')))
    roles = parse_qs(urlsplit(str(request.url)).query).get('as-role', [])
    who = key_id[1] if key_id else 'nobody'
    return f'{who} as {", ".join(roles)}' if roles else who


def _retry_after(text: str | None, now: float) -> float | None:
    """Return for how many seconds a server wants to be left alone: it says so, or until when."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None


def decoded(response: requests.Response, content: bytes) -> Any:
    """Return the body's JSON; text if it is something else, None if there is nothing.

    Raises InvalidResponse for JSON that is broken.
    """
    if not content:
        return None
    kind = response.headers.get('Content-Type', '').partition(';')[0].strip().lower()
    if kind != 'application/json':
        return response.text
    try:
        return loads(content)
    except ValueError as error:
        raise _invalid(response, f'answered with broken JSON: {error}') from None


def check_digest(response: requests.Response, content: bytes) -> None:
    """Raise InvalidResponse for a body that is not the one that the server sent."""
    digest = response.headers.get('Content-MD5')
    if not digest or response.request.method == 'HEAD':
        return
    own = hashlib.md5(content, usedforsecurity=False).digest()
    if base64.b64encode(own).decode() != digest.strip():
        raise _invalid(response, 'was answered with a body that is damaged')


def loads(content: bytes) -> Any:
    """Return what a JSON text says, by orjson where that is installed.

    orjson refuses some of what Python's own reader takes, such as lone surrogates. It makes floats
    of integers beyond 64 bits, of which CloudAPI has none.
    """
    quick = _orjson()
    if quick is not None:
        with contextlib.suppress(ValueError):
            return quick(content)
    return json.loads(content)


@functools.cache
def _orjson() -> Callable[[bytes], Any] | None:
    try:
        return importlib.import_module('orjson').loads
    except ImportError:
        return None


def expect_json(data: Any, response: requests.Response) -> None:
    """Refuse what no CloudAPI answers to a chapter's call."""
    if 300 <= response.status_code < 400:
        raise _invalid(
            response,
            f'answered with a redirect to {response.headers.get("Location", "nowhere")}; '
            'redirects are never followed',
        )
    kind = response.headers.get('Content-Type', '')
    if data is not None and not kind.lower().startswith('application/json'):
        raise _invalid(
            response,
            f'answered with {kind or "no content type"}, not with JSON: is there a CloudAPI at '
            'this address?',
        )


def full_page(response: requests.Response, asked: int) -> int:
    """Return how many rows a full page has by the server's word, else as many as were asked for."""
    told = response.headers.get('x-query-limit', '')
    return int(told) if told.isdecimal() else asked


def resource_count(response: requests.Response) -> int:
    """Return how many rows an answer to a HEAD says that a page has."""
    told = response.headers.get('x-resource-count', '')
    return int(told) if told.isdecimal() else 0


def _invalid(response: requests.Response, text: str) -> InvalidResponse:
    return InvalidResponse(
        f'{response.request.method} {response.url} {text}',
        request_id=response.headers.get('Request-Id'),
    )
