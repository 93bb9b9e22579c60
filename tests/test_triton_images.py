"""The triton command's image, volume, disk and migration commands against the simulator."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.programs import need, node_modules
from tests.test_other_clients import Served

Triton = Callable[[str], str]

ACME = '11111111-1111-4111-8111-111111111111'
EVE = '22222222-2222-4222-8222-222222222222'
WORLD: dict[str, Any] = {
    'accounts': [{'login': 'acme', 'id': ACME}, {'login': 'eve', 'id': EVE}],
    'datacenters': ['us-sw-1', 'us-east-1'],
    'volumes': True,
    'images': [
        {'name': 'base', 'version': '1.0.0'},
        {
            'name': 'virtual',
            'version': '1.0.0',
            'type': 'zvol',
            'requirements': {'brand': 'bhyve'},
            'image_size': 10240,
        },
        {'name': 'theirs', 'version': '2.0.0', 'public': False, 'owner': EVE, 'acl': [ACME]},
    ],
}


@contextmanager
def serving(home: Path, *options: str) -> Iterator[Triton]:
    """Serve a world, and yield the triton command for it."""
    need('node')
    program = str(node_modules('triton') / 'triton' / 'bin' / 'triton')
    world = home / 'world.json'
    world.write_text(json.dumps(WORLD))
    served = Served(home, '--world', str(world), *options)

    def call(line: str) -> str:
        return served.call(program, *line.split())

    yield call
    assert served.stop() == 0


@pytest.fixture(scope='module')
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    """Yield the triton command for a cloud with a machine that runs."""
    with serving(tmp_path_factory.mktemp('home')) as triton:
        triton('inst create -w -n web0 base g1-small')
        yield triton


def objects(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects that a list prints, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def test_an_image_is_made(triton: Triton) -> None:
    """It is created, waited for, listed, got and deleted."""
    made = triton('image create -w -d text -t a=b web0 app 1.0')
    assert re.search(r'^Creating image app@1\.0 \(\S+\)\nCreated image \S+ \(app@1\.0\) in ', made)
    (listed,) = objects(triton('image list -j name=app'))
    assert ('active', 'text', {'a': 'b'}) == (
        listed['state'],
        listed['description'],
        listed['tags'],
    )
    assert listed['id'] == json.loads(triton('image get app'))['id']
    assert f'Deleted image {listed["id"]} (app@1.0)\n' == triton('image delete -f app')
    assert [] == objects(triton('image list -j name=app'))


def test_what_takes_its_time_is_waited_for_and_paused(tmp_path: Path) -> None:
    """An image moves to active, and a sync is caught while it runs."""
    with serving(tmp_path, '--job-time', '3') as triton:
        triton('inst create -n web0 base g1-small')
        image = json.loads(triton('image create -j web0 slow 1.0'))['id']
        assert f'{image} (slow@1.0) moved to state active' in triton(f'image wait {image}')
        assert 'already active' in triton('image wait slow')
        triton('inst migration begin -w web0')
        triton('inst migration sync web0')
        triton('inst migration pause web0')
        found = json.loads(triton('inst migration get -j web0'))
        assert ('sync', 'paused') == (found['phase'], found['state'])


def test_an_image_is_changed_shared_exported_and_copied(triton: Triton) -> None:
    """Each command says what it did."""
    triton('image create -w web0 own 1.0')

    assert re.search(
        r'^Updated image own \(fields: .*description', triton('image update own description=new')
    )
    assert 'Shared image own with account' in triton(f'image share own {EVE}')
    assert [EVE] == json.loads(triton('image get own'))['acl']
    assert 'Unshared image own with account' in triton(f'image unshare own {EVE}')
    assert [] == json.loads(triton('image get own'))['acl']
    triton('image tag own c=d')
    assert {'c': 'd'} == json.loads(triton('image get own'))['tags']
    exported = triton('image export own /acme/stor/own')
    assert 'Manifest path: /acme/stor/own.imgmanifest' in exported
    assert '   Image path: /acme/stor/own.zfs.gz' in exported
    assert '(own@1.0) to datacenter us-east-1' in triton('image copy own us-east-1')
    triton('image delete -f own')


def test_a_shared_image_is_cloned(triton: Triton) -> None:
    """The copy is the account's own."""
    assert re.search(r'^Cloned image theirs to .*theirs@2\.0\.0', triton('image clone theirs'))
    owners = {image['owner'] for image in objects(triton('image list -j name=theirs'))}
    assert {ACME, EVE} == owners


