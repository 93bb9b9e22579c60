"""Machines: create, list, get, delete, actions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take no time."""
    return Account()


def names(acme: Account, query: str = '') -> list[str]:
    """Return the names of the machines that a list answers, sorted."""
    return sorted(machine['name'] for machine in acme.get(f'/my/machines{query}'))


def test_creates_with_everything_that_was_asked_for(acme: Account) -> None:
    """A new machine has its tags, metadata, addresses and flags from the start."""
    body = {
        'name': 'web-{{shortId}}',
        'tag.role': 'web',
        'tag.n': 2,
        'metadata.user-script': '#!/bin/sh',
        'metadata.root_pw': 'secret',
        'metadata.credentials': {'root': 'word'},
        'metadata': {'ignored': 'x'},
        'tags': {'ignored': 'x'},
        'firewall_enabled': True,
        'deletion_protection': True,
    }
    machine = acme.create(**body)
    assert f'web-{machine["id"][:8]}' == machine['name']
    assert ({'role': 'web', 'n': 2}, True, True) == (
        machine['tags'],
        machine['firewall_enabled'],
        machine['deletion_protection'],
    )
    metadata = {'user-script': '#!/bin/sh', 'root_authorized_keys': f'{acme.signer.public}\n'}
    assert metadata == machine['metadata']
    assert ['198.18.0.10', '10.128.0.5'] == machine['ips']
    path = f'/my/machines/{machine["id"]}'
    assert {'root': 'word'} == acme.get(f'{path}?credentials=true')['metadata']['credentials']
    assert 'g1-small' == acme.get(path)['package']


@pytest.mark.parametrize(
    ('body', 'code', 'message'),
    [
        ({'image': None}, 'MissingParameter', 'image must be specified'),
        ({'image': 'nope'}, 'InvalidArgument', 'nope is not a valid image'),
        ({'package': None}, 'MissingParameter', 'package must be specified'),
        ({'package': 'nope'}, 'InvalidArgument', 'nope is not a valid package'),
        ({'image': ['a', True]}, 'InvalidArgument', 'a,true is not a valid image'),
        ({'package': {'a': 1}}, 'InvalidArgument', '[object Object] is not a valid package'),
        ({'brand': 'lx'}, 'InvalidArgument', 'Unknown brand "lx", must be one of: kvm, bhyve'),
        ({'bootrom': 'uefi'}, 'InvalidArgument', 'Only bhyve VMs support "bootrom" option'),
        (
            {'package': 'b1-standard'},
            'InvalidArgument',
            'brand "bhyve" does not go with an image of type zone-dataset',
        ),
        (
            {'volumes': [{'name': 'v', 'mountpoint': '/v'}]},
            'InvalidArgument',
            'Support for automounting volumes is not enabled',
        ),
        ({'networks': ['x']}, 'InvalidArgument', 'Invalid Networks'),
        (
            {'networks': [5]},
            'InvalidArgument',
            'property "networks[0]": array of strings or objects expected',
        ),
        ({'name': 'bad name!'}, 'ValidationFailed', 'Invalid VM parameters: Invalid machine name'),
        (
            {'name': 'x' * 190},
            'InvalidArgument',
            'Name cannot be longer than 189 characters.',
        ),
        ({'tag.triton.x': 1}, 'ValidationFailed', 'Invalid VM parameters: Invalid tags'),
        (
            {'metadata.x': {}},
            'ValidationFailed',
            'Invalid VM parameters: Invalid customer_metadata',
        ),
        (
            {'affinity': ['a==b'], 'locality': {'near': []}},
            'InvalidArgument',
            'Cannot specify both "locality" and "affinity"',
        ),
    ],
)
def test_refuses_to_create(acme: Account, body: dict[str, Any], code: str, message: str) -> None:
    """Each mistake has the server's own answer, and nothing is made."""
    image = acme.get('/my/images?name=base-64-lts')[0]['id']
    wanted = {'image': image, 'package': 'g1-small', **body}
    sent = {name: value for name, value in wanted.items() if value is not None}
    assert (409, code, message) == refusal(acme.send('POST', '/my/machines', sent))
    assert [] == names(acme)


