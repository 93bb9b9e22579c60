"""The triton command follows the simulator's changes."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from smartdc import Machine
from tests.programs import need, node_modules
from tests.test_other_clients import Served


@pytest.fixture(scope='module')
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a simulator as its command does."""
    need('node')
    served = Served(tmp_path_factory.mktemp('home'))
    yield served
    assert served.stop() == 0


class Follower:
    """`triton changefeed`, running, and the lines that it prints."""

    def __init__(self, served: Served, *options: str) -> None:
        triton = node_modules('triton') / 'triton' / 'bin' / 'triton'
        self.lines: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [need('node'), str(triton), 'changefeed', *options],
            env=served.environment,
            cwd=served.home,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)

    def begin(self, machine: Machine) -> None:
        """Change a machine until that is told: the command does not say when it is connected."""
        for number in range(100):
            machine.add_tags(attempt=number)
            try:
                self.lines.get(timeout=0.3)
            except queue.Empty:
                continue
            break
        # What is left of these changes comes before anything that is done now.
        machine.add_tags(attempt='last')
        while 'last' not in self.lines.get(timeout=20):
            pass

    def take(self) -> dict[str, Any]:
        """Return the next change."""
        found: dict[str, Any] = json.loads(self.lines.get(timeout=20))
        return found

    def end(self) -> int:
        """Interrupt the command, and return its exit status."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(20)
        self.reader.join(20)
        assert self.process.stdout
        self.process.stdout.close()
        return status


def test_the_triton_command_follows_a_machines_life(served: Served) -> None:
    """Each state comes as it is reached, as long as the command runs."""
    with served.datacenter() as sdc:
        machine = sdc.create_machine(name='followed')
        machine.poll_until('running', 0.05)
        follower = Follower(served, '-j')
        follower.begin(machine)
        machine.stop()
        machine.poll_until('stopped', 0.05)
        machine.delete()
        machine.poll_until('deleted', 0.05)
        came = [follower.take() for _ in range(4)]

        assert ['shutting_down', 'stopped', 'shutting_down', 'destroyed'] == [
            each['resourceState'] for each in came
        ]
        assert {machine.id} == {each['changedResourceId'] for each in came}
        assert 'followed' == came[-1]['resourceObject']['name']
        assert 0 == follower.end()


def test_the_triton_command_follows_some_machines(served: Served) -> None:
    """With --instances only those come, and without -j each is a few lines of text."""
    with served.datacenter() as sdc:
        machines = [sdc.create_machine(name=name) for name in ('one', 'two')]
        for machine in machines:
            machine.poll_until('running', 0.05)
        follower = Follower(served, '-j', '--instances', machines[1].id)
        follower.begin(machines[1])
        machines[0].rename('three')
        machines[1].rename('four')

        assert (machines[1].id, ['alias']) == (
            (change := follower.take())['changedResourceId'],
            change['changeKind']['subResources'],
        )
        assert 0 == follower.end()
