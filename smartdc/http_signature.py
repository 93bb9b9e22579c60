"""Request signing as CloudAPI wants it: the http-signature scheme and its requests auth.

The scheme lives here because the package of that name (PyPI, 2012) is Python 2 only; its class
names are kept.
"""

from __future__ import annotations

import base64
import functools
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import requests.auth
from requests.structures import CaseInsensitiveDict

from smartdc.errors.base import InvalidInput, SigningError
from smartdc.key_files import Passphrase, Secret
from smartdc.key_search import AgentThenFile, KeySearch
from smartdc.signer import Signer
from smartdc.ssh_agent import AgentSigner
from smartdc.ssh_keys import parse_fingerprint

__all__ = [
    'HTTPSignatureAuth',
    'Key',
    'Signer',
    'authorization',
    'key_path',
    'search_for',
    'signing_string',
]

SIGNED_HEADERS = ('(request-target)', 'date')

_UNQUOTABLE = re.compile(r'[^ !#-~]')
_LINE_BREAKING = re.compile(r'[\x00-\x08\x0a-\x1f\x7f]')
_HEADER_NAME = re.compile(r"\(request-target\)|[a-z0-9!#$%&'*+.^_`|~-]+")
_KEY_PATH = re.compile(r'(/[^/]+(?:/users/[^/]+)?/keys)/(.+)')


class Clock(Protocol):
    """What tells the time: `now()` in seconds since 1970."""

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        ...


class Key(Protocol):
    """What HTTPSignatureAuth signs with: a Signer or an AgentSigner."""

    @property
    def algorithm(self) -> str:
        """Name the algorithm as the Authorization header does."""
        ...

    @property
    def fingerprint(self) -> str:
        """Return the MD5 fingerprint with colons."""
        ...

    @property
    def sha256_fingerprint(self) -> str:
        """Return the fingerprint that ssh-keygen shows."""
        ...

    @property
    def public_blob(self) -> bytes:
        """Return the public part in SSH's wire form."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes."""
        ...


class Reuse:
    """The last text that was signed, and its Authorization header; threads may share it."""

    __slots__ = ('_header', '_lock', '_text')

    def __init__(self) -> None:
        self._text = self._header = ''
        self._lock = threading.Lock()

    def header(self, text: str, sign: Callable[[str], str]) -> str:
        """Return the header for a text, signed only if it is not the last one."""
        with self._lock:
            if self._text != text:
                self._text, self._header = text, sign(text)
            return self._header


def signing_string(
    method: str, target: str, headers: Mapping[str, Any], signed_headers: Sequence[str]
) -> str:
    """Build the text that is signed: a line for each of `signed_headers`, in their order.

    `target` is the path with its query as it is sent. Raises InvalidInput when a header to be
    signed is not in `headers`, or when a value would break its line.
    """
    given = headers if isinstance(headers, CaseInsensitiveDict) else CaseInsensitiveDict(headers)
    lines: list[str] = []
    for name in map(str.lower, signed_headers):
        if name == '(request-target)':
            value = f'{method.lower()} {target}'
        elif name in given:
            value = _text(given[name]).strip(' \t')
        else:
            raise InvalidInput(f'The header {name} is to be signed, but the request has none.')
        if _LINE_BREAKING.search(value):
            raise InvalidInput(f'{name} has a control character in it: remove it.')
        lines.append(f'{name}: {value}')
    return '\n'.join(lines)


def _text(value: Any) -> str:
    return value.decode('latin-1') if isinstance(value, bytes) else str(value)


def authorization(
    key_id: str, algorithm: str, signed_headers: Sequence[str], signature: bytes
) -> str:
    """Build the value of the Authorization header.

    Raises InvalidInput when something would break out of the quotes.
    """
    text = base64.b64encode(signature).decode('ascii')
    return f'{_preamble(key_id, algorithm, tuple(signed_headers))},signature="{text}"'


@functools.lru_cache(64)
def _preamble(key_id: str, algorithm: str, signed_headers: tuple[str, ...]) -> str:
    """Return all of the header that is the same for each request."""
    headers = ' '.join(signed_headers).lower()
    fields = {'keyId': key_id, 'algorithm': algorithm, 'headers': headers}
    # The server refuses blanks after the commas.
    return 'Signature ' + ','.join(f'{k}="{_quotable(k, v)}"' for k, v in fields.items())


