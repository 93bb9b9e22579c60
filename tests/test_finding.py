"""Names and short ids, wherever an id is wanted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smartdc import (
    AmbiguousName,
    DataCenter,
    LegacyDataCenter,
    Machine,
    ResourceNotFound,
    SmartDCError,
    UnknownName,
    Unsupported,
)
from smartdc.simulator import Simulator
from tests.subusers import SubUser

ID = 'b1e3f1c0-9999-4aaa-8bbb-cccccccccccc'
RULE = 'FROM any TO tag "role" = "web" ALLOW tcp PORT 80'
FABRIC = 'My-Fabric-Network'


def asked(cloud: Simulator, call: Callable[[], Any]) -> list[str]:
    """Return method, path and query of the requests that a call makes, without the account."""
    before = len(cloud.requests)
    call()
    return [
        f'{record.method} {record.target.removeprefix(f"/{cloud.account}")}'
        for record in cloud.requests[before:]
    ]


def sent(cloud: Simulator) -> dict[str, Any]:
    """Return the body of the last request."""
    body: dict[str, Any] = json.loads(cloud.requests[-1].body)
    return body


def network(name: str, third: int, **more: Any) -> dict[str, Any]:
    """Return a network for a world."""
    start, end = (f'10.1.{third}.{last}' for last in (5, 250))
    ips = {'provision_start_ip': start, 'provision_end_ip': end}
    return {'name': name, 'subnet': f'10.1.{third}.0/24', **ips, **more}


#: Two networks of a name, two that begin alike, and one that is named as another begins.
NETWORKS = [
    network('twin', 1, id='aaaaaaaa-0000-4000-8000-000000000001'),
    network('twin', 2, id='bbbbbbbb-0000-4000-8000-000000000002'),
    network('one', 3, id='cccccccc-0000-4000-8000-000000000003'),
    network('other', 4, id='cccccccc-1111-4000-8000-000000000004'),
    network('bbbbbbbb', 5, id='dddddddd-0000-4000-8000-000000000005'),
]


@pytest.fixture
def things(sdc: DataCenter, machine: Machine) -> dict[str, Any]:
    """Return one thing of each kind, by the method that gets it."""
    return {
        'machine': machine.data,
        'image': sdc.images(name='base-64')[0],
        'package': sdc.packages()[0],
        'network': sdc.networks()[0],
        'volume': sdc.create_volume(name='data1', networks=[FABRIC], wait=True),
        'firewall_rule': sdc.create_firewall_rule(RULE),
    }


KINDS = ['machine', 'image', 'package', 'network', 'volume', 'firewall_rule']


@pytest.mark.parametrize('kind', KINDS)
def test_an_id_costs_one_request(
    cloud: Simulator, sdc: DataCenter, things: dict[str, Any], kind: str
) -> None:
    """A full id, in either case, and a dict are sent as they are."""
    thing, get = things[kind], getattr(sdc, kind)

    for ref in (thing['id'], thing['id'].upper(), dict(thing)):
        (line,) = asked(cloud, lambda ref=ref: get(ref))  # type: ignore[misc]
        assert line.endswith(f'/{ref["id"] if isinstance(ref, dict) else ref}')


@pytest.mark.parametrize('kind', KINDS)
def test_a_short_id_will_do(sdc: DataCenter, things: dict[str, Any], kind: str) -> None:
    """The first eight digits, or more of them, with hyphens or without, in either case."""
    thing, get = things[kind], getattr(sdc, kind)
    digits = thing['id'].replace('-', '')

    for ref in (thing['id'][:8], thing['id'][:8].upper(), thing['id'][:13], digits[:12], digits):
        found = get(ref)
        assert thing['id'] == (found.id if kind == 'machine' else found['id'])
    with pytest.raises(SmartDCError):
        get(thing['id'][:7])


@pytest.mark.parametrize('kind', [kind for kind in KINDS if kind != 'firewall_rule'])
def test_a_name_will_do(sdc: DataCenter, things: dict[str, Any], kind: str) -> None:
    """What has a name is found by it."""
    found = getattr(sdc, kind)(things[kind]['name'])

    assert things[kind]['id'] == (found.id if kind == 'machine' else found['id'])


def test_a_package_is_the_servers_to_find_by_name(cloud: Simulator, sdc: DataCenter) -> None:
    """The server takes names of packages, so nothing is looked up."""
    assert ['GET /packages/g1-small'] == asked(cloud, lambda: sdc.package('g1-small'))


def test_a_machine_is_looked_for_by_its_name_alone(cloud: Simulator, machine: Machine) -> None:
    """The server narrows the list to the name; others that begin alike are not taken for it."""
    sdc = machine.datacenter
    sdc.create_machine(name='web00')

    lines = ['GET /machines?name=web0&limit=1000&offset=0', f'GET /machines/{machine.id}']
    assert lines == asked(cloud, lambda: sdc.machine('web0'))
    with pytest.raises(UnknownName):
        sdc.machine('web')


def test_an_exact_name_comes_before_a_short_id() -> None:
    """A network that is named as another's id begins is found by that."""
    with Simulator({'networks': NETWORKS}) as cloud, cloud.datacenter() as sdc:
        assert NETWORKS[4]['id'] == sdc.network('bbbbbbbb')['id']
        assert NETWORKS[1]['id'] == sdc.network('bbbbbbbb-0000')['id']


