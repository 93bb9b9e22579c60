"""SSH to machines: a real sshd stands for each, with keys from files and from a real ssh-agent."""

from __future__ import annotations

import math
import os
import resource
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import paramiko
import pytest

from smartdc import (
    CommandFailed,
    ConfigurationError,
    ConnectionFailed,
    DataCenter,
    InvalidInput,
    KeyUnsupported,
    LoginRefused,
    Machine,
    Timeout,
    deadline,
    ssh_session,
)
from smartdc.http_signature import Signer
from smartdc.simulator import Simulator
from tests import agents
from tests.programs import KEYS, PASSPHRASE, run
from tests.sshd import ME, Sshd, world

RSA, P256, P384, P521 = 'rsa2048-pkcs1.pem', 'p256-sec1.pem', 'p384-sec1.pem', 'p521-sec1.pem'
ED25519, LOCKED = 'ed25519-openssh', 'rsa2048-openssh-encrypted'


def public(name: str) -> str:
    """Return the public line of one of the fixed keys."""
    return Signer(KEYS / name, PASSPHRASE).public_key


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """Run an sshd that admits the key of `machine`'s data center, and is known."""
    (tmp_path / '.ssh').mkdir(mode=0o700)
    with Sshd(tmp_path / 'sshd') as sshd:
        sshd.admit(public(RSA))
        (tmp_path / '.ssh' / 'known_hosts').write_text(sshd.known)
        yield sshd


@contextmanager
def reached(sshd: Sshd, name: str = RSA, *others: dict[str, Any], **how: Any) -> Iterator[Machine]:
    """Yield the machine web0 that the sshd stands for; one of the fixed keys is the account's."""
    web0 = {'name': 'web0', 'tags': {'tritoncli.ssh.port': sshd.port}, **how.pop('machine', {})}
    with (
        Simulator(world(web0, *others), job_time=0, public_key=public(name)) as cloud,
        DataCenter(
            cloud.url(),
            how.pop('key_id', None),
            how.pop('secret', KEYS / name),
            login='acme',
            **how,
        ) as sdc,
    ):
        yield next(machine for machine in sdc.machines() if machine.name == 'web0')


@pytest.fixture
def machine(sshd: Sshd) -> Iterator[Machine]:
    """Yield a machine that an sshd stands for."""
    with reached(sshd) as machine:
        yield machine


@pytest.mark.parametrize('name', [RSA, P256, P521, ED25519, LOCKED])
def test_the_key_of_a_file_logs_in(sshd: Sshd, name: str) -> None:
    """The key that signs for the data center is the one that the machine lets in."""
    sshd.admit(public(name))
    with reached(sshd, name, passphrase=PASSPHRASE) as machine:
        ended = machine.run('echo hello; id -un')

    assert ['hello', ME] == ended.output.splitlines()
    assert (0, b'') == (ended.status, ended.stderr)
    assert 1 == sshd.log.count('Accepted publickey')


@pytest.mark.parametrize('name', [RSA, P256, P521, ED25519])
def test_the_key_of_an_agent_logs_in(sshd: Sshd, agent: Path, name: str) -> None:
    """It is found by its fingerprint, as for the data center, and offered before all others."""
    for other in (RSA, P256, P521, ED25519):
        agents.add(other, agent)
    sshd.admit(public(name))
    fingerprint = Signer(KEYS / name).fingerprint
    with reached(sshd, name, key_id=fingerprint, secret=None) as machine:
        assert 'hello\n' == machine.run('echo hello').check().output

    assert 'Failed publickey' not in sshd.log


def test_a_client_of_paramiko_comes_back(machine: Machine) -> None:
    """What ssh() returns does all that paramiko's client does, and closes with its block."""
    with machine.ssh() as client:
        assert isinstance(client, paramiko.SSHClient)
        stdin, stdout, _ = client.exec_command('cat')
        stdin.write('through\n')
        stdin.channel.shutdown_write()
        assert 'through\n' == stdout.read().decode()
        stdout.channel.close()
    with pytest.raises(ConnectionFailed, match='closed'):
        client.transport()


def test_keys_that_are_found_elsewhere(sshd: Sshd, tmp_path: Path, agent: Path) -> None:
    """When the data center's key is not let in, the agent's keys and ~/.ssh are tried."""
    agents.add(ED25519, agent)
    sshd.admit(public(ED25519))
    with reached(sshd) as machine:
        assert machine.run('true').check()
        run('ssh-add', '-q', '-D')
        with pytest.raises(LoginRefused) as refused:
            machine.run('true')
        shutil.copyfile(KEYS / ED25519, tmp_path / '.ssh' / 'id_ed25519')
        assert machine.run('true').check()
        with pytest.raises(LoginRefused, match=r'with the key SHA256:[^,]*: '):
            machine.run('true', key=KEYS / P256)

    for part in (
        f'web0 ({ME}@127.0.0.1',
        Signer(KEYS / RSA).sha256_fingerprint,
        'ssh-agent',
        'key=',
    ):
        assert part in str(refused.value)


