"""How time passes for machines."""

from __future__ import annotations

import pytest

from tests.simulator.clouds import Account


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take ten seconds."""
    return Account(job_time=10)


def state(acme: Account, path: str, seconds: float = 0) -> str:
    """Return the state of a machine, some seconds later."""
    acme.clock.advance(seconds)
    return str(acme.get(path)['state'])


def test_provisions_in_the_time_that_it_takes(acme: Account) -> None:
    """A machine is provisioning until its job ends, and its audit is empty until then."""
    path = f'/my/machines/{acme.create()["id"]}'
    assert ['provisioning', 'provisioning'] == [state(acme, path), state(acme, path, 9.9)]
    assert [] == acme.audit(path)
    assert 'running' == state(acme, path, 0.1)
    assert [('provision', 'yes')] == acme.audit(path)


def test_passes_through_the_states_on_the_way(acme: Account) -> None:
    """Stop and reboot show what they are at."""
    path = acme.machine()
    acme.post(f'{path}?action=reboot')
    assert ['stopping', 'stopping', 'ready', 'running'] == [
        state(acme, path, seconds) for seconds in (0, 4, 2, 4)
    ]
    acme.post(f'{path}?action=stop')
    assert ['stopping', 'stopped'] == [state(acme, path), state(acme, path, 10)]


def test_runs_the_jobs_of_a_machine_one_after_the_other(acme: Account) -> None:
    """Jobs wait for those before them, and are judged when their turn comes."""
    path = acme.machine()
    for action in ('stop', 'stop', 'start', 'start'):
        acme.post(f'{path}?action={action}')
    assert 'stopped' == state(acme, path, 20)
    assert 'running' == state(acme, path, 10)
    assert [('start', 'yes'), ('stop', 'no'), ('stop', 'yes')] == acme.audit(path)[:3]
    assert 'running' == state(acme, path, 10)
    assert ('start', 'no') == acme.audit(path)[0]


def test_lets_machines_wait_for_nobody_else(acme: Account) -> None:
    """The jobs of several machines run at the same time."""
    paths = [acme.machine(name=name) for name in ('a', 'b')]
    for path in paths:
        acme.post(f'{path}?action=stop')
    assert ['stopped', 'stopped'] == [state(acme, paths[0], 10), state(acme, paths[1])]


def test_is_done_at_the_next_request_when_jobs_take_no_time() -> None:
    """With a job time of zero a create answers provisioning, and the next look sees it run."""
    acme = Account(job_time=0)
    created = acme.create()
    assert 'provisioning' == created['state']
    path = f'/my/machines/{created["id"]}'
    assert 'running' == state(acme, path)
    assert [('provision', 'yes')] == acme.audit(path)


def test_moves_a_clock_by_looks(acme: Account) -> None:
    """A clock that each request moves makes a machine run after so many looks."""
    path = f'/my/machines/{acme.create()["id"]}'
    acme.clock.per_look = 5
    assert ['provisioning', 'running'] == [state(acme, path), state(acme, path)]


def test_tells_when_and_by_whom(acme: Account) -> None:
    """An audit row has the time of the end and the caller."""
    path = acme.machine()
    (row,) = acme.get(f'{path}/audit')
    caller = {'type': 'signature', 'ip': '127.0.0.1', 'keyId': acme.signer.key_id}
    assert {
        'success': 'yes',
        'time': '2026-01-02T03:04:15.000Z',
        'action': 'provision',
        'caller': caller,
    } == row
