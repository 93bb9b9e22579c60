"""What long lists cost in time and memory, beside the bytes and JSON alone."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections import deque
from functools import partial
from typing import Any

import requests
import urllib3

from smartdc import DataCenter, Machine
from tests.bench import answers, places
from tests.bench.harness import Figure, Rounds, ran, seconds
from tests.bench.server import serving

#: Prints by how many MiB the resident memory grew at most while machines went by.
_ITERATES = """
import resource, sys
from tests.bench import places
sdc = places.client(sys.argv[1])
sdc.machine('b1e3f1c0-9999-4aaa-8bbb-000000000000')
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert 10_000 == sum(1 for machine in sdc.iter_machines())
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def figures(rounds: int) -> list[Figure]:
    """List machines: a page of them, ten pages, ten late pages, and what each one weighs."""
    found = [*_thousand(rounds), *_ten_thousand(rounds)]
    for delay, most in {0.02: 0.6, 0.1: 0.4}.items():
        found += _late(rounds, delay, most)
    return [*found, _weight(), _streamed()]


def _thousand(rounds: int) -> list[Figure]:
    with serving() as url, requests.Session() as session:
        floor = 'requests.Session().get().json() of the same'
        cases, sdc = Rounds(floor), places.client(url)
        cases.add(floor, seconds(lambda: session.get(f'{url}/acme/machines').json(), 3))
        cases.add('list 1,000 machines to objects', seconds(sdc.machines, 3), 1.15)
        return cases.figures(rounds)


def _floor(url: str) -> Any:
    """Return what reads ten pages with urllib3 and json, one after the other."""
    pool = urllib3.connection_from_url(url)

    def read() -> list[Any]:
        found: list[Any] = []
        for offset in range(0, 10_000, 1000):
            target = f'/acme/machines?limit=1000&offset={offset}'
            found += json.loads(pool.urlopen('GET', target).data)
        return found

    return read


def _ten_thousand(rounds: int) -> list[Figure]:
    found = []
    for fast, limits in ((True, (1.1, 1.0)), (False, (1.35, 1.3))):
        with serving(machines=10_000) as url:
            floor, suffix = 'urllib3 and json.loads, page after page', ', fast' if fast else ''
            cases, sdc = Rounds(floor), places.client(url)
            cases.add(floor, seconds(_floor(url)))
            cases.add(f'list 10,000 machines{suffix}', seconds(sdc.machines), limits[0])
            cases.add(
                f'iterate over 10,000 machines{suffix}',
                seconds(partial(_go_through, sdc)),
                limits[1],
            )
            if fast:
                found += cases.figures(rounds)
            else:
                with places.without_extras():
                    found += cases.figures(rounds)
    return found


def _go_through(sdc: DataCenter) -> None:
    deque(sdc.iter_machines(), maxlen=0)


def _late(rounds: int, delay: float, most: float) -> list[Figure]:
    with serving(machines=10_000, delay=delay) as url:
        floor = 'urllib3 and json.loads, page after page'
        cases, sdc = Rounds(floor), places.client(url)
        cases.add(floor, seconds(_floor(url)))
        name = f'list 10,000 machines, {delay * 1000:g} ms a page'
        cases.add(name, seconds(sdc.machines), most)
        return cases.figures(rounds)


def _weight() -> Figure:
    """Weigh machines that are kept against the dicts in them."""
    sdc, rows = places.client('http://localhost'), [json.dumps(answers.machine(0))] * 2000
    weights = []
    for make in (dict, lambda row: Machine(sdc, data=row)):
        gc.collect()
        tracemalloc.start()
        kept = [make(json.loads(row)) for row in rows]
        weights.append(tracemalloc.get_traced_memory()[0] / len(kept))
        tracemalloc.stop()
    return Figure(
        'memory for each machine kept',
        'its raw dict',
        weights[1] / weights[0],
        1.05,
        values=weights[1:],
        floors=weights[:1],
        unit='byte',
    )


def _streamed() -> Figure:
    with serving(machines=10_000) as url:
        grown = float(ran([sys.executable, '-c', _ITERATES, url]).output)
    return Figure('MiB more while 10,000 machines go by', 'none', grown, 25, values=[grown])
