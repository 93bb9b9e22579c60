"""The ssh-agent: a real one, and ones that answer as no agent should."""

from __future__ import annotations

import base64
import pickle
import re
import time
from pathlib import Path

import pytest
import requests

from smartdc import DataCenter
from smartdc.errors import AgentError, KeyUnreadable, KeyUnsupported, SigningError
from smartdc.http_signature import HTTPSignatureAuth, Signer
from smartdc.simulator import Simulator
from smartdc.ssh_agent import AgentSigner, identities
from smartdc.ssh_keys import blob_type
from tests import agents
from tests.agents import FakeAgent, listing, packed, signature
from tests.programs import KEYS, is_signature, run
from tests.referee import ask, question

RSA, P256, P384, P521 = 'rsa2048-pkcs1.pem', 'p256-sec1.pem', 'p384-sec1.pem', 'p521-sec1.pem'
ED25519 = 'ed25519-openssh'
HELD = (RSA, P256, P384, P521, ED25519)
#: The seconds that a silent agent is waited for here.
BRIEF = 0.5
PATIENT = 30.0


@pytest.fixture
def held(agent: Path) -> str:
    """Return the socket of a real ssh-agent that holds five keys."""
    for name in HELD:
        agents.add(name, agent)
    return str(agent / 'socket')


def blob_of(name: str) -> bytes:
    """Return the public part of one of the fixed keys."""
    return base64.b64decode(Signer(KEYS / name).public_key.split()[1])


def sign_once(auth: HTTPSignatureAuth) -> str:
    """Sign a request and return its Authorization header."""
    request = auth(requests.Request('GET', 'https://example.com/my/keys').prepare())
    return str(request.headers['Authorization'])


def test_identities_are_those_that_ssh_add_shows(held: str) -> None:
    """The keys, comments and fingerprints are those that ssh-add lists."""
    lines = [line.split(' ', 2) for line in run('ssh-add', '-L').splitlines()]
    md5 = [line.split()[1] for line in run('ssh-add', '-l', '-E', 'md5').splitlines()]
    sha256 = [line.split()[1] for line in run('ssh-add', '-l').splitlines()]
    keys = identities()
    assert [line[0] for line in lines] == [blob_type(key.blob) for key in keys]
    assert [line[2] for line in lines] == [key.comment for key in keys]
    assert md5 == [f'MD5:{key.fingerprint}' for key in keys]
    assert sha256 == [key.sha256_fingerprint for key in keys]


@pytest.mark.parametrize('name', [RSA, P256, P521, ED25519])
def test_agent_signs_as_the_file_does(held: str, name: str) -> None:
    """What the agent signs is good for the same algorithm and key as with the file."""
    file = Signer(KEYS / name)
    for wanted in (file.fingerprint, file.sha256_fingerprint, blob_of(name)):
        signer = AgentSigner(wanted, path=held)
        for attribute in ('algorithm', 'fingerprint', 'sha256_fingerprint', 'public_key'):
            assert getattr(file, attribute) == getattr(signer, attribute)
        for n in range(20):  # short numbers in an ECDSA signature come by chance
            data = b'data %d' % n
            assert is_signature(file.public_key, file.algorithm, signer.sign(data), data)


@pytest.mark.parametrize('name', [RSA, P256, P521, ED25519])
def test_the_referee_and_the_simulator_accept_it(
    held: str, name: str, cloud: Simulator, sdc: DataCenter
) -> None:
    """What an agent signed is verified by the reference implementation and by a CloudAPI."""
    file = Signer(KEYS / name)
    auth = HTTPSignatureAuth(file.fingerprint, None, login='acme')
    url = 'https://cloudapi.example.com/acme/machines?name=a%20b'
    asked = question(auth(requests.Request('POST', url).prepare()), file.public_key)
    sdc.add_key('mine', file.public_key)
    with cloud.datacenter(key_id=file.fingerprint, secret=None, login='acme') as mine:
        names = {key['name'] for key in mine.keys()}

    assert [True] == [verdict['good'] for verdict in ask([asked])]
    assert 'mine' in names


def test_agent_with_a_p384_key(held: str) -> None:
    """P-384 keys are refused, because agents sign with SHA-384 there."""
    signer = AgentSigner(Signer(KEYS / P384).fingerprint)
    for _ in range(2):
        with pytest.raises(KeyUnsupported, match='SHA-384'):
            signer.sign(b'data')


def test_agent_without_the_key(held: str) -> None:
    """When the agent lacks the key, the error lists what it holds."""
    signer = AgentSigner('00' * 16)
    with pytest.raises(AgentError, match='does not hold') as error:
        signer.sign(b'data')
    assert Signer(KEYS / RSA).fingerprint in str(error.value)


