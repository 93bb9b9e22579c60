"""Pre-signed URLs through the whole pipeline: every recorded request, at its time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smartdc.simulator.app import App
from smartdc.simulator.clock import SteppedClock
from smartdc.simulator.cloud import Cloud
from smartdc.simulator.seed import seed
from smartdc.simulator.store import Store
from smartdc.simulator.wire import Request
from smartdc.simulator.world import load
from tests.simulator.tables import rows

REFEREE = '11111111-1111-4111-8111-111111111111'
# Whose keys these are, by the key's name; all others are the referee's.
OWNERS = {'rsa2048': 'bob', 'rsa3072': 'disabled', 'rsa4096': 'admin'}

# Rows that record an accident of the server, by a part of their name.
ACCIDENTS = {'repeated expires': 'the server trips over a list where it expects a text'}
# Rows that are let in, and ask for machines of a name that the stub behind the server passed.
NAMES = (
    'param with special chars',
    'param with special chars, sent raw',
    'param with unicode',
    'repeated param signed as comma list',
)


def world() -> dict[str, Any]:
    """Return the recorded world, as far as pre-signed URLs look at it."""
    keys: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows('engines/presigned'):
        owner = keys.setdefault(OWNERS.get(row['key_name'], 'referee'), {})
        owner[row['key_name']] = {'name': row['key_name'], 'key': row['public_key']}
    found = {login: list(entries.values()) for login, entries in keys.items()}
    bob = {'login': 'bob', 'keys': found.get('bob', [])}
    return {
        'accounts': [
            {'login': 'referee', 'id': REFEREE, 'keys': found['referee'], 'users': [bob]},
            {'login': 'admin', 'keys': found.get('admin', []), 'operator': True},
            {'login': 'disabled', 'keys': found.get('disabled', []), 'disabled': True},
        ]
    }


@pytest.fixture(scope='module')
def cloud() -> Cloud:
    """Return a cloud that holds the recorded world."""
    store = Store()
    seed(store, load(world()))
    return Cloud(store, SteppedClock(0))


def answer(cloud: Cloud, row: dict[str, Any]) -> tuple[int, str | None, str | None]:
    """Return the status, code and message that a recorded request gets at its time."""
    cloud.clock = SteppedClock(row['now'])
    headers = {name: str(value) for name, value in row['headers'].items()}
    body = row.get('body', '').encode()
    app = App(cloud, 'us-sw-1')
    response = app.handle(Request(row['method'], row['url'], headers, body))
    data = json.loads(response.body) if response.body else None
    if response.status < 400 or data is None:
        return (response.status, None, None)
    return (response.status, data.get('code'), data['message'])


@pytest.mark.parametrize('row', rows('engines/presigned'), ids=lambda row: str(row['id']))
def test_recorded_requests_fare_as_with_cloudapi(cloud: Cloud, row: dict[str, Any]) -> None:
    """Each recorded request gets the recorded status, code and message."""
    found = answer(cloud, row)

    if row['name'] in ACCIDENTS:
        assert found[0] == 500
    elif row['name'] in NAMES:
        assert (409, 'ValidationFailed', 'Invalid Parameters') == found
    else:
        assert (row['status'], row.get('code'), row.get('message')) == found
    assert [] == cloud.failures


def test_accidents_are_few() -> None:
    """Nearly all rows are compared word for word."""
    names = [row['name'] for row in rows('engines/presigned')]

    assert len(names) >= 79
    assert len([name for name in names if name in ACCIDENTS or name in NAMES]) <= 5
