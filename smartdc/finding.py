"""From what a person writes to what CloudAPI takes: default images and packages, names to ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from smartdc.errors import InvalidInput
from smartdc.paths import ident, is_uuid
from smartdc.types import Image, Package

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter


def find(datacenter: DataCenter, kind: str, ref: Any) -> str:
    """Return the id or name by which CloudAPI knows what `ref` means."""
    return _FINDERS[kind](datacenter, ref)


def default_package(datacenter: DataCenter) -> Package | None:
    """Return the package flagged as default, else the smallest that fits the default image."""
    packages = datacenter.packages()
    flagged = [package for package in packages if package.get('default') is True]
    if flagged or not packages:
        return flagged[0] if flagged else None
    return _smallest(packages, _base_image(datacenter.images()))


def _image(datacenter: DataCenter, ref: Any) -> str:
    if ref is None:
        return _base_image(datacenter.images())['id']
    wanted = str(ident(ref, 'id', 'urn'))
    if is_uuid(wanted):
        return wanted
    name, version = _name_and_version(wanted)
    found = [
        image
        for image in datacenter.images(name=name)
        if image['name'] == name and version in (None, image['version'])
    ]
    if not found:
        raise _unknown('image', name, (image['name'] for image in datacenter.images()))
    return max(found, key=_published)['id']


def _name_and_version(text: str) -> tuple[str, str | None]:
    """Take apart `sdc:sdc:name:version`, `name@version` or `name`."""
    if text.count(':') == 3:
        _, _, name, version = text.split(':')
    else:
        name, _, version = text.partition('@')
    return name, version or None


def _package_for_image(datacenter: DataCenter, image: str) -> str:
    packages = datacenter.packages()
    flagged = [package for package in packages if package.get('default') is True]
    if flagged:
        return flagged[0]['id']
    return _smallest(packages, datacenter.image(image))['id']


def _network(datacenter: DataCenter, ref: Any) -> str:
    wanted = str(ident(ref))
    if is_uuid(wanted):
        return wanted
    networks = datacenter.networks()
    found = [network['id'] for network in networks if network['name'] == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInput(f'several networks are named {wanted!r}: {", ".join(found)}')
    raise _unknown('network', wanted, (network['name'] for network in networks))


_FINDERS: Mapping[str, Callable[[DataCenter, Any], str]] = {
    'image': _image,
    'package for image': _package_for_image,
    'network': _network,
}


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


def _unknown(kind: str, wanted: str, names: Iterable[str]) -> InvalidInput:
    near = get_close_matches(wanted, set(names), n=3)
    hint = f'; there is {", ".join(sorted(near))}' if near else ''
    return InvalidInput(f'no {kind} is named {wanted!r} here{hint}')
