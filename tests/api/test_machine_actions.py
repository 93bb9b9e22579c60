"""The chapter of what can be done to a machine."""

import pytest

from smartdc import CannotDestroyMachine, DataCenter, InvalidArgument, Machine, UnallocatedVM


@pytest.mark.parametrize(
    ('action', 'state'), [('stop', 'stopped'), ('reboot', 'running'), ('start', 'running')]
)
def test_actions_return_at_once_and_happen_later(machine: Machine, action: str, state: str) -> None:
    """Each action is a job; the machine gets to its state when that is done."""
    if action == 'start':
        machine.stop()
        machine.poll_until('stopped')
    assert getattr(machine, action)() is None
    machine.datacenter.clock.sleep(30)

    assert state == machine.status()
    assert (action, 'yes') == tuple(machine.audit()[0][name] for name in ('action', 'success'))


def test_a_stop_of_a_stopped_machine_fails_in_the_audit(machine: Machine) -> None:
    """The server accepts it; the audit tells that it came to nothing."""
    machine.stop()
    machine.poll_until('stopped')
    machine.stop()
    machine.datacenter.clock.sleep(30)

    assert ('stop', 'no') == tuple(machine.audit()[0][name] for name in ('action', 'success'))


def test_resize_rename_firewall_and_protection(sdc: DataCenter, machine: Machine) -> None:
    """The other actions change what they say."""
    package = max(
        (each for each in sdc.packages() if 'brand' not in each), key=lambda each: each['memory']
    )
    machine.resize(package)
    machine.rename('web1')
    machine.enable_firewall()
    machine.enable_deletion_protection()
    sdc.clock.sleep(120)
    machine.refresh()

    assert (package['name'], package['memory']) == (machine.package, machine.memory)
    assert ('web1', True, True) == (
        machine.name,
        machine.firewall_enabled,
        machine.deletion_protection,
    )
    with pytest.raises(CannotDestroyMachine):
        machine.delete()
    machine.disable_deletion_protection()
    machine.disable_firewall()
    sdc.clock.sleep(120)
    machine.refresh()
    assert (False, False) == (machine.firewall_enabled, machine.deletion_protection)


def test_an_unknown_package_cannot_be_resized_to(machine: Machine) -> None:
    """The server's words name the package."""
    with pytest.raises(InvalidArgument, match='nope'):
        machine.resize('nope')


def test_nothing_can_be_done_to_a_machine_that_is_provisioning(sdc: DataCenter) -> None:
    """The error is the server's UnallocatedVM."""
    with pytest.raises(UnallocatedVM):
        sdc.create_machine().stop()
