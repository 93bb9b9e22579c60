"""Finding the key: real ssh-agents with any number of keys, and ~/.ssh with all that lies in it."""

from __future__ import annotations

import base64
import os
import pickle
import re
import shutil
from pathlib import Path

import pytest
import requests

from smartdc import DataCenter, InvalidInput
from smartdc.errors import (
    AgentError,
    KeyUnsupported,
    PassphraseRequired,
    SigningError,
    WrongPassphrase,
)
from smartdc.http_signature import HTTPSignatureAuth, Key, Signer
from smartdc.key_search import KeySearch
from smartdc.simulator import Simulator
from tests import agents
from tests.agents import Listener, packed
from tests.programs import KEYS, PASSPHRASE, is_signature, run

RSA, P256, P384, ED25519 = 'rsa2048-pkcs1.pem', 'p256-sec1.pem', 'p384-sec1.pem', 'ed25519-openssh'
#: The key of RSA again, encrypted.
LOCKED_PEM, LOCKED = 'rsa2048-pkcs1-encrypted.pem', 'rsa2048-openssh-encrypted'


@pytest.fixture
def ssh(tmp_path: Path) -> Path:
    """Make an empty ~/.ssh."""
    directory = tmp_path / '.ssh'
    directory.mkdir(mode=0o700)
    return directory


def put(name: str, path: Path, *, public: bool = False) -> str:
    """Copy one of the fixed keys to a path, and return its fingerprint where it can be read."""
    shutil.copyfile(KEYS / name, path)
    path.chmod(0o600)
    locked = 'encrypted' in name
    signer = Signer(path, PASSPHRASE if locked else None)
    if public:
        path.with_name(path.name + '.pub').write_text(f'{signer.public_key} comment of {path.name}')
    return signer.fingerprint


def generate(count: int, place: Path) -> list[str]:
    """Make keys of three kinds by ssh-keygen, add them to the agent; return their SHA256 forms."""
    for number in range(count):
        path = place / f'key{number}'
        kind, bits = (('ed25519', '256'), ('ecdsa', '256'), ('rsa', '2048'))[number % 3]
        run(
            'ssh-keygen',
            '-q',
            '-t',
            kind,
            '-b',
            bits,
            '-N',
            '',
            '-C',
            f'key {number}',
            '-f',
            str(path),
        )
        run('ssh-add', '-q', str(path))
        path.unlink()
    lines = run('ssh-add', '-l').splitlines() if count else []
    return [line.split()[1] for line in lines]


def is_asked_to_sign(message: bytes, public: str) -> bool:
    """Tell whether a message asks an agent for a signature by this key."""
    return message[4] == 13 and message[5:].startswith(packed(base64.b64decode(public.split()[1])))


def is_good(key: Key, public: str) -> bool:
    """Tell whether a key signs as the public one says."""
    return is_signature(public, key.algorithm, key.sign(b'data'), b'data')


