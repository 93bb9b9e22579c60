"""`python -m smartdc.simulator` from the outside."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from smartdc.simulator.__main__ import _warning
from tests.simulator.signer import signer

ROOT = Path(__file__).parents[2]


def command(*arguments: str) -> list[str]:
    """Return the command line."""
    return [sys.executable, '-m', 'smartdc.simulator', *arguments]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run the command, and yield its process with the lines that it printed."""
    with subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith('export SDC_KEY_ID'):
            line = process.stdout.readline()
            assert line, lines
            lines.append(line.strip())
        try:
            yield process, lines
        finally:
            process.kill()


def settings(lines: Sequence[str]) -> dict[str, str]:
    """Return what the printed lines export."""
    pairs = [line.removeprefix('export ') for line in lines if line.startswith('export ')]
    return dict(pair.split('=', 1) for pair in pairs)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    """It serves the holder of the key that it was given, and ends well."""
    key = tmp_path / 'key.pub'
    key.write_text(signer('ann').public)
    with running('--key', str(key), '--account', 'ann', '--job-time', '0') as (process, lines):
        told = settings(lines)
        assert 'loopback only' in lines[0]
        assert ('env', 'ann') == (told['TRITON_PROFILE'], told['TRITON_ACCOUNT'])
        assert signer('ann').key_id.endswith(told['TRITON_KEY_ID'])
        assert told['SDC_URL'] == told['TRITON_URL']
        connection = http.client.HTTPConnection(urlsplit(told['TRITON_URL']).netloc, timeout=10)
        connection.request('GET', '/my', headers=signer('ann').headers('GET', '/my', time.time()))
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(number)
        assert process.wait(timeout=10) == 0


def test_makes_a_key_once(tmp_path: Path) -> None:
    """Without a key anywhere it makes one beside the state file, and uses that again."""
    state = str(tmp_path / 'state.db')
    found = []
    for _ in range(2):
        with running('--state', state) as (process, lines):
            assert f'ssh-add {state}.id_ed25519' in lines
            found.append(settings(lines)['TRITON_KEY_ID'])
            process.terminate()
            process.wait(timeout=10)
    assert found[0] == found[1]
    assert Path(f'{state}.id_ed25519').stat().st_mode & 0o777 == 0o600


def test_takes_the_key_of_the_user() -> None:
    """A public key in ~/.ssh is let in, and no other is made."""
    folder = Path(os.environ['HOME'], '.ssh')
    folder.mkdir()
    (folder / 'id_ed25519.pub').write_text(signer('acme').public)
    with running() as (_, lines):
        assert not any(line.startswith('ssh-add') for line in lines)
        assert signer('acme').key_id.endswith(settings(lines)['TRITON_KEY_ID'])


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--key', 'missing.pub'], 'cannot read missing.pub: No such file or directory'),
        (['--key', 'README.rst'], 'the public key is unusable'),
        (['--world', 'missing.json'], 'world: cannot read missing.json'),
        (['--world', 'setup.py'], 'world: setup.py is not JSON'),
        (['--state', 'missing/state.db'], 'cannot'),
        (['--faults', 'missing.json'], 'faults: cannot read missing.json: No such file'),
        (['--faults', 'setup.py'], 'faults: setup.py is not JSON'),
        (['--faults', 'tests/data/wire/world.json'], 'expected a list of objects'),
        (['--port', '70000'], '70000 is not a port'),
        (['--throttle', '-1'], '-1 is not a number of requests'),
        (['--job-time', 'soon'], 'soon is not a number of seconds'),
        (['--host', '203.0.113.1'], 'cannot listen on 203.0.113.1:0'),
        (['--world', 'tests/data/wire/world.json', '--account', 'eve'], "no account 'eve'"),
    ],
)
def test_says_in_one_line_what_is_wrong(arguments: list[str], message: str, tmp_path: Path) -> None:
    """Bad input ends with status 2 and a line that names it."""
    key = tmp_path / 'key.pub'
    key.write_text(signer('acme').public)
    wanted = arguments if '--key' in arguments else [*arguments, '--key', str(key)]
    done = subprocess.run(command(*wanted), capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (2, '') == (done.returncode, done.stdout)
    assert message in done.stderr.splitlines()[-1]


def test_says_that_a_port_is_taken(tmp_path: Path) -> None:
    """A port that somebody else has is named."""
    key = tmp_path / 'key.pub'
    key.write_text(signer('acme').public)
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        wanted = command('--port', str(port), '--key', str(key))
        done = subprocess.run(wanted, capture_output=True, text=True, cwd=ROOT, timeout=60)
    text = f'smartdc.simulator: cannot listen on 127.0.0.1:{port}: Address already in use\n'
    assert (2, text) == (done.returncode, done.stderr)


def test_goes_wrong_by_a_file(tmp_path: Path) -> None:
    """Rules of a file are in force."""
    key, rules = tmp_path / 'key.pub', tmp_path / 'faults.json'
    key.write_text(signer('acme').public)
    rules.write_text('[{"operation": "GetAccount", "status": 503, "count": 1}]')
    with running('--key', str(key), '--faults', str(rules)) as (_, lines):
        address = urlsplit(settings(lines)['TRITON_URL']).netloc
        connection = http.client.HTTPConnection(address, timeout=10)
        statuses = []
        for _ in range(2):
            headers = signer('acme').headers('GET', '/my', time.time())
            connection.request('GET', '/my', headers=headers)
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        connection.close()
    assert [503, 200] == statuses


def test_warns_of_strangers() -> None:
    """Listening on anything but loopback is said in a line of its own, on loopback nothing is."""
    for host in ('127.0.0.1', '127.8.0.9', '::1', 'localhost'):
        assert '' == _warning(host)
    for host in ('0.0.0.0', '::', '192.0.2.7', 'example.com'):
        line = _warning(host)
        assert line.startswith(f'smartdc.simulator: WARNING: {host} is not loopback')
        assert 1 == line.count('\n')


def test_explains_itself() -> None:
    """--help names every option."""
    done = subprocess.run(command('--help'), capture_output=True, text=True, cwd=ROOT, timeout=60)
    options = ('--host', '--port', '--world', '--state', '--account', '--key', '--job-time')
    assert all(option in done.stdout for option in (*options, '--faults', '--seed', '--throttle'))
