"""The snapshots chapter, and Snapshot."""

from datetime import datetime

import pytest

from smartdc import Machine, ResourceNotFound, Snapshot, WaitFailed


def test_a_snapshot_is_created_waited_for_and_deleted(machine: Machine) -> None:
    """Its life: queued, created, gone."""
    snapshot = machine.create_snapshot('before')

    assert ('before', 'queued', None) == (snapshot.name, snapshot.state, snapshot.created)
    snapshot.poll_until('created')
    assert isinstance(snapshot.created, datetime)
    assert snapshot.created.tzinfo is None
    assert ['before'] == [each.name for each in machine.snapshots()]
    snapshot.delete()
    snapshot.poll_until('deleted')
    assert [] == machine.snapshots()


def test_a_snapshot_without_a_name_gets_one(machine: Machine) -> None:
    """The server takes the time."""
    assert machine.create_snapshot().name.endswith('Z')


def test_a_snapshot_is_got_by_name_dict_or_snapshot(machine: Machine) -> None:
    """Whatever names a snapshot finds it."""
    machine.create_snapshot('s1').poll_until('created')
    found = machine.snapshot('s1')

    assert found.data == machine.snapshot(found.data).data == machine.snapshot(found).data
    assert found.data == machine.raw_snapshot_data('s1') == Snapshot(machine, 's1').data
    with pytest.raises(ResourceNotFound):
        machine.snapshot('nope')


def test_a_machine_goes_back_to_a_snapshot(machine: Machine) -> None:
    """Both ways to start from a snapshot return the machine."""
    snapshot = machine.create_snapshot('s1')
    snapshot.poll_until('created')

    assert machine is snapshot.start()
    assert machine is machine.start_from_snapshot('s1')
    machine.poll_until('running')


def test_a_snapshot_shows_itself_in_a_line(machine: Machine) -> None:
    """Str is the name, repr says of which machine, and the last state seen."""
    snapshot = machine.create_snapshot('s1')

    assert 's1' == str(snapshot)
    assert '<smartdc.machine.Snapshot: <s1> on <Machine: web0>, queued>' == repr(snapshot)
    assert f'/machines/{machine.id}/snapshots/s1' == snapshot.path


def test_waiting_for_a_snapshot_that_is_gone_ends_at_once(machine: Machine) -> None:
    """A snapshot that was deleted meanwhile will never be created."""
    snapshot = Snapshot(machine, data={'name': 'nope', 'state': 'queued'})
    with pytest.raises(WaitFailed, match='deleted'):
        snapshot.poll_until('created')


def test_a_snapshot_can_be_waited_for_when_it_is_made(machine: Machine) -> None:
    """With wait= the snapshot that comes back is created."""
    assert 'created' == machine.create_snapshot('s1', wait=60).state
