"""The errors of this library, and APIError, the root of CloudAPI's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests


class SmartDCError(Exception):
    """The root of everything that this library raises."""


class InvalidInput(SmartDCError, ValueError):
    """An argument that CloudAPI cannot take; nothing was sent."""


class ConfigurationError(InvalidInput):
    """No data center, account or key is known to work with."""


class Unsupported(SmartDCError, RuntimeError):
    """The API version in use does not have this; nothing was sent."""


class SigningError(SmartDCError):
    """The request could not be signed, so it was not sent."""


class KeyUnreadable(SigningError):
    """The key file does not exist or may not be read."""


class KeyUnsupported(SigningError):
    """The key is of a kind, or its file of a form, that cannot be used."""


class NotAPrivateKey(SigningError):
    """The file holds a public key, or no key at all."""


class PassphraseRequired(SigningError):
    """The key file is encrypted and no passphrase was given."""


class WrongPassphrase(SigningError):
    """The passphrase does not open the key file."""


class AgentError(SigningError):
    """The ssh-agent cannot be reached, refused to sign, or does not hold the key."""


def _rebuild(leaf: type[Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return leaf(*args, **named)


class ConnectionFailed(SmartDCError, requests.ConnectionError):
    """The server could not be reached, or the connection broke.

    `sent` is False when the request cannot have reached the server.
    """

    def __init__(self, text: str = '', *, sent: bool = True) -> None:
        super().__init__(text)
        self.sent = sent

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), (str(self),), {'sent': self.sent})


class TLSError(ConnectionFailed):
    """The server's certificate was not accepted."""


class Timeout(ConnectionFailed, requests.Timeout):
    """The server did not answer in time."""


class InvalidResponse(SmartDCError):
    """The answer is not one that CloudAPI gives: not JSON, or cut short."""


class WaitFailed(SmartDCError):
    """What was waited for cannot happen any more: the thing failed or is gone.

    `last` is the last data seen of the thing waited for, a dict.
    """

    def __init__(self, text: str = '', last: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.last = dict(last or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.last)


class MachineFailed(WaitFailed):
    """The machine went to a state that it will not leave by itself."""

    @property
    def machine(self) -> dict[str, Any]:
        """The machine's last data."""
        return self.last


class WaitTimeout(SmartDCError, TimeoutError):
    """What was waited for did not happen before the deadline.

    `last` is the last data seen of the thing waited for, a dict.
    """

    def __init__(self, text: str = '', last: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.last = dict(last or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.last)


class APIError(SmartDCError, requests.HTTPError):
    """CloudAPI answered with a status of 400 or more.

    `status` is the HTTP status, `code` and `message` are CloudAPI's own, `errors` is its list of
    `{field, code, message}`, `request_id` identifies the exchange in the server's log, `method`
    and `url` say what was asked. `response` is the `requests.Response`; the signature is removed
    from it, and it is not pickled. `retry_after` is for how many seconds the server asked to be
    left alone, None if it did not. `actor` is who asked: the key id that signed, and the roles.
    """

    #: What to do about it, where that is known.
    advice = ''

    def __init__(
        self,
        status: int,
        code: str = '',
        message: str = '',
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        request_id: str | None = None,
        method: str = '',
        url: str = '',
        body: Any = None,
        retry_after: float | None = None,
        actor: str = '',
        response: requests.Response | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.errors = [dict(error) for error in errors]
        self.request_id = request_id
        self.method = method
        self.url = url
        self.body = body
        self.retry_after = retry_after
        self.actor = actor
        super().__init__(self._text(), response=response)

    def _text(self) -> str:
        reason = ': '.join(part for part in (self.code, self.message) if part) or 'no reason given'
        fields = '; '.join(f'{e.get("field")}: {e.get("message")}' for e in self.errors)
        text = f'{self.status} {reason}'
        if fields:
            text += f' ({fields})'
        if self.method:
            text += f' [{self.method} {self.url}]'
        if self.actor and self.status in (401, 403):
            text += f' [asked by {self.actor}]'
        if self.request_id:
            text += f' [request id {self.request_id}]'
        return f'{text}. {self.advice}' if self.advice else text

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (
            type(self),
            (self.status, self.code, self.message),
            {
                'errors': self.errors,
                'request_id': self.request_id,
                'method': self.method,
                'url': self.url,
                'body': self.body,
                'retry_after': self.retry_after,
                'actor': self.actor,
            },
        )


class PartialFailure(SmartDCError):
    """Some of many things failed; all were tried, unless the work was broken off.

    `results` are what the others returned, `errors` why these failed, both by id or name.
    `undone` are the ids or names of those that were not begun.
    """

    def __init__(
        self,
        text: str = '',
        results: Mapping[str, Any] | None = None,
        errors: Mapping[str, BaseException] | None = None,
        undone: Sequence[str] = (),
    ) -> None:
        super().__init__(text)
        self.results = dict(results or {})
        self.errors = dict(errors or {})
        self.undone = tuple(undone)

    def __reduce__(self) -> tuple[Any, ...]:
        # Machines hold on to their connection, which is this process's alone; their data is not.
        plain = {name: _data(result) for name, result in self.results.items()}
        return type(self), (str(self), plain, self.errors, self.undone)


class FleetError(PartialFailure):
    """Some machines of a fleet failed; results and errors are by machine id.

    Machines that were to be made have no id, so there they are by name. Pickling turns machines
    among the results into their data.
    """


class CloudError(PartialFailure):
    """Some data centers of a cloud failed; results and errors are by data center."""


def _data(result: Any) -> Any:
    """Return a machine's or snapshot's data, also of those in a list, and all else as it is."""
    if isinstance(result, Sequence) and not isinstance(result, str | bytes):
        return [_data(each) for each in result]
    found = getattr(result, 'data', None)
    return found if isinstance(found, dict) else result
