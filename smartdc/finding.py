"""From what a person writes to what CloudAPI takes: names and short ids to ids, and defaults."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from smartdc.answers import understood
from smartdc.errors import AmbiguousName, InvalidInput, ResourceNotFound, UnknownName
from smartdc.paths import fill, ident, is_uuid
from smartdc.shapes import is_object
from smartdc.types import Image, Package

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter

#: What a machine can be named; the server refuses to look for anything else.
_MACHINE_NAME = re.compile(r'[a-zA-Z0-9][a-zA-Z0-9_.-]*')

#: The beginning of an id, with or without its hyphens: 8 hexadecimal digits or more.
_SHORT_ID = re.compile(r'[0-9a-f]{8,32}')

#: How many things an error lists at most.
_LISTED = 8


def find(datacenter: DataCenter, kind: str, ref: Any) -> str:
    """Return the id or name by which CloudAPI knows what `ref` means.

    An id is what it says and costs no request. Else a name is looked for, then a short id.
    Raises UnknownName, AmbiguousName.
    """
    with understood():
        return _FINDERS[kind](datacenter, ref)


def default_package(datacenter: DataCenter) -> Package | None:
    """Return the package flagged as default, else the smallest that fits the default image."""
    packages = datacenter.packages()
    flagged = [package for package in packages if package.get('default') is True]
    if flagged or not packages:
        return flagged[0] if flagged else None
    with understood():
        return _smallest(packages, _base_image(datacenter.images()))


def _machine(datacenter: DataCenter, ref: Any) -> str:
    wanted = _wanted(ref)
    if is_uuid(wanted):
        return wanted
    if _MACHINE_NAME.fullmatch(wanted):
        for machine in datacenter.machines(name=wanted):
            if machine.name == wanted:
                return machine.id
    return _one('machine', wanted, [machine.data for machine in datacenter.machines()])


def _image(datacenter: DataCenter, ref: Any) -> str:
    wanted = _wanted(ref, 'id', 'urn')
    if is_uuid(wanted):
        return wanted
    name, version = _name_and_version(wanted)

    def newest(images: Iterable[Image]) -> str | None:
        found = [
            image
            for image in images
            if image.get('name') == name and version in (None, image.get('version'))
        ]
        return max(found, key=_published)['id'] if found else None

    if active := newest(datacenter.images(name=name)):
        return active
    images = datacenter.images(state='all')
    if found := newest(images):
        return found
    if version is None:
        return _one('image', name, images)
    versions = (f'{image["name"]}@{image["version"]}' for image in images)
    raise _unknown('image', f'{name}@{version}', versions)


def _name_and_version(text: str) -> tuple[str, str | None]:
    """Take apart `sdc:sdc:name:version`, `name@version` or `name`."""
    if text.count(':') == 3:
        _, _, name, version = text.split(':')
    else:
        name, _, version = text.partition('@')
    return name, version or None


def _package(datacenter: DataCenter, ref: Any) -> str:
    """Return what the server takes as it is, unless it looks like a short id."""
    wanted = _wanted(ref, 'id', 'name')
    if is_uuid(wanted) or not _is_short_id(wanted):
        return wanted
    return _one('package', wanted, datacenter.packages())


def _package_for_image(datacenter: DataCenter, image: str) -> str:
    packages = datacenter.packages()
    flagged = [package for package in packages if package.get('default') is True]
    if flagged:
        return flagged[0]['id']
    return _smallest(packages, datacenter.image(image))['id']


def _image_in_use(datacenter: DataCenter, ref: tuple[Any, str]) -> str:
    """Return an image in use if it is what is wanted, in whatever version, else the one wanted."""
    wanted, used = _wanted(ref[0], 'id', 'urn'), ref[1]
    if is_uuid(wanted):
        return wanted.lower()
    name, version = _name_and_version(wanted)
    with suppress(ResourceNotFound):
        image = datacenter.image(used)
        if image['name'] == name and version in (None, image['version']):
            return used
    return _image(datacenter, wanted)


def _package_in_use(datacenter: DataCenter, ref: tuple[Any, str]) -> str:
    """Return the name of the package that is wanted; the one in use needs no request."""
    wanted, used = ref
    if used in (wanted, wanted.get('name') if is_object(wanted) else None):
        return used
    return datacenter.package(_package(datacenter, wanted))['name']


def _in_list(kind: str, rows: Callable[[DataCenter], Sequence[Any]]) -> _Finder:
    """Return the finder of things whose list is short, and tells their names."""

    def found(datacenter: DataCenter, ref: Any) -> str:
        wanted = _wanted(ref)
        return wanted if is_uuid(wanted) else _one(kind, wanted, rows(datacenter))

    return found


def _one(kind: str, wanted: str, rows: Sequence[Any]) -> str:
    """Return the id of the only thing of that name, else of the only one of that short id."""
    found = [row for row in rows if row.get('name') == wanted]
    if not found and _is_short_id(wanted):
        found = [row for row in rows if _digits(row['id']).startswith(_digits(wanted))]
    if len(found) == 1:
        return str(found[0]['id'])
    if found:
        raise _ambiguous(kind, wanted, found)
    raise _unknown(kind, wanted, (str(row['name']) for row in rows if row.get('name')))


def _is_short_id(text: str) -> bool:
    return _SHORT_ID.fullmatch(_digits(text)) is not None


def _digits(text: str) -> str:
    return text.lower().replace('-', '')


_Finder = Callable[['DataCenter', Any], str]

_FINDERS: Mapping[str, _Finder] = {
    'machine': _machine,
    'image': _image,
    'default image': lambda datacenter, _: _base_image(datacenter.images())['id'],
    'package': _package,
    'package for image': _package_for_image,
    'image in use': _image_in_use,
    'package in use': _package_in_use,
    'network': _in_list('network', lambda datacenter: datacenter.networks()),
    'volume': _in_list('volume', lambda datacenter: datacenter.volumes()),
    'firewall rule': _in_list('firewall rule', lambda datacenter: datacenter.firewall_rules()),
}


def _wanted(ref: Any, *keys: str) -> str:
    """Return what stands for a thing as text; refuse what can be no id or name."""
    found = ident(ref, *keys)
    fill('{}', found)
    return str(found)


def _base_image(images: list[Image]) -> Image:
    """Return the newest plain SmartOS image: base, else minimal, else any zone image."""
    zones = [image for image in images if image['type'] in ('zone-dataset', 'smartmachine')]
    for prefix in ('base', 'minimal', ''):
        found = [image for image in zones if image['name'].startswith(prefix)]
        if found:
            return max(found, key=_published)
    raise InvalidInput('this data center has no image to choose by default: pass image=')


def _smallest(packages: list[Package], image: Image) -> Package:
    """Return the package of the least memory that the image can run in."""
    needs = image.get('requirements') or {}
    least = needs.get('min_memory') or needs.get('min_ram') or 0
    most = needs.get('max_memory') or needs.get('max_ram') or float('inf')
    brands = ('bhyve', 'kvm') if image['type'] in ('zvol', 'virtualmachine') else ()
    fitting = [
        package
        for package in packages
        if least <= package['memory'] <= most
        and (package.get('brand') in brands if brands else not _for_hvm(package))
    ]
    if not fitting:
        raise InvalidInput(
            f'no package fits the image {image["name"]}@{image["version"]}: pass package='
        )
    return min(fitting, key=lambda package: (package['memory'], package['disk'], package['name']))


def _for_hvm(package: Package) -> bool:
    return package.get('brand') in ('bhyve', 'kvm')


def _published(image: Image) -> str:
    return image.get('published_at') or ''


def _unknown(kind: str, wanted: str, names: Iterable[str]) -> UnknownName:
    from difflib import get_close_matches

    near = sorted(get_close_matches(wanted, set(names), n=3))
    hint = f'; there is {", ".join(near)}' if near else ''
    return UnknownName(f'no {kind} has the name or short id {wanted!r} here{hint}', near)


def _ambiguous(kind: str, wanted: str, rows: Sequence[Any]) -> AmbiguousName:
    ids = [str(row['id']) for row in rows]
    shown = [f'{row["id"]} ({row["name"]})' if row.get('name') else row['id'] for row in rows]
    more = [f'{len(rows) - _LISTED} more'] if len(rows) > _LISTED else []
    which = ', '.join([*shown[:_LISTED], *more])
    return AmbiguousName(f'{wanted!r} may be any {kind} of {which}: pass one of the ids', ids)
