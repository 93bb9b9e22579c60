"""The requests session: one TLS context a client, the environment read once, errors of ours."""

from __future__ import annotations

import io
import json
import os
import ssl
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import DEFAULT_POOLBLOCK, HTTPAdapter
from requests.auth import AuthBase
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from smartdc.answers import forget_secrets
from smartdc.errors import (
    ConfigurationError,
    ConnectionFailed,
    InvalidInput,
    ResponseTooLarge,
    SmartDCError,
    Timeout,
    TLSError,
)
from smartdc.given import count_of
from smartdc.patience import Patience
from smartdc.watchdog import guard_pools

#: What `verify` may be: True, False, or the path of a CA file or folder.
Verify = bool | str | os.PathLike[str]

#: The most bytes that an answer's body may have, unpacked.
BODY_LIMIT = 256 * 2**20


class ContextAdapter(HTTPAdapter):
    """An adapter for one server, whose connections all use one TLS context.

    requests reads its whole CA bundle for every new connection otherwise, and for each request
    finds out anew which of its pools it is for, by which proxy.
    """

    def __init__(self, context: ssl.SSLContext | None, pool_size: int) -> None:
        self._context = context
        self._connections: Any = None
        super().__init__(pool_connections=1, pool_maxsize=pool_size)

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = DEFAULT_POOLBLOCK,
        **options: Any,
    ) -> None:
        """Hand the context to the pool."""
        super().init_poolmanager(
            connections, maxsize, block=block, ssl_context=self._context, **options
        )
        guard_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Guard the connections to a proxy as well; one with TLS is trusted as the server is."""
        is_new = proxy not in self.proxy_manager
        if self._context is not None and proxy.lower().startswith('https:'):
            options['proxy_ssl_context'] = self._context
        manager = super().proxy_manager_for(proxy, **options)
        if is_new:
            guard_pools(manager)
        return manager

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the pool, found once."""
        found = self._connections
        if found is None:  # or another thread has closed it
            found = super().get_connection_with_tls_context(request, verify, proxies, cert)
            self._connections = found
        return found

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return what stands in the first line."""
        return super().request_url(request, proxies) if proxies else request.path_url

    def close(self) -> None:
        """Close all connections; the pool is another one after that."""
        self._connections = None
        super().close()

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Leave out what requests would put in the context's place."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, ({'ssl_context': self._context} if self._context else {})

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Do nothing: the context has been told what to trust."""


class Pool:
    """The session of one client: made when first needed, and again for another server or process.

    A forked child must not share its parent's sockets. Of `size` connections each serves one call
    at a time.
    """

    def __init__(self, size: int) -> None:
        self._size = count_of('pool_size=', size)
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._room = threading.BoundedSemaphore(size)
        self._context: ssl.SSLContext | None = None
        self._made_for: tuple[int, str, Verify] | None = None

    @contextmanager
    def connection(
        self, base_url: str, verify: Verify, seconds: float
    ) -> Generator[requests.Session]:
        """Yield the session for a server as soon as one of its connections is free.

        It is the same one as long as nothing changes. Raises Timeout after so many seconds.
        """
        session, room = self._ready(base_url, verify)
        # urllib3 can wait as well, but whoever does so when the pool is closed is not woken.
        if not room.acquire(timeout=min(seconds, threading.TIMEOUT_MAX)):
            raise Timeout(
                f'all connections to {base_url} were in use for {seconds:g} s, so nothing was '
                'sent: call from fewer threads, or pass a larger pool_size=',
                sent=False,
            )
        try:
            yield session
        finally:
            room.release()

    def _ready(
        self, base_url: str, verify: Verify
    ) -> tuple[requests.Session, threading.BoundedSemaphore]:
        """Return the session for a server, and what counts its connections."""
        wanted = (os.getpid(), base_url, verify)
        with self._lock:
            if self._session is None or self._made_for != wanted:
                if self._session is not None and self._made_for and self._made_for[0] == wanted[0]:
                    self._session.close()
                if self._context is None or self._made_for != wanted:
                    self._context = tls_context(verify) if base_url.startswith('https:') else None
                self._session = new_session(base_url, verify, self._size, self._context)
                self._room = threading.BoundedSemaphore(self._size)
                self._made_for = wanted
            return self._session, self._room

    def grow(self, size: int) -> None:
        """Keep so many connections open from now on, if that is more than before."""
        with self._lock:
            if size > self._size:
                # Whoever uses the old session goes on; its connections are closed with it.
                self._size, self._session = size, None

    def close(self) -> None:
        """Close all connections; the next session is a new one."""
        with self._lock:
            session, self._session, self._context = self._session, None, None
        if session is not None:
            session.close()


def new_session(
    base_url: str, verify: Verify, pool_size: int, context: ssl.SSLContext | None
) -> requests.Session:
    """Return a session for one server: no cookies, no netrc, proxies read once."""
    session = requests.Session()
    session.trust_env = False
    session.verify = verify if isinstance(verify, bool) else os.fspath(verify)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    session.proxies.update(get_environ_proxies(base_url, no_proxy=None))
    scheme = base_url.partition('//')[0] + '//'
    session.mount(scheme, ContextAdapter(context, pool_size))
    return session


