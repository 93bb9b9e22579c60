"""Datasets: what images were called until version 8, and what else older servers answer.

A data center whose world gives its version as 6.5.0 or 7.2.0 mounts these. A machine then tells
its dataset, packages and datasets have a default, and the headers have their old names, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from smartdc.simulator.api.images import find_image
from smartdc.simulator.calls import Call, Reply, not_found
from smartdc.simulator.routing import ALL, Chapter, Route
from smartdc.simulator.store import Doc

chapter: Chapter = Chapter()

#: The first API, which servers up to 7.x still speak.
FIRST = '6.5.0'

#: Which chapters 6.5 had: the first part of their paths after the account.
_CHAPTERS = ('', 'keys', 'datacenters', 'packages', 'datasets', 'machines')

#: What machines could not do yet in 6.5.
_LATER = ('audit', 'disks', 'nics', 'migrate', 'vnc', 'fwrules')

_NAMES = {
    'Request-Id': 'X-Request-Id',
    'Api-Version': 'X-Api-Version',
    'Response-Time': 'X-Response-Time',
}


@chapter.get('/:account/datasets', 'ListDatasets', head='HeadDatasets')
def list_datasets(call: Call) -> Reply:
    """Answer the datasets that the account may use."""
    found = [image for image in call.store.find('image', home=call.home) if _usable(call, image)]
    default = _default(found)
    return Reply([dataset_view(image, image['id'] == default) for image in found])


@chapter.get('/:account/datasets/:dataset', 'GetDataset', head='HeadDataset')
def get_dataset(call: Call) -> Reply:
    """Answer a dataset, by its id or URN."""
    image = find_dataset(call, call.text('dataset'))
    if image is None:
        raise not_found(f'{call.text("dataset")} not found')
    found = [other for other in call.store.find('image', home=call.home) if _usable(call, other)]
    return Reply(dataset_view(image, image['id'] == _default(found)))


def find_dataset(call: Call, ref: str) -> Doc | None:
    """Return an image that the account may use, by its id or URN."""
    image = find_image(call, ref)
    if image is not None:
        return image
    images = call.store.find('image', home=call.home)
    return next((each for each in images if urn(each) == ref and _usable(call, each)), None)


def urn(image: Doc) -> str:
    """Return the name of an image as it was written before version 7."""
    return f'sdc:sdc:{image["name"]}:{image["version"]}'


def dataset_view(image: Doc, default: bool) -> dict[str, Any]:
    """Return an image as API 6.5 shows it."""
    view = {name: image[name] for name in ('id', 'name', 'os', 'version', 'requirements')}
    return {
        **view,
        'urn': urn(image),
        'type': 'virtualmachine' if image['type'] == 'zvol' else 'smartmachine',
        'description': image.get('description', ''),
        'default': default,
        'created': image.get('published_at', ''),
    }


def is_old(settings: Mapping[str, Any]) -> bool:
    """Tell whether a data center is of a version that still has datasets."""
    return str(settings.get('version', ALL[-1])).startswith(('6.', '7.'))


def is_first(settings: Mapping[str, Any]) -> bool:
    """Tell whether a data center is of the first version."""
    return str(settings.get('version', ALL[-1])).startswith('6.')


def old_routes(routes: Sequence[Route], settings: Mapping[str, Any]) -> list[Route]:
    """Return what of all routes a server of an old version has, and datasets."""
    version = str(settings['version'])
    mounted = [FIRST, *(each for each in ALL if each <= version)]
    found = [*chapter.routes, *routes]
    if version.startswith('6.'):
        found = [route for route in found if _is_first(route)]
    return [
        replace(route, versions=versions)
        for route in found
        if (versions := _versions(route, mounted))
    ]


def old_headers(headers: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of an answer under their old names, with the version that was mounted."""
    found = {**headers, 'Api-Version': str(settings['version'])}
    return {**found, **{old: found[new] for new, old in _NAMES.items() if new in headers}}


def _versions(route: Route, mounted: Sequence[str]) -> list[str]:
    """Return the versions under which an old server has a route; from the start if that is 7.0."""
    began = route.versions[0] == ALL[0]
    return [each for each in mounted if each in route.versions or (began and each == FIRST)]


def _is_first(route: Route) -> bool:
    parts = route.pattern.strip('/').split('/')
    chapter_name = parts[1] if len(parts) > 1 else ''
    of_machine = parts[3] if len(parts) > 3 else ''
    is_item = not chapter_name.startswith(':')
    return is_item and chapter_name in _CHAPTERS and of_machine not in _LATER


def _usable(call: Call, image: Doc) -> bool:
    return image['state'] == 'active' and find_image(call, image['id']) is not None


def _default(images: Sequence[Doc]) -> str:
    """Return the id of the newest SmartOS image, which is what machines are made of by default."""
    fit = [image for image in images if image['os'] == 'smartos'] or images
    newest = max(fit, key=lambda image: str(image.get('published_at', '')), default=None)
    return '' if newest is None else str(newest['id'])
