"""Secrets stay in: in no log, text, traceback, pickle or attribute."""

import contextlib
import json
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

import smartdc
import smartdc.profiles
from smartdc import DataCenter, Machine
from smartdc.simulator import Simulator
from tests.contract_calls import ANSWERS, CALLS, ID
from tests.programs import run
from tests.servers import json_reply, reply, serving

PASSPHRASE = 'canary-passphrase'
#: What stands in arguments and answers.
CANARY = 'canary-secret'
WITH_PASSWORD = {'login': 'u', 'email': 'e', 'password': CANARY}
CREDENTIALS: dict[str, Any] = {'metadata': {'credentials': {'root': CANARY}, 'a': 'b'}}

Call = Callable[[DataCenter, Machine], Any]


def _wait(sdc: DataCenter, machine: Machine) -> None:
    machine.refresh(credentials=True)
    machine.poll_until('running', timeout=0)


def _feed(sdc: DataCenter, machine: Machine) -> None:
    with sdc.changefeed():
        pass


#: Calls that have a secret in their arguments or their answer, or that sign in a way of their own.
SECRET_CALLS: dict[str, Call] = {
    'CreateUser': lambda s, _m: s.create_user(**WITH_PASSWORD),
    'ChangeUserPassword': lambda s, _m: s.change_user_password('u', CANARY),
    'CreateMachine': lambda s, _m: s.create_machine(
        'x', 'x', ID, metadata=CREDENTIALS['metadata'], password=CANARY, administrator_pw=CANARY
    ),
    'UpdateMachineMetadata': lambda _s, m: m.update_metadata({'root_pw': CANARY}),
    'CreateAccessKey': lambda s, _m: s.create_access_key(),
    'CreateUserAccessKey': lambda s, _m: s.create_user_access_key('u'),
    'ListMachineMetadata': lambda _s, m: m.get_metadata(credentials=True),
    'GetMachine': lambda s, _m: s.machine(ID, credentials=True),
    'wait': _wait,
    'presign': lambda s, _m: s.presign('GET', '/keys'),
    'changefeed': _feed,
    'vnc': lambda _s, m: m.vnc().close(),
}
ALL: dict[str, Call] = {**CALLS, **SECRET_CALLS}


class Case(NamedTuple):
    """A call, what becomes of its answer, and how the key and its passphrase are given."""

    call: str
    status: int = 200
    fate: str = 'whole'
    key: str = 'path'
    passphrase: str = 'text'


#: What may become of an answer.
FATES = ('whole', 'cut', 'garbled', 'no JSON', 'none')
CASES = st.builds(
    Case,
    st.sampled_from(sorted(CALLS)) | st.sampled_from(sorted(SECRET_CALLS)),
    st.sampled_from([200, 200, 201, 302, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503]),
    st.sampled_from(FATES),
    st.sampled_from(['path', 'text', 'plain']),
    st.sampled_from(['text', 'bytes', 'function', 'wrong', 'none']),
)


@contextlib.contextmanager
def listening() -> Iterator[list[str]]:
    """Yield what any library logs, at DEBUG, and whatever warning it gives."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f'{record.name} {record.getMessage()} {record.args}')

    root, handler = logging.getLogger(), Handler()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter('always')
            yield lines
        lines += [str(each.message) for each in warned]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Yield what any library logs, at DEBUG."""
    with listening() as lines:
        yield lines


