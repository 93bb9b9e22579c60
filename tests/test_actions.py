"""Waiting for what comes of an action: its own row in the audit, and no other."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import smartdc
from smartdc import ActionFailed, DataCenter, Machine, WaitTimeout
from smartdc.actions import Trace
from smartdc.simulator import Simulator
from smartdc.simulator.clock import SteppedClock, iso
from smartdc.types import AuditEntry
from tests.conftest import START
from tests.subusers import SubUser
from tests.test_retrying import Wrong

Act = Callable[[Machine], None]


def operations(cloud: Simulator, since: int) -> list[str | None]:
    """Return the operations that were asked for since so many requests."""
    return [each.operation for each in cloud.requests[since:]]


@pytest.mark.parametrize(
    'verb',
    [
        *('start', 'stop', 'reboot', 'delete', 'enable_firewall', 'disable_firewall'),
        *('enable_deletion_protection', 'disable_deletion_protection'),
    ],
)
def test_without_waiting_an_action_is_one_request(
    cloud: Simulator, machine: Machine, verb: str
) -> None:
    """Nothing is looked at before it or after it."""
    begun = len(cloud.requests)
    getattr(machine, verb)()

    assert ['DeleteMachine' if verb == 'delete' else 'UpdateMachine'] == operations(cloud, begun)


@pytest.mark.parametrize(
    ('act', 'shows'),
    [
        (lambda machine: machine.stop(wait=True), {'state': 'stopped'}),
        (lambda machine: machine.reboot(wait=True), {'state': 'running'}),
        (lambda machine: machine.rename('web1', wait=True), {'name': 'web1'}),
        (lambda machine: machine.resize('g1-medium', wait=True), {'package': 'g1-medium'}),
        (lambda machine: machine.enable_firewall(wait=True), {'firewall_enabled': True}),
        (
            lambda machine: machine.enable_deletion_protection(wait=True),
            {'deletion_protection': True},
        ),
        (lambda machine: machine.delete(wait=True), {'state': 'deleted'}),
    ],
)
def test_an_action_is_waited_for(
    cloud: Simulator, machine: Machine, act: Act, shows: dict[str, Any]
) -> None:
    """It takes its job's ten seconds, not less, and the machine shows what came of it."""
    before = cloud.clock.now()
    act(machine)

    assert before + 10 <= cloud.clock.now() <= before + 12
    assert shows == {name: machine.data.get(name) for name in shows}


def test_a_start_is_waited_for(machine: Machine) -> None:
    """From stopped to running."""
    machine.stop(wait=True)
    machine.start(wait=60)

    assert 'running' == machine.state


@pytest.mark.parametrize(
    ('verb', 'state'), [('start', 'running'), ('stop', 'stopped'), ('reboot', 'stopped')]
)
def test_an_action_that_comes_to_nothing_is_an_error(
    machine: Machine, verb: str, state: str
) -> None:
    """The error says which action, which machine and what state it is in, and it pickles."""
    if state == 'stopped':
        machine.stop(wait=True)
    with pytest.raises(ActionFailed) as caught:
        getattr(machine, verb)(wait=True)
    error = pickle.loads(pickle.dumps(caught.value))

    text = f'{verb} of machine web0 came to nothing, as its audit says: the machine is {state}'
    assert (text, verb, state) == (str(error), error.action, error.machine['state'])
    assert isinstance(error, smartdc.WaitFailed)
    assert error.last == machine.data


def test_an_older_row_is_not_taken_for_it(machine: Machine) -> None:
    """Neither a good one for a bad one, nor the other way round."""
    machine.stop(wait=True)
    with pytest.raises(ActionFailed):
        machine.stop(wait=True)
    machine.start(wait=True)
    machine.stop(wait=True)

    stops = [row['success'] for row in machine.audit() if row['action'] == 'stop']
    assert ['yes', 'no', 'yes'] == stops


