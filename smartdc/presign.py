"""Pre-signed URLs: anybody who has one may make its request, without a key, until it expires."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlsplit

from smartdc.errors import InvalidInput
from smartdc.http_signature import Key

#: What the server's sort takes for the alphabet, small letters before their capitals.
_ALPHABET = ' _-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz'
_METHOD = re.compile('[A-Z]+')
#: Three hundred years, in seconds: more is a mistake.
_FAR = 1e10
_RESERVED = ('algorithm', 'expires', 'keyid', 'method', 'signature')


def signing_string(methods: Sequence[str], host: str, path: str, query: Mapping[str, str]) -> str:
    """Build the text that a pre-signed URL's signature is over.

    `host` is the Host header as it is sent, `path` is percent-encoded, `query` is all of the
    query but the signature.
    """
    return '\n'.join((','.join(sorted(methods)), host, path, _encoded(query)))


def presigned_url(
    url: str, methods: str | Sequence[str], key_id: str, key: Key, expires: int
) -> str:
    """Return a URL with a signature in its query, good until `expires`, in seconds since 1970.

    Raises InvalidInput for a query that the server would not read as it is signed.
    """
    names = _methods(methods)
    parts = urlsplit(url)
    query = {
        **_query(parts.query),
        'algorithm': key.algorithm.upper(),
        'expires': str(expires),
        'keyId': key_id,
    }
    if len(names) > 1:
        query['method'] = ','.join(names)
    host = _host(parts.scheme, parts.netloc)
    text = signing_string(names, host, parts.path, query)
    signature = base64.b64encode(key.sign(text.encode())).decode('ascii')
    encoded = f'{_encoded(query)}&signature={_quoted(signature)}'
    return f'{parts.scheme}://{host}{parts.path}?{encoded}'


def expiry(expires: float | datetime, now: float) -> int:
    """Return the moment that is meant: a date and time, or that many seconds from now."""
    if isinstance(expires, datetime):
        if expires.tzinfo is None:
            raise InvalidInput('expires= is seconds from now, or a datetime with a timezone')
        return int(expires.timestamp())
    is_number = isinstance(expires, int | float) and not isinstance(expires, bool)
    if not is_number or not 0 < expires < _FAR:
        raise InvalidInput(f'expires= is a positive number of seconds from now, not {expires!r}')
    return int(now + expires)


def _methods(methods: str | Sequence[str]) -> list[str]:
    given = [methods] if isinstance(methods, str) else list(methods)
    names = sorted({name.upper() for name in given if isinstance(name, str)})
    if not names or len(names) < len(given) or not all(map(_METHOD.fullmatch, names)):
        raise InvalidInput(f'a method is a word like GET, or several different ones: {methods!r}')
    return names


def _query(text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True)
    for name, _ in pairs:
        if not name or '[' in name or not (name.isascii() and name.isprintable()):
            raise InvalidInput(f'a pre-signed URL cannot have a parameter of the name {name!r}')
        if name.lower() in _RESERVED:
            raise InvalidInput(f'the parameter {name} is part of the signature itself')
    if len(dict(pairs)) < len(pairs):
        raise InvalidInput('a pre-signed URL cannot have a parameter twice')
    return dict(pairs)


def _host(scheme: str, netloc: str) -> str:
    """Return the Host header: browsers and requests leave out the scheme's own port."""
    own = {'https': ':443', 'http': ':80'}.get(scheme, '')
    return netloc.lower().removesuffix(own) if own else netloc.lower()


def _encoded(query: Mapping[str, str]) -> str:
    names = sorted(query, key=_collated)
    return '&'.join(f'{_quoted(name)}={_quoted(query[name])}' for name in names)


def _collated(name: str) -> tuple[list[int], str]:
    return [_ALPHABET.index(char) for char in name.lower()], name.swapcase()


def _quoted(text: str) -> str:
    return quote(text, safe='-_.~')
