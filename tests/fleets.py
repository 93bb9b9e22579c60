"""What the tests of many machines share: clouds with many machines in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from smartdc import DataCenter, Fleet
from smartdc.simulator import Simulator, SteppedClock
from tests.conftest import START


@contextmanager
def fleet_of(count: int, **world: Any) -> Iterator[tuple[Simulator, Fleet]]:
    """Yield a CloudAPI with so many machines, web0, web1, ..., and the fleet of them."""
    machines = [{'name': f'web{number}', 'tags': {'role': 'web'}} for number in range(count)]
    with (
        Simulator({'machines': machines, **world}, job_time=10, clock=SteppedClock(START)) as cloud,
        cloud.datacenter() as sdc,
    ):
        fleet = sdc.fleet()
        # By number, as the list is by id; and with a burst saved up again.
        cloud.clock.sleep(60)
        yield cloud, Fleet(sorted(fleet, key=lambda each: int(str(each.name)[3:])))


def operations(cloud: Simulator, since: int = 0) -> list[str]:
    """Return the operations that were asked for, in order."""
    return [each.operation for each in cloud.requests[since:]]


def made(sdc: DataCenter, count: int) -> Fleet:
    """Return so many new machines, provisioning still."""
    return Fleet(sdc.create_machine(name=f'web{number}', networks=[]) for number in range(count))
