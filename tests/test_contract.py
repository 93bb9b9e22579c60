"""The contract: each operation of CloudAPI against the client, the wire and the simulator."""

import contextlib
import inspect
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import smartdc
from smartdc import DataCenter, Machine
from smartdc.simulator import Simulator, api
from smartdc.simulator.routing import Router
from smartdc.simulator.wire import Request
from tests import openapi, operations_page
from tests.contract import RENAMED_METHODS, Operation, operations
from tests.contract_calls import ANSWERS, CALLS, ID
from tests.servers import json_reply, serving

LIVE = [each for each in operations() if not each.is_left_out]

#: Operations that are not called over plain HTTP; their own tests have them.
WEBSOCKETS = {'GetChangefeed', 'ConnectMachineVNC', 'WatchMigration'}

#: Live rows that the client answers by another operation, by design.
BY_ANOTHER = {
    'ListDatasets': 'ListImages',
    'GetDataset': 'GetImage',
    'WatchMigration': 'Migrate watch',
}

#: Operations that a server of 9.20 does not have, so neither does its double.
NOT_ON_THE_SERVER = {'UpdateAccessKey', 'UpdateUserAccessKey', 'WatchMigration'}


def named(operation: Operation) -> str:
    """Return what a test calls an operation."""
    return operation.name


def method_of(operation: Operation) -> Any:
    """Return the client's method for an operation."""
    holder, _, name = RENAMED_METHODS.get(operation.name, operation.python).partition('.')
    return getattr(getattr(smartdc, holder), name)


def wire_lines(operation: Operation) -> list[str]:
    """Return the lines of which a docstring must have one."""
    target = next(each for each in operations() if each.name == operation.name)
    if operation.name in BY_ANOTHER:
        target = next(each for each in operations() if each.name == BY_ANOTHER[operation.name])
    path = '/:resource_path' if operation.name.startswith('SetRoleTags') else target.path
    lines = [f'`{target.method} {path}`']
    if operation.name.startswith('Migrate ') and operation.name != 'Migrate watch':
        lines = ['`POST /:login/machines/:id/migrate?action=begin`']
    return lines


def test_the_tables_are_whole() -> None:
    """All rows and all published operations are there to be held against."""
    assert len(operations()) >= 234
    assert 186 == len(openapi.operations())
    assert len(LIVE) > 160


@pytest.mark.parametrize('operation', LIVE, ids=named)
def test_each_operation_has_a_method_that_says_its_wire_line(operation: Operation) -> None:
    """The method exists under its name, and its docstring has verb, path and version."""
    text = inspect.getdoc(method_of(operation)) or ''

    assert [line for line in wire_lines(operation) if line in ' '.join(text.split())], text


@pytest.mark.parametrize(
    'operation',
    [
        each
        for each in LIVE
        if each.name not in WEBSOCKETS and not each.name.startswith('SetRoleTags')
    ],
    ids=named,
)
def test_each_operation_is_seen_on_the_wire(operation: Operation, cloud: Simulator) -> None:
    """Verb, path and every argument go out as CloudAPI names them."""
    location = 'https://elsewhere' if operation.name == 'GetDatacenter' else 'x'
    answer = json_reply(
        200, json.dumps(ANSWERS.get(operation.name, {})).encode(), Location=location
    )
    asked = next(
        each for each in operations() if each.name == BY_ANOTHER.get(operation.name, operation.name)
    )
    # Some methods look again after a write; with retries, some creates look before it as well.
    with (
        serving(answer, answer) as server,
        DataCenter(server.url, '/acme/keys/k', cloud.key_path, login='acme', retries=None) as sdc,
    ):
        _run(operation, sdc)
        head, _, body = server.requests[0].partition(b'\r\n\r\n')
    method, target, _ = head.decode().split('\r\n')[0].split()
    url = urlsplit(target)
    query = parse_qs(url.query)

    assert asked.matches(method, url.path), f'{method} {url.path}'
    given = {*query, *(json.loads(body) if body else {})}
    assert {*_wanted(asked)} <= given or operation.name in BY_ANOTHER


def _run(operation: Operation, sdc: DataCenter) -> None:
    # What comes back here is made up; only what went out is looked at.
    with contextlib.suppress(smartdc.InvalidResponse, KeyError, TypeError, AttributeError):
        CALLS[operation.name](sdc, Machine(sdc, data={'id': ID}))


def _wanted(operation: Operation) -> list[str]:
    names = [*operation.query, *operation.body]
    if operation.name in ('ListMachines', 'HeadMachines'):
        # All tags at once and any tag at all exclude each other.
        drop = {'tags'} if operation.name == 'ListMachines' else {'tag.a', 'name', 'brand'}
        names = [name for name in names if name not in drop]
        if operation.name == 'HeadMachines':
            names = [name for name in names if name not in ('docker', 'credentials')]
    return names


@pytest.mark.parametrize(
    'operation', [each for each in LIVE if each.name not in BY_ANOTHER], ids=named
)
def test_the_simulator_has_a_route(operation: Operation) -> None:
    """Each live operation is answered, but those that a server of 9.20 does not have."""
    path = operation.path.partition('?')[0].replace(':resource_path', 'acme/machines')
    request = Request(
        operation.method,
        '/'.join('x' if part.startswith(':') else part for part in path.split('/')),
        {'accept-version': '~8.4' if operation.name == 'ConnectMachineVNC' else '~9||~8'},
    )
    if operation.name in NOT_ON_THE_SERVER:
        return
    route = Router(api.ROUTES).find(request).route

    assert operation.method == route.method or (operation.method, route.method) == ('HEAD', 'GET')


def test_the_page_of_operations_is_up_to_date() -> None:
    """docs/operations.rst is what `python -m tests.operations_page` writes."""
    assert operations_page.page() == operations_page.PAGE.read_text('utf-8')


def test_all_of_openapi_is_covered() -> None:
    """Each published operation is a row of the table, live or left out with a reason."""
    rows = {each.openapi for each in operations()}

    assert [] == sorted(set(openapi.operations()) - rows)


def said() -> Iterator[tuple[str, str]]:
    """Yield each request that a public method's docstring speaks of, and the method."""
    for holder in (DataCenter, Machine, smartdc.Snapshot):
        for name, method in inspect.getmembers(holder, callable):
            text = '' if name.startswith('_') else ' '.join((inspect.getdoc(method) or '').split())
            for line in re.findall(r'`([A-Z]+ /[^`]+)`', text):
                yield line, f'{holder.__name__}.{name}'


def test_no_wire_line_is_missing_in_the_table() -> None:
    """Whatever request a docstring of the client speaks of is a row, but for any resource's."""
    rows = {f'{each.method} {each.path}' for each in operations()} | {'GET /:resource_path'}

    assert len({*said()}) > 150
    assert [] == sorted(each for each in {*said()} if each[0] not in rows)


def test_no_route_is_missing_in_the_table() -> None:
    """Whatever the simulator answers is a row."""
    routes = {
        (route.method, re.sub(r':\w+', 'x', route.pattern.replace(':account', 'my')))
        for route in api.ROUTES
    }
    missing = [route for route in routes if not any(each.matches(*route) for each in operations())]

    assert len(routes) > 150
    assert [] == sorted(missing)
