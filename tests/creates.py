"""Creates many things through many faults, and counts what comes of it.

    python -m tests.creates ['a firewall rule' ...] [--number 10000] [--seed 1] [--batch 150]

A fifth of the answers to creates is reset, cut or slow, or an error of the server, whether the work
was done or not. Each batch begins with an empty data center. Of each kind of thing the command
prints how many calls returned and how many reported in their error that it may be there, how many
there are, how many calls returned the same (duplicates), and how many there are beyond what was
returned or reported (orphans).
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from smartdc import SmartDCError
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from smartdc.simulator.clock import SteppedClock
from smartdc.simulator.faults import Fault
from tests.conftest import START
from tests.kinds import KINDS, WORLD, prepare

#: For how many seconds an answer is waited for, and how long a slow one takes.
PATIENCE = 1.0
SLOW = 1.3

#: How many of a hundred creates are struck by each fault.
FAULTS: dict[str, tuple[int, dict[str, Any]]] = {
    'reset before': (6, {'outcome': 'drop'}),
    'reset after': (6, {'outcome': 'drop', 'after': True}),
    'cut': (3, {'outcome': 'cut'}),
    '500 after': (2, {'status': 500, 'after': True}),
    '503 after': (2, {'status': 503, 'code': 'ServiceUnavailableError', 'after': True}),
    'slow': (1, {'delay': SLOW}),
}


@dataclass
class Count:
    """What came of the creates of a kind."""

    returned: int = 0
    reported: int = 0
    there: int = 0
    duplicates: int = 0
    orphans: int = 0
    sent: int = 0
    struck: Counter[str] = field(default_factory=Counter)

    @property
    def is_good(self) -> bool:
        """Whether nothing was made twice, and all there is was returned or reported."""
        return not self.duplicates and not self.orphans and self.there >= self.returned

    def __str__(self) -> str:
        struck = sum(self.struck.values())
        return (
            f'returned {self.returned}, reported {self.reported}, on the server {self.there}, '
            f'duplicates {self.duplicates}, unreported orphans {self.orphans}; '
            f'of {self.sent} creates {struck} were struck ({struck / (self.sent or 1):.1%}): '
            + ', '.join(f'{name} {number}' for name, number in sorted(self.struck.items()))
        )


class Storm:
    """The faults that strike one create after the other, by a seed."""

    def __init__(self, cloud: Simulator, operation: str, seed: int) -> None:
        self._cloud, self._operation = cloud, operation
        self._random = random.Random(seed)
        self._weights = [weight for weight, _ in FAULTS.values()]

    def brew(self) -> list[tuple[str, Fault]]:
        """Let a fifth of the next attempts be struck, and return by what."""
        self._cloud.faults.clear()
        struck = []
        while self._random.random() * 100 < sum(self._weights):
            name = self._random.choices([*FAULTS], self._weights)[0]
            rule = self._cloud.faults.add(self._operation, count=1, **FAULTS[name][1])
            struck.append((name, rule))
        return struck


def count(kind: str, number: int, seed: int = 1, batch: int = 150) -> Count:
    """Create so many things of a kind, and count."""
    found = Count()
    with Simulator(WORLD, job_time=0, clock=SteppedClock(START)) as cloud:
        storm = Storm(cloud, KINDS[kind][0], seed)
        for begun in range(0, number, batch):
            cloud.reset()
            _run(cloud, kind, min(batch, number - begun), storm, found)
    return found


def _run(cloud: Simulator, kind: str, number: int, storm: Storm, found: Count) -> None:
    operation, make, everything = KINDS[kind]
    persistent = Retry(attempts=12, base=0)
    made, reported = [], 0
    with cloud.datacenter() as calm, cloud.datacenter(retries=persistent, timeout=PATIENCE) as sdc:
        prepare(calm)
        begun = len(cloud.requests)
        for each in range(number):
            faults = storm.brew()
            try:
                made.append(str(make(sdc, each)))
            except SmartDCError as error:
                reported += error.maybe_done
            found.struck.update(name for name, rule in faults if rule.count == 0)
        found.sent += sum(each.operation == operation for each in cloud.requests[begun:])
        cloud.faults.clear()
        there = len(everything(calm))
    found.returned += len(made)
    found.reported += reported
    found.there += there
    found.duplicates += len(made) - len({*made})
    found.orphans += max(0, there - len({*made}) - reported)


def main(arguments: Sequence[str] | None = None) -> int:
    """Create as the arguments say; the exit status is 1 when something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0] if __doc__ else '')
    parser.add_argument('kinds', nargs='*', help=f'of what: {", ".join(KINDS)} (all)')
    parser.add_argument('--number', type=int, default=10_000, help='how many of each (10000)')
    parser.add_argument('--seed', type=int, default=1, help='the seed (1)')
    parser.add_argument('--batch', type=int, default=150, help='how many in a data center (150)')
    options = parser.parse_args(arguments)
    is_good = True
    for kind in options.kinds or KINDS:
        found = count(kind, options.number, options.seed, options.batch)
        print(f'{kind}: {found}', flush=True)
        is_good = is_good and found.is_good
    return 0 if is_good else 1


if __name__ == '__main__':
    sys.exit(main())
