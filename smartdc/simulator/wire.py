"""What goes into the simulated CloudAPI and what comes out, free of sockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from smartdc.simulator.upgrade import Channel


@dataclass(frozen=True)
class Request:
    """A request as it arrived: `target` is the path with its query, header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b''
    peer: str = '127.0.0.1'

    @cached_property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return self.target.partition('?')[0]

    @cached_property
    def query(self) -> str:
        """The query string, without its question mark."""
        return self.target.partition('?')[2]

    @cached_property
    def pairs(self) -> Sequence[tuple[str, str]]:
        """The names and values of the query, decoded, in their order."""
        return parse_qsl(self.query, keep_blank_values=True) if self.query else ()


@dataclass
class Response:
    """An answer, ready for the socket.

    `delay` is how many seconds the server holds it back; `outcome` is `reply`, or what a fault
    makes of it (see `faults.py`), `rate` how many bytes a second are sent of a slow one. With a
    `channel` the connection becomes a websocket, and this end of it is the channel.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b''
    delay: float = 0.0
    outcome: str = 'reply'
    rate: float = 0.0
    channel: Channel | None = None


class Refusal(Exception):
    """CloudAPI says no: the status, code and message of its answer.

    `errors` is the list of `{field, code, message}`; `bare` marks the refusals that the server
    gives before it has set its usual headers; `headers` are added to the answer.
    """

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        bare: bool = False,
    ) -> None:
        super().__init__(f'{status} {code}: {message}')
        self.status = status
        self.code = code
        self.message = message
        self.errors: list[Mapping[str, Any]] = list(errors)
        self.headers: dict[str, str] = dict(headers or {})
        self.bare = bare

    def body(self) -> dict[str, Any]:
        """Return the answer's JSON object."""
        found: dict[str, Any] = {'message': self.message}
        if self.code is not None:
            found = {'code': self.code, **found}
        if self.errors:
            found['errors'] = self.errors
        return found
