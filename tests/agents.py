"""ssh-agents: the real one, a listener in front of it, and one that answers what it is told."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from tests.programs import KEYS, need, run


@contextmanager
def running(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a real ssh-agent without keys on a socket, and end it with the block."""
    command = [need('ssh-agent'), '-a', str(path), '-D']
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it tells its socket once that is there
        try:
            yield process
        finally:
            process.terminate()


def add(name: str, folder: Path) -> None:
    """Let the agent of SSH_AUTH_SOCK hold one of the fixed keys; its file stays in the folder."""
    path = folder / name
    shutil.copyfile(KEYS / name, path)
    path.chmod(0o600)
    run('ssh-add', '-q', str(path))


class _Server:
    """A Unix socket whose connections a thread answers one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.asked: list[bytes] = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(self.path)
        self._server.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                self._answer(self._server.accept()[0])

    def _answer(self, connection: socket.socket) -> None:
        raise NotImplementedError

    @property
    def kinds(self) -> list[int]:
        """The kinds of the messages that came: 11 asks for the keys, 13 for a signature."""
        return [message[4] for message in self.asked]

    def close(self) -> None:
        """End the server and its thread."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FakeAgent(_Server):
    """A server that answers the n-th connection with the n-th reply, whatever is asked.

    A reply of None is silence until the server is closed.
    """

    def __init__(self, path: Path, replies: Sequence[bytes | None]) -> None:
        self._replies = list(replies)
        self._held: list[socket.socket] = []
        super().__init__(path)

    def _answer(self, connection: socket.socket) -> None:
        self.asked.append(connection.recv(65536))
        reply = self._replies.pop(0) if self._replies else b''
        if reply is None:
            self._held.append(connection)
            return
        with connection, suppress(OSError):  # the client may have seen enough
            for start in range(0, len(reply), 50):
                connection.sendall(reply[start : start + 50])

    def close(self) -> None:
        """End the silence as well."""
        super().close()
        for connection in self._held:
            connection.close()


class Listener(_Server):
    """What stands between a client and the real agent: it passes each message on."""

    def __init__(self, path: Path, agent: Path) -> None:
        self._agent = str(agent)
        super().__init__(path)

    def _answer(self, connection: socket.socket) -> None:
        with connection, socket.socket(socket.AF_UNIX) as agent:
            message = _message(connection)
            self.asked.append(message)
            agent.connect(self._agent)
            agent.sendall(message)
            connection.sendall(_message(agent))


def _message(connection: socket.socket) -> bytes:
    data = connection.recv(4, socket.MSG_WAITALL)
    return data + connection.recv(struct.unpack('>I', data)[0], socket.MSG_WAITALL)


def packed(data: bytes) -> bytes:
    """Return SSH's wire form of a string."""
    return struct.pack('>I', len(data)) + data


def listing(*blobs: bytes) -> bytes:
    """Return an agent's message that lists keys."""
    keys = b''.join(packed(blob) + packed(b'comment') for blob in blobs)
    return packed(b'\x0c' + struct.pack('>I', len(blobs)) + keys)


def signature(name: bytes, content: bytes, more: bytes = b'') -> bytes:
    """Return an agent's message that holds a signature."""
    return packed(b'\x0e' + packed(packed(name) + packed(content)) + more)
