"""Packages: the sizes of machines."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from smartdc.simulator.calls import Call, Reply, is_uuid, not_found
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import Doc

chapter: Chapter = Chapter()

_FIELDS = (
    'brand',
    'default',
    'description',
    'disk',
    'disks',
    'flexible_disk',
    'group',
    'id',
    'lwps',
    'memory',
    'name',
    'swap',
    'vcpus',
    'version',
)
_NUMBERS = ('memory', 'disk', 'swap', 'lwps', 'vcpus')
_TEXTS = ('name', 'version', 'group', 'brand')


@chapter.get('/:account/packages', 'ListPackages', head='HeadPackages')
def list_packages(call: Call) -> Reply:
    """Answer the active packages that fit the filters."""
    packages = call.store.find('package', home=call.home)
    return Reply([package_view(package) for package in packages if _fits(call, package)])


@chapter.get('/:account/packages/:package', 'GetPackage', head='HeadPackage')
def get_package(call: Call) -> Reply:
    """Answer a package by its id, or by its name the latest of that name."""
    package = find_package(call, call.text('package'))
    if package is None or not (is_active(package) or is_uuid(call.params['package'])):
        raise not_found(f'{call.text("package")} not found')
    return Reply(package_view(package))


def find_package(call: Call, ref: str) -> Doc | None:
    """Return a package by its id, or by its name: an active one first, and the latest."""
    package = call.store.get('package', ref.lower(), home=call.home)
    named = call.store.find('package', home=call.home, name=ref)
    return package or max(named, key=_rank, default=None)


def default_package(call: Call) -> Doc | None:
    """Return the latest of the active packages that are said to be the default."""
    packages = call.store.find('package', home=call.home)
    return max(
        (package for package in packages if package.get('default') and is_active(package)),
        key=_rank,
        default=None,
    )


def package_view(package: Doc) -> dict[str, Any]:
    """Return a package as CloudAPI shows it."""
    return {name: package[name] for name in _FIELDS if name in package}


def is_active(package: Doc) -> bool:
    """Tell whether machines may be made of a package."""
    return bool(package.get('active', True))


def _rank(package: Doc) -> tuple[bool, list[int]]:
    parts = str(package['version']).split('.')
    return is_active(package), [int(part) if part.isdigit() else 0 for part in parts]


def _fits(call: Call, package: Doc) -> bool:
    """Tell whether a package is what the filters want; texts may use `*`."""
    if not is_active(package):
        return False
    if any(call.text(name) not in ('', str(package[name])) for name in _NUMBERS):
        return False
    flexible = call.text('flexible_disk').lower()
    if flexible not in ('', str(bool(package.get('flexible_disk'))).lower()):
        return False
    return all(fnmatchcase(str(package.get(name, '')), _glob(call.text(name))) for name in _TEXTS)


def _glob(wanted: str) -> str:
    """Return a filter as a pattern in which only `*` is special."""
    return wanted.replace('[', '[[]').replace('?', '[?]') or '*'