def test_a_key_is_given(sshd: Sshd, machine: Machine, agent: Path) -> None:
    """As a file, a text, a fingerprint or a key of paramiko; it alone is tried."""
    sshd.admit(public(LOCKED), public(P256), public(P384))
    agents.add(P256, agent)
    ended = [
        machine.run('true', key=KEYS / LOCKED, passphrase=PASSPHRASE),
        machine.run('true', key=(KEYS / P256).read_text()),
        machine.run('true', key=Signer(KEYS / P256).sha256_fingerprint),
        machine.run('true', key=paramiko.ECDSAKey.from_private_key_file(str(KEYS / P384))),
    ]

    assert [0] * 4 == [each.status for each in ended]
    assert 'Failed publickey' not in sshd.log
    with pytest.raises(KeyUnsupported, match=r'P-384.*SHA-384'):
        machine.run('true', key=KEYS / P384)


def test_a_p384_key_is_found_by_paramiko(sshd: Sshd, tmp_path: Path) -> None:
    """CloudAPI and SSH sign with it differently, so that it comes from where SSH has its keys."""
    sshd.admit(public(P384))
    with reached(sshd, P384) as machine:
        with pytest.raises(LoginRefused, match='ssh-agent'):
            machine.run('true')
        shutil.copyfile(KEYS / P384, tmp_path / '.ssh' / 'id_ecdsa')
        assert machine.run('true').check()


def test_an_auth_that_is_no_ssh_key(sshd: Sshd, machine: Machine, tmp_path: Path) -> None:
    """Then only what SSH finds by itself can log in."""

    class Other(DataCenter):
        def raw_machine_data(self, *_: Any, **__: Any) -> dict[str, Any]:
            return machine.data

    other = Other('https://h', auth=paramiko_auth(), login='acme')
    with pytest.raises(LoginRefused, match='with those of'):
        Machine(other, data=machine.data).ssh(user=ME)


def paramiko_auth() -> Any:
    """Return an auth object that signs nothing."""
    from requests.auth import HTTPBasicAuth

    return HTTPBasicAuth('a', 'b')


def test_no_secret_is_shown(sshd: Sshd, caplog: pytest.LogCaptureFixture) -> None:
    """Neither passphrase nor key is in the log at DEBUG, in the client or in an error."""
    caplog.set_level('DEBUG')
    with reached(sshd, LOCKED, passphrase=PASSPHRASE) as machine:
        with machine.ssh() as client:
            texts = [repr(client), repr(vars(client))]
        sshd.admit()
        with pytest.raises(LoginRefused) as refused:
            machine.ssh(key=KEYS / LOCKED, passphrase=PASSPHRASE)
    texts += [str(refused.value), repr(refused.value), caplog.text]

    assert 'smartdc.ssh' in caplog.text
    for secret in (PASSPHRASE, *(KEYS / LOCKED).read_text().splitlines()[1:-1]):
        assert secret not in '\n'.join(texts)


def test_what_a_command_says(machine: Machine) -> None:
    """Its status, its bytes and its errors come back; check() raises for what is not 0."""
    failed = machine.run('printf "\\377\\0\\n"; echo "a b" >&2; echo worse >&2; exit 3')
    with pytest.raises(CommandFailed, match='status 3: worse') as raised:
        failed.check()

    assert (3, b'\xff\0\n', b'a b\nworse\n') == (failed.status, failed.stdout, failed.stderr)
    assert (3, failed.stderr) == (raised.value.status, raised.value.stderr)
    assert '\ufffd\0\n' == failed.output
    assert len(repr(failed)) <= 120
    assert -1 == machine.run('kill -9 $$').status
    assert b'' == machine.run('cat').check().stdout
    with pytest.raises(CommandFailed, match='said nothing'):
        machine.run('false').check()


def test_much_output(machine: Machine) -> None:
    """Neither stream holds up the other, whichever is written first."""
    size = 5_000_000
    ended = machine.run(f'head -c {size} /dev/zero >&2; head -c {size} /dev/zero; echo end')

    assert size * b'\0' == ended.stderr
    assert size * b'\0' + b'end\n' == ended.stdout


@pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 1200, reason='so many files cannot be open'
)
def test_a_process_with_many_files_open(machine: Machine) -> None:
    """Descriptors beyond those that select() takes do as well."""
    with ExitStack() as files:
        for _ in range(1050):
            files.enter_context(Path(os.devnull).open())
        assert 'so\n' == machine.run('echo so').check().output


