"""SSH connections by paramiko: keys, host keys, commands, and what goes wrong as errors of ours."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import paramiko
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from smartdc.clock import seconds_left
from smartdc.errors import (
    CommandFailed,
    ConnectionFailed,
    HostKeyRefused,
    KeyUnsupported,
    LoginRefused,
    SmartDCError,
    Timeout,
)
from smartdc.ssh_hosts import LOG, KnownHosts
from smartdc.ssh_keys import blob_type, rsa_bits, sha256_fingerprint, ssh_string
from smartdc.watchdog import cut_off, hold

if TYPE_CHECKING:
    from smartdc.http_signature import Key
    from smartdc.ssh_target import Target

#: As many seconds more are paramiko's own limits, so that the watchdog's comes first.
_LATER = 5.0

#: What a system can wait for, in seconds.
_LONGEST = threading.TIMEOUT_MAX - _LATER

_CHUNK = 65536


@dataclass(frozen=True)
class Options:
    """How to connect: the key, what else may be tried, and which host keys to believe."""

    key: paramiko.PKey | None
    others: bool
    known_hosts: Path
    accept_new: bool


@dataclass(frozen=True, repr=False)
class Completed:
    """A command that has ended; `stdout` and `stderr` are what it wrote, as bytes.

    `status` is its exit status, -1 when a signal ended it.
    """

    command: str
    status: int
    stdout: bytes
    stderr: bytes

    @property
    def output(self) -> str:
        """What it wrote to stdout, as text."""
        return self.stdout.decode('utf-8', 'replace')

    def check(self) -> Self:
        """Return this; raise CommandFailed when the status is not 0."""
        if self.status:
            said = self.stderr.decode('utf-8', 'replace').strip().splitlines() or [
                'it said nothing'
            ]
            raise CommandFailed(
                f'{_short(self.command)!r} ended with status {self.status}: {said[-1][:200]}',
                status=self.status,
                stdout=self.stdout,
                stderr=self.stderr,
            )
        return self

    def __repr__(self) -> str:
        sizes = f'{len(self.stdout)} + {len(self.stderr)} bytes'
        return f'<Completed: {_short(self.command)!r} with status {self.status}, {sizes}>'


def _short(command: str) -> str:
    return command if len(command) <= 40 else f'{command[:37]}...'


class Client(paramiko.SSHClient):
    """paramiko's client; with it the connection is closed that it was reached through."""

    def __init__(self, through: Client | None = None) -> None:
        super().__init__()
        self._through = through

    def transport(self) -> paramiko.Transport:
        """Return the connection; raise ConnectionFailed when there is none any more."""
        transport = self.get_transport()
        if transport is None or not transport.is_active():
            raise ConnectionFailed('the SSH connection is closed: open another one')
        return transport

    def first_socket(self) -> socket.socket:
        """Return the socket that everything goes through."""
        if self._through is not None:
            return self._through.first_socket()
        sock: Any = self.transport().sock
        return sock

    def close(self) -> None:
        """Close the connection."""
        super().close()
        if self._through is not None:
            self._through.close()


class SigningKey(paramiko.PKey):
    """A key that signs for CloudAPI, as paramiko wants keys.

    It may be in the ssh-agent or in a file that is not opened yet. Raises KeyUnsupported for one
    on P-384, which CloudAPI and SSH use with different hashes.
    """

    public_blob: Any = None

    def __init__(self, key: Key) -> None:
        self._key = key
        self._blob = key.public_blob
        if self.get_name() == 'ecdsa-sha2-nistp384':
            raise KeyUnsupported(
                'A key on the curve P-384 signs for CloudAPI over SHA-512 and for SSH over SHA-384:'
                ' add it to the ssh-agent, where it is found without key=, or pass key= a key that'
                ' paramiko has loaded.'
            )

    def asbytes(self) -> bytes:
        """Return the public part in SSH's wire form."""
        return self._blob

    @property
    def _fields(self) -> tuple[bytes]:
        return (self._blob,)

    def get_name(self) -> str:
        """Return the SSH type."""
        return blob_type(self._blob)

    def get_bits(self) -> int:
        """Return the size of an RSA key; 0 for others."""
        return rsa_bits(ssh_string(self._blob)[1]) if self.get_name() == 'ssh-rsa' else 0

    def can_sign(self) -> bool:
        """Say that it signs."""
        return True

    def sign_ssh_data(
        self,
        data: bytes,
        algorithm: str | None = None,  # noqa: ARG002 - only one is left for each type
    ) -> paramiko.Message:
        """Sign as SSH wants it, RSA over SHA-256."""
        signature, message = self._key.sign(data), paramiko.Message()
        name = self.get_name()
        message.add_string('rsa-sha2-256' if name == 'ssh-rsa' else name)
        if name.startswith('ecdsa'):
            numbers = paramiko.Message()
            for number in decode_dss_signature(signature):
                numbers.add_mpint(number)
            signature = numbers.asbytes()
        message.add_string(signature)
        return message


