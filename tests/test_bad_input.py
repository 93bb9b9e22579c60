"""What cannot work says what to do, and sends nothing that should not be sent."""

import contextlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, Machine, profiles
from smartdc.key_search import KeySearch
from smartdc.simulator import Simulator
from tests.programs import KEYS

#: What a type checker would not let through.
TEXT: Any = 'x'

#: The id of a thing that is nowhere.
NOWHERE = '11111111-2222-4333-8444-555555555555'


@pytest.mark.parametrize(
    ('secret', 'error', 'words'),
    [
        ('/no/such/key', smartdc.KeyUnreadable, '/no/such/key'),
        ('.', smartdc.KeyUnreadable, 'directory'),
        ('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me', smartdc.NotAPrivateKey, 'public key'),
        ('-----BEGIN NONSENSE-----', smartdc.NotAPrivateKey, 'no private key'),
    ],
)
def test_a_key_that_cannot_be_used_is_named(
    cloud: Simulator, secret: str, error: type[Exception], words: str
) -> None:
    """The error is about the file, and no request goes out."""
    with cloud.datacenter(secret=secret) as sdc, pytest.raises(error, match=words):
        sdc.keys()

    assert not cloud.requests


def test_a_key_that_the_account_lacks_gets_advice(cloud: Simulator, tmp_path: Path) -> None:
    """The server's refusal comes with what to check."""
    other = next(path for path in sorted(KEYS.iterdir()) if 'ed25519' in path.name)
    with cloud.datacenter(key_id=None, secret=other) as sdc:
        with pytest.raises(smartdc.InvalidCredentials, match='this key is among its keys'):
            sdc.keys()

        assert [401] == [request.status for request in cloud.requests]


def test_a_fingerprint_of_another_key_is_not_sent(cloud: Simulator) -> None:
    """A key id that the key does not have is found out before the server is asked."""
    wrong = ':'.join(['00'] * 16)
    with cloud.datacenter(key_id=wrong) as sdc, pytest.raises(smartdc.SigningError, match=wrong):
        sdc.keys()

    assert not cloud.requests


def test_a_fingerprint_needs_a_login(cloud: Simulator) -> None:
    """Without the account's name a fingerprint is no key id."""
    sdc = DataCenter(cloud.url(), cloud.key_id.rpartition('/')[2], cloud.key_path)
    with sdc, pytest.raises(smartdc.InvalidInput, match='login'):
        sdc.keys()

    assert not cloud.requests


@pytest.mark.parametrize('name', ['', '.', '..', 'a\nb', 'a\x00b', None, 1.5, object(), []])
@pytest.mark.parametrize(
    'method', ['key', 'package', 'network', 'image', 'machine', 'user', 'role', 'firewall_rule']
)
def test_an_id_that_is_none_is_never_sent(
    cloud: Simulator, sdc: DataCenter, method: str, name: Any
) -> None:
    """Empty ids, dots, control characters and what is no id at all are refused here."""
    with pytest.raises(smartdc.InvalidInput):
        getattr(sdc, method)(name)

    assert not cloud.requests


@pytest.mark.parametrize('method', ['G ET', 'GET\r\nX: y', '', 'GÉT', None, 1])
def test_a_method_that_cannot_be_is_not_sent(
    cloud: Simulator, sdc: DataCenter, method: Any
) -> None:
    """A method is one word of letters."""
    with pytest.raises(smartdc.InvalidInput, match='a method is a word such as GET'):
        sdc.request(method, '/keys')

    assert not cloud.requests


@pytest.mark.parametrize('headers', [{'X-A': '€'}, {'X-€': 'a'}, {'X-A': 'a\nb'}, {'X-A': 1}])
def test_a_header_that_cannot_be_is_not_sent(
    cloud: Simulator, sdc: DataCenter, headers: Any
) -> None:
    """Headers are texts of Latin letters, in a line."""
    with pytest.raises(smartdc.InvalidInput):
        sdc.request('GET', '/keys', headers)

    assert not cloud.requests
    assert sdc.keys()


def test_what_is_no_text_is_not_sent(cloud: Simulator, sdc: DataCenter) -> None:
    """Half a character of Unicode has no place in a path or a query."""
    for call in (
        lambda: sdc.request('GET', '/keys/\ud800'),
        lambda: sdc.request('GET', '/keys', params={'a': '\ud800'}),
        lambda: sdc.machines(name='\ud800'),
    ):
        with pytest.raises(smartdc.InvalidInput, match='not valid Unicode'):
            call()

    assert not cloud.requests