def test_an_earlier_action_under_way_is_not_taken_for_it(
    cloud: Simulator, machine: Machine
) -> None:
    """What was asked for here before, and not waited for, leaves its row first."""
    before = cloud.clock.now()
    machine.reboot()
    machine.reboot()
    machine.reboot(wait=True)
    assert before + 30 <= cloud.clock.now() <= before + 32
    machine.stop()
    with pytest.raises(ActionFailed, match='stop of machine web0'):
        machine.stop(wait=True)


def test_an_action_whose_wait_ended_too_early_still_counts(
    cloud: Simulator, machine: Machine
) -> None:
    """It is under way after a WaitTimeout, which says what was waited for."""
    with pytest.raises(WaitTimeout) as caught:
        machine.stop(wait=4)
    assert 'stop of machine web0 did not happen within 4 s; it is running' == str(caught.value)
    with pytest.raises(ActionFailed):
        machine.stop(wait=True)


def test_what_left_no_row_in_ten_minutes_is_forgotten(cloud: Simulator, machine: Machine) -> None:
    """A switch that had nothing to do leaves none, and does not stand in the way for ever."""
    machine.disable_deletion_protection()
    assert 1 == len(machine._asked)
    cloud.clock.sleep(601)
    machine.reboot(wait=True)

    assert ['reboot'] == [action for action, _ in machine._asked]


def test_what_another_key_did_is_not_taken_for_it(
    cloud: Simulator, sdc: DataCenter, machine: Machine, tmp_path: Path
) -> None:
    """The audit says who asked: a stop of somebody else, a moment before, is theirs."""
    bob = SubUser(cloud, sdc, 'bob', tmp_path)
    sdc.create_role('administrator', members=[{'type': 'subuser', 'login': 'bob', 'default': True}])
    with bob.datacenter() as his:
        Machine(his, data={'id': machine.id}).stop()
    with pytest.raises(ActionFailed):
        machine.stop(wait=True)


def test_rows_that_look_the_same_are_told_apart() -> None:
    """On a server where no time passes, the second reboot's row is like the first one's."""
    with Simulator(job_time=0, clock=SteppedClock(START)) as cloud, cloud.datacenter() as sdc:
        machine = sdc.create_machine(name='web0')
        machine.reboot(wait=0)
        machine.reboot(wait=0)
        first, second = (row for row in machine.audit() if row['action'] == 'reboot')

        assert first == second


@pytest.mark.parametrize('off', [-250.0, 250.0, 86_400.0])
@pytest.mark.filterwarnings('ignore:the clock of this machine')
def test_the_server_s_clock_counts(cloud: Simulator, machine: Machine, off: float) -> None:
    """The times of rows are those of the server, whatever this machine's clock shows."""
    with cloud.datacenter(clock=Wrong(cloud, off)) as sdc:
        away = Machine(sdc, machine.id)
        away.reboot()
        away.reboot(wait=True)
        with pytest.raises(ActionFailed):
            away.start(wait=True)

    assert ['start', 'reboot', 'reboot', 'provision'] == [row['action'] for row in away.audit()]


@pytest.mark.parametrize('operation', ['MachineAudit', 'GetMachine'])
def test_faults_that_pass_do_not_end_it(cloud: Simulator, machine: Machine, operation: str) -> None:
    """Neither on the way to the row nor to the machine's data."""
    done: list[str] = []

    class Struck:
        """A clock that lets faults begin with the first pause."""

        def now(self) -> float:
            return cloud.clock.now()

        def sleep(self, seconds: float) -> None:
            if not done:
                done.append('struck')
                cloud.faults.add(operation, count=12, status=500)
            cloud.clock.sleep(seconds)

    with cloud.datacenter(clock=Struck()) as sdc:
        machine = Machine(sdc, machine.id)
        machine.stop(wait=True)

    assert 'stopped' == machine.state
    assert 12 == len([each for each in cloud.requests if each.status == 500])


@pytest.mark.parametrize('wrong', [-1, float('nan'), 'yes', None])
def test_a_wait_that_cannot_be_is_refused_before_anything_is_sent(
    cloud: Simulator, machine: Machine, wrong: Any
) -> None:
    """The action is not asked for."""
    begun = len(cloud.requests)
    with pytest.raises(smartdc.InvalidInput, match='wait= is True, False or a number'):
        machine.stop(wait=wrong)

    assert [] == operations(cloud, begun)


