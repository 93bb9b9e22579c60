"""The connections that a client keeps."""

from pathlib import Path

import pytest
import requests

from smartdc.errors import ConfigurationError
from smartdc.simulator import certificate
from smartdc.transport import Pool
from tests.servers import json_reply, serving

HERE = 'http://127.0.0.1:1'


def room(session: requests.Session) -> int:
    """Return how many connections to one server a session keeps."""
    manager = session.get_adapter(HERE).poolmanager  # type: ignore[attr-defined]
    return int(manager.connection_pool_kw['maxsize'])


def test_a_pool_grows_to_what_is_needed() -> None:
    """The next session keeps more; what is less than before changes nothing."""
    pool = Pool(10)
    small = pool.session(HERE, True)
    pool.grow(32)
    large = pool.session(HERE, True)
    pool.grow(16)

    assert (10, 32) == (room(small), room(large))
    assert large is pool.session(HERE, True)
    pool.close()


def test_growing_reads_no_certificates_again(tmp_path: Path) -> None:
    """The larger session trusts what the smaller one did; after a close they are read anew."""
    certificate.make(tmp_path)
    bundle = tmp_path / 'ca.pem'
    pool = Pool(1)
    pool.session('https://127.0.0.1:1', str(bundle))
    bundle.unlink()
    pool.grow(2)
    pool.session('https://127.0.0.1:1', str(bundle))
    pool.close()

    with pytest.raises(ConfigurationError):
        pool.session('https://127.0.0.1:1', str(bundle))


def test_who_has_the_old_session_goes_on_with_it() -> None:
    """A call under way does not notice."""
    with serving(json_reply(200, b'{}'), json_reply(200, b'{}')) as server:
        pool = Pool(1)
        old = pool.session(server.url, True)
        old.get(server.url, timeout=5)
        pool.grow(2)

        assert 200 == old.get(server.url, timeout=5).status_code
    pool.close()
