"""Packages."""

from __future__ import annotations

import pytest

from tests.simulator.clouds import Account, refusal

WORLD = {
    'packages': [
        {'name': 'g1', 'version': '1.2.0', 'memory': 256, 'disk': 1},
        {'name': 'g1', 'version': '1.10.0', 'memory': 512, 'disk': 1, 'group': 'G'},
        {'name': 'g1', 'version': '2.0.0', 'memory': 1024, 'disk': 1, 'active': False},
        {'name': 'b1', 'memory': 256, 'disk': 1, 'brand': 'bhyve', 'flexible_disk': True},
    ]
}


@pytest.mark.parametrize(
    ('query', 'found'),
    [
        ('', ['1.2.0', '1.10.0', '1.0.0']),
        ('?memory=256', ['1.2.0', '1.0.0']),
        ('?name=g*', ['1.2.0', '1.10.0']),
        ('?name=%5Bgb%5D1', []),
        ('?group=G', ['1.10.0']),
        ('?brand=bhyve', ['1.0.0']),
        ('?flexible_disk=true', ['1.0.0']),
        ('?version=1.2.0', ['1.2.0']),
    ],
)
def test_filters(query: str, found: list[str]) -> None:
    """Each filter has the server's meaning; texts may use a star, and nothing else."""
    packages = Account(WORLD).get(f'/my/packages{query}')
    assert found == [package['version'] for package in packages]


def test_finds_the_latest_active_of_a_name() -> None:
    """By name the highest active version is found; an inactive one makes no machines."""
    acme = Account(WORLD)
    package = acme.get('/my/packages/g1')
    assert '1.10.0' == package['version']
    assert package == acme.get(f'/my/packages/{package["id"]}')
    response = acme.send('GET', '/my/packages/nope')
    assert (404, 'ResourceNotFound', 'nope not found') == refusal(response)
    inactive = Account({'packages': [{'name': 'x', 'memory': 1, 'disk': 1, 'active': False}]})
    image = inactive.get('/my/images?name=base-64-lts')[0]['id']
    response = inactive.send('POST', '/my/machines', {'image': image, 'package': 'x'})
    text = 'x is inactive. Must use an active package'
    assert (409, 'InvalidArgument', text) == refusal(response)
