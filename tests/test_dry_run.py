"""Showing what would be done: the writes of a block, collected instead of sent."""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from smartdc import DataCenter, InvalidInput, Machine, ResourceNotFound
from smartdc.fleet import Fleet
from smartdc.plan import Plan
from smartdc.simulator import Simulator
from tests.contract_calls import ANSWERS, CALLS, ID
from tests.servers import json_reply, serving

FABRIC = 'My-Fabric-Network'
RULE = 'FROM any TO all vms ALLOW tcp PORT 80'

#: Calls that read, by how they are named; one more is read bit by bit.
READS = ('Ping', 'Get', 'List', 'Head', 'MachineAudit', 'MigrateMachineEstimate', 'Migrate watch')
WRITES = [name for name in CALLS if not name.startswith(READS)]


def written(cloud: Simulator) -> list[str]:
    """Return the requests to a simulator that may have changed something."""
    return [
        f'{record.method} {record.target}'
        for record in cloud.requests
        if record.method not in ('GET', 'HEAD')
    ]


@pytest.mark.parametrize('name', WRITES)
def test_what_is_collected_is_what_would_be_sent(name: str, cloud: Simulator) -> None:
    """Each write of CloudAPI is collected with the method, path and body that go out otherwise."""
    answer = json_reply(200, json.dumps(ANSWERS.get(name, {})).encode())
    with (
        serving(*[answer] * 4) as server,
        DataCenter(server.url, '/acme/keys/k', cloud.key_path, login='acme', retries=None) as sdc,
    ):
        machine = Machine(sdc, data={'id': ID})
        CALLS[name](sdc, machine)
        requests = [_parts(request) for request in server.requests]
        with sdc.dry_run() as plan:
            CALLS[name](sdc, machine)
        later = [_parts(request)[0] for request in server.requests[len(requests) :]]

    (sent,) = [request for request in requests if request[0] not in ('GET', 'HEAD')]
    (write,) = plan
    assert sent == (write.method, f'/acme{write.path}', write.body)
    assert f'acme in {server.url}' == write.place
    assert {'GET'} >= set(later)


def _parts(request: bytes) -> tuple[str, str, Any]:
    """Return method, path and body of a request."""
    head, _, body = request.partition(b'\r\n\r\n')
    method, target, _ = head.decode().split('\r\n')[0].split()
    return method, target, json.loads(body) if body else None


def test_there_is_a_write_for_every_chapter() -> None:
    """The test above goes through all that the client can change."""
    assert 70 < len(WRITES)


def test_reads_are_real_and_writes_are_not(
    cloud: Simulator, sdc: DataCenter, machine: Machine
) -> None:
    """What is looked up is looked up; nothing is changed; after the block it is as before."""
    before = written(cloud)
    with sdc.dry_run() as plan:
        sdc.machine('web0').stop()
        sdc.delete_image('base-64-lts')
        assert ['web0'] == [each.name for each in sdc.machines()]
        machine.rename('web1')
    assert before == written(cloud)
    assert [('POST', f'/machines/{machine.id}?action=stop'), 'DELETE', 'POST'] == [
        (plan[0].method, plan[0].path),
        *(write.method for write in plan[1:]),
    ]
    assert {'name': 'web1'} == plan[2].body
    machine.stop()
    assert [*before, f'POST /acme/machines/{machine.id}?action=stop'] == written(cloud)
    assert 3 == len(plan)


def test_a_machines_life_goes_on_with_placeholders(cloud: Simulator, sdc: DataCenter) -> None:
    """What would have been made can be waited for, changed and deleted, at once."""
    before = cloud.clock.now()
    with sdc.dry_run() as plan:
        machine = sdc.create_machine('web1', tags={'role': 'web'}, metadata={'a': 'b'})
        assert ('provisioning', 'web1', {'role': 'web'}) == (
            machine.state,
            machine.name,
            machine.tags,
        )
        machine.poll_until('running')
        assert 'running' == machine.state == sdc.machine(machine.id).state
        assert {'role': 'web', 'n': 1} == machine.add_tags(n=1) == machine.get_tags()
        assert {'x': True} == machine.replace_tags(x=True)
        assert {'a': 'b', 'c': 'd'} == machine.update_metadata(c='d')
        snapshot = machine.create_snapshot('s1', wait=True)
        assert 'created' == snapshot.state == machine.snapshot('s1').state
        assert 'running' == machine.add_nic(FABRIC, wait=True)['state']
        machine.stop(wait=True)
        assert 'stopped' == machine.status()
        machine.enable_firewall(wait=True)
        machine.rename('web2')
        machine.refresh()
        assert (True, 'web2') == (machine.firewall_enabled, machine.name)
        assert ([], []) == (machine.audit(), machine.disks())
        image = sdc.create_image(machine, 'own', '1.0', wait=True)
        assert ('active', 'own') == (image['state'], image['name'])
        machine.delete(wait=True)
        machine.poll_until('deleted')
        assert 'deleted' == machine.state

    assert before == cloud.clock.now()
    assert [] == written(cloud)
    assert 11 == len(plan)
    assert machine.id.startswith('00000000-0000-0000-0000-')
    with pytest.raises(ResourceNotFound):
        sdc.machine(machine.id)


