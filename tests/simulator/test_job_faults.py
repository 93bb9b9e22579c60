"""Jobs that are made to fail, to take long, or never to end."""

from __future__ import annotations

from typing import Any

import pytest

from smartdc.simulator.jobs import KINDS
from tests.simulator.clouds import Account, read


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take ten seconds, in a world with all that there is."""
    return Account({'volumes': True}, job_time=10)


def made(acme: Account, **body: Any) -> tuple[str, str]:
    """Create a machine; return its path, and its state once its job should be done."""
    path = f'/my/machines/{acme.create(**body)["id"]}'
    acme.clock.advance(10)
    return path, acme.get(path)['state']


def test_provisioning_fails(acme: Account) -> None:
    """A machine whose provisioning fails is failed, hidden from lists, and can be deleted."""
    rule = acme.cloud.faults.add('CreateMachine', job='fail', count=1)
    path, state = made(acme)
    assert ('failed', 1) == (state, rule.struck)
    assert [('provision', 'no')] == acme.audit(path)
    assert [] == acme.get('/my/machines')
    assert 204 == acme.send('DELETE', path).status
    acme.clock.advance(10)
    assert 410 == acme.send('GET', path).status
    assert 'running' == made(acme)[1]


@pytest.mark.parametrize(
    ('action', 'operation'), [('stop', 'StopMachine'), ('reboot', 'RebootMachine')]
)
def test_actions_fail(acme: Account, action: str, operation: str) -> None:
    """An action that fails shows what it was at, and leaves the machine as it was."""
    path, _ = made(acme)
    acme.cloud.faults.add(operation, job='fail', count=1)
    acme.post(f'{path}?action={action}')
    assert 'stopping' == acme.get(path)['state']
    acme.clock.advance(10)
    assert 'running' == acme.get(path)['state']
    assert (action, 'no') == acme.audit(path)[0]
    acme.post(f'{path}?action={action}')
    acme.clock.advance(10)
    assert (action, 'yes') == acme.audit(path)[0]


def test_destroying_fails(acme: Account) -> None:
    """A machine whose destruction fails is there again."""
    path, _ = made(acme)
    acme.cloud.faults.add('DeleteMachine', job='fail')
    assert 204 == acme.send('DELETE', path).status
    assert 'stopping' == acme.get(path)['state']
    acme.clock.advance(10)
    assert 'running' == acme.get(path)['state']


def test_changes_fail(acme: Account) -> None:
    """Names, tags and metadata stay what they were."""
    path, _ = made(acme, name='old', **{'tag.a': '1', 'metadata.b': '2'})
    acme.cloud.faults.add(job='fail')
    before = acme.get(path)
    acme.post(f'{path}?action=rename&name=new')
    acme.post(f'{path}/tags', {'a': '9'})
    acme.post(f'{path}/metadata', {'b': '9'})
    acme.clock.advance(30)
    after = acme.get(path)
    assert before == {**after, 'updated': before['updated']}
    assert ['no', 'no', 'no', 'yes'] == [success for _, success in acme.audit(path)]


def test_snapshots_fail(acme: Account) -> None:
    """A snapshot that fails says so; one that can't be deleted is still good."""
    path, _ = made(acme)
    acme.cloud.faults.add('CreateMachineSnapshot', job='fail', count=1)
    for state in ('failed', 'created'):
        acme.post(f'{path}/snapshots', {'name': 'one'})
        acme.clock.advance(10)
        assert state == acme.get(f'{path}/snapshots/one')['state']
    acme.cloud.faults.add('DeleteMachineSnapshot', job='fail', count=1)
    acme.send('DELETE', f'{path}/snapshots/one')
    acme.clock.advance(10)
    assert 'created' == acme.get(f'{path}/snapshots/one')['state']
    assert ('delete_snapshot', 'no') == acme.audit(path)[0]


def test_images_fail(acme: Account) -> None:
    """An image that fails has an error, and the machine goes on."""
    path, _ = made(acme)
    acme.cloud.faults.add('CreateImageFromMachine', job='fail')
    wanted = {'machine': path.rpartition('/')[2], 'name': 'mine', 'version': '1'}
    image = acme.post('/my/images', wanted)
    acme.clock.advance(10)
    found = acme.get(f'/my/images/{image["id"]}')
    assert ('failed', 'PrepareImageDidNotRun') == (found['state'], found['error']['code'])
    assert 'running' == acme.get(path)['state']
    assert ('create-from-vm', 'no') == acme.audit(path)[0]


def test_volumes_fail(acme: Account) -> None:
    """A volume that fails is failed; one that can't be deleted is ready again."""
    fabric = next(each['id'] for each in acme.get('/my/networks') if each.get('fabric'))
    states = []
    acme.cloud.faults.add('CreateVolume', job='fail', count=1)
    for name in ('one', 'two'):
        wanted = {'type': 'tritonnfs', 'name': name, 'networks': [fabric]}
        path = f'/my/volumes/{acme.post("/my/volumes", wanted)["id"]}'
        acme.clock.advance(10)
        states.append(acme.get(path)['state'])
    acme.cloud.faults.add('DeleteVolume', job='fail', count=1)
    acme.send('DELETE', path)
    acme.clock.advance(10)
    assert ['failed', 'ready', 'ready'] == [*states, acme.get(path)['state']]