@pytest.mark.parametrize('count', [0, 1, 6, 20])
def test_the_right_key_of_many_signs_once(
    agent: Path, ssh: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Each key of an agent is found by any form of its fingerprint, and makes one signature."""
    keys = generate(count, agent)
    other = put(RSA, ssh / 'other')
    with Listener(agent / 'listener', agent / 'socket') as listener:
        monkeypatch.setenv('SSH_AUTH_SOCK', listener.path)
        for number, sha256 in enumerate(keys):
            public = agent / f'key{number}.pub'
            md5 = run('ssh-keygen', '-l', '-E', 'md5', '-f', str(public)).split()[1]
            bare = md5.removeprefix('MD5:')
            for form in (sha256, f'{sha256}=', sha256[7:], md5, bare, bare.replace(':', '')):
                assert (sha256, bare) == (
                    KeySearch(form).sha256_fingerprint,
                    KeySearch(form).fingerprint,
                )
            for wanted in (sha256, f'key {number}'):
                del listener.asked[:]
                assert is_good(KeySearch(wanted), public.read_text())
                assert [11, 11, 13] == listener.kinds
                assert is_asked_to_sign(listener.asked[-1], public.read_text())
        del listener.asked[:]
        assert is_good(KeySearch(other), Signer(KEYS / RSA).public_key)
        assert [11] == listener.kinds


def test_an_agent_without_keys(agent: Path, ssh: Path) -> None:
    """The file is used; without one the error says that the agent is empty."""
    with pytest.raises(AgentError, match=r'agent holds no key at all\. .*\.ssh has no key'):
        KeySearch('00' * 16).sign(b'data')
    fingerprint = put(ED25519, ssh / 'mine')

    assert is_good(KeySearch(fingerprint), Signer(KEYS / ED25519).public_key)


@pytest.mark.parametrize('public', [True, False])
@pytest.mark.parametrize('name', [RSA, P256, P384, ED25519])
def test_a_file_is_found_by_its_fingerprint(ssh: Path, name: str, public: bool) -> None:
    """Keys of all kinds are found in ~/.ssh, with or without their public half, by any name."""
    for other in {RSA, P256, P384, ED25519} - {name}:
        put(other, ssh / f'other-{other}', public=public)
    fingerprint = put(name, ssh / 'some key', public=public)
    for noise in ('config', 'known_hosts', 'empty', 'authorized_keys'):
        (ssh / noise).write_text('Host x\n' if noise != 'empty' else '')
    (ssh / 'folder').mkdir()
    (ssh / 'broken').write_text('-----BEGIN RSA PRIVATE KEY-----\nnonsense\n')
    os.mkfifo(ssh / 'pipe')
    (ssh / 'huge').write_text('-----BEGIN RSA PRIVATE KEY-----' + ' ' * 200_000)

    assert is_good(KeySearch(fingerprint), Signer(KEYS / name).public_key)


@pytest.mark.parametrize(
    'wanted', ['id_work', 'id_work.pub', '~/.ssh/id_work', '~/.ssh/id_work.pub', '{}/id_work']
)
def test_a_name_or_a_path_will_do(ssh: Path, wanted: str) -> None:
    """The name of a file in ~/.ssh, and the path of either half, find the key."""
    put(ED25519, ssh / 'id_work', public=True)
    key = KeySearch(wanted.format(ssh))

    assert Signer(KEYS / ED25519).fingerprint == key.fingerprint


def test_a_path_elsewhere_asks_the_agent_first(agent: Path, tmp_path: Path) -> None:
    """The public half says which key of the agent it is; the private one need not be there."""
    fingerprint = put(RSA, tmp_path / 'work', public=True)
    run('ssh-add', '-q', str(tmp_path / 'work'))
    (tmp_path / 'work').unlink()

    assert fingerprint == KeySearch(str(tmp_path / 'work')).fingerprint
    assert fingerprint == KeySearch(str(tmp_path / 'work.pub')).fingerprint
    run('ssh-add', '-q', '-D')
    with pytest.raises(AgentError, match='without its private half'):
        KeySearch(str(tmp_path / 'work')).sign(b'data')


def test_encrypted_files_are_asked_for_last(ssh: Path) -> None:
    """A plain copy is taken first; else the passphrase is asked for once, for the right file."""
    asked = []

    def passphrase() -> str:
        asked.append(1)
        return PASSPHRASE

    fingerprint = put(LOCKED, ssh / 'a', public=True)
    put(LOCKED_PEM, ssh / 'b')
    assert fingerprint == KeySearch(fingerprint, passphrase).fingerprint
    assert 1 == len(asked)
    other = put(ED25519, ssh / 'y')
    assert other == KeySearch(other, passphrase).fingerprint
    put(RSA, ssh / 'z')
    assert fingerprint == KeySearch(fingerprint, passphrase).fingerprint
    assert 1 == len(asked)


def test_an_encrypted_file_without_a_public_half(ssh: Path) -> None:
    """A PEM file says nothing of its key until it is opened: that comes at the very end."""
    fingerprint = put(LOCKED_PEM, ssh / 'mystery')

    assert fingerprint == KeySearch(fingerprint, PASSPHRASE).fingerprint
    with pytest.raises(AgentError, match=r'mystery \(encrypted, not opened\)'):
        KeySearch(fingerprint).sign(b'data')
    with pytest.raises(PassphraseRequired, match='mystery'):
        KeySearch('mystery').sign(b'data')


@pytest.mark.parametrize(
    ('passphrase', 'error'), [(None, PassphraseRequired), ('wrong', WrongPassphrase)]
)
def test_a_file_that_does_not_open(
    ssh: Path, passphrase: str | None, error: type[SigningError]
) -> None:
    """The key was found, so the error is about its passphrase, which it does not show."""
    fingerprint = put(LOCKED, ssh / 'mine', public=True)
    with pytest.raises(error, match=r'mine.*Looked in all places') as raised:
        KeySearch(fingerprint, passphrase).sign(b'data')

    assert 'wrong' not in str(raised.value)


@pytest.mark.parametrize('form', ['fingerprint', 'sha256_fingerprint'])
def test_the_error_lists_places_and_fingerprints(agent: Path, ssh: Path, form: str) -> None:
    """Each place and each key seen there is named, in the form that was asked for."""
    put(P256, agent / 'held')
    run('ssh-add', '-q', str(agent / 'held'))
    put(RSA, ssh / 'id_rsa')
    put(ED25519, ssh / 'id_ed', public=True)
    (ssh / 'id_ed').unlink()
    wanted = {'fingerprint': '00' * 16, 'sha256_fingerprint': 'SHA256:' + 'x' * 43}[form]
    with pytest.raises(AgentError) as raised:
        KeySearch(wanted).sign(b'data')

    text = str(raised.value)
    for name in (P256, RSA, ED25519):
        assert getattr(Signer(KEYS / name), form) in text
    for part in (wanted, 'ssh-agent holds', str(ssh), 'id_rsa (', 'id_ed (', 'ssh-add'):
        assert part in text


def test_there_is_nowhere_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an agent nor ~/.ssh is an error that says both."""
    with pytest.raises(AgentError, match=r'SSH_AUTH_SOCK is not set.*no directory .*\.ssh'):
        KeySearch('00' * 16).sign(b'data')
    monkeypatch.setenv('SSH_AUTH_SOCK', str(tmp_path / 'nobody'))
    for wanted in ('no such name', '/', f'/{"x" * 300}'):
        with pytest.raises(AgentError, match='nobody cannot be reached'):
            KeySearch(wanted).sign(b'data')


def test_a_p384_key_comes_from_its_file(agent: Path, ssh: Path) -> None:
    """What the agent signs with such a key CloudAPI does not take: without a file it is refused."""
    fingerprint = put(P384, agent / 'held')
    run('ssh-add', '-q', str(agent / 'held'))
    with pytest.raises(KeyUnsupported, match=r'P-384.*Looked in all places'):
        KeySearch(fingerprint).sign(b'data')
    put(P384, ssh / 'id_ecdsa')

    assert is_good(KeySearch(fingerprint), Signer(KEYS / P384).public_key)


def test_comments_that_are_not_unique(agent: Path) -> None:
    """A comment that two keys of the agent have names none of them."""
    for name in ('a', 'b'):
        run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'me', '-f', str(agent / name))
        run('ssh-add', '-q', str(agent / name))
    with pytest.raises(AgentError, match='several keys'):
        KeySearch('me').sign(b'data')