def test_the_last_change_is_what_is_seen(sdc: DataCenter) -> None:
    """What is stopped or deleted before anybody has looked at it does not run at the first look."""
    with sdc.dry_run():
        stopped, deleted = sdc.create_machine('web1'), sdc.create_machine('web2')
        stopped.stop()
        deleted.delete()
        assert ('stopped', 'deleted') == (stopped.status(), deleted.status())


def test_other_things_have_placeholders_too(sdc: DataCenter) -> None:
    """Each tells what was asked for, with an id, and what the server adds."""
    with sdc.dry_run() as plan:
        volume = sdc.create_volume(name='d0', networks=[FABRIC], wait=True)
        rule = sdc.create_firewall_rule(RULE)
        network = sdc.create_fabric_network(
            2, name='n', subnet='10.9.0.0/24', provision_start_ip='a', provision_end_ip='b'
        )
        user = sdc.create_user(login='bob', email='b@example.com', password='s3cret99')
        assert 'ready' == volume['state'] == sdc.volume(volume)['state']
        assert (RULE, False) == (rule['rule'], rule['enabled'])
        assert sdc.enable_firewall_rule(rule)['enabled']
        assert network == sdc.network(network) == sdc.fabric_network(2, network)
        assert 'password' not in sdc.change_user_password(user, 's3cret98')
        assert ['ops'] == sdc.set_role_tags('/machines', ['ops'])
        assert {'default_network': network['id']} == {
            name: value
            for name, value in sdc.update_config(default_network=network).items()
            if name != 'id'
        }
        key = sdc.add_key('my:laptop', 'ssh-ed25519 AAAA')
        assert 'my:laptop' == key['name'] == sdc.key('my:laptop')['name']
        sdc.delete_volume(volume)
        sdc.wait_for('volume', volume, 'deleted')
    ids = [thing['id'] for thing in (volume, rule, network, user)]

    assert 4 == len(set(ids))
    assert 10 == len(plan)


def test_waiting_for_what_was_not_sent_ends_at_once(
    cloud: Simulator, sdc: DataCenter, machine: Machine
) -> None:
    """A machine that is there stays as it is, and no time passes."""
    before = cloud.clock.now()
    with sdc.dry_run():
        machine.stop(wait=True)
        machine.poll_until('stopped')
        assert 'running' == machine.state
        sdc.wait_for('machine', machine, 'deleted')
        machine.create_disk(1024, wait=True)
    assert before == cloud.clock.now()
    assert 'running' == machine.status()


def test_a_fleet_is_planned_as_one_machine_is(
    cloud: Simulator, sdc: DataCenter, machine: Machine
) -> None:
    """New machines and those that are there go through all steps, and none is left out."""
    before, sent = cloud.clock.now(), written(cloud)
    with sdc.dry_run() as plan:
        made = sdc.create_machines(2, 'web-{n}', image=ID, package=ID)
        assert ['running'] * 2 == [each.state for each in made.poll_until('running').ok]
        both = Fleet([*made, machine])
        both.stop().ok.poll_until('stopped').ok.delete()
    assert (before, sent) == (cloud.clock.now(), written(cloud))
    assert ['POST'] * 5 + ['DELETE'] * 3 == [write.method for write in plan]
    assert {'web-1', 'web-2', machine.id} == {write.triton.split()[-1] for write in plan[5:]}


def test_copies_collect_as_well(cloud: Simulator, sdc: DataCenter) -> None:
    """What was copied before or in the block, in other roles or places, sends nothing either."""
    ops, east = sdc.acting(as_role='ops'), sdc.datacenter('us-east-1')
    with sdc.dry_run() as plan:
        ops.delete_key('a')
        east.delete_key('b')
        sdc.acting(act_as='other').delete_key('c')
        sdc.datacenter('us-east-1').acting(as_role=['x', 'y']).delete_key('d')
    assert [] == written(cloud)
    assert ['triton --role ops', 'triton', 'triton --act-as other', 'triton --role x,y'] == [
        write.triton.removesuffix(f' key delete {key}')
        for write, key in zip(plan, 'abcd', strict=True)
    ]
    assert ['/keys/a', '/keys/b', '/keys/c', '/keys/d'] == [write.path for write in plan]
    places = ['acme in us-sw-1', 'acme in us-east-1', 'other in us-sw-1']
    assert [*places, places[1]] == [write.place for write in plan]
    heading, *lines = str(plan).splitlines()
    assert f'4 writes for {" and ".join(places)}, not sent' == heading
    assert ['acme in us-east-1:', 'DELETE /keys/b'] == lines[3:5]