def test_migrations_fail(acme: Account) -> None:
    """A migration that fails says in which phase and why, and the machine stays where it is."""
    path, _ = made(acme)
    server = acme.get(path)['compute_node']
    acme.cloud.faults.add('Migrate', job='fail', count=1)
    acme.post(f'{path}/migrate', {'action': 'automatic'})
    acme.clock.advance(30)
    found = acme.get(f'/my/migrations/{path.rpartition("/")[2]}')
    assert ('begin', 'failed') == (found['phase'], found['state'])
    assert 'failed' == found['progress_history'][-1]['state']
    assert server == acme.get(path)['compute_node']
    acme.post(f'{path}/migrate', {'action': 'begin'})
    acme.clock.advance(10)
    acme.cloud.faults.add('Migrate', job='fail', count=1)
    acme.post(f'{path}/migrate', {'action': 'sync'})
    body = acme.send('POST', f'{path}/migrate', {'action': 'watch'}).body.decode()
    assert '"phase": "sync", "state": "failed"' in body.splitlines()[-1]


def test_nics_and_disks_fail(acme: Account) -> None:
    """What was to be added is gone, and its address free; what was to go is still there."""
    outside, fabric = (each['id'] for each in acme.get('/my/networks'))
    path, _ = made(acme, networks=[outside])
    acme.cloud.faults.add(['AddNic', 'RemoveNic', '*Disk'], job='fail')
    nic = acme.post(f'{path}/nics', {'network': fabric})
    acme.clock.advance(10)
    assert nic['mac'] not in [each['mac'] for each in acme.get(f'{path}/nics')]
    assert 'running' == acme.get(path)['state']
    taken = [entry['ip'] for entry in acme.get(f'/my/networks/{fabric}/ips')]
    assert nic['ip'] not in taken

    image = next(
        each for each in acme.get('/my/images') if each['requirements'].get('brand') == 'bhyve'
    )
    path, _ = made(acme, image=image['id'], package='b1-standard')
    acme.post(f'{path}?action=stop')
    acme.clock.advance(10)
    before = acme.get(path)
    acme.post(f'{path}/disks', {'size': 1024})
    acme.clock.advance(10)
    assert before == {**acme.get(path), 'updated': before['updated']}


def test_jobs_take_longer(acme: Account) -> None:
    """A job that is delayed takes so much longer, and the next one begins after it."""
    acme.cloud.faults.add('CreateMachine', job_delay=50, count=1)
    path = f'/my/machines/{acme.create()["id"]}'
    states = []
    for seconds in (10, 49.9, 0.1):
        acme.clock.advance(seconds)
        states.append(acme.get(path)['state'])
    assert ['provisioning', 'provisioning', 'running'] == states
    assert [('provision', 'yes')] == acme.audit(path)


def test_jobs_never_end(acme: Account) -> None:
    """A job that hangs holds its machine for ever; others go on."""
    rule = acme.cloud.faults.add('StopMachine', job='hang', count=1)
    (stuck, _), (free, _) = made(acme, name='stuck'), made(acme, name='free')
    for path in (stuck, free):
        acme.post(f'{path}?action=stop')
    acme.send('DELETE', stuck)
    acme.clock.advance(10**9)
    assert ['stopping', 'stopped'] == [acme.get(path)['state'] for path in (stuck, free)]
    assert [('provision', 'yes')] == acme.audit(stuck)
    assert (1, 0) == (rule.struck, rule.count)


def test_a_migration_that_hangs_is_watched_for_ever(acme: Account) -> None:
    """There is no end to watch, and a stepped clock is not moved to one."""
    path, _ = made(acme)
    acme.cloud.faults.add('Migrate', job='hang')
    acme.post(f'{path}/migrate', {'action': 'begin'})
    before = acme.clock.now()
    response = acme.send('POST', f'{path}/migrate', {'action': 'watch'})
    assert (float('inf'), before) == (response.delay, acme.clock.now())


def test_answers_and_jobs_are_struck_apart(acme: Account) -> None:
    """A request may have its answer lost by one rule and its job failed by another."""
    lost = acme.cloud.faults.add('CreateMachine', outcome='drop', after=True, count=1)
    failed = acme.cloud.faults.add('CreateMachine', job='fail', count=1)
    images = acme.get('/my/images?name=base-64-lts')
    wanted = {'image': images[-1]['id'], 'package': 'g1-small', 'name': 'web0'}
    assert 'drop' == acme.send('POST', '/my/machines', wanted).outcome
    assert 409 == acme.send('POST', '/my/machines', {'image': 'x'}).status
    acme.clock.advance(10)
    assert (1, 1) == (lost.struck, failed.struck)
    found = read(acme.send('GET', '/my/machines?tombstone=true'))
    assert ['failed'] == [machine['state'] for machine in found]


def test_every_kind_of_job_can_fail() -> None:
    """Kinds that leave a mark while they are under way know how to take it back."""
    marked = {name for name, kind in KINDS.items() if kind.undo is not None}
    assert {'provision', 'create_snapshot', 'create_image', 'create_volume'} <= marked
    assert {'delete_volume', 'add_nics', 'create_disk', 'migrate_sync'} <= marked
