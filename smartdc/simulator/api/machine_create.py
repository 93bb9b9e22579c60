"""CreateMachine: its checks, in the server's order, and the machine that comes out of them."""

from __future__ import annotations

import json
from typing import Any

from smartdc.simulator import limits, placement, versions
from smartdc.simulator.accounts import find_role
from smartdc.simulator.api import machine_disks, machine_networks, machine_volumes
from smartdc.simulator.api.packages import is_active
from smartdc.simulator.api.tags import tag_fault
from smartdc.simulator.calls import Call, failed, fault, invalid, missing
from smartdc.simulator.clock import iso
from smartdc.simulator.cloud import new_id
from smartdc.simulator.default_world import ADMIN
from smartdc.simulator.javascript import string
from smartdc.simulator.names import alias_fault, check_length
from smartdc.simulator.roles import ADMINISTRATOR
from smartdc.simulator.shapes import is_object
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

_BRANDS = ('kvm', 'bhyve')


def new_machine(call: Call) -> Doc:
    """Return the machine that a request asks for, or refuse it."""
    image = _image(call)
    package = _package(call)
    keys = _authorized_keys(call, image)
    if call.account.get('approved_for_provisioning', True) is False:
        raise invalid('User is not currently approved for provisioning')
    brand = _brand(call, image, package)
    disks = machine_disks.chosen(call, brand, image, package)
    flags = _flags(call, brand)
    networks = machine_networks.chosen(call, image, package)
    machine = _assembled(call, image, package, brand)
    check_length(call, machine['name'])
    _check_requirements(image, package)
    volumes = machine_volumes.chosen(call, brand, networks)
    machine |= {**flags, **disks, **volumes, 'metadata': _metadata(call, keys), 'tags': _tags(call)}
    machine['internal'] = _passwords(call)
    limits.check_create(call, machine)
    wishes = placement.wishes(call)
    _check_name(call, str(machine['name']))
    machine['compute_node'] = placement.choose(call, machine, wishes)
    machine['nics'] = machine_networks.attach(call, machine, networks)
    return machine


def _image(call: Call) -> Doc:
    """Return the image, if machines may be made of it."""
    if call.params.get('image') and call.params.get('dataset'):
        raise invalid('image and dataset are mutually exclusive parameters.')
    ref = call.params.get('image') or call.params.get('dataset')
    if call.image is None:
        raise _absent('image', ref)
    if call.image['state'] != 'active':
        raise invalid(f'image {ref} is not active')
    _check_shared(call, call.image)
    return call.image


def _absent(what: str, ref: Any) -> Refusal:
    if not ref:
        return missing(f'{what} must be specified')
    return invalid(f'{string(ref)} is not a valid {what}')


def _check_shared(call: Call, image: Doc) -> None:
    """Refuse an image that another account only shares, unless that is said to be wanted."""
    shared = call.owner in image.get('acl', ()) and image['owner'] not in (call.owner, ADMIN)
    if not shared or call.params.get('allow_shared_images') is True:
        return
    if versions.satisfies('9.0.0', call.asked):
        ref = call.params.get('image') or call.params.get('dataset')
        raise invalid(
            f'{ref} is a shared image - to provision a shared image you can either clone the '
            'image or set "allow_shared_images" to true.'
        )


def _package(call: Call) -> Doc:
    ref = call.params.get('package')
    if call.package is None:
        raise _absent('package', ref)
    if not is_active(call.package):
        raise invalid(f'{ref} is inactive. Must use an active package')
    return call.package


def _authorized_keys(call: Call, image: Doc) -> str:
    """Return the keys that may log in; an image with passwords wants a password instead."""
    if image.get('requirements', {}).get('password'):
        if not call.params.get('password') and not call.params.get('administrator_pw'):
            raise missing(f'{image["id"]} requires a password')
        return ''
    keys = call.store.find('key', owner=call.owner)
    if not keys:
        text = 'At least one SSH key is required to provision'
        raise Refusal(409, 'KeyRequired', text)
    administrators = find_role(call.store, call.owner, ADMINISTRATOR) or {'default_members': []}
    for member in administrators['default_members']:
        keys += call.store.find('key', owner=member)
    return ''.join(f'{key["key"].strip()}\n' for key in keys)


