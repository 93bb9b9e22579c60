"""The scheme on published vectors and recorded requests of other clients, and the requests auth."""

from __future__ import annotations

import base64
import json
import pickle
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from smartdc.errors import InvalidInput, KeyUnreadable
from smartdc.http_signature import (
    HTTPSignatureAuth,
    Signer,
    authorization,
    key_path,
    signing_string,
)
from tests.programs import KEYS, PASSPHRASE, is_signature, run

WIRE = Path(__file__).parent / 'data' / 'wire'
KNOWN: dict[str, dict[str, str]] = json.loads((KEYS / 'fingerprints.json').read_text())
RSA = 'rsa2048-pkcs1.pem'
MD5 = KNOWN['ed25519-openssh']['fingerprint']

# The test key and signatures of appendix C of draft-cavage-http-signatures.
DRAFT_KEY = (
    'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C36rPJj+CvfSC8+q28hxA161QFNUd13'
    'wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc'
    '+2xjJwoYi+1hqp1fIekaxsyQIDAQAB'
)
DRAFT_HEADERS = {'Host': 'example.com', 'Date': 'Sun, 05 Jan 2014 21:31:40 GMT'}
DRAFT_DEFAULT = (
    'SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q'
    '25WqS+lavg7T8hc0GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM='
)
DRAFT_BASIC = (
    'qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8'
    'VfEdKFYRqzic+efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0='
)
# Secret key, message and signature of tests 1 to 3 of section 7.1 of RFC 8032.
RFC_8032 = [
    (
        '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
        '',
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b'
        '46bd25bf5f0595bbe24655141438e7a100b',
    ),
    (
        '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
        '72',
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11'
        'd8c387b2eaeb4302aeeb00d291612bb0c00',
    ),
    (
        'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
        'af82',
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc'
        '6594a7c15e9716ed28dc027beceea1ec40a',
    ),
]
# Recorded requests that were spoiled on purpose.
NOT_GOOD = {'auth:spoiled signature', 'auth:wrong signed path'}
# Recorded requests with what we do not build, or without a whole signature.
NOT_OURS = {
    'auth:request-line date',
    'auth:OLD 0.9 request-line date',
    'auth:signed header missing',
    'auth:rsa-md5',
    'auth:no algorithm',
    'auth:garbage params',
}


class Clock:
    """A clock that stands still."""

    def now(self) -> float:
        """Return the time of RFC 1123's favourite example."""
        return 784_111_777.9


def pem_of_seed(seed: str) -> str:
    """Return an Ed25519 secret key in PKCS#8."""
    der = bytes.fromhex('302e020100300506032b657004220420' + seed)
    return (
        f'-----BEGIN PRIVATE KEY-----\n{base64.b64encode(der).decode()}\n-----END PRIVATE KEY-----'
    )


