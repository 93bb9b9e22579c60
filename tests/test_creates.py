"""Whatever can be made is made once, through faults of every kind."""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, Machine
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from smartdc.simulator.clock import SteppedClock
from smartdc.types import Key, User
from tests.conftest import START
from tests.simulator.signer import Signer

PATIENT = Retry(attempts=9, base=0)

#: What becomes of one request in ten each: done or not, the answer is lost, cut or an error.
FAULTS: list[dict[str, Any]] = [
    {'outcome': 'drop'},
    {'outcome': 'drop', 'after': True},
    {'outcome': 'cut'},
    {'status': 500, 'after': True},
    {'status': 503, 'code': 'ServiceUnavailableError', 'after': True},
]

ACME = '11111111-1111-4111-8111-111111111111'
SHARED = '22222222-2222-4222-8222-222222222222'

#: A data center with volumes, and with an image that somebody shares.
WORLD: dict[str, Any] = {
    'volumes': True,
    'accounts': [{'login': 'acme', 'id': ACME}],
    'images': [
        {'name': 'base-64'},
        {'name': 'shared', 'id': SHARED, 'public': False, 'acl': [ACME]},
    ],
}

#: An operation, what makes a thing with it by a number, and what lists all that were made.
Kind = tuple[str, Callable[[DataCenter, int], object], Callable[[DataCenter], list[Any]]]


@cache
def public(number: int) -> str:
    """Return a public key by its number."""
    return Signer(f'acme/key{number}').public


def network(number: int, **more: Any) -> dict[str, Any]:
    """Return what makes a fabric network by its number."""
    return {
        'name': f'net{number}',
        'subnet': f'10.77.{number}.9/24',
        'provision_start_ip': f'10.77.{number}.5',
        'provision_end_ip': f'10.77.{number}.250',
        **more,
    }


def web0(sdc: DataCenter) -> Machine:
    """Return the machine that is there from the beginning."""
    return sdc.machines(name='web0')[0]


def snapshot_of_now(sdc: DataCenter) -> str:
    """Take a snapshot that is named by the time, which goes on."""
    sdc.clock.sleep(1)
    return web0(sdc).create_snapshot().name


def bob(sdc: DataCenter) -> User:
    """Return the sub-user who is there from the beginning."""
    return sdc.user('bob')


def new_keys(keys: list[Key]) -> list[Key]:
    """Return the keys that were added."""
    return [key for key in keys if 'acme/key' in key['key']]