def _brand(call: Call, image: Doc, package: Doc) -> str:
    """Return the brand that the request, the image and the package agree upon."""
    wanted = call.params.get('brand')
    if wanted is not None and wanted not in _BRANDS:
        raise invalid(f'Unknown brand "{string(wanted)}", must be one of: {", ".join(_BRANDS)}')
    needed = image.get('requirements', {}).get('brand')
    sized = package.get('brand')
    default = {'zvol': 'kvm', 'lx-dataset': 'lx', 'docker': 'lx'}.get(image['type'], 'joyent')
    brand = wanted or needed or sized or default
    if needed and needed != brand:
        raise invalid(f'Image requires brand "{needed}", but brand "{brand}" was selected')
    if sized and sized != brand:
        raise invalid(f'Package requires brand "{sized}", but brand "{brand}" was selected')
    if (brand in _BRANDS) != (image['type'] == 'zvol'):
        raise invalid(f'brand "{brand}" does not go with an image of type {image["type"]}')
    return str(brand)


def _flags(call: Call, brand: str) -> Doc:
    """Return what is switched on; all but the firewall only by a literal true."""
    if call.params.get('bootrom') and brand != 'bhyve':
        raise invalid('Only bhyve VMs support "bootrom" option')
    names = ('deletion_protection', 'delegate_dataset', 'encrypted')
    flags = {name: True for name in names if call.params.get(name) is True}
    return {**flags, 'firewall_enabled': call.flag('firewall_enabled')}


def _check_requirements(image: Doc, package: Doc) -> None:
    """Refuse a package that is too small or too large for the image, or for another OS."""
    needs = image.get('requirements', {})
    memory = package['memory']
    if memory < needs.get('min_ram', 0):
        raise invalid(
            f'You must use a package with at least {needs["min_ram"]} MiB of RAM in order to '
            'provision the selected image'
        )
    if memory > needs.get('max_ram', memory):
        raise invalid(
            f'You must use a package with at most {needs["max_ram"]} MiB of RAM in order to '
            'provision the selected image'
        )
    if package.get('os', image['os']) != image['os']:
        # The server, too, names them the wrong way round.
        raise invalid(
            'The package and image must have the same OS, but package has '
            f'"{image["os"]}" while image has "{package["os"]}"'
        )


def _assembled(call: Call, image: Doc, package: Doc, brand: str) -> Doc:
    """Return the machine without what the other steps add."""
    machine_id = new_id()
    now = iso(call.now)
    return {
        'id': machine_id,
        'owner': call.owner,
        'name': _name(call, machine_id),
        'brand': brand,
        'state': 'provisioning',
        'image': image['id'],
        'package': package['id'],
        'memory': package['memory'],
        'disk': package['disk'],
        'created': now,
        'updated': now,
        'nics': [],
    }


def _name(call: Call, id: str) -> str:
    return call.text('name').replace('{{shortId}}', id[:8]) or id[:8]


def _check_name(call: Call, name: str) -> None:
    found = alias_fault(call, name)
    if found is not None:
        raise failed('Invalid VM parameters: Invalid machine name', found)


def _prefixed(call: Call, prefix: str) -> dict[str, Any]:
    """Return the parameters that begin so, without the beginning; nested objects don't count."""
    return {
        name.removeprefix(prefix): value
        for name, value in call.params.items()
        if name.startswith(prefix) and len(name) > len(prefix)
    }


def _metadata(call: Call, keys: str) -> dict[str, Any]:
    found = {
        name: value
        for name, value in _prefixed(call, 'metadata.').items()
        if not name.endswith('_pw') and name != 'credentials'
    }
    faults = [
        fault(f'customer_metadata.{name}', 'Invalid', 'must be a string, number or boolean')
        for name, value in found.items()
        if not isinstance(value, str | int | float | bool)
    ]
    if faults:
        raise failed('Invalid VM parameters: Invalid customer_metadata', *faults)
    password = call.params.get('administrator_pw') or call.params.get('password')
    if password:
        found['administrator_pw'] = password
    return {**found, 'root_authorized_keys': keys} if keys else found


def _tags(call: Call) -> dict[str, Any]:
    tags = _prefixed(call, 'tag.')
    text = tag_fault(tags)
    if text is not None:
        raise failed('Invalid VM parameters: Invalid tags', fault('tags', 'Invalid', text))
    return tags


def _passwords(call: Call) -> dict[str, str]:
    """Return the passwords by user, each with the suffix under which they are kept."""
    given = call.params.get('metadata.credentials')
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = None
    if not is_object(given):
        return {}
    return {f'{user.removesuffix("_pw")}_pw': str(word) for user, word in given.items()}
