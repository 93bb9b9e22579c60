"""The simulator's websockets: the stream of changes, and screens that echo."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from smartdc import DataCenter
from smartdc.simulator import Simulator
from smartdc.simulator.upgrade import Channel
from tests.simulator.clouds import Account, read, refusal
from tests.simulator.signer import signer

UPGRADE: dict[str, Any] = {
    'connection': 'Upgrade',
    'upgrade': 'websocket',
    'sec_websocket_key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec_websocket_version': '13',
}
ALL = {'resource': 'vm', 'subResources': ['alias', 'destroyed', 'nics', 'state', 'tags']}


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take 10 s."""
    return Account(job_time=10)


class Listener:
    """The client of a channel, without a socket."""

    def __init__(self, channel: Channel | None, *messages: Any) -> None:
        assert channel is not None
        self.channel = channel
        self.got: list[str | bytes] = []
        self.drops = 0
        channel.opened(self.got.append, self._drop)
        for message in messages:
            channel.receive(json.dumps(message))

    def _drop(self) -> None:
        self.drops += 1

    def take(self) -> list[dict[str, Any]]:
        """Return what came since the last time."""
        came = [json.loads(message) for message in self.got]
        self.got.clear()
        return came

    def states(self) -> list[str]:
        """Return the states that came since the last time."""
        return [message['resourceState'] for message in self.take()]


def follow(acme: Account, *messages: Any, home: str | None = None) -> Listener:
    """Open the stream of changes and subscribe."""
    response = acme.send('GET', '/my/changefeed', home=home, **UPGRADE)
    assert response.status == 101
    return Listener(response.channel, *messages)


def bhyve(acme: Account) -> str:
    """Create a hardware virtual machine that runs, and return its path."""
    image = next(each for each in acme.get('/my/images') if each['type'] == 'zvol')
    package = next(each for each in acme.get('/my/packages') if each.get('brand') == 'bhyve')
    return acme.machine(image=image['id'], package=package['name'])


def test_insists_on_an_upgrade(acme: Account) -> None:
    """Without it the stream of changes answers with a plain error, which has no code."""
    response = acme.send('GET', '/my/changefeed')
    assert 500 == response.status
    assert {'message': 'Connection Must Upgrade For WebSockets'} == read(response)


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('connection', 'keep-alive'),
        ('upgrade', 'h2c'),
        ('sec_websocket_key', ''),
        ('sec_websocket_version', '8'),
    ],
)
def test_upgrades_to_nothing_else(acme: Account, name: str, value: str) -> None:
    """What lacks a part of the handshake is no upgrade."""
    assert acme.send('GET', '/my/changefeed', **{**UPGRADE, name: value}).status == 500


