"""What we sign, judged by the implementation that CloudAPI uses."""

from __future__ import annotations

import random

import pytest
import requests

from smartdc.http_signature import HTTPSignatureAuth, Signer
from tests.programs import FORMS, KEYS, PASSPHRASE, KeyMaker
from tests.referee import ask, question

REQUESTS = 200
CASES = [
    (kind, form, passphrase)
    for kind, forms in FORMS.items()
    for form in forms
    for passphrase in ('', PASSPHRASE)
]
LETTERS = 'abcXYZ019-._~!$&\'()*+,;=:@ "<>[]{}|\\^`%/?#éßπ漢字😀\u0301'
METHODS = ('GET', 'HEAD', 'POST', 'PUT', 'DELETE')
YEARS_1990_TO_2090 = (631_152_000, 3_786_912_000)


class Clock:
    """A clock that stands still."""

    def __init__(self, time: float) -> None:
        self.time = time

    def now(self) -> float:
        """Return its time."""
        return self.time


@pytest.fixture(scope='module')
def maker(tmp_path_factory: pytest.TempPathFactory) -> KeyMaker:
    """Make keys in a directory that this module's tests share."""
    return KeyMaker(tmp_path_factory.mktemp('keys'))


def some_text(dice: random.Random) -> str:
    """Return up to twelve letters, some of which have to be percent-encoded."""
    return ''.join(dice.choice(LETTERS) for _ in range(dice.randint(1, 12)))


def some_request(dice: random.Random) -> requests.PreparedRequest:
    """Return a request with a random method, path, query and body."""
    quote = requests.compat.quote
    path = ''.join('/' + quote(some_text(dice), safe=dice.choice(('', ":@!$&'()*+,;=")))
                   for _ in range(dice.randint(1, 4)))  # fmt: skip
    query = {some_text(dice): some_text(dice) for _ in range(dice.randint(0, 3))}
    body = {'name': some_text(dice)} if dice.random() < 0.3 else None
    url = f'https://cloudapi.example.com{path}'
    return requests.Request(dice.choice(METHODS), url, params=query, json=body).prepare()


def signed(auth: HTTPSignatureAuth, seed: str) -> list[requests.PreparedRequest]:
    """Return random requests, each signed at a random time."""
    dice = random.Random(seed)
    clock = Clock(0)
    auth.clock = clock
    made = []
    for _ in range(REQUESTS):
        clock.time = dice.uniform(*YEARS_1990_TO_2090)
        made.append(auth(some_request(dice)))
    return made


@pytest.mark.parametrize(('kind', 'form', 'passphrase'), CASES)
def test_the_referee_verifies_every_request(
    maker: KeyMaker, kind: str, form: str, passphrase: str
) -> None:
    """Random paths, queries and dates, signed with each kind and form of key, are verified."""
    path, public_key = maker.make(kind, form, passphrase)
    auth = HTTPSignatureAuth(None, path, login='acme', passphrase=passphrase or None)
    requests_made = signed(auth, f'{kind} {form}')
    verdicts = ask([question(request, public_key) for request in requests_made])
    assert [] == [verdict for verdict in verdicts if not verdict['good']]
    assert REQUESTS == len(verdicts)


def test_the_referee_sees_a_changed_path() -> None:
    """A request whose path was changed after signing is not verified."""
    auth = HTTPSignatureAuth('/acme/keys/k', KEYS / 'ed25519-openssh')
    request = auth(requests.Request('GET', 'https://cloudapi.example.com/my/machines').prepare())
    asked = question(request, Signer(KEYS / 'ed25519-openssh').public_key)
    changed = {**asked, 'target': '/my/machines?limit=1'}
    assert [True, False] == [verdict['good'] for verdict in ask([asked, changed])]


@pytest.mark.parametrize(
    'signed_headers',
    [
        ('date',),
        ('date', '(request-target)'),
        ('(request-target)', 'host', 'date', 'content-type', 'content-length'),
    ],
)
def test_the_referee_verifies_other_headers(signed_headers: tuple[str, ...]) -> None:
    """Other lists of signed headers are verified too."""
    auth = HTTPSignatureAuth('/acme/keys/k', KEYS / 'p384-sec1.pem', signed_headers=signed_headers)
    url = 'https://cloudapi.example.com:8443/acme/machines'
    request = auth(requests.Request('POST', url, json={'name': 'x'}).prepare())
    asked = question(request, Signer(KEYS / 'p384-sec1.pem').public_key)
    assert [True] == [verdict['good'] for verdict in ask([asked])]
