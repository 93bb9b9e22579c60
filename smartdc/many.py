"""What a data center does with many things at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from smartdc.api.datacenters import DatacentersChapter
from smartdc.api.machines import MachinesChapter, one_of
from smartdc.cloud import Cloud
from smartdc.errors import FleetError, InvalidInput
from smartdc.fleet import Fleet
from smartdc.given import count_of
from smartdc.locations import base_url
from smartdc.machine import Machine
from smartdc.new_machine import checked_name
from smartdc.pacing import DEFAULT_PACE, Pace, paced
from smartdc.parallel import WORKERS, Job, Settings
from smartdc.progress import Reporting
from smartdc.types import ImageRef, Scalar

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter


class Many(DatacentersChapter, MachinesChapter):
    """Fleets, many new machines, and all data centers."""

    __slots__ = ()

    def fleet(
        self,
        *,
        tags: Mapping[str, Scalar] | str | None = None,
        name: str | None = None,
        state: str | None = None,
        machine_type: str | None = None,
        image: ImageRef | None = None,
        memory: int | None = None,
        brand: str | None = None,
        docker: bool | None = None,
        tombstone: bool | None = None,
    ) -> Fleet:
        """Return the machines that match all of what is given, to do something with all of them.

        `GET /:login/machines`, since 6.5. The filters are those of `machines`.
        """
        with paced():
            found = self.machines(
                tags=tags,
                name=name,
                state=state,
                machine_type=machine_type,
                image=image,
                memory=memory,
                brand=brand,
                docker=docker,
                tombstone=tombstone,
            )
        return Fleet(found)

    def create_machines(
        self,
        count: int,
        name: str | None = None,
        *,
        start: int = 1,
        workers: int = WORKERS,
        pace: Pace | None = DEFAULT_PACE,
        progress: Reporting = None,
        **arguments: Any,
    ) -> Fleet:
        """Create so many machines and return them, provisioning still.

        `POST /:login/machines` for each, since 6.5. `name` is a pattern with the field `{n}`, which
        counts from `start`: `web-{n}` or `web-{n:03}`; without it each gets a name of its own.
        `arguments` are those of `create_machine`, the same for all; images, packages and networks
        are looked up once. `workers`, `pace` and `progress` are as for a `Fleet`.

        Each machine is made once, whatever is lost on the way, as by `create_machine`. Raises
        InvalidInput before anything is sent, for a pattern whose names are not all different and
        legal, and FleetError when some could not be made, by name: its `results` are the machines
        that were.
        """
        from inspect import signature

        names = _names(count, name, start)
        how = Settings(workers, pace, progress)
        signature(self.create_machine).bind(**arguments)
        if not names:
            return Fleet()
        self._pool.grow(min(workers, count))
        found = self._found(arguments)

        def create(wanted: str | None) -> Machine:
            return self.create_machine(wanted, **found)

        job = Job('create', names, FleetError, self.clock)
        return Fleet(job.run(create, how).values())

    def cloud(self) -> Cloud:
        """Return all data centers of this cloud, with the same account and settings.

        `GET /:login/datacenters`, since 6.5.
        """
        here = cast('DataCenter', self)
        here._told_locations = urls = self.datacenters()
        return Cloud(
            {
                name: here if base_url(url, {}) == self.base_url else here.datacenter(name)
                for name, url in urls.items()
            }
        )

    def _found(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of many creates with all that has to be looked up as ids."""
        found = {'dataset': None, 'image': None, 'package': None, 'disks': None, **arguments}
        dataset = found.pop('dataset')
        chosen = one_of(found['image'], dataset)
        image = self._find('default image' if chosen is None else 'image', chosen)
        package = (
            self._find('package for image', image)
            if found['package'] is None
            else self._find('package', found['package'])
        )
        return {
            **found,
            'image': image,
            'package': package,
            'networks': self._networks(found.get('networks')),
            'disks': found['disks'] and [self._disk(disk) for disk in found['disks']],
        }


def _names(count: int, pattern: str | None, start: int) -> dict[str, str | None]:
    """Return the names of so many machines, by what they are called in errors."""
    count_of('how many there will be comes first and', count, 0)
    numbers = range(count_of('start=', start, 0), start + count)
    if pattern is None:
        return {f'machine {number}': None for number in numbers}
    try:
        names = [pattern.format(n=number) for number in numbers]
    except (LookupError, ValueError, AttributeError, TypeError) as error:
        raise InvalidInput(
            f'{pattern!r} is no pattern of names, as web-{{n}} is: {error}'
        ) from None
    for name in names:
        checked_name(name)
    if len(set(names)) < count:
        raise InvalidInput(f'{pattern!r} gives the same name to several machines: put {{n}} in it')
    return {name: name for name in names}
