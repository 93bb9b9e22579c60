"""The same thousand machines in the words of other clouds, for their clients."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

#: How many there are, and how many of them each cloud puts on a page.
COUNT = 1000
HCLOUD_PAGE, LINODE_PAGE, DIGITALOCEAN_PAGE = 50, 500, 200

_CREATED = '2025-01-02T03:04:05+00:00'
_PADDING = {f'note_{index}': 'x' * 60 for index in range(20)}


def _server(number: int) -> dict[str, Any]:
    ip = f'10.0.{number >> 8}.{number & 255}'
    return {
        'id': number,
        'name': f'web{number}',
        'status': 'running',
        'created': _CREATED,
        'public_net': {
            'ipv4': {'ip': ip, 'id': number, 'blocked': False, 'dns_ptr': f'{number}.example'},
            'ipv6': None,
            'floating_ips': [],
            'firewalls': [],
        },
        'private_net': [],
        'labels': {'role': 'web', 'count': str(number), **_PADDING},
        'volumes': [],
        'server_type': {'id': 1, 'name': 'cx22', 'memory': 4.0, 'disk': 40, 'cores': 2},
        'image': {'id': 1, 'name': 'debian-12', 'type': 'system', 'created': _CREATED},
    }


def _instance(number: int) -> dict[str, Any]:
    return {
        'id': number,
        'label': f'web{number}',
        'status': 'running',
        'created': '2025-01-02T03:04:05',
        'updated': '2025-01-02T03:04:05',
        'ipv4': [f'10.0.{number >> 8}.{number & 255}'],
        'ipv6': None,
        'image': 'linode/debian12',
        'region': 'us-east',
        'type': 'g6-standard-1',
        'specs': {'disk': 51200, 'memory': 2048, 'vcpus': 1, 'transfer': 2000},
        'tags': ['web', *(f'{name}-{text}' for name, text in _PADDING.items())],
    }


def _droplet(number: int) -> dict[str, Any]:
    ip = {'ip_address': f'10.0.{number >> 8}.{number & 255}', 'type': 'public'}
    return {
        'id': number,
        'name': f'web{number}',
        'status': 'active',
        'created_at': _CREATED,
        'memory': 1024,
        'vcpus': 1,
        'disk': 25,
        'region': {'slug': 'nyc3', 'name': 'New York 3'},
        'image': {'id': 1, 'slug': 'debian-12-x64', 'name': '12 x64'},
        'size_slug': 's-1vcpu-1gb',
        'size': {'slug': 's-1vcpu-1gb', 'memory': 1024},
        'networks': {'v4': [ip], 'v6': []},
        'features': [],
        'backup_ids': [],
        'snapshot_ids': [],
        'kernel': None,
        'tags': ['web', *(f'{name}-{text}' for name, text in _PADDING.items())],
        'volume_ids': [],
        'locked': False,
    }


def _page(make: Callable[[int], Any], size: int, page: int) -> list[Any]:
    return [make(number) for number in range((page - 1) * size, min(page * size, COUNT))]


def hcloud(page: int) -> bytes:
    """Return a page of servers."""
    last = COUNT // HCLOUD_PAGE
    pagination = {
        'page': page,
        'per_page': HCLOUD_PAGE,
        'previous_page': page - 1 or None,
        'next_page': page + 1 if page < last else None,
        'last_page': last,
        'total_entries': COUNT,
    }
    servers = _page(_server, HCLOUD_PAGE, page)
    return json.dumps({'servers': servers, 'meta': {'pagination': pagination}}).encode()


def linode(page: int) -> bytes:
    """Return a page of instances."""
    rows = _page(_instance, LINODE_PAGE, page)
    pages = COUNT // LINODE_PAGE
    return json.dumps({'data': rows, 'page': page, 'pages': pages, 'results': COUNT}).encode()


def digitalocean(page: int, url: str) -> bytes:
    """Return a page of droplets."""
    rows = _page(_droplet, DIGITALOCEAN_PAGE, page)
    following = f'{url}?page={page + 1}&per_page={DIGITALOCEAN_PAGE}'
    pages = {'next': following, 'last': following} if page < COUNT // DIGITALOCEAN_PAGE else {}
    found = {'droplets': rows, 'links': {'pages': pages}, 'meta': {'total': COUNT}}
    return json.dumps(found).encode()


def ec2() -> bytes:
    """Return all instances."""
    tags = ''.join(
        f'<item><key>{name}</key><value>{text}</value></item>' for name, text in _PADDING.items()
    )
    rows = ''.join(
        f'<item><reservationId>r-{number:08x}</reservationId><ownerId>1</ownerId><instancesSet>'
        f'<item><instanceId>i-{number:08x}</instanceId><imageId>ami-1</imageId>'
        '<instanceState><code>16</code><name>running</name></instanceState>'
        f'<privateIpAddress>10.0.{number >> 8}.{number & 255}</privateIpAddress>'
        '<instanceType>t3.micro</instanceType><launchTime>2025-01-02T03:04:05.000Z</launchTime>'
        f'<tagSet>{tags}</tagSet></item></instancesSet></item>'
        for number in range(COUNT)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><DescribeInstancesResponse '
        'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>'
        f'<reservationSet>{rows}</reservationSet></DescribeInstancesResponse>'
    ).encode()
