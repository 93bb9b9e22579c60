"""A signed websocket to a data center, for what CloudAPI does not answer but streams."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy

from smartdc.answers import refuse
from smartdc.clock import seconds_left
from smartdc.connection import Connection
from smartdc.errors import ConfigurationError, ConnectionFailed, InvalidResponse, SmartDCError
from smartdc.locations import is_loopback, shown
from smartdc.pacing import take_turn
from smartdc.patience import within
from smartdc.retrying import Attempts, Retry
from smartdc.trace import log
from smartdc.transport import prepared, tls_context, translated

if TYPE_CHECKING:
    from websockets.http11 import Response
    from websockets.sync.client import ClientConnection

#: What websockets logs to: at DEBUG it would show the signature and each key that is typed.
_logger = logging.getLogger('smartdc.websocket')
_logger.addFilter(lambda record: record.levelno > logging.DEBUG)

#: The longest message that is taken, in bytes.
_MAX_SIZE = 16 * 2**20

#: Messages that may wait to be read before no more are taken from the server.
_MAX_QUEUE = 1024


def open_websocket(
    server: Connection,
    path: str,
    *,
    retries: Retry | None,
    api_version: str | None = None,
    subprotocol: str | None = None,
) -> ClientConnection:
    """Return a websocket to a path below the account, signed as every request is.

    `retries` says how persistent to be. Raises ConfigurationError when the websockets package is
    not there, and for the rest what any other call raises: the errors of CloudAPI,
    ConnectionFailed, Timeout, TLSError.
    """
    client = _library()
    attempts = Attempts(retries, server._budget, server.clock, 'GET')
    while True:
        try:
            take_turn(server.clock, server.url)  # before the date that is signed
            request = _signed(server, path, api_version)
            began = time.perf_counter()
            opened = _open(client, server, request, subprotocol)
        except SmartDCError as error:
            server._correct_clock(error)
            attempts.again(error)
        else:
            attempts.succeeded()
            seconds = time.perf_counter() - began
            log(_answer(opened.response, request), seconds, server.verbose)
            return opened


def connect_timeout(server: Connection) -> float | None:
    """Return for how many seconds a data center may take to accept a connection.

    Raises Timeout when the deadline has passed.
    """
    patience = within(seconds_left(), server.timeout)
    return patience[0] if isinstance(patience, tuple) else patience


def until_deadline(seconds: float) -> float | None:
    """Return for how many seconds to wait for a message, infinity at most; None is for ever."""
    left = max(0.0, min(seconds, seconds_left()))
    return left if left < threading.TIMEOUT_MAX else None


def _library() -> ModuleType:
    try:
        from websockets.sync import client
    except ImportError:
        raise ConfigurationError(
            'the websockets package is missing, which changefeed() and vnc() need: '
            "pip install 'smartdc[events]'"
        ) from None
    return client


def _signed(server: Connection, path: str, api_version: str | None) -> requests.PreparedRequest:
    given = {'Accept-Version': api_version, 'X-Api-Version': api_version} if api_version else {}
    headers = server._headers(given, None)
    return prepared('GET', server._address(path), headers, None, server._signing())


def _open(
    client: ModuleType,
    server: Connection,
    request: requests.PreparedRequest,
    subprotocol: str | None,
) -> ClientConnection:
    """Make one attempt."""
    seconds = connect_timeout(server)
    url = str(request.url)
    # websockets writes a Host of its own.
    headers = {name: value for name, value in request.headers.items() if name.lower() != 'host'}
    reached = threading.Event()

    def connection(*given: Any, **options: Any) -> Any:
        reached.set()
        return client.ClientConnection(*given, **options)

    try:
        with translated(server.base_url), _translated(server, request):
            opened: ClientConnection = client.connect(
                f'ws{url.removeprefix("http")}',
                ssl=tls_context(server.verify) if url.startswith('https:') else None,
                subprotocols=[subprotocol] if subprotocol else None,
                compression=None,
                additional_headers=headers,
                user_agent_header=None,
                proxy=_proxy(url),
                open_timeout=seconds,
                close_timeout=seconds,
                max_size=_MAX_SIZE,
                max_queue=_MAX_QUEUE,
                logger=_logger,
                create_connection=connection,
            )
    except ConnectionFailed as error:
        error.sent = reached.is_set()
        raise
    return opened.__enter__()  # or websockets 17 warns that no with statement is used


@contextmanager
def _translated(server: Connection, request: requests.PreparedRequest) -> Generator[None]:
    """Turn what websockets raises into errors of ours, or into what requests raises."""
    from websockets import exceptions

    try:
        yield
    except exceptions.InvalidStatus as refused:
        answer = _answer(refused.response, request)
        refuse(answer, bytes(refused.response.body or b''), server._date())
        raise InvalidResponse(
            f'GET {request.url} answered with status {answer.status_code}, not with a websocket'
        ) from None
    except (exceptions.InvalidMessage, exceptions.ProxyError, exceptions.ConnectionClosed) as error:
        raise ConnectionFailed(f'cannot reach {server.base_url}: {error}') from error
    except exceptions.InvalidProxy as error:
        raise ConfigurationError(f'{shown(error.proxy)} is no proxy: {error.msg}') from None
    except ImportError:
        raise ConfigurationError(
            'the python-socks package is missing, which changefeed() and vnc() need behind a SOCKS '
            'proxy: pip install python-socks'
        ) from None
    except exceptions.InvalidURI as error:
        raise ConfigurationError(str(error)) from error
    except exceptions.InvalidHandshake as error:
        raise InvalidResponse(
            f'GET {request.url} did not answer with a websocket: {error}'
        ) from error
    except ssl.SSLError as error:
        raise requests.exceptions.SSLError(error) from error
    except TimeoutError as error:
        raise requests.Timeout('the websocket was not opened') from error


def _proxy(url: str) -> str | None:
    """Return the proxy that other requests would go through; none on loopback."""
    proxy = None if is_loopback(url) else select_proxy(url, get_environ_proxies(url, no_proxy=None))
    if proxy is None:
        return None
    full = proxy if '://' in proxy else f'http://{proxy}'
    try:
        parts = urlsplit(full)
        _ = (parts.hostname or '').encode('idna'), parts.port
        unquote(parts.netloc, errors='strict')
    except ValueError:  # its text may have a part of the password
        raise ConfigurationError(
            f'{shown(full)} is no proxy: give a URL, http://HOST:PORT'
        ) from None
    return full


def _answer(response: Response | None, request: requests.PreparedRequest) -> requests.Response:
    """Return the answer to a handshake in the form in which all other answers come."""
    answer: Any = requests.Response()
    answer.request = request
    answer.url = request.url
    if response is not None:
        answer.status_code = response.status_code
        answer.reason = response.reason_phrase
        answer.headers.update(response.headers.raw_items())
        answer._content = bytes(response.body or b'')
    return answer
