"""Very many machines, and very many scripts, in a model: the figures of docs/scale.rst.

    python docs/examples/scale_model.py

The scripts of the model take their turns by the library's own `Pacer`, or retry by its own `Retry`;
what is modelled is the server's throttle, the network, and time.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass, field

from smartdc import Pace, Retry
from smartdc.pacing import Pacer
from smartdc.paging import PAGE
from smartdc.retrying import Budget

#: What CloudAPI allows an account: so many at once, and then so many a second.
BURST, RATE = 30, 10.0

#: How long a request is on its way to the server, and its answer back, in seconds.
THERE, BACK = 0.05, 0.05


@dataclass
class Throttle:
    """The server's bucket of tokens."""

    tokens: float = BURST
    at: float = 0.0
    refused: int = 0

    def takes(self, now: float) -> bool:
        """Say whether a request that arrives now is taken."""
        self.tokens = min(BURST, self.tokens + (now - self.at) * RATE)
        self.at = now
        if self.tokens < 1:
            self.refused += 1
            return False
        self.tokens -= 1
        return True


@dataclass
class Script:
    """One of the scripts that share an account: how many requests it has to make, and has made."""

    left: int
    workers: int
    chance: random.Random
    paced: bool
    pacer: Pacer = field(init=False)
    budget: Budget = field(default_factory=lambda: Budget(Retry().budget))
    line: deque[int] = field(default_factory=deque[int])
    is_asking: bool = False
    done: int = 0
    failed: int = 0
    ended: float = 0.0

    def __post_init__(self) -> None:
        self.pacer = Pacer(Pace(), self.chance.random)

    def begin(self) -> bool:
        """Take the next request, if there is one left: a worker's first attempt at it."""
        if not self.left:
            return False
        self.left -= 1
        self.line.append(1)
        return True


class Model:
    """Scripts that share one account's throttle, from the first request to the last answer."""

    def __init__(self, scripts: int, tasks: int, *, paced: bool, workers: int = 16) -> None:
        self.chance = random.Random(scripts)
        self.throttle = Throttle()
        self.scripts = [Script(tasks, workers, self.chance, paced) for _ in range(scripts)]
        self.events: list[tuple[float, int, str, Script, int]] = []
        self.count = 0

    def run(self) -> Model:
        """Let all that happens happen."""
        for script in self.scripts:
            for _ in range(script.workers):
                script.begin()
            self.later(self.chance.random(), 'send', script)
        while self.events:
            now, _, what, script, attempt = heapq.heappop(self.events)
            getattr(self, what)(now, script, attempt)
        return self

    def later(self, when: float, what: str, script: Script, attempt: int = 0) -> None:
        """Let something happen at a time."""
        self.count += 1
        heapq.heappush(self.events, (when, self.count, what, script, attempt))

    def send(self, now: float, script: Script, _: int = 0) -> None:
        """Send what waits, as far as it is its turn."""
        script.is_asking = False
        while script.line:
            pause = script.pacer.pause(now) if script.paced else 0.0
            if pause:
                if pause < math.inf:
                    script.is_asking = True
                    self.later(now + pause, 'send', script)
                return
            slower = 1 + self.chance.random()
            self.later(now + THERE * slower, 'arrive', script, script.line.popleft())

    def arrive(self, now: float, script: Script, attempt: int) -> None:
        """Let the server take a request, or refuse it."""
        what = 'taken' if self.throttle.takes(now) else 'refused'
        self.later(now + BACK, what, script, attempt)

    def taken(self, now: float, script: Script, attempt: int) -> None:
        """Go on with the next one."""
        script.pacer.answered(now)
        script.budget.give_back(max(1, attempt - 1))
        script.done += 1
        self.ended(now, script)

    def refused(self, now: float, script: Script, attempt: int) -> None:
        """Wait for another turn; without turns try again by chance, as often as a call does."""
        if script.paced:
            script.pacer.refused(now)
            script.line.append(attempt)
            self.go_on(now, script)
        elif attempt < Retry().attempts and script.budget.take():
            pause = Retry().pause(attempt, self.chance.random)
            self.later(now + pause, 'again', script, attempt + 1)
        else:
            script.failed += 1
            self.ended(now, script)

    def again(self, now: float, script: Script, attempt: int) -> None:
        """Make another attempt."""
        script.line.append(attempt)
        self.send(now, script)

    def ended(self, now: float, script: Script) -> None:
        """Note that a worker is done with a request, and give it the next."""
        script.ended = now
        script.begin()
        self.go_on(now, script)

    def go_on(self, now: float, script: Script) -> None:
        """Send what waits, unless somebody waits for the turn already."""
        if script.line and not script.is_asking:
            self.send(now, script)


def least(requests: int) -> float:
    """Return how many seconds so many requests take an account at best."""
    return max(0.0, (requests - BURST) / RATE)


def shared(scripts: int, tasks: int, *, paced: bool) -> str:
    """Return how scripts fare that share one account, as a line."""
    model = Model(scripts, tasks, paced=paced).run()
    total, failed = scripts * tasks, sum(each.failed for each in model.scripts)
    ends = sorted(each.ended for each in model.scripts)
    return (
        f'{scripts:>7,} x {tasks:<3}  {"turns" if paced else "retries":<8}'
        f'{failed / total:>7.1%}{least(total - failed):>9,.0f}{ends[-1]:>9,.0f}'
        f'{ends[len(ends) // 2]:>9,.0f}{model.throttle.refused / ends[-1]:>11.1f}'
    )


def outage(seconds: float, interval: float) -> int:
    """Return how many requests a wait makes in vain while nothing but errors comes back."""
    # The retries of the first looks use the budget up; what is left is one request a look.
    return round(seconds / interval) + Retry().budget


def everywhere(machines: int, datacenters: int) -> list[str]:
    """Return what it takes to list, to change and to wait for machines, as lines."""
    here = math.ceil(machines / datacenters)
    pages = math.ceil(here / PAGE)
    return [
        f'{machines:,} machines in {datacenters} data centers, {here:,} in each',
        f'requests to list them: {pages} in each data center, {pages * datacenters} in all',
        f'to change each of them: {least(here):,.0f} s, in all data centers at once',
        f'a look at all of them, every 2 s: {pages / 2:g} of {RATE:g} requests a second',
    ]


if __name__ == '__main__':
    print('\n'.join(everywhere(100_000, 30)), end='\n\n')
    print('scripts x requests         failed  at best      all   median  refused/s')
    for scripts, tasks in ((1, 200), (10, 200), (100, 50), (1000, 10)):
        for paced in (False, True):
            print(shared(scripts, tasks, paced=paced))
    print()
    for interval in (2, 30):
        alone = outage(3600, interval)
        print(
            f'an hour of errors, a look every {interval} s: {alone:,} requests by one wait,',
            end=' ',
        )
        print(f'{alone * 1000 / 3600:,.0f} a second by a thousand')
