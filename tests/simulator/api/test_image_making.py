"""Images that are made, changed, shared, copied and exported."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal
from tests.simulator.signer import signer

EVE = '22222222-2222-4222-8222-222222222222'
UNKNOWN = '00000000-0000-4000-8000-00000000ffff'
WORLD: dict[str, Any] = {
    'accounts': [
        {'login': 'acme', 'id': '11111111-1111-4111-8111-111111111111'},
        {'login': 'eve', 'id': EVE, 'keys': [{'name': 'k', 'key': signer('eve').public}]},
    ]
}


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take 10 seconds, with a machine that runs."""
    acme = Account(WORLD, job_time=10)
    acme.machine(name='web0')
    return acme


def made(acme: Account, **body: Any) -> Any:
    """Begin to make an image of the account's machine, and return it."""
    machine = acme.get('/my/machines')[0]['id']
    return acme.post('/my/images', {'machine': machine, 'name': 'i', 'version': '1', **body})


def test_makes_an_image_of_a_machine(acme: Account) -> None:
    """It is creating at first, and active with its files when the job is done."""
    machine = acme.get('/my/machines')[0]
    body = {'machine': machine['id'], 'name': 'app', 'version': '1.0', 'tags': {'a': 1}}
    response = acme.send('POST', '/my/images', body)
    image = read(response)
    path = f'/my/images/{image["id"]}'

    assert (201, path.replace('/my/', '/acme/')) == (response.status, response.headers['Location'])
    assert 'x-joyent-jobid' in response.headers
    assert ('creating', {}, {'a': 1}) == (image['state'], image['requirements'], image['tags'])
    assert [] == acme.get('/my/images?name=app')
    assert ['app'] == [each['name'] for each in acme.get('/my/images?state=creating')]
    acme.clock.advance(10)
    done = acme.get(path)
    assert ('active', False, machine['image']) == (done['state'], done['public'], done['origin'])
    assert (1, '2026-01-02') == (len(done['files']), done['published_at'][:10])
    assert ('create-from-vm', 'yes') == acme.audit(f'/my/machines/{machine["id"]}')[0]


def test_answers_no_more_than_was_sent_of_a_new_image(acme: Account) -> None:
    """What the image has from its machine shows when it is asked for."""
    image = made(acme, description='d', acl=[EVE])
    given = {'name': 'i', 'version': '1', 'description': 'd', 'acl': [EVE]}
    assert {'id': image['id'], 'requirements': {}, 'state': 'creating', **given} == image
    assert {'os', 'type', 'owner', 'public', 'origin'} < set(acme.get(f'/my/images/{image["id"]}'))


def test_fails_when_the_machine_is_gone(acme: Account) -> None:
    """An image of a machine that is deleted before the job runs says why it failed."""
    path = f'/my/machines/{acme.get("/my/machines")[0]["id"]}'
    machine = path.rpartition('/')[2]
    acme.send('DELETE', path)
    body = {'machine': machine, 'name': 'i', 'version': '1'}
    image = acme.post('/my/images', body)
    acme.done()

    failed = acme.get(f'/my/images/{image["id"]}')
    assert ('failed', 'PrepareImageDidNotRun') == (failed['state'], failed['error']['code'])


@pytest.mark.parametrize(
    ('change', 'status', 'code', 'message'),
    [
        ({'machine': None}, 409, 'MissingParameter', 'machine is a required argument'),
        ({'name': ''}, 409, 'MissingParameter', 'Image name is a required argument'),
        ({'version': None}, 409, 'MissingParameter', 'Image version is a required argument'),
        ({'machine': UNKNOWN}, 404, 'ResourceNotFound', 'VM not found'),
        ({'machine': 'x'}, 409, 'ValidationFailed', 'Invalid Parameters'),
        ({'acl': ['eve']}, 422, 'ValidationFailed', 'invalid image data: acl'),
        ({'tags': 'x'}, 422, 'ValidationFailed', 'invalid image data: tags'),
        ({'eula': 5}, 422, 'ValidationFailed', 'invalid image data: eula'),
    ],
)
def test_refuses_to_make_an_image(
    acme: Account, change: dict[str, Any], status: int, code: str, message: str
) -> None:
    """What is missing or wrong is said."""
    machine = acme.get('/my/machines')[0]['id']
    body = {'machine': machine, 'name': 'i', 'version': '1', **change}

    assert (status, code, message) == refusal(acme.send('POST', '/my/images', body))


