"""A server of its own process that answers fixed bytes, as quickly as Python can."""

from __future__ import annotations

import argparse
import asyncio
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.answers import Answers

_HEAD = re.compile(rb'([A-Z]+) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n', re.DOTALL)
_LENGTH = re.compile(rb'content-length: *(\d+)', re.IGNORECASE)


class Fixed(asyncio.Protocol):
    """A connection whose requests are answered from a table, after a delay."""

    def __init__(self, answers: Answers, delay: float) -> None:
        self._answers = answers
        self._delay = delay
        self._seen = b''
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is there whole."""
        self._seen += data
        while head := _HEAD.match(self._seen):
            length = _LENGTH.search(head[3])
            end = head.end() + (int(length[1]) if length else 0)
            if len(self._seen) < end:
                return
            self._seen = self._seen[end:]
            answer = self._answers.answer(head[1].decode(), head[2].decode())
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._write, answer)
            else:
                self._write(answer)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


async def _serve(delay: float, machines: int, tls: Path | None) -> None:
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / 'ca.pem', tls / 'key.pem')
    answers = Answers(machines)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Fixed(answers, delay), '127.0.0.1', 0, ssl=context, backlog=512
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def serving(*, delay: float = 0.0, machines: int = 1000, tls: Path | None = None) -> Iterator[str]:
    """Run the server in a process of its own for the block, and yield its URL."""
    arguments = ['--delay', str(delay), '--machines', str(machines)]
    arguments += ['--tls', str(tls)] if tls else []
    with subprocess.Popen(
        [sys.executable, '-m', 'tests.bench.server', *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f'http{"s" if tls else ""}://127.0.0.1:{int(process.stdout.readline())}'
        process.stdin.close()


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--delay', type=float, default=0.0)
    parser.add_argument('--machines', type=int, default=1000)
    parser.add_argument('--tls', type=Path)
    given = parser.parse_args()
    asyncio.run(_serve(given.delay, given.machines, given.tls))
