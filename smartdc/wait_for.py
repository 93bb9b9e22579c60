"""Waiting for whatever has a life of its own, by its kind and id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, cast

from smartdc.connection import Connection
from smartdc.errors import InvalidInput, MachineGone
from smartdc.machine import Machine
from smartdc.news import pauses
from smartdc.progress import Reporting
from smartdc.types import HasId, MachineRef
from smartdc.waiting import DEFAULT_TIMEOUT, LEARNED, Interval, Sleep, follow

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter


#: What is waited for, and what it is found by when a name stands for it.
_FOUND_AS = {'image': 'image', 'volume': 'volume', 'migration': 'machine', 'machine': 'machine'}


class WaitFor(Connection):
    """Wait for images, volumes, migrations, machines, and what machines have."""

    __slots__ = ()

    def wait_for(
        self,
        kind: str,
        identifier: str | Mapping[str, Any] | HasId,
        state: str,
        *,
        machine: MachineRef | None = None,
        interval: Interval = LEARNED,
        timeout: float = DEFAULT_TIMEOUT,
        progress: Reporting = None,
    ) -> dict[str, Any]:
        """Wait until a thing has a state, and return its data.

        `kind` is image, volume, migration or machine, or nic, disk or snapshot of the `machine`
        that is given; `identifier` is its id, short id, name, dict or MAC address. The state
        `deleted` is that of a thing that is not there. `interval` and `progress` are those of
        `Machine.poll_until`. Raises WaitTimeout after `timeout` seconds, WaitFailed at once when
        the thing failed or is gone and that was not waited for.
        """
        look = _looks(cast('DataCenter', self), kind, machine)
        # What is waited to go can be found by its name only before that.
        known = self._find(_FOUND_AS[kind], identifier) if kind in _FOUND_AS else identifier
        with self._pauses(kind, known, interval) as sleep:
            return follow(
                lambda: look(known),
                state,
                kind=kind,
                what=f'{kind} {known}',
                wait_for=timeout,
                at=self,
                interval=interval,
                progress=progress,
                sleep=sleep,
            )

    def _pauses(
        self, kind: str, identifier: Any, interval: Interval
    ) -> AbstractContextManager[Sleep]:
        if kind != 'machine':
            return nullcontext(self.clock.sleep)
        return pauses(cast('DataCenter', self), identifier, interval)


def _looks(datacenter: DataCenter, kind: str, machine: MachineRef | None) -> Callable[[Any], Any]:
    """Return how to look at a thing of a kind."""

    def machine_data(machine_id: str) -> dict[str, Any]:
        try:
            return datacenter.raw_machine_data(machine_id)
        except MachineGone as gone:
            return {**gone.machine, 'state': 'deleted'}

    looks: dict[str, Callable[[Any], Any]] = {
        'image': datacenter.image,
        'volume': datacenter.volume,
        'migration': datacenter.migration,
        'machine': machine_data,
    }
    if machine is not None:
        of = Machine(datacenter, data={'id': datacenter._find('machine', machine)})
        looks |= {'nic': of.nic, 'disk': of.get_disk, 'snapshot': of.raw_snapshot_data}
    if not isinstance(kind, str) or kind not in looks:
        raise InvalidInput(f'cannot wait for {kind!r}: give one of {", ".join(sorted(looks))}')
    return looks[kind]
