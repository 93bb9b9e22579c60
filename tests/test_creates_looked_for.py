"""What is looked for in a way of its own, and what is reported because nobody can tell."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, Machine
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from smartdc.types import Disk
from tests.clocks import TestClock
from tests.conftest import START
from tests.servers import json_reply, serving

PATIENT = Retry(attempts=9, base=0)

#: An answer that is lost: the connection closes without one.
LOST = b''

IMAGE = '33333333-3333-4333-8333-333333333333'

DROPPED: dict[str, Any] = {'outcome': 'drop', 'count': 1}


def listed(*rows: Any) -> bytes:
    """Return the answer that lists things."""
    return json_reply(200, json.dumps(rows).encode())


def stopped(sdc: DataCenter) -> Machine:
    """Return a bhyve machine that is stopped, with room for six more disks."""
    disks: list[Disk] = [{}, {'size': 1024}]
    machine = sdc.create_machine(image='ubuntu-certified-24.04', package='b1-standard', disks=disks)
    machine.poll_until('running')
    machine.stop()
    machine.poll_until('stopped')
    return machine


@pytest.mark.parametrize('after', [True, False])
@pytest.mark.parametrize('fault', [{'outcome': 'drop'}, {'outcome': 'cut'}, {'status': 500}])
def test_a_nic_is_added_once(cloud: Simulator, fault: dict[str, Any], after: bool) -> None:
    """A machine has one NIC on a network, so that is the one that was added."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        machine = sdc.create_machine(networks=['MNX-Triton-Public'])
        machine.poll_until('running')
        cloud.faults.add('AddNic', count=1, after=after, **fault)
        nic = machine.add_nic('My-Fabric-Network', wait=True)

        assert [nic] == [each for each in machine.nics() if each['network'] == nic['network']]
        assert 2 == len(machine.nics())


@pytest.mark.parametrize('after', [True, False])
def test_a_nic_on_a_pool_is_added_once(after: bool) -> None:
    """It is on one of the pool's networks; the server refers to it when asked for another."""
    networks = [
        {
            'name': f'net{number}',
            'subnet': f'10.{number}.0.0/24',
            'provision_start_ip': f'10.{number}.0.5',
            'provision_end_ip': f'10.{number}.0.250',
        }
        for number in (1, 2)
    ]
    pools = [{'name': 'pool', 'id': IMAGE, 'networks': ['net2']}]
    world = {'networks': networks, 'network_pools': pools}
    with Simulator(world, job_time=0) as cloud, cloud.datacenter(retries=PATIENT) as sdc:
        machine = sdc.create_machine(networks=['net1'])
        cloud.faults.add('AddNic', after=after, **DROPPED)
        nic = machine.add_nic(IMAGE)

        assert nic in machine.nics()
        assert 2 == len(machine.nics())


def test_disks_in_slots_are_added_once(cloud: Simulator) -> None:
    """As many disks as calls that returned."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        machine = stopped(sdc)
        for after in (True, False):
            cloud.faults.add('CreateMachineDisk', probability=0.3, outcome='drop', after=after)
        made = [machine.create_disk(1024, pci_slot=f'0:4:{slot}') for slot in range(2, 8)]

        assert [each['id'] for each in made if each] == [each['id'] for each in machine.disks()[2:]]
        assert 6 < sum(each.operation == 'CreateMachineDisk' for each in cloud.requests)


def test_a_disk_that_the_server_places_is_not_added_again(cloud: Simulator) -> None:
    """It is looked for, but might be listed only later, so what is not there is reported."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        machine = stopped(sdc)
        cloud.faults.add('CreateMachineDisk', after=True, **DROPPED)
        assert machine.create_disk(2048) is None
        assert [10240, 1024, 2048] == [disk['size'] for disk in machine.disks()]
        cloud.faults.add('CreateMachineDisk', **DROPPED)
        with pytest.raises(smartdc.ConnectionFailed, match='may have been done') as caught:
            machine.create_disk(2048)

        assert {'machine': machine.id, 'size': 2048} == caught.value.sought
        assert 3 == len(machine.disks())


