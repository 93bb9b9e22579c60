"""Answers that come, but never to an end."""

import os
import socket
import ssl
import threading
from pathlib import Path

import pytest

import smartdc
from smartdc import DataCenter, Retry, deadline
from smartdc.simulator import Simulator
from smartdc.simulator.certificate import make
from smartdc.watchdog import Guard, Watchdog, cut_off, shut
from tests.servers import dripping, socks, tunnelling
from tests.threads import no_threads

OK = b'HTTP/1.1 200 OK\r\n'

#: What drips: an answer's beginning, and what comes bit by bit.
DRIPS = {
    'a header': (OK + b'X: ', b'y'),
    'a body with a length': (OK + b'Content-Length: 9999\r\n\r\n', b' '),
    'a body in chunks': (OK + b'Transfer-Encoding: chunked\r\n\r\n', b'1\r\n \r\n'),
    'a body that ends with the connection': (OK + b'\r\n', b' '),
}


@pytest.mark.parametrize('kind', DRIPS)
def test_a_dripping_answer_ends_at_the_deadline(kind: str) -> None:
    """Each byte comes in time, the whole does not."""
    with dripping(*DRIPS[kind]) as url:
        sdc = DataCenter(url, login='bob', retries=None)
        with deadline(0.2), pytest.raises(smartdc.Timeout) as caught:
            sdc.ping()

    assert caught.value.sent


def test_a_dripping_answer_ends_over_tls(tmp_path: Path) -> None:
    """It is no fault of the certificate, and is not said to be."""
    context, ca = make(tmp_path)
    with dripping(*DRIPS['a body with a length'], tls=context) as url:
        sdc = DataCenter(url, login='bob', verify=ca, retries=None)
        with deadline(0.3), pytest.raises(smartdc.Timeout) as caught:
            sdc.ping()

    assert caught.value.sent
    assert not isinstance(caught.value, smartdc.TLSError)


def test_a_dripping_answer_ends_behind_a_proxy_with_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS within TLS is cut off as well, and so is whatever is asked after it."""
    context, ca = make(tmp_path)
    with dripping(*DRIPS['a body with a length'], tls=context) as url, tunnelling(context) as proxy:
        monkeypatch.setenv('HTTPS_PROXY', proxy)
        sdc = DataCenter(url, login='bob', verify=ca, retries=None)
        with deadline(0.5), pytest.raises(smartdc.Timeout):
            sdc.ping()
    with dripping(*DRIPS['a body in chunks']) as url, pytest.raises(smartdc.Timeout), deadline(0.2):
        DataCenter(url, login='bob', retries=None).ping()


def test_a_proxy_with_tls_is_trusted_as_the_server_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the certificates of `verify=`, and by nothing else."""
    with Simulator(tls=True) as cloud:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cloud.ca_file, cloud.ca_file.with_name('key.pem'))
        for trusted in (cloud.ca_file, False):
            with tunnelling(context) as proxy:
                monkeypatch.setenv('HTTPS_PROXY', proxy)
                with cloud.datacenter(verify=trusted, retries=None) as sdc:
                    assert sdc.keys()
        other, _ = make(tmp_path)
        with tunnelling(other) as proxy, cloud.datacenter(retries=None) as sdc:
            monkeypatch.setenv('HTTPS_PROXY', proxy)
            with pytest.raises(smartdc.ConnectionFailed, match='self-signed certificate'):
                sdc.keys()


def test_a_proxy_that_drips_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it answers when it is asked for the way is cut off as well."""
    with dripping(*DRIPS['a header'], drips=10**6) as proxy:
        monkeypatch.setenv('HTTPS_PROXY', proxy)
        sdc = DataCenter('https://127.0.0.1:9', login='bob', retries=None)
        with deadline(0.2), pytest.raises(smartdc.Timeout, match=r'not complete after 0\.'):
            sdc.ping()


def test_a_dripping_answer_ends_behind_a_socks_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connections of that kind of proxy are watched over too."""
    pytest.importorskip('socks')
    with dripping(*DRIPS['a body in chunks']) as url, socks() as proxy:
        monkeypatch.setenv('ALL_PROXY', proxy)
        sdc = DataCenter(url, login='bob', retries=None)
        with deadline(0.3), pytest.raises(smartdc.Timeout) as caught:
            sdc.ping()

    assert caught.value.sent


