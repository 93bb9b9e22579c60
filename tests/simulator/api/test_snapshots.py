"""Snapshots of a machine."""

from __future__ import annotations

import pytest

from tests.simulator.clouds import Account, refusal


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take ten seconds."""
    return Account(job_time=10)


def test_lives_and_dies(acme: Account) -> None:
    """A snapshot is queued, created, deleted; one that was deleted is remembered."""
    path = f'{acme.machine()}/snapshots'
    assert {'name': 's1', 'state': 'queued'} == acme.post(path, {'name': 's1'})
    assert 'queued' == acme.get(f'{path}/s1')['state']
    acme.done()
    assert ['created'] == [found['state'] for found in acme.get(path)]
    assert acme.send('DELETE', f'{path}/s1').status == 204
    acme.done()
    assert ([], 'deleted') == (acme.get(path), acme.get(f'{path}/s1')['state'])
    assert (404, 'ResourceNotFound', 's1 not found') == refusal(acme.send('DELETE', f'{path}/s1'))
    acme.post(path, {'name': 's1'})
    assert 'queued' == acme.get(f'{path}/s1')['state']


def test_names_itself_after_the_time(acme: Account) -> None:
    """Without a name a snapshot has the time of the request."""
    path = f'{acme.machine()}/snapshots'
    assert '20260102T030415Z' == acme.post(path, {})['name']


def test_fails_when_the_name_is_taken_or_bad(acme: Account) -> None:
    """A name that can't be had makes the job fail, and leaves what is there."""
    path = acme.machine()
    for name in ('s1', 's1', 'bad name/'):
        acme.post(f'{path}/snapshots', {'name': name})
    acme.done()
    found = {entry['name']: entry['state'] for entry in acme.get(f'{path}/snapshots')}
    assert {'s1': 'created', 'bad name/': 'failed'} == found
    assert ['no', 'no', 'yes'] == [success for _, success in acme.audit(path)[:3]]


def test_rolls_back_and_boots(acme: Account) -> None:
    """Starting from a snapshot stops the machine and boots it."""
    path = acme.machine()
    acme.post(f'{path}/snapshots', {'name': 's1'})
    acme.done()
    assert acme.send('POST', f'{path}/snapshots/s1').status == 202
    assert 'stopping' == acme.get(path)['state']
    acme.done()
    assert 'running' == acme.get(path)['state']
    assert ('rollback_snapshot', 'yes') == acme.audit(path)[0]
    assert (404, 'ResourceNotFound', 'x not found') == refusal(
        acme.send('POST', f'{path}/snapshots/x')
    )