@pytest.mark.parametrize('after', [True, False])
def test_an_image_is_imported_once(cloud: Simulator, after: bool) -> None:
    """Its id is the same everywhere."""
    with cloud.datacenter() as west, cloud.datacenter('us-east-1', retries=PATIENT) as east:
        machine = west.create_machine()
        machine.poll_until('running')
        image = west.create_image(machine, 'app', '1', wait=True)
        cloud.faults.add('CreateImageFromMachine', after=after, **DROPPED)

        assert image['id'] == east.import_image('us-sw-1', image)['id']
        assert [image['id']] == [each['id'] for each in east.images(name='app', state='all')]


def test_an_image_that_is_still_copied_is_reported() -> None:
    """It is there, but not yet what was asked for."""
    world = {'images': [{'name': 'app', 'id': IMAGE, 'state': 'unactivated'}]}
    with Simulator(world) as cloud, cloud.datacenter(retries=PATIENT) as sdc:
        cloud.faults.add('CreateImageFromMachine', **DROPPED)
        with pytest.raises(smartdc.ConnectionFailed, match=IMAGE) as caught:
            sdc.import_image('us-east-1', IMAGE)

    assert (True, {'id': IMAGE}) == (caught.value.maybe_done, caught.value.sought)
    assert f'the image {IMAGE} is unactivated' == str(caught.value.__cause__)


def test_an_access_key_whose_secret_is_lost_is_named(cloud: Simulator) -> None:
    """Servers after 9.20 tell a secret once, so that the key is of no use to anybody."""
    old = {'accesskeyid': 'aa', 'status': 'Active', 'created': '2026-01-01T00:00:00.000Z'}
    rows = [old, {**old, 'accesskeyid': 'bb', 'description': 'ci'}]
    with (
        serving(listed(old), LOST, listed(*rows)) as server,
        DataCenter(server.url, '/acme/keys/k', cloud.key_path, retries=PATIENT) as sdc,
        pytest.raises(smartdc.ConnectionFailed, match="accesskeyid 'bb'") as caught,
    ):
        sdc.create_access_key(description='ci')

    assert {'accesskeyid': 'bb', 'description': 'ci'} == caught.value.sought
    assert 'the secret of the new access key is lost: delete it' == str(caught.value.__cause__)


def test_two_new_ones_that_are_alike_are_both_named(cloud: Simulator) -> None:
    """When somebody else makes another in the same moment, nobody knows which is whose."""
    with cloud.datacenter() as other:
        there = other.create_access_key()
        new = [other.create_access_key(), other.create_access_key()]
    with (
        serving(listed(there), LOST, listed(there, *new)) as server,
        DataCenter(server.url, '/acme/keys/k', cloud.key_path, retries=PATIENT) as sdc,
        pytest.raises(smartdc.ConnectionFailed, match='may have been done') as caught,
    ):
        sdc.create_access_key()

    assert [key['accesskeyid'] for key in new] == caught.value.sought['accesskeyid']


def test_threads_do_not_take_each_others_firewall_rules(cloud: Simulator) -> None:
    """What others make meanwhile is new as well, but says something else."""
    for after in (True, False):
        cloud.faults.add('CreateFirewallRule', probability=0.2, outcome='drop', after=after)
    texts = [f'from tag a{n} to tag b{n // 2} allow tcp port {n + 1}' for n in range(60)]
    with cloud.datacenter(retries=Retry(attempts=20, base=0)) as sdc, ThreadPoolExecutor(6) as pool:
        made = list(pool.map(sdc.create_firewall_rule, texts))
        ports = [rule['rule'].rpartition(' ')[2] for rule in made]

        assert [str(n + 1) for n in range(60)] == ports
        assert {rule['id'] for rule in made} == {rule['id'] for rule in sdc.firewall_rules()}
        assert 60 == len(sdc.firewall_rules())


@pytest.mark.parametrize(
    'other',
    [
        {'enabled': True},
        {'log': True},
        {'description': 'another'},
        {'rule': 'FROM any TO tag "web" ALLOW tcp PORT 81'},
    ],
)
def test_a_rule_that_differs_is_not_taken_for_the_one_that_was_made(
    cloud: Simulator, other: dict[str, Any]
) -> None:
    """Somebody else's that is new, too, is let alone, and the rule is made."""
    text = 'FROM any TO tag "web" ALLOW tcp PORT 80'
    with cloud.datacenter(retries=None) as sdc:
        there = sdc.create_firewall_rule(**{'rule': text, 'description': 'x', **other})
    made = {**there, 'id': IMAGE}
    with (
        serving(
            listed(), LOST, listed(there), json_reply(201, json.dumps(made).encode())
        ) as server,
        DataCenter(server.url, '/acme/keys/k', cloud.key_path, retries=PATIENT) as sdc,
    ):
        assert made == sdc.create_firewall_rule(text.lower(), description='x')


