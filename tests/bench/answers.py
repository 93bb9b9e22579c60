"""What the benchmarks' server answers: machines of the size that CloudAPI's have."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bench import peer_answers

PAGE = 1000
_DONE = b'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n'
#: The pages of other clouds, by the first part of the path.
_CLOUDS: dict[str, Callable[[int], bytes]] = {
    'hcloud': peer_answers.hcloud,
    'linode': peer_answers.linode,
    'digitalocean': lambda page: peer_answers.digitalocean(page, '/digitalocean/droplets'),
    'ec2': lambda _: peer_answers.ec2(),
}
_ITEM = re.compile(r'/[^/]+/machines/[0-9a-f-]{36}')


def machine(number: int) -> dict[str, Any]:
    """Return a machine of about two thousand bytes of JSON."""
    key = f'ssh-rsa {base64.b64encode(hashlib.sha512(b"%d" % number).digest() * 4).decode()} ops'
    network = '7326787b-1111-4222-8333-944444444444'
    nics = [
        {
            'mac': f'90:b8:d0:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}',
            'primary': not index,
            'ip': f'10.{index}.{number >> 8 & 255}.{number & 255}',
            'netmask': '255.255.0.0',
            'gateway': f'10.{index}.0.1',
            'network': network,
        }
        for index in range(2)
    ]
    return {
        'id': f'b1e3f1c0-9999-4aaa-8bbb-{number:012x}',
        'name': f'web{number}',
        'type': 'smartmachine',
        'brand': 'joyent',
        'state': 'running',
        'image': 'beef0000-0002-4000-8000-000000000002',
        'ips': [nic['ip'] for nic in nics],
        'memory': 1024,
        'disk': 25600,
        'deletion_protection': False,
        'metadata': {'root_authorized_keys': f'{key}\n', 'user-script': '#!/bin/sh\necho hello\n'},
        'tags': {'role': 'web', 'count': number, 'prod': True},
        'created': '2025-01-02T03:04:05.006Z',
        'updated': '2025-01-02T03:05:05.000Z',
        'networks': [network],
        'nics': nics,
        'primaryIp': nics[0]['ip'],
        'firewall_enabled': False,
        'compute_node': '44454c4c-5300-1057-8050-b7c04f533532',
        'package': 'g1-small',
        'dns_names': [f'web{number}.inst.acme.us-alpha-1.cns.example'],
        **{f'note_{index}': 'x' * 60 for index in range(6)},
    }


def reply(body: bytes, **headers: object) -> bytes:
    """Return an answer with CloudAPI's headers."""
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    lines = [
        'HTTP/1.1 200 OK',
        'Content-Type: application/json',
        f'Content-Length: {len(body)}',
        f'Content-MD5: {digest}',
        'Date: Sat, 28 Nov 2026 03:00:00 GMT',
        'Server: cloudapi/9.20.0',
        'Api-Version: 9.0.0',
        'Request-Id: 5f0c1e0e-6f3c-4c4d-9a86-1a1a1a1a1a1a',
        'Response-Time: 20',
        *(f'{name.replace("_", "-")}: {value}' for name, value in headers.items()),
    ]
    return '\r\n'.join([*lines, '', '']).encode() + body


class Answers:
    """The answers of a server with so many machines; each is made once."""

    def __init__(self, machines: int) -> None:
        self._rows = [json.dumps(machine(number)).encode() for number in range(machines)]
        self._one = reply(self._rows[0])
        self._pages: dict[int, bytes] = {}
        self._peers: dict[tuple[str, int], bytes] = {}

    def answer(self, method: str, target: str) -> bytes:
        """Return the answer to a request."""
        parts = urlsplit(target)
        cloud = parts.path.split('/')[1]
        if cloud in _CLOUDS:
            return self._of_peer(cloud, int(parse_qs(parts.query).get('page', ['1'])[0]))
        if method == 'POST':
            return _DONE
        if _ITEM.fullmatch(parts.path):
            return self._one
        if not parts.path.endswith('/machines'):
            return reply(b'[]')
        return self._page(int(parse_qs(parts.query).get('offset', ['0'])[0]))

    def _of_peer(self, cloud: str, page: int) -> bytes:
        if (cloud, page) not in self._peers:
            self._peers[cloud, page] = reply(_CLOUDS[cloud](page))
        return self._peers[cloud, page]

    def _page(self, offset: int) -> bytes:
        if offset not in self._pages:
            found = self._rows[offset : offset + PAGE]
            body = b'[' + b','.join(found) + b']'
            self._pages[offset] = reply(body, x_query_limit=PAGE, x_resource_count=len(found))
        return self._pages[offset]
