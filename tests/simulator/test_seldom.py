"""What is seldom asked of a CloudAPI, answered as the real one does."""

from __future__ import annotations

from typing import Any

import pytest

from smartdc.simulator.default_world import ADMIN
from smartdc.simulator.wire import Request
from tests.simulator.clouds import Account, read, refusal
from tests.simulator.signer import Signer

ACME = '11111111-1111-4111-8111-111111111111'
EVE = '22222222-2222-4222-8222-222222222222'


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take no time."""
    return Account()


def test_who_asks_for_credentials_is_told_that_they_did(acme: Account) -> None:
    """The parameter comes back as it was sent."""
    path = acme.machine()

    assert 'true' == acme.get(f'{path}?credentials=true')['credentials']
    assert ['x'] == [each['credentials'] for each in acme.get('/my/machines?credentials=x')]
    assert 'credentials' not in acme.get(path)


@pytest.mark.parametrize(
    ('image', 'status'),
    [
        ({'owner': EVE, 'acl': [ACME]}, 409),
        ({'owner': EVE, 'acl': [ACME], 'public': True}, 409),
        ({'owner': EVE, 'public': True}, 201),
        ({'owner': ADMIN, 'acl': [ACME]}, 201),
        ({'owner': ACME, 'acl': [ACME]}, 201),
    ],
)
def test_only_the_images_of_other_customers_are_shared(image: dict[str, Any], status: int) -> None:
    """It is the list of accounts that counts, and not whether everybody may use it anyway."""
    world = {
        'accounts': [{'login': 'acme', 'id': ACME}, {'login': 'eve', 'id': EVE}],
        'images': [{'name': 'base', 'version': '1.0.0', 'public': False, **image}],
    }
    acme = Account(world)
    found = acme.get('/my/images')[0]['id']
    body = {'image': found, 'package': 'g1-nano'}

    assert status == acme.send('POST', '/my/machines', body).status


def test_the_image_disk_has_no_block_size_of_its_own(acme: Account) -> None:
    """Other disks may have one."""
    image = acme.get('/my/images?name=ubuntu-certified-24.04')[0]['id']
    body = {'image': image, 'package': 'b1-standard', 'disks': [{}, {'size': 1024}]}
    body['disks'][1]['block_size'] = 4096
    assert 201 == acme.send('POST', '/my/machines', body).status
    body['disks'][0]['block_size'] = 4096
    assert (409, 'InvalidArgument') == refusal(acme.send('POST', '/my/machines', body))[:2]


@pytest.mark.parametrize(
    'what',
    [
        {'action': 'rename', 'name': 'other'},
        {'action': 'resize', 'package': 'g1-medium'},
        {'action': 'enable_firewall'},
        {'action': 'start'},
    ],
)
def test_nothing_can_be_done_to_a_machine_that_failed(what: dict[str, str]) -> None:
    """It is taken, and its job fails."""
    acme = Account({'machines': [{'name': 'web0', 'state': 'failed'}]})
    machine = acme.get('/my/machines?tombstone=1')[0]
    path = f'/my/machines/{machine["id"]}'

    assert 202 == acme.send('POST', path, what).status
    assert machine == acme.get(path)
    assert 'no' == acme.audit(path)[0][1]


def test_a_package_that_is_not_active_has_only_an_id() -> None:
    """By its name it is not found."""
    sizes = {'memory': 256, 'disk': 5120, 'active': False}
    acme = Account({'packages': [{'name': 'old', 'id': EVE, **sizes}]})

    assert (404, 'ResourceNotFound', 'old not found') == refusal(
        acme.send('GET', '/my/packages/old')
    )
    assert 'old' == acme.get(f'/my/packages/{EVE}')['name']


def test_the_id_of_a_network_cannot_be_set(acme: Account) -> None:
    """Not even to what it is; in the query it does no harm."""
    network = next(each for each in acme.get('/my/networks') if each.get('fabric'))
    path = f'/my/fabrics/default/vlans/{network["vlan_id"]}/networks/{network["id"]}'
    response = acme.send('PUT', path, {'id': network['id'], 'name': 'app'})

    assert (409, 'InvalidArgument', 'property "id": cannot be set') == refusal(response)
    assert 200 == acme.send('PUT', f'{path}?id=x', {'name': 'app'}).status


@pytest.mark.parametrize(
    ('network', 'code', 'message'),
    [
        ({}, 'MissingParameter', 'network objects must contain ipv4_uuid'),
        ([], 'MissingParameter', 'network objects must contain ipv4_uuid'),
        ({'ipv4_uuid': 5}, 'InvalidArgument', 'ipv4_uuid must be a string'),
        ({'ipv4_uuid': 'x'}, 'InvalidArgument', 'ipv4_uuid: x is not a uuid'),
        (
            {'ipv4_uuid': EVE, 'ipv4_count': 2},
            'InvalidArgument',
            'ipv4_count can only be set to 1',
        ),
        (
            {'ipv4_uuid': EVE, 'ipv4_count': 1, 'ipv4_ips': ['10.0.0.7']},
            'InvalidArgument',
            'ipv4_count and ipv4_ips cannot be specified together',
        ),
        (
            {'ipv4_uuid': EVE, 'ipv4_ips': 'x'},
            'InvalidArgument',
            'ipv4_ips must be an array with a single IP',
        ),
        (
            {'ipv4_uuid': EVE, 'ipv4_ips': ['10.0.0.7']},
            'ResourceNotFound',
            f'ipv4_uuid: network {EVE} not found',
        ),
        (7, 'InvalidArgument', 'property "networks[0]": array of strings or objects expected'),
    ],
)
def test_networks_of_a_new_machine_are_read_like_those_of_a_nic(
    acme: Account, network: Any, code: str, message: str
) -> None:
    """What is wrong with an object is said in the same words."""
    image = acme.get('/my/images?name=base-64-lts')[0]['id']
    body = {'image': image, 'package': 'g1-nano', 'networks': [network]}

    assert (code, message) == refusal(acme.send('POST', '/my/machines', body))[1:]


def test_an_address_is_checked_before_a_password(acme: Account) -> None:
    """CloudAPI looks at the one, the directory behind it at the other."""
    body = {'email': 'bad', 'login': 'bob', 'password': 'x'}
    response = acme.send('POST', '/my/users', body)

    assert (409, 'InvalidArgument', 'email: bad is invalid') == refusal(response)


@pytest.mark.parametrize(
    ('query', 'message'),
    [
        ('docker=TRUE', 'TRUE is not a valid boolean'),
        ('docker=', ' is not a valid boolean'),
        ('state=', ' is not a valid state'),
        ('type=', ' is not a valid type'),
    ],
)
def test_filters_are_taken_at_their_word(acme: Account, query: str, message: str) -> None:
    """Nothing is guessed of what they might mean."""
    response = acme.send('GET', f'/my/machines?{query}')

    assert (409, 'InvalidArgument', message) == refusal(response)


def test_the_length_of_a_name_comes_before_the_rules_of_placement(acme: Account) -> None:
    """Of two things that are wrong the first is told."""
    image = acme.get('/my/images?name=base-64-lts')[0]['id']
    body = {'image': image, 'package': 'g1-nano', 'name': 'x' * 190, 'affinity': ['bad']}
    response = acme.send('POST', '/my/machines', body)

    text = 'Name cannot be longer than 189 characters.'
    assert (409, 'InvalidArgument', text) == refusal(response)


def test_a_body_overrides_the_path(acme: Account) -> None:
    """Whose key is deleted is what the body says."""
    spare = Signer('spare')
    acme.post('/my/keys', {'name': 'spare', 'key': spare.public})

    assert 204 == acme.send('DELETE', '/my/keys/nope', {'name': 'spare'}).status
    assert ['test'] == [key['name'] for key in acme.get('/my/keys')]


@pytest.mark.parametrize('value', [1, 2, 'TRUE', 'yes'])
def test_what_is_no_boolean(acme: Account, value: Any) -> None:
    """Numbers are none."""
    response = acme.send('POST', '/my', {'triton_cns_enabled': value})

    text = 'triton_cns_enabled must be a boolean'
    assert (409, 'InvalidArgument', text) == refusal(response)


def test_a_number_switches_nothing_on(acme: Account) -> None:
    """Only true does, and the text of it."""
    assert not acme.create(firewall_enabled=1)['firewall_enabled']
    assert acme.create(firewall_enabled='true')['firewall_enabled']


def test_a_ping_may_be_signed_but_only_well(acme: Account) -> None:
    """Nobody has to sign it; who does, and does it badly, is refused."""
    assert 200 == acme.apps['us-sw-1'].handle(Request('GET', '/--ping', {})).status
    assert 200 == acme.send('GET', '/--ping').status
    text = 'Invalid authorization credentials supplied'
    response = acme.send('GET', '/--ping', by=Signer('acme'))
    assert (401, 'InvalidCredentials', text) == refusal(response)


def test_whoever_is_disabled_may_still_ping() -> None:
    """And nothing else."""
    acme = Account({'accounts': [{'login': 'acme', 'disabled': True}]})

    assert 200 == acme.send('GET', '/--ping').status
    assert 403 == acme.send('GET', '/my').status


def test_a_form_is_refused_in_its_own_words(acme: Account) -> None:
    """The message is the header as it was sent."""
    kind = 'application/x-www-form-urlencoded; Charset=utf-8'
    response = acme.send('POST', '/my/keys', b'name=x', content_type=kind)

    assert (415, 'UnsupportedMediaTypeError', kind) == refusal(response)


@pytest.mark.parametrize(
    ('accept', 'kind'),
    [
        ('application/json;q=0.1, */*', 'text/plain'),
        ('*/*, text/plain', 'text/plain'),
        ('text/*, application/json', 'application/json'),
        ('application/json;q=0.5, text/plain;q=0.5', 'application/json'),
        ('text/plain, application/json', 'text/plain'),
        ('*/*;q=0.1', 'application/json'),
    ],
)
def test_types_are_negotiated(acme: Account, accept: str, kind: str) -> None:
    """By how much each is liked, then by how exactly it is named, then by its place."""
    assert kind == acme.send('GET', '/my', accept=accept).headers['Content-Type']


@pytest.mark.parametrize(
    'accept', ['application/json;charset=utf-8', 'application/json;q=0', 'application/json;q=x', '']
)
def test_types_that_nothing_is_of(acme: Account, accept: str) -> None:
    """What is made has no parameters; without a wish all is well."""
    wanted = 406 if accept else 200
    assert wanted == acme.send('GET', '/my', accept=accept).status


def test_numbers_are_those_of_javascript(acme: Account) -> None:
    """There is one kind of them, of 53 bits."""
    path = acme.machine()
    body = b'{"a":1.0,"b":-0.0,"c":1.5,"d":12345678901234567890,"e":9007199254740993,"f":1e3}'
    response = acme.send('POST', f'{path}/tags', body, content_type='application/json')

    wanted = b'{"a":1,"b":0,"c":1.5,"d":12345678901234567000,"e":9007199254740992,"f":1000}'
    assert wanted == response.body


@pytest.mark.parametrize('body', [b'5', b'"x"', b'true'])
def test_a_body_without_names_leaves_no_parameters(acme: Account, body: bytes) -> None:
    """Not even the account is known then."""
    response = acme.send('POST', '/my', body, content_type='application/json')

    text = 'undefined does not exist'
    assert (404, 'ResourceNotFound', text) == refusal(response)


@pytest.mark.parametrize('body', [b'null', b'0', b'""', b'false'])
def test_a_body_of_nothing_says_nothing(acme: Account, body: bytes) -> None:
    """The other parameters stay."""
    response = acme.send('POST', '/my?city=Oslo', body, content_type='application/json')

    assert 'Oslo' == read(response)['city']


def test_snapshots_that_are_gone_have_a_name_and_no_more(acme: Account) -> None:
    """They are remembered, but not when they were made."""
    path = acme.machine()
    acme.post(f'{path}/snapshots', {'name': 's1'})
    acme.send('DELETE', f'{path}/snapshots/s1')

    assert {'name': 's1', 'state': 'deleted'} == acme.get(f'{path}/snapshots/s1')


def test_a_new_disk_does_not_tell_its_block_size(acme: Account) -> None:
    """It does once it is asked for."""
    image = acme.get('/my/images?name=ubuntu-certified-24.04')[0]['id']
    path = acme.machine(image=image, package='b1-standard', disks=[{}])
    acme.post(path, {'action': 'stop'})
    made = acme.post(f'{path}/disks', {'size': 1024, 'pci_slot': '0:4:7'})

    assert 'block_size' not in made
    assert 'block_size' in acme.get(f'{path}/disks/{made["id"]}')


def test_the_audit_tells_what_was_done_to_tags_and_metadata(acme: Account) -> None:
    """Something is set, or removed, or both: whatever was asked for."""
    path = acme.machine(**{'tag.a': '1'})
    acme.send('PUT', f'{path}/tags', {'a': '2', 'b': '3'})
    acme.send('PUT', f'{path}/tags', {'b': '4'})
    acme.send('DELETE', f'{path}/tags')
    acme.send('DELETE', f'{path}/metadata')
    acme.post(f'{path}/metadata', {'c': 'd'})
    acme.send('DELETE', f'{path}/metadata')

    done = ['set_tags', 'replace_tags', 'remove_tags', 'set_metadata', 'set_metadata']
    assert ['provision', *done, 'replace_metadata'] == [each[0] for each in acme.audit(path)][::-1]
    assert {} == acme.get(f'{path}/tags')


def test_what_the_first_api_could_do() -> None:
    """Four actions, and snapshots that are a success."""
    acme = Account({'version': '6.5.0'})
    old: dict[str, Any] = {'accept_version': '~6.5'}
    images = [each for each in acme.get('/my/datasets', **old) if each['os'] == 'smartos']
    machine = acme.post('/my/machines', {'dataset': images[0]['id'], 'package': 'g1-nano'}, **old)
    path = f'/my/machines/{machine["id"]}'
    acme.post(f'{path}/snapshots', {'name': 's1'}, **old)

    assert ['success'] == [each['state'] for each in acme.get(f'{path}/snapshots', **old)]
    for action in ('rename', 'enable_firewall', 'enable_deletion_protection'):
        response = acme.send('POST', path, {'action': action, 'name': 'x'}, **old)
        assert (409, 'InvalidArgument', f'{action} is not a valid action') == refusal(response)
    assert 202 == acme.send('POST', path, {'action': 'stop'}, **old).status


def test_methods_are_told_in_the_order_in_which_they_are_mounted(acme: Account) -> None:
    """Reading comes before writing."""
    response = acme.send('PATCH', '/my/foreigndatacenters')

    assert 'GET, POST' == response.headers['Allow']