def test_goes_by_the_brand_of_the_package(acme: Account) -> None:
    """A package that is for another brand than the one chosen says so; so do volumes."""
    image = acme.get('/my/images?name=ubuntu-certified-24.04')[0]['id']
    kvm = Account(
        {
            'images': [{'name': 'vm', 'os': 'linux', 'type': 'zvol'}],
            'packages': [{'name': 'b', 'memory': 256, 'disk': 1024, 'brand': 'bhyve'}],
        }
    )
    wanted = {'image': kvm.get('/my/images')[0]['id'], 'package': 'b', 'brand': 'kvm'}
    text = 'Package requires brand "bhyve", but brand "kvm" was selected'
    refused = refusal(kvm.send('POST', '/my/machines', wanted))
    assert (409, 'InvalidArgument', text) == refused
    volumes = [{'name': 'v', 'mountpoint': '/v'}]
    wanted = {'image': image, 'package': 'b1-standard', 'volumes': volumes}
    text = 'volumes not yet supported with brand "bhyve"'
    assert (409, 'InvalidArgument', text) == refusal(acme.send('POST', '/my/machines', wanted))


def test_wants_keys_and_free_names(acme: Account) -> None:
    """A name is unique among the living; an unknown image is a 404."""
    path = acme.machine(name='web')
    image = acme.get(path)['image']
    again = {'image': image, 'package': 'g1-nano', 'name': 'web'}
    response = acme.send('POST', '/my/machines', again)
    assert 'Duplicate' == read(response)['errors'][0]['code']
    acme.send('DELETE', path)
    assert acme.send('POST', '/my/machines', again).status == 201
    unknown = {**again, 'image': '00000000-0000-4000-8000-000000000000'}
    message = (404, 'ResourceNotFound', 'image not found')
    assert message == refusal(acme.send('POST', '/my/machines', unknown))


def test_chooses_addresses_that_were_wished_for(acme: Account) -> None:
    """An address of a fabric can be had once; what is not on the network can't."""
    fabric = acme.get('/my/networks')[1]['id']

    def wish(ip: str) -> dict[str, Any]:
        return {'networks': [{'ipv4_uuid': fabric, 'ipv4_ips': [ip]}]}

    assert ['10.128.0.77'] == acme.create(**wish('10.128.0.77'))['ips']
    image = acme.get('/my/images?name=base-64-lts')[0]['id']
    base = {'image': image, 'package': 'g1-nano'}
    found = [
        refusal(acme.send('POST', '/my/machines', {**base, **wish(ip)}))[:2]
        for ip in ('10.128.0.77', '10.128.0.1', '192.0.2.1', 'x')
    ]
    assert [
        (422, 'InvalidParameters'),
        (409, 'InvalidArgument'),
        (404, 'ResourceNotFound'),
        (404, 'ResourceNotFound'),
    ] == found


def test_gives_addresses_back_and_runs_out_of_them() -> None:
    """A deleted machine's address is free again; with none left a create fails."""
    network = {
        'name': 'n',
        'subnet': '10.0.0.0/29',
        'provision_start_ip': '10.0.0.2',
        'provision_end_ip': '10.0.0.3',
    }
    acme = Account({'networks': [network]})
    paths = [acme.machine() for _ in range(2)]
    image = acme.get('/my/images')[0]['id']
    body = {'image': image, 'package': 'g1-nano'}
    text = 'Invalid VM parameters: Insufficient capacity in datacenter to provision machine'
    assert text == refusal(acme.send('POST', '/my/machines', body))[2]
    acme.send('DELETE', paths[0])
    assert ['10.0.0.2'] == acme.create()['ips']


def test_makes_virtual_machines(acme: Account) -> None:
    """A bhyve machine has disks: the image's and the package's, or those asked for."""
    image = acme.get('/my/images?name=ubuntu-certified-24.04')[0]['id']
    path = acme.machine(image=image, package='b1-standard')
    machine = acme.get(path)
    assert ('virtualmachine', 'bhyve') == (machine['type'], machine['brand'])
    assert [10240, 102400] == [disk['size'] for disk in machine['disks']]
    disks = [{'size': 20480}, {'size': 'remaining'}]
    path = acme.machine(image=image, package='b1-standard', disks=disks)
    assert [20480, 81920] == [disk['size'] for disk in acme.get(f'{path}/disks')]
    assert (409, 'InvalidArgument', 'Snapshots of bhyve VMs are not allowed') == refusal(
        acme.send('POST', f'{path}/snapshots', {})
    )