def test_what_takes_too_long(machine: Machine, tmp_path: Path) -> None:
    """A command, a login and a block have so many seconds, and no more."""
    drips = 'while echo; do sleep 0.1; done'  # it ends when nobody listens any more
    with (
        machine.ssh() as client,
        deadline(0.3),
        pytest.raises(Timeout, match='did not end in time'),
    ):
        ssh_session.run(client, drips, 'web0')
    with pytest.raises(Timeout, match=r'web0.* did not '):
        machine.run(drips, timeout=0.8)
    with deadline(0), pytest.raises(Timeout):
        machine.ssh()
    with socket.create_server(('127.0.0.1', 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(Timeout, match=r'web0 .* did not let us in within 0\.[23]\d* s'):
            machine.ssh(port=port, timeout=0.3)
        unseen = DataCenter(f'http://127.0.0.1:{port}', '/a/keys/b', KEYS / RSA)
        with pytest.raises(Timeout):
            Machine(unseen, data={'id': machine.id}).ssh(timeout=0.3)


def test_a_login_that_may_take_for_ever(machine: Machine) -> None:
    """Infinity is a number of seconds as well."""
    with machine.ssh(timeout=math.inf) as client:
        assert 'so\n' == ssh_session.run(client, 'echo so', 'web0').check().output


@contextmanager
def greeting(text: bytes) -> Iterator[int]:
    """Run a server that says one thing to whoever connects, and yield its port."""

    class Greeter(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(text)

    with socketserver.TCPServer(('127.0.0.1', 0), Greeter) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield server.server_address[1]
        thread.join()


def test_what_breaks_off(machine: Machine) -> None:
    """Nobody there, somebody else there, and a connection that ends are failed connections."""
    with socket.create_server(('127.0.0.1', 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ConnectionFailed, match=f'port {port}.*refused'):
        machine.ssh(port=port)
    with (
        greeting(b'HTTP/1.1 400 Bad Request\r\n\r\n') as port,
        pytest.raises(ConnectionFailed, match='Does SSH run there'),
    ):
        machine.ssh(port=port)
    with pytest.raises(ConnectionFailed, match='broke off'):
        machine.run('kill -9 $PPID')


@pytest.mark.parametrize(
    ('how', 'said'),
    [
        ({'state': 'stopped'}, r'web0 is stopped.*start\(\).*poll_until'),
        ({'networks': []}, r'web0 has no address.*add_nic\(\)'),
        ({'tags': {'tritoncli.ssh.ip': '127.0.0.3'}}, r'ssh\.ip .*none of its .*: 127\.0\.0\.1'),
        ({'tags': {'tritoncli.ssh.port': 'ssh'}}, r"ssh\.port of web0 is 'ssh'"),
    ],
)
def test_machines_that_nobody_can_log_in_to(sshd: Sshd, how: dict[str, Any], said: str) -> None:
    """The error says what is missing, and nothing is connected to."""
    with reached(sshd, machine=how) as machine, pytest.raises(InvalidInput, match=said):
        machine.run('true')

    assert 'Connection from' not in sshd.log


def test_arguments_that_cannot_be(machine: Machine) -> None:
    """A port, a time and a way to treat host keys that there are not are refused."""
    for call in (machine.run, machine.ssh):
        with pytest.raises(InvalidInput, match='is a number of seconds from 0, not None'):
            call('true', timeout=None)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match='port= is 65536'):
        machine.run('true', port=65536)
    with pytest.raises(InvalidInput, match=r'known_hosts= .* is not a path'):
        machine.ssh(known_hosts='~nosuchuser/x')
    with pytest.raises(InvalidInput, match='host_keys is'):
        machine.run('true', host_keys='no')


def test_the_session_of_the_readme_logs_in(sshd: Sshd) -> None:
    """The session of 0.2.0 goes through SSH as well, from making a machine to deleting it."""
    with (
        Simulator(world(), job_time=0, public_key=public(RSA)) as cloud,
        DataCenter(cloud.url(), None, KEYS / RSA, login='acme') as sdc,
    ):
        nu = sdc.create_machine()
        nu.poll_while('provisioning')
        nu.add_tags({'tritoncli.ssh.port': sshd.port})
        with nu.ssh() as client:
            shown = client.exec_command('uname -s')[1].read().decode()
        nu.stop()
        nu.poll_until('stopped')
        nu.delete()

    assert run('uname', '-s') == shown


def test_the_extra_is_named(machine: Machine) -> None:
    """Without paramiko the error says what to install."""
    program = (
        'import sys; sys.modules["paramiko"] = None\n'
        'from smartdc import DataCenter, Machine\n'
        'sdc = DataCenter("https://h", "/a/keys/b")\n'
        'Machine(sdc, data={"id": "x"}).ssh()'
    )
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=False
    )

    assert issubclass(ConfigurationError, InvalidInput)
    assert done.stderr.endswith("pip install 'smartdc[ssh]'\n")
    assert 'ConfigurationError' in done.stderr
