"""Which machine answers: host keys that are known, unknown or changed, and machines on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartdc import (
    ConfigurationError,
    ConnectionFailed,
    HostKeyRefused,
    InvalidInput,
    Machine,
    Timeout,
    deadline,
    ssh_session,
)
from tests.programs import run
from tests.sshd import Sshd
from tests.test_ssh import RSA, public, reached


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """Make a known_hosts with a line of somebody else's, which has no end."""
    path = tmp_path / '.ssh' / 'known_hosts'
    path.parent.mkdir(mode=0o700)
    path.write_text(f'# mine\nother.example.com {public(RSA)}')
    return path


@pytest.fixture(params=['ed25519', 'ecdsa', 'rsa'])
def sshd(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sshd]:
    """Run an sshd with a host key of each kind."""
    with Sshd(tmp_path / 'sshd', kind=request.param) as sshd:
        sshd.admit(public(RSA))
        yield sshd


@pytest.fixture
def machine(sshd: Sshd) -> Iterator[Machine]:
    """Yield a machine that an sshd stands for."""
    with reached(sshd) as machine:
        yield machine


def fingerprint(sshd: Sshd) -> str:
    """Return the fingerprint of a host key, as ssh-keygen shows it."""
    return run('ssh-keygen', '-l', '-f', str(sshd.folder / 'host_key.pub')).split()[1]


def test_an_unknown_host(sshd: Sshd, machine: Machine, known: Path) -> None:
    """It is refused, unless new ones are to be accepted; then it is known from now on."""
    before = known.read_text()
    with pytest.raises(
        HostKeyRefused, match=r"not in .*known_hosts: .*host_keys='accept-new'"
    ) as no:
        machine.ssh()
    assert fingerprint(sshd) in str(no.value)
    assert before == known.read_text()
    assert machine.run('true', host_keys='accept-new').check()

    key = ' '.join(sshd.known.split()[:3])
    assert f'{before}\n{key}\n' == known.read_text()
    assert 'found: line 3' in run('ssh-keygen', '-F', sshd.name, '-f', str(known))
    assert machine.run('true').check()
    assert machine.run('true', host_keys='accept-new').check()
    assert f'{before}\n{key}\n' == known.read_text()


@pytest.mark.parametrize('host_keys', ['known', 'accept-new'])
def test_a_host_key_that_changed(sshd: Sshd, machine: Machine, known: Path, host_keys: str) -> None:
    """It is refused in any case, before anybody logs in, and the file stays as it is."""
    known.write_text(sshd.known)
    old = fingerprint(sshd)
    sshd.make_host_key()
    with pytest.raises(HostKeyRefused, match=r'has changed.*ssh-keygen -R') as refused:
        machine.run('true', host_keys=host_keys)

    assert old in str(refused.value)
    assert fingerprint(sshd) in str(refused.value)
    assert 'publickey' not in sshd.log
    assert old in run('ssh-keygen', '-l', '-f', str(known))


def test_hosts_with_hidden_names(sshd: Sshd, machine: Machine, known: Path) -> None:
    """A file whose names are hashed is understood."""
    known.write_text(sshd.known)
    run('ssh-keygen', '-H', '-f', str(known))

    assert sshd.name not in known.read_text()
    assert machine.run('true').check()


def test_other_files_of_host_keys(sshd: Sshd, machine: Machine, known: Path) -> None:
    """Another one may be named; it is made when there is none; what cannot be read is said."""
    own = known.parent / 'a' / 'hosts'
    assert machine.run('true', known_hosts=own, host_keys='accept-new').check()
    assert 0o600 == own.stat().st_mode & 0o777
    assert machine.run('true', known_hosts=own).check()
    with pytest.raises(ConfigurationError, match='cannot write'):
        machine.run('true', known_hosts=own / 'x', host_keys='accept-new')
    with pytest.raises(ConfigurationError, match='cannot read'):
        machine.run('true', known_hosts=own.parent)


