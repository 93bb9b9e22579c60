"""Whatever can be made is made once, through faults of every kind."""

from collections.abc import Callable
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from tests.simulator.signer import Signer

PATIENT = Retry(attempts=9, base=0)

#: What becomes of one request in ten each: done or not, the answer is lost, cut or an error.
FAULTS: list[dict[str, Any]] = [
    {'outcome': 'drop'},
    {'outcome': 'drop', 'after': True},
    {'outcome': 'cut'},
    {'status': 500, 'after': True},
    {'status': 503, 'code': 'ServiceUnavailableError', 'after': True},
]

#: What makes a thing by its number, and what lists all there are.
Kind = tuple[Callable[[DataCenter, int], object], Callable[[DataCenter], list[Any]]]

PUBLIC = Signer('acme/laptop').public


def network(number: int, **more: Any) -> dict[str, Any]:
    """Return what makes a fabric network by its number."""
    return {
        'name': f'net{number}',
        'subnet': f'10.77.{number}.9/24',
        'provision_start_ip': f'10.77.{number}.5',
        'provision_end_ip': f'10.77.{number}.250',
        **more,
    }


NAMED: dict[str, Kind] = {
    'CreateMachine': (
        lambda sdc, n: sdc.create_machine(f'm{n}', networks=[]).id,
        lambda sdc: sdc.machines(name='m'),
    ),
    'CreateMachineSnapshot': (
        lambda sdc, n: sdc.machines(name='web0')[0].create_snapshot(f's{n}').name,
        lambda sdc: sdc.machines(name='web0')[0].snapshots(),
    ),
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
            2, **network(n, resolvers=['8.8.8.8', '8.8.4.4'], routes={'10.9.0.0/16': '10.77.0.5'})
        )['id'],
        lambda sdc: [each for each in sdc.fabric_networks(2) if each['name'].startswith('net')],
    ),
    'CreateUser': (
        lambda sdc, n: sdc.create_user(
            login=f'user{n}', email=f'User{n}@example.com', password='secret123'
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
    """As many things as calls that returned: no duplicates, no orphans, no errors."""
    make, everything = NAMED[operation]
    with Simulator({'volumes': True}, job_time=0) as cloud:
        with cloud.datacenter(retries=PATIENT) as sdc:
            sdc.create_machine(name='web0')
            for fault in FAULTS:
                cloud.faults.add(operation, probability=0.1, **fault)
            made = {str(make(sdc, number)) for number in range(40)}

            assert 40 == len(made) == len(everything(sdc))
        struck = [each for each in cloud.requests if each.outcome != 'reply' or each.status >= 500]
        assert {operation} == {each.operation for each in struck}
        assert {True, False} == {each.status < 300 for each in struck}


@pytest.mark.parametrize('after', [True, False])
def test_a_role_is_known_again_by_its_members_and_policies(cloud: Simulator, after: bool) -> None:
    """The server tells more of them than was asked for."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        sdc.create_user(login='bob', email='bob@example.com', password='secret123')
        look = sdc.create_policy('look', 'CAN getmachine')
        cloud.faults.add('CreateRole', count=1, outcome='drop', after=after)
        role = sdc.create_role(
            'ops', members=['bob', {'type': 'account', 'login': 'acme'}], policies=[look]
        )

        assert [role] == sdc.roles()


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
        with pytest.raises(smartdc.InvalidArgument) as caught:
            sdc.create_policy('look', 'CAN listmachines')

        assert not caught.value.maybe_done
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


def test_what_fails_while_it_is_waited_for_is_told() -> None:
    """The error of a wait says what was made before it."""
    with Simulator({'volumes': True}, job_time=0) as cloud, cloud.datacenter() as sdc:
        machine = sdc.create_machine(name='web0')
        cloud.faults.add('GetVolume', count=1, status=403, code='NotAuthorized')
        cloud.faults.add('GetMachineSnapshot', count=1, status=403, code='NotAuthorized')
        with pytest.raises(smartdc.NotAuthorized) as volume:
            sdc.create_volume(name='v0', networks=['My-Fabric-Network'], wait=True)
        with pytest.raises(smartdc.NotAuthorized) as snapshot:
            machine.create_snapshot('s', wait=True)

        assert (True, {'id': sdc.volumes()[0]['id']}) == (
            volume.value.maybe_done,
            volume.value.sought,
        )
        assert (True, {'name': 's'}) == (snapshot.value.maybe_done, snapshot.value.sought)
