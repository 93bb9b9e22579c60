"""What CloudAPI shows of a machine."""

from __future__ import annotations

import re
from typing import Any

from smartdc.simulator.api.datasets import is_old, urn
from smartdc.simulator.calls import Call
from smartdc.simulator.store import Doc

#: The ranges for which a machine has no list of networks.
_BEFORE_NETWORKS = re.compile(r'~?7\.0(\.\w+)?')


def machine_view(call: Call, machine: Doc) -> dict[str, Any]:
    """Return a machine as CloudAPI shows it to the version that was asked for."""
    return machine_views(call, [machine])[0]


def machine_views(call: Call, machines: list[Doc]) -> list[dict[str, Any]]:
    """Return machines as CloudAPI shows them; the names of packages are looked up once."""
    packages = call.store.recall('package', ('names', call.home), lambda: _package_names(call))
    views = [_view(call, machine, packages) for machine in machines]
    if is_old(call.cloud.datacenter(call.home)):
        images = {image['id']: image for image in call.store.find('image', home=call.home)}
        views = [{**view, 'dataset': _urn(images, view['image'])} for view in views]
    return views


def _package_names(call: Call) -> dict[str, str]:
    packages = call.store.find('package', home=call.home)
    return {package['id']: package['name'] for package in packages}


def credentials(machine: Doc) -> dict[str, str]:
    """Return the passwords of a machine by user."""
    internal: dict[str, str] = machine.get('internal', {})
    return {name.removesuffix('_pw'): value for name, value in internal.items()}


def is_virtual(machine: Doc) -> bool:
    """Tell whether a machine is a hardware virtual one."""
    return machine['brand'] in ('kvm', 'bhyve')


def _urn(images: dict[str, Doc], image: str) -> str:
    return urn(images[image]) if image in images else ''


def _view(call: Call, machine: Doc, packages: dict[str, str]) -> dict[str, Any]:
    return {
        'id': machine['id'],
        'name': machine['name'],
        'type': 'virtualmachine' if is_virtual(machine) else 'smartmachine',
        'brand': machine['brand'],
        'state': machine['state'],
        'image': machine['image'],
        'ips': [nic['ip'] for nic in _joined(machine)],
        'memory': machine['memory'],
        'disk': machine['disk'],
        **_disks_view(machine),
        'deletion_protection': machine.get('deletion_protection', False),
        **{name: True for name in ('delegate_dataset', 'encrypted', 'docker') if machine.get(name)},
        'metadata': _metadata_view(call, machine),
        'tags': machine['tags'],
        **({'credentials': call.params['credentials']} if 'credentials' in call.params else {}),
        'created': machine['created'],
        'updated': machine['updated'],
        **_network_view(call, machine),
        'firewall_enabled': machine['firewall_enabled'],
        **({'compute_node': machine['compute_node']} if machine.get('compute_node') else {}),
        'package': packages.get(machine['package'], ''),
    }


def _disks_view(machine: Doc) -> dict[str, Any]:
    if machine['brand'] != 'bhyve':
        return {}
    shown = ('id', 'size', 'block_size', 'boot', 'image')
    disks = [
        {name: disk[name] for name in shown if disk.get(name)} for disk in machine.get('disks', ())
    ]
    flexible: dict[str, Any] = {
        name: machine[name] for name in ('flexible', 'free_space') if name in machine
    }
    return {**flexible, 'disks': disks}


def _metadata_view(call: Call, machine: Doc) -> dict[str, Any]:
    passwords = credentials(machine)
    if call.text('credentials') and passwords:
        return {**machine['metadata'], 'credentials': passwords}
    return dict(machine['metadata'])


def _network_view(call: Call, machine: Doc) -> dict[str, Any]:
    """Return what a machine shows of its NICs; nothing when it has none."""
    nics = _joined(machine)
    view: dict[str, Any] = {}
    if not _BEFORE_NETWORKS.fullmatch(call.asked.strip()):
        view['networks'] = [nic['network'] for nic in nics]
    if nics:
        primary = next((nic for nic in nics if nic['primary']), nics[0])
        view['nics'] = [_nic_view(nic) for nic in nics]
        view['primaryIp'] = primary['ip']
    return view


def _joined(machine: Doc) -> list[Doc]:
    """Return the NICs that the machine has, without those that a job has still to add."""
    return [nic for nic in machine['nics'] if nic['state'] != 'provisioning']


def _nic_view(nic: Doc) -> dict[str, Any]:
    shown = ('mac', 'ip', 'primary', 'netmask', 'state', 'network')
    return {name: nic[name] for name in shown}