def recorded() -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Give name, method, target and headers of each recorded request of another client."""
    for path in sorted((WIRE / 'clients').glob('*.jsonl')):
        for row in map(json.loads, path.read_text().splitlines()):
            yield f'{path.stem} {row["n"]}', row['method'], row['url'], row['headers']
    for row in map(json.loads, (WIRE / 'transcripts.jsonl').read_text().splitlines()):
        if row['name'].startswith('auth:') and row['name'] not in NOT_OURS:
            yield row['name'], row['method'], row['path'], row['sent']


def keys_in(world: Any) -> Iterator[str]:
    """Give each public key line of the world."""
    if isinstance(world, dict):
        if isinstance(world.get('key'), str):
            yield world['key']
        world = list(world.values())
    for part in world if isinstance(world, list) else ():
        yield from keys_in(part)


def test_recorded_signatures_are_over_our_signing_string() -> None:
    """What other clients signed is what we would have signed, in both header layouts."""
    keys = list(keys_in(json.loads((WIRE / 'world.json').read_text())))
    verdicts = {}
    for name, method, target, headers in recorded():
        fields = dict(re.findall(r'(\w+)="([^"]*)"', headers['authorization']))
        names = fields.get('headers', 'date').split()
        text = signing_string(method, target, headers, names)
        if 'signature' not in fields:  # the old layout: values only, the signature at the end
            fields['signature'] = headers['authorization'].split()[-1]
            text = text.removeprefix('date: ')
        algorithm = fields['algorithm'].replace('hs2019', 'rsa-sha256')
        made = base64.b64decode(fields['signature'])
        verdicts[name] = any(is_signature(key, algorithm, made, text.encode()) for key in keys)
    assert {name for name, good in verdicts.items() if not good} == NOT_GOOD
    assert len(verdicts) == 178


@pytest.mark.parametrize(
    ('names', 'signature'),
    [(['date'], DRAFT_DEFAULT), (['(request-target)', 'host', 'date'], DRAFT_BASIC)],
)
def test_vectors_of_the_draft(tmp_path: Path, names: list[str], signature: str) -> None:
    """The draft's own signatures are, as openssl sees it, over our signing string."""
    target = '/foo?param=value&pet=dog'
    text = signing_string('POST', target, DRAFT_HEADERS, names)
    pem = f'-----BEGIN PUBLIC KEY-----\n{DRAFT_KEY}\n-----END PUBLIC KEY-----\n'
    (tmp_path / 'key').write_text(pem)
    (tmp_path / 'text').write_text(text)
    (tmp_path / 'signature').write_bytes(base64.b64decode(signature))
    check = ('-verify', str(tmp_path / 'key'), '-signature', str(tmp_path / 'signature'))
    assert 'Verified OK' in run('openssl', 'dgst', '-sha256', *check, str(tmp_path / 'text'))


@pytest.mark.parametrize(('seed', 'message', 'signature'), RFC_8032)
def test_vectors_of_ed25519(seed: str, message: str, signature: str) -> None:
    """Ed25519 signatures are those of RFC 8032."""
    assert signature == Signer(pem_of_seed(seed)).sign(bytes.fromhex(message)).hex()


@pytest.mark.parametrize('name', [RSA, 'rsa8192-pkcs8.pem'])
def test_rsa_signatures_are_those_of_openssl(tmp_path: Path, name: str) -> None:
    """RSA signatures, which have no chance in them, equal those that openssl makes."""
    out = tmp_path / 'signature'
    command = ('openssl', 'dgst', '-sha256', '-sign', str(KEYS / name), '-out', str(out))
    run(*command, text='what is signed')
    assert out.read_bytes() == Signer(KEYS / name).sign(b'what is signed')


def test_signing_string() -> None:
    """Each header has a line, in the order given; values are trimmed and names lower case."""
    headers = {'DATE': ' today ', 'X-Two': 2, 'X-Bytes': b'\xe9'}
    expected = 'x-two: 2\n(request-target): delete /a%2Fb?c=d%20e\ndate: today\nx-bytes: é'
    names = ['X-Two', '(request-target)', 'Date', 'x-bytes']
    assert expected == signing_string('DELETE', '/a%2Fb?c=d%20e', headers, names)


@pytest.mark.parametrize(
    ('target', 'headers', 'names', 'said'),
    [
        ('/', {}, ['date'], 'the request has none'),
        ('/', {'date': 'a\nhost: b'}, ['date'], 'control character'),
        ('/a\r\nb', {}, ['(request-target)'], 'control character'),
    ],
)
def test_signing_string_refuses(
    target: str, headers: dict[str, str], names: list[str], said: str
) -> None:
    """A missing header and a value that would break its line are refused."""
    with pytest.raises(InvalidInput, match=said):
        signing_string('GET', target, headers, names)


def test_authorization() -> None:
    """The header has no blank after its commas and every value in quotes."""
    expected = (
        'Signature keyId="/a/keys/b",algorithm="rsa-sha256",headers="(request-target) date",'
        'signature="AAE="'
    )
    names = ('(request-target)', 'Date')
    assert expected == authorization('/a/keys/b', 'rsa-sha256', names, b'\0\1')


