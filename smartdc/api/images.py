"""Images, which were datasets before 7.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smartdc.answers import an_object, objects, understood
from smartdc.chapter import several
from smartdc.connection import Connection
from smartdc.creating import LATE, telling
from smartdc.errors import ResourceNotFound, SmartDCError
from smartdc.likeness import like
from smartdc.paths import ident
from smartdc.search import search_dicts
from smartdc.seen import known
from smartdc.tables import listed, table
from smartdc.types import Dataset, ExportedImage, Image, ImageRef, MachineRef
from smartdc.waiting import Wait, follow, time_limit


class ImagesChapter(Connection):
    """List, get, create, change, share, copy and delete images; datasets, their old name."""

    __slots__ = ()

    def images(
        self,
        name: str | None = None,
        os: str | None = None,
        version: str | None = None,
        public: bool | None = None,
        state: str | None = None,
        owner: str | None = None,
        type: str | None = None,
    ) -> list[Image]:
        """Return the images that match all of what is given.

        `GET /:login/images`, since 7.0. A `~` before a name or version looks for a part of it.
        `state` is active (the default), unactivated, disabled, creating, failed or all.
        """
        query = {
            'name': name,
            'os': os,
            'version': version,
            'public': public,
            'state': state,
            'owner': owner,
            'type': type,
        }
        return self._call('GET', '/images', query=query, read=table(self, 'images'))

    def image(self, identifier: ImageRef) -> Image:
        """Return one image, by id, short id, name (the newest of it), `name@version` or dict.

        `GET /:login/images/:id`, since 7.0. Raises ResourceNotFound, UnknownName.
        """
        found = self._call('GET', '/images/{}', self._find('image', identifier), read=an_object)
        return known(self, 'images', found)

    def delete_image(self, identifier: ImageRef) -> None:
        """Delete an image of the account, named as for `image`.

        `DELETE /:login/images/:id`, since 7.1. Raises ResourceNotFound, UnknownName,
        ImageHasDependentImages, NotImageOwner.
        """
        self._call('DELETE', '/images/{}', self._find('image', identifier))

    def create_image(
        self,
        machine: MachineRef,
        name: str,
        version: str,
        *,
        description: str | None = None,
        homepage: str | None = None,
        eula: str | None = None,
        acl: str | Sequence[str] | None = None,
        tags: Mapping[str, Any] | None = None,
        wait: Wait = False,
    ) -> Image:
        """Start to make an image of a machine, named as for `machine`, and return the image.

        `POST /:login/images`, since 7.1. The machine should be prepared and stopped. `acl` are
        the ids of accounts that may use the image. `wait` is how long to wait until it is
        active, in seconds, or True; without it the image has neither `os` nor `type` yet. Raises
        ResourceNotFound, InvalidArgument, ValidationFailed.
        """
        limit = time_limit(wait)
        body = {
            'machine': self._find('machine', machine),
            'name': name,
            'version': version,
            'description': description,
            'homepage': homepage,
            'eula': eula,
            'acl': several('acl', acl),
            'tags': tags,
        }
        image: Image = self._create_new(
            '/images',
            rows=lambda: self.images(name=name, version=version, state='all'),
            is_it=lambda row: like(row, body),
            sought={'name': name, 'version': version},
            body=body,
        )
        if wait is False:
            return image
        with telling(id=image.get('id')):
            return follow(
                lambda: self.image(image),
                'active',
                kind='image',
                what=f'image {name}@{version}',
                wait_for=limit,
                at=self,
            )

    def import_image(self, datacenter: str, identifier: str | Mapping[str, Any]) -> Image:
        """Copy an image of the account from another data center of this cloud, and return it.

        `POST /:login/images?action=import-from-datacenter`, since 9.2. The server answers when
        the copy is done, which may take longer than `timeout` lets it: then the error says that
        it may come, and `wait_for('image', id, 'active')` waits for it. Raises
        ImageUuidAlreadyExists, ResourceNotFound.
        """
        image_id = ident(identifier)
        query = {'action': 'import-from-datacenter', 'datacenter': datacenter, 'id': image_id}
        return self._create(
            '/images',
            find=lambda: self._imported(image_id),
            sought={'id': image_id},
            late=LATE,
            query=query,
        )

    def _imported(self, image_id: str) -> Image | None:
        """Return an image that is here, None when it is not."""
        try:
            image = self.image(image_id)
        except ResourceNotFound:
            return None
        if image['state'] != 'active':
            raise SmartDCError(f'the image {image_id} is {image["state"]}')
        return image

    def update_image(
        self,
        identifier: ImageRef,
        *,
        name: str | None = None,
        version: str | None = None,
        description: str | None = None,
        homepage: str | None = None,
        eula: str | None = None,
        acl: str | Sequence[str] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> Image:
        """Change what is given of an image, named as for `image`, and return it.

        `POST /:login/images/:id?action=update`, since 7.1. Raises ResourceNotFound,
        ValidationFailed.
        """
        body = {
            'name': name,
            'version': version,
            'description': description,
            'homepage': homepage,
            'eula': eula,
            'acl': several('acl', acl),
            'tags': tags,
        }
        image = self._find('image', identifier)
        return self._call('POST', '/images/{}', image, query={'action': 'update'}, body=body)

    def share_image(self, identifier: ImageRef, *accounts: str) -> Image:
        """Let more accounts, by id, use an image, and return it.

        `POST /:login/images/:id?action=update`, since 7.1, on the access list as it is now.
        Raises ResourceNotFound.
        """
        image = self.image(identifier)
        acl = _acl(image)
        return self.update_image(image, acl=[*acl, *(a for a in accounts if a not in acl)])

    def unshare_image(self, identifier: ImageRef, *accounts: str) -> Image:
        """Let accounts, by id, no longer use an image, and return it.

        `POST /:login/images/:id?action=update`, since 7.1, on the access list as it is now.
        Raises ResourceNotFound.
        """
        image = self.image(identifier)
        acl = _acl(image)
        return self.update_image(image, acl=[a for a in acl if a not in accounts])

    def export_image(self, identifier: ImageRef, manta_path: str) -> ExportedImage:
        """Write an image of the account into Manta, and return where its files are.

        `POST /:login/images/:id?action=export`, since 7.1. Raises ResourceNotFound,
        NotMantaPathOwner, NotImplementedByServer.
        """
        query = {'action': 'export'}
        body = {'manta_path': manta_path}
        image = self._find('image', identifier)
        return self._call('POST', '/images/{}', image, query=query, body=body)

    def clone_image(self, identifier: ImageRef) -> Image:
        """Make a copy of an image that is shared with the account, and return the copy.

        `POST /:login/images/:id?action=clone`, since 9.1. Raises ImageNotShared,
        ResourceNotFound.
        """
        origin = self._find('image', identifier)

        def is_it(row: Image) -> bool:
            shared = self.image(origin)
            return like(row, {each: shared.get(each) for each in ('name', 'version', 'os', 'type')})

        return self._create_new(
            '/images/{}',
            origin,
            rows=lambda: self.images(public=False, state='all'),
            is_it=is_it,
            sought={'clone of': origin},
            query={'action': 'clone'},
        )

    def datasets(
        self, search: str | None = None, fields: Sequence[str] = ('description', 'urn')
    ) -> list[Dataset]:
        """Return the images under their old name, each with a URN.

        `GET /:login/images`, since 7.0. `search` is a regular expression for the fields; the
        search is done here and ignores case.
        """
        found = [_dataset(image) for image in self._call('GET', '/images', read=objects)]
        kept = found if search is None else list(search_dicts(found, search, fields))
        return listed(self, 'images', kept)

    def dataset(self, identifier: ImageRef) -> Dataset:
        """Return one image under its old name, by URN or named as for `image`.

        `GET /:login/images/:id`, since 7.0. A URN without a version, `sdc:sdc:smartos64:`,
        means the newest of that name. Raises ResourceNotFound.
        """
        image = self._find('image', identifier)
        return _dataset(self._call('GET', '/images/{}', image, read=an_object))


def _acl(image: Mapping[str, Any]) -> list[Any]:
    with understood():
        return list(image.get('acl') or [])


def _dataset(image: Mapping[str, Any]) -> Dataset:
    urn = image.get('urn') or f'sdc:sdc:{image.get("name", "")}:{image.get("version", "")}'
    found: Any = {**image, 'urn': urn}
    return found
