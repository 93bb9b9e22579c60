"""A machine is never made twice, whatever is lost on the way; test_creates.py has the rest."""

import pytest

import smartdc
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from smartdc.simulator.clock import SteppedClock
from tests.conftest import START

PATIENT = Retry(attempts=9, base=0)


@pytest.mark.parametrize('named', [True, False])
@pytest.mark.parametrize('after', [True, False])
@pytest.mark.parametrize(
    'fault',
    [{'outcome': 'drop'}, {'outcome': 'cut'}, *({'status': each} for each in (500, 502, 503, 504))],
)
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
        with pytest.raises(smartdc.ValidationFailed) as caught:
            sdc.create_machine(name='web0')

        assert not caught.value.maybe_done
        assert 1 == sdc.num_machines()


def test_without_retries_the_fault_is_raised(cloud: Simulator) -> None:
    """retries=None leaves it to the caller to look, and tells for what."""
    cloud.faults.add('CreateMachine', count=1, outcome='drop', after=True)
    with (
        cloud.datacenter(retries=None) as sdc,
        pytest.raises(smartdc.ConnectionFailed, match="look for name 'web0'") as caught,
    ):
        sdc.create_machine(name='web0')

    assert (True, {'name': 'web0'}) == (caught.value.maybe_done, caught.value.sought)
    assert not [each for each in cloud.requests if each.operation == 'ListMachines']


def test_a_name_that_the_server_completes_is_not_sent_again(cloud: Simulator) -> None:
    """With {{shortId}} the machine could not be found, so the fault is raised."""
    cloud.faults.add('CreateMachine', count=1, outcome='drop', after=True)
    with (
        cloud.datacenter(retries=PATIENT) as sdc,
        pytest.raises(smartdc.ConnectionFailed, match='shortId') as caught,
    ):
        sdc.create_machine(name='web-{{shortId}}')

    assert caught.value.maybe_done
    assert ['CreateMachine'] == [each.operation for each in cloud.requests if each.method == 'POST']


def test_who_may_not_look_sees_the_fault(cloud: Simulator) -> None:
    """When the look is refused, the fault that caused it is raised, not the refusal."""
    cloud.faults.add('CreateMachine', count=1, outcome='drop', after=True)
    cloud.faults.add('ListMachines', count=1, status=403, code='NotAuthorized')
    with (
        cloud.datacenter(retries=PATIENT) as sdc,
        pytest.raises(smartdc.ConnectionFailed) as caught,
    ):
        sdc.create_machine(name='web0')

    assert (True, {'name': 'web0'}) == (caught.value.maybe_done, caught.value.sought)


def test_what_is_found_has_the_passwords_that_were_asked_for(cloud: Simulator) -> None:
    """With `credentials` a machine that was looked for tells them as a new one does."""
    cloud.faults.add('CreateMachine', count=1, outcome='drop', after=True)
    with cloud.datacenter(retries=PATIENT) as sdc:
        passwords = {'credentials': {'root': 'secret'}}
        machine = sdc.create_machine('web0', metadata=passwords, credentials=True)

    assert {'root': 'secret'} == machine.data['metadata']['credentials']


def test_it_is_looked_for_after_a_pause(cloud: Simulator) -> None:
    """The server gets some time to finish what nobody hears of any more."""
    cloud.faults.add('CreateMachine', count=1, outcome='drop', after=True)
    with cloud.datacenter(retries=Retry(base=2)) as sdc:
        sdc.create_machine(name='web0')
    create, look = cloud.requests[-2:]

    assert ('CreateMachine', 'ListMachines') == (create.operation, look.operation)
    assert create.at < look.at


def test_the_last_attempt_is_looked_for_as_well(cloud: Simulator) -> None:
    """A policy of one attempt never sends it again, but finds what was made."""
    cloud.faults.add('CreateMachine', count=1, outcome='drop', after=True)
    with cloud.datacenter(retries=Retry(attempts=1)) as sdc:
        machine = sdc.create_machine(name='web0')

        assert [machine] == sdc.machines()


def test_a_machine_that_failed_meanwhile_is_the_one_that_was_made() -> None:
    """No list of active machines has it, and its name is free again."""
    image, now = 'base-64', '2026-01-02T03:04:05.000Z'
    world = {'machines': [{'name': 'web0', 'image': image, 'state': 'failed', 'created': now}]}
    with Simulator(world, clock=SteppedClock(START)) as cloud:
        cloud.faults.add('CreateMachine', count=1, outcome='drop')
        with cloud.datacenter(retries=PATIENT) as sdc:
            machine = sdc.create_machine(name='web0', image=image)

        assert 'failed' == machine.state
        assert 1 == sum(each.operation == 'CreateMachine' for each in cloud.requests)