def test_agent_that_refuses(held: str, place: Path) -> None:
    """An agent that no longer holds the key refuses, and that is an error of ours."""
    signer = AgentSigner(Signer(KEYS / ED25519).fingerprint)
    signer.sign(b'data')
    run('ssh-add', '-q', '-D')
    with pytest.raises(AgentError, match='refused'):
        signer.sign(b'data')
    assert [] == identities()


def test_agent_that_is_locked(held: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked agent shows no keys."""
    helper = place / 'askpass'
    helper.write_text('#!/bin/sh\necho secret\n')
    helper.chmod(0o700)
    monkeypatch.setenv('SSH_ASKPASS', str(helper))
    monkeypatch.setenv('SSH_ASKPASS_REQUIRE', 'force')
    run('ssh-add', '-x')
    with pytest.raises(AgentError, match='no key at all'):
        AgentSigner(Signer(KEYS / RSA).fingerprint).sign(b'data')


def test_no_agent(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SSH_AUTH_SOCK, or with nothing that answers there, the error says so."""
    monkeypatch.delenv('SSH_AUTH_SOCK', raising=False)
    with pytest.raises(AgentError, match='SSH_AUTH_SOCK is not set'):
        identities()
    (place / 'file').write_text('')
    for path in (place / 'missing', place / 'file', place / ('long' * 50), place):
        with pytest.raises(AgentError, match='cannot be reached'):
            identities(str(path))


@pytest.mark.parametrize(
    ('reply', 'said'),
    [
        (None, 'silent'),
        (b'', 'closed'),
        (b'\0\0', 'closed'),
        (b'\0\0\0\x09\x0c', 'closed'),
        (b'HTTP/1.1 400 Bad Request\r\n\r\n', 'announced'),
        (b'\xff\xff\xff\xff', 'announced'),
        (b'\0\0\0\0', 'announced'),
        (packed(b'\x05'), 'refused'),
        (packed(b'\x0c'), 'broken'),
        (packed(b'\x0c\xff\xff\xff\xff'), 'broken'),
        (packed(b'\x0c\0\0\0\x01\0\0\x01\0'), 'broken'),
    ],
)
def test_agents_that_answer_nonsense(place: Path, reply: bytes | None, said: str) -> None:
    """Silence, a closed connection, a huge length and broken lists end in time, as AgentError."""
    start = time.monotonic()
    with FakeAgent(place / 'socket', [reply]) as fake, pytest.raises(AgentError, match=said):
        identities(fake.path, timeout=BRIEF)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ('name', 'reply', 'said'),
    [
        (RSA, signature(b'ssh-rsa', b'x' * 256), 'ssh-rsa'),
        (RSA, signature(b'rsa-sha2-512', b'x' * 256), 'rsa-sha2-512'),
        (RSA, signature(b'rsa-sha2-256', b'x' * 257), 'broken'),
        (P256, signature(b'ecdsa-sha2-nistp521', b''), 'nistp521'),
        (P256, signature(b'ecdsa-sha2-nistp256', packed(b'\x80') + packed(b'\1')), 'broken'),
        (P256, signature(b'ecdsa-sha2-nistp256', packed(b'\1') + packed(b'')), 'broken'),
        (P256, signature(b'ecdsa-sha2-nistp256', packed(b'\1' * 99) + packed(b'\1')), 'broken'),
        (P256, signature(b'ecdsa-sha2-nistp256', packed(b'\1') * 3), 'broken'),
        (ED25519, signature(b'ssh-ed25519', b'x' * 63), 'broken'),
        (ED25519, signature(b'ssh-ed25519', b'x' * 64, b'more'), 'broken'),
        (ED25519, packed(b'\x0e'), 'broken'),
        (ED25519, None, 'silent'),
        (ED25519, packed(b'\x05'), 'refused'),
    ],
)
def test_agents_that_sign_nonsense(place: Path, name: str, reply: bytes | None, said: str) -> None:
    """SHA-1, wrong lengths and impossible numbers are refused; a key is asked for only once."""
    blob = blob_of(name)
    with FakeAgent(place / 'socket', [listing(blob), reply]) as fake:
        signer = AgentSigner(blob, path=fake.path, timeout=PATIENT if reply else BRIEF)
        with pytest.raises(AgentError, match=said):
            signer.sign(b'data')
        assert [b'\x0b', b'\x0d'] == [message[4:5] for message in fake.asked]


def test_short_rsa_signature_is_filled_up(place: Path) -> None:
    """An agent may leave out leading zeros of an RSA signature."""
    blob = blob_of(RSA)
    replies: list[bytes | None] = [listing(blob), signature(b'rsa-sha2-256', b'x' * 255)]
    with FakeAgent(place / 'socket', replies) as fake:
        signed = AgentSigner(blob, path=fake.path, timeout=PATIENT).sign(b'data')
    assert b'\0' + b'x' * 255 == signed


