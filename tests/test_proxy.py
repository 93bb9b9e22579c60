"""The proxy that spoils connections: what each toxic does, and that nothing is left behind."""

import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import pytest

from smartdc.simulator import Simulator
from tests.descriptors import opened
from tests.proxy import (
    Bandwidth,
    Latency,
    LimitData,
    Proxy,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
)

#: Longer than any test: what is held back for so long does not come by itself.
AGES = 3600.0


class Echo(socketserver.ThreadingTCPServer):
    """Sends everything back, and remembers it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        super().__init__(('127.0.0.1', 0), EchoHandler)
        self.url = f'tcp://127.0.0.1:{self.server_address[1]}'


class EchoHandler(socketserver.BaseRequestHandler):
    """One connection of an Echo."""

    server: Echo

    def handle(self) -> None:
        """Send back what comes, until `bye` or a reset."""
        with suppress(ConnectionResetError):
            while data := self.request.recv(65536):
                self.server.heard.append(data)
                self.request.sendall(data)
                if data == b'bye':
                    return


@pytest.fixture
def echo() -> Iterator[Echo]:
    """Yield a server that runs."""
    with Echo() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    """Yield a proxy in front of it."""
    with Proxy(echo.url, seed=7) as proxy:
        yield proxy


@contextmanager
def connected(proxy: Proxy) -> Iterator[socket.socket]:
    """Connect to a proxy."""
    host, port = proxy.url.removeprefix('tcp://').split(':')
    with socket.create_connection((host, int(port)), timeout=30) as found:
        yield found


def received(found: socket.socket, size: int) -> bytes:
    """Read so many bytes, or fewer when the connection ends before."""
    data = b''
    while len(data) < size and (more := found.recv(size - len(data))):
        data += more
    return data


def is_silent(found: socket.socket) -> bool:
    """Say whether nothing comes, not even an end."""
    found.settimeout(0.05)
    try:
        found.recv(1)
    except TimeoutError:
        return True
    finally:
        found.settimeout(30)
    return False


def test_without_toxics_everything_comes_through(proxy: Proxy) -> None:
    """Both ways, byte by byte, and the end as well."""
    data = os.urandom(1_000_000)
    with connected(proxy) as found:
        sender = threading.Thread(target=found.sendall, args=(data,))
        sender.start()
        assert data == received(found, len(data))
        sender.join()
        found.shutdown(socket.SHUT_WR)
        assert b'' == found.recv(1)


@pytest.mark.parametrize('stream', ['downstream', 'upstream'])
@pytest.mark.parametrize(
    'kind',
    [partial(Latency, latency=AGES, jitter=1), partial(Bandwidth, rate=0.000_001)],
    ids=['latency', 'bandwidth'],
)
def test_what_is_held_back_comes_when_the_toxic_goes(
    echo: Echo, proxy: Proxy, kind: Callable[..., Toxic], stream: str
) -> None:
    """Latency and bandwidth delay on either stream, and lose nothing."""
    with connected(proxy) as found:
        toxic = proxy.add(kind(stream=stream))
        found.sendall(b'hello')
        assert is_silent(found)
        assert ([b'hello'] if stream == 'downstream' else []) == echo.heard
        proxy.remove(toxic)
        assert b'hello' == received(found, 5)


def test_a_bandwidth_lets_a_piece_through_at_a_time(proxy: Proxy) -> None:
    """What does not fit into a beat comes later, in order."""
    proxy.add(Bandwidth(rate=1000))
    data = os.urandom(150_000)
    with connected(proxy) as found:
        sender = threading.Thread(target=found.sendall, args=(data,))
        sender.start()
        assert data == received(found, len(data))
        sender.join()


def test_slow_close_holds_back_the_end(proxy: Proxy) -> None:
    """All data comes, the end only when the toxic goes."""
    toxic = proxy.add(SlowClose(delay=None))
    with connected(proxy) as found:
        found.sendall(b'bye')
        assert b'bye' == received(found, 3)
        assert is_silent(found)
        proxy.remove(toxic)
        assert b'' == found.recv(1)


def test_timeout_swallows_everything(echo: Echo, proxy: Proxy) -> None:
    """Nothing comes; the connection closes when the toxic goes, for its data is lost."""
    toxic = proxy.add(Timeout())
    with connected(proxy) as found:
        found.sendall(b'hello')
        assert is_silent(found)
        assert [b'hello'] == echo.heard
        proxy.remove(toxic)
        assert b'' == found.recv(1)


def test_timeout_closes_by_itself(proxy: Proxy) -> None:
    """After its time, if it has one."""
    proxy.add(Timeout(timeout=0.01))
    with connected(proxy) as found:
        found.sendall(b'hello')
        assert b'' == found.recv(1)


@pytest.mark.parametrize('timeout', [0.0, 0.01])
@pytest.mark.parametrize(('stream', 'heard'), [('downstream', [b'hello']), ('upstream', [])])
def test_reset_peer_resets(
    echo: Echo, proxy: Proxy, stream: str, heard: list[bytes], timeout: float
) -> None:
    """Downstream the server has read what was asked, upstream it has not."""
    proxy.add(ResetPeer(stream=stream, timeout=timeout))  # type: ignore[arg-type]
    with connected(proxy) as found:
        found.sendall(b'hello')
        with pytest.raises(ConnectionResetError):
            found.recv(1)
    assert heard == echo.heard


def test_a_slicer_cuts_data_up(proxy: Proxy) -> None:
    """A piece of its size comes, and the next after the delay."""
    toxic = proxy.add(Slicer(average_size=3, delay=AGES))
    with connected(proxy) as found:
        found.sendall(b'hello')
        assert b'hel' == received(found, 3)
        assert is_silent(found)
        proxy.remove(toxic)
        assert b'lo' == received(found, 2)


def test_a_slicers_pieces_may_vary(proxy: Proxy) -> None:
    """Whatever their sizes, all comes, in order."""
    proxy.add(Slicer(average_size=100, size_variation=99))
    data = os.urandom(10_000)
    with connected(proxy) as found:
        found.sendall(data)
        assert data == received(found, len(data))


@pytest.mark.parametrize('size', [1, 5, 7, 10])
def test_limit_data_counts_over_a_whole_connection(proxy: Proxy, size: int) -> None:
    """So many bytes come, in however many answers, and then the end."""
    proxy.add(LimitData(limit=size))
    with connected(proxy) as found:
        found.sendall(b'hello')
        data = received(found, min(5, size))
        if size > 5:
            found.sendall(b'hello')
            data += received(found, size - 5)
        assert b'hellohello'[:size] == data
        assert b'' == found.recv(1)


def test_down_refuses_and_resets(proxy: Proxy) -> None:
    """Open connections break, new ones are refused; up again it is at the same port."""
    url = proxy.url
    with connected(proxy) as found:
        found.sendall(b'hello')
        assert b'hello' == received(found, 5)
        proxy.down()
        with pytest.raises(ConnectionResetError):
            found.recv(1)
    with pytest.raises(ConnectionRefusedError), connected(proxy):
        pytest.fail('it accepted')
    proxy.up()
    assert url == proxy.url
    with connected(proxy) as found:
        found.sendall(b'hello')
        assert b'hello' == received(found, 5)


def struck(echo: Echo, seed: int, toxicity: float) -> list[bool]:
    """Return which of forty connections are reset."""
    found = []
    with Proxy(echo.url, seed=seed) as proxy:
        proxy.add(ResetPeer(toxicity=toxicity))
        for _ in range(40):
            with connected(proxy) as each:
                each.sendall(b'hello')
                try:
                    each.recv(1)
                    found.append(False)
                except ConnectionResetError:
                    found.append(True)
    return found


def test_toxicity_is_drawn_by_the_seed(echo: Echo) -> None:
    """The same seed strikes the same connections; none at 0, all at 1."""
    first = struck(echo, 1, 0.3)

    assert first == struck(echo, 1, 0.3)
    assert first != struck(echo, 2, 0.3)
    assert 4 <= sum(first) <= 20
    assert [False] * 40 == struck(echo, 1, 0.0)
    assert [True] * 40 == struck(echo, 1, 1.0)


def test_toxics_act_together_in_their_order(proxy: Proxy) -> None:
    """A limit behind a slicer counts what the slicer lets through."""
    proxy.add(Slicer(average_size=2))
    proxy.add(LimitData(limit=5))
    with connected(proxy) as found:
        found.sendall(b'hello again')
        assert b'hello' == received(found, 99)


def test_toxics_are_added_to_open_connections_and_cleared(proxy: Proxy) -> None:
    """Both act at once."""
    with connected(proxy) as found:
        found.sendall(b'one')
        assert b'one' == received(found, 3)
        proxy.add(Latency(latency=AGES))
        found.sendall(b'two')
        assert is_silent(found)
        proxy.clear()
        assert b'two' == received(found, 3)
        found.sendall(b'six')
        assert b'six' == received(found, 3)


def test_connections_are_counted(proxy: Proxy) -> None:
    """How many there were, and how many at once."""
    for _ in range(2):
        with connected(proxy) as one, connected(proxy) as two:
            for each in (one, two):
                each.sendall(b'bye')
                assert b'bye' == received(each, 3)
                assert b'' == each.recv(1)
    assert 4 == proxy.accepted
    assert 2 <= proxy.most <= 4
    with connected(proxy) as found:
        found.sendall(b'hello')
        assert b'hello' == received(found, 5)
        assert 1 <= proxy.open <= 3


def test_a_server_that_is_not_there_resets(echo: Echo) -> None:
    """The proxy accepts, and then has nobody to pass it on to."""
    with socket.create_server(('127.0.0.1', 0)) as closed:
        url = f'tcp://127.0.0.1:{closed.getsockname()[1]}'
    # The reset may come while the client still connects.
    with Proxy(url) as proxy, pytest.raises(ConnectionResetError), connected(proxy) as found:
        found.recv(1)


def held() -> set[object]:
    """Return the threads that run, and the files that are open."""
    return {*threading.enumerate(), *opened()}


def test_nothing_is_left_behind(echo: Echo) -> None:
    """Neither threads nor open files, whatever was under way when the block ended."""
    before = held()
    with Proxy(echo.url) as proxy:
        for toxic in (Latency(latency=AGES), Timeout(stream='upstream'), SlowClose(delay=None)):
            with connected(proxy) as found:
                proxy.add(toxic)
                found.sendall(b'hello')
        with connected(proxy) as found:
            found.sendall(b'hello')
        assert held() - before
    for _ in range(500):  # the threads of the server take a moment to see that it is over
        if not held() - before:
            break
        threading.Event().wait(0.01)
    assert set() == held() - before


def test_a_client_works_through_it(cloud: Simulator) -> None:
    """Nothing of a call is changed, its signature neither."""
    with Proxy(cloud.url()) as proxy:
        places = {'us-sw-1': proxy.url}
        with cloud.datacenter(known_locations=places) as sdc:
            assert [sdc.create_machine(name='web0')] == sdc.machines()
        assert 1 == proxy.accepted
