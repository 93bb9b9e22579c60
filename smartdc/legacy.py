"""The API of 2011, 6.5, which servers of 8.0 and later refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, cast

from smartdc.datacenter import DataCenter
from smartdc.errors import InvalidInput, Unsupported
from smartdc.paths import ident, is_uuid
from smartdc.search import search_dicts
from smartdc.tables import listed, table
from smartdc.types import Dataset, Package


class LegacyDataCenter(DataCenter):
    """A data center that still speaks API 6.5; arguments as for DataCenter.

    Its images are called datasets, and it has no networks.
    """

    API_VERSION = '~6.5'

    def packages(  # type: ignore[override]
        self, search: str | None = None, fields: Sequence[str] = ('name',)
    ) -> list[Package]:
        """Return the packages, or those with a field that the regular expression matches.

        `GET /:login/packages`, since 6.5. The search is done here and ignores case.
        """
        found = self._call('GET', '/packages', read=table(self, 'packages'))
        if search is None:
            return found
        return listed(self, 'packages', list(search_dicts(found, search, fields)))

    def default_package(self) -> Package | None:
        """Return the package flagged as default.

        `GET /:login/packages`, since 6.5.
        """
        return next((found for found in self.packages() if found.get('default')), None)

    def datasets(
        self, search: str | None = None, fields: Sequence[str] = ('description', 'urn')
    ) -> list[Dataset]:
        """Return the datasets, or those with a field that the regular expression matches.

        `GET /:login/datasets`, 6.5 to 7.x. The search is done here and ignores case.
        """
        found = self._call('GET', '/datasets', read=table(self, 'images'))
        if search is None:
            return found
        return listed(self, 'images', list(search_dicts(found, search, fields)))

    def dataset(self, identifier: str | Mapping[str, Any]) -> Dataset:
        """Return one dataset, by id, URN or dict.

        `GET /:login/datasets/:id`, 6.5 to 7.x. Raises ResourceNotFound.
        """
        return self._call('GET', '/datasets/{}', ident(identifier, 'id', 'urn'))

    def default_dataset(self) -> Dataset | None:
        """Return the dataset flagged as default.

        `GET /:login/datasets`, 6.5 to 7.x.
        """
        flagged = (found for found in self.datasets() if cast('Any', found).get('default'))
        return next(flagged, None)

    def api(self) -> NoReturn:
        """Raise Unsupported."""
        raise Unsupported('API 6.5 has no description of itself')

    def images(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise Unsupported."""
        raise Unsupported('API 6.5 has datasets, not images')

    def image(self, identifier: Any) -> NoReturn:
        """Raise Unsupported."""
        raise Unsupported('API 6.5 has datasets, not images')

    def networks(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise Unsupported."""
        raise Unsupported('API 6.5 has no networks')

    def network(self, identifier: Any) -> NoReturn:
        """Raise Unsupported."""
        raise Unsupported('API 6.5 has no networks')

    def _find(self, kind: str, ref: Any) -> str:
        if kind in ('machine', 'package', 'package in use'):
            return super()._find(kind, ref)
        if kind in ('image', 'image in use'):
            return self._dataset_id(ref if kind == 'image' else ref[0])
        if kind not in ('default image', 'package for image'):
            raise Unsupported(f'API 6.5 has no {kind}s')
        is_image = kind == 'default image'
        found: Any = self.default_dataset() if is_image else self.default_package()
        if found is None:
            raise InvalidInput('this data center has no default: pass dataset= and package=')
        return str(ident(found, 'id', 'name'))

    def _dataset_id(self, ref: str | Mapping[str, Any]) -> str:
        """Return the id of a dataset, for lists of machines have no other filter."""
        wanted = str(ident(ref, 'id', 'urn'))
        return wanted.lower() if is_uuid(wanted) else self.dataset(wanted)['id']
