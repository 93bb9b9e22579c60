"""The signed connection to one data center: the only file that sends.

`Connection.request` is five steps: address, headers, send, refuse, decode.
"""

from __future__ import annotations

import copy
import json
import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from typing import Any, Self, TextIO

import requests

from smartdc.answers import decoded, expect_json, refuse
from smartdc.creating import like, once
from smartdc.errors import APIError, ConfigurationError, InvalidInput, SmartDCError
from smartdc.locations import base_url, is_loopback
from smartdc.paths import fill
from smartdc.retrying import DEFAULT_RETRY, Attempts, Budget, Fault, Retry, fault_of
from smartdc.server_clock import ServerClock
from smartdc.transport import Pool, Verify, longest, translated, within
from smartdc.waiting import SYSTEM_CLOCK, Clock, seconds_left
from smartdc.watchdog import cut_off

#: How a call gets its data out of an answer that is not just its body.
Reader = Callable[[Any, requests.Response], Any]

logger = logging.getLogger('smartdc.http')


class Connection:
    """A data center's address, the account's credentials, and one requests session.

    One connection may be shared by threads. After a fork the child gets a session of its own.
    """

    #: The API versions asked for, in CloudAPI's order of preference; a subclass may override it.
    API_VERSION = '~9||~8||~7'

    location: str | None
    known_locations: dict[str, str]
    login: str
    auth: requests.auth.AuthBase | None
    default_headers: dict[str, str]
    verbose: bool | TextIO | None
    api_version: str

    def __init__(
        self,
        *,
        verify: Verify = True,
        clock: Clock | None = None,
        timeout: float | tuple[float, float] = (5.0, 60.0),
        as_role: str | Sequence[str] = (),
        act_as: str | None = None,
        retries: Retry | None = DEFAULT_RETRY,
        correct_clock: bool | None = None,
        pool_size: int = 10,
    ) -> None:
        self.timeout = timeout
        self.clock = clock or SYSTEM_CLOCK
        self.verify = verify
        self.as_role = _names(as_role)
        self.act_as = act_as
        self.retries = retries
        self.correct_clock = correct_clock
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
        return f'{self.base_url}/{fill("{}", self.act_as or self.login)}'

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> tuple[Any, requests.Response]:
        """Make any signed request and return its decoded body with the response.

        `path` starts with `/` and is relative to `url`; it is sent as it is, so ids in it must
        be percent-encoded. `data` becomes a JSON body; None means no body. Other keyword
        arguments go to requests: `params`, `timeout`. The body is None when there is none, and
        text when it is not JSON. Raises an APIError for every status of 400 and more.
        Redirects are not followed.
        """
        url = self._address(path)
        body = None if data is None else _encoded(data)
        kwargs['params'] = self._acting(kwargs.get('params'))
        attempts = Attempts(self.retries, self._budget, self.clock, method)
        while True:
            try:
                sent = self._headers(headers, data)
                response = self._send(
                    method, url, self._signing(), headers=sent, data=body, **kwargs
                )
                refuse(response, self.clock.now())
                answer = decoded(response)
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
        response = self._send(
            'GET', f'{self.base_url}/--ping', None, headers=self._headers(None, None)
        )
        refuse(response, self.clock.now())
        data = decoded(response)
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
        if isinstance(body, Mapping):
            body = {name: value for name, value in body.items() if value is not None}
        data, response = self.request(
            method, fill(template, *parts), headers, body, params=_query(query)
        )
        if read is None or not response.is_redirect:
            expect_json(data, response)
        return data if read is None else read(data, response)

    def _create(
        self,
        template: str,
        *parts: object,
        find: Callable[[], Any],
        query: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> Any:
        """Make a chapter's create so that it is done once, and return its data.

        After a fault that leaves open whether it was done, `find` looks for what this very call
        has made: that is returned, and only when there is nothing the create is sent again.
        """
        attempts = Attempts(self.retries, self._budget, self.clock, 'GET')
        return once(
            lambda: self._call('POST', template, *parts, query=query, body=body), find, attempts
        )

    def _create_named(
        self, template: str, *parts: object, body: Mapping[str, Any], unique: str = 'name'
    ) -> Any:
        """Make the create of a thing whose `unique` field nothing else has, and return its data.

        What this call has made is in the list at the same path, as it was asked for, and new
        where its age is told. When the server chooses the name, nothing can be looked for.
        """
        if body[unique] is None:
            return self._call('POST', template, *parts, body=body)
        since = self.clock.now()

        def find() -> Any:
            rows = self._call('GET', template, *parts)
            return next((row for row in rows if like(row, body) and self._is_new(row, since)), None)

        return self._create(template, *parts, find=find, body=body)

    def _is_new(self, row: Mapping[str, Any], since: float) -> bool:
        """Say whether a thing was made after a moment of this machine's clock, if it is told."""
        return self._server_clock.is_new(row, since, self.base_url)

    def _stream(
        self, method: str, template: str, *parts: object, query: Mapping[str, Any]
    ) -> requests.Response:
        """Make a chapter's call whose answer is read bit by bit, and return the response."""
        url = self._address(fill(template, *parts))
        headers = self._headers(None, None)
        response = self._send(
            method,
            url,
            self._signing(),
            headers=headers,
            params=self._acting(_query(query)),
            stream=True,
        )
        refuse(response, self.clock.now())
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

    def _address(self, path: str) -> str:
        if not isinstance(path, str) or (path and not path.startswith('/')):
            raise InvalidInput(f'a path starts with a slash: {path!r}')
        if any(ord(char) <= 32 or ord(char) == 127 for char in path):
            raise InvalidInput(f'a path must not have blanks or control characters: {path!r}')
        return self.url + path

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

    def _signing(self) -> requests.auth.AuthBase:
        if self.auth is None:
            raise ConfigurationError(
                'no key is set to sign with: pass key_id= and secret=, or login= and secret=, '
                'or call authenticate()'
            )
        return self.auth

    def _send(
        self, method: str, url: str, auth: requests.auth.AuthBase | None, **options: Any
    ) -> requests.Response:
        left, patience = seconds_left(), options.get('timeout', self.timeout)
        options['timeout'] = within(left, patience)
        whole = max((self.retries or DEFAULT_RETRY).within, longest(patience))
        began = time.perf_counter()
        with cut_off(min(left, whole)), translated(self.base_url):
            session = self._pool.session(self.base_url, self.verify)
            response = session.request(method, url, auth=auth, allow_redirects=False, **options)
        self._log(response, time.perf_counter() - began)
        self._server_clock.saw(self.base_url, response.headers.get('Date'))
        return response

    def _log(self, response: requests.Response, seconds: float) -> None:
        line = '%s\t%s\t%s\t%.3f s\trequest id %s'
        facts = (
            response.request.method,
            response.url,
            response.status_code,
            seconds,
            response.headers.get('Request-Id', '-'),
        )
        logger.debug(line, *facts)
        if self.verbose:
            stream = sys.stderr if self.verbose is True else self.verbose
            _to_stream(stream, line % facts)


def _to_stream(stream: TextIO, line: str) -> None:
    record = logging.LogRecord(logger.name, logging.INFO, __file__, 0, line, None, None)
    logging.StreamHandler(stream).handle(record)


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _query(query: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: _plain(value) for name, value in (query or {}).items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return value


def _encoded(data: Any) -> bytes:
    try:
        return json.dumps(data, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidInput(f'this cannot be sent as JSON: {error}') from None
