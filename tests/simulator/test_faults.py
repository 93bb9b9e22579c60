"""Mishaps on demand, as far as they need no sockets."""

from __future__ import annotations

import pytest

from tests.simulator.clouds import Account, refusal


@pytest.fixture
def acme() -> Account:
    """Return an account of the default world."""
    return Account()


def test_answers_an_error_instead_of_working(acme: Account) -> None:
    """A rule with a status strikes its operation, as often as it says, and nothing is done."""
    acme.cloud.faults.add('CreateMachine', status=503, code='X', message='later', count=1)
    assert (503, 'X', 'later') == refusal(acme.send('POST', '/my/machines', {}))
    assert [] == acme.get('/my/machines')
    assert 'provisioning' == acme.create()['state']


def test_loses_an_answer_after_the_work(acme: Account) -> None:
    """With `after` the work is done, and the client is told otherwise."""
    acme.cloud.faults.add('UpdateAccount', status=500, after=True, count=1)
    assert acme.send('POST', '/my', {'phone': '7'}).status == 500
    assert '7' == acme.get('/my')['phone']


def test_drops_before_or_after_the_work(acme: Account) -> None:
    """A dropped connection leaves the work undone unless the rule says after."""
    acme.cloud.faults.add('UpdateAccount', outcome='drop', count=1)
    acme.cloud.faults.add('UpdateAccount', outcome='drop', after=True, count=1)
    assert 'drop' == acme.send('POST', '/my', {'phone': '7'}).outcome
    assert 'phone' not in acme.get('/my')
    assert 'drop' == acme.send('POST', '/my', {'phone': '7'}).outcome
    assert '7' == acme.get('/my')['phone']


def test_holds_answers_back(acme: Account) -> None:
    """A delay is told to the server, and changes nothing else."""
    acme.cloud.faults.add(delay=2.5, count=1)
    response = acme.send('GET', '/my')
    assert (200, 2.5, 'reply') == (response.status, response.delay, response.outcome)
    assert acme.send('GET', '/my').delay == 0


def test_strikes_some_and_the_same_each_time(acme: Account) -> None:
    """With a probability the same requests are struck in each run."""

    def run() -> list[int]:
        acme.cloud.faults.clear()
        acme.cloud.faults.add(probability=0.2, status=502)
        return [acme.send('GET', '/my').status for _ in range(200)]

    first = run()
    assert first == run()
    assert 20 < first.count(502) < 60
