"""The signed connection to one data center: the only file that sends.

`Connection.request` is five steps: address, headers, send, refuse, decode.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any, Self, TextIO

import requests
from requests.auth import AuthBase

from smartdc.answers import (
    check_digest,
    decoded,
    expect_json,
    full_page,
    refuse,
    resource_count,
    rows_of,
    understood,
)
from smartdc.clock import SYSTEM_CLOCK, Clock, seconds_left
from smartdc.creating import Creator
from smartdc.dry_run import collected
from smartdc.errors import (
    APIError,
    ConfigurationError,
    InvalidInput,
    InvalidResponse,
    SmartDCError,
)
from smartdc.locations import base_url, is_loopback
from smartdc.pacing import take_turn
from smartdc.paging import PAGE, Ahead, Page, pages
from smartdc.paths import fill
from smartdc.patience import Patience, longest, patient, within
from smartdc.request_line import checked_path, verb, wire_url, with_query
from smartdc.retrying import DEFAULT_RETRY, Attempts, Budget, Fault, Retry, fault_of
from smartdc.server_clock import ServerClock
from smartdc.shapes import is_object
from smartdc.trace import log
from smartdc.transport import (
    BODY_LIMIT,
    Pool,
    Verify,
    json_body,
    prepared,
    send,
    translated,
    whole,
)
from smartdc.watchdog import cut_off

#: How a call gets its data out of an answer that is not just its body.
Reader = Callable[[Any, requests.Response], Any]


class Connection(Creator):
    """A data center's address, the account's credentials, and one requests session.

    One connection may be shared by threads. After a fork the child gets a session of its own.
    """

    #: The API versions asked for, in CloudAPI's order of preference; a subclass may override it.
    API_VERSION = '~9||~8||~7'

    location: str | None
    known_locations: dict[str, str]
    login: str
    auth: AuthBase | None
    default_headers: dict[str, str]
    verbose: bool | TextIO | None
    api_version: str

    def __init__(
        self,
        *,
        verify: Verify = True,
        clock: Clock | None = None,
        timeout: Patience = (5.0, 60.0),
        as_role: str | Sequence[str] = (),
        act_as: str | None = None,
        retries: Retry | None = DEFAULT_RETRY,
        correct_clock: bool | None = None,
        pool_size: int = 10,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        self.timeout: Patience = patient(timeout)
        self.clock: Clock = clock or SYSTEM_CLOCK
        self.verify = verify
        self.as_role: tuple[str, ...] = _names(as_role)
        self.act_as = act_as
        if retries is not None and not isinstance(retries, Retry):
            raise InvalidInput(f'retries= is a Retry or None, not {retries!r}')
        self.retries = retries
        self.correct_clock = correct_clock
        self.pool_size = pool_size
        self.body_limit = body_limit
        self._server_clock = ServerClock(self.clock)
        self._budget = Budget(retries.budget if retries else 0)
        self._pool = Pool(pool_size)

    @property
    def base_url(self) -> str:
        """The server's URL, without the account."""
        return base_url(self.location, self.known_locations)

    @property
    def url(self) -> str:
        """The URL under which the account's resources are."""
        return self.base_url + self._account

    @property
    def _account(self) -> str:
        return fill('/{}', self.act_as or self.login)

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        timeout: Patience = None,
    ) -> tuple[Any, requests.Response]:
        """Make any signed request and return its decoded body with the response.

        `path` starts with `/` and is relative to `url`; it is sent as it is, so ids in it must
        be percent-encoded. `data` becomes a JSON body; None means no body. `params` are added to
        the query; `timeout` is in seconds, one number or `(connect, read)`, the client's if it is
        not given. The body is None when there is none, and text when it is not JSON. Raises an
        APIError for every status of 400 and more. Redirects are not followed.
        """
        return self._ask(verb(method), path, headers, data, decoded, params, patient(timeout))

    def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
        data: Any,
        decode: Callable[[requests.Response, bytes], Any],
        params: Mapping[str, Any] | None = None,
        timeout: Patience = None,
    ) -> tuple[Any, requests.Response]:
        """Make a signed request, as often as it takes, and decode its answer."""
        url = self._address(path, params)
        body = None if data is None else json_body(data)
        kept = collected(self, method, path, params, body)
        if kept is not None:
            return decode(kept, kept.content), kept
        attempts = Attempts(self.retries, self._budget, self.clock, method)
        while True:
            try:
                take_turn(self.clock, self.url)  # before the date that is signed
                sent = self._headers(headers, data)
                response, content = self._send(method, url, self._signing(), sent, body, timeout)
                refuse(response, content, self._date())
                check_digest(response, content)
                answer = decode(response, content)
            except SmartDCError as error:
                self._correct_clock(error)
                attempts.again(error)
            else:
                attempts.succeeded()
                return answer, response

    def ping(self) -> dict[str, Any]:
        """Return the server's sign of life, without an account or a signature.

        `GET /--ping`, since 7.0: `{ping, cloudapi: {versions}}`, the versions as text.
        """
        url, headers = f'{self.base_url}/--ping', self._headers(None, None)
        response, content = self._send('GET', url, None, headers)
        refuse(response, content, self._date())
        data = decoded(response, content)
        expect_json(data, response)
        return data

    def acting(self, as_role: str | Sequence[str] | None = None, act_as: str | None = None) -> Self:
        """Return the same data center, acting in other roles or on another account's resources.

        It is for single calls, `sdc.acting(as_role='ops').machines()`, and shares the
        connections. What is not given stays as it is.
        """
        other = copy.copy(self)
        if as_role is not None:
            other.as_role = _names(as_role)
        if act_as is not None:
            other.act_as = act_as
        return other

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _call(
        self,
        method: str,
        template: str,
        *parts: object,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        read: Reader | None = None,
    ) -> Any:
        """Make a chapter's call and return its data.

        Each part is encoded into its `{}` of the template. What is None in the query, or at the
        top of a body that is a mapping, is not sent. `read` makes the data of the decoded body
        and the response, which may be a redirect then.
        """
        if is_object(body):
            body = {name: value for name, value in body.items() if value is not None}
        path = fill(template, *parts)
        data, response = self._ask(method, path, headers, body, decoded, query)
        if read is None or not response.is_redirect:
            expect_json(data, response)
        if read is None:
            return data
        with understood(response):
            return read(data, response)

    def _pages(
        self,
        template: str,
        *parts: object,
        query: Mapping[str, Any],
        start: int = 0,
        size: int = PAGE,
        key: str = 'id',
    ) -> Iterator[list[Any]]:
        """Yield a chapter's paged list, from an offset on, a thousand rows a page, each once."""
        path = fill(template, *parts)

        def ask(offset: int, decode: Callable[[requests.Response, bytes], Any]) -> Any:
            asked = {**query, 'limit': size, 'offset': start + offset}
            return self._ask('GET', path, None, None, decode, asked)

        def get(offset: int) -> tuple[bytes, requests.Response]:
            return ask(offset, lambda _, content: content)

        def told(got: tuple[bytes, requests.Response]) -> tuple[int | None, int]:
            return resource_count(got[1]), min(size, full_page(got[1], size))

        def decode(got: tuple[bytes, requests.Response], offset: int) -> Page:
            content, response = got
            try:
                found = decoded(response, content)
            except InvalidResponse:
                found, response = ask(offset, decoded)
            expect_json(found, response)
            return rows_of(found, response, key), min(size, full_page(response, size))

        ahead = Ahead(get, told, decode)
        try:
            yield from pages(ahead, key)
        finally:
            ahead.close()

    def _is_new(self, row: Mapping[str, Any], since: float) -> bool:
        """Say whether a thing was made after a moment of this machine's clock, if it is told."""
        return self._server_clock.is_new(row, since, self.base_url)

    def _stream(
        self, method: str, template: str, *parts: object, query: Mapping[str, Any]
    ) -> requests.Response:
        """Make a chapter's call whose answer is read bit by bit, and return the response."""
        url = self._address(fill(template, *parts), query)
        began = time.perf_counter()
        with self._sending(self.timeout) as (session, patience):
            request = prepared(method, url, self._headers(None, None), None, self._signing())
            response = send(session, request, patience())
            if response.status_code >= 400:
                refuse(response, whole(response, self.body_limit), self._date())
        log(response, time.perf_counter() - began, self.verbose)
        return response

    def _find(self, kind: str, ref: Any) -> str:
        """Return the id or name by which CloudAPI knows what `ref` means.

        The one thing that a chapter may ask of another; DataCenter implements it.
        """
        raise InvalidInput(f'cannot look up {kind} {ref!r} here')

    def _learn(
        self, *, login: str | None = None, locations: Mapping[str, str] | None = None
    ) -> None:
        """Keep what the server told of itself."""
        if login and self.login == 'my':
            self.login = login
        self.known_locations = {**self.known_locations, **(locations or {})}

    def _address(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        url = wire_url(self.base_url) + self._account + checked_path(path)
        return with_query(url, self._acting(params))

    def _headers(self, given: Mapping[str, str] | None, data: Any) -> dict[str, str]:
        headers = {
            **self.default_headers,
            'Accept-Version': self.api_version,
            'X-Api-Version': self.api_version,
            'Date': formatdate(self._date(), usegmt=True),
            **(given or {}),
        }
        if data is None:
            headers.pop('Content-Type', None)
        return headers

    def _date(self) -> float:
        """Return what time to sign for."""
        ahead = self._server_clock.ahead(self.base_url)
        return self.clock.now() + (ahead if ahead and self._believes() else 0.0)

    def _acting(self, params: Mapping[str, Any] | None) -> dict[str, Any]:
        """Add the roles to act in to a query."""
        return {**(params or {}), **({'as-role': ','.join(self.as_role)} if self.as_role else {})}

    def _correct_clock(self, error: SmartDCError) -> None:
        """Go by the server's clock from now on, if it refused this machine's."""
        if fault_of(error) is not Fault.CLOCK or not isinstance(error, APIError):
            return
        if error.response is not None and self._believes():
            self._server_clock.correct(self.base_url, error.response.headers.get('Date'))

    def _believes(self) -> bool:
        """Say whether the server is known to be the one it claims to be."""
        if self.correct_clock is not None:
            return self.correct_clock
        server = self.base_url
        return is_loopback(server) or (server.startswith('https:') and self.verify is not False)

    def _signing(self) -> AuthBase:
        if self.auth is None:
            raise ConfigurationError(
                'no key is set to sign with: pass key_id= and secret=, or login= and secret=, '
                'or call authenticate()'
            )
        return self.auth

    def _send(
        self,
        method: str,
        url: str,
        auth: AuthBase | None,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: Patience = None,
    ) -> tuple[requests.Response, bytes]:
        """Make one attempt and return the answer with its whole body."""
        began = time.perf_counter()
        with self._sending(self.timeout if timeout is None else timeout) as (session, patience):
            request = prepared(method, url, headers, body, auth)
            response = send(session, request, patience())
            content = whole(response, self.body_limit)
        log(response, time.perf_counter() - began, self.verbose)
        self._server_clock.saw(self.base_url, response.headers.get('Date'))
        return response, content

    @contextmanager
    def _sending(
        self, patience: Patience
    ) -> Generator[tuple[requests.Session, Callable[[], Patience]]]:
        """Yield the session, and what tells how much time is left; make errors of the block ours.

        To sign may take its time, so that it is asked for after that.
        """
        left = seconds_left()
        ends = time.perf_counter() + left
        seconds = min(left, max((self.retries or DEFAULT_RETRY).within, longest(patience)))
        with (
            cut_off(seconds),
            translated(self.base_url),
            self._pool.connection(self.base_url, self.verify, seconds) as session,
        ):
            yield session, lambda: within(ends - time.perf_counter(), patience)


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