def test_what_may_be_several_things_is_refused_with_their_ids() -> None:
    """Neither of two things of a name or short id is taken; the error lists them."""
    with Simulator({'networks': NETWORKS}) as cloud, cloud.datacenter() as sdc:
        for ref, ids in (('twin', NETWORKS[:2]), ('cccccccc', NETWORKS[2:4])):
            with pytest.raises(AmbiguousName, match=f'{ref}.*pass one of the ids') as caught:
                sdc.network(ref)
            assert tuple(each['id'] for each in ids) == caught.value.candidates
            for each in ids:
                assert f'{each["id"]} ({each["name"]})' in str(caught.value)


def test_an_error_lists_no_more_than_eight() -> None:
    """Of twelve namesakes eight are listed, and how many more there are."""
    ids = [f'eeeeeeee-0000-4000-8000-{number:012}' for number in range(12)]
    many = [network('same', number, id=each) for number, each in enumerate(ids)]
    with (
        Simulator({'networks': many}) as cloud,
        cloud.datacenter() as sdc,
        pytest.raises(AmbiguousName, match='4 more') as caught,
    ):
        sdc.network('same')

    assert 12 == len(caught.value.candidates)
    assert 8 == str(caught.value).count('eeeeeeee')


@pytest.mark.parametrize(
    ('kind', 'wrong', 'near'),
    [
        ('machine', 'web1', ('web0',)),
        ('machine', 'web 0', ('web0',)),
        ('image', 'smartos46', ('smartos64',)),
        ('image', 'base-64-lts@23.4.1', ('base-64-lts@24.4.1',)),
        ('image', 'sdc:sdc:smartos64:9', ('smartos64@1.8.4',)),
        ('image', 'sdc:sdc:smartos46:', ('smartos64',)),
        ('network', 'my-fabric-network', ('My-Fabric-Network',)),
        ('volume', 'data2', ('data1',)),
        ('volume', 'zzz', ()),
        ('firewall_rule', 'deadbeef', ()),
        ('package', 'deadbeef', ()),
    ],
)
def test_a_name_that_nothing_has_brings_near_ones(
    sdc: DataCenter, things: dict[str, Any], kind: str, wrong: str, near: tuple[str, ...]
) -> None:
    """The error names what may have been meant, and has it as data."""
    with pytest.raises(UnknownName) as caught:
        getattr(sdc, kind)(wrong)

    assert near == tuple(name for name in near if name in caught.value.candidates)
    assert bool(near) == ('there is' in str(caught.value))
    assert all(name in str(caught.value) for name in caught.value.candidates)


def test_an_image_by_name_is_the_newest(cloud: Simulator, sdc: DataCenter) -> None:
    """The one published last, unless a version is named."""
    images = {image['version']: image['id'] for image in sdc.images(name='base-64-lts')}
    newest, older = images['24.4.1'], images['22.4.1']

    assert newest == sdc.image('base-64-lts')['id'] == sdc.dataset('base-64-lts')['id']
    assert older == sdc.image('base-64-lts@22.4.1')['id']
    assert older == sdc.image('sdc:sdc:base-64-lts:22.4.1')['id']
    lines = ['GET /images?name=base-64-lts', f'GET /images/{newest}']
    assert lines == asked(cloud, lambda: sdc.image('base-64-lts'))


def test_an_image_that_is_not_active_is_found_when_no_active_one_is(
    sdc: DataCenter, machine: Machine
) -> None:
    """An image that is still being made is found by its name, and by its short id."""
    machine.stop()
    machine.poll_until('stopped')
    made = sdc.create_image('web0', 'own', '1.0')

    assert 'creating' == made['state']
    assert made['id'] == sdc.image('own')['id'] == sdc.image(made['id'][:8])['id']
    sdc.wait_for('image', 'own', 'active')
    sdc.delete_image('own')
    with pytest.raises(UnknownName):
        sdc.image('own')


def test_a_machine_is_made_of_names_and_short_ids(cloud: Simulator, sdc: DataCenter) -> None:
    """Image, package and networks are looked up; ids reach the server."""
    image, package = sdc.image('ubuntu-certified-24.04'), sdc.package('b1-standard')
    first, second = sdc.networks()
    sdc.create_machine(
        image=image['id'][:8],
        package=package['id'][:8],
        networks=[first['id'][:8], second['name']],
        disks=[{'image': 'ubuntu-certified-24.04', 'boot': True}, {'size': 512}],
    )
    body = sent(cloud)

    assert (image['id'], package['id']) == (body['image'], body['package'])
    assert [first['id'], second['id']] == body['networks']
    assert [{'image': image['id'], 'boot': True}, {'size': 512}] == body['disks']


