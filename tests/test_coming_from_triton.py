"""docs/triton.rst: each command of triton and the line of Python beside it say and do the same."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smartdc import DataCenter, Machine, Snapshot
from smartdc.simulator import Simulator
from tests.pages import ROOT
from tests.programs import need, node_modules
from tests.simulator.signer import Signer

#: The rows of the page that are a command and nothing but a line of Python for it.
ROWS: list[tuple[str, str]] = re.findall(
    r'^   \* - ``([^`]+)``\n     - ``(sdc\.[^`]+)``$',
    (ROOT / 'docs' / 'triton.rst').read_text('utf-8'),
    re.MULTILINE,
)
#: The words after which `-j` goes: what asks, and prints JSON then.
ASKING = (
    *('list', 'get', 'audit', 'limits', 'fwrules', 'datacenters', 'services', 'networks', 'sizes'),
    *('users', 'user', 'keys', 'policies', 'policy', 'roles', 'role', 'instances', 'get-default'),
)
#: What the command does not print of disks.
LEFT_OUT = {'state'}
EVE = '22222222-2222-4222-8222-222222222222'
WORLD: dict[str, Any] = {
    'accounts': [{'login': 'acme'}, {'login': 'eve', 'id': EVE}],
    'volumes': True,
}
UUID = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
LAPTOP, DESKTOP = Signer('acme/laptop'), Signer('acme/desktop')


def prepare(sdc: DataCenter) -> None:
    """Make one of each thing that the page names."""
    web0 = sdc.create_machine(
        'web0', image='base-64-lts', package='g1-small', tags={'role': 'web'}, metadata={'k': 'v'}
    )
    web1 = sdc.create_machine('web1', image='base-64-lts', package='g1-small')
    vm0 = sdc.create_machine(
        'vm0',
        image='ubuntu-certified-24.04',
        package='b1-standard',
        disks=[{'size': 10240}, {'size': 5120}],
    )
    for machine in (web0, web1, vm0):
        machine.poll_until('running')
        machine.create_snapshot('before') if machine is not vm0 else None
    for machine in (web1, vm0):
        machine.stop(wait=True)
    sdc.create_image(web0, 'app', '1.0.0', wait=True)
    sdc.add_key('laptop', LAPTOP.public)
    sdc.create_firewall_rule('FROM any TO tag role = web ALLOW tcp PORT 80', enabled=True)
    sdc.create_fabric_vlan(100, 'inside')
    sdc.create_fabric_network(
        100,
        name='app-net',
        subnet='10.8.0.0/24',
        provision_start_ip='10.8.0.5',
        provision_end_ip='10.8.0.99',
        gateway='10.8.0.1',
    )
    sdc.update_config(default_network='My-Fabric-Network')
    sdc.create_volume(name='data', size=10240, networks=['My-Fabric-Network'], wait=True)
    sdc.create_policy('look', ['CAN listmachines AND getmachine'])
    sdc.create_user(login='bob', email='bob@example.com', password='hunter2-hunter2')
    sdc.add_user_key('bob', 'bobs', DESKTOP.public)
    sdc.create_role('dev', policies=['look'], members=['bob'])


def things(sdc: DataCenter) -> dict[str, str]:
    """Return what stands in the page's lines for ids that only the server knows."""
    return {
        'rule': sdc.firewall_rules()[0]['id'],
        'mac': sdc.machine('web0').nics()[0]['mac'],
        'disk': next(each['id'] for each in sdc.machine('vm0').disks() if not each.get('boot')),
        'image': sdc.image('app')['id'],
        'account': EVE,
    }


def facts(sdc: DataCenter) -> Any:
    """Return all that an account has, without what differs each time."""
    machines = sdc.machines()
    found: dict[str, Any] = {
        'machines': [
            [machine.data, machine.get_metadata(), machine.firewall_rules(), machine.nics()]
            for machine in machines
        ],
        'audit': [
            sorted((entry['action'], entry['success']) for entry in machine.audit())
            for machine in machines
        ],
        'snapshots': [machine.snapshots() for machine in machines if machine.brand != 'bhyve'],
        'disks': [machine.disks() for machine in machines if machine.brand == 'bhyve'],
        'role tags': [sdc.role_tags('machines', machine.id) for machine in machines],
        'networks': [(net, sdc.network_ips(net)) for net in sdc.fabric_networks(2)],
        'inside': [(net, sdc.network_ips(net)) for net in sdc.fabric_networks(100)],
        'elsewhere': sdc.datacenter('us-east-1').images(state='all'),
    }
    for name in ('account', 'config', 'keys', 'fabric_vlans', 'firewall_rules', 'volumes'):
        found[name] = getattr(sdc, name)()
    for name in ('users', 'roles', 'policies', 'access_keys', 'migrations'):
        found[name] = getattr(sdc, name)()
    found['images'] = sdc.images(state='all')
    return masked(found, named(found))


def named(value: Any) -> dict[str, str]:
    """Return the names of all things in the data, by id."""
    value = plain(value)
    if isinstance(value, list | tuple):
        return {key: name for each in value for key, name in named(each).items()}
    if not isinstance(value, dict):
        return {}
    found = {key: name for each in value.values() for key, name in named(each).items()}
    return found | {str(value['id']): str(value['name'])} if {'id', 'name'} <= {*value} else found


