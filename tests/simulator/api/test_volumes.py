"""Volumes."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.simulator.clouds import Account, read, refusal

UNKNOWN = '00000000-0000-4000-8000-00000000ffff'


@pytest.fixture
def acme() -> Account:
    """Return an account with a default network, whose jobs take 10 seconds."""
    acme = Account({'volumes': True}, job_time=10)
    network = acme.get('/my/networks?fabric=true')[0]['id']
    acme.send('PUT', '/my/config', {'default_network': network})
    return acme


def volume(acme: Account, **body: Any) -> Any:
    """Make a volume that is ready, and return it as it was answered."""
    made = acme.post('/my/volumes', {'type': 'tritonnfs', **body})
    acme.done()
    return made


def test_are_not_there_unless_switched_on() -> None:
    """Without the switch every path of theirs is another chapter's, or nobody's."""
    acme = Account()
    assert 405 == acme.send('GET', '/my/volumes').status
    assert 405 == acme.send('GET', '/my/volumesizes').status


def test_makes_a_volume(acme: Account) -> None:
    """It is creating, then ready with a path; what is not said is filled in."""
    response = acme.send('POST', '/my/volumes', {'type': 'tritonnfs', 'tags': {'a': 'b'}})
    made = read(response)

    assert (201, 'creating', 10240, 64) == (
        response.status,
        made['state'],
        made['size'],
        len(made['name']),
    )
    assert 'filesystem_path' not in made
    assert 'refs' not in made
    acme.done()
    ready = acme.get(f'/my/volumes/{made["id"]}')
    assert ('ready', {'a': 'b'}) == (ready['state'], ready['tags'])
    assert ready['filesystem_path'].startswith('10.128.0.')
    assert ready['filesystem_path'].endswith(':/exports/data')


@pytest.mark.parametrize(
    ('change', 'code', 'message'),
    [
        ({'type': None}, 'InvalidArgument', 'Error: Volume type: undefined is not supported'),
        ({'type': 'x'}, 'InvalidArgument', 'Error: Volume type: x is not supported'),
        ({'name': 'a b'}, 'InvalidArgument', 'Error: Volume name: a b is not a valid volume name'),
        ({'size': 'x'}, 'InvalidArgument', 'Error: Volume size: x is not a valid volume size'),
        (
            {'size': '10240'},
            'InvalidArgument',
            'Error: Volume size: 10240 is not a valid volume size',
        ),
        ({'size': 0}, 'InvalidArgument', 'Error: Volume size: 0 is not a valid volume size'),
        (
            {'size': 5},
            'VolumeSizeNotAvailable',
            'Error when creating volume: Volume size 5 is not available',
        ),
        (
            {'tags': {'a': 1}},
            'InvalidArgument',
            'Error: Volume tags: an object of strings is needed',
        ),
        (
            {'networks': ['x']},
            'InvalidArgument',
            'Error: Volume networks: an array of UUIDs is needed',
        ),
        (
            {'networks': [UNKNOWN]},
            'InvalidNetworks',
            f'Error when creating volume: Invalid networks: {UNKNOWN}',
        ),
    ],
)
def test_refuses_a_volume(acme: Account, change: dict[str, Any], code: str, message: str) -> None:
    """What is missing or wrong is said."""
    response = acme.send('POST', '/my/volumes', {'type': 'tritonnfs', **change})
    assert (409, code, message) == refusal(response)


def test_names_itself_where_the_name_is_empty(acme: Account) -> None:
    """An empty name is as good as none, and a size is a number of whatever form."""
    made = acme.post('/my/volumes', {'type': 'tritonnfs', 'name': '', 'size': 20480.0})
    assert (64, 20480) == (len(made['name']), made['size'])


def test_needs_a_network() -> None:
    """Without any the account's default is taken, which it may lack; only fabrics will do."""
    acme = Account({'volumes': True})
    response = acme.send('POST', '/my/volumes', {'type': 'tritonnfs'})
    assert 'DefaultFabricNetworkNotConfiguredError' == refusal(response)[1]
    public = acme.get('/my/networks?fabric=false')[0]['id']
    response = acme.send('POST', '/my/volumes', {'type': 'tritonnfs', 'networks': [public]})
    assert 'InvalidNetworks' == refusal(response)[1]