@pytest.mark.parametrize('bad', ['/a/keys/"b', '/a/keys/b\n', '/a/keys/\x7f', '/a/keys/é', '\t'])
def test_authorization_keeps_its_quotes(bad: str) -> None:
    """What would break out of the quoted value is refused, as argument and as key id."""
    with pytest.raises(InvalidInput, match='keyId'):
        authorization(bad, 'rsa-sha256', ('date',), b'')
    with pytest.raises(InvalidInput, match='keyId'):
        key_path(bad, Signer(KEYS / 'ed25519-openssh'), 'acme')


@pytest.mark.parametrize(
    ('user', 'expected'), [(None, f'/acme/keys/{MD5}'), ('sub', f'/acme/users/sub/keys/{MD5}')]
)
def test_auth_tells_its_key(user: str | None, expected: str) -> None:
    """The id as it is sent, and what signs, before the first request and after it."""
    auth = HTTPSignatureAuth(None, KEYS / 'ed25519-openssh', login='acme', user=user)
    for _ in range(2):
        key_id, key = auth.key()
        assert (expected, MD5) == (key_id, key.fingerprint)
        auth(requests.Request('GET', 'https://example.com/').prepare())


def test_auth_signs_what_requests_sends() -> None:
    """On a session, the Date is set and the target signed is the one that requests will send."""
    auth = HTTPSignatureAuth('/acme/keys/k', KEYS / 'ed25519-openssh', clock=Clock())
    session = requests.Session()
    session.auth = auth
    url = 'https://us-sw-1.example.com/my/machines/ü b?name=a b&x=%2F'
    request = session.prepare_request(requests.Request('GET', url, params={'limit': 5}))
    header = str(request.headers['Authorization'])
    text = (
        '(request-target): get /my/machines/%C3%BC%20b?name=a%20b&x=%2F&limit=5\n'
        'date: Sun, 06 Nov 1994 08:49:37 GMT'
    )
    signature = base64.b64decode(re.findall(r'signature="(.*)"', header)[0])
    assert 'Sun, 06 Nov 1994 08:49:37 GMT' == request.headers['Date']
    public_key = KNOWN['ed25519-openssh']['public_key']
    assert is_signature(public_key, 'ed25519-sha512', signature, text.encode())


def test_auth_signs_the_host_that_is_sent() -> None:
    """When host is signed, it is set as the URL has it, without a password."""
    names = ('Date', 'HOST')
    auth = HTTPSignatureAuth('/acme/keys/k', KEYS / 'p256-sec1.pem', signed_headers=names)
    request = auth(requests.Request('GET', 'http://u:p@[::1]:8080/').prepare())
    assert '[::1]:8080' == request.headers['Host']
    assert 'headers="date host"' in request.headers['Authorization']


@pytest.mark.parametrize('names', [('date',), ('date', 'host')])
def test_auth_leaves_a_host_that_is_given(names: tuple[str, ...]) -> None:
    """It is signed as it is; one that is not signed is left to requests."""
    auth = HTTPSignatureAuth('/acme/keys/k', KEYS / 'p256-sec1.pem', signed_headers=names)
    given = {'Host': 'inside.example.com'}
    request = auth(requests.Request('GET', 'https://127.0.0.1/', headers=given).prepare())
    bare = auth(requests.Request('GET', 'https://127.0.0.1/').prepare())

    assert 'inside.example.com' == request.headers['Host']
    assert ('127.0.0.1' if 'host' in names else None) == bare.headers.get('Host')


def test_auth_reads_nothing_until_it_signs(tmp_path: Path) -> None:
    """A missing key file is an error of the first request, not of the constructor."""
    auth = HTTPSignatureAuth('/acme/keys/k', tmp_path / 'missing')
    with pytest.raises(KeyUnreadable):
        auth(requests.Request('GET', 'https://example.com/').prepare())


def test_auth_is_refused() -> None:
    """Without date among the headers, or without any key, no auth is made."""
    for names, said in (
        *((each, 'add "date" to signed_headers') for each in (('host',), ())),
        *((('date', each), 'no name of a header') for each in ('(created)', 'a b')),
        ('date', 'not one string'),
    ):
        with pytest.raises(InvalidInput, match=said):
            HTTPSignatureAuth('/acme/keys/k', KEYS / 'p256-sec1.pem', signed_headers=names)
    with pytest.raises(InvalidInput, match='allow_agent'):
        HTTPSignatureAuth('/acme/keys/k', None)
    with pytest.raises(InvalidInput, match='path'):
        HTTPSignatureAuth('/acme/keys/k', 42)  # type: ignore[arg-type]


