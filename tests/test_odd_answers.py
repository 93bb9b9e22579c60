"""Answers whose fields are missing or of other types: none breaks what reads them."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, Machine, Snapshot
from smartdc.fleet import Fleet
from smartdc.simulator import Simulator
from tests.programs import KEYS
from tests.servers import json_reply, serving

ID = 'b1e3f1c0-9999-4aaa-8bbb-cccccccccccc'

#: What no field of a machine or snapshot is meant to be.
ODD: tuple[Any, ...] = (None, 5, 1.5, True, '', 'x', [], [None], [[]], {}, {'a': None})


def machine_of(**fields: Any) -> Machine:
    """Return a machine that no server is asked about."""
    return Machine(DataCenter('http://127.0.0.1:9', login='a'), data={'id': ID, **fields})


@pytest.mark.parametrize('odd', ODD, ids=repr)
def test_attributes_of_odd_fields_tell_nothing(odd: Any) -> None:
    """Lists are empty, objects as well, times are None; the data stays as it came."""
    machine = machine_of(**dict.fromkeys(('tags', 'metadata', 'ips', 'networks', 'created'), odd))

    assert (odd if isinstance(odd, dict) else {}) == machine.tags == machine.metadata
    assert (odd if isinstance(odd, list) else []) == machine.ips == machine.networks
    assert [] == machine.public_ips == machine.private_ips
    assert machine.created is None
    assert machine.boot_script is None
    assert odd is machine.data['tags']


@pytest.mark.parametrize('told', ['9999-12-31T23:59:59-23:59', '2026-13-45T00:00:00Z', 'soon', 0])
def test_a_time_that_is_none_is_none(told: Any) -> None:
    """Neither a machine's nor a snapshot's; a good one is read beside it."""
    machine = machine_of(created=told, updated='2026-01-02T03:04:05Z')
    snapshot = Snapshot(machine, data={'name': 's', 'created': told})

    assert machine.created is snapshot.created is snapshot.updated is None
    assert datetime(2026, 1, 2, 3, 4, 5) == machine.updated


@pytest.mark.parametrize('identifier', [None, 5, '', 'web0', {}, []])
def test_an_odd_id_is_no_crash(identifier: Any) -> None:
    """The machine can be shown, compared and hashed; without an id nothing is asked of it."""
    machine = machine_of(id=identifier)

    assert (identifier if isinstance(identifier, str) else '') == str(machine) == machine.id
    assert machine == machine_of(id=identifier)
    assert hash(machine) == hash(machine_of(id=identifier))
    assert 'Machine' in repr(machine)
    if not machine.id:
        with pytest.raises(smartdc.InvalidInput):
            machine.audit()


@pytest.mark.parametrize('name', [None, 5, {}, []])
def test_a_snapshot_without_a_name_is_no_crash(name: Any) -> None:
    """It can be shown, and nothing is asked of it."""
    snapshot = Snapshot(machine_of(), data={'name': name})

    assert '' == str(snapshot) == snapshot.name
    assert 'Snapshot' in repr(snapshot)
    with pytest.raises(smartdc.InvalidInput):
        snapshot.refresh()


Read = Callable[[DataCenter], Any]

#: Calls whose answers are read further, and answers that cannot be.
READS: dict[str, tuple[Read, tuple[Any, ...]]] = {
    'account': (lambda sdc: sdc.account(), (None, [], 5)),
    'datacenters': (lambda sdc: sdc.datacenters(), (None, [], {'a': 5}, {'a': None})),
    'datasets': (lambda sdc: sdc.datasets(), (None, {}, [5], ['x'])),
    'machine': (lambda sdc: sdc.machine(ID), (None, [], 'x')),
    'machines': (lambda sdc: sdc.machines(), (None, {}, [5], [{}], [{'id': 5}])),
    'machines of a page': (lambda sdc: sdc.machines(paged=True), (None, {}, [5])),
    'packages': (lambda sdc: sdc.packages(), (None, {}, [5])),
    'get_tags': (lambda sdc: machine_at(sdc).get_tags(), (None, [], 'x')),
    'add_tags': (lambda sdc: machine_at(sdc).add_tags(a=1), (None, [], 'x')),
    'get_metadata': (lambda sdc: machine_at(sdc).get_metadata(), (None, [], 'x')),
    'credentials': (lambda sdc: machine_at(sdc).credentials(), (None, [], {'credentials': 5})),
    'snapshots': (lambda sdc: machine_at(sdc).snapshots(), (None, {}, [5])),
    'snapshot': (lambda sdc: machine_at(sdc).snapshot('s'), (None, [], 5)),
    'create_snapshot': (lambda sdc: machine_at(sdc).create_snapshot('s'), (None, [], 5)),
    'status': (lambda sdc: machine_at(sdc).status(), (None, [], 5)),
    'create_machine': (lambda sdc: sdc.create_machine('x', ID, image=ID), (None, [], 5)),
    'set_role_tags': (lambda sdc: sdc.set_role_tags('/machines', ['x']), (None, [], {})),
    'default_package': (lambda sdc: sdc.default_package(), (None, {}, [5])),
}


def machine_at(sdc: DataCenter) -> Machine:
    """Return a machine whose calls go there."""
    return Machine(sdc, data={'id': ID})


@pytest.mark.parametrize('name', READS)
def test_what_cannot_be_read_is_said_so(name: str) -> None:
    """The error is InvalidResponse, and names the request."""
    read, bodies = READS[name]
    answers = [json_reply(200, json.dumps(body).encode(), Request_Id='abc-1') for body in bodies]
    with (
        serving(*answers) as server,
        DataCenter(server.url, '/a/keys/b', KEYS / 'ed25519-openssh', retries=None) as sdc,
    ):
        for body in bodies:
            with pytest.raises(smartdc.InvalidResponse) as caught:
                read(sdc)
            assert 'abc-1' == caught.value.request_id, body


@pytest.mark.parametrize('login', [None, 5, [], {}])
def test_a_login_that_is_no_text_is_not_learned(login: Any) -> None:
    """The account's data comes as it is, and the next call goes where the last one went."""
    body = json.dumps({'login': login}).encode()
    with (
        serving(json_reply(200, body)) as server,
        DataCenter(server.url, '/a/keys/b', KEYS / 'ed25519-openssh') as sdc,
    ):
        assert {'login': login} == sdc.account()
        assert 'my' == sdc.login


