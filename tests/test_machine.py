"""Machine: attributes and waiting."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from smartdc import DataCenter, Machine, MachineFailed, MachineGone, WaitTimeout
from smartdc.machine import dt_time, priv, pub, timestamp
from smartdc.simulator import Simulator

ID = 'b1e3f1c0-9999-4aaa-8bbb-cccccccccccc'


def test_a_machine_is_what_the_server_said(machine: Machine) -> None:
    """Attributes read the data; nothing of it is lost."""
    assert machine.data['name'] == machine.name == 'web0'
    assert ('smartmachine', 'running') == (machine.type, machine.state)
    assert machine.ips == machine.public_ips + machine.private_ips
    assert machine.public_ips[0] == machine.primary_ip
    assert machine.data['networks'] == machine.networks
    assert isinstance(machine.created, datetime)
    assert machine.created.tzinfo is None
    for name in ('package', 'image', 'memory', 'disk', 'brand', 'compute_node'):
        assert machine.data[name] == getattr(machine, name)
    assert (False, False) == (machine.deletion_protection, machine.docker)


def test_attributes_of_a_bare_machine_are_empty(sdc: DataCenter) -> None:
    """A machine of which only the id is known has no more, and nothing asks for it."""
    bare = Machine(sdc, data={'id': ID})

    for name in ('name', 'type', 'state', 'image', 'dataset', 'memory', 'created', 'boot_script'):
        assert getattr(bare, name) is None
    for name in ('ips', 'public_ips', 'private_ips', 'networks', 'dns_names'):
        assert [] == getattr(bare, name)
    assert {} == bare.tags == bare.metadata


def test_nothing_but_methods_asks_the_server(cloud: Simulator, sdc: DataCenter) -> None:
    """Attributes, repr, str, ==, hash and dir cost no request."""
    bare = Machine(sdc, data={'id': ID, 'ips': []})
    for name in dir(bare):
        getattr(bare, name)
    _ = repr(bare), str(bare), bare == bare, hash(bare), repr(sdc), str(sdc), sdc == sdc, hash(sdc)

    assert not cloud.requests


def test_machines_are_equal_by_id(sdc: DataCenter) -> None:
    """A machine equals another of its id, and a dict with its id."""
    one, same = Machine(sdc, data={'id': ID}), Machine(sdc, data={'id': ID, 'name': 'x'})

    assert one == same
    assert one == {'id': ID}
    assert one != {'id': str(uuid.UUID(int=1))}
    assert one != ID
    assert hash(uuid.UUID(ID).int) == hash(one)


def test_a_machine_shows_itself_in_a_line(sdc: DataCenter) -> None:
    """Str is the id, repr has name and data center, and the last state seen if there is one."""
    machine = Machine(sdc, data={'id': ID, 'name': 'web0'})

    assert ID == str(machine)
    assert f'<smartdc.machine.Machine: <web0> in {sdc}>' == repr(machine)
    machine.data['state'] = 'running'
    assert f'<smartdc.machine.Machine: <web0> in {sdc}, running>' == repr(machine)
    assert f'<smartdc.machine.Machine: <{ID}> in {sdc}>' == repr(Machine(sdc, data={'id': ID}))
    assert f'/machines/{ID}' == machine.path


def test_data_that_was_handed_in_stays_as_it_was(machine: Machine) -> None:
    """Nothing that a Machine does changes the dict that it was made of."""
    data = machine.datacenter.raw_machine_data(machine)
    before = repr(data)
    wrapped = Machine(machine.datacenter, data=data)
    wrapped.add_tags(a='1')
    wrapped.update_metadata(b='2')
    wrapped.refresh()

    assert before == repr(data)


def test_deletion_is_seen_as_a_state(machine: Machine) -> None:
    """Status and refresh take the 410 for what it says; everything else raises."""
    machine.delete()
    machine.poll_until('deleted')

    assert 'deleted' == machine.status() == machine.state
    calls: list[Callable[[], None]] = [machine.stop, machine.delete, lambda: machine.rename('x')]
    for call in calls:
        with pytest.raises(MachineGone):
            call()
    assert 'destroy' == machine.audit()[0]['action']


def test_waiting_ends_at_once_when_the_machine_is_gone(sdc: DataCenter, machine: Machine) -> None:
    """Somebody else's deletion ends every wait for something else."""
    sdc.machine(machine.id).delete()
    sdc.clock.sleep(60)
    for wait in (machine.poll_until, machine.poll_while):
        with pytest.raises(MachineGone) as caught:
            wait('running')
        assert machine.id == caught.value.machine['id']


def test_waiting_while_a_deletion_of_ones_own_runs_ends_well(machine: Machine) -> None:
    """Who has deleted the machine has waited for its end."""
    machine.delete()
    machine.poll_while('running')

    assert machine.state != 'running'


@pytest.mark.parametrize(
    ('method', 'state', 'goal'),
    [
        ('poll_until', 'running', 'running'),
        ('poll_while', 'provisioning', 'anything but provisioning'),
    ],
)
def test_waiting_ends_at_once_when_the_machine_has_failed(
    method: str, state: str, goal: str
) -> None:
    """A failed machine will not become anything else, unless that was waited for."""
    world: dict[str, Any] = {'machines': [{'name': 'bad', 'id': ID, 'state': 'failed'}]}
    with Simulator(world, job_time=0) as cloud, cloud.datacenter() as broken:
        machine = Machine(broken, data={'id': ID, 'name': 'bad', 'state': 'provisioning'})
        with pytest.raises(MachineFailed, match=f'will not become {goal}$') as caught:
            getattr(machine, method)(state)

        assert ID == caught.value.machine['id']
        machine.poll_until('failed')


def test_waiting_ends_at_the_deadline(machine: Machine) -> None:
    """WaitTimeout carries the last data, and the clock stands at the deadline."""
    clock = machine.datacenter.clock
    start = clock.now()
    with pytest.raises(WaitTimeout) as caught:
        machine.poll_until('stopped', 3, timeout=10)

    assert start + 10 == clock.now()
    assert 'running' == caught.value.last['state']


@pytest.mark.parametrize(
    ('ip', 'private', 'public'),
    [
        ('10.1.2.3', True, False),
        ('172.16.0.1', True, False),
        ('172.32.0.1', False, True),
        ('192.168.1.1', True, False),
        ('100.64.0.1', True, False),
        ('127.0.0.1', True, False),
        ('169.254.1.1', True, False),
        ('8.8.8.8', False, True),
        ('203.0.113.9', False, True),
        ('fd00::1', True, False),
        ('fe80::1/64', True, False),
        ('2606:4700::1', False, True),
        ('dhcp', False, False),
        ('', False, False),
        (True, False, False),
        (3232235777, False, False),
        (None, False, False),
    ],
)
def test_addresses_are_private_or_public(ip: Any, private: bool, public: bool) -> None:
    """What is no address is neither."""
    assert (private, public) == (priv(ip), pub(ip))


def test_times_are_naive_utc() -> None:
    """Whole seconds, whatever fraction and zone the text has."""
    assert datetime(2025, 1, 2, 3, 4, 5) == dt_time('2025-01-02T03:04:05.678Z')
    assert datetime(2025, 1, 2, 3, 4, 5) == dt_time('2025-01-02T04:04:05+01:00')
    assert datetime(2025, 1, 2, 3, 4, 5) == dt_time('2025-01-02T03:04:05')
    assert dt_time(None) is None
    assert 1735787045 == timestamp('2025-01-02T03:04:05.678Z')