@pytest.mark.parametrize(
    ('query', 'found'),
    [
        ('', ['big', 'data1', 'data2']),
        ('?name=data1', ['data1']),
        ('?name=data*', ['data1', 'data2']),
        ('?name=*2', ['data2']),
        ('?name=*at*', ['data1', 'data2']),
        ('?size=20480', ['big']),
        ('?state=creating', []),
        ('?type=tritonnfs&state=ready', ['big', 'data1', 'data2']),
        ({'eq': ['name', 'big']}, ['big']),
        ({'ne': ['name', 'big']}, ['data1', 'data2']),
        ({'and': [{'eq': ['state', 'ready']}, {'ne': ['name', 'data1']}]}, ['big', 'data2']),
        ({'or': [{'eq': ['name', 'big']}, {'eq': ['name', 'data1']}]}, ['big', 'data1']),
    ],
)
def test_filters(acme: Account, query: Any, found: list[str]) -> None:
    """Each filter has the server's meaning, and predicates hold of fields."""
    for name in ('data1', 'data2'):
        volume(acme, name=name)
    volume(acme, name='big', size=20480)
    if isinstance(query, dict):
        query = f'?predicate={quote(json.dumps(query))}'
    response = acme.send('GET', f'/my/volumes{query}')

    assert found == sorted(each['name'] for each in read(response))
    assert str(len(found)) == response.headers['x-resource-count']


@pytest.mark.parametrize(
    ('query', 'message'),
    [
        ('x=1', 'Error: invalid parameter: x'),
        ('x=1&y=2', 'Error: invalid parameter: x, Error: invalid parameter: y'),
        ('size=x', 'Error: Volume size: x is not a valid volume size'),
        ('state=x', 'Error: Volume state: x is not valid'),
        ('type=x', 'Error: Volume type: x is not supported'),
        ('predicate={', 'Error: predicate: { is not valid JSON'),
        ('predicate={"eq":["x",1]}', 'Error: predicate: {"eq": ["x", 1]} is not valid'),
        (
            'name=a&predicate={"eq":["name","a"]}',
            'Error: predicate has "name" which conflicts with parameter with same name',
        ),
    ],
)
def test_refuses_filters(acme: Account, query: str, message: str) -> None:
    """What makes no sense is said."""
    response = acme.send('GET', f'/my/volumes?{quote(query, safe="=&")}')
    assert (409, 'InvalidArgument', message) == refusal(response)


def test_renames_a_volume(acme: Account) -> None:
    """A name that is taken is refused, and so is anything else in the query."""
    first = f'/my/volumes/{volume(acme, name="one")["id"]}'
    volume(acme, name='two')

    assert 'three' == acme.post(first, {'name': 'three'})['name']
    taken = acme.send('POST', first, {'name': 'two'})
    assert (409, 'VolumeAlreadyExists') == refusal(taken)[:2]
    text = 'action is an invalid parameter'
    response = acme.send('POST', f'{first}?action=update', {'name': 'four'})
    assert (409, 'InvalidArgument', text) == refusal(response)


@pytest.mark.parametrize(
    ('method', 'doing'), [('GET', 'getting'), ('POST', 'updating'), ('DELETE', 'deleting')]
)
def test_says_what_it_was_doing(acme: Account, method: str, doing: str) -> None:
    """What the service of volumes refuses is told with what CloudAPI was about to do."""
    status, code, message = refusal(acme.send(method, f'/my/volumes/{UNKNOWN}'))
    assert (404, 'VolumeNotFound') == (status, code)
    assert message.startswith(f'Error when {doing} volume: ')


