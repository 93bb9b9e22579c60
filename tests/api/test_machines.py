"""The machines chapter: list, count, get and create."""

import json
from pathlib import Path
from typing import Any

import pytest

from smartdc import (
    DataCenter,
    InvalidArgument,
    InvalidInput,
    Machine,
    MachineGone,
    ResourceNotFound,
    ValidationFailed,
)
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from tests.servers import json_reply, serving

BAD_METADATA: list[Any] = ['text', ['a'], {'k': None}, {'k': [1]}, {1: 'x'}, 7]
BAD_TAGS: list[Any] = ['text', {'k': {}}, {'': 'x'}]


def sent(cloud: Simulator) -> dict[str, Any]:
    """Return the body of the last request."""
    body: dict[str, Any] = json.loads(cloud.requests[-1].body)
    return body


def test_a_machine_is_created_with_no_arguments(sdc: DataCenter) -> None:
    """The newest base image, the smallest package that fits and a name are chosen."""
    machine = sdc.create_machine()
    images = {image['id']: image for image in sdc.images()}

    assert 'provisioning' == machine.state
    assert machine.name
    assert images[machine.image or '']['name'].startswith('base')
    machine.refresh()
    package = sdc.default_package()
    assert package is not None
    assert package['name'] == machine.package


def test_without_a_flagged_package_the_smallest_that_fits_is_chosen() -> None:
    """On servers that have no default package the client chooses by the image's needs."""
    world = json.loads((Path(__file__).parent.parent / 'data/wire/world.json').read_text('utf-8'))
    for package in world['packages']:
        package['default'] = False
    world['images'][1]['requirements'] = {'min_memory': 256}
    world['images'] = world['images'][1:]
    with Simulator(world, job_time=0) as cloud, cloud.datacenter() as sdc:
        machine = sdc.create_machine()
        machine.refresh()

        package = sdc.default_package()
        assert package is not None
        assert 'sdc_256' == machine.package == package['name']


def test_every_argument_reaches_the_server(cloud: Simulator, sdc: DataCenter) -> None:
    """Dotted names for metadata and tags, CloudAPI's own names for all others."""
    image, package = sdc.images()[0], sdc.packages()[0]
    network = sdc.networks()[0]
    with pytest.raises(InvalidArgument):
        sdc.create_machine(
            'web0',
            package,
            metadata={'user-data': 'x', 'credentials': {'root': 'secret'}},
            tags={'role': 'web', 'n': 1, 'prod': True},
            image=image,
            networks=[network['name'], {'ipv4_uuid': network['id'], 'ipv4_count': 1}],
            affinity=['role!=~web'],
            locality={'strict': False},
            firewall_enabled=True,
            deletion_protection=True,
            allow_shared_images=True,
            delegate_dataset=False,
            encrypted=False,
            default_networks=['external'],
            brand='nonsense',
            disks=[{'size': 1024}],
            volumes=[{'name': 'v', 'mountpoint': '/mnt'}],
            password='pw',
            administrator_pw='pw',
        )

    assert {
        'name': 'web0',
        'package': package['id'],
        'image': image['id'],
        'metadata.user-data': 'x',
        'metadata.credentials': '{"root": "secret"}',
        'tag.role': 'web',
        'tag.n': 1,
        'tag.prod': True,
        'networks': [network['id'], {'ipv4_uuid': network['id'], 'ipv4_count': 1}],
        'affinity': ['role!=~web'],
        'locality': {'strict': False},
        'firewall_enabled': True,
        'deletion_protection': True,
        'allow_shared_images': True,
        'delegate_dataset': False,
        'encrypted': False,
        'default_networks': ['external'],
        'brand': 'nonsense',
        'disks': [{'size': 1024}],
        'volumes': [{'name': 'v', 'mountpoint': '/mnt'}],
        'password': 'pw',
        'administrator_pw': 'pw',
    } == sent(cloud)


