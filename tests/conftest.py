"""What every test gets: a clean environment, no network but loopback, and a CloudAPI."""

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from smartdc import DataCenter, Machine, pace, pacing, signing
from smartdc.simulator import Simulator
from smartdc.simulator.clock import SteppedClock
from tests import agents, openapi

#: 2026-01-02T03:04:05Z
START = 1767323045.0

# A busy computer takes longer for one example than a quiet one for all.
settings.register_profile('patient', deadline=None)
settings.load_profile('patient')

if os.environ.get('SMARTDC_PLAIN'):
    # As without the extra `fast`; the tests and the simulator have uses of their own for it.
    sys.modules['orjson'] = None  # type: ignore[assignment]
    signing.has_cryptography = lambda: False  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the user's keys, profiles, agent, proxies and certificates out of the tests."""
    for name in (
        *('SSH_AUTH_SOCK', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'),
        *('TRITON_CONFIG_DIR', 'XDG_CONFIG_HOME', 'TRITON_ROLE', 'TRITON_ACT_AS', 'SDC_TESTING'),
    ):
        monkeypatch.delenv(name, raising=False)
    for prefix in ('TRITON', 'SDC'):
        for part in ('URL', 'ACCOUNT', 'USER', 'KEY_ID', 'KEY_FILE', 'TLS_INSECURE', 'PROFILE'):
            monkeypatch.delenv(f'{prefix}_{part}', raising=False)
    for name in ('http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv('HOME', str(tmp_path))


@pytest.fixture(autouse=True)
def _nothing_learned() -> None:
    """Forget what the waits of other tests have shown, and what refused them."""
    pace._known.clear()
    pacing._pacers.forget()


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that leave the machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else 'unix'
        if host not in ('::1', 'localhost', 'unix') and not host.startswith('127.'):
            raise AssertionError(f'a test tried to reach {host}')
        connect(self, address)

    monkeypatch.setattr(socket.socket, 'connect', guarded)


@pytest.fixture(scope='session')
def _cloud() -> Iterator[Simulator]:
    """Run one CloudAPI for all tests of a process."""
    with Simulator(job_time=10, clock=SteppedClock(START)) as cloud:
        yield cloud


@pytest.fixture
def cloud(_cloud: Simulator) -> Iterator[Simulator]:
    """Yield a CloudAPI in the state of its beginning; its jobs take 10 s of a stepped clock.

    Whatever good answers it gave during the test are held against the published description, unless
    a fault spoiled them.
    """
    _cloud.reset()
    yield _cloud
    assert [] == [
        fault
        for record in _cloud.requests
        if 200 <= record.status < 300 and 'accept-version' in record.headers
        if record.outcome != 'flip'
        for fault in openapi.faults(record.method, record.target.partition('?')[0], record.reply)
    ]


@pytest.fixture
def sdc(cloud: Simulator) -> Iterator[DataCenter]:
    """Yield a data center of that CloudAPI, connected."""
    with cloud.datacenter() as sdc:
        yield sdc


@pytest.fixture
def machine(sdc: DataCenter) -> Machine:
    """Return a machine that runs."""
    machine = sdc.create_machine(name='web0')
    machine.poll_until('running')
    return machine


@pytest.fixture
def place() -> Iterator[Path]:
    """Make a directory whose name is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix='agent') as directory:
        yield Path(directory)


@pytest.fixture
def agent(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Run a real ssh-agent without keys, on `socket` in the directory that is yielded."""
    with agents.running(place / 'socket'):
        monkeypatch.setenv('SSH_AUTH_SOCK', str(place / 'socket'))
        yield place
