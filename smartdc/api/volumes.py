"""Volumes: file systems that several machines can mount."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from smartdc.answers import an_object
from smartdc.chapter import several
from smartdc.connection import Connection
from smartdc.creating import telling
from smartdc.seen import known
from smartdc.tables import table
from smartdc.types import NetworkRef, Volume, VolumeRef, VolumeSize
from smartdc.waiting import Wait, follow, time_limit


class VolumesChapter(Connection):
    """Volumes; MethodNotAllowed where a data center has none."""

    __slots__ = ()

    def volumes(
        self,
        *,
        name: str | None = None,
        predicate: Mapping[str, Any] | None = None,
        size: int | None = None,
        state: str | None = None,
        type: str | None = None,
    ) -> list[Volume]:
        """Return the volumes that match all of what is given.

        `GET /:login/volumes`, since 8.5. A name may have a `*` at either end; `predicate` is a
        condition such as `{'eq': ['state', 'ready']}`; size in MiB. Volumes that failed are
        left out unless state or predicate ask for them. Raises InvalidArgument.
        """
        query = {
            'name': name,
            'predicate': None if predicate is None else json.dumps(predicate),
            'size': size,
            'state': state,
            'type': type,
        }
        return self._call('GET', '/volumes', query=query, read=table(self, 'volumes'))

    def volume(self, volume: VolumeRef) -> Volume:
        """Return one volume, by id, short id, name or dict.

        `GET /:login/volumes/:id`, since 8.5. Raises VolumeNotFound, UnknownName.
        """
        found = self._call('GET', '/volumes/{}', self._find('volume', volume), read=an_object)
        return known(self, 'volumes', found)

    def create_volume(
        self,
        *,
        name: str | None = None,
        type: str = 'tritonnfs',
        size: int | None = None,
        networks: NetworkRef | Sequence[NetworkRef] | None = None,
        affinity: str | Sequence[str] | None = None,
        tags: Mapping[str, str] | None = None,
        wait: Wait = False,
    ) -> Volume:
        """Create a volume and return it.

        `POST /:login/volumes`, since 8.5; affinity and tags since 9.8.6. A name is chosen if
        none is given. `size` is in MiB, one of `volume_sizes()`, the smallest if not given;
        networks are fabric networks, one or several, named as for `network`. `wait` is how long to
        wait until it is ready, in seconds, or True. Raises VolumeAlreadyExists,
        VolumeSizeNotAvailable, DefaultFabricNetworkNotConfigured.
        """
        limit = time_limit(wait)
        wanted = several('networks', networks)
        body = {
            'name': secrets.token_hex(32) if name is None else name,
            'type': type,
            'size': size,
            'networks': wanted and [self._find('network', network) for network in wanted],
            'affinity': several('affinity', affinity),
            'tags': tags,
        }
        named = {'eq': ['name', body['name']]}
        volume: Volume = self._create_named(
            '/volumes', body=body, rows=lambda: self.volumes(predicate=named)
        )
        if wait is False:
            return volume
        with telling(id=volume.get('id')):
            return follow(
                lambda: self.volume(volume),
                'ready',
                kind='volume',
                what=f'volume {body["name"]}',
                wait_for=limit,
                at=self,
            )

    def update_volume(self, volume: VolumeRef, *, name: str) -> Volume:
        """Give a volume another name and return it.

        `POST /:login/volumes/:id`, since 8.5. Raises VolumeNotFound, VolumeInUse,
        VolumeAlreadyExists.
        """
        return self._call('POST', '/volumes/{}', self._find('volume', volume), body={'name': name})

    def delete_volume(self, volume: VolumeRef) -> None:
        """Start to delete a volume, named as for `volume`.

        `DELETE /:login/volumes/:id`, since 8.5. Raises VolumeNotFound, VolumeInUse while
        machines mount it.
        """
        self._call('DELETE', '/volumes/{}', self._find('volume', volume))

    def volume_sizes(self, *, type: str | None = None) -> list[VolumeSize]:
        """Return the sizes that volumes may have, in MiB, the smallest first.

        `GET /:login/volumesizes`, since 8.5.
        """
        return self._call(
            'GET', '/volumesizes', query={'type': type}, read=table(self, 'volume sizes')
        )
