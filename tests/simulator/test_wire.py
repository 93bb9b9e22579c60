"""The simulator against what a real CloudAPI 9.20.0 was recorded to answer."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from smartdc.simulator import Simulator
from smartdc.simulator.app import App
from smartdc.simulator.clock import Clock, SteppedClock
from smartdc.simulator.cloud import Cloud
from smartdc.simulator.seed import seed
from smartdc.simulator.store import Store
from smartdc.simulator.wire import Request, Response
from smartdc.simulator.world import load
from tests.simulator.signer import signer

WIRE = Path(__file__).parents[1] / 'data' / 'wire'
URL = 'http://127.0.0.1:19100'

#: Numbers of triton-keys.jsonl that are refused: the key isn't bob's, `other` isn't there.
REFUSED = {7, 8, 9, 10}

Row = dict[str, Any]


def rows(name: str) -> list[Row]:
    """Return the rows of a file of recorded facts."""
    lines = (WIRE / name).read_text(encoding='utf-8').splitlines()
    return [json.loads(line) for line in lines]


def recorded_app() -> App:
    """Return the data center that the facts were recorded at, with one more key for its account."""
    world = json.loads((WIRE / 'world.json').read_text(encoding='utf-8'))
    # Last, so that the recorded names and numbers of keys stay what they were for the rest.
    world['accounts'][0]['keys'].append({'name': 'test', 'key': signer('referee').public})
    store = Store()
    seed(store, load(world))
    return App(Cloud(store, SteppedClock(), urls={'local': URL}), 'local')


def moment(row: Row) -> float:
    """Return the recorded time of an answer."""
    return parsedate_to_datetime(row['headers']['date']).timestamp()


def shape(value: Any) -> Any:
    """Return the JSON type of a value; of objects the names, too; of lists what they hold."""
    if isinstance(value, dict):
        return {name: _kind(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return _kind(value)


def _kind(value: Any) -> str:
    return {dict: 'object', list: 'list', str: 'text', bool: 'boolean', type(None): 'null'}.get(
        type(value), 'number'
    )


class Replay:
    """Sends the recorded requests, in order, with the ids of the machines it gets itself."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._app = recorded_app()
        self._clock = clock or self._app.cloud.clock
        self._ids: dict[str, str] = {}

    def handle(self, request: Request) -> Response:
        """Answer as the data center does."""
        return self._app.handle(request)

    def answers(self) -> Iterator[tuple[Row, Response]]:
        """Answer each row of the transcripts, with the writes that stood between them."""
        between = [{**row, 'sent': _sent(row), 'between': True} for row in rows('between.jsonl')]
        ordered = sorted(rows('transcripts.jsonl') + between, key=lambda row: row['position'])
        now = moment(rows('transcripts.jsonl')[0])
        for row in ordered:
            now = now if row.get('between') else moment(row)
            response = self._send(row, now)
            if not row.get('between'):
                self._learn(row, response)
                yield row, response

    def _send(self, row: Row, now: float) -> Response:
        assert isinstance(self._clock, SteppedClock)
        self._clock.set(now)
        headers = {name.lower(): str(value) for name, value in row['sent'].items()}
        headers.pop('content-length', None)
        headers['connection'] = 'close'
        target = row['path']
        for theirs, ours in self._ids.items():
            target = target.replace(theirs, ours)
        body = (row.get('body') or '').encode()
        if row.get('name', '').startswith('auth:'):
            return self.handle(Request(row['method'], target, headers, body))
        headers.pop('authorization', None)
        request = signer('referee').request(row['method'], target, now, headers=headers, body=body)
        return self.handle(request)

    def _learn(self, row: Row, response: Response) -> None:
        if row['status'] == 201 and 'location' in row['headers']:
            theirs = row['headers']['location'].rpartition('/')[2]
            self._ids[theirs] = response.headers.get('Location', '').rpartition('/')[2]


def _sent(row: Row) -> dict[str, str]:
    sent = {'accept': 'application/json', 'accept-version': row['version']}
    return sent | ({'content-type': row['content-type']} if row['content-type'] else {})


@cache
def replayed() -> dict[int, tuple[Row, Response]]:
    """Return every recorded row with our answer, by position."""
    return {row['position']: (row, response) for row, response in Replay().answers()}


ROWS = rows('transcripts.jsonl')
RECORDED = [row for row in ROWS if row.get('authority') != 'stand-in']


def name_of(row: Row) -> str:
    """Return the name of a test for a row."""
    return f'{row["position"]}-{row["name"]}'


def check(row: Row, response: Response) -> None:
    """Compare an answer with the recorded one: all but ids, times and order of names."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    assert (row['status'], set(row['headers'])) == (response.status, set(headers))
    for name in ('access-control-allow-methods', 'allow', 'server', 'api-version', 'content-type'):
        assert row['headers'].get(name) == headers.get(name)
    if not row['text']:
        assert response.body == b''
        return
    theirs, ours = json.loads(row['text']), json.loads(response.body)
    if row['status'] >= 400 and row['status'] != 410:
        assert theirs == ours
    else:
        assert shape(theirs) == shape(ours)


@pytest.mark.parametrize('row', RECORDED, ids=name_of)
def test_answers_what_was_recorded(row: Row) -> None:
    """Status, header names, error and the shape of the body are those of the real server."""
    check(row, replayed()[row['position']][1])


class ReplayOverHttp(Replay):
    """Sends the recorded requests through a socket."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(simulator.clock)
        self._url = urlsplit(simulator.url())

    def handle(self, request: Request) -> Response:
        """Answer as the simulator does that listens."""
        connection = http.client.HTTPConnection(self._url.netloc, timeout=10)
        connection.putrequest(request.method, request.target, True, True)
        length = {'content-length': str(len(request.body))} if request.body else {}
        for name, value in {**request.headers, **length}.items():
            connection.putheader(name, value)
        connection.endheaders(request.body or None)
        answer = connection.getresponse()
        headers = {name.title(): value for name, value in answer.getheaders()}
        response = Response(answer.status, headers, answer.read())
        connection.close()
        return response