def test_who_may_not_read_the_audit_does_nothing(cloud: Simulator, machine: Machine) -> None:
    """The refusal comes before the action is asked for."""
    cloud.faults.add('MachineAudit', status=403, code='NotAuthorized')
    begun = len(cloud.requests)
    with pytest.raises(smartdc.NotAuthorized):
        machine.stop(wait=True)

    assert ['MachineAudit'] == operations(cloud, begun)


@pytest.mark.parametrize('what', ['firewall', 'deletion_protection'])
def test_a_switch_that_is_on_already_is_not_waited_for(
    cloud: Simulator, machine: Machine, what: str
) -> None:
    """The audit has no row of it; the machine shows it at the first look."""
    enable = getattr(machine, f'enable_{what}')
    enable(wait=True)
    now = cloud.clock.now()
    enable(wait=True)

    assert now == cloud.clock.now()


def test_another_row_without_a_name_does_not_prove_a_switch(sdc: DataCenter) -> None:
    """The audit calls the switches of the firewall `unknown`, and what is done to disks too."""
    room: Any = [{}, {'size': 20480}]
    machine = sdc.create_machine(image='ubuntu-certified-24.04', package='b1-standard', disks=room)
    machine.poll_until('running')
    machine.stop(wait=True)
    machine.create_disk(1024)
    machine.enable_firewall(wait=True)

    assert machine.firewall_enabled
    assert ['unknown', 'unknown'] == [row['action'] for row in machine.audit()[:2]]


@pytest.mark.parametrize('verb', ['enable_firewall', 'enable_deletion_protection', 'delete'])
def test_a_switch_whose_job_fails_is_an_error(
    cloud: Simulator, machine: Machine, verb: str
) -> None:
    """The audit's no ends the wait, though the machine shows nothing."""

    class Failing:
        """A clock that lets what is under way fail with the first pause."""

        def now(self) -> float:
            return cloud.clock.now()

        def sleep(self, seconds: float) -> None:
            cloud.clock.sleep(seconds)
            assert cloud._cloud is not None
            cloud._cloud.store.execute(
                "UPDATE jobs SET success = 'no', ends = ? WHERE success = ''", self.now()
            )

    with cloud.datacenter(clock=Failing()) as sdc, pytest.raises(ActionFailed) as caught:
        getattr(Machine(sdc, machine.id), verb)(wait=True)

    action = {'enable_firewall': 'unknown', 'delete': 'destroy'}.get(verb, verb)
    assert action == caught.value.action


@pytest.mark.parametrize(
    ('row', 'found'),
    [
        ({}, True),
        ({'time': -10}, False),
        ({'time': -60}, False),
        ({'action': 'start'}, False),
        ({'type': 'operator'}, False),
        ({'keyId': f'/acme/keys/{":".join(["00"] * 16)}'}, False),
        ({'keyId': '/acme/keys/laptop'}, True),
    ],
)
def test_a_row_is_known_by_name_time_and_caller(
    cloud: Simulator, sdc: DataCenter, row: dict[str, Any], found: bool
) -> None:
    """A row of ten seconds after the action was asked for, but for what is given."""
    sdc.keys()
    now = sdc.clock.now()

    def entry(action: str = 'stop', time: float = 10, **caller: str) -> AuditEntry:
        who = {'type': 'signature', 'ip': '127.0.0.1', 'keyId': cloud.key_id, **caller}
        return {'success': 'yes', 'time': iso(now + time), 'action': action, 'caller': who}

    before = [entry(time=-60)]
    machine = Machine(sdc, data={'id': 'b1e3f1c0-9999-4aaa-8bbb-cccccccccccc'})
    trace = Trace(machine, 'stop', before, now)
    # Where two look the same, one of them is the one that was there before.
    audit = [entry('start', 11), entry(**row), *(before if row.get('time') != -60 else [])]

    assert found == (trace.find(audit) is not None)
