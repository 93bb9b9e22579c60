"""A machine is never made twice, whatever is lost on the way."""

import pytest

import smartdc
from smartdc.retrying import Retry
from smartdc.simulator import Simulator

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
