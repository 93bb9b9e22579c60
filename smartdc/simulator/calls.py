"""One request on its way to an operation: what the steps before it have found out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from smartdc.simulator import operations
from smartdc.simulator.javascript import string
from smartdc.simulator.store import Doc, Store
from smartdc.simulator.wire import Refusal, Request

if TYPE_CHECKING:
    from smartdc.simulator.cloud import Cloud
    from smartdc.simulator.routing import Route
    from smartdc.simulator.upgrade import Channel

_UUID = re.compile('[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')


@dataclass(frozen=True)
class Caller:
    """Who signed the request: an account, or one of its sub-users."""

    account: Doc
    key_id: str
    user: Doc | None = None


@dataclass
class Reply:
    """What an operation answers; no `body` means an empty answer, not `null`.

    A body of bytes goes out as it is. `delay` is how many seconds the server holds it back, which
    may be for ever. With a
    `channel` the connection becomes a websocket.
    """

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    channel: Channel | None = None


@dataclass
class Call:
    """A request with its route and parameters, its account, and the things that it names.

    `params` are path, query and body merged; `asked` is the range of versions as it was sent;
    `now` is the one time that the whole request happens at; `new_tags` are the ids of the roles
    that new things are tagged with.
    """

    cloud: Cloud
    home: str
    request: Request
    now: float
    route: Route
    path: Mapping[str, str]
    asked: str
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    produces: str = 'application/json'
    caller: Caller | None = None
    account: Doc = field(default_factory=dict[str, Any])
    machine: Doc = field(default_factory=dict[str, Any])
    image: Doc | None = None
    package: Doc | None = None
    new_tags: list[str] = field(default_factory=list[str])

    @property
    def store(self) -> Store:
        """The simulator's memory."""
        return self.cloud.store

    @property
    def owner(self) -> str:
        """The id of the account that the path names."""
        return str(self.account['id'])

    @property
    def login(self) -> str:
        """The login of the account that the path names."""
        return str(self.account['login'])

    @property
    def names(self) -> Sequence[str]:
        """What the operation is called."""
        return operations.names_of(self.route.name, self.text('action'), self.request.path)

    def text(self, name: str) -> str:
        """Return a parameter as JavaScript makes a text of it, '' when it was not given."""
        value = self.params.get(name)
        return '' if value is None else string(value)

    def flag(self, name: str) -> bool:
        """Tell whether a parameter is true, as JSON or as text."""
        value = self.params.get(name)
        return value is True or value == 'true'


Handler = Callable[[Call], Reply]


def missing(message: str) -> Refusal:
    """Return the refusal for a parameter that was not given."""
    return Refusal(409, 'MissingParameter', message)


def invalid(message: str) -> Refusal:
    """Return the refusal for a parameter that makes no sense."""
    return Refusal(409, 'InvalidArgument', message)


def not_found(message: str) -> Refusal:
    """Return the refusal for a thing that isn't there."""
    return Refusal(404, 'ResourceNotFound', message)


def failed(message: str, *errors: Mapping[str, str]) -> Refusal:
    """Return the refusal of a service behind CloudAPI that validates for itself."""
    return Refusal(409, 'ValidationFailed', message, errors=errors)


def fault(field_name: str, code: str, message: str) -> dict[str, str]:
    """Return one entry of an answer's `errors`."""
    return {'field': field_name, 'code': code, 'message': message}


def is_uuid(text: object) -> bool:
    """Tell whether a value is a UUID."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None