def test_volumes(triton: Triton) -> None:
    """A volume is made, listed, got, and deleted; the sizes are listed."""
    made = triton('volume create -w -n data -s 20G -N My-Fabric-Network --tag a=b')
    assert re.search(r'^Creating volume data \(\S+\)\nCreated volume data \(\S+\)\n$', made)
    (listed,) = objects(triton('volume list -j'))
    assert ('data', 20480, 'ready') == (listed['name'], listed['size'], listed['state'])
    assert 'SHORTID   NAME  SIZE  TYPE       STATE  AGE' in triton('volume list')
    assert listed['id'] == json.loads(triton('volume get data'))['id']
    assert {'size': 10240, 'type': 'tritonnfs'} == objects(triton('volume sizes -j'))[0]
    assert 'Deleted volume data' in triton('volume delete -w -y data')
    assert [] == objects(triton('volume list -j'))


def test_disks(triton: Triton) -> None:
    """A disk is added, listed, got, resized and deleted."""
    triton('inst create -w -n vm0 virtual b1-standard')
    triton('inst stop -w vm0')
    first = objects(triton('inst disk list -j vm0'))
    triton(f'inst disk delete -w vm0 {first[1]["id"]}')

    assert re.search(
        r'Adding disk to instance vm0\nAdded disk "', triton('inst disk add -w vm0 1024')
    )
    added = objects(triton('inst disk list -j vm0'))[1]
    assert ('0:4:1', 1024) == (added['pci_slot'], added['size'])
    assert 1024 == json.loads(triton(f'inst disk get vm0 {added["id"]}'))['size']
    resized = triton(f'inst disk resize -w vm0 {added["id"]} 2048')
    assert re.search(r'Resizing disk "\S+"\nResized disk "', resized)
    shrunk = f'inst disk resize -w --dangerous-allow-shrink vm0 {added["id"]} 512'
    assert 'Resized disk' in triton(shrunk)
    deleted = triton(f'inst disk delete -w vm0 {added["id"]}')
    assert 'Deleted disk' in deleted
    assert 1 == len(objects(triton('inst disk list -j vm0')))


def test_a_migration_step_by_step(triton: Triton) -> None:
    """Each step is watched to its end; the machine is on another server afterwards."""
    before = json.loads(triton('inst get web0'))['compute_node']
    for action in ('begin', 'sync', 'switch'):
        assert f'Done - {action} finished in' in triton(f'inst migration {action} -w web0')
    (listed,) = objects(triton('inst migration list -j'))
    assert ('switch', 'successful') == (listed['phase'], listed['state'])
    got = triton('inst migration get web0')
    assert 'Migration finished successfully' in got
    assert 'switch  successful' in got
    assert 'Done - the migration is finalized' in triton('inst migration finalize web0')
    assert [] == objects(triton('inst migration list -j'))
    assert before != json.loads(triton('inst get web0'))['compute_node']


def test_migrations_by_themselves(triton: Triton) -> None:
    """An automatic one takes all steps; another one is aborted."""
    assert 'Done - switch finished' in triton('inst migration automatic -w web0')
    triton('inst migration finalize web0')
    triton('inst migration begin -w web0')
    assert 'Done - abort finished' in triton('inst migration abort -w web0')
    assert [] == objects(triton('inst migration list -j'))
