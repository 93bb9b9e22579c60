"""Looking at many machines with few requests, and waiting for them together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from smartdc.clock import SYSTEM_CLOCK, Clock
from smartdc.dry_run import is_collecting
from smartdc.errors import APIError, FleetError, NotAuthorized, SmartDCError, WaitTimeout
from smartdc.machine import Machine
from smartdc.paging import PAGE
from smartdc.parallel import Job, Outcomes, Settings
from smartdc.progress import Progress, Report
from smartdc.waiting import Interval, passes, still, wait

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter

Thing = TypeVar('Thing')

#: Says whether a machine is what was waited for; raises when it will never be.
Done = Callable[[Machine], bool]


class Place:
    """A data center, as a place to look at machines."""

    def __init__(self, datacenter: DataCenter) -> None:
        self.datacenter = datacenter
        #: How many requests it takes to list all machines there.
        self._cost: float = 1

    def look(self, machines: Sequence[Machine]) -> Sequence[Machine]:
        """List the machines there and update those given; return those that have to be asked for.

        The list has neither deleted nor failed ones. It is left out where it takes more requests
        than asking for each, or may not be read.
        """
        if len(machines) <= self._cost:
            return machines
        try:
            found = {each.id: each.data for each in self.datacenter.machines()}
        except NotAuthorized:
            self._cost = math.inf
            return machines
        self._cost = max(1, math.ceil(len(found) / PAGE))
        for machine in machines:
            machine.data = found.get(machine.id, machine.data)
        return [machine for machine in machines if machine.id not in found]


class Looks:
    """Looks at machines of any number of data centers, each with a list of its own."""

    def __init__(self, machines: Iterable[Machine], how: Settings) -> None:
        # Not by equality: two connections to one data center may act for different accounts.
        datacenters = {str(id(each.datacenter)): each.datacenter for each in machines}
        self._places = {key: Place(found) for key, found in datacenters.items()}
        self._how = how._replace(progress=False, errors='return')

    def look(self, machines: Iterable[Machine]) -> dict[str, BaseException]:
        """Update the machines; return what went wrong, by machine id."""
        there: dict[str, list[Machine]] = {}
        for machine in machines:
            there.setdefault(str(id(machine.datacenter)), []).append(machine)
        listed = self._do(
            lambda key: self._places[key].look(there[key]), {key: key for key in there}, lane=str
        )
        unlisted = {each.id: each for found in listed.results.values() for each in found}
        asked = self._do(Machine.status, unlisted, lane=lambda machine: id(machine.datacenter))
        unseen = {each.id: error for key, error in listed.errors.items() for each in there[key]}
        return {**unseen, **asked.errors}

    def transition(self, what: str) -> tuple[str, ...]:
        """Return by what a wait for the machines is known among waits for fleets."""
        return ('fleet', *(each.datacenter.base_url for each in self._places.values()), what)

    def _do(
        self,
        function: Callable[[Thing], Any],
        things: Mapping[str, Thing],
        lane: Callable[[Thing], object],
    ) -> Outcomes:
        return Job('look', things, FleetError, SYSTEM_CLOCK, lane=lane).run(function, self._how)


class Waiting:
    """A wait for many machines: `done` tells of each whether it is over."""

    def __init__(self, job: Job[Machine], done: Done, looks: Looks, report: Report) -> None:
        self._job = job
        self._done = done
        self._looks = looks
        self._report = report
        self._pending = dict(job.things)
        self._began = job.clock.now()

    def run(self, interval: Interval, timeout: float) -> None:
        """Look until no machine is left to wait for, or the time is over."""
        try:
            wait(
                self._look,
                lambda _: not self._pending,
                what=self._job.what,
                clock=self._job.clock,
                interval=interval,
                timeout=timeout,
                progress=False,
                transition=self._looks.transition(self._job.what),
            )
        except WaitTimeout as late:
            for name, machine in self._pending.items():
                seen = '' if late.__cause__ else still(machine.data)
                text = f'{machine._title()} {late}{seen}'
                self._job.errors[name] = WaitTimeout(text, machine.data)

    def _look(self) -> str:
        """Look at the machines that are left, and return the state that most of them are in."""
        unseen = self._looks.look(self._pending.values())
        for name, machine in list(self._pending.items()):
            try:
                is_over = self._is_over(machine, unseen.get(name))
            except SmartDCError as error:
                self._job.errors[name] = error
                del self._pending[name]
            else:
                if is_over:
                    self._job.results[name] = machine.state
                    del self._pending[name]
        self._tell()
        if self._pending and self._pending.keys() <= unseen.keys():
            # Nothing was seen at all: why, and when to ask again, is for the wait to tell.
            raise max((unseen[name] for name in self._pending), key=_retry_after)
        return next(iter(_states(self._pending.values())), '')

    def _is_over(self, machine: Machine, trouble: BaseException | None) -> bool:
        """Say whether the wait for a machine is over; a fault that may pass does not end it.

        In a dry run nothing will change, so that one look is all.
        """
        if trouble is None:
            return self._done(machine) or is_collecting(machine.datacenter)
        if isinstance(trouble, SmartDCError) and passes(trouble):
            return False
        raise trouble

    def _tell(self) -> None:
        things = self._job.things
        states, total = counted(things.values()), len(things)
        elapsed, done = self._job.clock.now() - self._began, total - len(self._pending)
        self._report(Progress(self._job.what, states, elapsed, done, total))


def counted(machines: Iterable[Machine]) -> str:
    """Return how many machines are in which state, as last seen, in words."""
    return ', '.join(f'{count} {state}' for state, count in _states(machines).items())


def _states(machines: Iterable[Machine]) -> dict[str, int]:
    """Return how many machines are in each state, the most frequent first."""
    return dict(Counter(str(machine.state or 'unknown') for machine in machines).most_common())


def _retry_after(error: BaseException) -> float:
    return (error.retry_after or 0.0) if isinstance(error, APIError) else 0.0


def clock_of(machines: Sequence[Machine]) -> Clock:
    """Return the clock that machines go by."""
    return machines[0].datacenter.clock if machines else SYSTEM_CLOCK
