"""A machine is never made twice, whatever is lost on the way."""

from collections.abc import Callable
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from tests.simulator.signer import Signer

PATIENT = Retry(attempts=9, base=0)


@pytest.mark.parametrize('named', [True, False])
@pytest.mark.parametrize('after', [True, False])
@pytest.mark.parametrize('fault', [{'outcome': 'drop'}, {'outcome': 'cut'}, {'status': 500}])
def test_a_create_whose_answer_is_lost_is_done_once(
    cloud: Simulator, fault: dict[str, object], after: bool, named: bool
) -> None:
    """Whether the work was done or not before the fault, there is one machine in the end."""
    cloud.faults.add('CreateMachine', count=1, after=after, **fault)  # type: ignore[arg-type]
    with cloud.datacenter(retries=PATIENT) as sdc:
        machine = sdc.create_machine(name='web0' if named else None)

        assert [machine] == sdc.machines()


def test_many_creates_through_many_faults(cloud: Simulator) -> None:
    """As many machines as calls that returned: no duplicates, no orphans."""
    for outcome in ('drop', 'cut'):
        for after in (True, False):
            cloud.faults.add('CreateMachine', probability=0.06, outcome=outcome, after=after)
    with cloud.datacenter(retries=PATIENT) as sdc:
        image, package = sdc.images()[0]['id'], sdc.packages()[0]['id']
        made = {
            sdc.create_machine(image=image, package=package, networks=[]).id for _ in range(150)
        }

        assert 150 == len(made)
        assert made == {machine.id for machine in sdc.machines()}