def test_auth_keeps_secrets() -> None:
    """Neither its representation, its attributes nor its pickle has the passphrase or the key."""
    secret = KEYS / 'rsa2048-pkcs1-encrypted.pem'
    auth = HTTPSignatureAuth(None, secret, login='acme', passphrase=PASSPHRASE)
    auth(requests.Request('GET', 'https://example.com/').prepare())
    pickled = pickle.dumps(auth)
    assert f"HTTPSignatureAuth(None, Signer('{secret}'), login='acme')" == repr(auth)
    assert PASSPHRASE not in repr(auth) + repr(vars(auth))
    assert PASSPHRASE.encode() not in pickled
    assert 'acme' == pickle.loads(pickled).login


def test_pickled_auth_signs_again() -> None:
    """An auth with a plain key file works after pickling, as worker processes need it."""
    auth = pickle.loads(pickle.dumps(HTTPSignatureAuth('/a/keys/k', KEYS / 'p256-sec1.pem')))
    request = auth(requests.Request('GET', 'https://example.com/').prepare())
    assert 'algorithm="ecdsa-sha256"' in request.headers['Authorization']


def test_auth_opens_the_key_that_it_finds(tmp_path: Path) -> None:
    """The passphrase is for the key in ~/.ssh, too."""
    (tmp_path / '.ssh').mkdir(mode=0o700)
    shutil.copy(KEYS / 'rsa2048-openssh-encrypted', tmp_path / '.ssh' / 'id_rsa')
    auth = HTTPSignatureAuth(KNOWN[RSA]['fingerprint'], None, login='acme', passphrase=PASSPHRASE)
    _, key = auth.key()

    assert is_signature(KNOWN[RSA]['public_key'], 'rsa-sha256', key.sign(b'data'), b'data')


def test_key_is_read_once_by_all_threads() -> None:
    """Threads that sign first at the same time read the key, and ask its passphrase, once."""
    asked = []

    def passphrase() -> str:
        asked.append(1)
        return PASSPHRASE

    secret = KEYS / 'rsa2048-openssh-encrypted'
    auth = HTTPSignatureAuth(None, secret, login='acme', passphrase=passphrase)
    signed: list[str] = []

    def sign() -> None:
        request = auth(requests.Request('GET', 'https://example.com/').prepare())
        signed.append(str(request.headers['Authorization']))

    threads = [threading.Thread(target=sign) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (1, 8) == (len(asked), len(signed))


_READ_RSA, _READ_CURVES = 'Crypto.PublicKey.RSA', 'Crypto.PublicKey.ECC'
_QUICK = 'cryptography.hazmat.primitives.asymmetric.rsa'


@pytest.mark.parametrize(
    ('name', 'plain', 'loaded', 'left_out'),
    [
        (None, False, set(), {'Crypto', 'cryptography'}),
        (RSA, False, {_QUICK}, {_READ_RSA, _READ_CURVES}),
        (RSA, True, {_READ_RSA}, {'cryptography', _READ_CURVES}),
        ('ed25519-openssh', True, {_READ_CURVES}, {'cryptography', 'Crypto.Signature.DSS'}),
    ],
)
def test_only_the_modules_of_the_key_are_imported(
    name: str | None, plain: bool, loaded: set[str], left_out: set[str]
) -> None:
    """Importing loads no library that signs, and signing only what the kind of key needs."""
    code = 'import sys; from smartdc.http_signature import Signer\n'
    if plain:
        code += 'from smartdc import signing; signing.has_cryptography = lambda: False\n'
    if name:
        code += f'Signer({str(KEYS / name)!r}).sign(b"")\n'
    modules = set(run(sys.executable, '-c', code + 'print(*sys.modules)').split())
    assert loaded == modules & (loaded | left_out)
