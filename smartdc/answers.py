"""Reading answers: what was refused, what came, and whether CloudAPI answers like this."""

from __future__ import annotations

import base64
import contextlib
import functools
import gc
import hashlib
import importlib
import json
import re
from collections.abc import Callable, Generator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import requests

from smartdc.errors import InvalidResponse, SmartDCError
from smartdc.errors.codes import leaf_for
from smartdc.shapes import is_array, is_object


def refuse(response: requests.Response, content: bytes, now: float) -> None:
    """Raise what a status of 400 or more means; `now` is the time, for a server that names one."""
    if response.status_code < 400:
        return
    actor = _actor(response.request)
    forget_secrets(response.request)
    try:
        body = loads(content)
    except ValueError:
        body = None
    told: Mapping[str, Any] = body if is_object(body) and response.status_code != 410 else {}
    errors = told.get('errors')
    code, message = told.get('code'), told.get('message')
    leaf = leaf_for(response.status_code, str(code or ''))
    raise leaf(
        response.status_code,
        str(code or ''),
        str(message or response.reason or ''),
        errors=[e for e in errors if is_object(e)] if is_array(errors) else [],
        request_id=response.headers.get('Request-Id'),
        method=response.request.method or '',
        url=response.url,
        body=body,
        retry_after=_retry_after(response.headers.get('Retry-After'), now),
        actor=actor,
        response=response,
    )


def forget_secrets(request: requests.PreparedRequest) -> None:
    """Take the signature and the body, which may hold passwords, out of what an error will show."""
    request.headers.pop('Authorization', None)
    request.body = None


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
    if (seconds := text.strip()).isascii() and seconds.isdigit():
        return float(seconds)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (OverflowError, ValueError):
        return None


def decoded(response: requests.Response, content: bytes) -> Any:
    """Return the body's JSON; text if it is something else, None if there is nothing.

    Raises InvalidResponse for JSON that is broken.
    """
    if not content:
        return None
    kind = response.headers.get('Content-Type', '').partition(';')[0].strip().lower()
    if kind != 'application/json':
        return _text(response, content)
    try:
        return loads(content)
    except ValueError as error:
        raise _invalid(response, f'answered with broken JSON: {error}') from None


def _text(response: requests.Response, content: bytes) -> str:
    """Return a body as text, in the encoding that the answer says it has, if that can be."""
    try:
        return response.text
    except ValueError:  # no codec for texts, or no name of one at all
        return content.decode('utf-8', 'replace')


def check_digest(response: requests.Response, content: bytes) -> None:
    """Raise InvalidResponse for a body that is not the one that the server sent."""
    digest = response.headers.get('Content-MD5')
    if not digest or response.request.method == 'HEAD':
        return
    own = hashlib.md5(content, usedforsecurity=False).digest()
    if base64.b64encode(own).decode() != digest.strip():
        raise _invalid(response, 'was answered with a body that is damaged')


#: From how many bytes on a text is long: some hundred objects.
_LONG = 2**16


class JSONReader:
    """Reads JSON: by orjson where that is installed, once it has read `slowly` bytes without.

    To import it takes longer than it saves on the first pages. orjson refuses some of what Python's
    own reader takes, such as lone surrogates. It makes floats of integers beyond 64 bits, of which
    CloudAPI has none.
    """

    def __init__(self, slowly: int) -> None:
        self._slowly = slowly

    def __call__(self, content: bytes) -> Any:
        """Return what a JSON text says; ValueError if it is none."""
        self._slowly -= len(content)
        if len(content) < _LONG or not gc.isenabled():
            return self._read(content)
        # JSON has no cycles, but while a long list grows Python looks for them over and over, in
        # all that there is: that takes half as long as reading. No other thread runs meanwhile.
        try:
            gc.disable()
            return self._read(content)
        finally:
            gc.enable()

    def _read(self, content: bytes) -> Any:
        quick = _orjson() if self._slowly < 0 else None
        if quick is not None:
            with contextlib.suppress(ValueError):
                return quick(content)
        try:
            return json.loads(content)
        except RecursionError:
            raise ValueError('it is nested too deeply') from None


@functools.cache
def _orjson() -> Callable[[bytes], Any] | None:
    try:
        return importlib.import_module('orjson').loads
    except ImportError:
        return None


loads: Callable[[bytes], Any] = JSONReader(slowly=4 * 2**20)


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
    return _number(response.headers.get('x-query-limit')) or asked


def resource_count(response: requests.Response) -> int | None:
    """Return how many rows a page has by the server's word; None where it does not say."""
    return _number(response.headers.get('x-resource-count'))


def _number(text: str | None) -> int | None:
    """Return a header's number; None when it is none, or has more digits than any count."""
    return int(text) if text and re.fullmatch('[0-9]{1,18}', text) else None


def rows_of(data: Any, response: requests.Response, key: str) -> list[dict[str, Any]]:
    """Return a page's rows; raise InvalidResponse unless each is an object that has its `key`."""
    if all(isinstance(row.get(key), str) for row in objects(data, response)):
        return data
    raise _invalid(response, f'did not answer with a list of objects that have {key!r}')


def objects(data: Any, response: requests.Response) -> list[dict[str, Any]]:
    """Return an answer that is a list of objects; raise InvalidResponse for anything else."""
    if is_array(data) and all(map(is_object, data)):
        return data
    raise _invalid(response, 'did not answer with a list of objects')


def an_object(data: Any, response: requests.Response) -> dict[str, Any]:
    """Return an answer that is one object; raise InvalidResponse for anything else."""
    if isinstance(data, dict):
        return cast('dict[str, Any]', data)
    raise _invalid(response, 'did not answer with an object')


@contextlib.contextmanager
def understood(response: requests.Response | None = None) -> Generator[None]:
    """Raise InvalidResponse when the block meets data that is not of the shape it has to be of.

    `response` is where the data is from, if it is from one.
    """
    try:
        yield
    except InvalidResponse as error:
        if response is not None and response.is_redirect:
            expect_json(None, response)
        if response is None or error.request_id or 'Request-Id' not in response.headers:
            raise
        raise _invalid(response, f'did not answer as CloudAPI does: {error.text}') from error
    except SmartDCError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        text = f'answered with JSON of another shape than CloudAPI gives: {error!r}'
        if response is None:
            raise InvalidResponse(f'the server {text}') from error
        raise _invalid(response, text) from error


def _invalid(response: requests.Response, text: str) -> InvalidResponse:
    return InvalidResponse(
        f'{response.request.method} {response.url} {text}',
        request_id=response.headers.get('Request-Id'),
    )