def test_a_machine_that_was_there_before_is_not_taken_for_the_new_one(
    cloud: Simulator,
) -> None:
    """A lost create of a name that is taken ends in the server's refusal."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        sdc.create_machine(name='web0')
        cloud.clock.sleep(3600)
        cloud.faults.add('CreateMachine', count=1, outcome='drop')
        with pytest.raises(smartdc.ValidationFailed):
            sdc.create_machine(name='web0')

        assert 1 == sdc.num_machines()


def test_without_retries_the_fault_is_raised(cloud: Simulator) -> None:
    """retries=None leaves it to the caller to look."""
    cloud.faults.add('CreateMachine', count=1, outcome='drop', after=True)
    with cloud.datacenter(retries=None) as sdc, pytest.raises(smartdc.ConnectionFailed):
        sdc.create_machine(name='web0')


def test_a_name_that_the_server_completes_is_not_sent_again(cloud: Simulator) -> None:
    """With {{shortId}} the machine could not be found, so the fault is raised."""
    cloud.faults.add('CreateMachine', count=1, outcome='drop', after=True)
    with cloud.datacenter(retries=PATIENT) as sdc, pytest.raises(smartdc.ConnectionFailed):
        sdc.create_machine(name='web-{{shortId}}')

    assert ['CreateMachine'] == [each.operation for each in cloud.requests if each.method == 'POST']


def test_who_may_not_look_sees_the_fault(cloud: Simulator) -> None:
    """When the look is refused, the fault that caused it is raised, not the refusal."""
    cloud.faults.add('CreateMachine', count=1, outcome='drop', after=True)
    cloud.faults.add('ListMachines', count=1, status=403, code='NotAuthorized')
    with cloud.datacenter(retries=PATIENT) as sdc, pytest.raises(smartdc.ConnectionFailed):
        sdc.create_machine(name='web0')


PUBLIC = Signer('acme/laptop').public


def snapshot(sdc: DataCenter, number: int) -> object:
    """Take a snapshot of the one machine."""
    return sdc.machines()[0].create_snapshot(f's{number}').data['name']


#: What makes the thing of a number, by operation, and what lists all there are.
NAMED: dict[str, tuple[Callable[[DataCenter, int], object], Callable[[DataCenter], list[Any]]]] = {
    'CreateMachineSnapshot': (snapshot, lambda sdc: sdc.machines()[0].snapshots()),
    'CreateVolume': (
        lambda sdc, n: sdc.create_volume(name=f'v{n}', networks=['My-Fabric-Network'])['id'],
        lambda sdc: sdc.volumes(),
    ),
    'CreateFabricVLAN': (
        lambda sdc, n: sdc.create_fabric_vlan(100 + n, f'vlan{n}', description='x')['vlan_id'],
        lambda sdc: [each for each in sdc.fabric_vlans() if each['vlan_id'] >= 100],
    ),
    'CreateFabricNetwork': (
        lambda sdc, n: sdc.create_fabric_network(
            2,
            name=f'net{n}',
            subnet=f'10.77.{n}.0/24',
            provision_start_ip=f'10.77.{n}.5',
            provision_end_ip=f'10.77.{n}.250',
        )['id'],
        lambda sdc: [each for each in sdc.fabric_networks(2) if each['name'].startswith('net')],
    ),
    'CreateUser': (
        lambda sdc, n: sdc.create_user(
            login=f'user{n}', email=f'user{n}@example.com', password='secret123'
        )['id'],
        lambda sdc: sdc.users(),
    ),
    'CreatePolicy': (
        lambda sdc, n: sdc.create_policy(f'policy{n}', 'CAN getmachine')['id'],
        lambda sdc: sdc.policies(),
    ),
    'CreateRole': (lambda sdc, n: sdc.create_role(f'role{n}')['id'], lambda sdc: sdc.roles()),
}


@pytest.mark.parametrize('operation', NAMED)
def test_what_has_a_name_is_made_once(operation: str) -> None:
    """Through three kinds of fault: as many things as calls that returned, no duplicates."""
    make, everything = NAMED[operation]
    with Simulator({'volumes': True}, job_time=0) as cloud:
        with cloud.datacenter(retries=PATIENT) as sdc:
            sdc.create_machine(name='web0')
            cloud.faults.add(operation, probability=0.1, outcome='drop')
            cloud.faults.add(operation, probability=0.1, outcome='drop', after=True)
            cloud.faults.add(operation, probability=0.1, outcome='cut')
            made = {str(make(sdc, number)) for number in range(40)}

            assert 40 == len(made) == len(everything(sdc))
        struck = [each for each in cloud.requests if each.outcome != 'reply']
        assert {operation} == {each.operation for each in struck}
        assert {True, False} == {each.status < 300 for each in struck}


@pytest.mark.parametrize('after', [True, False])
def test_a_key_is_added_once(cloud: Simulator, after: bool) -> None:
    """A key is known again by its name and text."""
    cloud.faults.add('CreateKey', count=1, outcome='drop', after=after)
    with cloud.datacenter(retries=PATIENT) as sdc:
        key = sdc.add_key('laptop', PUBLIC)

        assert [key] == [each for each in sdc.keys() if each['name'] == 'laptop']


def test_a_thing_that_differs_is_not_taken_for_the_one_asked_for(cloud: Simulator) -> None:
    """A lost create of a name that something else has ends in the server's refusal."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        sdc.create_policy('look', 'CAN getmachine')
        cloud.faults.add('CreatePolicy', count=1, outcome='drop')
        with pytest.raises(smartdc.APIError):
            sdc.create_policy('look', 'CAN listmachines')

        assert ['CAN getmachine'] == sdc.policy('look')['rules']


def test_an_old_snapshot_is_not_taken_for_a_new_one(cloud: Simulator) -> None:
    """Nothing that was there before the call is its result."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        machine = sdc.create_machine(name='web0')
        machine.create_snapshot('s')
        cloud.clock.sleep(3600)
        cloud.faults.add('CreateMachineSnapshot', count=1, outcome='drop')
        before = len(cloud.requests)
        machine.create_snapshot('s')

        asked = [each.operation for each in cloud.requests[before:]]
        assert ['CreateMachineSnapshot', 'ListMachineSnapshots', 'CreateMachineSnapshot'] == asked
