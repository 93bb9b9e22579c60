"""What a location may be written as."""

import pytest

import smartdc
from smartdc.locations import KNOWN_LOCATIONS, base_url, is_downgrade


@pytest.mark.parametrize(
    ('location', 'url'),
    [
        ('us-central-1', 'https://us-central-1.api.mnx.io'),
        ('us-sw-1', 'https://us-sw-1.api.joyentcloud.com'),
        ('cloudapi.example.com', 'https://cloudapi.example.com'),
        ('cloudapi.example.com:8443', 'https://cloudapi.example.com:8443'),
        ('localhost', 'https://localhost'),
        ('localhost:8080', 'https://localhost:8080'),
        ('http://localhost:8080', 'http://localhost:8080'),
        ('http://localhost:8080/', 'http://localhost:8080'),
        ('https://host', 'https://host'),
        ('10.1.2.3', 'https://10.1.2.3'),
        ('::1', 'https://[::1]'),
        ('[::1]', 'https://[::1]'),
        ('[2001:db8::7]:8443', 'https://[2001:db8::7]:8443'),
        ('http://[::1]:8080', 'http://[::1]:8080'),
    ],
)
def test_a_location_is_a_name_a_host_or_a_url(location: str, url: str) -> None:
    """Known names, hosts with and without port, URLs and IPv6 literals all have a URL."""
    assert url == base_url(location, KNOWN_LOCATIONS)


def test_locations_handed_in_come_first() -> None:
    """What was handed in as known wins over how a name looks."""
    assert 'http://127.0.0.1:9' == base_url('my.dc', {'my.dc': 'http://127.0.0.1:9'})


@pytest.mark.parametrize(
    'location',
    [
        *(
            'ftp://host',
            'http://',
            'https://user:secret@host',
            'http://host/path',
            'http://host?a=b',
        ),
        *(
            'http://host:port',
            'http://host:99999',
            'http://ho st',
            'host\n.example.com',
            'http://[::1',
        ),
    ],
)
def test_what_is_no_location_is_refused(location: str) -> None:
    """Other schemes, credentials, paths, queries and broken URLs are refused by name."""
    with pytest.raises(smartdc.InvalidInput):
        base_url(location, {})


@pytest.mark.parametrize('location', [None, '', 'nowhere-1'])
def test_without_a_known_place_nothing_is_sent(location: str | None) -> None:
    """No location, or a name that nobody knows, says what to pass."""
    with pytest.raises(smartdc.ConfigurationError, match='pass'):
        base_url(location, {'us-x-1': 'https://x'})


@pytest.mark.parametrize(
    ('old', 'new', 'refused'),
    [
        ('https://a', 'https://b', False),
        ('https://a', 'http://b', True),
        ('https://a', 'http://127.0.0.1:8', False),
        ('https://a', 'http://localhost', False),
        ('http://a', 'http://b', False),
    ],
)
def test_tls_is_never_given_up_on_a_real_network(old: str, new: str, refused: bool) -> None:
    """From https to http is a downgrade, but on loopback."""
    assert refused is is_downgrade(old, new)