def _quotable(name: str, value: str) -> str:
    if _UNQUOTABLE.search(value):
        raise InvalidInput(
            f'{name} may have neither quotes, control characters nor letters outside ASCII:'
            ' for a key id, give the fingerprint of the key.'
        )
    return value


def key_path(key_id: str | None, key: Key, login: str | None, user: str | None = None) -> str:
    """Return the key id as CloudAPI wants it: `/login/keys/name`, or `/login/users/sub/keys/name`.

    `key_id` is such a path, a fingerprint (MD5 or SHA256) or None; then `login` is needed, and
    `user` for a sub-user. For a fingerprint the result has the MD5 fingerprint of `key`: CloudAPI
    knows no other. Raises SigningError when a given fingerprint is not that of the key,
    InvalidInput when a part is missing or of a wrong shape.
    """
    if key_id is not None and key_id.startswith('/'):
        return _given_path(key_id, key)
    if key_id is not None:
        _check_fingerprint(key_id, key)
    if not login or login == 'my':
        raise InvalidInput('Without a key id of the form /login/keys/name, the login is needed.')
    for part in (login, user or ''):
        if '/' in part:
            raise InvalidInput('A login and a user name have no slash in them.')
    of_user = f'/users/{user}' if user else ''
    return _quotable('keyId', f'/{login}{of_user}/keys/{key.fingerprint}')


def _given_path(key_id: str, key: Key) -> str:
    path = _KEY_PATH.fullmatch(_quotable('keyId', key_id))
    if path and path[2].startswith(('SHA256:', 'MD5:')):
        _check_fingerprint(path[2], key)
        return f'{path[1]}/{key.fingerprint}'
    if not path or '/' in path[2] or key_id.startswith('/my/'):
        raise InvalidInput(
            f'The key id {key_id!r} is neither of the form /login/keys/name (with the login itself,'
            ' not "my") nor /login/users/user/keys/name.'
        )
    return key_id


def _check_fingerprint(key_id: str, key: Key) -> None:
    wanted = parse_fingerprint(key_id)
    if wanted is None:
        _quotable('keyId', key_id)
        raise InvalidInput(
            f'The key id {key_id!r} is neither a path like /login/keys/name nor a fingerprint.'
        )
    if wanted not in (key.fingerprint, key.sha256_fingerprint):
        raise SigningError(
            f'The key id is {key_id}, but the key has the fingerprint {key.fingerprint}'
            f' ({key.sha256_fingerprint}): give the other key, or this fingerprint.'
        )


