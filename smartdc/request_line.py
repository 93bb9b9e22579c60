"""The first line of a request: its method, and its URL as it is sent."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import requests

from smartdc.errors import InvalidInput

#: What would end a path, or the line that it stands in.
_BREAKING = re.compile(r'[\x00-\x20\x7f#]')

#: What may stand in a URL unquoted; a percent sign begins what is quoted already.
_PLAIN = "!$%&'()*+,/:;=?@~"

#: A percent sign, and what it begins if it does.
_ESCAPE = re.compile('%([0-9a-fA-F]{2})?')


def verb(method: str) -> str:
    """Return a method as it is sent; raise InvalidInput for what is none."""
    if not isinstance(method, str) or not re.fullmatch('[A-Za-z]+', method):
        raise InvalidInput(f'a method is a word such as GET, not {method!r}')
    return method.upper()


def checked_path(path: str) -> str:
    """Return a path below an account; raise InvalidInput for what would be another one."""
    if not isinstance(path, str) or (path and not path.startswith('/')):
        raise InvalidInput(f'a path starts with a slash: {path!r}')
    if _BREAKING.search(path):
        raise InvalidInput(f'a path must not have blanks, # or control characters: {path!r}')
    return path


@functools.lru_cache(64)
def wire_url(base_url: str) -> str:
    """Return a server's URL as requests sends it: its host in ASCII, for one."""
    request = requests.PreparedRequest()
    try:
        request.prepare_url(base_url, None)  # pyright: ignore[reportUnknownMemberType]
    except requests.RequestException as error:
        raise InvalidInput(f'not a URL: {base_url!r} ({error})') from None
    return str(request.url).rstrip('/')


def with_query(url: str, params: Mapping[str, Any]) -> str:
    """Return a URL as it is sent, so as it is to be signed, with these parameters in its query.

    A parameter that is None is left out. Escapes in the URL are kept, in capitals, as urllib3 would
    write them later on.
    """
    origin, path = _split(url)
    given = {name: _plain(value) for name, value in params.items() if value is not None}
    try:
        path, query = quote(path, safe=_PLAIN), urlencode(given, doseq=True)
    except UnicodeEncodeError as error:
        raise InvalidInput(f'not valid Unicode: {error.object!r}') from None
    address = origin + _ESCAPE.sub(_escape, path)
    return f'{address}{"&" if "?" in address else "?"}{query}' if query else address


def _split(url: str) -> tuple[str, str]:
    """Return a URL's scheme and host, and its path with the query."""
    end = url.find('/', url.find('//') + 2)
    return (url, '') if end < 0 else (url[:end], url[end:])


def _escape(found: re.Match[str]) -> str:
    return f'%{found[1].upper()}' if found[1] else '%25'


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
