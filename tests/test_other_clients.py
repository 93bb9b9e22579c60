"""Other people's clients against the simulator: the triton command, and its older sister."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smartdc import DataCenter
from tests.programs import need, node_modules, run

#: What the triton command does in turn; each must exit with 0.
TRITON = [
    'inst create -w -n web0 base-64-lts g1-small',
    'inst list',
    'inst get web0',
    'inst stop -w web0',
    'inst start -w web0',
    'inst reboot -w web0',
    'inst tag set -w web0 a=b n=1 t=true',
    'inst tag list web0',
    'inst tag get web0 a',
    'inst tag replace-all -w web0 c=d',
    'inst tag delete -w web0 c',
    'inst tag delete -w -a web0',
    'inst metadata set web0 k=v',
    'inst metadata list web0',
    'inst metadata get web0 k',
    'inst metadata delete -f web0 k',
    'inst snapshot create -w -n s1 web0',
    'inst snapshot list web0',
    'inst snapshot get web0 s1',
    'inst snapshot delete -w -f web0 s1',
    'inst rename -w web0 web1',
    'inst resize -w web1 g1-medium',
    'inst enable-firewall -w web1',
    'inst disable-firewall -w web1',
    'inst enable-deletion-protection -w web1',
    'inst disable-deletion-protection -w web1',
    'inst audit web1',
    'inst delete -w -f web1',
]

#: The audit that these leave, the oldest first. The firewall's switches have no name there.
ACTIONS = (
    'provision stop start reboot set_tags replace_tags remove_tags remove_tags set_metadata '
    'remove_metadata create_snapshot delete_snapshot rename resize unknown unknown '
    'enable_deletion_protection disable_deletion_protection'
)


class Served:
    """A simulator in a process of its own, and the environment that it printed for clients."""

    def __init__(self, home: Path, *options: str) -> None:
        key = home / '.ssh' / 'id_rsa'
        key.parent.mkdir(mode=0o700)
        run('ssh-keygen', '-q', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '', '-f', str(key))
        self.key = key
        self.home = home
        self.environment = {'PATH': os.environ['PATH'], 'HOME': str(home)}
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'smartdc.simulator', '--job-time', '0.2', *options],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._read()

    def _read(self) -> None:
        """Take over what is exported, up to the last line that the simulator prints."""
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith('export '):
                name, _, value = line.removeprefix('export ').strip().partition('=')
                self.environment[name] = value
            if line.startswith('export SDC_KEY_ID='):
                return

    def call(self, program: str, *arguments: str) -> str:
        """Run a client, which must exit with 0, and return what it printed."""
        done = subprocess.run(
            [need('node'), program, *arguments],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f'{arguments}: {done.stdout}{done.stderr}'
        return done.stdout

    def datacenter(self) -> DataCenter:
        """Return our client for the same account."""
        return DataCenter(
            self.environment['TRITON_URL'],
            self.environment['TRITON_KEY_ID'],
            self.key,
            login=self.environment['TRITON_ACCOUNT'],
        )

    def stop(self) -> int:
        """Ask the simulator to end, and return its exit status."""
        assert self.process.stdout
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        self.process.stdout.close()
        return status


@pytest.fixture(scope='module')
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a simulator as its command does."""
    need('node')
    served = Served(tmp_path_factory.mktemp('home'))
    yield served
    assert served.stop() == 0


def test_the_triton_command_does_a_machines_whole_life(served: Served) -> None:
    """Each step exits with 0, and the audit tells all of them."""
    triton = str(node_modules('triton') / 'triton' / 'bin' / 'triton')
    for line in TRITON[:-1]:
        served.call(triton, *line.split())
    audit = served.call(triton, 'inst', 'audit', '-j', 'web1')
    done = sorted(map(json.loads, audit.splitlines()), key=lambda row: str(row['time']))

    assert ACTIONS.split() == [row['action'] for row in done]
    assert {'yes'} == {row['success'] for row in done}
    served.call(triton, *TRITON[-1].split())
    assert 'web1' not in served.call(triton, 'inst', 'ls')


def test_what_python_made_is_what_triton_lists(served: Served) -> None:
    """Both clients see the same machine."""
    triton = str(node_modules('triton') / 'triton' / 'bin' / 'triton')
    with served.datacenter() as sdc:
        machine = sdc.create_machine(name='from-python')
        machine.poll_until('running', 0.1)
        listed: list[dict[str, Any]] = [
            json.loads(line) for line in served.call(triton, 'inst', 'ls', '-j').splitlines()
        ]
        machine.delete()

    assert (machine.id, 'from-python') in [(row['id'], row['name']) for row in listed]


def test_the_older_commands_work_too(served: Served) -> None:
    """sdc-createmachine, sdc-listmachines, sdc-getmachine and sdc-deletemachine exit with 0."""
    folder = node_modules('smartdc') / 'smartdc' / 'bin'
    with served.datacenter() as sdc:
        image = sdc.dataset('sdc:sdc:base-64-lts:')['id']
        created = json.loads(
            served.call(
                str(folder / 'sdc-createmachine'), '-n', 'old', '-e', image, '-p', 'g1-small'
            )
        )
        listed = json.loads(served.call(str(folder / 'sdc-listmachines')))
        got = json.loads(served.call(str(folder / 'sdc-getmachine'), created['id']))
        machine = sdc.machine(created['id'])
        machine.poll_until('running', 0.1)
        served.call(str(folder / 'sdc-deletemachine'), created['id'])

        assert created['id'] in [row['id'] for row in listed]
        assert 'old' == got['name']
        machine.poll_until('deleted', 0.1)