class HTTPSignatureAuth(requests.auth.AuthBase):
    """Signs each request of a requests session.

    `key_id` is `/login/keys/name`, `/login/users/user/keys/name`, or a fingerprint, or None for
    that of the key; the last two need `login`, and `user` for a sub-user. `secret` is a key file
    or a key's text, `passphrase` as for Signer. With `allow_agent` the ssh-agent's key is used
    when it holds the one that is meant. Without a `secret` the key with that fingerprint is looked
    for as KeySearch does, and `key_id` may also be the name or the path of its file, then.
    `signed_headers` must contain `date`; `clock.now()` gives the time, the system's clock when not
    given.
    Nothing is read before the first request; that one raises a SigningError when the key cannot
    be used.
    """

    def __init__(
        self,
        key_id: str | os.PathLike[str] | None,
        secret: Secret | None,
        *,
        login: str | None = None,
        user: str | None = None,
        passphrase: Passphrase = None,
        allow_agent: bool = False,
        signed_headers: Sequence[str] = SIGNED_HEADERS,
        clock: Clock | None = None,
    ) -> None:
        self.key_id: str | None = None if key_id is None else os.fspath(key_id)
        self.login = login
        self.user = user
        self.allow_agent = allow_agent
        self.signed_headers: tuple[str, ...] = _checked(signed_headers)
        self.clock = clock
        if secret is None:
            self._use(None, search_for(key_id, passphrase))
        else:
            self._use(Signer(secret, passphrase))

    def _use(self, signer: Signer | None, search: KeySearch | None = None) -> None:
        if signer is None and search is None and not self.allow_agent:
            raise InvalidInput('A key file or the text of a key is needed, or allow_agent=True.')
        self._signer = signer
        self._search = search
        self._chosen: tuple[str, Key] | None = None
        self._reuse = Reuse()
        self._lock = threading.Lock()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the Authorization header of the request, and the Date if it has none."""
        key_id, key = self._chosen or self._choose()
        if 'Date' not in request.headers:
            now = self.clock.now() if self.clock else time.time()
            request.headers['Date'] = formatdate(now, usegmt=True)
        if 'host' in self.signed_headers and 'Host' not in request.headers:
            request.headers['Host'] = urlsplit(str(request.url)).netloc.rpartition('@')[2]
        text = signing_string(
            str(request.method), request.path_url, request.headers, self.signed_headers
        )

        def sign(text: str) -> str:
            signature = key.sign(text.encode())
            return authorization(key_id, key.algorithm, self.signed_headers, signature)

        # What does not name the request is the same for all requests of a second.
        reusable = '(request-target)' not in self.signed_headers
        header = self._reuse.header(text, sign) if reusable else sign(text)
        request.headers['Authorization'] = header
        return request

    def key(self) -> tuple[str, Key]:
        """Return the key id as it is sent, and the key that signs; both are found at first use.

        Raises a SigningError when the key cannot be used.
        """
        return self._chosen or self._choose()

    def _choose(self) -> tuple[str, Key]:
        with self._lock:
            if self._chosen is None:
                key = self._find_key()
                # What the key was searched by has done its work, unless it says more.
                is_sent = self._search is None or _KEY_PATH.fullmatch(self.key_id or '')
                key_id = self.key_id if is_sent else None
                self._chosen = (key_path(key_id, key, self.login, self.user), key)
            return self._chosen

    def _find_key(self) -> Key:
        if self._search is not None:
            return self._search
        if self._signer is not None and not self.allow_agent:
            return self._signer
        try:
            key = AgentSigner(self._wanted())
            _ = key.fingerprint
        except SigningError as error:
            return self._without_agent(error)
        return key if self._signer is None else AgentThenFile(key, self._signer)

    def _without_agent(self, error: SigningError) -> Key:
        if self._signer is None:
            raise error
        try:
            _ = self._signer.fingerprint
        except SigningError as own:
            raise type(own)(f'{own} The ssh-agent was asked first. {error}') from None
        return self._signer

    def _wanted(self) -> str | bytes:
        """Return the fingerprint, or the public part, of the key to look for in the agent."""
        given = self.key_id or ''
        path = _KEY_PATH.fullmatch(given)
        fingerprint = parse_fingerprint(path[2] if path else given)
        if fingerprint:
            return fingerprint
        blob = self._signer and self._signer.find_public_blob()
        if blob:
            return blob
        raise SigningError(
            'Which key of the ssh-agent to use is not known: give its fingerprint as the key id,'
            ' or its public key in a .pub file beside the private one.'
        )

    def __repr__(self) -> str:
        return f'HTTPSignatureAuth({self.key_id!r}, {self._signer!r}, login={self.login!r})'

    def __getstate__(self) -> dict[str, Any]:
        hidden = ('_chosen', '_lock', '_reuse')
        return {name: value for name, value in vars(self).items() if name not in hidden}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._use(self._signer, self._search)


def search_for(
    key_id: str | os.PathLike[str] | None, passphrase: Passphrase = None
) -> KeySearch | None:
    """Return the search for the key that a key id means; None when the id does not tell.

    An id like `/login/keys/name` tells only the server.
    """
    given = os.fspath(key_id or '')
    path = _KEY_PATH.fullmatch(given)
    wanted = parse_fingerprint(path[2]) if path else given
    return KeySearch(wanted, passphrase) if wanted else None


def _checked(signed_headers: Sequence[str]) -> tuple[str, ...]:
    if isinstance(signed_headers, str):
        raise InvalidInput('The headers to sign are a sequence of names, not one string.')
    names = tuple(name.lower() for name in signed_headers)
    for name in names:
        if not _HEADER_NAME.fullmatch(name):
            raise InvalidInput(f'{name!r} is no name of a header that can be signed.')
    if 'date' not in names:
        raise InvalidInput('The server insists on a signed Date: add "date" to signed_headers.')
    return names
