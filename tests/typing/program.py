"""A user's program, which both type checkers read as strictly as they can: it is never run.

`assert_type` says what a call returns; a line that must not pass has the checkers' own mark, which
they complain about when it is not needed.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

import pytest

import smartdc
from smartdc import DataCenter, Machine, Retry, Snapshot
from smartdc.simulator import Record, Simulator, SteppedClock
from smartdc.types import Image, Key, Network, Package, Scalar


class Private(DataCenter):
    """A data center of one's own."""

    API_VERSION = '~9'


def connect() -> DataCenter:
    """Connect in each of the ways there are."""
    sdc = DataCenter('https://cloud.example.com', login='acme', secret='~/.ssh/id_rsa')
    assert_type(DataCenter.from_profile(), DataCenter)
    assert_type(Private.from_profile('work', verify='ca.pem'), Private)
    assert_type(sdc.datacenter('us-east-1'), DataCenter)
    assert_type(sdc.acting(as_role='ops'), DataCenter)
    with Private(retries=Retry(attempts=2), timeout=(5, 30)) as private:
        assert_type(private, Private)
    DataCenter('here', verfy=True)  # type: ignore[call-arg]
    return sdc


def look(sdc: DataCenter) -> None:
    """Look around."""
    assert_type(sdc.keys(), list[Key])
    assert_type(sdc.key('laptop')['fingerprint'], str)
    assert_type(sdc.images(os='smartos'), list[Image])
    assert_type(sdc.packages(), list[Package])
    assert_type(sdc.default_package(), Package | None)
    assert_type(sdc.network('external'), Network)
    assert_type(sdc.machines(tags={'role': 'web'}), list[Machine])
    assert_type(sdc.num_machines(), int)
    assert_type(sdc.request('GET', '/keys')[0], Any)
    sdc.key('laptop')['colour']  # type: ignore[typeddict-item]


def make(sdc: DataCenter, image: Image) -> Machine:
    """Make a machine and follow its life."""
    machine = sdc.create_machine(name='web0', image=image, package='g1-small', tags={'tier': 1})
    assert_type(machine, Machine)
    machine.poll_until('running', interval=lambda looks: min(looks, 10.0), timeout=60)
    assert_type(machine.state, str | None)
    assert_type(machine.tags, dict[str, Scalar])
    assert_type(machine.data, dict[str, Any])
    assert_type(machine.add_tags(role='web'), dict[str, Scalar])
    snapshot = machine.create_snapshot('before')
    assert_type(snapshot, Snapshot)
    machine.start_from_snapshot(snapshot)
    machine.resize(sdc.packages()[0])
    with smartdc.deadline(90):
        machine.stop()
    return machine


def cope(sdc: DataCenter) -> str:
    """Do something about what goes wrong."""
    try:
        sdc.machine('b1e3f1c0-9999-4aaa-8bbb-cccccccccccc')
    except smartdc.ResourceNotFound as error:
        assert_type(error.status, int)
        assert_type(error.errors, list[dict[str, Any]])
        return error.message
    except smartdc.WaitTimeout as error:
        assert_type(error.last, dict[str, Any])
    except smartdc.SmartDCError:
        raise
    return ''


@pytest.mark.smartdc_world({'machines': [{'name': 'web0'}]})
def test_offline(smartdc_simulator: Simulator, smartdc_datacenter: DataCenter) -> None:
    """Test a script."""
    world: Mapping[str, Any] = {'machines': [{'name': 'web0'}]}
    with Simulator(world, clock=SteppedClock()) as cloud:
        assert_type(cloud.datacenter(), DataCenter)
    smartdc_datacenter.machines()
    smartdc_simulator.faults.add('ListMachines', count=1, status=503)
    assert_type(smartdc_simulator.assert_requested('ListMachines'), list[Record])
