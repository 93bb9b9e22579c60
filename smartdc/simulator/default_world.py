"""A world that looks like a small public cloud, for those who bring none of their own."""

from __future__ import annotations

from typing import Any

Doc = dict[str, Any]

#: Who owns the images that everybody may use.
ADMIN = '00000000-0000-4000-8000-00000000000a'

_SMARTOS = 'smartos', 'zone-dataset', {'min_ram': 256}
_LINUX = 'linux', 'lx-dataset', {'min_ram': 256, 'brand': 'lx'}
_VIRTUAL = 'linux', 'zvol', {'min_ram': 1024, 'brand': 'bhyve', 'bootrom': 'uefi'}

_IMAGES = (
    ('base-64-lts', '22.4.1', '2023-02-14', *_SMARTOS),
    ('base-64-lts', '23.4.0', '2024-01-05', *_SMARTOS),
    ('base-64-lts', '24.4.1', '2025-01-29', *_SMARTOS),
    ('minimal-64-lts', '22.4.1', '2023-02-14', *_SMARTOS),
    ('minimal-64-lts', '23.4.0', '2024-01-05', *_SMARTOS),
    ('minimal-64-lts', '24.4.1', '2025-01-29', *_SMARTOS),
    ('base-64', '24.4.1', '2025-01-29', *_SMARTOS),
    ('smartos64', '1.6.3', '2024-06-20', *_SMARTOS),
    ('smartos64', '1.8.4', '2025-01-10', *_SMARTOS),
    ('debian-12', '20240612', '2024-06-12', *_LINUX),
    ('ubuntu-24.04', '20240612', '2024-06-12', *_LINUX),
    ('ubuntu-certified-24.04', '20250115', '2025-01-15', *_VIRTUAL),
)

_PACKAGES = (
    ('g1-nano', 256, 10240, False),
    ('g1-micro', 512, 12800, False),
    ('g1-small', 1024, 25600, True),
    ('g1-medium', 2048, 51200, False),
    ('g1-large', 4096, 102400, False),
    ('g1-xlarge', 8192, 204800, False),
    ('g1-2xlarge', 16384, 409600, False),
)


def account(login: str) -> Doc:
    """Return the one account of the default world, still without a key."""
    return {
        'login': login,
        'email': f'{login}@example.com',
        'companyName': 'Acme',
        'firstName': 'Ann',
        'lastName': 'Lee',
    }


def contents(index: int) -> Doc:
    """Return what the data center with this number holds."""
    return {
        'version': '9.20.0',
        'images': [_image(*image) for image in _IMAGES],
        'packages': [*(_package(*package) for package in _PACKAGES), _virtual_package()],
        'networks': _networks(index),
    }


def _image(name: str, version: str, date: str, os: str, type: str, needs: Doc) -> Doc:
    virtual = {'image_size': 10240} if type == 'zvol' else {}
    return {
        'name': name,
        'version': version,
        'os': os,
        'type': type,
        'requirements': needs,
        'description': f'{name} {version}, for the simulator',
        'homepage': 'https://docs.tritondatacenter.com/public-cloud/instances',
        'published_at': f'{date}T12:00:00Z',
        'owner': ADMIN,
        'public': True,
        'files': [{'compression': 'gzip', 'sha1': f'{len(name):040x}', 'size': 110742036}],
        'tags': {'role': 'os', 'group': name},
        **virtual,
    }


def _package(name: str, memory: int, disk: int, default: bool) -> Doc:
    return {
        'name': name,
        'memory': memory,
        'disk': disk,
        'swap': memory * 4,
        'lwps': 4000,
        'vcpus': max(1, memory // 4096),
        'default': default,
        'group': 'G1',
        'description': f'{memory} MiB of memory, {disk // 1024} GiB of disk',
    }


def _virtual_package() -> Doc:
    package = _package('b1-standard', 4096, 102400, False)
    return {**package, 'group': 'B1', 'brand': 'bhyve', 'flexible_disk': True, 'vcpus': 2}


def _networks(index: int) -> list[Doc]:
    """Return a public network and a fabric; both have room for a hundred thousand machines."""
    outside = f'198.{18 + 2 * index}'
    return [
        {
            'name': 'MNX-Triton-Public',
            'public': True,
            'description': 'Public IPv4 network',
            'subnet': f'{outside}.0.0/15',
            'provision_start_ip': f'{outside}.0.10',
            'provision_end_ip': f'198.{19 + 2 * index}.255.250',
            'gateway': f'{outside}.0.1',
            'resolvers': ['8.8.8.8', '8.8.4.4'],
        },
        {
            'name': 'My-Fabric-Network',
            'public': False,
            'description': 'The default fabric',
            'fabric': True,
            'vlan_id': 2,
            'subnet': '10.128.0.0/14',
            'provision_start_ip': '10.128.0.5',
            'provision_end_ip': '10.131.255.250',
            'gateway': '10.128.0.1',
            'resolvers': ['8.8.8.8', '8.8.4.4'],
            'internet_nat': True,
        },
    ]
