"""What can be made, of each kind how it is made and listed; and faults to make it through."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from smartdc import DataCenter, Machine
from smartdc.types import Key, User
from tests.simulator.signer import Signer

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


def prepare(sdc: DataCenter) -> None:
    """Make what some kinds need: the machine web0 and the sub-user bob."""
    sdc.create_machine(name='web0')
    sdc.create_user(login='bob', email='bob@example.com', password='secret123')