def masked(value: Any, names: dict[str, str]) -> Any:
    """Return data with what differs each time made alike: ids by the names of what they mean."""
    value = plain(value)
    if isinstance(value, dict):
        # An empty object means as much as none: the command sends routes of a network so.
        return {name: masked(each, names) for name, each in value.items() if each != {}}
    if isinstance(value, list | tuple):
        return sorted((masked(each, names) for each in value), key=repr)
    text = UUID.sub(lambda found: f'<{names.get(found[0], "")}>', str(value))
    text = re.sub('[0-9a-f]{40}', 'SHA1', text)
    text = re.sub(r'\d{4}-\d\d-\d\dT[\d:.]+Z', 'TIME', text)
    return re.sub('90:b8:d0:.*', 'MAC', text)


def plain(value: Any) -> Any:
    """Return the data of what has some."""
    return value.data if isinstance(value, Machine | Snapshot) else value


class Triton:
    """The triton command for a simulator."""

    def __init__(self, cloud: Simulator, home: Path) -> None:
        keys = home / '.ssh'
        keys.mkdir(mode=0o700)
        for path in cloud.key_path.parent.glob('id_*'):
            shutil.copy(path, keys)
        (home / 'desktop.pub').write_text(DESKTOP.public)
        self.home = home
        self._command = [need('node'), str(node_modules('triton') / 'triton' / 'bin' / 'triton')]
        self._environment = {
            'HOME': str(home),
            'PATH': os.environ['PATH'],
            'TRITON_PROFILE': 'env',
            'TRITON_URL': cloud.url(),
            'TRITON_ACCOUNT': cloud.account,
            'TRITON_KEY_ID': cloud.key_id.rpartition('/')[2],
        }

    def __call__(self, line: str) -> Any:
        """Run a command, which must exit with 0, and return what it printed, read if it is JSON."""
        words = shlex.split(line)
        plain_words = itertools.takewhile(lambda word: word[0] != '-', words)
        place = next((at for at, word in enumerate(plain_words, 1) if word in ASKING), None)
        done = self._run(words if place is None else [*words[:place], '-j', *words[place:]])
        if 'unknown option: "-j"' in done.stderr:
            done = self._run(words)
        assert 0 == done.returncode, f'{words}: {done.stdout}{done.stderr}'
        return read(done.stdout)

    def _run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *words],
            env=self._environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )


def read(text: str) -> Any:
    """Return what a command printed: JSON, perhaps below a table, or an object a line, or text."""
    _, mark, rest = text.partition('\n[')
    for part in (text, mark + rest):
        with contextlib.suppress(ValueError):
            return json.loads(part)
    with contextlib.suppress(ValueError):
        return [json.loads(line) for line in text.splitlines()]
    return text.rstrip('\n')


@pytest.fixture(scope='module')
def cloud() -> Iterator[Simulator]:
    """Run a simulator whose jobs are done at the next look."""
    with Simulator(WORLD, job_time=0) as cloud:
        yield cloud


@pytest.fixture(scope='module')
def beginning(cloud: Simulator) -> Any:
    """Return what there is to begin with."""
    with cloud.datacenter() as sdc:
        prepare(sdc)
        return facts(sdc)


@pytest.fixture(scope='module')
def triton(cloud: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Triton:
    """Return the command."""
    return Triton(cloud, tmp_path_factory.mktemp('triton'))


def afresh(cloud: Simulator, sdc: DataCenter) -> None:
    """Go back to the beginning."""
    cloud.reset()
    prepare(sdc)


def is_told(value: Any, printed: Any) -> bool:
    """Tell whether what Python returned is in what the command printed, in any order.

    A command that prints no data has to print all values, or the id of what they are about.
    """
    value = plain(value)
    if isinstance(value, dict) and isinstance(printed, str):
        return str(value.get('id')) in printed or all(str(v) in printed for v in value.values())
    if isinstance(value, dict) and isinstance(printed, list):
        printed = {row['name']: row.get('url') or row.get('endpoint') for row in printed}
    if isinstance(value, dict):
        kept = {name: v for name, v in value.items() if name in printed or name not in LEFT_OUT}
        return all(name in printed and is_told(v, printed[name]) for name, v in kept.items())
    if isinstance(value, list):
        printed = printed if isinstance(printed, list) else [printed] if printed else []
        return len(value) == len(printed) and all(
            any(is_told(each, other) for other in printed) for each in value
        )
    return str(value) == str(printed)


@pytest.mark.parametrize(('command', 'line'), ROWS, ids=[command for command, _ in ROWS])
def test_the_command_and_the_line_are_the_same(
    command: str,
    line: str,
    cloud: Simulator,
    beginning: Any,
    triton: Triton,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What changes changes alike, and what Python returns is what the command prints."""
    monkeypatch.chdir(triton.home)
    with cloud.datacenter() as sdc:
        if facts(sdc) != beginning:
            afresh(cloud, sdc)
        names = things(sdc)
        pattern = '|'.join(names).upper()
        printed = triton(re.sub(pattern, lambda found: names[found[0].lower()], command))
        after = facts(sdc)
        if after != beginning:
            afresh(cloud, sdc)
        value = eval(line, {'sdc': sdc, 'Path': Path, **things(sdc)})

        assert after == facts(sdc)
        if after == beginning and value is not None:
            assert is_told(value, printed), f'{value}\n{printed}'


def test_the_page_has_enough_rows() -> None:
    """Ninety commands and more are compared."""
    assert len(ROWS) > 90