def test_says_which_name_is_taken(acme: Account) -> None:
    """A name that is taken is told with whether a volume was to be made or changed."""
    path = f'/my/volumes/{volume(acme, name="one")["id"]}'
    volume(acme, name='two')
    for target, doing in (('/my/volumes', 'creating'), (path, 'updating')):
        refused = acme.send('POST', target, {'type': 'tritonnfs', 'name': 'two'})
        assert refusal(refused)[2].startswith(f'Error when {doing} volume: ')


def test_deletes_a_volume(acme: Account) -> None:
    """It is deleting, then gone."""
    path = f'/my/volumes/{volume(acme, name="one")["id"]}'

    assert 204 == acme.send('DELETE', path).status
    assert 'deleting' == acme.get(path)['state']
    acme.done()
    assert (404, 'VolumeNotFound') == refusal(acme.send('GET', path))[:2]
    assert (409, 'InvalidArgument') == refusal(acme.send('GET', '/my/volumes/x'))[:2]
    assert 201 == acme.send('POST', '/my/volumes', {'type': 'tritonnfs', 'name': 'one'}).status


def test_a_volume_is_used_while_a_machine_lives(acme: Account) -> None:
    """The machine is among its references, and it can't be renamed or deleted."""
    path = f'/my/volumes/{volume(acme, name="data")["id"]}'
    machine = acme.machine(volumes=[{'name': 'data', 'mountpoint': '/data', 'mode': 'ro'}])

    assert [machine.rpartition('/')[2]] == acme.get(path)['refs']
    assert (409, 'VolumeInUse') == refusal(acme.send('DELETE', path))[:2]
    assert (409, 'VolumeInUse') == refusal(acme.send('POST', path, {'name': 'new'}))[:2]
    acme.send('DELETE', machine)
    acme.done()
    assert 'refs' not in acme.get(path)
    assert 204 == acme.send('DELETE', path).status


@pytest.mark.parametrize(
    ('entry', 'status', 'code'),
    [
        ({'name': 'data', 'mountpoint': 'data'}, 500, 'InternalError'),
        ({'name': 'data', 'mountpoint': '/d', 'mode': 'x'}, 500, 'InternalError'),
        ({'name': 'data', 'mountpoint': '/d', 'type': 'x'}, 500, 'InternalError'),
        ({'mountpoint': '/d'}, 500, 'InternalError'),
        ('data', 500, 'InternalError'),
        ({'name': 'none', 'mountpoint': '/d'}, 409, 'VolumesNotReachableError'),
    ],
)
def test_refuses_to_mount(acme: Account, entry: Any, status: int, code: str) -> None:
    """What the server never answers is an InternalError; what isn't there can't be reached."""
    volume(acme, name='data')
    image = acme.get('/my/images')[0]['id']
    body = {'image': image, 'package': 'g1-small', 'volumes': [entry]}
    assert (status, code) == refusal(acme.send('POST', '/my/machines', body))[:2]


def test_a_machine_reaches_the_volumes_of_its_networks(acme: Account) -> None:
    """One that has only a public network can't mount a fabric's volume."""
    volume(acme, name='data')
    body = {
        'image': acme.get('/my/images')[0]['id'],
        'package': 'g1-small',
        'networks': [acme.get('/my/networks?fabric=false')[0]['id']],
        'volumes': [{'name': 'data', 'mountpoint': '/data'}],
    }
    response = acme.send('POST', '/my/machines', body)
    assert (409, 'VolumesNotReachableError') == refusal(response)[:2]


def test_lists_sizes(acme: Account) -> None:
    """The smallest comes first."""
    sizes = acme.get('/my/volumesizes')
    assert {'size': 10240, 'type': 'tritonnfs'} == sizes[0]
    assert sizes == sorted(sizes, key=lambda size: int(size['size']))
    assert sizes == acme.get('/my/volumesizes?type=tritonnfs')
    assert 409 == acme.send('GET', '/my/volumesizes?type=x').status
    assert 409 == acme.send('GET', '/my/volumesizes?x=1').status