#: What no row of an audit is meant to be.
ROWS: tuple[Any, ...] = (
    {'x': 1},
    {'action': 'stop'},
    {'action': 'stop', 'time': 5, 'caller': 'x'},
    {'action': 'stop', 'time': '2099-01-01T00:00:00Z'},
)


@pytest.mark.parametrize('row', ROWS, ids=repr)
def test_an_odd_audit_is_not_believed(cloud: Simulator, row: Any) -> None:
    """A look that meets it sees nothing, and the next one what was done."""
    odd, done = (json_reply(200, json.dumps(body).encode()) for body in ([row], {'state': 'x'}))
    empty = json_reply(200, b'[]')
    good = {**ROWS[3], 'success': 'yes', 'caller': None}
    rows = json_reply(200, json.dumps([good]).encode())
    with (
        serving(empty, done, odd, rows, done) as server,
        cloud.datacenter(location=server.url) as sdc,
    ):
        machine_at(sdc).stop(wait=True)

        assert 5 == len(server.requests)


@pytest.mark.parametrize('row', [ROWS[0], ROWS[2]], ids=repr)
def test_nothing_is_done_beside_an_odd_audit(cloud: Simulator, row: Any) -> None:
    """What came of an action could not be told."""
    odd = json_reply(200, json.dumps([row]).encode())
    with (
        serving(odd) as server,
        cloud.datacenter(location=server.url, retries=None, timeout=5) as sdc,
        pytest.raises(smartdc.InvalidResponse, match='another shape'),
    ):
        machine_at(sdc).stop(wait=True)


def test_odd_states_of_a_fleet_are_no_crash() -> None:
    """They are counted as they come."""
    odd = (machine_of(id=str(number), state=state) for number, state in enumerate(ODD))

    assert '<Fleet of 11 in ' in repr(Fleet(odd))


#: Machines and images that nobody can be logged in to by.
PLACES: tuple[tuple[Any, Any], ...] = (
    ({'image': ID}, {'tags': ['x']}),
    ({'image': ID, 'ips': 5, 'tags': {'tritoncli.ssh.ip': '127.0.0.1'}}, {}),
    ({}, {}),
)


@pytest.mark.parametrize('place', PLACES, ids=repr)
def test_an_odd_place_is_no_place_to_log_in(cloud: Simulator, place: tuple[Any, Any]) -> None:
    """What tells who logs in and where is of another shape, and the error says so."""
    pytest.importorskip('paramiko')
    machine = {'state': 'running', 'primaryIp': '127.0.0.1', **place[0]}
    bodies = (json.dumps(body).encode() for body in (machine, place[1]))
    with (
        serving(*(json_reply(200, body) for body in bodies)) as server,
        cloud.datacenter(location=server.url) as sdc,
        pytest.raises(smartdc.InvalidResponse, match='another shape'),
    ):
        machine_at(sdc).ssh()


def test_an_address_that_is_none_cannot_be_reached(cloud: Simulator) -> None:
    """A name that DNS has no room for is no UnicodeError."""
    pytest.importorskip('paramiko')
    machine = {'state': 'running', 'primaryIp': f'{"a" * 70}.example', 'image': ID}
    bodies = (json.dumps(body).encode() for body in (machine, {}))
    with (
        serving(*(json_reply(200, body) for body in bodies)) as server,
        cloud.datacenter(location=server.url) as sdc,
        pytest.raises(smartdc.ConnectionFailed, match='cannot reach'),
    ):
        machine_at(sdc).ssh()


def test_a_state_that_is_missing_is_waited_out(cloud: Simulator) -> None:
    """A look that sees none goes on, and so does one that sees something else than a text."""
    bodies = [b'{"id": "%s"}' % ID.encode(), b'{"state": []}', b'{"state": "running"}']
    with (
        serving(*(json_reply(200, body) for body in bodies)) as server,
        cloud.datacenter(location=server.url) as sdc,
    ):
        machine_at(sdc).poll_until('running')

        assert 3 == len(server.requests)


@pytest.mark.parametrize(
    'images', [[{'id': ID}], [{'name': 'base', 'id': ID}], [{'name': 5, 'type': 'zone-dataset'}]]
)
def test_images_that_lack_what_a_choice_needs_are_said_so(images: list[dict[str, Any]]) -> None:
    """No image can be chosen, and the error is not Python's."""
    body = json_reply(200, json.dumps(images).encode())
    with (
        serving(body) as server,
        DataCenter(server.url, '/a/keys/b', KEYS / 'ed25519-openssh', retries=None) as sdc,
        pytest.raises(smartdc.InvalidResponse, match='another shape'),
    ):
        sdc.create_machine('web0')
