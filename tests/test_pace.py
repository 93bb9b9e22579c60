"""When a wait looks again: as told, or by what waits have shown."""

from __future__ import annotations

import itertools
import random

import pytest

import smartdc
from smartdc.pace import LEARNED, Interval
from smartdc.simulator import Simulator
from smartdc.simulator.clock import SteppedClock
from smartdc.waiting import wait
from tests.clocks import TestClock
from tests.conftest import START
from tests.waiting_model import figures


def looks(
    clock: TestClock,
    seconds: float,
    *,
    interval: Interval = LEARNED,
    transition: tuple[str, ...] = ('x',),
    first: str = 'down',
    timeout: float = 600,
) -> list[float]:
    """Wait for what takes so many seconds, and return at which seconds it was looked at."""
    began = clock.now()
    seen: list[float] = []

    def look() -> str:
        seen.append(clock.now() - began)
        return 'up' if seen[-1] >= seconds else first

    wait(
        look,
        'up'.__eq__,
        what='x',
        clock=clock,
        interval=interval,
        timeout=timeout,
        transition=transition,
    )
    return seen


def test_at_first_looks_are_two_seconds_apart() -> None:
    """What nothing is known of is looked at as ever."""
    assert [float(second) for second in range(0, 42, 2)] == looks(TestClock(), 40)


def test_looks_that_are_too_early_are_left_out_once_it_is_known() -> None:
    """One look soon, in case it is short this time, and the rest from near the typical time on."""
    clock = TestClock()
    looks(clock, 60)
    second = looks(clock, 60)
    for _ in range(20):
        looks(clock, 60)
    known = looks(clock, 60)

    assert [0, 2] == second[:2] == known[:2]
    assert 0.4 * 60 <= second[2] <= 0.5 * 60
    assert 0.5 * 60 <= known[2] <= 0.62 * 60
    assert {2} == {round(b - a, 6) for a, b in itertools.pairwise(known[2:])}
    assert known[-1] < 62


def test_an_interval_that_is_given_is_obeyed() -> None:
    """Also one of two seconds, and a function."""
    clock = TestClock()
    looks(clock, 60)

    assert [float(second) for second in range(0, 62, 2)] == looks(clock, 60, interval=2)
    assert [0, 30, 60] == looks(clock, 60, interval=30)
    assert [0, 10, 30, 60] == looks(clock, 60, interval=lambda count: 10.0 * count)
    assert float(LEARNED) == 2


@pytest.mark.parametrize(
    'other', [{'transition': ('y',)}, {'first': 'stopping'}, {'interval': 2}], ids=str
)
def test_each_transition_is_known_by_itself(other: dict[str, object]) -> None:
    """Another kind of thing, goal or beginning, and another clock's waits, tell nothing of it."""
    clock = TestClock()
    looks(clock, 60)
    every = [float(second) for second in range(0, 62, 2)]

    assert every == looks(clock, 60, **other)  # type: ignore[arg-type]
    assert every == looks(TestClock(), 60)


def test_what_is_short_is_seen_as_soon_as_ever() -> None:
    """For what takes up to ten seconds nothing is learned that makes a look come later."""
    clock = TestClock()
    chance = random.Random(3)
    for _ in range(300):
        seconds = chance.uniform(0, 10)

        assert seconds <= looks(clock, seconds)[-1] < seconds + 2


def test_what_became_faster_is_learned_soon() -> None:
    """After a hundred long waits, ten short ones are enough."""
    clock = TestClock()
    for _ in range(100):
        looks(clock, 30)
    late = [looks(clock, 8)[-1] - 8 for _ in range(12)]

    assert max(late) < 0.62 * 30 - 8 + 0.1
    assert [0] == late[-1:]


def test_one_wait_that_took_very_long_changes_little() -> None:
    """The next ones still begin to look before the typical time."""
    clock = TestClock()
    for _ in range(50):
        looks(clock, 30)
    looks(clock, 500)

    assert looks(clock, 30)[-1] < 36


def test_only_waits_that_end_well_teach() -> None:
    """Neither those that end with their time, nor what was so at once, nor what a fault hid."""
    clock = TestClock()
    with pytest.raises(smartdc.WaitTimeout):
        looks(clock, 100, timeout=60)
    looks(clock, 0)
    answers: list[str | Exception] = ['down', smartdc.ServiceUnavailable(503, retry_after=90)]

    def look() -> str:
        answer = answers.pop(0) if answers else 'up'
        if isinstance(answer, Exception):
            raise answer
        return answer

    wait(look, 'up'.__eq__, what='x', clock=clock, transition=('x',))

    assert [float(second) for second in range(0, 62, 2)] == looks(clock, 60)


def test_the_last_look_is_still_at_the_end() -> None:
    """What is known to take longer than there is time for is looked at, at the end."""
    clock = TestClock()
    looks(clock, 100)
    began = clock.now()
    with pytest.raises(smartdc.WaitTimeout):
        looks(clock, 100, timeout=20)

    assert began + 20 == clock.now()


def test_the_figures_hold() -> None:
    """Over two thousand waits of half a minute: 1.5 s late at most on average, with ten looks."""
    found = figures(LEARNED)

    assert found.mean <= 1.5
    assert found.looks <= 10
    assert figures(2.0).looks > 15


def test_machines_are_waited_for_with_fewer_requests() -> None:
    """The second machine that is made costs fewer looks, and one interval at most."""
    with Simulator(job_time=30, clock=SteppedClock(START)) as cloud, cloud.datacenter() as sdc:
        asked: list[int] = []
        late: list[float] = []
        for name in ('web0', 'web1', 'web2'):
            machine = sdc.create_machine(name=name)
            before, began = len(cloud.requests), cloud.clock.now()
            machine.poll_until('running')
            asked.append(len(cloud.requests) - before)
            late.append(cloud.clock.now() - began - 30)

        assert 16 == asked[0]
        assert max(asked[1:]) <= 12
        assert max(late) <= 2
