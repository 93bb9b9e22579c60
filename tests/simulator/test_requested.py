"""What was asked of a simulator is checked, and a mismatch is explained."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from smartdc import DataCenter, Machine, ResourceNotFound
from smartdc.simulator import RequestMismatch, Simulator


def mismatch(cloud: Simulator, *operation: str, **expected: Any) -> str:
    """Return what is said when an expectation is not met."""
    with pytest.raises(RequestMismatch) as caught:
        cloud.assert_requested(*operation, **expected)
    return str(caught.value)


def test_what_was_asked_is_returned(cloud: Simulator, machine: Machine) -> None:
    """An action is found under its own name and the server's, with its body."""
    machine.stop()
    (stop,) = cloud.assert_requested('StopMachine', count=1)

    assert f'/acme/machines/{machine.id}' == stop.target.partition('?')[0]
    assert [stop] == cloud.assert_requested('UpdateMachine')
    assert stop in cloud.assert_requested(method='POST')


@pytest.mark.parametrize(
    ('call', 'name'),
    [
        (lambda machine: machine.enable_firewall(), 'EnableMachineFirewall'),
        (lambda machine: machine.update_metadata(a='b'), 'UpdateMachineMetadata'),
        (lambda machine: machine.datacenter.limits(), 'GetAccountLimits'),
        (lambda machine: machine.datacenter.ping(), 'Ping'),
        (lambda machine: machine.datacenter.keys(), 'ListKeys'),
    ],
)
def test_the_names_are_those_of_the_documentation(
    cloud: Simulator, machine: Machine, call: Any, name: str
) -> None:
    """Where the server itself has another name for an operation, both count."""
    call(machine)

    assert 1 == len(cloud.assert_requested(name, count=1))


def test_each_constraint_counts(cloud: Simulator, sdc: DataCenter) -> None:
    """Path, query, body, data center and status each tell requests apart."""
    sdc.create_machine(name='web0')
    sdc.machines(name='web0')
    list(sdc.datacenter('us-east-1').keys())

    cloud.assert_requested('CreateMachine', body={'name': 'web0'}, status=201, count=1)
    cloud.assert_requested('CreateMachine', body={'name': 'web1'}, count=0)
    cloud.assert_requested('ListMachines', query={'name': 'web0'}, count=1)
    cloud.assert_requested('ListMachines', query={'name': 'web1'}, count=0)
    cloud.assert_requested('ListKeys', datacenter='us-east-1', count=1)
    cloud.assert_requested('ListKeys', datacenter='us-sw-1', count=0)
    cloud.assert_requested(path='/machines', method='POST', count=1)
    cloud.assert_requested('CreateMachine', status=409, count=0)


def test_a_path_may_have_a_star(cloud: Simulator, machine: Machine) -> None:
    """A star stands for an id that the test does not know."""
    machine.stop()

    cloud.assert_requested(path='/machines/*', method='POST', count=1)
    cloud.assert_requested(path='/machines/*/tags', count=0)


def test_a_mismatch_shows_what_came_in_and_what_is_near(cloud: Simulator, machine: Machine) -> None:
    """The other action on the same machine is a near miss, with the reason."""
    machine.start()
    said = mismatch(cloud, 'StopMachine', path=f'/machines/{machine.id}', count=1).splitlines()

    assert (
        f"expected StopMachine with path '/machines/{machine.id}': 1, but there were 0" == said[0]
    )
    near = said[said.index('near misses:') + 1 :]
    assert near[0].endswith(f'POST /acme/machines/{machine.id}?action=start StartMachine: 202')
    assert '       the operation is StartMachine, not StopMachine' == near[1]
    everything = said[said.index('what came in:') + 1 :]
    assert len(cloud.requests) == len(everything)
    assert any(line.endswith('POST /acme/machines CreateMachine: 201') for line in everything)


def test_a_near_miss_names_the_fields(cloud: Simulator, sdc: DataCenter) -> None:
    """What a body lacks or has otherwise is said, each field by itself."""
    sdc.create_machine(name='web0')
    said = mismatch(
        cloud,
        'CreateMachine',
        body={'name': 'web1', 'brand': 'bhyve'},
        query={'a': 'b'},
        status=409,
    )

    assert "'name' in the body is 'web0', not 'web1'" in said
    assert "the body has no 'brand'" in said
    assert "the query has no 'a'" in said
    assert 'the status is 201, not 409' in said


def test_too_many_is_a_mismatch(cloud: Simulator, sdc: DataCenter) -> None:
    """Asking twice is not asking once, and once is not never."""
    sdc.keys()
    sdc.keys()

    assert 'expected ListKeys: 1, but there were 2' in mismatch(cloud, 'ListKeys', count=1)
    assert 'expected ListKeys: 0, but there were 2' in mismatch(cloud, 'ListKeys', count=0)


def test_a_slip_of_the_pen_is_found(cloud: Simulator) -> None:
    """A name that no operation has is said to be none, with those that are like it."""
    said = mismatch(cloud, 'StopMachines')

    assert "CloudAPI has no operation 'StopMachines'; there is StopMachine, " in said
    assert said.endswith('nothing came in')


def test_an_operation_of_old_servers_is_known(cloud: Simulator) -> None:
    """What only servers before 8.0 have is no slip of the pen."""
    assert 'has no operation' not in mismatch(cloud, 'ListDatasets')


def test_a_refusal_and_a_fault_show_in_the_log(cloud: Simulator, sdc: DataCenter) -> None:
    """The code of an error and the loss of an answer stand beside the status."""
    cloud.faults.add('ListKeys', outcome='drop', count=1)
    sdc.keys()
    with pytest.raises(ResourceNotFound):
        sdc.key('laptop')
    said = mismatch(cloud, 'CreateKey').splitlines()

    assert any(line.endswith('GET /acme/keys ListKeys: 500 InternalError, drop') for line in said)
    assert any(line.endswith('GET /acme/keys/laptop GetKey: 404 ResourceNotFound') for line in said)


def test_a_long_log_is_cut(cloud: Simulator, sdc: DataCenter) -> None:
    """The newest forty requests are shown, and how many there were before."""
    for _ in range(43):
        sdc.ping()
    said = mismatch(cloud, 'CreateKey').splitlines()

    assert '  ... 3 earlier ones' in said
    assert said[-1].endswith('43. us-sw-1 GET /--ping Ping: 200')
    assert said[-40].startswith('  4. ')


def test_no_secret_is_shown(cloud: Simulator, sdc: DataCenter) -> None:
    """Neither the signature of a URL nor a password gets into the text."""
    sdc.create_user(login='bob', password='hunter2-hunter2', email='bob@example.com')
    requests.get(sdc.presign('GET', '/machines'), timeout=10)
    said = mismatch(cloud, 'CreateUser', body={'password': 'other'})

    assert "'password' in the body is another one" in said
    assert 'hunter2' not in said
    assert re.search(r'GET /acme/machines\?\S*signature=\*{3} ListMachines: 200', said)