@pytest.mark.parametrize('form', ['id', 'name', 'name@version', 'urn', 'dict', 'dataset'])
def test_an_image_is_given_as_people_write_it(sdc: DataCenter, form: str) -> None:
    """By id, name, name@version, URN or dict, as image or under the old name."""
    image = max(sdc.images(name='base-64-lts'), key=lambda each: each['published_at'])
    forms: dict[str, Any] = {
        'id': image['id'],
        'name': image['name'],
        'name@version': f'{image["name"]}@{image["version"]}',
        'urn': f'sdc:sdc:{image["name"]}:{image["version"]}',
        'dict': image,
    }
    if form == 'dataset':
        machine = sdc.create_machine(dataset=sdc.dataset(forms['urn']))
    else:
        machine = sdc.create_machine(image=forms[form])

    assert image['id'] == machine.image == machine.dataset


def test_a_boot_script_is_a_file(cloud: Simulator, sdc: DataCenter, tmp_path: Path) -> None:
    """The text of the file becomes the metadata user-script."""
    script = tmp_path / 'boot.sh'
    script.write_text('#!/bin/sh\necho é\n', 'utf-8')
    machine = sdc.create_machine(boot_script=str(script))

    assert '#!/bin/sh\necho é\n' == machine.boot_script
    assert 'user-script' not in machine.metadata


@pytest.mark.parametrize(
    'arguments',
    [
        *({'name': name} for name in ('', 'bad name!', 'a\n', '-a', 'é', 'x' * 190)),
        *({'metadata': bad} for bad in BAD_METADATA),
        *({'tags': bad} for bad in BAD_TAGS),
        {'boot_script': '/no/such/file'},
        {'boot_script': '.'},
        {'boot_script': '~nosuchuser/x'},
        {'boot_script': 5},
        {'image': 'no-such-image'},
        {'image': {'no': 'id'}},
        {'package': 3.5},
        {'networks': ['no-such-network']},
        {'networks': 5},
    ],
)
def test_bad_input_creates_nothing(
    cloud: Simulator, sdc: DataCenter, arguments: dict[str, Any]
) -> None:
    """What cannot be right is refused before a machine is asked for."""
    with pytest.raises(InvalidInput):
        sdc.create_machine(**arguments)

    assert 'POST' not in [request.method for request in cloud.requests]


def test_an_unknown_package_is_the_servers_to_refuse(sdc: DataCenter) -> None:
    """The error names the package."""
    with pytest.raises(InvalidArgument, match='nope'):
        sdc.create_machine(package='nope')


def test_a_name_that_is_taken_is_refused(sdc: DataCenter, machine: Machine) -> None:
    """The field errors say which argument it was."""
    with pytest.raises(ValidationFailed) as caught:
        sdc.create_machine(name=machine.name)

    assert ['alias'] == [error['field'] for error in caught.value.errors]
    assert 1 == sdc.num_machines()


def test_create_in_datacenter_is_create_machine(sdc: DataCenter) -> None:
    """The classmethod of 0.2.0 takes the same arguments."""
    assert 'web9' == Machine.create_in_datacenter(sdc, name='web9').name


def test_a_machine_is_got_by_id_dict_or_machine(sdc: DataCenter, machine: Machine) -> None:
    """Whatever names a machine finds it, and raw_machine_data gives its dict."""
    assert machine == sdc.machine(machine.id) == sdc.machine(machine) == sdc.machine(machine.data)
    assert machine.id == sdc.raw_machine_data(machine)['id']
    with pytest.raises(ResourceNotFound):
        sdc.machine('00000000-0000-4000-8000-000000000000')


def test_a_deleted_machine_is_gone_and_tells_its_last_data(
    sdc: DataCenter, machine: Machine
) -> None:
    """MachineGone carries what the machine was."""
    machine.delete()
    machine.poll_until('deleted')
    with pytest.raises(MachineGone) as caught:
        sdc.machine(machine.id)

    assert ('web0', 'deleted') == tuple(caught.value.machine[name] for name in ('name', 'state'))
    assert str(caught.value).endswith('. The machine is deleted; its audit() is what remains')


