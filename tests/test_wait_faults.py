"""Waiting through faults that pass, and ending at once by what does not; cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, Machine
from smartdc.simulator import Simulator
from smartdc.waiting import FAILURES
from tests.insides import inside


@dataclass
class Case:
    """A thing on its way: what looks at it, what it becomes, and how to wait for it."""

    operation: str
    state: str
    wait: Callable[..., Any]


def _machine(sdc: DataCenter, machine: Machine) -> Case:
    machine.stop()
    return Case('GetMachine', 'stopped', machine.poll_until)


def _machine_leaving(sdc: DataCenter, machine: Machine) -> Case:
    made = sdc.create_machine(name='web1')

    def wait(state: str, **options: Any) -> None:
        made.poll_while('provisioning', **options)

    return Case('GetMachine', 'running', wait)


def _snapshot(sdc: DataCenter, machine: Machine) -> Case:
    return Case('GetMachineSnapshot', 'created', machine.create_snapshot('s').poll_until)


def _by_id(
    operation: str, kind: str, state: str, identifier: Callable[[DataCenter, Machine], str]
) -> Callable[[DataCenter, Machine], Case]:
    def make(sdc: DataCenter, machine: Machine) -> Case:
        found = identifier(sdc, machine)
        of = machine if kind in ('snapshot', 'nic', 'disk') else None

        def wait(state: str, **options: Any) -> None:
            sdc.wait_for(kind, found, state, machine=of, **options)

        return Case(operation, state, wait)

    return make


def _stopping(sdc: DataCenter, machine: Machine) -> str:
    machine.stop()
    return machine.id


def _migrating(sdc: DataCenter, machine: Machine) -> str:
    machine.migrate('begin')
    return machine.id


#: Each way to wait, by kind.
CASES: dict[str, tuple[str, Callable[[DataCenter, Machine], Case]]] = {
    'Machine.poll_until': ('machine', _machine),
    'Machine.poll_while': ('machine', _machine_leaving),
    'Snapshot.poll_until': ('snapshot', _snapshot),
    'wait_for machine': ('machine', _by_id('GetMachine', 'machine', 'stopped', _stopping)),
    'wait_for snapshot': (
        'snapshot',
        _by_id(
            'GetMachineSnapshot',
            'snapshot',
            'created',
            lambda _, machine: machine.create_snapshot('s').name,
        ),
    ),
    'wait_for image': (
        'image',
        _by_id(
            'GetImage',
            'image',
            'active',
            lambda sdc, machine: sdc.create_image(machine, 'app', '1')['id'],
        ),
    ),
    'wait_for volume': (
        'volume',
        _by_id(
            'GetVolume',
            'volume',
            'ready',
            lambda sdc, _: sdc.create_volume(networks=['My-Fabric-Network'])['id'],
        ),
    ),
    'wait_for migration': (
        'migration',
        _by_id('GetMigration', 'migration', 'paused', _migrating),
    ),
    'wait_for nic': (
        'nic',
        _by_id(
            'GetNic',
            'nic',
            'running',
            lambda _, machine: machine.add_nic('My-Fabric-Network')['mac'],
        ),
    ),
}

#: What passes: an answer that does not come, is not whole, or says "not now".
PASSING: list[dict[str, Any]] = [
    {'outcome': 'drop'},
    {'outcome': 'cut'},
    *({'status': status, 'code': None} for status in (420, 429, 500, 502, 503, 504)),
]

#: What does not: refusals for good.
LASTING = [
    *((400, 'InvalidHeader'), (400, 'RequestExpired'), (401, 'InvalidCredentials')),
    *((403, 'NotAuthorized'), (405, 'MethodNotAllowed'), (409, 'InvalidArgument')),
]


def force(cloud: Simulator, kind: str, state: str) -> None:
    """Put all things of a kind into a state; what is deleted is gone, but for machines."""
    execute = inside(cloud).store.execute
    if kind == 'nic':
        execute(
            "UPDATE things SET doc = json_set(doc, '$.nics', json('[]')) WHERE kind = 'machine'"
        )
    elif state == 'deleted' and kind != 'machine':
        execute('DELETE FROM things WHERE kind = ?', kind)
    else:
        execute("UPDATE things SET doc = json_set(doc, '$.state', ?) WHERE kind = ?", state, kind)


@pytest.mark.parametrize('fault', PASSING, ids=str)
@pytest.mark.parametrize('way', CASES)
def test_what_passes_ends_no_wait(
    cloud: Simulator, sdc: DataCenter, machine: Machine, way: str, fault: dict[str, Any]
) -> None:
    """More faults than one call has attempts are waited out, and then seen through."""
    case = CASES[way][1](sdc, machine)
    cloud.faults.add(case.operation, count=12, **fault)
    begun = len(cloud.requests)
    case.wait(case.state)
    struck = [
        each
        for each in cloud.requests[begun:]
        if each.operation == case.operation and (each.status >= 400 or each.outcome != 'reply')
    ]

    assert 12 == len(struck)


@pytest.mark.parametrize(('status', 'code'), LASTING)
@pytest.mark.parametrize('way', CASES)
def test_what_does_not_pass_ends_a_wait_at_once(
    cloud: Simulator, machine: Machine, way: str, status: int, code: str
) -> None:
    """A refusal for good is raised by the look that met it."""
    with cloud.datacenter(correct_clock=False, retries=None) as sdc:
        case = CASES[way][1](sdc, Machine(sdc, machine.id))
        cloud.faults.add(case.operation, status=status, code=code)
        now, asked = cloud.clock.now(), len(cloud.requests)
        with pytest.raises(smartdc.APIError) as caught:
            case.wait(case.state)

    assert (status, code) == (caught.value.status, caught.value.code)
    assert (now, asked + 1) == (cloud.clock.now(), len(cloud.requests))


@pytest.mark.parametrize(
    ('way', 'state'),
    [
        (way, state)
        for way, (kind, _) in CASES.items()
        for state in (*sorted(FAILURES[kind]), 'deleted')
    ],
)
def test_each_failure_ends_a_wait_at_once(
    cloud: Simulator, sdc: DataCenter, machine: Machine, way: str, state: str
) -> None:
    """One look is enough to see that it will never be."""
    case = CASES[way][1](sdc, machine)
    force(cloud, CASES[way][0], state)
    now, asked = cloud.clock.now(), len(cloud.requests)
    with pytest.raises((smartdc.WaitFailed, smartdc.MachineGone), match=state):
        case.wait(case.state)

    assert (now, asked + 1) == (cloud.clock.now(), len(cloud.requests))
    inside(cloud).requests.clear()  # the published description lacks some of these states


@pytest.mark.parametrize('state', ['offline', 'unknown', 'ready', 'stopping', 'provisioning'])
def test_a_state_that_may_still_change_ends_no_wait(
    cloud: Simulator, sdc: DataCenter, machine: Machine, state: str
) -> None:
    """A machine whose server is lost may come back."""
    force(cloud, 'machine', state)
    for wait in (
        lambda: machine.poll_until('stopped', timeout=4),
        lambda: sdc.wait_for('machine', machine.id, 'stopped', timeout=4),
    ):
        with pytest.raises(smartdc.WaitTimeout):
            wait()


def test_the_table_of_failures_is_whole() -> None:
    """Each kind of thing with a life of its own, and what it does not come back from."""
    assert {
        'machine': {'failed'},
        'snapshot': {'failed', 'canceled'},
        'image': {'failed'},
        'volume': {'failed'},
        'migration': {'failed', 'aborted'},
        'nic': set(),
        'disk': {'failed'},
    } == {kind: set(states) for kind, states in FAILURES.items()}


def test_an_image_that_failed_says_why(cloud: Simulator, sdc: DataCenter, machine: Machine) -> None:
    """The server's own words are in the error, and its data."""
    image = sdc.create_image(machine, 'app', '1')
    inside(cloud).store.execute(
        "UPDATE things SET doc = json_patch(doc, ?) WHERE kind = 'image' AND id = ?",
        '{"state": "failed", "error": {"code": "PrepareImageDidNotRun", "message": "no luck"}}',
        image['id'],
    )
    with pytest.raises(smartdc.WaitFailed, match=r'is failed \(no luck\)') as caught:
        sdc.wait_for('image', image['id'], 'active')

    assert 'PrepareImageDidNotRun' == caught.value.last['error']['code']