def test_lines_with_markers(
    sshd: Sshd, machine: Machine, known: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is no host key is passed over; one that is revoked is refused, known or not."""
    key = sshd.known.partition(' ')[2].strip()
    known.write_text(f'@cert-authority * {key}\n\nhost ssh-rsa AAA\nhost sk-x AAAA\n{sshd.known}')
    assert machine.run('true').check()
    (told,) = caplog.messages
    assert told.startswith(f'line 3 of {known} is no host key')
    for more in (sshd.known, ''):
        known.write_text(f'{more}@revoked * {key}')
        with pytest.raises(HostKeyRefused, match='revoked'):
            machine.run('true', host_keys='accept-new')


@pytest.mark.parametrize(
    'line',
    [
        'host ssh-rsa AAAAB3NzaC1yc2EAAAABAAAAAAEF',  # an exponent of 0
        'host ssh-rsa AAAAB3NzaC1yc2EAAAAB/wAAAAEF',  # one below it
        'host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAQA=',  # a key of one byte
        'host ssh-ed25519 AAAAC//////lZDI1NTE5AAAAAQA=',
    ],
)
def test_a_damaged_line_is_passed_over(
    sshd: Sshd, machine: Machine, known: Path, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A key that cannot be one is nobody's, and the other lines hold."""
    known.write_text(f'{line}\n{sshd.known}')
    assert machine.run('true').check()
    assert caplog.messages[0].startswith(f'line 1 of {known} is no host key')


def test_a_machine_on_the_way(tmp_path: Path, known: Path) -> None:
    """The tag names the machine that the connection goes through, both host keys are looked at."""
    with Sshd(tmp_path / 'target') as sshd, Sshd(tmp_path / 'jump', '127.0.0.2') as jump:
        for each in (sshd, jump):
            each.admit(public(RSA))
        tags = {'tritoncli.ssh.port': sshd.port, 'tritoncli.ssh.proxy': 'bastion'}
        bastion = {'name': 'bastion', 'tags': {'tritoncli.ssh.port': jump.port}}
        with reached(sshd, RSA, bastion, machine={'tags': tags}) as machine:
            with pytest.raises(HostKeyRefused, match=f'bastion .*@127.0.0.2 port {jump.port}'):
                machine.ssh()
            known.write_text(jump.known)
            with pytest.raises(HostKeyRefused, match=f'web0 .*@127.0.0.1 port {sshd.port}'):
                machine.ssh()
            known.write_text(jump.known + sshd.known)
            logins = jump.log.count('Accepted publickey')
            assert b'x' * 300_000 == machine.run('head -c 300000 /dev/zero | tr "\\0" x').stdout
            assert logins + 1 == jump.log.count('Accepted publickey')
            for proxy in (machine.datacenter._find('machine', 'bastion'), 'bastion'):
                assert machine.run('true', proxy=proxy).check()
            assert logins + 3 == jump.log.count('Accepted publickey')
            assert machine.run('true', proxy=False).check()
            assert logins + 3 == jump.log.count('Accepted publickey')
            with pytest.raises(InvalidInput, match=r"'bastio'.*there is bastion"):
                machine.ssh(proxy='bastio')


def test_both_connections_have_one_end(tmp_path: Path, known: Path) -> None:
    """A deadline cuts off what goes through another machine, and that one's connection closes."""
    with Sshd(tmp_path / 'jump', '127.0.0.2') as jump, Sshd(tmp_path / 'target') as sshd:
        for each in (sshd, jump):
            each.admit(public(RSA))
        known.write_text(jump.known + sshd.known)
        bastion = {'name': 'bastion', 'tags': {'tritoncli.ssh.port': jump.port}}
        with reached(sshd, RSA, bastion) as machine, machine.ssh(proxy='bastion') as client:
            through = client._through
            assert through is not None
            assert through.get_transport() is not None
            with deadline(0.3), pytest.raises(Timeout, match='did not end in time'):
                ssh_session.run(client, 'while echo; do sleep 0.1; done', 'web0')
        assert through.get_transport() is None


def test_a_way_that_leads_nowhere(tmp_path: Path, known: Path) -> None:
    """The error names the machine that could not be reached."""
    tags = {'tritoncli.ssh.port': 1, 'tritoncli.ssh.proxy': 'bastion'}
    with Sshd(tmp_path / 'jump', '127.0.0.2') as jump:
        jump.admit(public(RSA))
        known.write_text(jump.known)
        bastion = {'name': 'bastion', 'tags': {'tritoncli.ssh.port': jump.port}}
        with reached(jump, RSA, bastion, machine={'tags': tags}) as machine:
            with pytest.raises(ConnectionFailed, match=r'cannot reach web0 .*port 1'):
                machine.ssh()
            jump.close()
            with pytest.raises(ConnectionFailed, match='cannot reach bastion'):
                machine.ssh()