@pytest.fixture(scope='module')
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return an encrypted key that is quick to open, and one that is not encrypted."""
    folder = tmp_path_factory.mktemp('key')
    for name, passphrase in (('locked', PASSPHRASE), ('plain', '')):
        command = ('ssh-keygen', '-q', '-t', 'ed25519', '-a', '1', '-N', passphrase)
        run(*command, '-f', str(folder / name))
    return {name: folder / name for name in ('locked', 'plain')}


def pieces(*paths: Path) -> tuple[str, ...]:
    """Return lines of key files that nothing may show."""
    lines = [line for path in paths for line in path.read_text('utf-8').splitlines()[1:-1]]
    return tuple(line for line in lines if len(line) > 40)


def shown(thing: Any, depth: int = 4) -> str:
    """Return all that can be seen of a thing, and of its attributes that are ours."""
    seen = [repr(thing), str(thing)]
    if isinstance(thing, requests.Response):
        request = thing.request
        seen += [str(request.headers), request.url or '', repr(request.body), str(thing.headers)]
    elif depth and type(thing).__module__.startswith('smartdc'):
        with contextlib.suppress(TypeError):
            seen += [repr(vars(thing)), *(shown(each, depth - 1) for each in vars(thing).values())]
    return '\n'.join(seen)


def pickled(thing: Any) -> str:
    """Return what a thing is as a pickle; nothing if it refuses."""
    try:
        return pickle.dumps(thing).decode('latin-1')
    except (TypeError, AttributeError, pickle.PicklingError, smartdc.SmartDCError):
        return ''


def answer_to(case: Case) -> bytes:
    """Return the answer of a server that tells secrets with all that it says."""
    good = ANSWERS.get(case.call, {})
    if case.call in ('wait', 'GetMachine'):
        good = {'id': ID, 'state': 'failed'}
    if 'AccessKey' in case.call and isinstance(good, dict):
        good = {'accesskeysecret': CANARY}
    if case.status >= 400:
        good = {'code': 'NotAuthorized', 'message': 'no', 'errors': [{'field': 'a'}]}
    if isinstance(good, dict) and case.call != 'ListDatacenters':  # what it tells are locations
        good = {**good, **CREDENTIALS}
    body = json.dumps(good).encode()
    if case.fate == 'no JSON':
        return reply(case.status, b'<html>' + body, Content_Type='text/html')
    headers = {'Content_MD5': 'AAAA'} if case.fate == 'garbled' else {}
    whole = json_reply(case.status, body, Location='https://elsewhere', **headers)
    return {'cut': whole[:-3], 'none': b''}.get(case.fate, whole)


def connection(case: Case, url: str, keys: dict[str, Path]) -> DataCenter:
    """Return a data center with the key of a case."""
    passphrases: dict[str, Any] = {
        'text': PASSPHRASE,
        'bytes': PASSPHRASE.encode(),
        'function': lambda: PASSPHRASE,
        'wrong': 'canary-passphrase-that-is-wrong',
        'none': None,
    }
    path = keys['plain' if case.key == 'plain' else 'locked']
    secret = path.read_text('utf-8') if case.key == 'text' else path
    passphrase = passphrases[case.passphrase]
    return DataCenter(url, '/a/keys/b', secret, passphrase=passphrase, retries=None)


def everything_seen(case: Case, keys: dict[str, Path]) -> tuple[str, list[str]]:
    """Make the call, and return all that can be seen of it with the signatures it was made with."""
    signatures = []
    answers = [answer_to(case)] * 6
    with (
        serving(*answers) as server,
        listening() as texts,
        connection(case, server.url, keys) as sdc,
    ):
        try:
            result = ALL[case.call](sdc, Machine(sdc, data={'id': ID}))
            texts.append(shown(result) if isinstance(result, Machine) else '')
            signatures += [result[-60:]] if case.call == 'presign' else []
        except smartdc.SmartDCError as error:
            texts += [shown(error), *traceback.format_exception(error), pickled(error)]
            texts.append(repr(pickle.loads(pickle.dumps(error))))
        except (KeyError, TypeError, AttributeError, IndexError):
            texts.append('the answer was made up')
        texts += [shown(sdc), shown(sdc.auth), pickled(sdc), pickled(sdc.auth)]
    for request in server.requests:
        signature = request.partition(b'signature="')[2].partition(b'"')[0].decode()
        signatures += [signature] if signature else []
    return '\n'.join(texts), signatures


def assert_keeps_secrets(case: Case, keys: dict[str, Path]) -> None:
    """Make the call of a case and look for each secret in all that can be seen."""
    everything, signatures = everything_seen(case, keys)

    assert everything
    for secret in (PASSPHRASE, CANARY, *pieces(*keys.values()), *signatures):
        assert secret not in everything


@pytest.mark.parametrize('status', [200, 403])
@pytest.mark.parametrize('call', sorted(ALL))
def test_no_call_shows_a_secret(call: str, status: int, keys: dict[str, Path]) -> None:
    """Each operation, answered well or badly, with canaries in key, passphrase and answer."""
    assert_keeps_secrets(Case(call, status), keys)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(case=CASES)
def test_whatever_happens_no_secret_is_shown(case: Case, keys: dict[str, Path]) -> None:
    """Any call, any answer, whole or not, and any way to give the key and its passphrase."""
    assert_keeps_secrets(case, keys)


def test_a_wrong_passphrase_is_not_repeated(keys: dict[str, Path], log: list[str]) -> None:
    """The error names the file, and neither the passphrase nor the key."""
    sdc = DataCenter('http://127.0.0.1:1', '/a/keys/b', keys['locked'], passphrase='canary-wrong')
    with sdc, pytest.raises(smartdc.WrongPassphrase, match='locked') as caught:
        sdc.keys()

    everything = '\n'.join([*log, *traceback.format_exception(caught.value), shown(sdc)])
    for secret in ('canary-wrong', *pieces(keys['locked'])):
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


def test_a_refused_request_does_not_hold_what_was_sent(sdc: DataCenter, cloud: Simulator) -> None:
    """The request on an error has neither body nor signature; the caller's data is untouched."""
    cloud.faults.add('CreateMachine', status=409, code='InvalidArgument', message='no')
    metadata = {'root_pw': 'canary'}
    with pytest.raises(smartdc.InvalidArgument) as caught:
        sdc.create_machine(metadata=metadata)
    assert caught.value.response is not None
    request = caught.value.response.request

    assert ('POST', None) == (request.method, request.body)
    assert 'Authorization' not in request.headers
    assert {'root_pw': 'canary'} == metadata


@pytest.mark.parametrize('location', ['https://me:canary@host', 'me:ca/nary@host', 'me:c@nary@x'])
def test_a_password_in_a_location_is_not_shown(
    location: str, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not belong there, and the error that says so leaves it out."""
    monkeypatch.setenv('TRITON_URL', location)
    sdc = DataCenter(location, login='a')
    with pytest.raises(smartdc.InvalidInput) as direct:
        sdc.keys()
    with pytest.raises(smartdc.InvalidInput) as by_profile:
        DataCenter.from_profile(login='a', key_id='00' * 16)
    texts = [*log, *map(shown, (direct.value, by_profile.value)), str(sdc), repr(sdc)]
    texts += [str(smartdc.profiles.explain())]

    assert 'nary' not in '\n'.join(texts)
    assert '***@' in str(direct.value)


def test_what_is_typed_on_a_console_is_not_logged(
    sdc: DataCenter, cloud: Simulator, log: list[str]
) -> None:
    """A websocket that opens logs neither its signature nor what goes through it."""
    with sdc.changefeed(timeout=20) as feed:
        sdc.create_machine(name='web0', metadata={'credentials': {'root': 'canary'}})
        assert 'provisioning' == next(feed).state
    asked = next(each for each in cloud.requests if each.operation == 'changefeed')
    signature = asked.headers['authorization'].partition('signature="')[2].rstrip('"')

    assert len(signature) > 40
    assert signature not in '\n'.join(log)
    assert not [line for line in log if line.startswith(('smartdc.websocket', 'websockets.client'))]


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
