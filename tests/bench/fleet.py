"""Many machines at once: how much sooner it is over, also where a server throttles."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import requests

from smartdc import Cloud, Fleet, Machine
from smartdc.simulator import Simulator, SteppedClock
from tests.bench import places
from tests.bench.harness import Figure, Rounds, ran, seconds
from tests.bench.server import serving

#: How many machines are stopped, and how long the server takes for each, in seconds.
COUNT, LATENCY = 200, 0.02

#: How long that takes by CloudAPI's throttle at best: thirty at once, then ten a second.
THROTTLED = (COUNT - 30) / 10

ID = 'b1e3f1c0-9999-4aaa-8bbb-{:012x}'


def figures(rounds: int) -> list[Figure]:
    """Stop machines over TLS with 16 and 32 workers, under the throttle, and wait for many."""
    return [*_stops(rounds), *_throttled(), _everywhere(), _looks(), *_listing()]


def _stops(rounds: int) -> list[Figure]:
    floor = 'one after the other on one requests.Session, unsigned'
    with serving(delay=LATENCY, tls=places.folder()) as url, requests.Session() as session:
        session.verify = places.bundle()

        def one_by_one() -> None:
            for number in range(COUNT):
                session.post(f'{url}/acme/machines/{ID.format(number)}?action=stop').content  # noqa: B018

        cases = Rounds(floor)
        cases.add(floor, seconds(one_by_one))
        for workers, most in {16: 1 / 12, 32: 1 / 18}.items():
            cases.add(f'{COUNT} stops, {workers} workers', _stop(url, workers), most)
        return cases.figures(rounds)


def _stop(url: str, workers: int) -> Callable[[], float]:
    def stop() -> float:
        # A client that has just found the machines: it has one connection, and makes the others.
        with places.client(url, signed_headers=('date',)) as sdc:
            sdc.machine(ID.format(0))
            fleet = Fleet(Machine(sdc, data={'id': ID.format(n)}) for n in range(COUNT))
            began = time.perf_counter()
            fleet.stop(workers=workers, pace=None)
            return time.perf_counter() - began

    return stop


def _throttled() -> list[Figure]:
    """Stop as many by CloudAPI's throttle, in real time."""
    machines = [{'name': f'web{number}'} for number in range(COUNT)]
    with Simulator({'machines': machines, 'throttle': 10}, job_time=60) as cloud:
        with cloud.datacenter() as sdc:
            fleet = Fleet(sdc.machines())
            cloud.clock.sleep(3)  # until the burst is saved up again
            before, began = len(cloud.requests), time.perf_counter()
            result = fleet.stop(errors='return')
            took = time.perf_counter() - began
        asked = cloud.requests[before:]
    refused = sum(each.status == 429 for each in asked)
    floor = f'{THROTTLED:g} s, the best that there can be'
    return [
        Figure(f'{COUNT} stops, throttled', floor, took / THROTTLED, 1.1, values=[took]),
        Figure('... of which failed', '0', float(len(result.failed)), 0.0, unit=''),
        Figure('... refusals for each request', '1', refused / len(asked), 0.03, unit=''),
    ]


def _everywhere() -> Figure:
    """Stop a hundred machines in each of three throttled data centers, in real time."""
    machines = [{'name': f'web{number}'} for number in range(100)]
    world = {'machines': machines, 'throttle': 10, 'datacenters': ['a', 'b', 'c']}
    with Simulator(world, job_time=60) as cloud, cloud.datacenter() as sdc:
        fleet = sdc.cloud().fleet()
        cloud.clock.sleep(3)
        began = time.perf_counter()
        fleet.stop()
        took = time.perf_counter() - began
    floor = '7 s, the best that one of them can be'
    return Figure('100 stops in each of 3 data centers, throttled', floor, took / 7, 1.1)


def _listing() -> list[Figure]:
    """List a hundred thousand machines of thirty data centers, in a process of its own."""
    with serving(machines=3334) as url:
        done = ran([sys.executable, '-m', 'tests.bench.fleet', url])
    what = 'list 100,000 machines in 30 data centers'
    return [
        Figure(f'{what}: processor', '1 s', float(done.output), unit='second'),
        Figure(f'{what}: memory', '1 MiB', done.mebibytes, unit='MiB'),
    ]


def _list(url: str) -> None:
    """Print how long the processor takes to list the machines of thirty data centers."""
    cloud = Cloud({f'dc{number}': places.client(url) for number in range(30)})
    began = time.process_time()
    found = cloud.machines()
    print(time.process_time() - began)
    assert sum(map(len, found.values())) == 30 * 3334


def _looks() -> Figure:
    """Wait for 500 machines, and count the requests of each look."""
    machines = [{'name': f'web{number}'} for number in range(500)]
    clock = SteppedClock()
    with (
        Simulator({'machines': machines}, job_time=10, clock=clock) as cloud,
        cloud.datacenter() as sdc,
    ):
        fleet = sdc.fleet()
        fleet.stop(pace=None)
        before, began = len(cloud.requests), clock.now()
        fleet.poll_until('stopped', 2)
        looks = (clock.now() - began) / 2 + 1
        asked = len(cloud.requests) - before
    return Figure('requests a look at 500 machines', '1', asked / looks, 1.0, unit='')


if __name__ == '__main__':
    _list(sys.argv[1])