def test_other_data_centers_are_not_concerned(cloud: Simulator, sdc: DataCenter) -> None:
    """A client of its own goes on writing."""
    with sdc.dry_run() as plan, cloud.datacenter() as other:
        other.update_account(city='Rome')
    assert ['POST /acme'] == written(cloud)
    assert 0 == len(plan)


def test_waits_for_other_data_centers_are_real(sdc: DataCenter, cloud: Simulator) -> None:
    """What a client of its own has made is waited for, alone and in a fleet with what is not."""
    with sdc.dry_run(), cloud.datacenter() as other:
        made, more = other.create_machine('web1'), other.create_machine('web2')
        planned = sdc.create_machine('web3')
        made.poll_until('running')
        more.stop()
        planned.stop()
        assert 'running' == made.state
        assert ['stopped'] * 2 == [
            each.state for each in Fleet([more, planned]).poll_until('stopped').ok
        ]


def test_no_thread_waits(sdc: DataCenter, cloud: Simulator, machine: Machine) -> None:
    """In a thread that the block knows nothing of, waiting ends at once too."""
    before = cloud.clock.now()
    with sdc.dry_run(), ThreadPoolExecutor(1) as pool:
        pool.submit(machine.stop, wait=True).result()
        pool.submit(machine.poll_until, 'stopped').result()
    assert before == cloud.clock.now()


def test_all_threads_collect(cloud: Simulator, sdc: DataCenter) -> None:
    """A pool's workers send nothing while the block lasts; nor does a block within another."""
    with sdc.dry_run() as outer:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(sdc.delete_key, 'abcdefgh'))
        with sdc.dry_run() as inner:
            sdc.delete_key('i')
        sdc.delete_key('j')
    assert [] == written(cloud)
    assert set('abcdefghj') == {write.path[-1] for write in outer}
    assert ['/keys/i'] == [write.path for write in inner]


def test_threads_never_share_a_placeholder(sdc: DataCenter) -> None:
    """However closely threads follow each other, each thing has an id and a place of its own."""
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with sdc.dry_run() as plan, ThreadPoolExecutor(16) as pool:
            made = list(pool.map(lambda n: sdc.create_machine(f'm{n}', ID, image=ID), range(300)))
            looks = list(pool.map(lambda machine: sdc.machine(machine.id).name, made))
    finally:
        sys.setswitchinterval(switch)

    assert 300 == len(plan) == len({machine.id for machine in made})
    assert looks == [f'm{number}' for number in range(300)]


def test_blocks_of_threads_may_overlap(cloud: Simulator, sdc: DataCenter) -> None:
    """While any block lasts nothing is sent, whichever ends first."""
    inside, ended = threading.Event(), threading.Event()

    def other() -> None:
        with sdc.dry_run():
            inside.set()
            ended.wait(20)

    thread = threading.Thread(target=other)
    with sdc.dry_run():
        thread.start()
        inside.wait(20)
    sdc.delete_key('a')
    ended.set()
    thread.join()
    assert [] == written(cloud)
    with pytest.raises(ResourceNotFound):
        sdc.delete_key('a')


def test_an_error_ends_the_block(cloud: Simulator, sdc: DataCenter) -> None:
    """The plan has what was collected up to then, and writes are sent again."""
    kept: list[Plan] = []

    def fail() -> None:
        with sdc.dry_run() as plan:
            kept.append(plan)
            sdc.delete_key('a')
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ['/keys/a'] == [write.path for write in kept[0]]
    with pytest.raises(ResourceNotFound):
        sdc.delete_key('a')


def test_what_cannot_be_sent_is_not_collected(sdc: DataCenter) -> None:
    """Arguments are checked as they are without."""
    with sdc.dry_run() as plan:
        for call in (lambda: sdc.delete_key(''), lambda: sdc.request('POST', '/x', data={1, 2})):
            with pytest.raises(InvalidInput):
                call()
    assert 0 == len(plan)


def test_a_raw_request_is_collected_too(cloud: Simulator, sdc: DataCenter) -> None:
    """Its query may stand in the path or beside it; what was handed in may change later."""
    data = {'a': [1]}
    with sdc.dry_run() as plan:
        found, response = sdc.request('post', '/x/y?b=c%20d&f=', data=data, params={'e': True})
        data['a'].append(2)
        assert 200 == response.status_code
        assert {'id': 'y', 'a': [1]} == found
        assert (None, 204) == (
            sdc.request('DELETE', '/x')[0],
            sdc.request('DELETE', '/x')[1].status_code,
        )
    assert ('POST', '/x/y?b=c+d&f=&e=true', {'a': [1]}) == (
        plan[0].method,
        plan[0].path,
        plan[0].body,
    )
    assert [] == written(cloud)
