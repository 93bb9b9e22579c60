"""The errors of this library, and APIError, the root of CloudAPI's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self

import requests

from smartdc.shapes import is_object


class SmartDCError(Exception):
    """The root of everything that this library raises.

    `maybe_done` is True when a write may have been done all the same: look before doing it again.
    After a create `sought` says what to look for, such as `{'name': 'web0'}`.
    """

    maybe_done: bool = False
    sought: Mapping[str, Any] = MappingProxyType({})

    def doubt(self, sought: Mapping[str, Any]) -> None:
        """Note that what was to be made may be there, and by what it is found."""
        self.maybe_done, self.sought = True, dict(sought)

    def __str__(self) -> str:
        text = super().__str__()
        if not self.maybe_done:
            return text
        found = ', '.join(f'{name} {value!r}' for name, value in self.sought.items())
        look = f'look for {found}' if found else 'look'
        return f'{text.rstrip(".")}. It may have been done: {look} before you do it again'

    def _state(self) -> dict[str, Any]:
        """Return what is pickled beside the arguments."""
        return {'maybe_done': self.maybe_done, 'sought': dict(self.sought)}


class InvalidInput(SmartDCError, ValueError):
    """An argument that CloudAPI cannot take; nothing was sent."""


class ConfigurationError(InvalidInput):
    """No data center, account or key is known to work with."""


class _NameNotFound(InvalidInput):
    """A name or short id that does not stand for one thing."""

    def __init__(self, text: str = '', candidates: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.candidates: tuple[str, ...] = tuple(candidates)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.candidates), self._state()


class UnknownName(_NameNotFound):
    """Nothing has this name or short id; `candidates` are names that look like it."""


class AmbiguousName(_NameNotFound):
    """Several things have this name or short id; `candidates` are their ids."""


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


class SSHError(SmartDCError):
    """Something is wrong with SSH to a machine."""


class HostKeyRefused(SSHError):
    """The host key of the machine is not known, or is another one than is known."""


class LoginRefused(SSHError):
    """The machine took none of the keys."""


class CommandFailed(SSHError):
    """A command on a machine ended with a `status` other than 0.

    `stdout` and `stderr` are what it wrote, as bytes.
    """

    def __init__(
        self, text: str = '', *, status: int = -1, stdout: bytes = b'', stderr: bytes = b''
    ) -> None:
        super().__init__(text)
        self.status: int = status
        self.stdout: bytes = stdout
        self.stderr: bytes = stderr

    def __reduce__(self) -> tuple[Any, ...]:
        named = {'status': self.status, 'stdout': self.stdout, 'stderr': self.stderr}
        return _rebuild, (type(self), self.args, named), self._state()


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
        return _rebuild, (type(self), self.args, {'sent': self.sent}), self._state()


class TLSError(ConnectionFailed):
    """The server's certificate was not accepted."""


class Timeout(ConnectionFailed, requests.Timeout):
    """The server did not answer in time."""


class InvalidResponse(SmartDCError):
    """The answer is not one that CloudAPI gives: not JSON, or damaged.

    `request_id` identifies the exchange in the server's log, None if the server did not tell it.
    """

    def __init__(self, text: str = '', *, request_id: str | None = None) -> None:
        super().__init__(f'{text} [request id {request_id}]' if request_id else text)
        self.text = text
        self.request_id = request_id

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), (self.text,), {'request_id': self.request_id}), self._state()


class ResponseTooLarge(InvalidResponse):
    """The answer is longer than the client takes."""


def without_credentials(data: Any) -> Any:
    """Return a thing's data without the passwords that a machine's metadata may hold."""
    metadata = data.get('metadata') if is_object(data) else None
    if not is_object(data) or not is_object(metadata) or 'credentials' not in metadata:
        return data
    kept = {name: value for name, value in metadata.items() if name != 'credentials'}
    return {**data, 'metadata': kept}


class MachineDiffers(SmartDCError):
    """There is a machine of that name, but of another image or package; nothing was changed.

    `machine` is its data, a dict. `differences` are what was wanted and what the machine has, by
    field: `{'package': ('g1-small', 'g1-large')}`; images are ids.
    """

    def __init__(
        self,
        text: str = '',
        machine: Mapping[str, Any] | None = None,
        differences: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(text)
        self.machine: dict[str, Any] = dict(without_credentials(machine or {}))
        self.differences: dict[str, tuple[str, str]] = dict(differences or {})

    @classmethod
    def of(cls, machine: Mapping[str, Any], differences: Mapping[str, tuple[str, str]]) -> Self:
        """Return the error of a machine that differs."""
        listed = ' and '.join(
            f'its {field} is {found}, not {wanted}'
            for field, (wanted, found) in differences.items()
        )
        there = f'the machine {machine.get("name")} is there ({machine.get("id")}), but {listed}'
        return cls(f'{there}: ask for what it is, or for another name', machine, differences)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.machine, self.differences), self._state()


class WaitFailed(SmartDCError):
    """What was waited for cannot happen any more: the thing failed or is gone.

    `last` is the last data seen of the thing waited for, a dict.
    """

    def __init__(self, text: str = '', last: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.last: dict[str, Any] = dict(without_credentials(last or {}))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.last), self._state()


class MachineFailed(WaitFailed):
    """The machine went to a state that it will not leave by itself."""

    @property
    def machine(self) -> dict[str, Any]:
        """The machine's last data."""
        return self.last


class ActionFailed(WaitFailed):
    """CloudAPI took an action on a machine, and the job came to nothing.

    It was not the moment for it, as a rule: a stop of a machine that is stopped. `action` is its
    name in the machine's audit.
    """

    def __init__(
        self, text: str = '', last: Mapping[str, Any] | None = None, action: str = ''
    ) -> None:
        super().__init__(text, last)
        self.action = action

    @property
    def machine(self) -> dict[str, Any]:
        """The machine's last data."""
        return self.last

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.last, self.action), self._state()


class WaitTimeout(SmartDCError, TimeoutError):
    """What was waited for did not happen before the deadline.

    `last` is the last data seen of the thing waited for, a dict.
    """

    def __init__(self, text: str = '', last: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.last: dict[str, Any] = dict(without_credentials(last or {}))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.args, self.last), self._state()


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
        self.errors: list[dict[str, Any]] = [dict(error) for error in errors]
        self.request_id = request_id
        self.method = method
        self.url = url
        self.body: Any = without_credentials(body)
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
        named = {
            'errors': self.errors,
            'request_id': self.request_id,
            'method': self.method,
            'url': self.url,
            'body': self.body,
            'retry_after': self.retry_after,
            'actor': self.actor,
        }
        positional = (self.status, self.code, self.message)
        return _rebuild, (type(self), positional, named), self._state()
