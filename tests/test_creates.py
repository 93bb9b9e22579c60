"""Whatever can be made is made once, through faults of every kind."""

import json
import re
from typing import Any

import pytest

import smartdc
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from smartdc.simulator.clock import SteppedClock
from tests.conftest import START
from tests.kinds import FAULTS, KINDS, WORLD, prepare, public

PATIENT = Retry(attempts=9, base=0)


@pytest.mark.parametrize('kind', KINDS)
def test_each_thing_is_made_once(kind: str) -> None:
    """As many things as calls that returned: no duplicates, no orphans, no errors."""
    operation, make, everything = KINDS[kind]
    clock = SteppedClock(START)
    with Simulator(WORLD, job_time=0, clock=clock) as cloud:
        with cloud.datacenter(retries=PATIENT) as sdc:
            prepare(sdc)
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


def test_a_key_of_another_name_is_not_taken_for_the_one_asked_for(cloud: Simulator) -> None:
    """A lost create of a key that is there ends in the server's refusal."""
    with cloud.datacenter(retries=PATIENT) as sdc:
        sdc.add_key('old', public(0))
        cloud.faults.add('CreateKey', count=1, outcome='drop')
        with pytest.raises(smartdc.InvalidArgument, match='already exists') as caught:
            sdc.add_key('new', public(0))

        assert not caught.value.maybe_done


def test_a_key_that_cannot_be_read_here_is_not_looked_for(cloud: Simulator) -> None:
    """The server forgives more than is plain, so a lost create of such a text is reported."""
    kind, data, comment = public(0).split()
    cloud.faults.add('CreateKey', count=1, outcome='drop', after=True)
    with (
        cloud.datacenter(retries=PATIENT) as sdc,
        pytest.raises(smartdc.ConnectionFailed, match="look for name 'odd'") as caught,
    ):
        sdc.add_key('odd', f'{kind} {data[:24]}\n{data[24:]} {comment}')

    assert (True, {'name': 'odd'}) == (caught.value.maybe_done, caught.value.sought)


def test_a_key_is_looked_for_past_the_servers_cache(cloud: Simulator) -> None:
    """One that has just been made is not in it yet."""
    cloud.faults.add('CreateKey', count=1, outcome='drop', after=True)
    with cloud.datacenter(retries=PATIENT) as sdc:
        sdc.add_key('new', public(0))

    cloud.assert_requested('ListKeys', query={'sync': 'true'})


@pytest.mark.parametrize(
    ('fault', 'asked'),
    [
        ({'status': 429, 'code': 'TooManyRequestsError'}, ['POST'] * 3),
        ({'outcome': 'drop'}, ['POST', 'GET'] * 3),
    ],
)
def test_a_create_has_the_attempts_of_one_call(
    cloud: Simulator, fault: dict[str, Any], asked: list[str]
) -> None:
    """Each of them is one request, and one more to look for what may have been made."""
    cloud.faults.add('CreateKey', **fault)
    with (
        cloud.datacenter(retries=Retry(attempts=3, base=0)) as sdc,
        pytest.raises(smartdc.SmartDCError) as caught,
    ):
        sdc.add_key('new', public(0))

    assert asked == [each.method for each in cloud.requests]
    assert caught.value.maybe_done is ('outcome' in fault)


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


def test_names_are_chosen_in_the_servers_own_form() -> None:
    """The time for a snapshot, 64 hexadecimal digits for a volume; the server is told them."""
    clock = SteppedClock(START)
    with Simulator({'volumes': True}, job_time=0, clock=clock) as cloud, cloud.datacenter() as sdc:
        assert '20260102T030405Z' == sdc.create_machine().create_snapshot().name
        assert {'name': '20260102T030405Z'} == json.loads(cloud.requests[-1].body)
        volume = sdc.create_volume(networks=['My-Fabric-Network'])
        assert re.fullmatch('[0-9a-f]{64}', volume['name'])
        assert volume['name'] == json.loads(cloud.requests[-1].body)['name']