@pytest.mark.parametrize('operation', ['CreateMachine', 'CreateFirewallRule'])
def test_what_is_slow_is_found(cloud: Simulator, operation: str) -> None:
    """The answer comes after the client's patience, the work was done before."""
    cloud.faults.add(operation, count=1, delay=1.5)
    with cloud.datacenter(timeout=0.7, retries=PATIENT) as sdc:
        machine = sdc.create_machine()
        rule = sdc.create_firewall_rule('FROM any TO tag a ALLOW ah')

        assert ([machine], [rule]) == (sdc.machines(), sdc.firewall_rules())
    assert 2 == sum(each.method == 'POST' for each in cloud.requests)


def test_a_rule_that_may_still_come_is_not_made_again(cloud: Simulator) -> None:
    """The server would make a second one, so it is reported when it is not there in time."""
    cloud.faults.add('CreateFirewallRule', count=1, status=504)
    with (
        cloud.datacenter(retries=PATIENT) as sdc,
        pytest.raises(smartdc.APIError, match='look for rule') as caught,
    ):
        sdc.create_firewall_rule('FROM any TO tag a ALLOW ah')

    assert {'rule': 'FROM any TO tag a ALLOW ah'} == caught.value.sought
    asked = [each.operation for each in cloud.requests]
    assert ['ListFirewallRules', 'CreateFirewallRule', 'ListFirewallRules'] == asked


@pytest.mark.parametrize('answer', [{}, [None, 7, {}], [{'name': ['ops']}], [{'name': 'dev'}, 'x']])
def test_a_look_that_sees_nonsense_is_no_crash(cloud: Simulator, answer: Any) -> None:
    """What is no list has told nothing, and what is no role is none."""
    role = {'id': IMAGE, 'name': 'ops'}
    answers = [
        json_reply(200, json.dumps(answer).encode()),
        json_reply(201, json.dumps(role).encode()),
    ]
    with (
        serving(LOST, *answers) as server,
        DataCenter(server.url, '/acme/keys/k', cloud.key_path, retries=PATIENT) as sdc,
    ):
        if answer == {}:
            with pytest.raises(smartdc.ConnectionFailed, match="look for name 'ops'"):
                sdc.create_role('ops')
        else:
            assert IMAGE == sdc.create_role('ops')['id']


@pytest.mark.parametrize('created', [None, 7, 'yesterday', '2026-01-02T03:04:05.000Z'])
def test_a_thing_of_no_age_that_can_be_read_may_be_the_new_one(
    cloud: Simulator, created: object
) -> None:
    """The rest of it says whether it is."""
    bob = {'id': IMAGE, 'login': 'bob', 'email': 'Bob@example.com', 'created': created}
    with (
        serving(LOST, listed(bob)) as server,
        DataCenter(
            server.url, '/acme/keys/k', cloud.key_path, retries=PATIENT, clock=TestClock(START)
        ) as sdc,
    ):
        found = sdc.create_user(login='bob', email='bob@example.com', password='secret123')

    assert IMAGE == found['id']


def test_who_may_not_list_can_create_all_the_same(cloud: Simulator) -> None:
    """Then nothing can be looked for, and a lost answer is reported."""
    cloud.faults.add('ListAccessKeys', count=2, status=403, code='NotAuthorized')
    with cloud.datacenter(retries=PATIENT) as sdc:
        assert sdc.create_access_key()
        cloud.faults.add('CreateAccessKey', after=True, **DROPPED)
        with pytest.raises(smartdc.ConnectionFailed, match='may have been done: look before'):
            sdc.create_access_key()

        assert 2 == len(sdc.access_keys())


def test_without_retries_nothing_is_listed_before(cloud: Simulator) -> None:
    """Each create is one request."""
    with cloud.datacenter(retries=None) as sdc:
        sdc.create_access_key()

    assert ['CreateAccessKey'] == [each.operation for each in cloud.requests]
