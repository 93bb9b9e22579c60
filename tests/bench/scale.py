"""What a machine costs among a thousand, ten thousand and a hundred thousand of them.

For the simulator: microseconds of the processor to fill a world with machines, to list them all and
to get one, and bytes of memory, for each machine. For a client: those to list them. Each size has a
process of its own; the simulator's has no sockets.
"""

from __future__ import annotations

import base64
import gc
import json
import subprocess
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterable
from email.utils import formatdate
from hashlib import md5
from itertools import islice
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smartdc import Machine
from smartdc.simulator.app import App
from smartdc.simulator.clock import RealClock
from smartdc.simulator.cloud import Cloud
from smartdc.simulator.seed import seed
from smartdc.simulator.store import Store
from smartdc.simulator.wire import Request, Response
from smartdc.simulator.world import load
from tests.bench import places
from tests.bench.harness import Figure
from tests.bench.server import serving

T = TypeVar('T')

MACHINE = 'b1e3f1c0-9999-4aaa-8bbb-000000000000'

SIZES = (1_000, 10_000, 100_000)

#: How many machines are got one by one, how long a page of a list is, and how often both are done.
LOOKS = 1000
PAGE = 1000
TIMES = 3


#: What is compared, and its unit.
COSTS = {
    'simulator_fill': ('simulator, to make a machine', 'microsecond'),
    'simulator_list': ('simulator, to list a machine', 'microsecond'),
    'simulator_get': ('simulator, to get a machine', 'microsecond'),
    'simulator_bytes': ('simulator, memory of a machine', 'byte'),
    'client_list': ('client, to list a machine', 'microsecond'),
    'client_list_uncollected': ("the same with Python's collector off", 'microsecond'),
    'client_iterate': ('client, to iterate over a machine', 'microsecond'),
    'client_bytes': ('client, memory of a machine', 'byte'),
}


def figures(rounds: int) -> list[Figure]:
    """Compare the dearest size with the cheapest; each size is measured once, whatever `rounds`."""
    costs = {size: {**_cost('simulator', size), **_listed(size)} for size in SIZES}
    return [_figure(name, [costs[size][name] for size in SIZES]) for name in COSTS]


def _figure(name: str, costs: list[float]) -> Figure:
    what, unit = COSTS[name]
    spread = max(costs) / min(costs)
    return Figure(
        f'{what}, of {SIZES[0]:,} to {SIZES[-1]:,}',
        'the size where it is least',
        spread,
        1.2,
        values=costs,
        floors=[min(costs)] * len(costs),
        unit=unit,
    )


def _listed(size: int) -> dict[str, float]:
    with serving(machines=size) as url:
        return _cost('client', size, url)


def _cost(side: str, size: int, *arguments: str) -> dict[str, float]:
    """Measure one side with so many machines, in a process of its own."""
    command = [sys.executable, '-m', 'tests.bench.scale', side, str(size), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    costs: dict[str, float] = json.loads(done.stdout)
    return costs


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


def simulator_cost(size: int) -> dict[str, float]:
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
        'simulator_fill': fill / size * 1e6,
        'simulator_list': listing / size / rounds * 1e6,
        'simulator_get': getting / len(looks) * 1e6,
        'simulator_bytes': occupied / size,
    }


def client_cost(size: int, url: str) -> dict[str, float]:
    """Return what a machine costs in a list of some size.

    Python's collector looks through all that is kept again and again as it grows.
    """
    rounds = max(SIZES) // size

    def per_machine(read: Callable[[], Iterable[Machine]]) -> float:
        def work() -> None:
            for _ in range(rounds):
                deque(read(), maxlen=0)

        return least(work) / size / rounds * 1e6

    with places.client(url) as sdc:
        sdc.machine(MACHINE)
        costs = {
            'client_list': per_machine(sdc.machines),
            'client_iterate': per_machine(sdc.iter_machines),
        }
        gc.disable()
        costs['client_list_uncollected'] = per_machine(sdc.machines)
        gc.enable()
        tracemalloc.start()
        kept = sdc.machines()
        assert size == len(kept)
        return {**costs, 'client_bytes': tracemalloc.get_traced_memory()[0] / size}


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


if __name__ == '__main__':
    _, side, given, *rest = sys.argv
    print(json.dumps((client_cost if side == 'client' else simulator_cost)(int(given), *rest)))
