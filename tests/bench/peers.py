"""What the objects of other clouds' clients cost, beside ours: a thousand machines listed.

Each is measured against requests fetching and decoding the very pages that it fetches. Those that
are not installed are left out; the extra `peers` has them.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import requests

from tests.bench import peer_answers, places
from tests.bench.harness import Figure, Rounds, seconds
from tests.bench.server import serving

#: Lists all that there is at a URL.
List = Callable[[str], Callable[[], Any]]


def figures(rounds: int) -> list[Figure]:
    """List a thousand machines with each client, in turn."""
    found: list[Figure] = []
    with serving() as url, requests.Session() as session:
        for name, (module, make, pages) in PEERS.items():
            try:
                importlib.import_module(module)
            except ImportError:
                print(f'peers: {name} is left out, it is not installed')
                continue
            list_all = make(url)
            assert peer_answers.COUNT == len(list_all())
            floor = 'requests, and json or XML, on the same pages'
            cases = Rounds(floor)
            cases.add(floor, seconds(_raw(session, [f'{url}{page}' for page in pages])))
            cases.add(f'list 1,000 machines: {name}', seconds(list_all))
            found += cases.figures(rounds)
    return found


def _raw(session: requests.Session, pages: list[str]) -> Callable[[], Any]:
    def read() -> list[Any]:
        return [_decoded(session.get(page)) for page in pages]

    return read


def _decoded(response: requests.Response) -> Any:
    if response.content.startswith(b'<?xml'):
        return ElementTree.fromstring(response.content)
    return response.json()


def _smartdc(url: str) -> Callable[[], Any]:
    return places.client(url).machines


def _hcloud(url: str) -> Callable[[], Any]:
    hcloud: Any = importlib.import_module('hcloud')
    client = hcloud.Client('token', api_endpoint=f'{url}/hcloud')
    return lambda: client.servers.get_all()


def _linode(url: str) -> Callable[[], Any]:
    linode: Any = importlib.import_module('linode_api4')
    client = linode.LinodeClient('token', base_url=f'{url}/linode', page_size=500)
    return lambda: [(each.id, each.label) for each in client.linode.instances()]


def _digitalocean(url: str) -> Callable[[], Any]:
    digitalocean: Any = importlib.import_module('digitalocean')
    manager = digitalocean.Manager(token='token', end_point=f'{url}/digitalocean/')
    return lambda: manager.get_all_droplets()


def _boto3(url: str) -> Callable[[], Any]:
    boto3: Any = importlib.import_module('boto3')
    os.environ.setdefault('AWS_EC2_METADATA_DISABLED', 'true')
    client = boto3.client(
        'ec2',
        region_name='us-east-1',
        endpoint_url=f'{url}/ec2',
        aws_access_key_id='id',
        aws_secret_access_key='secret',
    )
    return lambda: client.describe_instances()['Reservations']


#: The module of each, what lists all with it, and the pages that it fetches.
PEERS: dict[str, tuple[str, List, list[str]]] = {
    'smartdc': ('smartdc', _smartdc, ['/acme/machines']),
    'hcloud': (
        'hcloud',
        _hcloud,
        [f'/hcloud/servers?page={page + 1}' for page in range(20)],
    ),
    'linode_api4': (
        'linode_api4',
        _linode,
        [f'/linode/linode/instances?page={page + 1}' for page in range(2)],
    ),
    'python-digitalocean': (
        'digitalocean',
        _digitalocean,
        [f'/digitalocean/droplets?page={page + 1}' for page in range(5)],
    ),
    'boto3 (EC2, XML)': ('boto3', _boto3, ['/ec2']),
}
