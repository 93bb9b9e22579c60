"""Servers to measure, each in a process of its own: `python -m tests.bench.servers KIND ARGUMENT`.

`hello` is a bare uvicorn that answers always the same: its argument is JSON, a list of headers and
a body. Other kinds are the simulator with that backend of signatures; its argument is the public
key of the account. Each prints its port, and for each line that it is sent, how many seconds it has
had on the processor. It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from typing import Any
from urllib.parse import urlsplit

MACHINE = 'b1e3f1c0-0000-4000-8000-000000000001'


def main() -> None:
    """Serve until the standard input ends."""
    kind, argument = sys.argv[1:]
    if kind == 'hello':
        asyncio.run(_hello(argument))
    else:
        _simulator(kind, argument)


async def _hello(argument: str) -> None:
    import uvicorn

    listed, body = json.loads(argument)
    headers = [(name.encode(), value.encode()) for name, value in listed]
    start = {'type': 'http.response.start', 'status': 200, 'headers': headers}
    rest = {'type': 'http.response.body', 'body': body.encode()}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        await send(rest)

    # With the protocol named, asyncio sets TCP_NODELAY, as it does for a uvicorn of its own making.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(('127.0.0.1', 0))
    listening.listen()
    config = uvicorn.Config(
        app,
        http='httptools',
        ws='none',
        loop='asyncio',
        lifespan='off',
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
    )
    server = uvicorn.Server(config)
    print(listening.getsockname()[1], flush=True)

    async def end() -> None:
        await asyncio.to_thread(_tell)
        server.should_exit = True

    await asyncio.gather(server.serve([listening]), end())


def _tell() -> None:
    for _ in sys.stdin:
        print(time.process_time(), flush=True)


def _simulator(backend: str, public: str) -> None:
    from smartdc.simulator import Simulator, verifying

    verifying.use(backend)
    world = {'machines': [{'id': MACHINE, 'name': 'web0'}], 'datacenters': ['us-sw-1']}
    with Simulator(world, public_key=public) as simulator:
        print(urlsplit(simulator.url()).port, flush=True)
        _tell()


if __name__ == '__main__':
    main()