@pytest.mark.parametrize(
    ('query', 'found'),
    [
        ('', ['db0', 'web0', 'web1']),
        ('?name=web', ['web0', 'web1']),
        ('?name=eb', []),
        ('?state=stopped', ['db0']),
        ('?state=active', ['db0', 'web0', 'web1']),
        ('?state=destroyed', ['old']),
        ('?tombstone=true', ['db0', 'lost', 'old', 'web0', 'web1']),
        ('?memory=256', ['db0']),
        ('?tag.role=web', ['web0']),
        ('?tag.n=2', ['web0', 'web1']),
        ('?tag.on=true', ['web1']),
        ('?tag.role=web&tag.n=2', ['web0']),
        ('?tags=*&state=stopped&limit=1', ['old', 'web0', 'web1']),
        ('?type=smartmachine', ['db0', 'web0', 'web1']),
        ('?type=virtualmachine', []),
        ('?brand=joyent', ['db0', 'web0', 'web1']),
        ('?docker=true', []),
        ('?docker=false', ['db0', 'web0', 'web1']),
    ],
)
def test_filters_lists(query: str, found: list[str]) -> None:
    """Each filter has the server's meaning."""
    machines = [
        {'name': 'web0', 'tags': {'role': 'web', 'n': 2}},
        {'name': 'web1', 'tags': {'n': '2', 'on': True}},
        {'name': 'db0', 'state': 'stopped', 'package': 'g1-nano'},
        {'name': 'old', 'state': 'deleted', 'tags': {'x': 'y'}},
        {'name': 'lost', 'state': 'failed'},
    ]
    small = {'name': 'g1-nano', 'memory': 256, 'disk': 1}
    packages = [{'name': 'p', 'memory': 1024, 'disk': 1}, small]
    assert found == names(Account({'machines': machines, 'packages': packages}), query)


@pytest.mark.parametrize(
    ('query', 'code'),
    [
        ('state=nonsense', 'InvalidArgument'),
        ('state=failed', 'InvalidArgument'),
        ('state=unknown', 'ValidationFailed'),
        ('type=x', 'InvalidArgument'),
        ('docker=x', 'InvalidArgument'),
        ('name=a%20b', 'ValidationFailed'),
        ('limit=0', 'ValidationFailed'),
        ('limit=1001', 'ValidationFailed'),
        ('offset=-1', 'ValidationFailed'),
        (
            'image=x&dataset=x',
            'InvalidArgument',
        ),
    ],
)
def test_refuses_filters(acme: Account, query: str, code: str) -> None:
    """A filter that makes no sense is a 409."""
    assert (409, code) == refusal(acme.send('GET', f'/my/machines?{query}'))[:2]


@pytest.mark.parametrize('count', [0, 1, 999, 1000, 1001, 2500])
def test_pages_through_all(count: int) -> None:
    """Pages come by id, descending, without gaps; each tells how many rows it has."""
    acme = Account({'machines': [{'networks': []}] * count, 'datacenter': 'one'})
    found: list[str] = []
    while True:
        response = acme.send('GET', f'/my/machines?limit=1000&offset={len(found)}')
        page = [machine['id'] for machine in read(response)]
        assert ('1000', str(len(page))) == (
            response.headers['x-query-limit'],
            response.headers['x-resource-count'],
        )
        found += page
        if len(page) < 1000:
            break
    assert count == len(set(found))
    assert sorted(found, reverse=True) == found


def test_remembers_the_deleted(acme: Account) -> None:
    """A deleted machine is answered with 410, and its audit stays."""
    path = acme.machine(name='web0')
    assert acme.send('DELETE', path).status == 204
    for method, target in (('GET', path), ('DELETE', path), ('POST', f'{path}?action=stop')):
        response = acme.send(method, target)
        assert (410, 'deleted') == (response.status, read(response)['state'])
    assert [('destroy', 'yes'), ('provision', 'yes')] == acme.audit(path)


def test_deletes_once_while_the_job_runs() -> None:
    """A second delete is a 204 until the first is done."""
    acme = Account(job_time=10)
    path = acme.machine()
    assert [204, 204] == [acme.send('DELETE', path).status for _ in range(2)]
    acme.done()
    assert [('destroy', 'yes'), ('provision', 'yes')] == acme.audit(path)


def test_protects_from_deletion(acme: Account) -> None:
    """With protection a delete is refused; switching it on twice is one job."""
    path = acme.machine()
    for _ in range(2):
        assert acme.send('POST', f'{path}?action=enable_deletion_protection').status == 202
    assert (409, 'CannotDestroyMachineError') == refusal(acme.send('DELETE', path))[:2]
    assert acme.audit(path)[:-1] == [('enable_deletion_protection', 'yes')]


