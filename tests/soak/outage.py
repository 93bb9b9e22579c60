"""Outages, maintenance and wrong clocks: what they cost, and how they end."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from email.utils import formatdate

from smartdc import DataCenter, ServiceUnavailable, SmartDCError
from smartdc.retrying import DEFAULT_RETRY
from smartdc.simulator import RealClock, Simulator, SteppedClock
from tests.proxy import Proxy
from tests.soak.clients import counted, strike, through
from tests.soak.figures import Figure, Soak, at_most, exactly

#: How long a maintenance window may be away, in seconds: three hours.
AWAY = 10_800

#: How far a clock may be off, in seconds: a day.
OFF = 86_400


def failures(calls: int, call: Callable[[], object]) -> int:
    """Return how many of so many calls raise an error of ours."""
    failed = 0
    for _ in range(calls):
        try:
            call()
        except SmartDCError:
            failed += 1
    return failed


def outage(soak: Soak) -> list[Figure]:
    """Let everything fail, then nothing, then everything again."""
    found = []
    with (
        Simulator(job_time=0, clock=SteppedClock()) as cloud,
        Proxy(cloud.url(), seed=soak.seed) as proxy,
    ):
        ways: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            'errors': (lambda: strike(cloud, 1.0, soak.seed), cloud.faults.clear),
            'refused connections': (proxy.down, proxy.up),
        }
        for kind, (begin, end) in ways.items():
            with through(cloud, proxy.url) as sdc:
                found += _one_outage(soak, sdc, kind, begin, end)
            soak.tell(f'an outage of {kind} is over')
    return found


def _one_outage(
    soak: Soak, sdc: DataCenter, kind: str, begin: Callable[[], None], end: Callable[[], None]
) -> list[Figure]:
    calls, budget = soak.times(1000, least=120), DEFAULT_RETRY.budget
    signed = counted(sdc)
    begin()
    failed, attempts = failures(calls, sdc.keys), signed.attempts
    end()
    recovered = failures(budget, sdc.keys)
    begin()
    before = signed.attempts
    failures(calls, sdc.keys)
    end()
    return [
        exactly(f'calls of {calls:,} that fail in an outage of {kind}', calls, failed),
        at_most(f'attempts of {calls:,} calls in an outage of {kind}', calls + budget, attempts),
        exactly(f'calls of {budget} after it that fail', 0, recovered),
        exactly(
            f'retries that the next outage finds after those {budget} calls',
            budget,
            signed.attempts - before - calls,
        ),
    ]


def maintenance(soak: Soak) -> list[Figure]:
    """Meet a maintenance window that ends in three hours, by a stepped and by a real clock."""
    times = soak.times(100, least=10)
    slept, typed, asked = 0.0, 0, 0
    longest = 0.0
    for clock in (SteppedClock(), RealClock()):
        with Simulator(job_time=0, clock=clock) as cloud, cloud.datacenter() as sdc:
            for _ in range(times):
                until = formatdate(clock.now() + AWAY, usegmt=True)
                cloud.faults.clear()
                cloud.faults.add(
                    status=503, code='ServiceUnavailableError', headers={'Retry-After': until}
                )
                began, real = clock.now(), time.perf_counter()
                typed += is_maintenance(sdc)
                if isinstance(clock, SteppedClock):
                    slept += clock.now() - began
                else:
                    longest = max(longest, time.perf_counter() - real)
            asked += len(cloud.requests)
    return [
        exactly('calls in maintenance that say for how long', 2 * times, typed),
        exactly('requests that they make', 2 * times, asked),
        at_most('seconds slept by them', 0, slept),
        at_most('how long the longest of them took', 100, 1000 * longest, ' ms', measured=True),
    ]


def is_maintenance(sdc: DataCenter) -> bool:
    """Say whether a call is told that the server is away for three hours."""
    try:
        sdc.keys()
    except ServiceUnavailable as error:
        return error.retry_after is not None and abs(error.retry_after - AWAY) <= 2
    return False


def clocks(soak: Soak) -> list[Figure]:
    """Be wrong by a day either way, with several clients of one server, going by the real clock."""
    clients, calls = 5, soak.times(100, least=3)
    found = []
    for off in (-OFF, OFF):
        clock = SteppedClock(time.time() + off)
        with Simulator(job_time=0, clock=clock) as cloud:
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter('always')
                for _ in range(clients):
                    with cloud.datacenter(clock=None) as sdc:
                        for _ in range(calls):
                            sdc.keys()
            extra = len(cloud.requests) - clients * calls
        hours = f'{off / 3600:+.0f} h'
        found += [
            at_most(f'extra requests of {clients} clients with a clock off by {hours}', 1, extra),
            at_most('warnings of it', 1, len(warned)),
        ]
    return found
