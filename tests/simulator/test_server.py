"""The simulator over real sockets: start, stop, raw targets, TLS, broken connections."""

from __future__ import annotations

import contextlib
import http.client
import random
import ssl
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from smartdc.simulator import PortTaken, Simulator, SteppedClock
from tests.simulator.signer import signer


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Run a simulator that lets the tests' own key in."""
    with Simulator(job_time=0, public_key=signer('acme').public) as simulator:
        yield simulator


def connect(simulator: Simulator, name: str | None = None) -> http.client.HTTPConnection:
    """Return a connection to a data center."""
    return http.client.HTTPConnection(urlsplit(simulator.url(name)).netloc, timeout=10)


def exchange(
    connection: http.client.HTTPConnection, method: str, target: str, body: bytes | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a signed request, and return the answer with its body."""
    headers = signer('acme').headers(method, target, time.time())
    headers['content-type'] = 'application/json'
    connection.request(method, target, body, headers)
    response = connection.getresponse()
    return response, response.read()


def test_keeps_a_connection_open(simulator: Simulator) -> None:
    """Many requests go over one connection, with the headers of the real server."""
    connection = connect(simulator)
    for _ in range(3):
        response, body = exchange(connection, 'GET', '/my/machines')
        assert (200, b'[]') == (response.status, body)
    names = [name.lower() for name in response.headers]
    assert sorted(set(names)) == sorted(names)
    assert ('cloudapi/9.20.0', 'keep-alive') == tuple(
        response.headers[name] for name in ('server', 'connection')
    )
    connection.close()


def test_passes_targets_on_as_they_are(simulator: Simulator) -> None:
    """Slashes, dots, escapes and queries arrive unchanged, as the signature wants them."""
    connection = connect(simulator)
    targets = ['//my///keys?x=%41&&y', '/my/keys/a%2Fb%20c%C3%A9?z=1%202', '/my/keys/./../x']
    for target in targets:
        exchange(connection, 'GET', target)
    assert targets == [record.target for record in simulator.requests]
    assert [200, 404, 404] == [record.status for record in simulator.requests]
    connection.close()


def test_answers_heads_and_empty_bodies(simulator: Simulator) -> None:
    """HEAD has the length of the GET, 202 is chunked and empty, 204 has nothing."""
    connection = connect(simulator)
    body = exchange(connection, 'GET', '/my')[1]
    response, nothing = exchange(connection, 'HEAD', '/my')
    assert (str(len(body)), b'') == (response.headers['content-length'], nothing)
    image = '{"image": "%s", "package": "g1-nano"}'
    images = exchange(connection, 'GET', '/my/images?name=base-64-lts')[1].decode()
    chosen = (image % images.partition('"id":"')[2][:36]).encode()
    location = exchange(connection, 'POST', '/my/machines', chosen)[0].headers['location']
    response, nothing = exchange(connection, 'POST', f'{location}?action=stop')
    assert (202, 'chunked', b'') == (
        response.status,
        response.headers['transfer-encoding'],
        nothing,
    )
    response, nothing = exchange(connection, 'DELETE', location)
    assert (204, None, b'') == (response.status, response.headers['content-length'], nothing)
    connection.close()


def test_drops_cuts_and_delays(simulator: Simulator) -> None:
    """A fault may close the connection without an answer, amid an answer, or answer late."""
    simulator.faults.add(outcome='drop', count=1)
    simulator.faults.add(outcome='cut', count=1)
    simulator.faults.add(delay=0.05, count=1)
    connection = connect(simulator)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        exchange(connection, 'GET', '/my')
    connection.close()
    with pytest.raises(http.client.IncompleteRead):
        exchange(connection, 'GET', '/my')
    connection.close()
    started = time.monotonic()
    exchange(connection, 'GET', '/my')
    assert time.monotonic() - started > 0.04
    connection.close()


def test_resets_connections(simulator: Simulator) -> None:
    """A reset is told to the client as one, whether the work was done or not."""
    simulator.faults.add(outcome='reset', count=1)
    connection = connect(simulator)
    with pytest.raises(ConnectionResetError):
        exchange(connection, 'GET', '/my')
    connection.close()


def test_sends_a_body_bit_by_bit(simulator: Simulator) -> None:
    """A slow answer has its head at once and all of its body in the end, and others don't wait."""
    connection = connect(simulator)
    body = exchange(connection, 'GET', '/my')[1]
    simulator.faults.add('GetAccount', outcome='slow', rate=4000, count=1)
    connection.request('GET', '/my', headers=signer('acme').headers('GET', '/my', time.time()))
    response = connection.getresponse()
    pieces = [response.read1(len(body))]
    other = connect(simulator)
    assert b'[]' == exchange(other, 'GET', '/my/machines')[1]
    other.close()
    while sum(map(len, pieces)) < len(body):
        pieces.append(response.read1(len(body)))
    assert (body, b'') == (b''.join(pieces), response.read())
    assert len(pieces) > 1
    assert 200 == exchange(connection, 'GET', '/my')[0].status
    connection.close()


def test_never_answers(simulator: Simulator) -> None:
    """A client may wait for ever; nobody else does, and stopping ends it."""
    simulator.faults.add('GetAccount', outcome='hang', count=1)
    waiting = connect(simulator)
    waiting.timeout = 0.1
    with pytest.raises(TimeoutError):
        exchange(waiting, 'GET', '/my')
    connection = connect(simulator)
    assert 200 == exchange(connection, 'GET', '/my')[0].status
    connection.close()
    simulator.stop()
    waiting.close()


def test_serves_each_data_center_on_its_own_port(simulator: Simulator) -> None:
    """Both data centers answer, each under its own name."""
    for name in ('us-sw-1', 'us-east-1'):
        connection = connect(simulator, name)
        response, _ = exchange(connection, 'GET', '/my/datacenters')
        assert name == response.headers['triton-datacenter-name']
        connection.close()


def test_takes_the_ports_that_it_is_given() -> None:
    """The first data center has the port, the next one follows."""
    # Below the ports that systems hand out by themselves, or another process could be given them.
    for port in random.sample(range(20_000, 30_000), 50):
        with contextlib.suppress(PortTaken), Simulator(port=port) as simulator:
            ports = [urlsplit(url).port for url in simulator.urls.values()]
            assert [port, port + 1] == ports
            words = f'cannot listen on 127.0.0.1:{port}: Address'
            with pytest.raises(PortTaken, match=words):
                Simulator(port=port).start()
            return
    pytest.fail('no two ports are free')


def test_serves_over_tls() -> None:
    """With TLS the certificate is good for loopback, and only for who trusts it."""
    with Simulator(tls=True, public_key=signer('acme').public) as simulator:
        address = urlsplit(simulator.url())
        assert address.scheme == 'https'
        trusting = ssl.create_default_context(cafile=simulator.ca_file)
        connection = http.client.HTTPSConnection(address.netloc, context=trusting, timeout=10)
        assert exchange(connection, 'GET', '/my')[0].status == 200
        connection.close()
        doubting = http.client.HTTPSConnection(
            address.netloc, context=ssl.create_default_context(), timeout=10
        )
        with pytest.raises(ssl.SSLCertVerificationError):
            doubting.request('GET', '/')
        doubting.close()


def test_stops_amid_requests() -> None:
    """Stopping doesn't wait for connections that are open, nor for answers that are held back."""
    simulator = Simulator(public_key=signer('acme').public).start()
    connection = connect(simulator)
    exchange(connection, 'GET', '/my')
    simulator.faults.add(delay=60)
    held = connect(simulator)
    held.request('GET', '/my', headers=signer('acme').headers('GET', '/my', time.time()))
    while len(simulator.requests) < 2:
        pass
    started = time.monotonic()
    simulator.stop()
    assert time.monotonic() - started < 5
    connection.close()
    held.close()


def test_is_throttled_if_it_is_told_to() -> None:
    """An argument limits the rate, in all data centers and after a reset too; nothing else does."""
    clock = SteppedClock()
    for world, rate, refused in (({}, None, 0), ({}, 10, 5), ({'throttle': 10}, 0, 0)):
        with Simulator(
            world, throttle=rate, clock=clock, public_key=signer('acme').public
        ) as cloud:
            for _ in range(2):
                connection = connect(cloud, 'us-east-1')
                for _ in range(35):
                    headers = signer('acme').headers('GET', '/my/keys', clock.now())
                    connection.request('GET', '/my/keys', headers=headers)
                    connection.getresponse().read()
                connection.close()
                statuses = [record.status for record in cloud.requests]
                assert [200] * (35 - refused) + [429] * refused == statuses
                cloud.reset()


def test_starts_in_any_thread() -> None:
    """A simulator may be started and stopped outside the main thread, and again."""
    seen: list[int] = []

    def run() -> None:
        simulator = Simulator()
        for _ in range(2):
            with simulator:
                seen.append(len(simulator.urls))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert [2, 2] == seen


def test_goes_back_to_the_beginning() -> None:
    """A reset forgets what was made, what came in and what was to go wrong; keys and ports stay."""
    with Simulator(job_time=0, clock=SteppedClock()) as simulator, simulator.datacenter() as sdc:
        before = simulator.urls
        sdc.create_machine(name='web0')
        simulator.faults.add(status=500)
        simulator.reset()
        assert ([], before) == (simulator.requests, simulator.urls)
        assert [] == sdc.machines()


def test_has_nothing_to_say_before_and_after() -> None:
    """What needs a running simulator says that it doesn't run."""
    simulator = Simulator()
    for ask in (simulator.url, simulator.reset, simulator.datacenter):
        with pytest.raises(RuntimeError, match='does not run'):
            ask()
    with simulator:
        key = simulator.key_path
        assert key.stat().st_mode & 0o777 == 0o600
        with pytest.raises(RuntimeError, match='runs already'):
            simulator.start()
        with pytest.raises(RuntimeError, match='no certificate'):
            _ = simulator.ca_file
    assert not key.exists()
    with pytest.raises(RuntimeError, match='no private key'):
        _ = simulator.key_path


def test_raises_its_own_faults_at_the_end() -> None:
    """What went wrong inside the simulator is raised where it was started."""
    simulator = Simulator().start()
    assert simulator._cloud is not None
    simulator._cloud.failures += [ZeroDivisionError()]
    simulator.stop()
    with pytest.raises(ZeroDivisionError):
        simulator.check()
    simulator._cloud.failures += [ZeroDivisionError(), KeyError()]
    with pytest.raises(ExceptionGroup, match='the simulator failed'):
        simulator.check()