def connect(where: Target, options: Options) -> Client:
    """Return a client that is logged in.

    Raises HostKeyRefused, LoginRefused, ConnectionFailed, or Timeout when the deadline of a block
    is over.
    """
    seconds = min(seconds_left(), _LONGEST)
    if seconds <= 0:
        raise Timeout('the deadline has passed, so nothing was sent', sent=False)
    late = f'{where} did not let us in within {round(seconds, 2):g} s'
    try:
        with cut_off(seconds):
            return _opened(where, options, seconds)
    except Timeout as error:
        raise Timeout(late, sent=False) from error


def _opened(where: Target, options: Options, seconds: float) -> Client:
    through = _opened(where.proxy, options, seconds) if where.proxy else None
    client = Client(through)
    client.set_log_channel(LOG)
    later = seconds + _LATER
    try:
        known = KnownHosts(options.known_hosts, str(where), accept_new=options.accept_new)
        known.tell(client)
        with _translated(where, options):
            client.connect(
                where.host,
                where.port,
                where.user,
                pkey=options.key,
                allow_agent=options.others,
                look_for_keys=options.others,
                sock=_way(where, through, seconds),
                timeout=later,
                banner_timeout=later,
                auth_timeout=later,
                # What signs for CloudAPI signs over SHA-256.
                disabled_algorithms={'pubkeys': ['rsa-sha2-512']},
            )
    except BaseException:
        client.close()
        raise
    return client


def _way(where: Target, through: Client | None, seconds: float) -> Any:
    """Return a socket to a machine, or a channel through the one on the way to it."""
    if through is not None:
        to, own = (where.host, where.port), ('127.0.0.1', 0)
        return through.transport().open_channel('direct-tcpip', to, own, timeout=seconds + _LATER)
    sock = socket.create_connection((where.host, where.port), seconds)
    hold(sock)
    return sock


@contextmanager
def _translated(where: Target, options: Options) -> Generator[None]:
    """Turn what paramiko raises into errors of ours."""
    try:
        yield
    except SmartDCError:
        raise
    except paramiko.BadHostKeyException as error:
        now, known = (
            sha256_fingerprint(each.asbytes()) for each in (error.key, error.expected_key)
        )
        raise HostKeyRefused(
            f'the host key of {where} has changed: it is {now}, and {known} is known. Somebody may '
            f'be in between. If the machine was made anew, remove its line from '
            f'{options.known_hosts} by `ssh-keygen -R`'
        ) from None
    except (paramiko.AuthenticationException, paramiko.PasswordRequiredException) as error:
        raise LoginRefused(_refusal(where, options, error)) from error
    except TimeoutError as error:
        raise Timeout(f'{where} did not answer in time') from error
    except (paramiko.SSHException, EOFError, OSError, UnicodeError) as error:
        if str(error) == 'No authentication methods available':
            raise LoginRefused(_refusal(where, options, error)) from error
        reason = getattr(error, 'strerror', None) or str(error) or type(error).__name__
        raise ConnectionFailed(
            f'cannot reach {where}: {reason}. Does SSH run there, and does a firewall let it in?'
        ) from error


def _refusal(where: Target, options: Options, error: Exception) -> str:
    tried = [f'the key {sha256_fingerprint(options.key.asbytes())}'] if options.key else []
    tried += ['those of the ssh-agent and of ~/.ssh'] if options.others else []
    return (
        f'{where} lets nobody in with {", nor with ".join(tried)}: {error}. A machine takes the '
        'keys that the account had when it was made; user= names another user, key= another key'
    )


def run(client: Client, command: str, name: str) -> Completed:
    """Run a command to its end, and return what it wrote.

    Raises Timeout when the deadline of a block is over, ConnectionFailed when it breaks off.
    """
    text = f'{_short(command)!r} on {name}'
    try:
        with cut_off(seconds_left()):
            hold(client.first_socket())
            with client.transport().open_session() as channel:
                return _run(client, channel, command)
    except Timeout as error:
        raise Timeout(f'{text} did not end in time: pass a longer timeout=') from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise ConnectionFailed(f'{text} broke off: {error or type(error).__name__}') from error


def _run(client: Client, channel: paramiko.Channel, command: str) -> Completed:
    channel.exec_command(command)
    channel.shutdown_write()
    stdout, stderr = _written(channel)
    # The status may come after the end of the output, or not at all.
    status = channel.recv_exit_status()
    if status == -1:
        client.transport()
    return Completed(command, status, stdout, stderr)


def _written(channel: paramiko.Channel) -> tuple[bytes, bytes]:
    """Read both outputs as they come: one that is not read would hold up the other."""
    out, err = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while True:
            ended = channel.eof_received or channel.closed
            selector.select()
            while channel.recv_ready():
                out += channel.recv(_CHUNK)
            while channel.recv_stderr_ready():
                err += channel.recv_stderr(_CHUNK)
            if ended:
                return bytes(out), bytes(err)
