"""Interleaved rounds: each case beside its floor in the same run, the ratio being the figure."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench import launch as launcher

#: The fewest rounds that a figure may come from.
ROUNDS = 13


@dataclass(frozen=True)
class Figure:
    """What was measured: how many times its floor it takes, and how many it may take at most.

    With `least` the figure is to be at least so much. `values` are those of the rounds, in the
    unit that is named; a figure without a floor is its own.
    """

    what: str
    floor: str
    ratio: float
    most: float | None = None
    least: float | None = None
    values: Sequence[float] = ()
    floors: Sequence[float] = ()
    unit: str = 'second'

    @property
    def is_kept(self) -> bool:
        """Whether it is as good as it is to be."""
        too_much = self.most is not None and self.ratio > self.most
        too_little = self.least is not None and self.ratio < self.least
        return not too_much and not too_little


@dataclass
class Rounds:
    """Cases that are measured in turn, so that what disturbs one disturbs all."""

    floor: str
    cases: dict[str, Callable[[], float]] = field(default_factory=dict)
    limits: dict[str, tuple[str, float | None]] = field(default_factory=dict)

    def add(
        self,
        name: str,
        measure: Callable[[], float],
        most: float | None = None,
        floor: str | None = None,
    ) -> None:
        """Add a case: what gives its seconds, and how many times its floor it may take."""
        self.cases[name] = measure
        if name != self.floor:
            self.limits[name] = floor or self.floor, most

    def figures(self, rounds: int) -> list[Figure]:
        """Measure all cases so many times; the ratio is the median of the rounds' ratios."""
        seen: dict[str, list[float]] = {name: [] for name in self.cases}
        for measure in self.cases.values():
            measure()
        for _ in range(rounds):
            for name, measure in self.cases.items():
                seen[name].append(measure())
        return [
            Figure(
                name,
                floor,
                statistics.median(a / b for a, b in zip(seen[name], seen[floor], strict=True)),
                most,
                values=seen[name],
                floors=seen[floor],
            )
            for name, (floor, most) in self.limits.items()
        ]


def seconds(run: Callable[[], object], number: int = 1) -> Callable[[], float]:
    """Return what measures the seconds that a call takes, on average over so many."""

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(number):
            run()
        return (time.perf_counter() - began) / number

    return measure


@dataclass(frozen=True)
class Ran:
    """A process that has ended: its seconds, its greatest memory in MiB, and what it printed."""

    seconds: float
    mebibytes: float
    output: str


def ran(command: Sequence[str], env: Mapping[str, str] | None = None) -> Ran:
    """Run a command to its end; it must succeed."""
    with tempfile.NamedTemporaryFile('r') as notes:
        launch = [sys.executable, '-I', '-S', launcher.__file__, notes.name, *command]
        output = subprocess.run(
            launch, stdout=subprocess.PIPE, env=env, text=True, check=True
        ).stdout
        seconds, kibibytes, status = notes.read().split()
    if status != '0':
        raise RuntimeError(f'{command[0]} ended with status {status}')
    return Ran(float(seconds), int(kibibytes) / 1024, output)
