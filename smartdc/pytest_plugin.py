"""Fixtures for pytest: a CloudAPI in the state of its beginning, and a client connected to it.

pytest loads this by itself when the package is installed, so nothing else of the package is
imported before a test asks for a fixture.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter
    from smartdc.simulator import Simulator, SteppedClock

_MARK = 'smartdc_world'
_MARK_HELP = (
    f'{_MARK}(world=None, *, job_time, datacenters, account, start, per_look): what the cloud of '
    'smartdc_simulator holds, a dict or a JSON file beside the test; how many seconds jobs take; '
    'where its clock starts, and by how many seconds each request moves it'
)


@dataclass(frozen=True)
class _Settings:
    """What a test wants of its cloud; all but the clock's part needs another server."""

    world: str | Path | Mapping[str, Any] | None = None
    _: KW_ONLY
    job_time: float = 0.0
    datacenters: Sequence[str] | None = None
    account: str | None = None
    start: float | None = None
    per_look: float = 0.0

    def server(self) -> dict[str, Any]:
        """Return the arguments of a Simulator."""
        given = {
            'world': copy.deepcopy(self.world),
            'job_time': self.job_time,
            'datacenters': self.datacenters,
            'account': self.account,
        }
        return {name: value for name, value in given.items() if value is not None}


class _Servers:
    """One simulator at a time, which the next test goes on with if it wants one like it."""

    def __init__(self) -> None:
        self._running: tuple[dict[str, Any], Simulator, SteppedClock] | None = None

    def get(self, settings: _Settings) -> Simulator:
        """Return a simulator in the state of its beginning."""
        from smartdc.simulator import Simulator, SteppedClock

        arguments = settings.server()
        if self._running is None or self._running[0] != arguments:
            self.stop()
            clock = SteppedClock()
            self._running = arguments, Simulator(**arguments, clock=clock).start(), clock
        _, simulator, clock = self._running
        clock.set(time.time() if settings.start is None else settings.start)
        clock.per_look = settings.per_look
        simulator.reset()
        return simulator

    def stop(self) -> None:
        """Stop what runs."""
        running, self._running = self._running, None
        if running is not None:
            running[1].stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the ini file say what holds for all tests."""
    parser.addini(_MARK, 'JSON file of the world of smartdc_simulator, beside this file')
    parser.addini('smartdc_job_time', 'seconds that jobs of smartdc_simulator take', default='0')


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line('markers', _MARK_HELP)


@pytest.fixture(scope='session')
def _smartdc_servers() -> Iterator[_Servers]:
    servers = _Servers()
    yield servers
    servers.stop()


@pytest.fixture
def smartdc_simulator(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    _smartdc_servers: _Servers,
) -> Iterator[Simulator]:
    """Yield a CloudAPI on loopback, new to each test: a `smartdc.simulator.Simulator`.

    The environment points to it, for `DataCenter.from_profile()`, for programs that the test runs,
    and for the triton command; all other TRITON_ and SDC_ variables are unset. Its clock stands
    still until it is stepped, or something waits: `smartdc` in this process goes by it as well.
    The mark `smartdc_world` and the ini options `smartdc_world` and `smartdc_job_time` say what it
    holds and how long jobs take. A failed test shows the requests that came in.
    """
    simulator = _running(_smartdc_servers, request)
    _go_by(simulator, monkeypatch)
    _point_to(simulator, monkeypatch, tmp_path_factory.mktemp('triton'))
    yield simulator
    from smartdc.simulator import requested

    log = '\n'.join(requested.log(simulator.requests))
    request.node.add_report_section('teardown', 'smartdc requests', log)
    simulator.check()


@pytest.fixture
def smartdc_datacenter(smartdc_simulator: Simulator) -> Iterator[DataCenter]:
    """Yield the first data center of `smartdc_simulator`: a connected `smartdc.DataCenter`."""
    with smartdc_simulator.datacenter() as datacenter:
        yield datacenter


def _running(servers: _Servers, request: pytest.FixtureRequest) -> Simulator:
    """Return the simulator that a test wants; the test fails if that can't be had."""
    try:
        from smartdc.simulator import WorldError
    except ImportError as error:
        pytest.fail(f'smartdc_simulator: {error}', pytrace=False)
    try:
        return servers.get(_settings(request))
    except (TypeError, ValueError, WorldError) as error:
        pytest.fail(f'smartdc_simulator: {error}', pytrace=False)


def _settings(request: pytest.FixtureRequest) -> _Settings:
    """Return what the marks of a test say, the closest one first, else the ini file."""
    config = request.config
    found: dict[str, Any] = {'job_time': float(config.getini('smartdc_job_time'))}
    if config.getini(_MARK):
        folder = config.inipath.parent if config.inipath else config.rootpath
        found['world'] = folder / config.getini(_MARK)
    for mark in reversed(list(request.node.iter_markers(_MARK))):
        try:
            said = _Settings(*mark.args, **mark.kwargs)
        except TypeError as error:
            text = str(error).replace('_Settings.__init__()', f'mark {_MARK}')
            raise TypeError(f'{text}; {_MARK_HELP}') from None
        names = {*mark.kwargs, *(('world',) if mark.args else ())}
        found |= {name: getattr(said, name) for name in names}
        if isinstance(said.world, str | Path):
            found['world'] = request.path.parent / said.world
    return _Settings(**found)


def _go_by(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients that were given no clock of their own go by the simulator's."""
    from smartdc.waiting import SYSTEM_CLOCK

    monkeypatch.setattr(SYSTEM_CLOCK, 'now', simulator.clock.now)
    monkeypatch.setattr(SYSTEM_CLOCK, 'sleep', simulator.clock.sleep)


def _point_to(simulator: Simulator, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the environment describe the simulator, and nothing else; `folder` is for profiles."""
    for name in [name for name in os.environ if name.startswith(('TRITON_', 'SDC_'))]:
        monkeypatch.delenv(name)
    common = {
        'URL': simulator.url(),
        'ACCOUNT': simulator.account,
        'KEY_ID': simulator.key_id.rpartition('/')[2],
        'KEY_FILE': str(simulator.key_path),
    }
    for name, value in common.items():
        monkeypatch.setenv(f'TRITON_{name}', value)
        monkeypatch.setenv(f'SDC_{name}', value)
    monkeypatch.setenv('TRITON_PROFILE', 'env')
    monkeypatch.setenv('TRITON_CONFIG_DIR', str(folder))
    around = os.environ.get('no_proxy') or os.environ.get('NO_PROXY')
    for name in ('no_proxy', 'NO_PROXY'):
        monkeypatch.setenv(name, ','.join(filter(None, (around, '127.0.0.1'))))
