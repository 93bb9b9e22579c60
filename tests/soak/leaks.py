"""Nothing grows, however many calls there are, and threads do not get in each other's way."""

from __future__ import annotations

import gc
import os
import resource
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from smartdc import DataCenter, ResourceNotFound, SmartDCError
from smartdc.retrying import Retry
from smartdc.simulator import Simulator, SteppedClock
from tests.proxy import Proxy
from tests.servers import json_reply
from tests.soak.clients import client, through
from tests.soak.figures import Figure, Soak, at_most, exactly
from tests.soak.served import served
from tests.soak.wire import Act, Wire, close, reset, send

MIB = 2**20

#: What a broken server does in turn.
BROKEN: tuple[Act, ...] = (
    close,
    reset(),
    send(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n['),
    send(json_reply(200, b'[1, ')),
    send(json_reply(503, b'{"code": "ServiceUnavailable"}')),
    send(json_reply(200, b'[]')),
)


def resident() -> int:
    """Return how many bytes of memory this process has; where that is not told, its most."""
    statm = Path('/proc/self/statm')
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def files() -> int:
    """Return how many files are open."""
    gc.collect()
    return len(os.listdir('/dev/fd'))  # noqa: PTH208 - a bare count


def settled(count: Callable[[], int], limit: int) -> int:
    """Return a count when it is no more than the limit, or has had two seconds to become so.

    What the client has let go takes a moment to be closed on the other side, which is here as well.
    """
    for _ in range(200):
        if count() <= limit:
            break
        threading.Event().wait(0.01)
    return count()


class Calls:
    """The calls of the check for leaks: good ones, refused ones, and ones to a broken server."""

    def __init__(self, url: str, key: Path, wire: Wire) -> None:
        self._url, self._key, self._wire = url, key, wire
        self._sdc = client(url, key)
        self._made = 0

    def close(self) -> None:
        """Close what is open."""
        self._sdc.close()

    def make(self, count: int) -> None:
        """Make so many calls; now and then a new client."""
        for _ in range(count):
            self._made += 1
            if self._made % 500 == 0:
                self.close()
                self._sdc = client(self._url, self._key)
            if self._made % 10 == 0:
                self._to_broken()
            elif self._made % 7 == 0:
                self._refused()
            else:
                self._sdc.keys()

    def _to_broken(self) -> None:
        self._wire.otherwise = BROKEN[self._made // 10 % len(BROKEN)]
        with client(self._wire.url, self._key, retries=Retry(attempts=2, base=0)) as sdc:
            try:
                sdc.keys()
            except SmartDCError:
                return

    def _refused(self) -> None:
        try:
            self._sdc.machine('00000000-0000-4000-8000-000000000000')
        except ResourceNotFound:
            return


def leaks(soak: Soak) -> list[Figure]:
    """Make calls, and see what is held more than before."""
    count = soak.times(20_000, least=200)
    with served() as (url, key), Wire() as wire:
        calls = Calls(url, key, wire)
        calls.make(max(100, count // 10))
        calls.close()
        opened, running, memory = files(), threading.active_count(), resident()
        for part in soak.through('calls that should leave nothing behind', [count // 10] * 10):
            calls.make(part)
        grown = (resident() - memory) / MIB
        calls.close()
        more = settled(files, opened) - opened
        left = settled(threading.active_count, running) - running
    return [
        at_most(f'files that {count:,} calls leave open', 0, more),
        at_most(f'threads that {count:,} calls leave behind', 0, left),
        at_most(f'memory that {count:,} calls leave in use', 5, grown, ' MiB', measured=True),
    ]


#: How many threads share one client, and how many connections that has.
THREADS = 32
POOL = 10


def threads(soak: Soak) -> list[Figure]:
    """Let threads share one client, and then a child of this process."""
    each = soak.times(500, least=10)
    with (
        Simulator(job_time=0, clock=SteppedClock()) as cloud,
        Proxy(cloud.url()) as proxy,
        through(cloud, proxy.url) as sdc,
    ):
        image, package = sdc.images()[0]['id'], sdc.packages()[0]['id']
        ids = [
            sdc.create_machine(
                f'm{number}', package, image=image, networks=[], tags={'number': number}
            ).id
            for number in range(THREADS)
        ]
        begin = threading.Barrier(THREADS)

        def work(number: int) -> tuple[int, int]:
            begin.wait()
            return errors(each, lambda call: mixed_up(sdc, ids[number], number, call))

        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(work, range(THREADS)))
        soak.tell(f'{THREADS} threads are done')
        most, kept = proxy.most, settled(lambda: proxy.open, POOL)
        forked = _forked(sdc, proxy, ids[0])
    calls = f'{THREADS} threads x {each:,} calls of one client'
    return [
        exactly(f'errors of {calls}', 0, sum(failed for failed, _ in found)),
        exactly(f'answers that came to the wrong one of {calls}', 0, sum(w for _, w in found)),
        at_most(f'connections open at once in {calls}', POOL, most),
        at_most(f'connections kept after {calls}', POOL, kept),
        *forked,
    ]


def errors(count: int, call: Callable[[int], bool]) -> tuple[int, int]:
    """Return how many calls fail, and how many get the wrong answer."""
    failed = wrong = 0
    for number in range(count):
        try:
            wrong += call(number)
        except SmartDCError:
            failed += 1
    return failed, wrong


def mixed_up(sdc: DataCenter, machine_id: str, number: int, call: int) -> bool:
    """Make a call of one thread; say whether its answer is another's."""
    if call % 5 == 0:
        try:
            sdc.key(f'nothing{number}-{call}')
        except ResourceNotFound as error:
            return not error.url.endswith(f'/keys/nothing{number}-{call}')
        return True
    if call % 5 == 1:
        return [machine_id] != [each.id for each in sdc.machines(tags={'number': number})]
    machine = sdc.machine(machine_id)
    return (machine.id, machine.tags) != (machine_id, {'number': number})


def _forked(sdc: DataCenter, proxy: Proxy, machine_id: str) -> list[Figure]:
    """Fork while connections are open, and use the client on both sides."""
    before = proxy.accepted
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)  # there are threads, and it is meant
        child = os.fork()
    if child == 0:
        result = errors(20, lambda call: mixed_up(sdc, machine_id, 0, call))
        os._exit(0 if result == (0, 0) else 1)
    own = errors(20, lambda call: mixed_up(sdc, machine_id, 0, call))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return [
        exactly('calls after a fork that went wrong in the parent', 0, sum(own)),
        exactly('status of the forked child, which makes the same calls', 0, status),
        exactly('connections that the child opened of its own', 1, proxy.accepted - before),
    ]
