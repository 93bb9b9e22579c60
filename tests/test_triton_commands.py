"""The triton command that a dry run shows makes the very request that Python would have made."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

from smartdc import DataCenter
from smartdc.simulator import Record, Simulator
from smartdc.triton_commands import COMMANDS, command
from tests.programs import need, node_modules, run

FABRIC = 'My-Fabric-Network'
RULE = 'FROM any TO tag "role" = "web" ALLOW tcp PORT 80'
OTHER = '11111111-2222-4333-8444-555555555555'
ACME = '22222222-2222-4333-8444-555555555555'
EVE = '33333333-2222-4333-8444-555555555555'
ZVOL = {'type': 'zvol', 'os': 'linux', 'requirements': {'brand': 'bhyve'}, 'image_size': 10240}
ROUTES = {'10.0.0.0/8': '192.168.70.2'}

#: Commands that ask whether they should, and the option that says so beforehand.
ASKING = {
    **dict.fromkeys(
        (
            *('instance delete', 'instance metadata delete', 'instance snapshot delete'),
            *('instance nic delete', 'image delete', 'fwrule delete'),
            'volume delete',
        ),
        '--force',
    ),
    'key delete': '--yes',
}

#: What the command adds where nothing was asked for: it changes nothing.
ADDED: dict[str, dict[str, Any]] = {
    'nics': {'primary': False},
    'networks': {'resolvers': [], 'routes': {}},
}

Call = Callable[[DataCenter], Any]


def web(sdc: DataCenter) -> Any:
    """Return the machine that most of it is about."""
    return sdc.machine('web0')


#: What is done, in turn, each for real by the command.
CALLS: dict[str, Call] = {
    'create': lambda s: s.create_machine('web1', s.package('g1-small'), image='base-64-lts'),
    'create with all': lambda s: s.create_machine(
        'web2',
        s.package('g1-small'),
        image='base-64-lts',
        tags={'role': 'web', 'n': 1, 'on': True, 'f': 1.5},
        metadata={'user-data': "it's a text\nof 2 lines", 'n': 2},
        networks=[FABRIC, 'MNX-Triton-Public'],
        affinity=['instance!=web0', 'role!=~db'],
        firewall_enabled=True,
        deletion_protection=True,
        delegate_dataset=True,
    ),
    'stop': lambda s: web(s).stop(),
    'start': lambda s: web(s).start(),
    'reboot': lambda s: web(s).reboot(),
    'resize': lambda s: web(s).resize(s.package('g1-medium')),
    'enable_firewall': lambda s: web(s).enable_firewall(),
    'disable_firewall': lambda s: web(s).disable_firewall(),
    'enable_deletion_protection': lambda s: web(s).enable_deletion_protection(),
    'disable_deletion_protection': lambda s: web(s).disable_deletion_protection(),
    'add_tags': lambda s: web(s).add_tags({'a': 'b c', 'n': 1, 'on': False}),
    'replace_tags': lambda s: web(s).replace_tags(c='d'),
    'delete_tag': lambda s: web(s).delete_tag('c'),
    'delete_all_tags': lambda s: web(s).delete_all_tags(),
    'update_metadata': lambda s: web(s).update_metadata({'k': 'v=w', 'n': 2}),
    'delete_metadata': lambda s: web(s).delete_metadata_at_key('k'),
    'create_snapshot': lambda s: web(s).create_snapshot('s1'),
    'start_from_snapshot': lambda s: web(s).start_from_snapshot('s1'),
    'delete_snapshot': lambda s: web(s).snapshot('s1').delete(),
    'add_nic': lambda s: web(s).add_nic(FABRIC, primary=True),
    'remove_nic': lambda s: web(s).remove_nic(web(s).nics()[0]),
    'create_disk': lambda s: s.machine('vm0').create_disk(1024),
    'delete_disk': lambda s: s.machine('vm0').delete_disk(s.machine('vm0').disks()[1]),
    'clone_image': lambda s: s.clone_image('theirs'),
    'create_image': lambda s: s.create_image(
        'web0',
        'own',
        '1.0',
        description='my own',
        homepage='http://h',
        acl=[OTHER],
        tags={'a': 'b'},
    ),
    'update_image': lambda s: s.update_image('own', description='changed', eula='http://e'),
    'delete_image': lambda s: s.delete_image('own'),
    'create_firewall_rule': lambda s: s.create_firewall_rule(RULE, enabled=True),
    'create_firewall_rule off': lambda s: s.create_firewall_rule(
        RULE.replace('80', '81'), log=True, description='web'
    ),
    'update_firewall_rule': lambda s: s.update_firewall_rule(
        s.firewall_rules()[0], text=RULE.replace('80', '82'), enabled=True, description='new'
    ),
    'disable_firewall_rule': lambda s: s.disable_firewall_rule(s.firewall_rules()[0]),
    'enable_firewall_rule': lambda s: s.enable_firewall_rule(s.firewall_rules()[0]),
    'delete_firewall_rule': lambda s: s.delete_firewall_rule(s.firewall_rules()[0]),
    'create_volume': lambda s: s.create_volume(
        name='d0', size=20480, networks=[FABRIC], affinity=['instance!=web0'], tags={'a': 'b'}
    ),
    'delete_volume': lambda s: s.delete_volume('d0'),
    'create_fabric_vlan': lambda s: s.create_fabric_vlan(70, 'dmz', description='outside'),
    'create_fabric_network': lambda s: s.create_fabric_network(
        70,
        name='app',
        subnet='192.168.70.0/24',
        provision_start_ip='192.168.70.5',
        provision_end_ip='192.168.70.250',
        gateway='192.168.70.1',
        resolvers=['8.8.8.8', '8.8.4.4'],
        routes=ROUTES,
        internet_nat=False,
        description='words',
    ),
    'create_fabric_network plain': lambda s: s.create_fabric_network(
        70,
        name='app2',
        subnet='192.168.71.0/24',
        provision_start_ip='192.168.71.5',
        provision_end_ip='192.168.71.250',
        gateway='192.168.71.1',
    ),
    'update_config': lambda s: s.update_config(default_network='app'),
    'delete_fabric_network': lambda s: s.delete_fabric_network(70, 'app2'),
    'delete_fabric_vlan': lambda s: s.delete_fabric_vlan(71),
    'update_account': lambda s: s.update_account(city='New York', triton_cns_enabled=True),
    'delete_key': lambda s: s.delete_key('spare'),
    'migrate': lambda s: web(s).migrate('begin'),
    'acting in a role': lambda s: s.acting(as_role='ops').machine('web1').stop(),
    'rename': lambda s: web(s).rename('web9'),
    'delete': lambda s: s.machine('web1').delete(),
    # What has no command of its own, or none that can say it.
    'text that looks like a number': lambda s: s.machine('web9').add_tags(n='1'),
    'a switch that is off': lambda s: s.create_machine(
        'web3', 'g1-small', image='base-64-lts', firewall_enabled=False
    ),
    'policy': lambda s: s.create_policy('look', ['CAN listmachines'], description='to "look"'),
    'delete policy in a role': lambda s: s.acting(as_role='ops').delete_policy('look'),
    'raw': lambda s: s.request('POST', '/machines?x=a%20b', data={'a': 'é'}, params={'c': 1}),
}

#: Those for which `triton cloudapi` has to do.
RAW = list(CALLS)[-5:]


class Sent(NamedTuple):
    """What a write comes down to, however it is written."""

    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]


def sent(method: str, target: str, body: Any) -> Sent:
    """Return a write in one form: the action may be told in the query or in the body.

    What the command repeats from the path, or adds where nothing was asked for, is left out.
    """
    url = urlsplit(target)
    query, fields = dict(parse_qsl(url.query)), dict(body or {})
    if 'action' in fields:
        query['action'] = fields.pop('action')
    parts = url.path.split('/')[2:]
    added = ADDED.get(parts[-1] if parts else '', {})
    kept = {
        name: value
        for name, value in fields.items()
        if value != added.get(name, ...) and not (parts[-2:-1] == ['snapshots'] and value in parts)
    }
    return Sent(method, '/'.join(parts), query, kept)


class Shell:
    """A simulator, and a shell that has the triton command for it."""

    def __init__(self, cloud: Simulator, sdc: DataCenter, home: Path) -> None:
        self.cloud, self.sdc, self.home = cloud, sdc, home
        self.program = str(node_modules('triton') / 'triton' / 'bin' / 'triton')

    def writes(self, line: str) -> list[Record]:
        """Run a command, and return the writes that came of it."""
        words = shlex.split(line)
        assert 'triton' == words.pop(0)
        name = ' '.join(word for word in words if not word.startswith('-'))
        force = [option for asking, option in ASKING.items() if name.startswith(asking)]
        before = len(self.cloud.requests)
        subprocess.run(
            [need('node'), self.program, *words, *force],
            env={
                'PATH': os.environ['PATH'],
                'HOME': str(self.home),
                'TRITON_PROFILE': 'env',
                'TRITON_URL': self.cloud.url(),
                'TRITON_ACCOUNT': self.cloud.account,
                'TRITON_KEY_ID': self.cloud.key_id.rpartition('/')[2],
            },
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        return [each for each in self.cloud.requests[before:] if each.method not in ('GET', 'HEAD')]


@pytest.fixture(scope='module')
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Yield a shell whose data center has what the calls need."""
    need('node')
    home = tmp_path_factory.mktemp('home')
    key = home / '.ssh' / 'id_rsa'
    key.parent.mkdir(mode=0o700)
    run('ssh-keygen', '-q', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '', '-f', str(key))
    world = {
        'volumes': True,
        'machines': [{'name': 'web0', 'image': 'base-64-lts'}],
        'accounts': [{'login': 'acme', 'id': ACME}, {'login': 'eve', 'id': EVE}],
        'images': [
            {'name': 'base-64-lts', 'version': '24.4.0'},
            {'name': 'ubuntu-certified-24.04', 'version': '20240612', **ZVOL},
            {'name': 'theirs', 'version': '2.0.0', 'public': False, 'owner': EVE, 'acl': [ACME]},
        ],
    }
    public = key.with_suffix('.pub').read_text()
    with (
        Simulator(world, job_time=0, public_key=public) as cloud,
        DataCenter(cloud.url(), cloud.key_id, key, login=cloud.account) as sdc,
    ):
        sdc.create_role('ops')
        spare = key.parent / 'spare'
        run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', str(spare))
        sdc.add_key('spare', spare.with_suffix('.pub').read_text())
        sdc.create_fabric_vlan(71, 'spare')
        disks: Any = [{}, {'size': 20480}]
        virtual = sdc.create_machine(
            'vm0', 'b1-standard', image='ubuntu-certified-24.04', disks=disks
        )
        virtual.poll_until('running')
        virtual.stop(wait=True)
        yield Shell(cloud, sdc, home)


