"""The state file: what was answered for is there again, whatever happened in between."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from smartdc.simulator import Simulator, StateFileError
from smartdc.simulator.store import Store
from tests.simulator.signer import signer

WRITES = 1000


@contextmanager
def served(
    state: Path, key: Path
) -> Iterator[tuple[subprocess.Popen[str], http.client.HTTPConnection]]:
    """Run the simulator in a process of its own, and connect to it."""
    command = [sys.executable, '-m', 'smartdc.simulator', '--job-time', '0']
    command += ['--state', str(state), '--key', str(key)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        url = ''
        while not url:
            line = process.stdout.readline()
            assert line, 'the simulator ended before it said where it listens'
            url = line.partition('TRITON_URL=')[2].strip()
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        try:
            yield process, connection
        finally:
            connection.close()
            process.kill()


def send(
    connection: http.client.HTTPConnection, method: str, target: str, body: str = ''
) -> tuple[int, bytes]:
    """Send a signed request over a connection that stays open."""
    headers = {'content-type': 'application/json', 'connection': 'keep-alive'}
    headers |= signer('acme').headers(method, target, time.time())
    connection.request(method, target, body or None, headers)
    response = connection.getresponse()
    return response.status, response.read()


def test_survives_being_killed(tmp_path: Path) -> None:
    """After SIGKILL amid a thousand writes, everything that was answered for is there."""
    key, state = tmp_path / 'key.pub', tmp_path / 'state.db'
    key.write_text(signer('acme').public)
    with served(state, key) as (process, connection):
        image = json.loads(send(connection, 'GET', '/my/images')[1])[0]['id']
        body = json.dumps({'image': image, 'package': 'g1-nano', 'name': 'web0'})
        created = json.loads(send(connection, 'POST', '/my/machines', body)[1])
        target = f'/my/machines/{created["id"]}/tags'
        answered = {}
        for number in range(WRITES):
            status, _ = send(connection, 'POST', target, json.dumps({f'n{number}': number}))
            assert status == 200
            answered[f'n{number}'] = number
            if number == WRITES * 3 // 4:
                process.send_signal(signal.SIGKILL)
                process.wait()
                break
    with served(state, key) as (_, connection):
        assert answered == json.loads(send(connection, 'GET', target)[1])


def test_keeps_machines_and_changes_the_key(tmp_path: Path) -> None:
    """A second run on a file has the machines of the first, and lets its own key in."""
    state = tmp_path / 'state.db'
    with Simulator(state=state, job_time=0) as first, first.datacenter() as sdc:
        sdc.create_machine(name='web0')
    with Simulator({'datacenter': 'other'}, state=state) as second, second.datacenter() as sdc:
        assert ['web0'] == [machine.name for machine in sdc.machines()]
        assert ['us-sw-1', 'us-east-1'] == list(second.urls)
        assert ['simulator'] == [key['name'] for key in sdc.keys()]


def test_refuses_a_file_of_another_version(tmp_path: Path) -> None:
    """A state file with another schema is refused by name, and left as it is."""
    path = tmp_path / 'state.db'
    store = Store(path)
    store.execute('PRAGMA user_version = 99')
    store.close()
    with pytest.raises(StateFileError, match=r'state\.db was written by another version'):
        Store(path)


def test_refuses_a_file_of_something_else(tmp_path: Path) -> None:
    """What is no database is refused by name."""
    path = tmp_path / 'notes.txt'
    path.write_text('not a database, but long enough to be looked at' * 100)
    with pytest.raises(StateFileError, match=r'notes\.txt'):
        Store(path)


def test_refuses_a_file_in_use(tmp_path: Path) -> None:
    """A state file belongs to one simulator at a time."""
    path = tmp_path / 'state.db'
    store = Store(path)
    with store.transaction():
        store.put('account', {'id': '1'})
    with pytest.raises(StateFileError, match='locked'):
        Store(path)
    store.close()


def test_forgets_what_a_failed_transaction_did() -> None:
    """What happens inside a transaction is kept as a whole or not at all."""
    store = Store()

    def fail() -> None:
        with store.transaction():
            store.put('account', {'id': '1'})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert store.get('account', '1') is None
    store.close()


def test_keeps_the_order_of_things_that_change() -> None:
    """A thing that is put again keeps its place."""
    store = Store()
    for name in ('a', 'b', 'a'):
        store.put('key', {'id': name})
    assert ['a', 'b'] == [doc['id'] for doc in store.find('key')]
    store.close()


def test_recalls_until_something_changes() -> None:
    """What was found out about a kind of thing is found out anew after each change of that kind."""
    store = Store()
    asked = []

    def count(kind: str) -> int:
        def find() -> int:
            asked.append(kind)
            return len(store.find(kind))

        return store.recall(kind, 'count', find)

    assert [0, 0] == [count('key'), count('key')]
    store.put('key', {'id': 'a'})
    store.put('account', {'id': 'a'})
    assert [1, 1] == [count('key'), count('account')]
    store.put('account', {'id': 'b'})
    assert [1, 2] == [count('key'), count('account')]
    store.delete('key', 'a')
    assert [0, 0] == [count('key'), count('key')]
    assert ['key', 'key', 'account', 'account', 'key'] == asked
    store.close()


def test_recalls_nothing_that_was_taken_back() -> None:
    """What is found out amid a transaction that fails, or amid foresight, is not kept."""
    store = Store()

    def names() -> list[str]:
        return store.recall('key', 'names', lambda: [doc['id'] for doc in store.find('key')])

    def fail() -> None:
        with store.transaction():
            store.put('key', {'id': 'a'})
            assert ['a'] == names()
            raise KeyError

    assert [] == names()
    with pytest.raises(KeyError):
        fail()
    assert [] == names()
    for outside in (contextlib.nullcontext, store.transaction):
        with outside(), store.foresight():
            store.put('key', {'id': 'a'})
            assert ['a'] == names()
        assert [] == names()
    store.put('key', {'id': 'a'})
    assert ['a'] == names()
    store.clear()
    assert [] == names()
    store.close()


def test_forgets_some_of_what_it_recalls() -> None:
    """However much is asked for, what is kept of it has an end."""
    store = Store()
    for number in range(2_500):
        store.recall('key', number, lambda: None)
    assert 1_000 >= len(store._recalled['key'])
    store.close()