@pytest.mark.parametrize('kind', [b'sk-ssh-ed25519@openssh.com', b'ssh-dss', b'\xff'])
def test_agent_keys_of_other_kinds(place: Path, kind: bytes) -> None:
    """A key of a kind that CloudAPI does not take is refused before it signs."""
    blob = packed(kind) + packed(b'x')
    with FakeAgent(place / 'socket', [listing(blob)]) as fake:
        signer = AgentSigner(blob, path=fake.path, timeout=PATIENT)
        with pytest.raises(KeyUnsupported, match='ssh-agent'):
            signer.sign(b'data')


@pytest.mark.parametrize('prefix', ['', '/acme/keys/'])
@pytest.mark.parametrize('field', ['fingerprint', 'sha256_fingerprint'])
@pytest.mark.parametrize('secret', [None, 'missing'])
def test_auth_asks_the_agent_first(held: str, prefix: str, field: str, secret: str | None) -> None:
    """With a fingerprint, the agent's key signs and the file is not even opened."""
    file = Signer(KEYS / P521)
    key_id = prefix + getattr(file, field)
    auth = HTTPSignatureAuth(key_id, secret, login='acme', allow_agent=True)
    header = sign_once(auth)
    assert f'keyId="/acme/keys/{file.fingerprint}",algorithm="ecdsa-sha512"' in header
    assert secret is not None or 'None' in repr(auth)
    assert header != sign_once(pickle.loads(pickle.dumps(auth)))


@pytest.mark.parametrize('key_id', [None, '/acme/keys/a name'])
def test_auth_finds_the_agent_key_by_the_public_file(
    held: str, place: Path, key_id: str | None
) -> None:
    """Without a fingerprint, the .pub file beside the secret says which key is meant."""
    public = Signer(KEYS / RSA).public_key
    (place / 'id_rsa.pub').write_text(f'{public} comment\n')
    auth = HTTPSignatureAuth(key_id, place / 'id_rsa', login='acme', allow_agent=True)
    assert 'algorithm="rsa-sha256"' in sign_once(auth)


@pytest.mark.parametrize('socket_there', [True, False])
def test_auth_falls_back_to_the_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, socket_there: bool
) -> None:
    """Without an agent, or with one that does not hold the key, the file is used."""
    monkeypatch.setenv('SSH_AUTH_SOCK', str(place / 'socket'))
    auth = HTTPSignatureAuth(None, KEYS / ED25519, login='acme', allow_agent=True)
    if not socket_there:
        assert 'ed25519-sha512' in sign_once(auth)
        return
    with FakeAgent(place / 'socket', [listing()]) as fake:
        assert 'ed25519-sha512' in sign_once(auth)
        assert 1 == len(fake.asked)


def test_auth_asks_no_agent_unless_it_may(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without allow_agent the file signs, though an agent holds its key."""
    with FakeAgent(place / 'socket', [listing(blob_of(ED25519))]) as fake:
        monkeypatch.setenv('SSH_AUTH_SOCK', fake.path)
        assert 'ed25519-sha512' in sign_once(HTTPSignatureAuth(None, KEYS / ED25519, login='acme'))
        assert [] == fake.asked


def test_auth_takes_p384_from_the_file(held: str) -> None:
    """A P-384 key that an agent holds is used from its file."""
    file = Signer(KEYS / P384)
    auth = HTTPSignatureAuth(file.fingerprint, KEYS / P384, login='acme', allow_agent=True)
    assert 'ecdsa-sha512' in sign_once(auth)


def test_auth_with_neither_agent_nor_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When both fail, the error tells about both; without a file, about the agent."""
    monkeypatch.setenv('SSH_AUTH_SOCK', str(place / 'nobody'))
    missing = HTTPSignatureAuth('00' * 16, place / 'missing', login='acme', allow_agent=True)
    with pytest.raises(KeyUnreadable, match=r'missing.*nobody'):
        sign_once(missing)
    with pytest.raises(AgentError, match='nobody'):
        sign_once(HTTPSignatureAuth('00' * 16, None, login='acme', allow_agent=True))
    with pytest.raises(SigningError, match='not known'):
        sign_once(HTTPSignatureAuth('/acme/keys/a', None, allow_agent=True))


def test_representation_names_the_key() -> None:
    """A signer shows the fingerprint it looks for."""
    signer = Signer(KEYS / ED25519)
    assert f"AgentSigner('{signer.sha256_fingerprint}')" == repr(AgentSigner(blob_of(ED25519)))
    assert re.fullmatch(r"AgentSigner\('[0-9a-f:]+'\)", repr(AgentSigner(signer.fingerprint)))