def test_shakes_hands(acme: Account) -> None:
    """The answer to the key is that of RFC 6455, and there is no subprotocol."""
    response = acme.send('GET', '/my/changefeed', **UPGRADE)
    assert {
        'Upgrade': 'websocket',
        'Connection': 'Upgrade',
        'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    } == response.headers
    assert (101, b'') == (response.status, response.body)


def test_refuses_strangers_before_the_upgrade(acme: Account) -> None:
    """Who has not signed properly gets an answer like any other."""
    response = acme.send('GET', '/my/changefeed', by=signer('other'), **UPGRADE)
    assert 'InvalidCredentials' == refusal(response)[1]
    assert (401, None) == (response.status, response.channel)


def test_tells_a_machines_whole_life(acme: Account) -> None:
    """Each state comes in turn, as the machine's server calls it, with the machine as it was."""
    listener = follow(acme, ALL)
    path = acme.machine(name='web0')
    acme.send('POST', f'{path}?action=reboot')
    acme.done()
    acme.send('POST', f'{path}?action=stop')
    acme.done()
    acme.send('DELETE', path)
    acme.done()
    assert acme.send('GET', path).status == 410
    came = listener.take()
    raw = 'provisioning running shutting_down ready running shutting_down stopped shutting_down'
    assert [*raw.split(), 'destroyed'] == [message['resourceState'] for message in came]
    states = 'provisioning running stopping ready running stopping stopped stopping deleted'
    assert states.split() == [message['resourceObject']['state'] for message in came]
    assert {path.rpartition('/')[2]} == {message['changedResourceId'] for message in came}
    assert ['destroyed', 'state'] == [
        name for name in came[-1]['changeKind']['subResources'] if name != 'nics'
    ]
    assert ('vm', 'web0') == (came[0]['changeKind']['resource'], came[0]['resourceObject']['name'])
    assert int(came[0]['published']) <= int(came[-1]['published']) <= acme.clock.now() * 1000


def test_tells_what_was_asked_for(acme: Account) -> None:
    """Only changes of the sub-resources and the machines that were named come."""
    first, second = acme.machine(name='first'), acme.machine(name='second')
    ids = [path.rpartition('/')[2] for path in (first, second)]
    names = follow(acme, {'resource': 'vm', 'subResources': ['alias']})
    of_first = follow(acme, {**ALL, 'vms': ids[:1]})
    for path in (first, second):
        acme.send('POST', f'{path}?action=stop')
        acme.send('POST', f'{path}?action=rename', {'name': f'{path[-4:]}x'})
    acme.done()
    acme.get('/my')
    assert [(each, ['alias']) for each in ids] == [
        (message['changedResourceId'], message['changeKind']['subResources'])
        for message in names.take()
    ]
    assert set(ids[:1]) == {message['changedResourceId'] for message in of_first.take()}


@pytest.mark.parametrize(
    'message',
    [
        'no JSON',
        [],
        {'subResources': ['state']},
        {'resource': 'image', 'subResources': ['state']},
        {'resource': 'vm'},
        {'resource': 'vm', 'subResources': ['weather']},
        {'resource': 'vm', 'subResources': [{}]},
        {'resource': 'vm', 'subResources': ['state'], 'vms': 'all'},
        {'resource': 'vm', 'subResources': ['state'], 'vms': ['web0']},
    ],
)
def test_ignores_messages_that_make_no_sense(acme: Account, message: Any) -> None:
    """They change nothing, and nothing is answered."""
    silent, told = follow(acme, message), follow(acme, ALL, message)
    silent.channel.receive(b'\xff')
    acme.create()
    assert [] == silent.take()
    assert ['provisioning'] == told.states()


def test_tells_nobody_of_other_peoples_machines() -> None:
    """Another data center and another account have machines of their own."""
    other = signer('b')
    accounts = [{'login': 'acme'}, {'login': 'b', 'keys': [{'name': 'k', 'key': other.public}]}]
    acme = Account({'accounts': accounts})
    elsewhere = follow(acme, ALL, home=list(acme.apps)[1])
    response = acme.send('GET', '/b/changefeed', by=signer('b'), **UPGRADE)
    stranger = Listener(response.channel, ALL)
    acme.create()
    assert ([], []) == (elsewhere.take(), stranger.take())


def test_tells_nothing_that_was_undone(acme: Account) -> None:
    """What a request wrote before it failed has never happened."""
    path = acme.machine()
    listener = follow(acme, ALL)
    store, home = acme.cloud.store, next(iter(acme.apps))
    machine = store.get('machine', path.rpartition('/')[2], home=home)
    assert machine is not None

    def fail() -> None:
        with store.transaction():
            store.put('machine', {**machine, 'state': 'failed'}, home=home)
            store.execute('nonsense')

    with pytest.raises(sqlite3.Error):
        fail()
    acme.get('/my')
    assert [] == listener.take()


def test_keeps_no_log_when_nobody_follows(acme: Account) -> None:
    """The log of changes is there from the first client to the last."""

    def tables() -> int:
        sql = 'SELECT count(*) FROM temp.sqlite_master'
        return int(acme.cloud.store.execute(sql).fetchone()[0])

    assert tables() == 0
    first, second = follow(acme, ALL), follow(acme, ALL)
    first.channel.closed()
    assert tables() == 3
    second.channel.closed()
    second.channel.closed()
    assert tables() == 0


def test_drops_everybody(acme: Account) -> None:
    """All streams are broken off, and nothing comes to them any more."""
    listeners = [follow(acme, ALL), follow(acme, ALL)]
    assert 2 == acme.cloud.feeds.drop()
    acme.create()
    assert [(1, []), (1, [])] == [(each.drops, each.take()) for each in listeners]
    assert 0 == acme.cloud.feeds.drop()


def test_remembers_its_own_faults_at_a_tick(acme: Account) -> None:
    """What goes wrong while nobody asks is kept for who runs the simulator."""
    listener = follow(acme, ALL)
    acme.create()
    acme.cloud.store.execute("UPDATE jobs SET kind = 'dance'")
    acme.done()
    next(iter(acme.apps.values())).tick()
    assert ['KeyError'] == [type(error).__name__ for error in acme.cloud.failures]
    assert ['provisioning'] == listener.states()


def test_shows_screens_of_virtual_machines_only(acme: Account) -> None:
    """Zones have none, and who does not upgrade is told to."""
    zone, virtual = acme.machine(), bhyve(acme)
    assert (
        400,
        'MachineHasNoVNCError',
        'Instance type joyent does not support VNC connections',
    ) == refusal(acme.send('GET', f'{zone}/vnc', **UPGRADE))
    assert (400, 'UpgradeRequiredError') == refusal(acme.send('GET', f'{virtual}/vnc'))[:2]
    acme.send('POST', f'{virtual}?action=stop')
    acme.done()
    assert (400, 'MachineStoppedError') == refusal(acme.send('GET', f'{virtual}/vnc', **UPGRADE))[
        :2
    ]
    assert acme.send('GET', f'/my/machines/{"0" * 8}-0000-0000-0000-{"0" * 12}/vnc').status == 404


@pytest.mark.parametrize(
    ('asked', 'status'), [('~9', 400), ('~7', 400), ('~8', 101), ('~9||~8', 101), ('*', 101)]
)
def test_has_screens_in_one_version(acme: Account, asked: str, status: int) -> None:
    """The route is mounted at 8.4.0 alone."""
    path = f'{bhyve(acme)}/vnc'
    assert status == acme.send('GET', path, accept_version=asked, **UPGRADE).status


def test_echoes_bytes(acme: Account) -> None:
    """A screen sends back what it gets, if that is bytes; a subprotocol is taken if it is known."""
    path = f'{bhyve(acme)}/vnc'
    response = acme.send('GET', path, sec_websocket_protocol='chat, rfb, binary', **UPGRADE)
    assert 'rfb' == response.headers['Sec-WebSocket-Protocol']
    listener = Listener(response.channel)
    for message in (b'RFB 003.008\n', 'text', b''):
        listener.channel.receive(message)
    assert [b'RFB 003.008\n', b''] == listener.got
    listener.channel.closed()
    listener.channel.receive(b'late')
    assert len(listener.got) == 2


Open = Callable[..., ClientConnection]


@pytest.fixture
def opened(cloud: Simulator, sdc: DataCenter) -> Iterator[Open]:
    """Yield what opens a websocket below the account of a simulator with real sockets."""
    sockets = []

    def opened(path: str = '/changefeed', message: Any = ALL) -> ClientConnection:
        request = requests.Request('GET', f'{sdc.url}{path}', auth=sdc.auth).prepare()
        address = f'ws{sdc.url.removeprefix("http")}{path}'
        entered = connect(address, additional_headers=dict(request.headers)).__enter__()
        sockets.append(entered)
        if message is not None:
            entered.send(message if isinstance(message, list) else json.dumps(message))
        return entered

    yield opened
    for each in sockets:
        each.close()


def test_has_subscribed_who_gets_a_pong(opened: Open, sdc: DataCenter) -> None:
    """A ping after the message is answered when the message has been taken."""
    for number in range(20):
        websocket = opened()
        assert websocket.ping().wait(10)
        sdc.create_machine(name=f'web{number}')
        assert 'provisioning' == json.loads(websocket.recv(10))['resourceState']
        websocket.close()


def test_takes_messages_in_pieces(opened: Open, sdc: DataCenter) -> None:
    """A message may come in several frames."""
    text = json.dumps(ALL)
    websocket = opened(message=[text[:9], text[9:20], text[20:]])
    assert websocket.ping().wait(10)
    sdc.create_machine(name='web0')
    assert json.loads(websocket.recv(10))['changedResourceId']


def test_goes_on_while_nobody_asks(opened: Open, sdc: DataCenter, cloud: Simulator) -> None:
    """When the clock moves, what is due happens and is told, without any request."""
    sdc.create_machine(name='web0')
    websocket = opened()
    assert websocket.ping().wait(10)
    asked = len(cloud.requests)
    cloud.clock.sleep(10)
    assert 'running' == json.loads(websocket.recv(10))['resourceState']
    assert asked == len(cloud.requests)


def test_refuses_over_the_socket_and_closes_it(sdc: DataCenter) -> None:
    """A refused upgrade is an ordinary answer, and the connection ends with it."""
    address = urlsplit(sdc.url)
    with socket.create_connection((address.hostname, address.port), 10) as connection:
        head = 'GET /my/changefeed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n'
        connection.sendall(f'{head}Upgrade: websocket\r\n\r\n'.encode())
        answer = b''
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b'HTTP/1.1 401 ')
    assert b'Connection: close' in answer
    assert b'"code":"InvalidCredentials"' in answer


