"""The machines of the account: list, count, get and create."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Unpack

import requests

from smartdc.answers import an_object, full_page, objects, resource_count
from smartdc.chapter import pairs, several
from smartdc.connection import Connection
from smartdc.errors import InvalidInput, MachineDiffers, ValidationFailed
from smartdc.given import count_of
from smartdc.machine import Machine
from smartdc.new_machine import (
    SHORT_ID,
    checked_name,
    is_taken,
    metadata_of,
    new_name,
    prefixed,
    whole_name,
)
from smartdc.paging import PAGE, total
from smartdc.seen import known
from smartdc.tables import Table, listed
from smartdc.types import (
    Disk,
    ImageRef,
    MachineOptions,
    MachineRef,
    NetworkObject,
    NetworkRef,
    PackageRef,
    Scalar,
    VolumeMount,
)


class MachinesChapter(Connection):
    """List, count, get and create machines."""

    __slots__ = ()

    def machines(
        self,
        machine_type: str | None = None,
        name: str | None = None,
        dataset: ImageRef | None = None,
        state: str | None = None,
        memory: int | None = None,
        tombstone: bool | int | None = None,
        tags: Mapping[str, Scalar] | str | None = None,
        credentials: bool = False,
        paged: bool = False,
        limit: int | None = None,
        offset: int | None = None,
        *,
        image: ImageRef | None = None,
        brand: str | None = None,
        docker: bool | None = None,
    ) -> list[Machine]:
        """Return the machines that match all of what is given, all of them.

        `GET /:login/machines`, since 6.5. The server finds names that begin with `name`; `state`
        is running, stopped, provisioning, stopping, active or destroyed; `memory` is in MiB;
        `tags` are names and values, or `'*'` for machines with any tag, which discards every
        other filter; `tombstone` adds machines that were destroyed or have failed; `image` is
        named as for `image()`, a name being the newest of it, and `dataset` is its old name. With
        `paged` one page is returned: `limit` rows, 1000 at most, from `offset` on; without it
        `limit` is the size of the pages fetched. Raises InvalidArgument for a filter that the
        server refuses.
        """
        query = _filters(
            type=machine_type,
            name=name,
            image=self._image(one_of(image, dataset)),
            state=state,
            memory=memory,
            tombstone=tombstone,
            tags=tags,
            brand=brand,
            docker=docker,
            credentials=credentials or None,
        )
        if paged or tags == '*':
            page = {**query, 'limit': limit, 'offset': offset}
            rows = self._call('GET', '/machines', query=page, read=objects)
        else:
            start = count_of('offset=', offset or 0, 0)
            size = count_of('limit=', limit or PAGE)
            rows = chain.from_iterable(
                self._pages('/machines', query=query, start=start, size=size)
            )
        return self._listed(rows)

    def iter_machines(
        self,
        *,
        name: str | None = None,
        image: ImageRef | None = None,
        state: str | None = None,
        machine_type: str | None = None,
        memory: int | None = None,
        tombstone: bool | int | None = None,
        tags: Mapping[str, Scalar] | None = None,
        brand: str | None = None,
        docker: bool | None = None,
        credentials: bool = False,
    ) -> Iterator[Machine]:
        """Yield the machines that match all of what is given, one after the other.

        `GET /:login/machines`, since 6.5. The filters are those of `machines`. A few pages of a
        thousand machines are held at a time, so that a list of any length takes the same memory;
        nothing is asked before the first machine is taken, but for an image's name.
        """
        query = _filters(
            type=machine_type,
            name=name,
            image=self._image(image),
            state=state,
            memory=memory,
            tombstone=tombstone,
            tags=tags,
            brand=brand,
            docker=docker,
            credentials=credentials or None,
        )
        return chain.from_iterable(map(self._listed, self._pages('/machines', query=query)))

    def num_machines(
        self,
        machine_type: str | None = None,
        dataset: ImageRef | None = None,
        state: str | None = None,
        memory: int | None = None,
        tombstone: bool | int | None = None,
        tags: Mapping[str, Scalar] | str | None = None,
        *,
        name: str | None = None,
        image: ImageRef | None = None,
        brand: str | None = None,
        docker: bool | None = None,
    ) -> int:
        """Return how many machines match all of what is given.

        `HEAD /:login/machines`, since 6.5; one request for each thousand machines. The filters
        are those of `machines`.
        """
        query = _filters(
            type=machine_type,
            name=name,
            image=self._image(one_of(image, dataset)),
            state=state,
            memory=memory,
            tombstone=tombstone,
            tags=tags,
            brand=brand,
            docker=docker,
        )

        def count(start: int) -> tuple[int, int]:
            asked = {**query, 'limit': PAGE, 'offset': start}
            return self._call('HEAD', '/machines', query=asked, read=_count)

        return count(0)[0] if tags == '*' else total(count)

    def raw_machine_data(self, machine_id: MachineRef, credentials: bool = False) -> dict[str, Any]:
        """Return one machine's data, named as for `machine`.

        `GET /:login/machines/:id`, since 6.5. With `credentials` the generated passwords are
        under `metadata`. Raises ResourceNotFound, and MachineGone when it is deleted.
        """
        query = {'credentials': True} if credentials else None
        found = self._find('machine', machine_id)
        return self._call('GET', '/machines/{}', found, query=query, read=an_object)

    def machine(self, machine_id: MachineRef, credentials: bool = False) -> Machine:
        """Return one machine, by id, short id, name, dict or Machine.

        `GET /:login/machines/:id`, since 6.5. What is no id is looked for in the list first.
        Raises ResourceNotFound, UnknownName, AmbiguousName, and MachineGone when it is deleted.
        """
        return self._machine(self.raw_machine_data(machine_id, credentials))

    def create_machine(
        self,
        name: str | None = None,
        package: PackageRef | None = None,
        dataset: ImageRef | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Mapping[str, Scalar] | None = None,
        boot_script: str | Path | None = None,
        credentials: bool = False,
        image: ImageRef | None = None,
        networks: NetworkRef | Iterable[NetworkRef | NetworkObject] | None = None,
        *,
        affinity: str | Sequence[str] | None = None,
        locality: Mapping[str, Any] | None = None,
        firewall_enabled: bool | None = None,
        deletion_protection: bool | None = None,
        allow_shared_images: bool | None = None,
        brand: str | None = None,
        disks: Sequence[Disk] | None = None,
        volumes: Sequence[VolumeMount] | None = None,
        delegate_dataset: bool | None = None,
        encrypted: bool | None = None,
        password: str | None = None,
        administrator_pw: str | None = None,
        default_networks: str | Sequence[str] | None = None,
    ) -> Machine:
        """Create a machine and return it, provisioning still.

        `POST /:login/machines`, since 6.5. What is not given is chosen: a name, the newest base
        image, the smallest package that fits the image, the package's networks or the default
        ones. An image is an id, a short id, a URN, a name (the newest of it), `name@version` or a
        dict; `dataset` is its old name. Packages and networks are ids, short ids, names or dicts;
        a network may be `{ipv4_uuid, ipv4_ips}` to choose an address (7.3).

        `metadata` and `tags` are names and values; `metadata['credentials']` may be a mapping of
        users to passwords. `boot_script` is the path of a file that runs at each boot. With
        `credentials` the generated passwords are in the data.

        `affinity` are rules such as `instance!=web0` or `role==~web` (8.3), `locality` their
        deprecated form. `firewall_enabled` (7.0), `deletion_protection` (8.6),
        `allow_shared_images` (9.0), `encrypted` (9.8.5) and `delegate_dataset` are switches.
        `brand` is kvm or bhyve (8.0); `disks` are those of a bhyve machine, sizes in MiB (9.4);
        `volumes` are mounted (8.3). `password` and `administrator_pw` are for images that need
        them; `default_networks` narrows the default networks to external or internal.

        A lost answer does not make a second machine: the name is looked for before the create is
        sent again, and a machine of that name, image and moment is the one that was made. Not with
        `{{shortId}}` in the name, which the server completes.

        Raises InvalidInput before anything is sent, InvalidArgument, MissingParameter or
        ValidationFailed for what the server refuses (a name that is taken, no capacity),
        KeyRequired when the account has no SSH key, NotAuthorized when a quota is used up.
        """
        body: dict[str, Any] = {
            'name': new_name() if name is None else checked_name(name),
            **prefixed('metadata', metadata_of(metadata, boot_script)),
            **prefixed('tag', pairs('tags', tags, {})),
            'affinity': several('affinity', affinity),
            'locality': locality,
            'firewall_enabled': firewall_enabled,
            'deletion_protection': deletion_protection,
            'allow_shared_images': allow_shared_images,
            'brand': brand,
            'disks': disks and [self._disk(disk) for disk in disks],
            'volumes': volumes,
            'delegate_dataset': delegate_dataset,
            'encrypted': encrypted,
            'password': password,
            'administrator_pw': administrator_pw,
            'default_networks': several('default_networks', default_networks),
        }
        chosen = one_of(image, dataset)
        body['image'] = self._find('default image' if chosen is None else 'image', chosen)
        body['package'] = (
            self._find('package for image', body['image'])
            if package is None
            else self._find('package', package)
        )
        body['networks'] = self._networks(networks)
        query = {'credentials': True} if credentials else None
        since = None if name is None else self.clock.now()

        def find() -> dict[str, Any] | None:
            return self._made(body, since, credentials)

        made = self._create(
            '/machines',
            find=None if SHORT_ID in body['name'] else find,
            sought={'name': body['name']},
            query=query,
            body=body,
            read=an_object,
        )
        return self._machine(made)

    def ensure_machine(
        self,
        name: str,
        /,
        *,
        image: ImageRef | None = None,
        package: PackageRef | None = None,
        **options: Unpack[MachineOptions],
    ) -> Machine:
        """Return the machine of a name; create it if there is none.

        `GET /:login/machines`, since 6.5, and `POST /:login/machines` if need be. Image and
        package are written as for `create_machine`. Those that are given must be what the machine
        has; a name without a version means any version of that image. What is not given is not
        compared, and neither are `options`, the other arguments of `create_machine`: they are for
        a new machine.

        A machine that is provisioning, stopped or stopping is returned as it is. One that has
        failed or was deleted does not count, for its name is free again: another one is created.
        When several call this at once, one of them creates the machine, and all return it.

        Raises MachineDiffers for a machine of another image or package, InvalidInput for a name
        with `{{shortId}}`, and what `create_machine` raises.
        """
        machine = self._named(whole_name(name))
        if machine is None:
            try:
                return self.create_machine(name, image=image, package=package, **options)
            except ValidationFailed as error:
                machine = self._named(name) if is_taken(error) else None
                if machine is None:
                    raise
        self._check_alike(machine, {'image': image, 'package': package})
        return machine

    def _named(self, name: str) -> Machine | None:
        return next((each for each in self.machines(name=name) if each.name == name), None)

    def _check_alike(self, machine: Machine, wanted: Mapping[str, Any]) -> None:
        """Raise MachineDiffers if a machine has not what is wanted of it."""
        differences: dict[str, tuple[str, str]] = {}
        for kind, ref in wanted.items():
            has = str(machine.data.get(kind, ''))
            means = has if ref is None else self._find(f'{kind} in use', (ref, has))
            if means != has:
                differences[kind] = means, has
        if differences:
            raise MachineDiffers.of(machine.data, differences)

    def _made(
        self, body: Mapping[str, Any], since: float | None, credentials: bool
    ) -> dict[str, Any] | None:
        """Return the machine that a create has made whose answer was lost, if it has.

        Names are unique, so one chosen here is proof; one that was given has to be new as well. It
        may have failed meanwhile, which lists tell only beside the machines that were destroyed.
        """
        wanted = body['name']
        machines = self.machines(
            name=wanted, image=body['image'], tombstone=True, credentials=credentials
        )
        for machine in machines:
            is_new = since is None or self._is_new(machine.data, since)
            if machine.name == wanted and machine.state != 'deleted' and is_new:
                return machine.data
        return None

    def _networks(
        self, given: NetworkRef | Iterable[NetworkRef | NetworkObject] | None
    ) -> list[Any] | None:
        if given is None:
            return None
        many: Any = [given] if isinstance(given, str | Mapping) else given
        try:
            wanted = iter(many)
        except TypeError:
            kind = type(many).__name__
            raise InvalidInput(f'networks are ids, names or dicts, not {kind}') from None
        return [
            network
            if isinstance(network, Mapping) and 'ipv4_uuid' in network
            else self._find('network', network)
            for network in wanted
        ]

    def _disk(self, disk: Disk) -> dict[str, Any]:
        image = {'image': self._find('image', disk['image'])} if 'image' in disk else {}
        return {**disk, **image}

    def _image(self, ref: ImageRef | None) -> str | None:
        return None if ref is None else self._find('image', ref)

    def _listed(self, rows: Iterable[dict[str, Any]]) -> Table[Machine]:
        return listed(self, 'machines', [Machine(self, data=row) for row in rows])

    def _machine(self, data: dict[str, Any]) -> Machine:
        return known(self, 'machines', Machine(self, data=data))


def one_of(image: ImageRef | None, dataset: ImageRef | None) -> ImageRef | None:
    """Return an image that may be given by its old name, but not by both."""
    if image is not None and dataset is not None:
        raise InvalidInput('dataset= is the old name of image=: give one of them')
    return dataset if image is None else image


def _filters(*, image: Any, tags: Any, **plain: Any) -> dict[str, Any]:
    query = {**plain, 'image': image}
    if tags == '*':
        query['tags'] = '*'
    elif tags is not None:
        query.update(prefixed('tag', pairs('tags', tags, {})))
    return query


def _count(_: Any, response: requests.Response) -> tuple[int, int]:
    return resource_count(response) or 0, full_page(response, PAGE)
