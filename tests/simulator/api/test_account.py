"""The account, its limits and its settings."""

from __future__ import annotations

import pytest

from tests.simulator.clouds import Account, refusal


@pytest.fixture
def acme() -> Account:
    """Return an account of the default world."""
    return Account()


def test_shows_what_is_set(acme: Account) -> None:
    """Fields that are not set are left out."""
    account = acme.get('/my')
    assert {'id', 'login', 'email', 'triton_cns_enabled', 'created', 'updated'} == set(account)
    assert account == acme.get('/acme') == acme.get(f'/{account["id"]}')


def test_changes_what_is_sent_and_not_empty(acme: Account) -> None:
    """Empty fields are ignored, and the login can't be changed."""
    sent = {'phone': '5', 'sn': 'Lee', 'email': '', 'login': 'x', 'triton_cns_enabled': 'true'}
    changed = acme.post('/my', sent)
    assert ('acme', '5', 'Lee', 'acme@example.com', True) == tuple(
        changed[field] for field in ('login', 'phone', 'lastName', 'email', 'triton_cns_enabled')
    )
    assert '2026-01-02T03:04:05.000Z' == changed['updated']
    assert changed == acme.get('/my')
    response = acme.send('POST', '/my', {'triton_cns_enabled': 'perhaps'})
    assert (409, 'InvalidArgument') == refusal(response)[:2]


def test_cns_wants_shorter_names(acme: Account) -> None:
    """With CNS on a machine's name must fit into the DNS."""
    path = acme.machine()
    acme.post('/my', {'triton_cns_enabled': True})
    response = acme.send('POST', f'{path}?action=rename', {'name': 'x' * 64})
    assert refusal(response)[2].startswith('Name cannot be longer than 63 characters, because')


def test_has_no_limits(acme: Account) -> None:
    """There are no limits."""
    assert [] == acme.get('/my/limits')


def test_keeps_the_default_network(acme: Account) -> None:
    """The default network is none, then the one that was set."""
    assert {} == acme.get('/my/config')
    network = acme.get('/my/networks')[1]['id']
    response = acme.send('PUT', '/my/config', {'default_network': network})
    assert response.status == 200
    assert {'default_network': network} == acme.get('/my/config')
    unknown = '00000000-0000-4000-8000-000000000000'
    prefix = 'property "default_network":'
    for wrong, text in (
        ({'default_network': 'x'}, f'{prefix} must be a UUID'),
        ({'default_network': 5}, f'{prefix} number value found, but a string is required'),
        ({}, f'{prefix} is missing and it is required'),
        ({'default_network': unknown}, 'unknown network'),
    ):
        response = acme.send('PUT', '/my/config', wrong)
        assert (409, 'InvalidArgument', text) == refusal(response)