def test_breaks_feeds_off_when_told_to(opened: Open, cloud: Simulator) -> None:
    """`drop_feeds()` and a reset end the connections, without a farewell."""
    for end in (cloud.drop_feeds, cloud.reset):
        websocket = opened()
        assert websocket.ping().wait(10)
        end()
        with pytest.raises(ConnectionClosed) as caught:
            websocket.recv(10)
        assert caught.value.rcvd is None


def test_strikes_feeds_with_faults(opened: Open, cloud: Simulator) -> None:
    """A fault may refuse the upgrade, or close the connection instead."""
    cloud.faults.add('changefeed', count=1, status=503)
    with pytest.raises(InvalidStatus, match='503'):
        opened()
    cloud.faults.add('changefeed', count=1, outcome='drop')
    with pytest.raises((EOFError, OSError, Exception), match='HTTP response'):
        opened()
    assert opened().ping().wait(10)


def test_says_goodbye(opened: Open, cloud: Simulator) -> None:
    """The wish to close is answered, and the feed is gone."""
    websocket = opened()
    assert websocket.ping().wait(10)
    websocket.close()
    assert 1000 == websocket.close_code
    assert 0 == cloud.drop_feeds()


def test_stops_with_feeds_open() -> None:
    """A simulator that stops ends its feeds."""
    with Simulator(job_time=0) as cloud, cloud.datacenter() as sdc:
        request = requests.Request('GET', f'{sdc.url}/changefeed', auth=sdc.auth).prepare()
        address = f'ws{sdc.url.removeprefix("http")}/changefeed'
        websocket = connect(address, additional_headers=dict(request.headers)).__enter__()
        assert websocket.ping().wait(10)
    with pytest.raises(ConnectionClosed):
        websocket.recv(10)
