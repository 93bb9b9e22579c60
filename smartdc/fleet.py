"""Many machines as easily as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Unpack, overload

from smartdc.chapter import pairs
from smartdc.errors import FleetError, InvalidInput
from smartdc.fleet_waiting import Done, Looks, Waiting, clock_of, counted
from smartdc.machine import Machine
from smartdc.parallel import Job, Options, Outcomes, Settings, called
from smartdc.paths import fill, ident
from smartdc.progress import reporting
from smartdc.showing import line
from smartdc.types import PackageRef, Scalar
from smartdc.waiting import DEFAULT_TIMEOUT, LEARNED, Interval


class FleetResult(Outcomes):
    """What became of each machine of a fleet, by id, in the fleet's order: its result or its error.

    `results` are those of the machines in `ok`, `errors` are those of the machines in `failed`;
    both are fleets, so that `result.failed.stop()` tries again.
    """

    def __init__(self, fleet: Fleet, outcomes: Outcomes) -> None:
        super().__init__(outcomes.what, outcomes, outcomes.results, outcomes.errors)
        self._fleet = fleet

    @property
    def ok(self) -> Fleet:
        """The machines with which it went well."""
        return Fleet(machine for machine in self._fleet if machine.id in self.results)

    @property
    def failed(self) -> Fleet:
        """The machines with which it did not."""
        return Fleet(machine for machine in self._fleet if machine.id in self.errors)


class Fleet(Sequence[Machine]):
    """Machines that the same is done with, at the same time: a sequence that does not change.

    A slice of a fleet is a fleet. A machine that is given twice is in it once. Nothing but the
    methods asks a server. The machines may be in several data centers.

    Each method does with every machine what the method of `Machine` does with one, with 16 at a
    time in each data center and no faster than that allows, and returns a `FleetResult`. When all
    were tried and some have failed it raises FleetError, which has the results and the errors by
    machine id. All take `workers=`, `pace=`, `progress=` and `errors=`; see
    `smartdc.parallel.Options`. When one is interrupted it begins nothing more, waits for what is
    under way, and raises KeyboardInterrupt from the FleetError that tells what was done and what
    was not.
    """

    __slots__ = ('_machines',)

    def __init__(self, machines: Iterable[Machine] = ()) -> None:
        given = list(machines)
        for each in given:
            if not isinstance(each, Machine):
                raise InvalidInput(f'a fleet is made of machines, not of {type(each).__name__}')
        self._machines = tuple({each.id: each for each in given}.values())

    @overload
    def __getitem__(self, index: int) -> Machine: ...

    @overload
    def __getitem__(self, index: slice) -> Fleet: ...

    def __getitem__(self, index: int | slice) -> Machine | Fleet:
        found = self._machines[index]
        return Fleet(found) if isinstance(found, tuple) else found

    def __len__(self) -> int:
        return len(self._machines)

    def __eq__(self, other: object) -> bool:
        return self._machines == other._machines if isinstance(other, Fleet) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._machines)

    def __repr__(self) -> str:
        if not self:
            return '<Fleet of 0>'
        places = ', '.join(dict.fromkeys(str(each.datacenter.location) for each in self))
        return line('<Fleet of {} in {}: {}>', len(self), places, counted(self))

    def each(self, function: Callable[[Machine], Any], **how: Unpack[Options]) -> FleetResult:
        """Call a function with each machine; what it returns is the machine's result.

        It is called in other threads. What it raises is the machine's error.
        """
        return self._each(called(function), function, how)

    def start(self, **how: Unpack[Options]) -> FleetResult:
        """Start to boot the machines.

        `POST /:login/machines/:id?action=start` for each, since 6.5.
        """
        return self._each('start', Machine.start, how)

    def stop(self, **how: Unpack[Options]) -> FleetResult:
        """Start to shut the machines down.

        `POST /:login/machines/:id?action=stop` for each, since 6.5.
        """
        return self._each('stop', Machine.stop, how)

    def reboot(self, **how: Unpack[Options]) -> FleetResult:
        """Start to reboot the machines.

        `POST /:login/machines/:id?action=reboot` for each, since 6.5.
        """
        return self._each('reboot', Machine.reboot, how)

    def resize(self, package: PackageRef, **how: Unpack[Options]) -> FleetResult:
        """Start to give the machines another package, by name, id or dict.

        `POST /:login/machines/:id?action=resize` for each, since 6.5. Of a dict the id counts if
        all machines are in one data center, else the name, for ids differ between data centers.
        """
        here = len({each.datacenter.base_url for each in self}) < 2
        wanted = ident(package, *(('id', 'name') if here else ('name', 'id')))
        return self._each('resize', lambda machine: machine.resize(wanted), how)

    def enable_firewall(self, **how: Unpack[Options]) -> FleetResult:
        """Let firewall rules act on the machines.

        `POST /:login/machines/:id?action=enable_firewall` for each, since 7.0.
        """
        return self._each('enable firewall', Machine.enable_firewall, how)

    def disable_firewall(self, **how: Unpack[Options]) -> FleetResult:
        """Let no firewall rules act on the machines.

        `POST /:login/machines/:id?action=disable_firewall` for each, since 7.0.
        """
        return self._each('disable firewall', Machine.disable_firewall, how)

    def enable_deletion_protection(self, **how: Unpack[Options]) -> FleetResult:
        """Protect the machines against deletion.

        `POST /:login/machines/:id?action=enable_deletion_protection` for each, since 8.6.
        """
        return self._each('protect', Machine.enable_deletion_protection, how)

    def disable_deletion_protection(self, **how: Unpack[Options]) -> FleetResult:
        """Protect the machines no longer against deletion.

        `POST /:login/machines/:id?action=disable_deletion_protection` for each, since 8.6.
        """
        return self._each('unprotect', Machine.disable_deletion_protection, how)

    def add_tags(self, tags: Mapping[str, Scalar], **how: Unpack[Options]) -> FleetResult:
        """Add or overwrite tags; the results are all tags of each machine.

        `POST /:login/machines/:id/tags` for each, since 6.5.
        """
        wanted = pairs('tags', tags, {})
        return self._each('add tags', lambda machine: machine.add_tags(wanted), how)

    def replace_tags(self, tags: Mapping[str, Scalar], **how: Unpack[Options]) -> FleetResult:
        """Put these tags in the place of all that there are; the results are the tags.

        `PUT /:login/machines/:id/tags` for each, since 7.0.
        """
        wanted = pairs('tags', tags, {})
        return self._each('replace tags', lambda machine: machine.replace_tags(wanted), how)

    def delete_tag(self, tag: str, **how: Unpack[Options]) -> FleetResult:
        """Delete one tag.

        `DELETE /:login/machines/:id/tags/:tag` for each, since 6.5.
        """
        fill('{}', tag)
        return self._each('delete tag', lambda machine: machine.delete_tag(tag), how)

    def update_metadata(
        self, metadata: Mapping[str, Scalar], **how: Unpack[Options]
    ) -> FleetResult:
        """Add or overwrite metadata; the results are all metadata of each machine.

        `POST /:login/machines/:id/metadata` for each, since 6.5.
        """
        wanted = pairs('metadata', metadata, {})
        return self._each('update metadata', lambda machine: machine.update_metadata(wanted), how)

    def delete_metadata_at_key(self, key: str, **how: Unpack[Options]) -> FleetResult:
        """Delete the metadata of one name; the results are what the server still has.

        `DELETE /:login/machines/:id/metadata/:key` for each, since 6.5.
        """
        fill('{}', key)
        return self._each(
            'delete metadata', lambda machine: machine.delete_metadata_at_key(key), how
        )

    def create_snapshot(self, name: str | None = None, **how: Unpack[Options]) -> FleetResult:
        """Start to take a snapshot of each machine; the results are the snapshots, queued still.

        `POST /:login/machines/:id/snapshots` for each, since 6.5. Without a name the server takes
        the time.
        """
        return self._each('snapshot', lambda machine: machine.create_snapshot(name), how)

    def delete(self, **how: Unpack[Options]) -> FleetResult:
        """Start to delete the machines, in whatever state they are.

        `DELETE /:login/machines/:id` for each, since 6.5.
        """
        return self._each('delete', Machine.delete, how)

    def refresh(self, **how: Unpack[Options]) -> FleetResult:
        """Ask the servers and update the machines' `data`; the results are the states.

        `GET /:login/machines`, since 6.5: one request for each data center and thousand machines
        there, and one more for each machine that is deleted or has failed.
        """
        job, settings = self._job('refresh'), self._settings(how)
        began = job.clock.now()
        with reporting(settings.progress) as report:
            job.errors.update(Looks(self, settings).look(self))
            job.results.update({each.id: each.state for each in self if each.id not in job.errors})
            report(job.progress(job.clock.now() - began))
        return FleetResult(self, job.verdict(settings.errors))

    def poll_until(
        self,
        state: str,
        interval: Interval = LEARNED,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        **how: Unpack[Options],
    ) -> FleetResult:
        """Look every `interval` seconds until the state of each machine is `state`.

        `GET /:login/machines`, since 6.5: a look takes one request for each data center and
        thousand machines there, and one more for each machine that is deleted or has failed.
        A machine that has failed, or is gone, is not waited for any more, and one that is not
        there after `timeout` seconds has a WaitTimeout; then all of them are in a FleetError.
        """

        def done(machine: Machine) -> bool:
            if machine.state != state:
                machine._check(str(machine.state), state)
            return machine.state == state

        return self._poll(f'becoming {state}', done, interval, timeout, how)

    def poll_while(
        self,
        state: str,
        interval: Interval = LEARNED,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        **how: Unpack[Options],
    ) -> FleetResult:
        """Look every `interval` seconds until no machine has the state `state` any more.

        `GET /:login/machines`, since 6.5. The requests and the errors are those of `poll_until`.
        """

        def done(machine: Machine) -> bool:
            if machine.state != state:
                machine._check(str(machine.state), f'anything but {state}')
            return machine.state != state

        return self._poll(f'leaving {state}', done, interval, timeout, how)

    def _each(self, what: str, function: Callable[[Machine], Any], how: Options) -> FleetResult:
        return FleetResult(self, self._job(what).run(function, self._settings(how)))

    def _poll(
        self, what: str, done: Done, interval: Interval, timeout: float, how: Options
    ) -> FleetResult:
        job, settings = self._job(what), self._settings(how)
        with reporting(settings.progress) as report:
            try:
                Waiting(job, done, Looks(self, settings), report).run(interval, timeout)
            except KeyboardInterrupt as reason:
                raise reason from job.summary()
        return FleetResult(self, job.verdict(settings.errors))

    def _job(self, what: str) -> Job[Machine]:
        things = {machine.id: machine for machine in self}
        return Job(
            what,
            things,
            FleetError,
            clock_of(self),
            label=lambda name: things[name].name or name,
            lane=lambda machine: id(machine.datacenter),
        )

    def _settings(self, how: Options) -> Settings:
        """Return the options, and let each worker keep its connection."""
        settings = Settings(**how)
        for datacenter in {id(each.datacenter): each.datacenter for each in self}.values():
            datacenter._pool.grow(min(settings.workers, len(self)))
        return settings