def tls_context(verify: Verify) -> ssl.SSLContext:
    """Return the context that trusts what `verify` says.

    With True that is the CA bundle of the environment, if REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE
    names one, else the bundle that requests comes with. A path always wins over the environment.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    _load(context, _bundle() if verify is True else verify)
    return context


def _bundle() -> str | os.PathLike[str]:
    env = os.environ
    return env.get('REQUESTS_CA_BUNDLE') or env.get('CURL_CA_BUNDLE') or DEFAULT_CA_BUNDLE_PATH


def _load(context: ssl.SSLContext, bundle: str | os.PathLike[str]) -> None:
    try:
        path = Path(bundle).expanduser()
        if path.is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise ConfigurationError(f'cannot read the CA certificates of {bundle}: {reason}') from None


def json_body(data: Any) -> bytes:
    """Return data as the body of a request."""
    try:
        return json.dumps(data, allow_nan=False).encode()
    except (RecursionError, TypeError, ValueError) as error:
        raise InvalidInput(f'this cannot be sent as JSON: {error}') from None


def prepared(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    auth: AuthBase | None,
) -> requests.PreparedRequest:
    """Return a request that is ready to be sent, signed.

    requests' own way there takes a URL apart and puts it together again, which costs as much as
    half of the sending.
    """
    request = requests.PreparedRequest()
    request.prepare_method(method)  # pyright: ignore[reportUnknownMemberType]
    request.url = url
    try:
        request.prepare_headers(headers)  # pyright: ignore[reportUnknownMemberType]
    except requests.exceptions.InvalidHeader as error:
        raise InvalidInput(str(error)) from None
    request.prepare_body(body, None)  # pyright: ignore[reportUnknownMemberType]
    if auth is not None:
        request.prepare_auth(auth)  # pyright: ignore[reportUnknownMemberType]
    return request


def send(
    session: requests.Session, request: requests.PreparedRequest, timeout: Patience
) -> requests.Response:
    """Send a request and return the answer, its body still to be read.

    The session's own `send` would look for cookies and for where a redirect leads.
    """
    adapter = session.get_adapter(str(request.url))
    options: Any = {'timeout': timeout, 'verify': session.verify, 'proxies': session.proxies}
    return adapter.send(request, stream=True, **options)


def whole(response: requests.Response, limit: int) -> bytes:
    """Return the whole body, unpacked, and leave the response able to give it again.

    requests reads in small pieces, which takes three times as long for long lists. Raises
    ResponseTooLarge beyond `limit` bytes.
    """
    content: bytes = response.raw.read(_most(response, limit), decode_content=True)
    if len(content) > limit:
        response.close()
        raise ResponseTooLarge(
            f'{response.request.method} {response.url} was answered with more than {limit} bytes: '
            'ask for less (limit=), or pass body_limit='
        )
    response.raw.release_conn()
    response.raw = io.BytesIO(content)
    return content


def _most(response: requests.Response, limit: int) -> int:
    """Return how many bytes to ask for: what is asked for exactly is not copied once more."""
    is_packed = 'Content-Encoding' in response.headers
    length = None if is_packed else response.raw.length_remaining
    return min(length or limit + 1, limit + 1)


@contextmanager
def _forgetting() -> Generator[None]:
    """Take the signature and the body out of the request that an error carries along."""
    try:
        yield
    except requests.RequestException as error:
        if isinstance(error.request, requests.PreparedRequest):
            forget_secrets(error.request)
        raise


@contextmanager
def translated(server: str) -> Generator[None]:
    """Turn what requests and the libraries under it raise into errors of ours."""
    try:
        with _forgetting():
            yield
    except SmartDCError:
        raise
    except requests.exceptions.SSLError as error:
        raise TLSError(_distrust(server, _reason(error))) from error
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        text = f'{server} did not answer in time: {_reason(error)}'
        raise Timeout(text, sent=_was_sent(error)) from error
    except requests.exceptions.InvalidURL:
        # The server's URL was checked before. The error's text may have a part of the password.
        raise ConfigurationError(
            'a proxy that the environment names (http_proxy, https_proxy, all_proxy) is no proxy: '
            'give a URL, http://HOST:PORT'
        ) from None
    except requests.exceptions.InvalidHeader as error:  # those that are sent were checked before
        raise ConnectionFailed(f'{server} answered with odd headers: {error}', sent=True) from error
    except UnicodeError as error:
        raise InvalidInput(f'a header has letters that cannot be sent: {error}') from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        text = f'cannot reach {server}: {_reason(error)}. Is the location right and the server up?'
        raise ConnectionFailed(text, sent=_was_sent(error)) from error


def _distrust(server: str, reason: str) -> str:
    """Return what is wrong with the TLS of a server, and what to do."""
    if 'WRONG_VERSION_NUMBER' in reason:
        return f'{server} does not speak TLS: {reason}. Is the port right, or is it http:// there?'
    return (
        f'the certificate of {server} was not accepted: {reason}. For a private CA '
        'pass verify=CA_FILE; verify=False gives up the check'
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it, from the outside in; requests wraps several times."""
    inner: object = error
    while isinstance(inner, BaseException):
        yield inner
        first = inner.args[0] if inner.args else None
        wrapped = first if isinstance(first, BaseException) else None
        deeper = getattr(inner, 'reason', None) or wrapped or inner.__cause__ or inner.__context__
        inner = None if deeper is inner else deeper


def _was_sent(error: BaseException) -> bool:
    """Say whether the request may have reached the server."""
    before = (NewConnectionError, NameResolutionError, ConnectTimeoutError, requests.ConnectTimeout)
    return not any(isinstance(cause, before) for cause in _causes(error))


def _reason(error: BaseException) -> str:
    """Return the innermost cause in words."""
    *_, inner = _causes(error)
    return getattr(inner, 'strerror', None) or str(inner) or type(inner).__name__
