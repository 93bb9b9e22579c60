"""Limits of provisioning, the throttle, and read-only mode."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, refusal
from tests.simulator.signer import signer

EXCEEDED = (
    403,
    'NotAuthorized',
    'Quota exceeded; to have your limits raised please contact Support',
)


def limited(*limits: dict[str, Any], **more: Any) -> Account:
    """Return an account of a data center with these limits."""
    return Account({'limits': list(limits), **more})


def create(acme: Account, **body: Any) -> Any:
    """Try to create a machine, and return the answer."""
    image = acme.get('/my/images?name=base-64-lts')[0]['id']
    return acme.send('POST', '/my/machines', {'image': image, 'package': 'g1-small', **body})


@pytest.mark.parametrize(
    ('limit', 'used'),
    [
        ({'by': 'machines', 'value': 2}, 2),
        ({'value': 2}, 2),
        ({'by': 'ram', 'value': 2048}, 2048),
        ({'by': 'quota', 'value': 50}, 50),
        ({'by': 'machines', 'value': 2, 'check': 'os', 'os': 'smartos'}, 2),
        ({'by': 'machines', 'value': 2, 'check': 'brand', 'brand': 'joyent'}, 2),
        ({'by': 'machines', 'value': 2, 'check': 'image', 'image': 'base-64-lts'}, 2),
        ({'by': 'machines', 'value': 2, 'check': 'image', 'image': 'any'}, 2),
    ],
)
def test_a_limit_is_shown_and_holds(limit: dict[str, Any], used: int) -> None:
    """What is used counts up to the value; then nothing more is made, until something goes."""
    acme = limited(limit)
    assert [{'by': 'machines', **limit, 'used': 0}] == acme.get('/my/limits')
    first = acme.machine()
    acme.machine()
    assert [{'by': 'machines', **limit, 'used': used}] == acme.get('/my/limits')
    assert EXCEEDED == refusal(create(acme))
    acme.send('DELETE', first)
    assert 201 == create(acme).status


@pytest.mark.parametrize(
    'limit',
    [
        {'by': 'machines', 'value': 0},
        {'by': 'machines', 'value': 1, 'check': 'os', 'os': 'linux'},
        {'by': 'machines', 'value': 1, 'check': 'brand', 'brand': 'bhyve'},
        {'by': 'machines', 'value': 1, 'check': 'image', 'image': 'other'},
    ],
)
def test_a_limit_of_something_else_does_not_hold(limit: dict[str, Any]) -> None:
    """Nor does one of 0, which is none and is not shown."""
    acme = limited(limit)
    acme.machine()
    acme.machine()
    assert 2 == len(acme.get('/my/machines'))
    assert [0] * bool(limit['value']) == [each['used'] for each in acme.get('/my/limits')]


def test_a_limit_of_minus_one_allows_nothing() -> None:
    """Not even the first machine."""
    assert EXCEEDED == refusal(create(limited({'by': 'machines', 'value': -1})))


def test_a_resize_is_limited() -> None:
    """To grow beyond is refused, to shrink is not."""
    acme = limited({'by': 'ram', 'value': 2048})
    machine = acme.machine()
    assert EXCEEDED == refusal(
        acme.send('POST', f'{machine}?action=resize', {'package': 'g1-large'})
    )
    for package in ('g1-medium', 'g1-micro'):
        response = acme.send('POST', f'{machine}?action=resize', {'package': package})
        assert 202 == response.status


def test_an_accounts_own_limit_wins() -> None:
    """Over its data center's of the same kind only; an operator has none."""
    accounts = [
        {'login': 'acme', 'limits': [{'by': 'machines', 'value': 5}]},
        {
            'login': 'root',
            'operator': True,
            'keys': [{'name': 'k', 'key': signer('root').public}],
        },
    ]
    acme = limited({'by': 'machines', 'value': 1}, {'by': 'ram', 'value': 1024}, accounts=accounts)
    assert [('machines', 5), ('ram', 1024)] == [
        (limit['by'], limit['value']) for limit in acme.get('/my/limits')
    ]
    assert [] == acme.get('/my/limits', by=signer('root'))


def test_read_only_tells_when_it_ends() -> None:
    """Writes are refused with the date of the end, reads are answered."""
    acme = Account({'read_only': 'Upgrade', 'read_only_until': '2026-01-02T04:00:00Z'})
    response = create(acme)
    assert (503, 'ServiceUnavailableError', 'Upgrade') == refusal(response)
    assert 'Fri, 02 Jan 2026 04:00:00 GMT' == response.headers['Retry-After']
    silent = create(Account({'read_only': True}))
    text = 'This Triton data center is being upgraded'
    assert (503, 'ServiceUnavailableError', text) == refusal(silent)
    assert 'Retry-After' not in silent.headers


def test_the_throttle_lets_bursts_pass() -> None:
    """Thirty at once, then ten a second, for each kind of resource."""
    acme = Account({'throttle': 10})
    statuses = [acme.send('GET', '/my/machines').status for _ in range(35)]
    assert [200] * 30 + [429] * 5 == statuses
    text = 'You have exceeded your request rate of 10 r/s.'
    response = acme.send('GET', '/my/machines')
    assert (429, 'TooManyRequestsError', text) == refusal(response)
    assert 'Retry-After' not in response.headers
    assert 200 == acme.send('GET', '/my/images').status
    acme.clock.advance(1)
    statuses = [acme.send('GET', '/my/machines').status for _ in range(12)]
    assert [200] * 10 + [429] * 2 == statuses
