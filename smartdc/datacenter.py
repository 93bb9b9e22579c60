"""DataCenter: its base classes are the table of contents of what it can do."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import wraps
from os import PathLike
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TextIO, TypeVar

from smartdc import __version__
from smartdc.api.accesskeys import AccessKeysChapter
from smartdc.api.account import AccountChapter
from smartdc.api.changefeed import ChangefeedChapter
from smartdc.api.datacenters import DatacentersChapter
from smartdc.api.fabrics import FabricsChapter
from smartdc.api.firewall import FirewallChapter
from smartdc.api.images import ImagesChapter
from smartdc.api.keys import KeysChapter
from smartdc.api.machines import MachinesChapter
from smartdc.api.migrations import MigrationsChapter
from smartdc.api.networks import NetworksChapter
from smartdc.api.packages import PackagesChapter
from smartdc.api.roles import RolesChapter
from smartdc.api.users import UsersChapter
from smartdc.api.volumes import VolumesChapter
from smartdc.certificates import Certificates
from smartdc.clock import Clock
from smartdc.dry_run import DryRuns
from smartdc.errors import InvalidInput
from smartdc.finding import default_package, find
from smartdc.http_signature import HTTPSignatureAuth, search_for
from smartdc.locations import (
    API_HOST_SUFFIX,
    DEFAULT_LOCATION,
    KNOWN_LOCATIONS,
    TELEFONICA_LOCATIONS,
    base_url,
    is_downgrade,
    shown,
)
from smartdc.many import Many
from smartdc.news import Feeds
from smartdc.patience import Patience
from smartdc.presign import expiry, presigned_url
from smartdc.retrying import DEFAULT_RETRY, Retry
from smartdc.search import search_dicts
from smartdc.showing import line
from smartdc.transport import BODY_LIMIT, Verify
from smartdc.types import Account, Package
from smartdc.wait_for import WaitFor

if TYPE_CHECKING:
    from requests.auth import AuthBase

    from smartdc.plan import Plan

__all__ = [
    'API_HOST_SUFFIX',
    'DEFAULT_HEADERS',
    'DEFAULT_LOCATION',
    'KNOWN_LOCATIONS',
    'TELEFONICA_LOCATIONS',
    'DataCenter',
    'deprecated',
    'search_dicts',
]

DEFAULT_HEADERS = {
    'Accept': 'application/json',
    'Accept-Encoding': 'gzip, deflate',
    'Content-Type': 'application/json; charset=UTF-8',
    'User-Agent': f'py-smartdc ({__version__}) Python/{".".join(map(str, sys.version_info[:3]))}',
}

Arguments = ParamSpec('Arguments')
Result = TypeVar('Result')


def deprecated(func: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let each call of the function warn that it will go."""

    @wraps(func)
    def warning(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        warnings.warn(f'{func.__name__} is deprecated', DeprecationWarning, stacklevel=2)
        return func(*args, **kwargs)

    return warning


def _hidden(
    passphrase: str | bytes | Callable[[], str | bytes] | None,
) -> Callable[[], str | bytes] | None:
    """Return a passphrase as a function, so that no attribute shows it."""
    if passphrase is None or callable(passphrase):
        return passphrase
    return lambda: passphrase


class DataCenter(
    Many,
    AccessKeysChapter,
    AccountChapter,
    ChangefeedChapter,
    DatacentersChapter,
    FabricsChapter,
    FirewallChapter,
    ImagesChapter,
    KeysChapter,
    MachinesChapter,
    MigrationsChapter,
    NetworksChapter,
    PackagesChapter,
    RolesChapter,
    UsersChapter,
    VolumesChapter,
    Certificates,
    WaitFor,
):
    """An account in one data center.

    `location` is the data center: a URL, a host, `host:port`, or a name in `known_locations`.
    `key_id` says who signs: `/login/keys/name`, `/login/users/subuser/keys/name`, an MD5 or
    SHA256 fingerprint (with `login`), or None for the key that `secret` holds (with `login`).
    `secret` is the path of the private key, or its text; `passphrase` opens it, a text or a
    function that returns one. With `allow_agent` the key is looked for in the ssh-agent first.
    With `secret=None` the key of that fingerprint is looked for in the ssh-agent and in ~/.ssh;
    `key_id` may then also be the name of a file there, or its path. `user` is the sub-user of the
    account that the key belongs to. `auth` is any other requests auth object to sign with.

    `headers` are added to each request; `verify` is True, False or the path of CA certificates;
    `verbose` logs each request to stderr, or to the file given; `signed_headers` are what the
    signature covers; `api_version` is the range of API versions asked for; `timeout` is in
    seconds, one number or `(connect, read)`; `clock` is what dates and waits go by. `as_role` are
    the roles to act in, `act_as` is the account whose resources are meant; see `acting`.
    `retries` says how persistent calls are, None for one attempt each; `correct_clock` whether to
    go by the server's clock when it refuses this machine's: by default where the server's
    certificate is checked. `pool_size` is how many connections there are at most, for which more
    threads that call at once wait, `body_limit` how many bytes an answer may have. `events` says
    whether waits for machines use the changefeed, where the extra `events` and the server have it.

    Making one sends nothing and reads no file. It may be shared by threads, and used in a
    `with` statement, which closes its connections.
    """

    def __init__(
        self,
        location: str | None = None,
        key_id: str | PathLike[str] | None = None,
        secret: str | PathLike[str] | None = '~/.ssh/id_rsa',
        headers: Mapping[str, str] | None = None,
        login: str | None = None,
        known_locations: Mapping[str, str] | None = None,
        allow_agent: bool = False,
        verify: Verify = True,
        verbose: bool | TextIO | None = None,
        *,
        passphrase: str | bytes | Callable[[], str | bytes] | None = None,
        signed_headers: Sequence[str] = ('(request-target)', 'date'),
        auth: AuthBase | None = None,
        api_version: str | None = None,
        timeout: Patience = (5.0, 60.0),
        clock: Clock | None = None,
        as_role: str | Sequence[str] = (),
        act_as: str | None = None,
        user: str | None = None,
        retries: Retry | None = DEFAULT_RETRY,
        correct_clock: bool | None = None,
        pool_size: int = 10,
        body_limit: int = BODY_LIMIT,
        events: bool = True,
    ) -> None:
        super().__init__(
            verify=verify,
            clock=clock,
            timeout=timeout,
            as_role=as_role,
            act_as=act_as,
            retries=retries,
            correct_clock=correct_clock,
            pool_size=pool_size,
            body_limit=body_limit,
        )
        self._dry_runs = DryRuns()
        self.location = location
        self._old_locations = KNOWN_LOCATIONS if known_locations is None else {}
        known = KNOWN_LOCATIONS if known_locations is None else known_locations
        self.known_locations: dict[str, str] = dict(known)
        self.login: str = login or 'my'
        self.verbose = verbose
        self.events = events
        self._feeds = Feeds()
        self.api_version: str = api_version or self.API_VERSION
        self.default_headers: dict[str, str] = {**DEFAULT_HEADERS, **(headers or {})}
        self._passphrase = _hidden(passphrase)
        self._signed_headers = tuple(signed_headers)
        self._user = user
        self.auth: AuthBase | None = auth
        if auth is None and ((key_id or login) if secret else search_for(key_id)):
            self.authenticate(key_id, secret, allow_agent)

    @classmethod
    def from_profile(cls, name: str | None = None, **overrides: Any) -> Self:
        """Return the data center that `triton` in the same shell talks to.

        `name` is that of a saved profile, or `env`, the environment's; without it the profile is
        TRITON_PROFILE, else the one saved as current, else `env`. `overrides` are arguments of
        the constructor and win. Raises ConfigurationError when something is missing or wrong;
        `smartdc.profiles.explain()` tells what comes from where.
        """
        from smartdc import profiles

        return cls(**profiles.settings(name, overrides, stacklevel=3))

    def authenticate(
        self,
        key_id: str | PathLike[str] | None = None,
        secret: str | PathLike[str] | None = None,
        allow_agent: bool = False,
    ) -> None:
        """Sign with this key from now on.

        `key_id` may be left out when `login` is known; `secret` may be left out when `key_id` is
        a fingerprint. Raises InvalidInput when it is not told who signs, or which key.
        """
        if not secret and not search_for(key_id):
            raise InvalidInput(
                'authenticate() needs secret=, the path of a private key or its text, or the '
                'fingerprint of a key as key_id='
            )
        login = None if self.login == 'my' else self.login
        if not key_id and not login:
            raise InvalidInput('authenticate() needs key_id=, or a login to find the key under')
        self.auth = HTTPSignatureAuth(
            key_id,
            secret or None,
            login=login,
            user=self._user,
            passphrase=self._passphrase,
            allow_agent=allow_agent,
            signed_headers=self._signed_headers,
            clock=self.clock,
        )

    def datacenter(self, name: str) -> Self:
        """Return another data center of this cloud, with the same account and settings.

        `name` is a name or a URL. What names there are the server is asked once
        (`GET /:login/datacenters`); those in `known_locations` are good too, if it was given.
        Raises InvalidInput for one that is not known, and for a URL that would give up TLS.
        """
        if '.' not in name and '://' not in name:
            there = self._server_locations()
            if name not in there and not self._was_told(name):
                listed = ', '.join(sorted(there))
                raise InvalidInput(f'this cloud has no data center {name!r}: it has {listed}')
        url = base_url(name, self.known_locations)
        if is_downgrade(self.base_url, url):
            raise InvalidInput(f'{name} is at {url}, without TLS: pass its https URL')
        other = type(self)(
            name,
            secret=None,
            headers=self.default_headers,
            login=self.login,
            known_locations=self.known_locations,
            verify=self.verify,
            verbose=self.verbose,
            auth=self.auth,
            api_version=self.api_version,
            timeout=self.timeout,
            clock=self.clock,
            passphrase=self._passphrase,
            signed_headers=self._signed_headers,
            as_role=self.as_role,
            act_as=self.act_as,
            user=self._user,
            retries=self.retries,
            correct_clock=self.correct_clock,
            pool_size=self.pool_size,
            body_limit=self.body_limit,
            events=self.events,
        )
        other._told_locations = self._told_locations
        other._old_locations = self._old_locations
        other._dry_runs = self._dry_runs
        return other

    def presign(
        self, method: str | Sequence[str], path: str, *, expires: float | datetime = 300.0
    ) -> str:
        """Return a URL with which anybody may make one request without a key, until it expires.

        `method` is GET, or several methods; `path` is as for `request`, with its query;
        `expires` is in seconds from now, by the server's clock where it is known to differ, or a
        datetime with a timezone. It is meant for browsers, which can't sign what they open a
        WebSocket with. Nothing is sent. Since 9.8.
        """
        signing = self._signing()
        if not isinstance(signing, HTTPSignatureAuth):
            raise InvalidInput('only an SSH key can sign a URL, not what auth= was given')
        url = self._address(path)
        key_id, key = signing.key()
        until = expiry(expires, self._date())
        return presigned_url(url, method, key_id, key, until)

    def default_package(self) -> Package | None:
        """Return the package flagged as default, else the one `create_machine()` would choose.

        `GET /:login/packages`, since 6.5, and `GET /:login/images` when none is flagged.
        """
        return default_package(self)

    def dry_run(self) -> AbstractContextManager[Plan]:
        """Collect the writes of a block instead of sending them: `with sdc.dry_run() as plan:`.

        Reads are real. `plan` is the sequence of writes, each with method, path, body and the
        `triton` command that does the same; printed it shows them, without secrets. What a write
        would have made is stood for by a placeholder, so that the block goes on; waiting ends at
        once. It holds for this data center, what `acting` and `datacenter` made and make of it, and
        their machines, in all threads.
        """
        return self._dry_runs.collecting()

    @deprecated
    def me(self) -> Account:
        """Return the account: the old name of `account()`.

        `GET /:login`, since 7.0.
        """
        return self.account()

    @deprecated
    def api(self) -> dict[str, Any]:
        """Return the server's sign of life; what this once returned is a web page now.

        `GET /--ping`, since 7.0.
        """
        return self.ping()

    def _find(self, kind: str, ref: Any) -> str:
        return find(self, kind, ref)

    _told_locations: Mapping[str, str] | None = None

    def _server_locations(self) -> Mapping[str, str]:
        if self._told_locations is None:
            self._told_locations = self.datacenters()
        return self._told_locations

    def _was_told(self, name: str) -> bool:
        """Say whether somebody has told this location: those of 2013 are in no cloud of today."""
        url = self.known_locations.get(name)
        return url is not None and url != self._old_locations.get(name)

    def __str__(self) -> str:
        who = '' if self.login == 'my' else f'{self.login}@'
        return line('<DataCenter: {}>', f'{who}{shown(self.location)}')

    def __repr__(self) -> str:
        who = '' if self.login == 'my' else f'<{self.login}> '
        form = f'<smartdc.datacenter.{type(self).__name__}: {{}}at <{{}}>>'
        return line(form, who, shown(self.location))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DataCenter):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[str | None, str]:
        """Return where this is and whose account, as far as is known without asking."""
        try:
            place: str | None = self.base_url
        except InvalidInput:
            place = self.location
        signer = str(getattr(self.auth, 'key_id', '') or '').split('/')
        account = signer[1] if self.login == 'my' and len(signer) > 1 else self.login
        return place, self.act_as or account
