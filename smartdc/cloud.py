"""All data centers of a cloud as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Unpack

from smartdc.clock import SYSTEM_CLOCK
from smartdc.errors import CloudError
from smartdc.fleet import Fleet
from smartdc.parallel import Job, OnErrors, Options, Outcomes, Settings, called
from smartdc.showing import line

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter


class Cloud(Mapping[str, 'DataCenter']):
    """The data centers of a cloud by name, all with the same account.

    What is asked of all is asked of them at the same time, and comes as a mapping of their names to
    what each answered. When all have answered or failed, and some failed, CloudError is raised,
    which has the results and the errors by name; with `errors='return'` the errors are in the
    mapping. One that is down costs no more than the deadline of the block around the call.
    """

    def __init__(self, datacenters: Mapping[str, DataCenter]) -> None:
        self._datacenters = dict(datacenters)

    def __getitem__(self, name: str) -> DataCenter:
        return self._datacenters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._datacenters)

    def __len__(self) -> int:
        return len(self._datacenters)

    def __repr__(self) -> str:
        return line('<Cloud of {}: {}>', len(self), ', '.join(self._datacenters))

    def each(self, function: Callable[[DataCenter], Any], **how: Unpack[Options]) -> Outcomes:
        """Call a function with each data center; what it returns is the data center's result.

        It is called in other threads. What it raises is the data center's error. `how` are
        `smartdc.parallel.Options`; all are worked on at once unless `workers` says less.
        """
        clock = next((each.clock for each in self.values()), SYSTEM_CLOCK)
        how.setdefault('workers', max(1, len(self)))
        return Job(called(function), self, CloudError, clock).run(function, Settings(**how))

    def machines(self, *, errors: OnErrors = 'raise', **filters: Any) -> Outcomes:
        """Return the machines of each data center, lists by name.

        `GET /:login/machines`, since 6.5. `filters` are the arguments of `DataCenter.machines`.
        """
        return self._ask('machines', filters, errors)

    def num_machines(self, *, errors: OnErrors = 'raise', **filters: Any) -> Outcomes:
        """Return how many machines each data center has, by name.

        `HEAD /:login/machines`, since 6.5. `filters` are those of `DataCenter.num_machines`.
        """
        return self._ask('num_machines', filters, errors)

    def fleet(self, **filters: Any) -> Fleet:
        """Return the machines of all data centers as one fleet.

        `GET /:login/machines`, since 6.5. `filters` are the arguments of `DataCenter.machines`.
        When a data center failed, the others' machines are in the CloudError's `results`.
        """
        found = self._ask('machines', filters, 'raise')
        return Fleet(machine for machines in found.values() for machine in machines)

    def images(self, *, errors: OnErrors = 'raise', **filters: Any) -> Outcomes:
        """Return the images of each data center, lists by name.

        `GET /:login/images`, since 7.0. `filters` are the arguments of `DataCenter.images`.
        """
        return self._ask('images', filters, errors)

    def packages(self, *, errors: OnErrors = 'raise', **filters: Any) -> Outcomes:
        """Return the packages of each data center, lists by name.

        `GET /:login/packages`, since 6.5. `filters` are the arguments of `DataCenter.packages`.
        """
        return self._ask('packages', filters, errors)

    def networks(self, *, errors: OnErrors = 'raise', **filters: Any) -> Outcomes:
        """Return the networks of each data center, lists by name.

        `GET /:login/networks`, since 6.5. `filters` are the arguments of `DataCenter.networks`.
        """
        return self._ask('networks', filters, errors)

    def close(self) -> None:
        """Close all connections; the next call opens new ones."""
        for datacenter in self.values():
            datacenter.close()

    def _ask(self, method: str, filters: Mapping[str, Any], errors: OnErrors) -> Outcomes:
        def ask(datacenter: DataCenter) -> Any:
            return getattr(datacenter, method)(**filters)

        ask.__name__ = method
        return self.each(ask, errors=errors)