def test_a_socks_proxy_that_is_not_there_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the package is there that speaks SOCKS, or not."""
    monkeypatch.setenv('ALL_PROXY', 'socks5://127.0.0.1:1')
    for url in ('http://127.0.0.1:9', 'https://127.0.0.1:9'):
        with pytest.raises(smartdc.ConnectionFailed):
            DataCenter(url, login='bob', retries=None).ping()


def test_a_websocket_by_tls_within_tls_can_be_cut_off(tmp_path: Path) -> None:
    """What websockets has for it is no socket."""
    client = pytest.importorskip('websockets.sync.client')
    context, ca = make(tmp_path)
    trusting = ssl.create_default_context(cafile=ca)
    with dripping(b'', b'', tls=context) as url, tunnelling(context) as proxy:
        port = int(proxy.rpartition(':')[2])
        with (
            socket.create_connection(('127.0.0.1', port)) as plain,
            trusting.wrap_socket(plain, server_hostname='127.0.0.1') as outer,
        ):
            outer.sendall(f'CONNECT {url.removeprefix("https://")} HTTP/1.1\r\n\r\n'.encode())
            assert outer.recv(100).startswith(b'HTTP/1.1 200')
            inner = client.SSLSSLSocket(outer, trusting, server_hostname='127.0.0.1')
            shut(inner)
            assert b'' == inner.recv(1)


def test_a_call_has_an_end_with_no_deadline_around_it() -> None:
    """The policy's time for one call bounds it, when that is longer than the timeout."""
    with dripping(*DRIPS['a body in chunks']) as url:
        sdc = DataCenter(url, login='bob', timeout=0.1, retries=Retry(attempts=1, within=0.2))
        with pytest.raises(smartdc.Timeout, match=r'after 0\.2 s'):
            sdc.ping()


def test_the_connection_after_one_that_was_cut_works(cloud: Simulator) -> None:
    """Cutting one call off leaves nothing behind for the next."""
    with cloud.datacenter(retries=None) as sdc:
        sdc.keys()
        cloud.faults.add('ListKeys', count=1, delay=0.5)
        with deadline(0.1), pytest.raises(smartdc.Timeout):
            sdc.keys()

        assert sdc.keys()


def test_one_thread_watches_all_clients(cloud: Simulator) -> None:
    """It is begun once, however many clients and calls there are."""
    begun: list[set[threading.Thread]] = []
    for _ in range(3):
        with cloud.datacenter() as sdc:
            sdc.keys()
        begun.append({each for each in threading.enumerate() if each.name == 'smartdc watchdog'})

    # Those of other tests stay as long as the process.
    assert begun[0]
    assert begun[0] == begun[1] == begun[2]


def test_a_thread_that_cannot_be_started_is_tried_again() -> None:
    """Until then calls are not cut off; then those that are under way are as well."""
    watchdog, early = Watchdog(), Guard(0)
    with socket.create_server(('127.0.0.1', 0)) as listening:
        near = socket.create_connection(listening.getsockname())
        with near, listening.accept()[0] as far:
            early.hold(near)
            with no_threads():
                watchdog.watch(early)
            assert not early.fired
            watchdog.watch(Guard(60))
            assert b'' == far.recv(1)

    assert early.fired


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')
def test_a_forked_child_has_a_watchdog_of_its_own() -> None:
    """The parent's thread is not in the child."""
    with dripping(*DRIPS['a body in chunks']) as url:
        with cut_off(60):
            pass
        child = os.fork()
        if child == 0:
            sdc = DataCenter(url, login='bob', retries=None)
            try:
                with deadline(0.2):
                    sdc.ping()
            except smartdc.Timeout:
                os._exit(7)
            os._exit(1)

        assert 7 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