def test_an_image_is_updated_shared_and_unshared(acme: Account) -> None:
    """Whom the access list names sees it, in lists too; nobody else does."""
    path = f'/my/images/{made(acme)["id"]}'
    theirs = path.replace('/my/', '/eve/')
    acme.done()

    assert 404 == acme.send('GET', theirs, by=signer('eve')).status
    changed = acme.post(f'{path}?action=update', {'description': 'd', 'acl': [EVE]})
    assert ('d', [EVE], 'i') == (changed['description'], changed['acl'], changed['name'])
    assert 200 == acme.send('GET', theirs, by=signer('eve')).status
    refused = acme.send('POST', f'{theirs}?action=update', {'name': 'x'}, by=signer('eve'))
    assert (422, 'NotImageOwner') == refusal(refused)[:2]
    acme.post(path, {'action': 'update', 'acl': []})
    assert 404 == acme.send('GET', theirs, by=signer('eve')).status


def test_a_shared_image_is_cloned(acme: Account) -> None:
    """The copy is the caller's own; what is not shared can't be cloned."""
    path = f'/eve/images/{made(acme, acl=[EVE])["id"]}'
    acme.done()

    clone = read(acme.send('POST', f'{path}?action=clone', {}, by=signer('eve')))
    assert (EVE, 'i', False) == (clone['owner'], clone['name'], 'acl' in clone)
    public = acme.get('/my/images')[0]['id']
    response = acme.send('POST', f'/my/images/{public}?action=clone')
    assert (422, 'ImageNotShared') == refusal(response)[:2]


def test_an_image_is_exported(acme: Account) -> None:
    """The answer says where its files are, below the account's own folder only."""
    path = f'/my/images/{made(acme)["id"]}?action=export'
    found = acme.post(path, {'manta_path': '/acme/stor/x'})

    assert '/acme/stor/x.zfs.gz' == found['image_path']
    assert '/acme/stor/x.imgmanifest' == found['manifest_path']
    assert '/acme/stor/i-1.zfs.gz' == acme.post(path, {'manta_path': '/acme/stor/'})['image_path']
    text = 'Image destination manta_path is a required argument'
    assert (409, 'MissingParameter', text) == refusal(acme.send('POST', path, {}))
    response = acme.send('POST', path, {'manta_path': '/eve/stor/x'})
    assert (422, 'NotMantaPathOwner') == refusal(response)[:2]


def test_an_image_comes_from_another_data_center(acme: Account) -> None:
    """With what it builds upon; a second time is refused."""
    image = made(acme)
    acme.done()
    source, target = acme.apps
    path = f'/my/images?action=import-from-datacenter&datacenter={source}&id={image["id"]}'
    response = acme.send('POST', path, home=target)

    assert (200, image['id']) == (response.status, read(response)['id'])
    origin = read(response)['origin']
    assert 200 == acme.send('GET', f'/my/images/{origin}', home=target).status
    again = acme.send('POST', path, home=target)
    assert (409, 'ImageUuidAlreadyExists') == refusal(again)[:2]


@pytest.mark.parametrize(
    ('query', 'status', 'code', 'message'),
    [
        ('', 409, 'MissingParameter', 'datacenter is a required argument'),
        ('&datacenter=us-sw-1', 409, 'InvalidArgument', 'id undefined must be a UUID'),
        ('&datacenter=us-sw-1&id=x', 409, 'InvalidArgument', 'id x must be a UUID'),
        (f'&datacenter=us-sw-1&id={UNKNOWN}', 404, 'ResourceNotFound', 'image not found'),
        (
            f'&datacenter=x&id={UNKNOWN}',
            404,
            'ResourceNotFound',
            'x is not an available datacenter',
        ),
    ],
)
def test_refuses_to_import(acme: Account, query: str, status: int, code: str, message: str) -> None:
    """What is missing or unknown is said."""
    response = acme.send('POST', f'/my/images?action=import-from-datacenter{query}')
    assert (status, code, message) == refusal(response)


def test_refuses_unknown_actions(acme: Account) -> None:
    """The text tells what the query said; on the collection there is none but an error."""
    path = f'/my/images/{acme.get("/my/images")[0]["id"]}'
    for target, body, code, text in (
        (path, {}, 'MissingParameter', 'action is a required argument'),
        (f'{path}?action=x', {}, 'InvalidArgument', 'action x is not a valid argument'),
        (path, {'action': 'x'}, 'MissingParameter', 'action is a required argument'),
    ):
        assert (409, code, text) == refusal(acme.send('POST', target, body))
    response = acme.send('POST', '/my/images?action=x')
    assert (500, 'InternalError') == refusal(response)[:2]


def test_an_image_that_others_build_upon_stays(acme: Account) -> None:
    """The younger has to be deleted first."""
    first = made(acme)
    acme.done()
    machine = acme.machine(image=first['id']).rpartition('/')[2]
    second = made(acme, machine=machine, version='2')
    acme.done()

    response = acme.send('DELETE', f'/my/images/{first["id"]}')
    assert (422, 'ImageHasDependentImages') == refusal(response)[:2]
    assert 204 == acme.send('DELETE', f'/my/images/{second["id"]}').status
    assert 204 == acme.send('DELETE', f'/my/images/{first["id"]}').status
