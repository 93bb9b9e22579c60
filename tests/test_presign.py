"""Pre-signed URLs: what is signed, and that the simulated CloudAPI lets them in."""

import base64
import shutil
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import pytest
import requests

from smartdc import DataCenter, InvalidInput, ResourceNotFound
from smartdc.http_signature import Signer
from smartdc.presign import expiry, presigned_url, signing_string
from smartdc.simulator import Simulator
from tests.programs import KEYS, is_signature
from tests.simulator.tables import rows
from tests.test_retrying import Wrong

KINDS = ('rsa2048-pkcs1.pem', 'p256-sec1.pem', 'p384-sec1.pem', 'p521-sec1.pem', 'ed25519-openssh')


def accepted() -> list[dict[str, Any]]:
    """Return the recorded URLs that the real engine let in, but for those with twice a name."""
    found = []
    for row in rows('engines/presigned'):
        names = [name for name, _ in parse_qsl(urlsplit(row['url']).query)]
        if row['accepted'] and len(set(names)) == len(names):
            found.append(row)
    assert len(found) > 20
    return found


@pytest.mark.parametrize('row', accepted(), ids=lambda row: str(row['name']))
def test_the_text_is_that_of_recorded_urls(row: dict[str, Any]) -> None:
    """For each URL that the real engine accepted, the same text is signed."""
    parts = urlsplit(row['url'])
    query = {name: value for name, value in parse_qsl(parts.query, True) if name != 'signature'}
    methods = (query.get('method') or row['method']).split(',')

    text = signing_string(methods, row['headers']['host'], parts.path, query)

    assert row['signing_string_used'] == text


@pytest.mark.parametrize('name', KINDS)
def test_keys_of_all_kinds_sign(name: str) -> None:
    """The signature in the URL is the key's, over the text, and all is in the query."""
    key = Signer(KEYS / name)
    url = presigned_url('https://h/a/machines?b=c%20d', 'get', '/a/keys/k', key, 99)
    query = dict(parse_qsl(urlsplit(url).query))
    signature = query.pop('signature')

    assert {
        'algorithm': key.algorithm.upper(),
        'expires': '99',
        'keyId': '/a/keys/k',
        'b': 'c d',
    } == query
    names = f'algorithm={query["algorithm"]}&b=c%20d&expires=99&keyId=%2Fa%2Fkeys%2Fk'
    text = f'GET\nh\n/a/machines\n{names}'
    assert is_signature(key.public_key, key.algorithm, base64.b64decode(signature), text.encode())


def test_the_query_is_in_the_server_s_order() -> None:
    """Names are sorted as words: punctuation, digits, letters, small before large."""
    query = dict.fromkeys(('b', 'B', 'a_', 'a', 'A1', 'aa', '1', '_x', '~', '-'), '')
    order = ['_x', '-', '~', '1', 'a', 'a_', 'A1', 'aa', 'b', 'B']

    assert '&'.join(f'{name}=' for name in order) == signing_string(['GET'], 'h', '/', query)[8:]


def test_without_a_key_the_url_is_enough(cloud: Simulator, sdc: DataCenter) -> None:
    """Whoever has the URL may make its request until it expires, and no other."""
    url = sdc.presign('GET', '/keys')
    got = requests.get(url, timeout=10)

    assert (200, sdc.keys()) == (got.status_code, got.json())
    assert 401 == requests.get(url.replace('/keys?', '/machines?'), timeout=10).status_code
    assert 401 == requests.delete(url.replace('/keys?', '/keys/x?'), timeout=10).status_code
    assert 401 == requests.get(f'{url}&more=1', timeout=10).status_code
    cloud.clock.sleep(299)
    assert 200 == requests.get(url, timeout=10).status_code
    cloud.clock.sleep(2)
    late = requests.get(url, timeout=10)
    assert (500, 'request expired') == (late.status_code, late.json()['message'])