KINDS: dict[str, Kind] = {
    'a machine': (
        'CreateMachine',
        lambda sdc, n: sdc.create_machine(f'm{n}', networks=[]).id,
        lambda sdc: sdc.machines(name='m'),
    ),
    'a machine without a name': (
        'CreateMachine',
        lambda sdc, _: sdc.create_machine(networks=[]).id,
        lambda sdc: sdc.machines(name='machine-'),
    ),
    'a snapshot': (
        'CreateMachineSnapshot',
        lambda sdc, n: web0(sdc).create_snapshot(f's{n}').name,
        lambda sdc: web0(sdc).snapshots(),
    ),
    'a snapshot without a name': (
        'CreateMachineSnapshot',
        lambda sdc, _: snapshot_of_now(sdc),
        lambda sdc: web0(sdc).snapshots(),
    ),
    'a volume': (
        'CreateVolume',
        lambda sdc, n: sdc.create_volume(name=f'v{n}', networks=['My-Fabric-Network'])['id'],
        lambda sdc: sdc.volumes(),
    ),
    'a volume without a name': (
        'CreateVolume',
        lambda sdc, _: sdc.create_volume(networks=['My-Fabric-Network'])['id'],
        lambda sdc: sdc.volumes(),
    ),
    'a VLAN': (
        'CreateFabricVLAN',
        lambda sdc, n: sdc.create_fabric_vlan(100 + n, f'vlan{n}', description='x')['vlan_id'],
        lambda sdc: [each for each in sdc.fabric_vlans() if each['vlan_id'] >= 100],
    ),
    'a fabric network': (
        'CreateFabricNetwork',
        lambda sdc, n: sdc.create_fabric_network(
            2, **network(n, resolvers=['8.8.8.8', '8.8.4.4'], routes={'10.9.0.0/16': '10.77.0.5'})
        )['id'],
        lambda sdc: [each for each in sdc.fabric_networks(2) if each['name'].startswith('net')],
    ),
    'a user': (
        'CreateUser',
        lambda sdc, n: sdc.create_user(
            login=f'user{n}', email=f'User{n}@example.com', password='secret123'
        )['id'],
        lambda sdc: [user for user in sdc.users() if user['login'] != 'bob'],
    ),
    'a policy': (
        'CreatePolicy',
        lambda sdc, n: sdc.create_policy(f'policy{n}', 'CAN getmachine')['id'],
        lambda sdc: sdc.policies(),
    ),
    'a role': (
        'CreateRole',
        lambda sdc, n: sdc.create_role(f'role{n}', members=['bob'])['id'],
        lambda sdc: sdc.roles(),
    ),
    'a key': (
        'CreateKey',
        lambda sdc, n: sdc.add_key(f'key{n}', public(n))['fingerprint'],
        lambda sdc: new_keys(sdc.keys()),
    ),
    'a key without a name': (
        'CreateKey',
        lambda sdc, n: sdc.add_key(None, public(n))['fingerprint'],
        lambda sdc: new_keys(sdc.keys()),
    ),
    'an image': (
        'CreateImageFromMachine',
        lambda sdc, _: sdc.create_image(web0(sdc), 'web', '1.0.0', tags={'role': 'web'})['id'],
        lambda sdc: sdc.images(name='web', state='all'),
    ),
    'a clone of an image': (
        'UpdateImage',
        lambda sdc, _: sdc.clone_image(SHARED)['id'],
        lambda sdc: [each for each in sdc.images(name='shared') if each['id'] != SHARED],
    ),
    'an access key': (
        'CreateAccessKey',
        lambda sdc, _: sdc.create_access_key(status='Inactive')['accesskeysecret'],
        lambda sdc: sdc.access_keys(),
    ),
    "a user's access key": (
        'CreateUserAccessKey',
        lambda sdc, _: sdc.create_user_access_key(bob(sdc), description='x')['accesskeysecret'],
        lambda sdc: sdc.user_access_keys(bob(sdc)),
    ),
    'a firewall rule': (
        'CreateFirewallRule',
        lambda sdc, n: sdc.create_firewall_rule(f'from any to tag a=b{n} allow tcp port 22')['id'],
        lambda sdc: sdc.firewall_rules(),
    ),
    'a firewall rule like others': (
        'CreateFirewallRule',
        lambda sdc, _: sdc.create_firewall_rule('from any to tag a allow ah', enabled=True)['id'],
        lambda sdc: sdc.firewall_rules(),
    ),
    "a user's key": (
        'CreateUserKey',
        lambda sdc, n: sdc.add_user_key('bob', f'key{n}', public(n))['fingerprint'],
        lambda sdc: new_keys(sdc.user_keys('bob')),
    ),
}


@pytest.mark.parametrize('kind', KINDS)
def test_each_thing_is_made_once(kind: str) -> None:
    """As many things as calls that returned: no duplicates, no orphans, no errors."""
    operation, make, everything = KINDS[kind]
    clock = SteppedClock(START)
    with Simulator(WORLD, job_time=0, clock=clock) as cloud:
        with cloud.datacenter(retries=PATIENT) as sdc:
            sdc.create_machine(name='web0')
            sdc.create_user(login='bob', email='bob@example.com', password='secret123')
            for fault in FAULTS:
                cloud.faults.add(operation, probability=0.1, **fault)
            made = {str(make(sdc, number)) for number in range(40)}

            assert 40 == len(made) == len(everything(sdc))
        struck = [each for each in cloud.requests if each.outcome != 'reply' or each.status >= 500]
        assert {operation} == {each.operation for each in struck}
        assert {True, False} == {each.status < 300 for each in struck}


