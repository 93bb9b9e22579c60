"""Where data centers are: the known ones, and what a location may be written as."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from smartdc.errors import ConfigurationError, InvalidInput

_PASSWORD = re.compile(r'^(\w+://)?.*@')

API_HOST_SUFFIX = '.api.joyentcloud.com'
DEFAULT_LOCATION = 'us-west-1'

#: Joyent's locations of 2013 answer no more; their names stay for old scripts.
KNOWN_LOCATIONS = {
    **{
        name: f'https://{name}{API_HOST_SUFFIX}'
        for name in ('us-east-1', 'us-east-2', 'us-east-3', 'us-sw-1', 'us-west-1', 'eu-ams-1')
    },
    'us-central-1': 'https://us-central-1.api.mnx.io',
}

TELEFONICA_LOCATIONS = {
    'London': 'https://api-eu-lon-1.instantservers.telefonica.com',
    'eu-lon-1': 'https://api-eu-lon-1.instantservers.telefonica.com',
    'Madrid': 'https://api-eu-mad-1.instantservers.telefonica.com',
    'eu-mad-1': 'https://api-eu-mad-1.instantservers.telefonica.com',
}


def base_url(location: str | None, known: Mapping[str, str]) -> str:
    """Return the URL of a location, without a slash at its end.

    A location is a name in `known`, a host, `host:port`, an IPv6 literal or an `http://` or
    `https://` URL. Where no scheme is given it is https.
    """
    if not location:
        raise ConfigurationError(
            "no data center is set: pass location='https://...' or set TRITON_URL"
        )
    if location in known:
        return _checked(known[location])
    if '://' in location:
        return _checked(location)
    if _is_ipv6(location):
        return f'https://[{location}]'
    if '.' in location or ':' in location or location == 'localhost':
        return _checked(f'https://{location}')
    raise ConfigurationError(
        f'no data center is known by the name {shown(location)!r}: pass its URL, or one of '
        + ', '.join(sorted(known))
    )


def shown(location: str | None) -> str:
    """Return a location without the password that should not have been put in it."""
    return _PASSWORD.sub(r'\1***@', str(location))


def is_downgrade(old: str, new: str) -> bool:
    """Say whether going from one URL to the other would give up TLS on a real network."""
    return old.startswith('https:') and not new.startswith('https:') and not is_loopback(new)


@functools.lru_cache(64)
def _checked(url: str) -> str:
    if any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise InvalidInput(f'not a URL: {shown(url)!r}')
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f'not a URL: {shown(url)!r} ({error})') from None
    if parts.scheme not in ('http', 'https') or not parts.hostname or port == 0:
        raise InvalidInput(f'not an http or https URL with a host: {shown(url)!r}')
    if parts.username is not None or parts.query or parts.fragment or parts.path.strip('/'):
        raise InvalidInput(f'a location is scheme, host and port, nothing more: {shown(url)!r}')
    return f'{parts.scheme}://{parts.netloc}'


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False


def is_loopback(url: str) -> bool:
    """Say whether a URL is that of this machine."""
    host = urlsplit(url).hostname or ''
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'
