"""What several requests share is changed by none of them."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, Machine
from smartdc.simulator import Simulator, api
from tests.insides import inside

#: The paths below a machine that are only looked at.
LOOKED_AT = sorted(
    route.pattern.removeprefix('/:account')
    for route in api.ROUTES
    if route.method == 'GET' and route.pattern.startswith('/:account/machines/:machine')
)


@pytest.mark.parametrize('path', LOOKED_AT)
def test_looking_at_a_machine_does_not_change_it(
    cloud: Simulator, sdc: DataCenter, machine: Machine, path: str
) -> None:
    """The machine that all share stays the one that is kept."""
    store = inside(cloud).store
    parts = [machine.id if part == ':machine' else part.lstrip(':') for part in path.split('/')]
    for _ in range(2):
        with contextlib.suppress(smartdc.APIError):
            sdc.request('GET', '/'.join(parts), timeout=5)

    keys: list[Any] = [*store._recalled['machine']]
    (home,) = {key[0] for key in keys if key[1:] == (machine.id,)}
    assert store.get('machine', machine.id, home=home) == store.recall(
        'machine', (home, machine.id), lambda: pytest.fail('it is not shared')
    )
