"""Request signing as CloudAPI wants it: the http-signature scheme and its requests auth.

The scheme lives here because the package of that name (PyPI, 2012) is Python 2 only; its class
names are kept.
"""

from __future__ import annotations

import base64
import os
import re
import threading
import time
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import requests.auth

from smartdc.errors.base import InvalidInput, SigningError
from smartdc.key_files import Passphrase, Secret, is_text, read_private_key, read_public_blob
from smartdc.key_search import KeySearch
from smartdc.ssh_agent import AgentSigner
from smartdc.ssh_keys import (
    PrivateKey,
    md5_fingerprint,
    parse_fingerprint,
    public_line,
    sha256_fingerprint,
)

SIGNED_HEADERS = ('(request-target)', 'date')

_UNQUOTABLE = re.compile(r'[^ !#-~]')
_LINE_BREAKING = re.compile(r'[\x00-\x08\x0a-\x1f\x7f]')
_HEADER_NAME = re.compile(r"\(request-target\)|[a-z0-9!#$%&'*+.^_`|~-]+")
_KEY_PATH = re.compile(r'(/[^/]+(?:/users/[^/]+)?/keys)/(.+)')


class Clock(Protocol):
    """What tells the time: `now()` in seconds since 1970."""

    def now(self) -> float:
        """Return the time in seconds since 1970."""


class Key(Protocol):
    """What HTTPSignatureAuth signs with: a Signer or an AgentSigner."""

    @property
    def algorithm(self) -> str:
        """Name the algorithm as the Authorization header does."""

    @property
    def fingerprint(self) -> str:
        """Return the MD5 fingerprint with colons."""

    @property
    def sha256_fingerprint(self) -> str:
        """Return the fingerprint that ssh-keygen shows."""

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes."""


class Signer:
    """A private key from a file or from its text, read once, at first use.

    `secret` is a path (`~` is expanded) or the key's text; `passphrase` a str, bytes, or a
    function without arguments that returns one, used only when the key is encrypted. Without it
    the passphrase is asked for if there is a terminal. Attributes and sign() raise a SigningError
    when the key cannot be used. Threads may share a Signer.
    """

    __slots__ = ('_key', '_lock', '_passphrase', '_secret')

    def __init__(self, secret: Secret, passphrase: Passphrase = None) -> None:
        if not isinstance(secret, str | bytes | os.PathLike):
            raise InvalidInput('A key is given as the path of its file, or as its text.')
        self._secret = secret
        self._passphrase = passphrase
        self._key: PrivateKey | None = None
        self._lock = threading.Lock()

    def _loaded(self) -> PrivateKey:
        if self._key is None:
            with self._lock:
                if self._key is None:
                    self._key = read_private_key(self._secret, self._passphrase)
        return self._key

    @property
    def algorithm(self) -> str:
        """Name the algorithm as the Authorization header does, such as rsa-sha256."""
        return self._loaded().algorithm

    @property
    def fingerprint(self) -> str:
        """Return the MD5 fingerprint with colons, the one that CloudAPI knows."""
        return md5_fingerprint(self._loaded().public_blob)

    @property
    def sha256_fingerprint(self) -> str:
        """Return the fingerprint that ssh-keygen shows: 'SHA256:...' without padding."""
        return sha256_fingerprint(self._loaded().public_blob)

    @property
    def public_key(self) -> str:
        """Return the public key as a line of an authorized_keys file, without comment."""
        return public_line(self._loaded().public_blob)

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes: RSA with PKCS#1 v1.5, ECDSA as DER, Ed25519 as its 64 bytes."""
        return self._loaded().sign(data)

    def find_public_blob(self) -> bytes | None:
        """Return the public part, without asking for a passphrase; None if that cannot be."""
        return read_public_blob(self._secret)

    def __repr__(self) -> str:
        path = 'text' if is_text(self._secret) else repr(os.fsdecode(self._secret))
        return f'Signer({path})'

    def __reduce__(self) -> tuple[Any, ...]:
        if is_text(self._secret):
            raise InvalidInput('A key given as text is not pickled: give the path of its file.')
        # The passphrase stays behind; a function that knows it may travel.
        return Signer, (self._secret, self._passphrase if callable(self._passphrase) else None)


def signing_string(
    method: str, target: str, headers: Mapping[str, Any], signed_headers: Sequence[str]
) -> str:
    """Build the text that is signed: a line for each of `signed_headers`, in their order.

    `target` is the path with its query as it is sent. Raises InvalidInput when a header to be
    signed is not in `headers`, or when a value would break its line.
    """
    values = {name.lower(): _text(value).strip(' \t') for name, value in headers.items()}
    values['(request-target)'] = f'{method.lower()} {target}'
    lines = []
    for name in map(str.lower, signed_headers):
        if name not in values:
            raise InvalidInput(f'The header {name} is to be signed, but the request has none.')
        if _LINE_BREAKING.search(values[name]):
            raise InvalidInput(f'{name} has a control character in it: remove it.')
        lines.append(f'{name}: {values[name]}')
    return '\n'.join(lines)


def _text(value: Any) -> str:
    return value.decode('latin-1') if isinstance(value, bytes) else str(value)


def authorization(
    key_id: str, algorithm: str, signed_headers: Sequence[str], signature: bytes
) -> str:
    """Build the value of the Authorization header.

    Raises InvalidInput when something would break out of the quotes.
    """
    fields = {
        'keyId': key_id,
        'algorithm': algorithm,
        'headers': ' '.join(signed_headers).lower(),
        'signature': base64.b64encode(signature).decode('ascii'),
    }
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
        key_id: str | None,
        secret: Secret | None,
        *,
        login: str | None = None,
        user: str | None = None,
        passphrase: Passphrase = None,
        allow_agent: bool = False,
        signed_headers: Sequence[str] = SIGNED_HEADERS,
        clock: Clock | None = None,
    ) -> None:
        self.key_id = key_id
        self.login = login
        self.user = user
        self.allow_agent = allow_agent
        self.signed_headers = _checked(signed_headers)
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
        request.headers['Authorization'] = authorization(
            key_id, key.algorithm, self.signed_headers, key.sign(text.encode())
        )
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
                # A name or a path has done its work once the key is found.
                is_sent = (
                    self._search is None
                    or parse_fingerprint(self.key_id or '')
                    or (self.key_id and _KEY_PATH.fullmatch(self.key_id))
                )
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
        return key

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
        hidden = ('_chosen', '_lock')
        return {name: value for name, value in vars(self).items() if name not in hidden}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._use(self._signer, self._search)


def search_for(key_id: str | None, passphrase: Passphrase = None) -> KeySearch | None:
    """Return the search for the key that a key id means; None when the id does not tell.

    An id like `/login/keys/name` tells only the server.
    """
    path = _KEY_PATH.fullmatch(key_id or '')
    wanted = parse_fingerprint(path[2]) if path else key_id
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