@pytest.mark.parametrize('action', ['start', 'stop', 'reboot', 'rename&name=x', 'enable_firewall'])
def test_touches_nothing_that_is_provisioning(action: str) -> None:
    """Until a machine is provisioned no action is taken."""
    acme = Account(job_time=10)
    path = f'/my/machines/{acme.create()["id"]}'
    assert (409, 'UnallocatedVM') == refusal(acme.send('POST', f'{path}?action={action}'))[:2]


def test_renames_and_resizes(acme: Account) -> None:
    """A machine gets its new name and size, if they are good ones."""
    path = acme.machine(name='a')
    acme.machine(name='b')
    refused = [
        refusal(acme.send('POST', f'{path}?action={action}'))[1]
        for action in ('rename', 'rename&name=b', 'rename&name=!', 'resize&package=x')
    ]
    assert [
        'MissingParameter',
        'ValidationFailed',
        'ValidationFailed',
        'InvalidArgument',
    ] == refused
    acme.send('POST', f'{path}?action=rename&name=c')
    acme.send('POST', f'{path}?action=resize&package=g1-medium')
    machine = acme.get(path)
    assert ('c', 'g1-medium', 2048) == (machine['name'], machine['package'], machine['memory'])
    assert [('resize', 'yes'), ('rename', 'yes')] == acme.audit(path)[:2]


def test_resizes_to_the_default_where_there_is_one() -> None:
    """A resize that names no package takes the default one, and is refused where there is none."""
    small = {'name': 'small', 'memory': 256, 'disk': 1024}
    large = {'name': 'large', 'memory': 512, 'disk': 1024, 'default': True}
    world = {'images': [{'name': 'base-64-lts'}], 'packages': [small, large]}
    acme = Account(world)
    path = acme.machine(package='small')
    assert 202 == acme.send('POST', f'{path}?action=resize').status
    assert ('large', 512) == (acme.get(path)['package'], acme.get(path)['memory'])

    acme = Account({**world, 'packages': [small]})
    refused = acme.send('POST', f'{acme.machine(package="small")}?action=resize')
    assert (409, 'MissingParameter', 'package must be specified') == refusal(refused)


def test_switches_the_firewall(acme: Account) -> None:
    """The firewall goes on and off, and the audit calls it unknown."""
    path = acme.machine()
    acme.send('POST', f'{path}?action=enable_firewall')
    assert acme.get(path)['firewall_enabled'] is True
    acme.send('POST', f'{path}?action=disable_firewall')
    assert acme.get(path)['firewall_enabled'] is False
    assert [('unknown', 'yes')] * 2 == acme.audit(path)[:2]


@pytest.mark.parametrize(
    ('machine', 'status', 'code'),
    [
        ('x', 409, 'ValidationFailed'),
        ('', 500, 'InternalError'),
        ('00000000-0000-4000-8000-000000000000', 404, 'ResourceNotFound'),
    ],
)
def test_knows_no_such_machine(acme: Account, machine: str, status: int, code: str) -> None:
    """An id that is none, empty or unknown has an answer of its own; an empty one is no fault."""
    assert (status, code) == refusal(acme.send('GET', f'/my/machines/{machine}'))[:2]
    assert [] == acme.cloud.failures


def test_tells_names_to_accounts_that_use_cns() -> None:
    """One machine, not a list, has its names; networks have what these end with."""
    suffix = 'inst.acme.us-alpha-1.cns.example'
    network = {
        'name': 'external',
        'public': True,
        'subnet': '10.0.0.0/24',
        'provision_start_ip': '10.0.0.2',
        'provision_end_ip': '10.0.0.9',
        'suffixes': [suffix],
    }
    package = {'name': 'g1-small', 'memory': 256, 'disk': 1024}
    world = {'networks': [network], 'images': [{'name': 'base-64-lts'}], 'packages': [package]}
    acme = Account(world)
    path = acme.machine(name='Web_0')
    assert 'dns_names' not in acme.get(path)
    assert 'suffixes' not in acme.get('/my/networks')[0]
    acme.post('/my', {'triton_cns_enabled': True})
    assert [f'web-0.{suffix}'] == acme.get(path)['dns_names']
    assert 'dns_names' not in acme.get('/my/machines')[0]
    assert [suffix] == acme.get('/my/networks')[0]['suffixes']


def test_hides_networks_from_the_old(acme: Account) -> None:
    """A client of 7.0 sees no networks."""
    path = acme.machine()
    assert 'networks' not in acme.get(path, accept_version='~7.0')
    assert 'networks' in acme.get(path, accept_version='~7.1')
