"""How soon waits see what they wait for, and at the cost of how many looks: a simulation.

`python -m tests.waiting_model` prints it. Machines take a random time to become what is waited
for, lognormal with a median of 30 s and nine of ten between 17 and 53 s; a look takes 0.15 s and
shows what was so at its beginning. Nothing waits for real. With `--events` it measures waits that
follow the changefeed of a simulator, in real time, which takes a minute.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import datetime

from smartdc import Machine
from smartdc.pace import LEARNED, Interval
from smartdc.simulator import Simulator
from smartdc.waiting import wait
from tests.clocks import TestClock

MEDIAN = 30.0
SIGMA = math.log(53 / 17) / 2 / 1.645
LOOK = 0.15
WAITS = 2000


@dataclass(frozen=True)
class Figures:
    """What came of many waits: how late they saw it, in seconds, and how often they looked."""

    mean: float
    p95: float
    looks: float

    def __str__(self) -> str:
        return f'{self.mean:10.2f} {self.p95:10.2f} {self.looks:10.1f}'


def figures(
    interval: Interval, *, median: float = MEDIAN, waits: int = WAITS, seed: int = 1
) -> Figures:
    """Return the figures of so many waits, one after the other, that look at this interval."""
    clock = TestClock()
    chance = random.Random(seed)
    late: list[float] = []
    looks = 0
    for _ in range(waits):
        moment = clock.now() + chance.lognormvariate(math.log(median), SIGMA)

        def look(moment: float = moment) -> str:
            nonlocal looks
            looks += 1
            state = 'running' if clock.now() >= moment else 'provisioning'
            clock.time += LOOK
            return state

        wait(
            look,
            'running'.__eq__,
            what='x',
            clock=clock,
            interval=interval,
            timeout=math.inf,
            transition=('x',),
            progress=False,
        )
        late.append(clock.now() - moment)
    p95 = sorted(late)[int(0.95 * waits)]
    return Figures(statistics.mean(late), p95, looks / waits)


def followed(*, events: bool, waits: int = 25, seed: int = 1) -> Figures:
    """Return the figures of so many waits for a stop or a start, in a simulator, in real time."""
    chance = random.Random(seed)
    late: list[float] = []
    with Simulator() as cloud, cloud.datacenter(events=events) as sdc:
        machine = sdc.create_machine(name='web0')
        machine.poll_until('running')
        begun = len(cloud.requests)
        for number in range(waits):
            cloud._cloud.job_time = chance.uniform(0.2, 2.0)  # type: ignore[union-attr]
            verb, state = [('stop', 'stopped'), ('start', 'running')][number % 2]
            getattr(machine, verb)()
            machine.poll_until(state)
            late.append(time.time() - _done(machine))
        # The actions themselves, and the looks into the audit, are no looks of a wait.
        looks = len(cloud.requests) - begun - 2 * waits
    return Figures(statistics.mean(late), sorted(late)[int(0.95 * waits)], looks / waits)


def _done(machine: Machine) -> float:
    """Return when the last thing was done to a machine."""
    return datetime.fromisoformat(machine.audit()[0]['time']).timestamp()


def main() -> None:
    """Print the table."""
    if '--events' in sys.argv:
        print(f'{"":24}{"mean s":>10} {"p95 s":>10} {"requests":>10}')
        for events in (True, False):
            print(f'{"changefeed" if events else "looks alone":24}{followed(events=events)}')
        return
    print(f'{"":24}{"mean s":>10} {"p95 s":>10} {"looks":>10}')
    for name, interval in (('every 2 s', 2.0), ('learned', LEARNED), ('every 5 s', 5.0)):
        print(f'{name:24}{figures(interval)}')
    for median in (5, 10, 20, 60):
        print(f'{f"learned, median {median} s":24}{figures(LEARNED, median=median)}')


if __name__ == '__main__':
    main()
