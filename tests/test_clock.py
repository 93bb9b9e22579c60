"""Clocks that are handed in, and what is known by each."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from smartdc.clock import PerClock
from smartdc.pacing import paced
from smartdc.simulator import Simulator


@dataclass
class Stopped:
    """A clock that does not go: two of them are equal, and cannot be hashed."""

    seconds: float

    def now(self) -> float:
        """Return always the same time."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let no time pass."""


class Bare:
    """One that nothing can refer to weakly."""

    __slots__ = ('seconds',)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def now(self) -> float:
        """Return always the same time."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let no time pass."""


@pytest.mark.parametrize('make', [Stopped, Bare])
def test_any_clock_will_do(cloud: Simulator, make: Callable[[float], Any]) -> None:
    """A clock tells the time and lets it pass, and need be nothing else."""
    with cloud.datacenter(clock=make(cloud.clock.now())) as sdc, paced():
        machine = sdc.create_machine('web0')
        machine.poll_until('provisioning')


def test_what_is_known_by_a_clock_is_gone_with_it() -> None:
    """And another one, equal or not, knows nothing of it."""
    known: PerClock[list[int]] = PerClock(list)
    clock, other = Stopped(1.0), Stopped(1.0)
    known.of(clock).append(1)
    assert ([1], []) == (known.of(clock), known.of(other))
    del clock
    gc.collect()
    assert 1 == len(known._all)