@pytest.mark.parametrize('verify', ['a\0b', '~nobody-of-that-name/ca.pem', 'x' * 5000, '/dev/null'])
def test_certificates_that_cannot_be_are_named(cloud: Simulator, verify: str) -> None:
    """Whatever is wrong with the path, it is an error of the configuration."""
    with (
        DataCenter('https://127.0.0.1:1', '/a/keys/b', cloud.key_path, verify=verify) as sdc,
        pytest.raises(smartdc.ConfigurationError, match='CA certificates of'),
    ):
        sdc.keys()


def test_a_profile_without_settings_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """from_profile names the variables that are missing."""
    monkeypatch.setenv('TRITON_URL', 'https://host')
    with pytest.raises(smartdc.ConfigurationError, match='TRITON_ACCOUNT and no TRITON_KEY_ID'):
        DataCenter.from_profile()


@pytest.mark.parametrize('place', ['TRITON_CONFIG_DIR', 'TRITON_PROFILE'])
def test_where_nobody_may_look_there_is_no_profile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    """What the system refuses to look for is an error of the configuration, for all of them."""
    name = 'x' * 300
    (tmp_path / '.triton' / 'profiles.d').mkdir(parents=True)
    monkeypatch.setenv(place, str(tmp_path / name) if place == 'TRITON_CONFIG_DIR' else name)
    with pytest.raises(smartdc.ConfigurationError):
        DataCenter.from_profile()
    with pytest.raises(smartdc.ConfigurationError):
        profiles.save(name, url='https://host', account='a', key_id='b')
    with pytest.raises(smartdc.ConfigurationError):
        profiles.set_current(name)


def test_where_nobody_may_look_there_is_no_key() -> None:
    """The error says where it was looked for."""
    with pytest.raises(smartdc.AgentError, match='There is no directory /x'):
        KeySearch('mine', directory=f'/{"x" * 300}').sign(b'data')


def test_every_error_is_a_smartdc_error() -> None:
    """One root catches all of it."""
    with pytest.raises(smartdc.SmartDCError):
        DataCenter('nowhere').keys()


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        (lambda cloud: cloud.datacenter(pool_size='3'), "pool_size= .* not '3'"),
        (lambda cloud: cloud.datacenter(pool_size=0), 'pool_size= .* from 1, not 0'),
        (lambda cloud: cloud.datacenter().machines(offset='1'), "offset= .* from 0, not '1'"),
        (lambda cloud: cloud.datacenter().machines(offset=-1), 'offset= .* not -1'),
        (lambda cloud: cloud.datacenter().machines(limit='1'), "limit= .* from 1, not '1'"),
        (lambda cloud: cloud.datacenter().machines(limit=1.5), 'limit= .* not 1.5'),
        (lambda cloud: cloud.datacenter().create_machines(1, workers='x'), "workers= .* not 'x'"),
        (lambda cloud: cloud.datacenter().create_machines(1, start='1'), "start= .* not '1'"),
        (lambda _: smartdc.Fleet().stop(workers=TEXT), "workers= .* not 'x'"),
        (lambda _: smartdc.Pace(burst=TEXT), "burst= .* not 'x'"),
        (lambda _: smartdc.Pace(rate=TEXT), "rate= .* not 'x'"),
        (lambda _: smartdc.Pace(patience=TEXT), "patience= .* not 'x'"),
    ],
)
def test_numbers_that_are_none(
    cloud: Simulator, wrong: Callable[[Simulator], Any], words: str
) -> None:
    """What should be a number is named, with what was given, and nothing is sent."""
    with pytest.raises(smartdc.InvalidInput, match=words):
        wrong(cloud)

    assert not cloud.requests


@pytest.mark.parametrize('wrong', [-1, '60', None, math.nan])
@pytest.mark.parametrize(
    'make',
    [
        lambda machine, wait: machine.create_snapshot('s1', wait=wait),
        lambda machine, wait: machine.add_nic('My-Fabric-Network', wait=wait),
        lambda machine, wait: machine.create_disk(1024, wait=wait),
        lambda machine, wait: machine.migrate(wait=wait),
        lambda machine, wait: machine.datacenter.create_image(machine, 'im', '1', wait=wait),
        lambda machine, wait: machine.datacenter.create_volume(wait=wait),
    ],
)
def test_a_wait_that_cannot_be_makes_nothing(
    cloud: Simulator, machine: Machine, make: Callable[[Machine, Any], Any], wrong: Any
) -> None:
    """It is refused before anything is sent."""
    before = len(cloud.requests)
    with pytest.raises(smartdc.InvalidInput, match='wait= is True, False or a number of seconds'):
        make(machine, wrong)

    assert before == len(cloud.requests)


