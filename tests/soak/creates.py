"""Nothing is made twice, and nothing is left behind unreported, whatever is lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from smartdc import DataCenter, SmartDCError
from smartdc.simulator import Simulator, SteppedClock
from tests.proxy import Latency, LimitData, Proxy, ResetPeer
from tests.soak.clients import Answers, counted, strike, through
from tests.soak.figures import Figure, Soak, at_most, exactly
from tests.soak.kinds import KINDS, Kind

#: How long the client waits for an answer, and how long the slow ones take, in seconds; with less
#: patience a busy computer is late where no fault was meant.
PATIENCE = 1.0
SLOW = 1.3

#: What the server does to an answer; half of it when the work is done.
STRIKES: tuple[dict[str, Any], ...] = (
    {'outcome': 'drop'},
    {'outcome': 'drop', 'after': True},
    {'outcome': 'cut'},
    {'status': 500},
    {'status': 500, 'after': True},
    {'status': 503, 'code': 'ServiceUnavailableError'},
)

#: How likely the server strikes, and is slow; the proxy adds to it.
STRUCK = 0.155
SLOWED = 0.004


def creates(kind: str) -> Callable[[Soak], list[Figure]]:
    """Return the check that makes many things of a kind."""
    return lambda soak: _check(soak, kind, KINDS[kind])


def _check(soak: Soak, name: str, kind: Kind) -> list[Figure]:
    count = soak.times(kind.full, least=40)
    clock = SteppedClock(per_look=0.05)
    with (
        Simulator({'volumes': True}, job_time=0, clock=clock) as cloud,
        Proxy(cloud.url(), seed=soak.seed) as proxy,
        cloud.datacenter() as clean,
        through(cloud, proxy.url, timeout=(5.0, PATIENCE)) as sdc,
    ):
        given = kind.ready(clean, count)
        before = set(kind.everything(clean, given))
        _spoil(cloud, proxy, soak.seed)
        calls = Calls(sdc)
        calls.make(soak.through(f'{name} made', range(count)), kind, given)
        cloud.faults.clear()
        proxy.clear()
        there = set(kind.everything(clean, given)) - before
    return _figures(name, count, kind, calls, there)


def _spoil(cloud: Simulator, proxy: Proxy, seed: int) -> None:
    """Let the server and the way to it fail."""
    strike(cloud, STRUCK, seed, STRIKES)
    cloud.faults.add('*', probability=SLOWED, after=True, delay=SLOW)
    proxy.add(ResetPeer(toxicity=0.1))
    proxy.add(ResetPeer(stream='upstream', toxicity=0.05))
    proxy.add(LimitData(limit=5000, toxicity=0.2))
    # Such a request comes to the server when the client has given it up already.
    proxy.add(Latency(stream='upstream', latency=SLOW, toxicity=0.01))


class Calls:
    """What calls came to that make things: ids by number, and which errors said `maybe`."""

    def __init__(self, sdc: DataCenter) -> None:
        self._sdc = sdc
        self.made: dict[int, str] = {}
        self.reported: set[int] = set()
        self.raised = 0
        self.spoilt = 0.0

    def make(self, numbers: Iterable[int], kind: Kind, given: Any) -> None:
        """Make the thing of each number."""
        signed = counted(self._sdc)
        with Answers() as answers:
            for number in numbers:
                try:
                    self.made[number] = kind.make(self._sdc, given, number)
                except SmartDCError as error:
                    self.raised += 1
                    if error.maybe_done:
                        self.reported.add(number)
        self.spoilt = 1 - answers.good / signed.attempts


def _figures(
    name: str, count: int, kind: Kind, calls: Calls, there: set[tuple[str, int]]
) -> list[Figure]:
    numbers = Counter(number for _, number in there)
    twice = sum(each - 1 for each in numbers.values())
    told = calls.made.keys() | calls.reported
    real = sum((identifier, number) in there for number, identifier in calls.made.items())
    return [
        exactly(f'{name} there of those that calls returned', len(calls.made), real),
        exactly(f'{name} there twice', 0, twice),
        exactly(f'{name} there that no call returned or reported', 0, len(numbers.keys() - told)),
        at_most(
            f'calls of {count:,} that raised, through {calls.spoilt:.1%} of attempts lost, slow '
            'or reset',
            max(1, round(count * kind.raised)),
            calls.raised,
        ),
    ]
