"""Images, which were datasets before 7.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smartdc.connection import Connection
from smartdc.paths import ident
from smartdc.search import search_dicts
from smartdc.types import Dataset, Image


class ImagesChapter(Connection):
    """List, get and delete images; datasets, their old name."""

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
        return self._call('GET', '/images', query=query)

    def image(self, identifier: str | Mapping[str, Any]) -> Image:
        """Return one image, by id or dict.

        `GET /:login/images/:id`, since 7.0. Raises ResourceNotFound.
        """
        return self._call('GET', '/images/{}', ident(identifier))

    def delete_image(self, identifier: str | Mapping[str, Any]) -> None:
        """Delete an image of the account, by id or dict.

        `DELETE /:login/images/:id`, since 7.1. Raises ResourceNotFound,
        ImageHasDependentImages, NotImageOwner.
        """
        self._call('DELETE', '/images/{}', ident(identifier))

    def datasets(
        self, search: str | None = None, fields: Sequence[str] = ('description', 'urn')
    ) -> list[Dataset]:
        """Return the images under their old name, each with a URN.

        `GET /:login/images`, since 7.0. `search` is a regular expression for the fields; the
        search is done here and ignores case.
        """
        found = [_dataset(image) for image in self._call('GET', '/images')]
        return found if search is None else list(search_dicts(found, search, fields))

    def dataset(self, identifier: str | Mapping[str, Any]) -> Dataset:
        """Return one image under its old name, by id, URN or dict.

        `GET /:login/images/:id`, since 7.0. A URN without a version, `sdc:sdc:smartos64:`,
        means the newest of that name. Raises ResourceNotFound.
        """
        image = self._find('image', ident(identifier, 'id', 'urn'))
        return _dataset(self._call('GET', '/images/{}', image))


def _dataset(image: Mapping[str, Any]) -> Dataset:
    urn = image.get('urn') or f'sdc:sdc:{image.get("name", "")}:{image.get("version", "")}'
    found: Any = {**image, 'urn': urn}
    return found