def test_an_agent_that_refuses_is_followed_by_the_file(agent: Path, ssh: Path) -> None:
    """A key found in the agent signs from its file once the agent is locked or gone."""
    fingerprint = put(ED25519, ssh / 'mine', public=True)
    run('ssh-add', '-q', str(ssh / 'mine'))
    key = KeySearch(fingerprint)
    assert is_good(key, Signer(KEYS / ED25519).public_key)
    run('ssh-add', '-q', '-D')
    assert is_good(key, Signer(KEYS / ED25519).public_key)


def test_an_agent_that_goes_away_is_followed_by_the_file(
    place: Path, ssh: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The file signs once the agent has ended, and the log says so, once."""
    monkeypatch.setenv('SSH_AUTH_SOCK', str(place / 'socket'))
    fingerprint, public = put(RSA, ssh / 'mine'), Signer(KEYS / RSA).public_key
    with agents.running(place / 'socket'):
        run('ssh-add', '-q', str(ssh / 'mine'))
        key = KeySearch(fingerprint)
        assert is_good(key, public)
    assert [] == caplog.messages
    assert is_good(key, public)
    assert is_good(key, public)
    (told,) = caplog.messages
    assert re.search('agent at .* cannot be reached.*The key file signs', told)
    (ssh / 'mine').unlink()
    with pytest.raises(AgentError, match=r'cannot be reached.*\.ssh has no key'):
        KeySearch(fingerprint).sign(b'data')


@pytest.mark.parametrize('has_file', [True, False])
def test_a_key_that_may_not_be_used(
    agent: Path, ssh: Path, monkeypatch: pytest.MonkeyPatch, has_file: bool
) -> None:
    """When nobody confirms the use of a key, the agent is asked once and no more."""
    fingerprint = put(ED25519, agent / 'held')
    run('ssh-add', '-q', '-c', str(agent / 'held'))
    with Listener(agent / 'listener', agent / 'socket') as listener:
        monkeypatch.setenv('SSH_AUTH_SOCK', listener.path)
        key = KeySearch(fingerprint)
        if has_file:
            put(ED25519, ssh / 'mine')
            assert is_good(key, Signer(KEYS / ED25519).public_key)
        else:
            with pytest.raises(AgentError, match=r'refused: .*declined.*Looked in all places'):
                key.sign(b'data')

        assert [11, 11, 13] == listener.kinds


def test_the_secret_stands_in_for_the_agent(
    agent: Path, ssh: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With allow_agent=True the file that was given signs once the agent does not, if it may."""
    fingerprint, public = put(P256, ssh / 'mine'), Signer(KEYS / P256).public_key
    run('ssh-add', '-q', '-c', str(ssh / 'mine'))

    def key_with(secret: Path) -> Key:
        auth = HTTPSignatureAuth(fingerprint, secret, login='acme', allow_agent=True)
        return auth.key()[1]

    key = key_with(ssh / 'mine')
    assert (fingerprint, 'ecdsa-sha256') == (key.fingerprint, key.algorithm)
    assert is_good(key, public)
    assert 1 == len(caplog.messages)
    assert is_good(key, public)
    assert 1 == len(caplog.messages)
    for other, said in ((KEYS / RSA, 'declined'), (ssh / 'none', 'declined.*none')):
        with pytest.raises(AgentError, match=said):
            key_with(other).sign(b'data')


def test_an_agent_that_refuses_is_reported(agent: Path, ssh: Path) -> None:
    """Without a file the refusal comes with all places; the next call asks the agent again."""
    fingerprint = put(ED25519, agent / 'held')
    run('ssh-add', '-q', str(agent / 'held'))
    key = KeySearch(fingerprint)
    assert key.sign(b'data')
    run('ssh-add', '-q', '-D')
    with pytest.raises(AgentError, match=r'refused.*Looked in all places.*agent holds'):
        key.sign(b'data')
    run('ssh-add', '-q', str(agent / 'held'))
    assert is_good(key, Signer(KEYS / ED25519).public_key)


def test_a_stale_public_half_is_not_believed(ssh: Path) -> None:
    """A .pub file of another key beside a private one does not make it that key."""
    put(RSA, ssh / 'id', public=True)
    fingerprint = put(P256, ssh / 'other', public=True)
    shutil.copyfile(ssh / 'other.pub', ssh / 'id.pub')
    (ssh / 'other').rename(ssh / 'zz')
    (ssh / 'other.pub').unlink()

    assert is_good(KeySearch(fingerprint), Signer(KEYS / P256).public_key)


def test_a_data_center_finds_its_key(cloud: Simulator, ssh: Path) -> None:
    """With secret=None the fingerprint is enough, in any form, or the name; one request goes."""
    shutil.copyfile(cloud.key_path, ssh / 'work')
    key = Signer(cloud.key_path)
    for key_id in (
        key.fingerprint,
        key.sha256_fingerprint,
        f'/acme/keys/{key.fingerprint}',
        'work',
    ):
        with cloud.datacenter(key_id=key_id, secret=None) as sdc:
            assert sdc.keys()
    assert 4 == len(cloud.requests)
    for record in cloud.requests:
        assert f'keyId="/acme/keys/{key.fingerprint}"' in record.headers['authorization']


def test_a_sub_user_signs_under_its_own_path(ssh: Path) -> None:
    """The user of a profile or argument stands in the key id, and travels to other data centers."""
    fingerprint = put(ED25519, ssh / 'work')
    sdc = DataCenter('https://h', fingerprint, None, login='acme', user='sub')
    for each in (sdc, sdc.datacenter('https://other.h')):
        assert isinstance(each.auth, HTTPSignatureAuth)
        assert f'/acme/users/sub/keys/{fingerprint}' == each.auth.key()[0]


def test_the_search_keeps_secrets_and_travels(ssh: Path) -> None:
    """Neither repr nor pickle has the passphrase; a copy searches for itself."""
    fingerprint = put(ED25519, ssh / 'work')
    auth = HTTPSignatureAuth(fingerprint, None, login='acme', passphrase='canary')
    request = requests.Request('GET', 'https://example.com/my/keys').prepare()
    signed = auth(request).headers['Authorization']
    data = pickle.dumps(auth)

    assert b'canary' not in data
    assert 'canary' not in repr(auth) + repr(KeySearch('x', 'canary'))
    assert signed[:80] == pickle.loads(data)(request.copy()).headers['Authorization'][:80]


def test_a_key_id_that_only_the_server_knows(cloud: Simulator) -> None:
    """The name that a key has in the cloud does not tell which file it is."""
    with pytest.raises(InvalidInput, match='key file'):
        HTTPSignatureAuth('/acme/keys/laptop', None)