def test_answers_the_same_over_http() -> None:
    """The web server adds nothing to the answers, and takes nothing away."""
    with Simulator(
        WIRE / 'world.json', job_time=0, clock=SteppedClock(), public_key=signer('referee').public
    ) as simulator:
        for row, response in ReplayOverHttp(simulator).answers():
            if row in RECORDED:
                check(row, response)


@pytest.mark.parametrize(
    ('position', 'status', 'code', 'message'),
    [
        (161, 404, 'ResourceNotFound', 'VM not found'),
        (166, 409, 'ValidationFailed', 'Invalid Parameters'),
        (167, 409, 'ValidationFailed', 'Invalid Parameters'),
        (169, 409, 'ValidationFailed', 'Invalid Parameters'),
        (216, 404, 'ResourceNotFound', 'metadatum "zz" not found'),
        (250, 404, 'ResourceNotFound', 'VM not found'),
    ],
)
def test_refuses_as_the_services_behind_would(
    position: int, status: int, code: str, message: str
) -> None:
    """Where small stand-ins answered the recorder, the behaviour of the real services counts."""
    _, response = replayed()[position]
    body = json.loads(response.body)
    assert (status, code, message) == (response.status, body['code'], body['message'])


def test_tells_the_clock_skew_in_thousandths() -> None:
    """A date that is 310 seconds old is refused with how old it is."""
    _, response = replayed()[38]
    text = 'Authorization header invalid: clock skew of 310s was greater than 300s'
    assert {'code': 'InvalidHeader', 'message': text} == json.loads(response.body)


def test_lists_nics_and_rules_and_takes_any_snapshot_name() -> None:
    """A machine has its NIC and the global rules; a bad snapshot name fails when its job runs."""
    nic_keys = {'mac', 'primary', 'ip', 'netmask', 'gateway', 'network', 'state'}
    assert nic_keys == set(json.loads(replayed()[238][1].body)[0])
    rules = json.loads(replayed()[239][1].body)
    assert [True, True] == [rule['global'] for rule in rules]
    snapshot = {'name': 'bad name/', 'state': 'queued'}
    assert snapshot == json.loads(replayed()[227][1].body)


CLIENTS = [
    (path.stem, row)
    for path in sorted((WIRE / 'clients').iterdir())
    for row in rows(f'clients/{path.name}')
]


def _arrived(row: Row, **changes: str) -> Response:
    app = recorded_app()
    clock = app.cloud.clock
    assert isinstance(clock, SteppedClock)
    clock.set(parsedate_to_datetime(row['headers']['date']).timestamp())
    sent = {'url': row['url'], 'authorization': row['headers']['authorization'], **changes}
    headers = {**row['headers'], 'authorization': sent['authorization']}
    return app.handle(Request(row['method'], sent['url'], headers, row['body'].encode()))


def _client_name(entry: tuple[str, Row]) -> str:
    return f'{entry[0]}-{entry[1]["n"]}'


@pytest.mark.parametrize('entry', CLIENTS, ids=_client_name)
def test_accepts_the_signatures_of_other_clients(entry: tuple[str, Row]) -> None:
    """What Triton's own tools and gosdc signed is accepted, but for the keys that don't fit."""
    client, row = entry
    status = _arrived(row).status
    refused = client == 'triton-keys' and row['n'] in REFUSED
    assert (status == 401) if refused else status not in (400, 401)


@pytest.mark.parametrize('entry', CLIENTS, ids=_client_name)
def test_refuses_a_spoiled_signature(entry: tuple[str, Row]) -> None:
    """One changed character of a signature is the server's own 401."""
    header = entry[1]['headers']['authorization']
    at = header.rindex('"', 0, -1) + 9 if header.endswith('"') else header.rindex(' ') + 8
    spoiled = header[:at] + ('A' if header[at] != 'A' else 'B') + header[at + 1 :]
    response = _arrived(entry[1], authorization=spoiled)
    body = {
        'code': 'InvalidCredentials',
        'message': 'Invalid authorization credentials supplied',
    }
    assert (401, body) == (response.status, json.loads(response.body or b'null') or body)


@pytest.mark.parametrize(
    'entry',
    [entry for entry in CLIENTS if '(request-target)' in entry[1]['headers']['authorization']],
    ids=_client_name,
)
def test_refuses_another_path_than_was_signed(entry: tuple[str, Row]) -> None:
    """Where the path was signed, another one is refused."""
    url = entry[1]['url']
    response = _arrived(entry[1], url=f'{url}&x=1' if '?' in url else f'{url}?x=1')
    assert response.status == 401