def test_machines_are_filtered(sdc: DataCenter, machine: Machine) -> None:
    """Each filter finds the machine that has it and no other."""
    other = sdc.create_machine(name='db0', tags={'role': 'db', 'n': 2, 'prod': True})

    assert [machine] == sdc.machines(name='web')
    assert [machine] == sdc.machines(state='running')
    assert [other] == sdc.machines(tags={'role': 'db', 'n': 2, 'prod': True})
    assert [other] == sdc.machines(tags='*')
    assert [] == sdc.machines(tags={'role': 'nothing'})
    assert [] == sdc.machines('virtualmachine')
    assert {machine, other} == set(sdc.machines('smartmachine', memory=machine.memory))
    assert {machine, other} == set(sdc.machines(image=machine.image))
    assert {machine, other} == set(sdc.machines(dataset=sdc.dataset(machine.dataset or '')))
    assert {machine, other} == set(sdc.machines(brand=machine.brand))
    assert [] == sdc.machines(docker=True)
    assert 1 == sdc.num_machines(state='running') == sdc.num_machines(tags='*')


def test_a_bad_filter_is_refused(sdc: DataCenter) -> None:
    """The server's words come through."""
    with pytest.raises(InvalidArgument, match='nonsense'):
        sdc.machines(state='nonsense')


def test_a_page_is_what_was_asked_for(sdc: DataCenter) -> None:
    """With paged, limit and offset cut one page out of the list."""
    for number in range(5):
        sdc.create_machine(name=f'web{number}')
    everything = sdc.machines()

    assert everything[1:3] == sdc.machines(paged=True, limit=2, offset=1)
    assert everything == sdc.machines(limit=2)
    assert everything[2:] == sdc.machines(limit=2, offset=2)


def test_credentials_come_when_they_are_asked_for(sdc: DataCenter) -> None:
    """Generated passwords are in the data only then, and never in the metadata attribute."""
    machine = sdc.create_machine(metadata={'credentials': {'root': 's3cret'}})

    assert {'root': 's3cret'} == machine.credentials()
    assert 's3cret' not in str(sdc.raw_machine_data(machine))
    assert 's3cret' in str(sdc.raw_machine_data(machine, credentials=True))
    assert 's3cret' not in str(sdc.machine(machine, credentials=True).metadata)
    assert 's3cret' not in repr(sdc.machine(machine, credentials=True))


@pytest.mark.parametrize('count', [0, 1, 999, 1000, 1001, 2500, 10_000])
def test_a_list_of_any_length_is_exact(count: int) -> None:
    """Every machine is listed once and counted once."""
    names = [f'm{number}' for number in range(count)]
    world = {'machines': [{'name': name} for name in names]}
    with Simulator(world, job_time=0) as cloud, cloud.datacenter() as sdc:
        found = sdc.machines()

        assert sorted(names) == sorted(str(machine.name) for machine in found)
        assert count == len(set(found)) == sdc.num_machines()


def test_machines_come_one_after_the_other() -> None:
    """Nothing is asked before the first is taken, and the filters are those of the list."""
    world = {'machines': [{'name': f'm{n}', 'tags': {'odd': n % 2}} for n in range(7)]}
    with Simulator(world) as cloud, cloud.datacenter() as sdc:
        machines = sdc.iter_machines(tags={'odd': 1})
        before = len(cloud.requests)

        assert {'m1', 'm3', 'm5'} == {machine.name for machine in machines}
        assert (0, 1) == (before, len(cloud.requests))


def test_a_page_that_is_damaged_is_asked_for_again(cloud: Simulator) -> None:
    """Broken JSON on a page ahead costs one more request."""
    rows = [{'id': f'{number:04}'} for number in range(1000)]
    good = [json_reply(200, json.dumps(part).encode()) for part in (rows, rows[-1:], [])]
    bad = json_reply(200, b'[')
    # The page after the next may be asked for before or after this one is asked for again.
    with serving(good[0], bad, bad, good[1], good[1]) as server:
        sdc = DataCenter(server.url, '/a/keys/b', cloud.key_path, retries=Retry(base=0))
        with sdc:
            assert 1000 == len(sdc.machines())
