"""A real sshd on a loopback address, with keys of its own, and machines that it stands for."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from smartdc import DataCenter, Machine
from smartdc.http_signature import Signer
from smartdc.simulator import Simulator
from tests.programs import KEYS, lacking, run

ME = getpass.getuser()
#: Where the machines of `world` get their addresses.
LOOPBACK = {
    'name': 'loopback',
    'public': True,
    'subnet': '127.0.0.0/24',
    'provision_start_ip': '127.0.0.1',
    'provision_end_ip': '127.0.0.9',
    'gateway': '127.0.0.254',
    'resolvers': [],
}


def world(*machines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a world whose machines have loopback addresses, and whose image has the user `me`."""
    mine = {'name': 'mine', 'tags': {'default_user': ME}}
    return {
        'images': [mine, {'name': 'ubuntu', 'tags': {'default_user': 'ubuntu'}}, {'name': 'plain'}],
        'packages': [{'name': 'small', 'memory': 128, 'disk': 1024}],
        'networks': [LOOPBACK],
        'machines': [{'image': 'mine', **machine} for machine in machines],
        **more,
    }


def program() -> str:
    """Return the path of sshd, or give up the test."""
    return shutil.which('sshd', path=f'{os.environ["PATH"]}{os.pathsep}/usr/sbin') or lacking(
        'sshd'
    )


class Sshd:
    """Accepts connections and hands each to an sshd, which ends with it; `log` is what they say."""

    def __init__(self, folder: Path, address: str = '127.0.0.1', kind: str = 'ed25519') -> None:
        self._program = program()
        self.folder = folder
        folder.mkdir()
        self.make_host_key(kind)
        self.authorized = folder / 'authorized_keys'
        self.authorized.write_text('')
        (folder / 'config').write_text(
            f'HostKey {folder / "host_key"}\n'
            f'AuthorizedKeysFile {self.authorized}\n'
            'Subsystem sftp internal-sftp\n'
            'StrictModes no\nUsePAM no\nPasswordAuthentication no\nLogLevel VERBOSE\nPidFile none\n'
        )
        if os.geteuid() == 0:
            Path('/run/sshd').mkdir(mode=0o755, exist_ok=True)
        self._children: list[subprocess.Popen[bytes]] = []
        self._listening = socket.create_server((address, 0))
        self.port: int = self._listening.getsockname()[1]
        self.name = f'[{address}]:{self.port}'
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def make_host_key(self, kind: str = 'ed25519') -> None:
        """Make a host key, in the place of the one that there is."""
        key = self.folder / 'host_key'
        key.unlink(missing_ok=True)
        run('ssh-keygen', '-q', '-t', kind, '-N', '', '-f', str(key))

    @property
    def known(self) -> str:
        """The line of known_hosts for it."""
        return f'{self.name} {(self.folder / "host_key.pub").read_text()}'

    @property
    def log(self) -> str:
        """What all connections have said so far."""
        return (self.folder / 'log').read_text()

    def admit(self, *public_keys: str) -> None:
        """Let the holders of these keys in, and nobody else."""
        self.authorized.write_text(''.join(f'{line}\n' for line in public_keys))

    def _serve(self) -> None:
        command = [self._program, '-i', '-e', '-f', str(self.folder / 'config')]
        with suppress(OSError), (self.folder / 'log').open('ab') as log:
            while True:
                connection = self._listening.accept()[0]
                with connection:
                    child = subprocess.Popen(
                        command, stdin=connection.fileno(), stdout=connection.fileno(), stderr=log
                    )
                self._children.append(child)

    def close(self) -> None:
        """End all connections, and accept no more; once is enough."""
        if self._listening.fileno() < 0:
            return
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for child in self._children:
            child.terminate()
            child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def a_machine() -> Iterator[Machine]:
    """Yield a machine that an sshd stands for, which the home directory knows."""
    home, key = Path.home(), KEYS / 'rsa2048-pkcs1.pem'
    (home / '.ssh').mkdir(mode=0o700, exist_ok=True)
    with Sshd(home / 'sshd') as sshd:
        public = Signer(key).public_key
        sshd.admit(public)
        (home / '.ssh' / 'known_hosts').write_text(sshd.known)
        held = world({'name': 'web0', 'tags': {'tritoncli.ssh.port': sshd.port}})
        with (
            Simulator(held, job_time=0, public_key=public) as cloud,
            DataCenter(cloud.url(), secret=key, login='acme') as sdc,
        ):
            yield sdc.machine('web0')
