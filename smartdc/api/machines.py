"""The machines of the account: list, count, get and create."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from smartdc.chapter import pairs, script
from smartdc.connection import Connection
from smartdc.errors import InvalidInput
from smartdc.machine import Machine
from smartdc.paging import PAGE, complete, page_of, total
from smartdc.paths import ident
from smartdc.types import Disk, NetworkObject, Scalar, VolumeMount

#: What stands for one machine: its id, its data, or itself.
MachineRef = str | Mapping[str, Any] | Machine

#: What stands for one network of a new machine: its id, name, data, or the address wanted on it.
NetworkRef = str | Mapping[str, Any] | NetworkObject

_NAME = re.compile(r'[a-zA-Z0-9][a-zA-Z0-9_.-]{0,188}')


class MachinesChapter(Connection):
    """List, count, get and create machines."""

    __slots__ = ()

    def machines(
        self,
        machine_type: str | None = None,
        name: str | None = None,
        dataset: str | Mapping[str, Any] | None = None,
        state: str | None = None,
        memory: int | None = None,
        tombstone: bool | int | None = None,
        tags: Mapping[str, Scalar] | str | None = None,
        credentials: bool = False,
        paged: bool = False,
        limit: int | None = None,
        offset: int | None = None,
        *,
        image: str | Mapping[str, Any] | None = None,
        brand: str | None = None,
        docker: bool | None = None,
    ) -> list[Machine]:
        """Return the machines that match all of what is given, all of them.

        `GET /:login/machines`, since 6.5. The server finds names that begin with `name`; `state`
        is running, stopped, provisioning, stopping, active or destroyed; `memory` is in MiB;
        `tags` are names and values, or `'*'` for machines with any tag, which discards every
        other filter; `tombstone` adds machines that were destroyed or have failed; `dataset` is
        the old name of `image`. With `paged` one page is returned: `limit` rows, 1000 at most,
        from `offset` on; without it `limit` is the size of the pages fetched. Raises
        InvalidArgument for a filter that the server refuses.
        """
        query = _filters(
            type=machine_type,
            name=name,
            image=image if image is not None else dataset,
            state=state,
            memory=memory,
            tombstone=tombstone,
            tags=tags,
            brand=brand,
            docker=docker,
        )
        if credentials:
            query['credentials'] = True

        def page(start: int | None, size: int | None) -> tuple[list[dict[str, Any]], int]:
            asked = {**query, 'limit': size, 'offset': start}
            return self._call('GET', '/machines', query=asked, read=page_of(size or PAGE))

        if paged or tags == '*':
            rows, _ = page(offset, limit)
        else:
            rows = complete(lambda at: page((offset or 0) + at, limit or PAGE))
        return [self._machine(row) for row in rows]

    def num_machines(
        self,
        machine_type: str | None = None,
        dataset: str | Mapping[str, Any] | None = None,
        state: str | None = None,
        memory: int | None = None,
        tombstone: bool | int | None = None,
        tags: Mapping[str, Scalar] | str | None = None,
        *,
        name: str | None = None,
        image: str | Mapping[str, Any] | None = None,
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
            image=image if image is not None else dataset,
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
        """Return one machine's data, by id, dict or Machine.

        `GET /:login/machines/:id`, since 6.5. With `credentials` the generated passwords are
        under `metadata`. Raises ResourceNotFound, and MachineGone when it is deleted.
        """
        query = {'credentials': True} if credentials else None
        return self._call('GET', '/machines/{}', ident(machine_id), query=query)

    def machine(self, machine_id: MachineRef, credentials: bool = False) -> Machine:
        """Return one machine, by id, dict or Machine.

        `GET /:login/machines/:id`, since 6.5. Raises ResourceNotFound, and MachineGone when it
        is deleted.
        """
        query = {'credentials': True} if credentials else None
        return self._machine(self._call('GET', '/machines/{}', ident(machine_id), query=query))

    def create_machine(
        self,
        name: str | None = None,
        package: str | Mapping[str, Any] | None = None,
        dataset: str | Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Mapping[str, Scalar] | None = None,
        boot_script: str | Path | None = None,
        credentials: bool = False,
        image: str | Mapping[str, Any] | None = None,
        networks: NetworkRef | Iterable[NetworkRef] | None = None,
        *,
        affinity: Sequence[str] | None = None,
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
        default_networks: Sequence[str] | None = None,
    ) -> Machine:
        """Create a machine and return it, provisioning still.

        `POST /:login/machines`, since 6.5. What is not given is chosen: a name, the newest base
        image, the smallest package that fits the image, the package's networks or the default
        ones. An image is an id, a URN, a name (the newest of it), `name@version` or a dict;
        `dataset` is its old name. A package is a name, an id or a dict. Networks are ids,
        names or dicts, or `{ipv4_uuid, ipv4_ips}` to choose an address (7.3).

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
        sent again, and a machine of that name, image and moment is the one that was made.

        Raises InvalidInput before anything is sent, InvalidArgument, MissingParameter or
        ValidationFailed for what the server refuses (a name that is taken, no capacity),
        KeyRequired when the account has no SSH key, NotAuthorized when a quota is used up.
        """
        body: dict[str, Any] = {
            'name': _new_name() if name is None else checked_name(name),
            **_prefixed('metadata', _metadata(metadata, boot_script)),
            **_prefixed('tag', pairs('tags', tags, {})),
            'affinity': affinity,
            'locality': locality,
            'firewall_enabled': firewall_enabled,
            'deletion_protection': deletion_protection,
            'allow_shared_images': allow_shared_images,
            'brand': brand,
            'disks': disks,
            'volumes': volumes,
            'delegate_dataset': delegate_dataset,
            'encrypted': encrypted,
            'password': password,
            'administrator_pw': administrator_pw,
            'default_networks': default_networks,
        }
        body['image'] = self._find('image', image if image is not None else dataset)
        body['package'] = (
            self._find('package for image', body['image'])
            if package is None
            else ident(package, 'id', 'name')
        )
        body['networks'] = self._networks(networks)
        query = {'credentials': True} if credentials else None
        if '{{shortId}}' in body['name']:
            # The server completes the name, so a machine made without an answer could not be found.
            return self._machine(self._call('POST', '/machines', query=query, body=body))
        since = None if name is None else self.clock.now()
        made = self._create(
            '/machines', find=lambda: self._made(body, since), query=query, body=body
        )
        return self._machine(made)

    def _made(self, body: Mapping[str, Any], since: float | None) -> dict[str, Any] | None:
        """Return the machine that a create has made whose answer was lost, if it has.

        Names are unique, so one chosen here is proof; one that was given has to be new as well.
        """
        for machine in self.machines(name=body['name'], image=body['image']):
            is_new = since is None or self._is_new(machine.data, since)
            if machine.name == body['name'] and is_new:
                return machine.data
        return None

    def _networks(self, given: NetworkRef | Iterable[NetworkRef] | None) -> list[Any] | None:
        if given is None:
            return None
        many: Any = [given] if isinstance(given, str | Mapping) else given
        if not isinstance(many, Iterable):
            raise InvalidInput(f'networks are ids, names or dicts, not {type(given).__name__}')
        return [
            network
            if isinstance(network, Mapping) and 'ipv4_uuid' in network
            else self._find('network', network)
            for network in many
        ]

    def _machine(self, data: dict[str, Any]) -> Machine:
        return Machine(self, data=data)


def _filters(*, image: Any, tags: Any, **plain: Any) -> dict[str, Any]:
    query = {**plain, 'image': None if image is None else ident(image, 'id', 'urn')}
    if tags == '*':
        query['tags'] = '*'
    elif tags is not None:
        query.update(_prefixed('tag', pairs('tags', tags, {})))
    return query


def _prefixed(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f'{prefix}.{name}': value for name, value in values.items()}


def _metadata(given: Mapping[str, Any] | None, boot_script: str | Path | None) -> dict[str, Any]:
    """Return the metadata of a new machine; passwords go as the JSON text that CloudAPI takes."""
    found = dict(given) if isinstance(given, Mapping) else given
    if isinstance(found, dict) and isinstance(found.get('credentials'), Mapping):
        found['credentials'] = json.dumps(dict(found['credentials']))
    checked = pairs('metadata', found, {})
    if boot_script is not None:
        checked['user-script'] = script(boot_script)
    return checked


def _new_name() -> str:
    return f'machine-{secrets.token_hex(4)}'


def checked_name(name: str) -> str:
    """Return the name of a machine, or raise InvalidInput if it cannot be one."""
    if not _NAME.fullmatch(str(name).replace('{{shortId}}', 'id')):
        raise InvalidInput(
            f'not a machine name: {name!r}. It has letters, digits, "_", "." and "-", begins '
            'with a letter or digit, and may contain {{shortId}}'
        )
    return name


def _count(_: Any, response: requests.Response) -> tuple[int, int]:
    headers = response.headers
    return int(headers.get('x-resource-count', 0)), int(headers.get('x-query-limit', PAGE))
