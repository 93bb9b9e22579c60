"""Pre-signed URLs: the signature stands in the query, so that a browser needs no headers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from smartdc.simulator.javascript import SPACE, from_base64
from smartdc.simulator.signature import Claim
from smartdc.simulator.wire import Refusal, Request

_NEEDED = ('algorithm', 'expires', 'keyId', 'signature')
_ALGORITHMS = frozenset(
    {'RSA-SHA1', 'RSA-SHA256', 'RSA-SHA384', 'RSA-SHA512', 'DSA-SHA1', 'DSA-SHA256'}
    | {'ECDSA-SHA256', 'ECDSA-SHA384', 'ECDSA-SHA512', 'ED25519-SHA512'}
)
_COMMA = re.compile(f'[{SPACE}]*,[{SPACE}]*')
_SECONDS = re.compile('([+-]?)(?=[0-9])0*([0-9]*)')
_LARGEST = 2**53 - 1

# Names are sorted as words are: punctuation, digits, letters of either case together.
_ALPHABET = '_-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$0123456789'
_PLACES = {char: place for place, char in enumerate(f' {_ALPHABET}abcdefghijklmnopqrstuvwxyz')}


def read(request: Request, now: float) -> Claim | None:
    """Return the claim that a request's query makes, None when it makes none.

    `now` is the server's time in seconds. Raises Refusal, a 500 without a code, for what the
    server can't read; that includes a `method` parameter that lacks the request's method, on any
    request. The claim's `key_id` is empty where the server could make nothing of it.
    """
    query = _query(request.pairs)
    methods = sorted(_COMMA.split(_one(query, 'method') or request.method))
    if request.method not in methods:
        raise _refusal(f'{request.method} was not a signed method')
    missing = [name for name in _NEEDED if not any(query.get(name, ()))]
    if len(missing) == len(_NEEDED):
        return None
    if missing:
        raise _refusal(f'parameters "{", ".join(missing)}" are required')
    _check_expiry(_one(query, 'expires'), now)
    algorithm = _one(query, 'algorithm').upper()
    if algorithm not in _ALGORITHMS:
        raise _refusal(f'{algorithm} is not a supported signing algorithm')
    key_id, signature = (
        query[name][0] if len(query[name]) == 1 else '' for name in ('keyId', 'signature')
    )
    text = _signing_string(request, methods, query)
    return Claim(key_id, algorithm.lower(), text, from_base64(signature))


def _refusal(message: str) -> Refusal:
    return Refusal(500, None, message)


def _query(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the values of each parameter; `a[b]=c` is an object in `a`, `a[]=c` a list."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        base, bracket, inside = name.partition('[')
        if not base or not bracket or ']' not in inside:
            found.setdefault(name, []).append(value)
        elif inside == ']' or inside[:-1].isdigit():
            found.setdefault(base, []).append(value)
        else:
            found[base] = ['[object Object]']
    return found


def _one(query: Mapping[str, list[str]], name: str) -> str:
    """Return a parameter's value; what came several times is joined, and so means nothing."""
    return ','.join(query.get(name, ()))


def _check_expiry(text: str, now: float) -> None:
    found = _SECONDS.fullmatch(text)
    if found is None or len(found[2]) > len(str(_LARGEST)) or int(found[2] or 0) > _LARGEST:
        raise _refusal('expires is invalid')
    expires = int(found[1] + (found[2] or '0'))
    if int(now) > expires:
        raise _refusal('request expired')


def _signing_string(request: Request, methods: list[str], query: Mapping[str, list[str]]) -> bytes:
    """Return the text that the URL's signature is over."""
    names = sorted((name for name in query if name.lower() != 'signature'), key=_collated)
    lines = [
        ','.join(methods),
        request.headers.get('host', 'undefined'),
        request.path,
        '&'.join(f'{_encoded(name)}={_encoded(_one(query, name))}' for name in names),
    ]
    return '\n'.join(lines).encode('utf-8', 'replace')


def _encoded(text: str) -> str:
    return quote(text, safe='-_.~', errors='replace')


def _collated(name: str) -> tuple[list[int], list[str], str]:
    """Return what a name is sorted by: its letters, then their marks, then small before large."""
    split = unicodedata.normalize('NFD', name)
    letters = [char for char in split if not unicodedata.combining(char)]
    places = [_PLACES.get(char.lower(), 0x100 + ord(char)) for char in letters]
    marks = [char for char in split if unicodedata.combining(char)]
    return (places, marks, name.swapcase())
