"""Whose host keys are known: the known_hosts of OpenSSH, read and added to."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import paramiko
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

from smartdc.errors import ConfigurationError, HostKeyRefused
from smartdc.ssh_keys import sha256_fingerprint

#: What SSH logs to, paramiko's part as well.
LOG = 'smartdc.ssh'
#: The host keys that hold for all users of this computer.
SYSTEM = Path('/etc/ssh/ssh_known_hosts')

logger: logging.Logger = logging.getLogger(LOG)
logger.addHandler(logging.NullHandler())


class KnownHosts(paramiko.MissingHostKeyPolicy):
    """The host keys of a file and of the system's, and what becomes of one that is not there.

    Certificates of hosts are not known here; their lines are passed over. `where` is who is
    connected to, in words. Raises ConfigurationError when the file cannot be read.
    """

    def __init__(self, path: Path, where: str, *, accept_new: bool) -> None:
        self._path = path
        self._where = where
        self._accept_new = accept_new
        found = [each for file in (SYSTEM, path) for each in _entries(file)]
        self._revoked = {key for marker, _, key in found if marker == '@revoked'}
        self._known = [(names, key) for marker, names, key in found if not marker]

    def tell(self, client: paramiko.SSHClient) -> None:
        """Let a client know the keys, and whom to ask about others."""
        known = client.get_host_keys()
        for names, key in self._known:
            for name in names if key not in self._revoked else ():
                known.add(name, key.get_name(), key)
        client.set_missing_host_key_policy(self)

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 - paramiko gives it
        hostname: str,
        key: paramiko.PKey,
    ) -> None:
        """Refuse a key, or keep it."""
        shown = sha256_fingerprint(key.asbytes())
        if key in self._revoked:
            raise HostKeyRefused(f'the host key of {self._where} is revoked: it is {shown}')
        if not self._accept_new:
            raise HostKeyRefused(
                f'the host key of {self._where} is not in {self._path}: it is {shown}. If that is '
                "the machine's, host_keys='accept-new' takes it and keeps it there"
            )
        _keep(self._path, f'{hostname} {key.get_name()} {key.get_base64()}\n')
        logger.info('the host key of %s is kept in %s: %s', self._where, self._path, shown)


def _entries(path: Path) -> Iterator[tuple[str, list[str], paramiko.PKey]]:
    """Yield the marker, the names and the key of each line that has a key."""
    for number, line in enumerate(_lines(path), 1):
        marker, _, rest = line.partition(' ') if line.startswith('@') else ('', '', line)
        if marker not in ('', '@revoked') or not rest.strip() or rest.startswith('#'):
            continue
        try:
            entry = HostKeyEntry.from_line(rest, number)
        except (InvalidHostKey, paramiko.SSHException, ArithmeticError, ValueError) as error:
            logger.warning('line %s of %s is no host key: %s', number, path, error)
            continue
        if entry is not None and entry.hostnames:
            yield marker, entry.hostnames, entry.key


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text('utf-8', 'replace').splitlines() if path.exists() else []
    except OSError as error:
        raise ConfigurationError(f'cannot read {path}: {error.strerror or error}') from None


def _keep(path: Path, line: str) -> None:
    """Add a line to a file, and change nothing else in it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), 'ab+') as file:  # noqa: PTH123 - a descriptor
            if file.tell():
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b'\n' else f'\n{line}'
            file.write(line.encode())
    except OSError as error:
        raise ConfigurationError(f'cannot write {path}: {error.strerror or error}') from None
