"""Images."""

from __future__ import annotations

import pytest

from tests.simulator.clouds import Account, refusal

OTHER = '99999999-9999-4999-8999-999999999999'
WORLD = {
    'accounts': [{'login': 'acme', 'id': '11111111-1111-4111-8111-111111111111'}],
    'images': [
        {'name': 'base', 'version': '1.0.0', 'id': '00000000-0000-4000-8000-000000000001'},
        {'name': 'base', 'version': '2.0.0', 'os': 'linux', 'type': 'lx-dataset'},
        {'name': 'disk', 'type': 'zvol', 'state': 'disabled'},
        {'name': 'box', 'type': 'docker'},
        {'name': 'hidden', 'public': False, 'owner': OTHER},
        {
            'name': 'shared',
            'public': False,
            'owner': OTHER,
            'acl': ['11111111-1111-4111-8111-111111111111'],
        },
        {
            'name': 'own',
            'public': False,
            'owner': '11111111-1111-4111-8111-111111111111',
            'id': '00000000-0000-4000-8000-000000000002',
            'origin': '00000000-0000-4000-8000-000000000001',
        },
    ],
}


@pytest.fixture
def acme() -> Account:
    """Return an account with images of its own and of others."""
    return Account(WORLD)


@pytest.mark.parametrize(
    ('query', 'found'),
    [
        ('', ['base', 'base', 'shared', 'own']),
        ('?name=base&version=2.0.0', ['base']),
        ('?name=~ase', ['base', 'base']),
        ('?version=~.0.', ['base', 'base', 'shared', 'own']),
        ('?state=disabled', ['disk']),
        ('?state=all', ['base', 'base', 'disk', 'shared', 'own']),
        ('?type=docker', ['box']),
        ('?type=lx-dataset', ['base']),
        ('?os=linux', ['base']),
        ('?public=false', ['shared', 'own']),
        (f'?owner={OTHER}', ['shared']),
        ('?name=none', []),
    ],
)
def test_filters(acme: Account, query: str, found: list[str]) -> None:
    """Each filter has the server's meaning, and what is hidden stays so."""
    assert found == [image['name'] for image in acme.get(f'/my/images{query}')]


def test_speaks_to_old_clients(acme: Account) -> None:
    """Old versions see less of an image, and call its type otherwise."""
    path = '/my/images/00000000-0000-4000-8000-000000000001'
    old = acme.get(path, accept_version='~7.0')
    assert {'id', 'name', 'version', 'os', 'requirements', 'type', 'published_at'} == set(old)
    assert ['smartmachine', 'zone-dataset'] == [old['type'], acme.get(path)['type']]
    assert {'owner', 'public', 'state'} == set(acme.get(path, accept_version='~7.1')) - set(old)
    found = acme.get('/my/images?type=virtualmachine&state=all', accept_version='~7')
    assert ['disk'] == [image['name'] for image in found]
    response = acme.send('GET', '/my/images?type=zvol', accept_version='~7')
    text = 'image type zvol is not a valid type'
    assert (409, 'InvalidArgument', text) == refusal(response)


def test_tells_limits_of_memory_by_two_names() -> None:
    """What an image needs of memory is there as min_memory and max_memory, too, of all versions."""
    needs = {'min_ram': 256, 'max_ram': 65536, 'brand': 'joyent', 'bootrom': 'uefi'}
    acme = Account({'images': [{'name': 'base', 'requirements': needs}]})
    told = {**needs, 'min_memory': 256, 'max_memory': 65536}
    for version in ('~7.0', '~9'):
        assert [told] == [
            image['requirements'] for image in acme.get('/my/images', accept_version=version)
        ]


def test_deletes_what_is_its_own(acme: Account) -> None:
    """An account deletes its own images; those of others, and the unknown, it can't."""
    own, public = ('/my/images/00000000-0000-4000-8000-00000000000' + end for end in '21')
    assert (422, 'NotImageOwner') == refusal(acme.send('DELETE', public))[:2]
    assert acme.send('DELETE', own).status == 204
    assert (404, 'ResourceNotFound', 'image not found') == refusal(acme.send('GET', own))
    assert (404, 'ResourceNotFound', 'x not found') == refusal(acme.send('GET', '/my/images/x'))


def test_makes_machines_of_shared_images_only_when_told(acme: Account) -> None:
    """A shared image wants to be allowed, but by old clients."""
    image = next(found['id'] for found in acme.get('/my/images') if found['name'] == 'shared')
    body = {'image': image, 'package': 'g1-nano'}
    text = (
        f'{image} is a shared image - to provision a shared image you can either clone the image '
        'or set "allow_shared_images" to true.'
    )
    assert (409, 'InvalidArgument', text) == refusal(acme.send('POST', '/my/machines', body))
    response = acme.send('POST', '/my/machines', {**body, 'allow_shared_images': True})
    assert response.status == 201
    assert acme.send('POST', '/my/machines', body, accept_version='~8').status == 201