@pytest.mark.timeout(400)
def test_commands_make_the_requests_that_they_stand_for(shell: Shell) -> None:
    """Method, path, query and body are the same; the real command sends them to a simulator."""
    untried = {re.split(r' [\[{]', template)[0] for template in COMMANDS.values()}
    for name, call in CALLS.items():
        with shell.sdc.dry_run() as plan:
            call(shell.sdc)
        (write,) = plan
        wanted = sent(write.method, f'/acme{write.path}', write.body)
        if name in ('acting in a role', 'delete policy in a role'):
            wanted = wanted._replace(query={**wanted.query, 'as-role': 'ops'})
        made = shell.writes(write.triton)
        assert [wanted] == [
            sent(each.method, each.target, json.loads(each.body or b'null')) for each in made
        ], f'{name}: {write.triton}'
        assert (name in RAW) == (' cloudapi ' in write.triton), write.triton
        untried -= {each for each in untried if write.triton.startswith(f'triton {each} ')}
    assert set() == untried


@pytest.mark.parametrize(
    ('method', 'path', 'query', 'body', 'line'),
    [
        ('DELETE', '/keys/a%20b', {}, None, "triton key delete 'a b'"),
        ('POST', '/machines/m?', {}, None, "triton cloudapi -X POST '/my/machines/m?'"),
        ('POST', '/machines/m', {'action': 'stop', 'x': '1'}, None, None),
        ('POST', '/machines/m', {'action': 'resize'}, {'package': 'p', 'more': 1}, None),
        ('POST', '/machines/m', {'action': 'resize'}, {}, None),
        ('POST', '/machines/m', {'action': 'rename'}, {'name': '-x'}, None),
        ('POST', '/machines/m/tags', {}, {}, None),
        ('POST', '/machines/m/tags', {}, {'a=b': 'c'}, None),
        ('POST', '/machines/m/tags', {}, {' a': 'c'}, None),
        ('POST', '/machines/m/tags', {}, {'a': None}, None),
        ('POST', '/machines/m/tags', {}, {'a': '0x1F'}, None),
        ('POST', '/machines/m/tags', {}, {'a': ' true '}, None),
        ('POST', '/machines/m/tags', {}, {'a': '-1.5e3'}, None),
        ('POST', '/machines/m/tags', {}, {'a': ''}, None),
        ('POST', '/machines/m/tags', {}, {'a': '[x'}, None),
        ('POST', '/machines/m/tags', {}, {'-a': 'x'}, None),
        ('POST', '/machines/m/tags', {}, {'a': '1.2.3'}, 'triton instance tag set m a=1.2.3'),
        ('POST', '/machines/m/tags', {}, [1], None),
        ('POST', '/volumes', {}, {'size': 1000}, None),
        ('POST', '/volumes', {}, {'networks': ['a,b']}, None),
        ('POST', '/volumes', {}, {'networks': [{'ipv4_uuid': 'x'}]}, None),
        ('POST', '/fwrules', {}, {'rule': 'r', 'enabled': False}, None),
        ('PATCH', '/machines/m', {}, None, None),
    ],
)
def test_what_a_command_cannot_say_is_left_to_a_raw_request(
    method: str, path: str, query: dict[str, Any], body: Any, line: str | None
) -> None:
    """Where a value would be taken for another, or an option is missing, no command is made up."""
    found = command(method, path, query, body)

    if line is not None:
        assert line == found
    else:
        assert found.startswith(f'triton cloudapi -X {method} ')
        words = shlex.split(found)
        assert body == (json.loads(words[words.index('-d') + 1]) if '-d' in words else None)
