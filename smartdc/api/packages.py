"""Packages: how much memory, disk and CPU a machine gets."""

from __future__ import annotations

from smartdc.connection import Connection
from smartdc.seen import known
from smartdc.tables import table
from smartdc.types import Package, PackageRef


class PackagesChapter(Connection):
    """List and get packages."""

    __slots__ = ()

    def packages(
        self,
        name: str | None = None,
        memory: int | None = None,
        disk: int | None = None,
        swap: int | None = None,
        version: str | None = None,
        vcpus: int | None = None,
        group: str | None = None,
        *,
        lwps: int | None = None,
        brand: str | None = None,
        flexible_disk: bool | None = None,
    ) -> list[Package]:
        """Return the packages that match all of what is given.

        `GET /:login/packages`, since 6.5; filters since 7.0. Memory, disk and swap in MiB.
        Texts may have a `*` at either end (8.1.1); `brand` and `flexible_disk` since 9.4.3.
        """
        query = {
            'name': name,
            'memory': memory,
            'disk': disk,
            'swap': swap,
            'version': version,
            'vcpus': vcpus,
            'group': group,
            'lwps': lwps,
            'brand': brand,
            'flexible_disk': flexible_disk,
        }
        return self._call('GET', '/packages', query=query, read=table(self, 'packages'))

    def package(self, name: PackageRef) -> Package:
        """Return one package, by name (the highest version of it), id, short id or dict.

        `GET /:login/packages/:id`, since 6.5. Raises ResourceNotFound.
        """
        found = self._call('GET', '/packages/{}', self._find('package', name))
        return known(self, 'packages', found)
