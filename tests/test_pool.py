"""The connections that a client keeps."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from smartdc import DataCenter, deadline
from smartdc.errors import ConfigurationError, InvalidInput, InvalidResponse, Timeout
from smartdc.simulator import Simulator, certificate
from smartdc.transport import Pool
from tests.proxy import Latency, Proxy
from tests.servers import json_reply, serving

HERE = 'http://127.0.0.1:1'
TLS = 'https://127.0.0.1:1'


def session(pool: Pool, url: str = HERE, verify: bool | str = True) -> requests.Session:
    """Return the session that a pool has for a server."""
    with pool.connection(url, verify, 5) as found:
        return found


def room(found: requests.Session) -> int:
    """Return how many connections to one server a session keeps."""
    manager = found.get_adapter(HERE).poolmanager  # type: ignore[attr-defined]
    return int(manager.connection_pool_kw['maxsize'])


def test_a_pool_grows_to_what_is_needed() -> None:
    """The next session keeps more; what is less than before changes nothing."""
    pool = Pool(10)
    small = session(pool)
    pool.grow(32)
    large = session(pool)
    pool.grow(16)

    assert (10, 32) == (room(small), room(large))
    assert large is session(pool)
    pool.close()


def test_growing_reads_no_certificates_again(tmp_path: Path) -> None:
    """The larger session trusts what the smaller one did; after a close they are read anew."""
    certificate.make(tmp_path)
    bundle = tmp_path / 'ca.pem'
    pool = Pool(1)
    session(pool, TLS, str(bundle))
    bundle.unlink()
    pool.grow(2)
    session(pool, TLS, str(bundle))
    pool.close()

    with pytest.raises(ConfigurationError):
        session(pool, TLS, str(bundle))


def test_who_has_the_old_session_goes_on_with_it() -> None:
    """A call under way does not notice."""
    with serving(json_reply(200, b'{}'), json_reply(200, b'{}')) as server:
        pool = Pool(1)
        old = session(pool, server.url)
        old.get(server.url, timeout=5)
        pool.grow(2)

        assert 200 == old.get(server.url, timeout=5).status_code
    pool.close()


def test_threads_open_no_more_connections_than_the_pool_has(cloud: Simulator) -> None:
    """Those that find all in use wait for one; none fails."""
    with (
        Proxy(cloud.url()) as proxy,
        cloud.datacenter(known_locations={'us-sw-1': proxy.url}, pool_size=2) as sdc,
        ThreadPoolExecutor(8) as threads,
    ):
        proxy.add(Latency(latency=0.02))
        found = list(threads.map(lambda _: sdc.keys(), range(24)))

    assert [found[0]] * 24 == found
    assert 2 == proxy.most


def test_who_waits_in_vain_has_sent_nothing(cloud: Simulator) -> None:
    """The wait for a connection ends at the deadline of the call, a write's as well."""
    with (
        cloud.datacenter(pool_size=1) as sdc,
        sdc._pool.connection(sdc.base_url, sdc.verify, 5),
        deadline(0.5),
        pytest.raises(Timeout, match='pool_size') as caught,
    ):
        sdc.delete_key('laptop')

    assert (False, False) == (caught.value.sent, caught.value.maybe_done)
    assert not cloud.requests


def test_who_waits_goes_on_when_the_client_is_closed() -> None:
    """What was in use when it was closed is free at last for who waited."""
    pool, found = Pool(1), threading.Semaphore(0)

    def wait() -> None:
        with pool.connection(HERE, True, 30):
            found.release()

    with pool.connection(HERE, True, 5):
        waiting = threading.Thread(target=wait)
        waiting.start()
        pool.close()
    waiting.join()

    assert found.acquire(blocking=False)


def test_a_failure_frees_its_connection(cloud: Simulator) -> None:
    """The only connection there is serves the next call, whatever became of the one before."""
    cut, broken = json_reply(200, b'[]')[:-1], json_reply(200, b'[')
    packed = json_reply(200, b'no gzip', Content_Encoding='gzip')
    with (
        serving(cut, broken, packed, json_reply(200, b'[]')) as server,
        DataCenter(
            server.url, None, cloud.key_path, login='acme', pool_size=1, retries=None
        ) as sdc,
        deadline(30),
    ):
        for _ in range(3):
            with pytest.raises((InvalidResponse, requests.ConnectionError)):
                sdc.keys()

        assert [] == sdc.keys()


def test_pages_ahead_make_do_with_one_connection(cloud: Simulator) -> None:
    """Those fetched ahead wait for it in turn."""
    with cloud.datacenter(pool_size=1) as sdc, deadline(30):
        made = {sdc.create_machine(f'm{number}').id for number in range(9)}

        pages = sdc._pages('/machines', query={}, size=2)
        assert made == {row['id'] for page in pages for row in page}


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')
@pytest.mark.filterwarnings('ignore::DeprecationWarning')
def test_a_forked_child_waits_for_no_connection_of_its_parent(cloud: Simulator) -> None:
    """All of the parent's are in use while it forks; the child has its own."""
    with (
        cloud.datacenter(pool_size=1) as sdc,
        sdc._pool.connection(sdc.base_url, sdc.verify, 5),
    ):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with deadline(10):
                    status = 0 if sdc.keys() else 1
            finally:
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert 0 == status


def test_a_pool_has_a_connection() -> None:
    """Without any, no call could be made."""
    with pytest.raises(InvalidInput, match='pool_size'):
        DataCenter(pool_size=0)