def test_ids_alone_make_a_machine_in_one_request(cloud: Simulator, sdc: DataCenter) -> None:
    """Nothing is asked for what is given by id."""
    refs = sdc.image('debian-12')['id'], sdc.package('g1-micro')['id'], sdc.networks()[0]['id']
    image, package, first = refs

    def make() -> Machine:
        return sdc.create_machine(image=image, package=package, networks=[first])

    assert ['POST /machines'] == asked(cloud, make)


def test_names_are_taken_everywhere(cloud: Simulator, sdc: DataCenter, machine: Machine) -> None:
    """Filters, machines' own methods and what belongs to other chapters take them as well."""
    assert machine.id == Machine(sdc, 'web0').id == sdc.raw_machine_data('web0')['id']
    image = str(machine.image)
    assert [machine] == sdc.machines(image=image[:8]) == sdc.machines(dataset=image)
    assert 1 == sdc.num_machines(image=image[:8])
    fabric = sdc.network(FABRIC)
    assert 'ip' in sdc.network_ips(FABRIC)[0]
    assert '10.128.0.77' == sdc.network_ip(FABRIC, '10.128.0.77')['ip']
    assert sdc.update_network_ip(FABRIC, '10.128.0.77', reserved=True)['reserved']
    assert fabric == sdc.fabric_network(2, FABRIC)
    assert fabric['id'] == sdc.update_config(default_network=FABRIC).get('default_network')
    sdc.create_role('ops')
    assert ['ops'] == sdc.set_role_tags('machines', ['ops'], 'web0') == sdc.role_tags(machine)
    machine.resize(sdc.package('g1-medium')['id'][:8])
    cloud.clock.sleep(30)
    assert 2048 == sdc.machine('web0').memory
    machine.add_nic(fabric['id'][:8], wait=True)
    assert fabric['id'] in sdc.machine('web0').networks
    machine.delete()
    assert 'deleted' == sdc.wait_for('machine', 'web0', 'deleted')['state']


def test_changes_and_migrations_are_of_machines_by_name(
    cloud: Simulator, sdc: DataCenter, machine: Machine
) -> None:
    """What follows a machine looks its name up before it follows it."""
    with pytest.raises(UnknownName, match='web1'):
        sdc.changefeed(['web0', 'web1'])
    with pytest.raises(ResourceNotFound):
        sdc.migration('web0')
    assert cloud.requests[-1].target.endswith(f'/migrations/{machine.id}')


def test_rules_and_volumes_are_changed_by_short_id_and_name(
    sdc: DataCenter, things: dict[str, Any]
) -> None:
    """Each method that takes one looks it up."""
    rule = things['firewall_rule']
    short = rule['id'][:8]

    assert sdc.enable_firewall_rule(short)['enabled']
    assert 'x' == sdc.update_firewall_rule(short, description='x').get('description')
    assert not sdc.disable_firewall_rule(short)['enabled']
    assert [] == sdc.firewall_rule_machines(short)
    sdc.delete_firewall_rule(short)
    assert 'data9' == sdc.update_volume('data1', name='data9')['name']
    sdc.delete_volume('data9')
    sdc.wait_for('volume', things['volume'], 'deleted')
    assert not sdc.volumes()
    assert not sdc.firewall_rules()


def test_a_wait_looks_a_name_up_once(cloud: Simulator, sdc: DataCenter) -> None:
    """Each further look is for the id, so that what goes is seen to have gone."""
    sdc.create_machine(name='web0')
    lines = asked(cloud, lambda: sdc.wait_for('machine', 'web0', 'running'))

    assert 1 == sum('name=web0' in line for line in lines)
    assert len(lines) > 2


def test_a_sub_user_finds_machines_without_a_right_to_images(
    cloud: Simulator, sdc: DataCenter, machine: Machine, tmp_path: Path
) -> None:
    """Who may list and get machines needs no other right to find one by name."""
    bob = SubUser(cloud, sdc, 'bob', tmp_path)
    sdc.create_policy('look', ['CAN listmachines', 'CAN getmachine'])
    sdc.create_role('look', policies=['look'], members=['bob'], default_members=['bob'])
    sdc.set_role_tags('/machines', ['look'])
    sdc.set_role_tags(machine, ['look'])
    with bob.datacenter(as_role='look') as his:
        assert machine.id == his.machine('web0').id == his.machine(machine.id[:8]).id


def test_the_api_of_2011_has_machines_and_packages_only(cloud: Simulator) -> None:
    """Its data center says so for the rest, and sends nothing."""
    sdc = LegacyDataCenter(cloud.url(), '/acme/keys/x', str(cloud.key_path))

    for kind in ('network', 'volume', 'firewall rule'):
        with pytest.raises(Unsupported, match=f'no {kind}s'):
            sdc._find(kind, 'x')
    assert (ID, 'Small 1GB') == (sdc._find('machine', ID), sdc._find('package', 'Small 1GB'))
    assert not cloud.requests