def test_an_outage_ends_with_the_time(cloud: Simulator, sdc: DataCenter, machine: Machine) -> None:
    """The error says what was wrong at last, and has what was seen before."""
    cloud.faults.add('GetMachine', status=503, code='ServiceUnavailableError', message='away')
    end = cloud.clock.now() + 100
    with pytest.raises(smartdc.WaitTimeout, match=r'100 s; the last look failed: 503') as caught:
        machine.poll_until('stopped', timeout=100)

    assert isinstance(caught.value.__cause__, smartdc.ServiceUnavailable)
    assert 'running' == caught.value.last['state']
    assert end <= cloud.clock.now() <= end + 5


def test_a_server_that_asks_for_peace_gets_it(
    cloud: Simulator, sdc: DataCenter, machine: Machine
) -> None:
    """Longer than a call would wait, but not beyond the end of the wait."""
    machine.stop()
    cloud.faults.add('GetMachine', count=1, status=503, headers={'Retry-After': '200'})
    now = cloud.clock.now()
    machine.poll_until('stopped')

    assert now + 200 == cloud.clock.now()
    cloud.faults.add('GetMachine', count=1, status=503, headers={'Retry-After': '200'})
    with pytest.raises(smartdc.WaitTimeout):
        machine.poll_until('running', timeout=70)
    assert now + 270 == cloud.clock.now()


def test_a_machine_that_never_was_is_not_waited_for(sdc: DataCenter) -> None:
    """404 is an error for a Machine, and the state of what is gone for wait_for."""
    never = 'b1e3f1c0-9999-4aaa-8bbb-cccccccccccc'
    with pytest.raises(smartdc.ResourceNotFound):
        Machine(sdc, data={'id': never}).poll_until('running')
    with pytest.raises(smartdc.WaitFailed, match='deleted'):
        sdc.wait_for('machine', never, 'running')


def test_slow_answers_are_waited_out(cloud: Simulator, machine: Machine) -> None:
    """A look that did not come in time is made again."""
    machine.stop()
    cloud.faults.add('GetMachine', count=2, delay=0.3)
    with cloud.datacenter(timeout=0.1, retries=None) as sdc:
        machine = Machine(sdc, data=machine.data)
        machine.poll_until('stopped')

    assert 'stopped' == machine.state