#: Calls with a list of one, the list as the function of what is in it.
ONES: dict[str, tuple[Callable[[DataCenter, Any], Any], str, Any]] = {
    'networks': (lambda sdc, one: sdc.create_volume(networks=one), 'networks', NOWHERE),
    'network dicts': (
        lambda sdc, one: sdc.create_volume(networks=one),
        'networks',
        {'id': NOWHERE},
    ),
    'affinity': (lambda sdc, one: sdc.create_volume(affinity=one), 'affinity', 'a!=b'),
    'policies': (lambda sdc, one: sdc.create_role('a', policies=one), 'policies', 'look'),
    'members': (lambda sdc, one: sdc.create_role('a', members=one), 'members', 'ann'),
    'member dicts': (
        lambda sdc, one: sdc.update_role('a', members=one),
        'members',
        {'type': 'subuser', 'login': 'ann'},
    ),
    'default members': (
        lambda sdc, one: sdc.update_role('a', default_members=one),
        'default_members',
        'ann',
    ),
    'rules': (lambda sdc, one: sdc.update_policy('a', rules=one), 'rules', 'CAN *'),
    'role tags': (lambda sdc, one: sdc.set_role_tags('/machines', one), 'role-tag', 'ops'),
    'resolvers': (
        lambda sdc, one: sdc.update_fabric_network(2, NOWHERE, resolvers=one),
        'resolvers',
        '8.8.8.8',
    ),
    'attestation': (lambda sdc, one: sdc.add_key('a', 'b', attestation=one), 'attestation', 'PEM'),
    'attestation of a user': (
        lambda sdc, one: sdc.add_user_key('a', 'b', 'c', attestation=one),
        'attestation',
        'PEM',
    ),
    'affinity of a machine': (
        lambda sdc, one: sdc.create_machine(affinity=one, networks=[]),
        'affinity',
        'a!=b',
    ),
    'default networks': (
        lambda sdc, one: sdc.create_machine(default_networks=one),
        'default_networks',
        'internal',
    ),
    'acl': (lambda sdc, one: sdc.update_image(NOWHERE, acl=one), 'acl', NOWHERE),
    'affinity of a migration': (
        lambda sdc, one: Machine(sdc, data={'id': NOWHERE}).migrate(affinity=one),
        'affinity',
        'a!=b',
    ),
}


@pytest.mark.parametrize('name', ONES)
def test_one_is_a_list_of_one(cloud: Simulator, sdc: DataCenter, name: str) -> None:
    """A text or a dict that stands alone is sent as the list that it would be in."""
    call, field, one = ONES[name]
    sent = []
    for given in (one, [one], (one,)):
        with contextlib.suppress(smartdc.APIError):
            call(sdc, given)
        bodies = [each.body for each in cloud.requests if each.method in ('POST', 'PUT')]
        sent.append(json.loads(bodies[-1])[field])

    assert 1 == len(sent[1])
    assert sent[1] == sent[0] == sent[2]


@pytest.mark.parametrize('wrong', [5, b'bytes', None])
def test_what_can_be_no_list_is_not_sent(cloud: Simulator, sdc: DataCenter, wrong: Any) -> None:
    """The argument is named; nothing is no list of roles, for that would take them off."""
    with pytest.raises(smartdc.InvalidInput, match='roles must be'):
        sdc.set_role_tags('/machines', wrong)

    assert not cloud.requests


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        (lambda sdc: sdc.networks(search=b'x'), 'a regular expression as a text, not bytes'),
        (lambda sdc: sdc.networks(search='('), 'not a regular expression'),
        (lambda sdc: sdc.networks(search='x', fields=None), 'fields are the names .* not None'),
        (lambda sdc: sdc.networks(search='x', fields=[1]), r'fields are the names .* not \[1\]'),
        (lambda sdc: sdc.set_role_tags({'id': 1}, ['ops'], 'x'), 'a resource is a path'),
        (lambda sdc: sdc.role_tags(['machines'], 'x'), 'a resource is a path'),
        (
            lambda sdc: sdc.set_role_tags('users', ['ops'], {'login': 'x'}),
            "with 'id' or 'name', got dict",
        ),
        (lambda sdc: sdc.wait_for(['x'], 'x', 'running'), 'give one of image, machine'),
        (lambda sdc: sdc.wait_for('x', 'x', 'running'), 'give one of image, machine'),
    ],
)
def test_what_is_of_another_kind(
    sdc: DataCenter, wrong: Callable[[DataCenter], Any], words: str
) -> None:
    """What is expected is said, whatever is given."""
    with pytest.raises(smartdc.InvalidInput, match=words):
        wrong(sdc)


def test_a_dict_tells_its_id_to_role_tags(sdc: DataCenter) -> None:
    """Also in chapters whose things have no names to be found by."""
    sdc.create_role('ops')
    user = sdc.create_user(login='bob', email='bob@acme.example', password='secret123')

    assert ['ops'] == sdc.set_role_tags('users', 'ops', user) == sdc.role_tags('users', user['id'])