@pytest.mark.parametrize('after', [True, False])
def test_a_role_is_known_again_by_its_members_and_policies(cloud: Simulator, after: bool) -> None:
    """The server tells more of them than was asked for."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        sdc.create_user(login='bob', email='bob@example.com', password='secret123')
        look = sdc.create_policy('look', 'CAN getmachine')
        cloud.faults.add('CreateRole', count=1, outcome='drop', after=after)
        role = sdc.create_role(
            'ops', members=['bob', {'type': 'account', 'login': 'acme'}], policies=[look]
        )

        assert [role] == sdc.roles()


def test_a_key_of_another_name_is_not_taken_for_the_one_asked_for(cloud: Simulator) -> None:
    """A lost create of a key that is there ends in the server's refusal."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        sdc.add_key('old', public(0))
        cloud.faults.add('CreateKey', count=1, outcome='drop')
        with pytest.raises(smartdc.InvalidArgument, match='already exists') as caught:
            sdc.add_key('new', public(0))

        assert not caught.value.maybe_done


def test_a_key_that_cannot_be_read_here_is_not_looked_for(cloud: Simulator) -> None:
    """The server forgives more than is plain, so a lost create of such a text is reported."""
    kind, data, comment = public(0).split()
    cloud.faults.add('CreateKey', count=1, outcome='drop', after=True)
    with (
        cloud.datacenter(retries=PATIENT) as sdc,
        pytest.raises(smartdc.ConnectionFailed, match="look for name 'odd'") as caught,
    ):
        sdc.add_key('odd', f'{kind} {data[:24]}\n{data[24:]} {comment}')

    assert caught.value.maybe_done


def test_a_thing_that_differs_is_not_taken_for_the_one_asked_for(cloud: Simulator) -> None:
    """A lost create of a name that something else has ends in the server's refusal."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        sdc.create_policy('look', 'CAN getmachine')
        cloud.faults.add('CreatePolicy', count=1, outcome='drop')
        with pytest.raises(smartdc.InvalidArgument) as caught:
            sdc.create_policy('look', 'CAN listmachines')

        assert not caught.value.maybe_done
        assert ['CAN getmachine'] == sdc.policy('look')['rules']


def test_an_old_snapshot_is_not_taken_for_a_new_one(cloud: Simulator) -> None:
    """Nothing that was there before the call is its result."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        machine = sdc.create_machine(name='web0')
        machine.create_snapshot('s')
        cloud.clock.sleep(3600)
        cloud.faults.add('CreateMachineSnapshot', count=1, outcome='drop')
        before = len(cloud.requests)
        machine.create_snapshot('s')

        asked = [each.operation for each in cloud.requests[before:]]
        assert ['CreateMachineSnapshot', 'ListMachineSnapshots', 'CreateMachineSnapshot'] == asked


def test_what_fails_while_it_is_waited_for_is_told() -> None:
    """The error of a wait says what was made before it."""
    with Simulator({'volumes': True}, job_time=0) as cloud, cloud.datacenter() as sdc:
        machine = sdc.create_machine(name='web0')
        cloud.faults.add('GetVolume', count=1, status=403, code='NotAuthorized')
        cloud.faults.add('GetMachineSnapshot', count=1, status=403, code='NotAuthorized')
        with pytest.raises(smartdc.NotAuthorized) as volume:
            sdc.create_volume(name='v0', networks=['My-Fabric-Network'], wait=True)
        with pytest.raises(smartdc.NotAuthorized) as snapshot:
            machine.create_snapshot('s', wait=True)

        assert (True, {'id': sdc.volumes()[0]['id']}) == (
            volume.value.maybe_done,
            volume.value.sought,
        )
        assert (True, {'name': 's'}) == (snapshot.value.maybe_done, snapshot.value.sought)


def test_names_are_chosen_in_the_servers_own_form() -> None:
    """The time for a snapshot, 64 hexadecimal digits for a volume; the server is told them."""
    clock = SteppedClock(START)
    with Simulator({'volumes': True}, job_time=0, clock=clock) as cloud, cloud.datacenter() as sdc:
        assert '20260102T030405Z' == sdc.create_machine().create_snapshot().name
        assert {'name': '20260102T030405Z'} == json.loads(cloud.requests[-1].body)
        volume = sdc.create_volume(networks=['My-Fabric-Network'])
        assert re.fullmatch('[0-9a-f]{64}', volume['name'])
        assert volume['name'] == json.loads(cloud.requests[-1].body)['name']
