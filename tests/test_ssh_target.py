"""Who logs in where and by which way, beside what the official triton CLI calls ssh with."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from smartdc import DataCenter, InvalidInput
from smartdc.http_signature import Signer
from smartdc.simulator import Simulator
from smartdc.ssh_target import target
from tests.programs import KEYS, triton
from tests.sshd import ME, world

RSA = 'rsa2048-pkcs1.pem'
IP, PORT, PROXY, PROXY_USER = (
    f'tritoncli.ssh.{part}' for part in ('ip', 'port', 'proxy', 'proxyuser')
)
BASTION = '127.0.0.2'

#: A machine, the one on the way to it, the user that is asked for, and how ssh is called.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str | None, str]] = {
    'the user of the image': ({'image': 'ubuntu'}, {}, None, '-p 22 -l ubuntu 127.0.0.1'),
    'root where the image has none': ({'image': 'plain'}, {}, None, '-p 22 -l root 127.0.0.1'),
    'the user that is given': ({'image': 'ubuntu'}, {}, 'eve', '-p 22 -l eve 127.0.0.1'),
    'a port in a text': ({'tags': {PORT: '2222'}}, {}, None, f'-p 2222 -l {ME} 127.0.0.1'),
    'a port': ({'tags': {PORT: 2222}}, {}, None, f'-p 2222 -l {ME} 127.0.0.1'),
    'an address': (
        {'networks': ['loopback', 'inside'], 'tags': {IP: '10.0.0.5'}},
        {},
        None,
        f'-p 22 -l {ME} 10.0.0.5',
    ),
    'the primary address': (
        {'networks': ['inside', 'loopback']},
        {},
        None,
        f'-p 22 -l {ME} 10.0.0.5',
    ),
    'a machine on the way': (
        {'tags': {PROXY: 'bastion', PORT: 2222}, 'image': 'ubuntu'},
        {},
        None,
        f'-p 2222 -o ProxyJump={ME}@{BASTION} -l ubuntu 127.0.0.1',
    ),
    'a user for all the way': (
        {'tags': {PROXY: 'bastion'}},
        {},
        'eve',
        f'-p 22 -o ProxyJump=eve@{BASTION} -l eve 127.0.0.1',
    ),
    'a user for the way': (
        {'tags': {PROXY: 'bastion'}},
        {'tags': {PROXY_USER: 'party'}},
        'eve',
        f'-p 22 -o ProxyJump=party@{BASTION} -l eve 127.0.0.1',
    ),
    'the address of the way': (
        {'tags': {PROXY: 'bastion'}, 'image': 'plain'},
        {'image': 'ubuntu', 'networks': ['loopback', 'inside'], 'tags': {IP: '10.0.0.5'}},
        None,
        '-p 22 -o ProxyJump=ubuntu@10.0.0.5 -l root 127.0.0.1',
    ),
}
INSIDE = {
    'name': 'inside',
    'subnet': '10.0.0.0/24',
    'provision_start_ip': '10.0.0.5',
    'provision_end_ip': '10.0.0.9',
    'gateway': '10.0.0.1',
}


def cloud_with(machine: dict[str, Any], bastion: dict[str, Any]) -> Simulator:
    """Return a CloudAPI with both machines, whose account has one of the fixed keys."""
    given = world({'name': 'web0', **machine}, {'name': 'bastion', **bastion})
    given['networks'].append(INSIDE)
    return Simulator(given, job_time=0, public_key=Signer(KEYS / RSA).public_key)


def called(sdc: DataCenter, user: str | None, **how: Any) -> str:
    """Return what the machine comes to, as ssh would be called."""
    data = next(each.data for each in sdc.machines() if each.name == 'web0')
    found = target(sdc, data, user=user, **how)
    way = f' -o ProxyJump={found.proxy.user}@{found.proxy.host}' if found.proxy else ''
    return f'-p {found.port}{way} -l {found.user} {found.host}'


def settings_for(cloud: Simulator, home: Path) -> dict[str, str]:
    """Make a key and a program named ssh for the CLI; return the environment that it is to have."""
    (home / '.ssh').mkdir()
    shutil.copyfile(KEYS / RSA, home / '.ssh' / 'id_rsa')
    program = home / 'bin' / 'ssh'
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    return {
        'TRITON_URL': cloud.url(),
        'TRITON_ACCOUNT': 'acme',
        'TRITON_KEY_ID': Signer(KEYS / RSA).fingerprint,
        'PATH': f'{program.parent}{os.pathsep}{os.environ["PATH"]}',
    }


@pytest.mark.parametrize(('machine', 'bastion', 'user', 'expected'), CASES.values(), ids=CASES)
def test_it_is_what_triton_calls_ssh_with(
    machine: dict[str, Any],
    bastion: dict[str, Any],
    user: str | None,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The CLI runs a program named ssh, which says how it was called."""
    with cloud_with(machine, bastion) as cloud:
        with DataCenter(cloud.url(), None, KEYS / RSA, login='acme') as sdc:
            assert expected == called(sdc, user)
        for name, value in settings_for(cloud, tmp_path).items():
            monkeypatch.setenv(name, value)
        done = triton('ssh', f'{user}@web0' if user else 'web0')

    assert [expected] == [
        line.partition('nullSshControlPath ')[2] for line in done.stdout.splitlines()
    ]


def test_what_is_given_and_what_is_more() -> None:
    """Arguments stand above tags; the way has a port of its own, which the CLI does not know."""
    machine = {'tags': {PROXY: 'bastion', PORT: 2222}}
    with (
        cloud_with(machine, {'tags': {PORT: 2022}}) as cloud,
        DataCenter(cloud.url(), None, KEYS / RSA, login='acme') as sdc,
    ):
        assert f'-p 1 -l {ME} 127.0.0.1' == called(sdc, None, port=1, proxy=False)
        data = next(each.data for each in sdc.machines() if each.name == 'web0')
        way = target(sdc, data).proxy
        assert way is not None
        assert f'bastion ({ME}@{BASTION} port 2022)' == str(way)
        assert BASTION == way.host


def test_an_image_that_may_not_be_seen() -> None:
    """Whoever may see machines and no images logs in as root."""
    with (
        cloud_with({'image': 'ubuntu'}, {}) as cloud,
        DataCenter(cloud.url(), None, KEYS / RSA, login='acme') as sdc,
    ):
        cloud.faults.add('GetImage', count=1, status=403, code='NotAuthorized', message='no')
        assert '-p 22 -l root 127.0.0.1' == called(sdc, None)


@pytest.mark.parametrize('tags', [{PROXY: 'nobody'}, {IP: '10.9.9.9'}])
def test_what_triton_refuses_too(
    tags: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine on the way that is not there, and an address that is not the machine's."""
    with cloud_with({'tags': tags}, {}) as cloud:
        with (
            DataCenter(cloud.url(), None, KEYS / RSA, login='acme') as sdc,
            pytest.raises(InvalidInput),
        ):
            called(sdc, None)
        for name, value in settings_for(cloud, tmp_path).items():
            monkeypatch.setenv(name, value)
        done = triton('ssh', 'web0')

    assert (1, '') == (min(done.returncode, 1), done.stdout)
