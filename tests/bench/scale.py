"""What a machine costs the simulator, in worlds of different size.

`python -m tests.bench.scale` prints the figures: microseconds of the processor to fill a world with
machines, to list them all and to get one, and bytes of memory, for each machine. Each world has a
process of its own, without sockets.
"""

from __future__ import annotations

import base64
import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from hashlib import md5
from itertools import islice
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smartdc.simulator.app import App
from smartdc.simulator.clock import RealClock
from smartdc.simulator.cloud import Cloud
from smartdc.simulator.seed import seed
from smartdc.simulator.store import Store
from smartdc.simulator.wire import Request, Response
from smartdc.simulator.world import load

T = TypeVar('T')

SIZES = (1_000, 10_000, 100_000)

#: How many machines are got one by one, how long a page of a list is, and how often both are done.
LOOKS = 1000
PAGE = 1000
TIMES = 3


def measure() -> dict[str, float]:
    """Return what a machine costs by size of the world, and the largest cost over the smallest."""
    figures: dict[str, float] = {}
    for size in SIZES:
        command = [sys.executable, '-m', 'tests.bench.scale', str(size)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        figures |= {f'{name}_{size}': cost for name, cost in json.loads(done.stdout).items()}
    for name in ('fill_us', 'list_us', 'get_us', 'bytes'):
        costs = [figures[f'{name}_{size}'] for size in SIZES]
        figures[f'{name}_spread'] = max(costs) / min(costs)
    return figures


class Client:
    """Asks a data center that has no sockets, as its only account."""

    def __init__(self, machines: int) -> None:
        self._key = Ed25519PrivateKey.generate()
        public = self._key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        blob = base64.b64decode(public.split()[1])
        self._key_id = f'/acme/keys/{md5(blob, usedforsecurity=False).digest().hex(":")}'
        key = {'name': 'bench', 'key': public.decode()}
        world = load(
            {'accounts': [{'login': 'acme', 'keys': [key]}], 'machines': [{}] * machines},
            datacenters=['us-sw-1'],
        )
        store = Store()
        seed(store, world)
        self._app = App(Cloud(store, RealClock()), 'us-sw-1')

    def signed(self, target: str) -> Request:
        """Return a signed GET."""
        date = formatdate(usegmt=True)
        signature = self._key.sign(f'(request-target): get {target}\ndate: {date}'.encode())
        parameters = (
            f'keyId="{self._key_id}",algorithm="ed25519-sha512",headers="(request-target) date",'
            f'signature="{base64.b64encode(signature).decode()}"'
        )
        return Request('GET', target, {'date': date, 'authorization': f'Signature {parameters}'})

    def ask(self, request: Request) -> Response:
        """Return the answer to a request, which has to be a good one."""
        response = self._app.handle(request)
        assert 200 == response.status, response.body
        return response


def cost_of(size: int) -> dict[str, float]:
    """Return what a machine costs in a world of some size."""
    first = Client(PAGE)  # what only the first world takes is no machine's cost
    before = resident()
    fill, client = timed(lambda: Client(size))
    occupied = resident() - before
    del first
    pages = [client.signed(f'/my/machines?limit={PAGE}&offset={at}') for at in range(0, size, PAGE)]
    ids = [machine['id'] for page in pages for machine in json.loads(client.ask(page).body)]
    assert size == len(set(ids))
    rounds = max(SIZES) // size
    listing = least(lambda: [client.ask(page) for _ in range(rounds) for page in pages])
    chosen = ids[:: max(1, size // LOOKS)]
    looks = [client.signed(f'/my/machines/{each}') for each in islice(chosen, LOOKS)]
    getting = least(lambda: [client.ask(look) for look in looks])
    return {
        'fill_us': fill / size * 1e6,
        'list_us': listing / size / rounds * 1e6,
        'get_us': getting / len(looks) * 1e6,
        'bytes': occupied / size,
    }


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return how many seconds of the processor some work takes, and what comes of it."""
    gc.collect()
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def least(work: Callable[[], object]) -> float:
    """Return the least seconds of several times; what else the computer does only adds to them."""
    return min(timed(work)[0] for _ in range(TIMES))


def resident() -> int:
    """Return how many bytes of memory this process has."""
    gc.collect()
    return int(Path('/proc/self/statm').read_text().split()[1]) * 4096


def main() -> None:
    """Print the figures: of one size, as JSON, or all of them."""
    if len(sys.argv) > 1:
        print(json.dumps(cost_of(int(sys.argv[1]))))
        return
    for name, figure in measure().items():
        print(f'{name:16} {figure:10.2f}')


if __name__ == '__main__':
    main()
