"""Waiting for whatever has a life of its own, by its kind and id."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, cast

from smartdc.connection import Connection
from smartdc.errors import InvalidInput, MachineGone
from smartdc.machine import Machine
from smartdc.news import pauses
from smartdc.paths import ident
from smartdc.progress import Reporting
from smartdc.waiting import DEFAULT_TIMEOUT, LEARNED, Interval, Sleep, follow

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter


class WaitFor(Connection):
    """Wait for images, volumes, migrations, machines, and what machines have."""

    __slots__ = ()

    def wait_for(
        self,
        kind: str,
        identifier: str,
        state: str,
        *,
        machine: Any = None,
        interval: Interval = LEARNED,
        timeout: float = DEFAULT_TIMEOUT,
        progress: Reporting = None,
    ) -> dict[str, Any]:
        """Wait until a thing has a state, and return its data.

        `kind` is image, volume, migration or machine, or nic, disk or snapshot of the `machine`
        that is given; `identifier` is its id, MAC address or name. The state `deleted` is that of
        a thing that is not there. `interval` and `progress` are those of `Machine.poll_until`.
        Raises WaitTimeout after `timeout` seconds, WaitFailed at once when the thing failed or is
        gone and that was not waited for.
        """
        look = _looks(cast('DataCenter', self), kind, machine)
        with self._pauses(kind, identifier, interval) as sleep:
            return follow(
                lambda: look(identifier),
                state,
                kind=kind,
                what=f'{kind} {identifier}',
                wait_for=float(timeout),
                at=self,
                interval=interval,
                progress=progress,
                sleep=sleep,
            )

    def _pauses(
        self, kind: str, identifier: str, interval: Interval
    ) -> AbstractContextManager[Sleep]:
        if kind != 'machine':
            return nullcontext(self.clock.sleep)
        return pauses(cast('DataCenter', self), ident(identifier), interval)


def _looks(datacenter: DataCenter, kind: str, machine: Any) -> Callable[[str], Any]:
    """Return how to look at a thing of a kind."""

    def machine_data(machine_id: str) -> dict[str, Any]:
        try:
            return datacenter.raw_machine_data(machine_id)
        except MachineGone as gone:
            return {**gone.machine, 'state': 'deleted'}

    looks: dict[str, Callable[[str], Any]] = {
        'image': datacenter.image,
        'volume': datacenter.volume,
        'migration': datacenter.migration,
        'machine': machine_data,
    }
    if machine is not None:
        of = Machine(datacenter, data={'id': ident(machine)})
        looks |= {'nic': of.nic, 'disk': of.get_disk, 'snapshot': of.raw_snapshot_data}
    if kind not in looks:
        raise InvalidInput(f'cannot wait for {kind!r}: give one of {", ".join(sorted(looks))}')
    return looks[kind]
