"""Secrets stay in: in no log, text, traceback, pickle or attribute."""

import contextlib
import json
import logging
import pickle
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, Machine
from smartdc.simulator import Simulator
from tests.contract_calls import ANSWERS, CALLS, ID
from tests.programs import run
from tests.servers import json_reply, serving

PASSPHRASE = 'canary-passphrase'
SECRETS = (PASSPHRASE, 'canary-credential')


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Yield what any library logs, at DEBUG."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f'{record.getMessage()} {record.args}')

    root, handler = logging.getLogger(), Handler()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(scope='module')
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an encrypted key that is quick to open."""
    path = tmp_path_factory.mktemp('key') / 'id_ed25519'
    run('ssh-keygen', '-q', '-t', 'ed25519', '-a', '1', '-N', PASSPHRASE, '-f', str(path))
    return path


def pieces(key: Path) -> tuple[str, ...]:
    """Return lines of the key file that nothing may show."""
    return tuple(line for line in key.read_text('utf-8').splitlines()[1:-1] if len(line) > 40)


def shown(thing: Any) -> str:
    """Return all that can be seen of a thing without asking it for its data."""
    seen = [repr(thing), str(thing)]
    with contextlib.suppress(TypeError):
        seen += [repr(vars(thing)), *(repr(each) for each in vars(thing).values())]
    return '\n'.join(seen)


@pytest.mark.parametrize('status', [200, 403])
@pytest.mark.parametrize('name', sorted(CALLS))
def test_no_call_shows_a_secret(name: str, status: int, key: Path, log: list[str]) -> None:
    """Each operation, answered well or badly, with canaries in key, passphrase and answer."""
    good = ANSWERS.get(name, {})
    body = good if status == 200 else {'code': 'NotAuthorized', 'message': 'no'}
    if status == 200 and name in ('CreateMachine', 'GetMachine'):
        body = {**body, 'metadata': {'credentials': {'root': 'canary-credential'}}}
    answer = json_reply(status, json.dumps(body).encode(), Location='https://elsewhere')
    texts = log
    with (
        serving(answer, answer) as server,
        DataCenter(server.url, '/a/keys/b', key, passphrase=PASSPHRASE, retries=None) as sdc,
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter('always')
        try:
            result = CALLS[name](sdc, Machine(sdc, data={'id': ID}))
            texts.append(shown(result) if isinstance(result, Machine) else '')
        except smartdc.SmartDCError as error:
            texts += [shown(error), *traceback.format_exception(error)]
            texts.append(repr(pickle.loads(pickle.dumps(error))))
        except (KeyError, TypeError, AttributeError):
            texts.append('the answer was made up')
        texts += [shown(sdc), shown(sdc.auth), *(str(each.message) for each in warned)]
        signature = server.requests[0].partition(b'signature="')[2].partition(b'"')[0].decode()
    everything = '\n'.join(texts)

    assert log
    for secret in (*SECRETS, *pieces(key), *([signature] if signature else [])):
        assert secret not in everything


def test_a_wrong_passphrase_is_not_repeated(key: Path, log: list[str]) -> None:
    """The error names the file, and neither the passphrase nor the key."""
    sdc = DataCenter('http://127.0.0.1:1', '/a/keys/b', key, passphrase='canary-wrong')
    with sdc, pytest.raises(smartdc.WrongPassphrase, match='id_ed25519') as caught:
        sdc.keys()

    everything = '\n'.join([*log, *traceback.format_exception(caught.value), shown(sdc)])
    for secret in ('canary-wrong', *pieces(key)):
        assert secret not in everything


def test_passwords_that_are_sent_are_not_shown(sdc: DataCenter, log: list[str]) -> None:
    """Passwords of users and machines are in no log, error or repr."""
    person = {'login': 'bob', 'email': 'bob@example.com', 'password': 'canary-1'}
    user = sdc.create_user(**person)
    with pytest.raises(smartdc.InvalidArgument) as caught:
        sdc.create_user(**person)
    sdc.change_user_password(user, 'canary-2')
    machine = sdc.create_machine(metadata={'credentials': {'root': 'canary-4'}}, credentials=True)
    texts = [*log, *traceback.format_exception(caught.value), shown(caught.value), repr(machine)]

    assert {'root': 'canary-4'} == machine.credentials()
    assert 'canary' not in '\n'.join(texts)


def test_a_key_given_as_text_is_not_shown(cloud: Simulator) -> None:
    """Neither the data center nor its auth carries the text where it can be seen."""
    text = cloud.key_path.read_text('utf-8')
    with cloud.datacenter(secret=text) as sdc:
        sdc.keys()
        everything = shown(sdc) + shown(sdc.auth)

    for line in text.splitlines():
        assert line not in everything


def test_a_refusal_says_who_asked(cloud: Simulator) -> None:
    """NotAuthorized and InvalidCredentials name the key and the roles that were used."""
    with cloud.datacenter(as_role=('ops', 'web')) as sdc:
        cloud.faults.add('ListKeys', count=1, status=403, code='NotAuthorized', message='no')
        with pytest.raises(smartdc.NotAuthorized) as caught:
            sdc.keys()

    assert f'{cloud.key_id} as ops,web' == caught.value.actor
    assert f'[asked by {cloud.key_id} as ops,web]' in str(caught.value)