def test_paths_queries_roles_and_methods_are_signed(cloud: Simulator, sdc: DataCenter) -> None:
    """What a request would have, the URL has; several methods stand in it."""
    key = sdc.add_key('a name/ü', Signer(KEYS / KINDS[0]).public_key)
    acting = sdc.acting(as_role=['one', 'two'])
    for path in ('/keys/a%20name%2F%C3%BC', '/machines?Z=1&a=%C3%BC+x&limit=3&_=(*)'):
        url = sdc.presign(['HEAD', 'GET'], path, expires=60)
        assert 200 == requests.get(url, timeout=10).status_code, path
        assert 200 == requests.head(url, timeout=10).status_code, path
    assert 'a name/ü' == key['name']
    assert 'as-role=one%2Ctwo' in acting.presign('GET', '/machines')
    assert unquote(urlsplit(sdc.acting(act_as='other').presign('GET', '/x')).path) == '/other/x'


def test_a_moment_may_be_given() -> None:
    """Expires is a span from now, or a moment with a timezone."""
    moment = datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))

    assert 1300 == expiry(300, 1000.9)
    assert 1767323045 == expiry(moment, 0) == expiry(moment.astimezone(UTC), 5)
    for wrong in (datetime(2026, 1, 2), 0, -1, True, float('nan'), float('inf'), None, '5'):
        with pytest.raises(InvalidInput, match='expires='):
            expiry(wrong, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize('off', [-3600, 3600])
def test_a_url_expires_by_the_servers_clock(cloud: Simulator, off: float) -> None:
    """It is good for as long as was said, whatever time it is on this machine."""
    with cloud.datacenter(clock=Wrong(cloud, off)) as sdc:
        with pytest.warns(match='clock'):
            sdc.keys()
        url = sdc.presign('GET', '/keys', expires=60)

    (expires,) = parse_qs(urlsplit(url).query)['expires']
    assert cloud.clock.now() + 60 == pytest.approx(int(expires), abs=2)


def test_the_port_of_the_scheme_is_left_out() -> None:
    """Browsers leave it out of the Host header, which is signed."""
    key = Signer(KEYS / 'ed25519-openssh')
    for url, start in (
        ('https://H.x:443/a', 'https://h.x/a?'),
        ('http://h:80/a', 'http://h/a?'),
        ('http://h:443/a', 'http://h:443/a?'),
        ('https://[::1]:8443/a', 'https://[::1]:8443/a?'),
    ):
        assert presigned_url(url, 'GET', '/a/keys/k', key, 1).startswith(start)


@pytest.mark.parametrize(
    ('method', 'path'),
    [
        ('', '/x'),
        ('GET,PUT', '/x'),
        ([], '/x'),
        (['GET', 'get'], '/x'),
        ('GET', 'x'),
        ('GET', '/x y'),
        ('GET', '/x?a=1&a=2'),
        ('GET', '/x?a[b]=1'),
        ('GET', '/x?%C3%BC=1'),
        ('GET', '/x?expires=5'),
        ('GET', '/x?Signature=5'),
        ('GET', '/x?method=PUT'),
        ('GET', '/x?=5'),
    ],
)
def test_what_cannot_be_signed(cloud: Simulator, sdc: DataCenter, method: Any, path: str) -> None:
    """What the server would read in another way is refused, and nothing is sent."""
    with pytest.raises(InvalidInput):
        sdc.presign(method, path)

    assert not cloud.requests


def test_only_an_ssh_key_signs_urls() -> None:
    """With other auth there is nothing to sign with."""
    sdc = DataCenter('https://h', auth=requests.auth.HTTPBasicAuth('a', 'b'), login='a')
    with pytest.raises(InvalidInput, match='SSH key'):
        sdc.presign('GET', '/x')


def test_the_key_is_found_for_it(cloud: Simulator, tmp_path: Path) -> None:
    """Presigning finds the key as requests do, by its fingerprint."""
    (tmp_path / '.ssh').mkdir()
    shutil.copyfile(cloud.key_path, tmp_path / '.ssh' / 'mine')
    with cloud.datacenter(key_id=Signer(cloud.key_path).fingerprint, secret=None) as sdc:
        assert 200 == requests.get(sdc.presign('GET', '/keys'), timeout=10).status_code
        with pytest.raises(ResourceNotFound):
            sdc.key('other')
