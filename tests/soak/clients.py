"""Clients for the long checks, and how much traffic they make."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self, cast

import requests
from requests.auth import AuthBase

from smartdc import DataCenter
from smartdc.simulator import Simulator


class Counted(AuthBase):
    """Signs as another auth object does, and counts: each attempt is signed once."""

    def __init__(self, inner: AuthBase) -> None:
        self.inner = inner
        self.attempts = 0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Count an attempt and sign it."""
        self.attempts += 1
        return self.inner(request)


def counted(sdc: DataCenter) -> Counted:
    """Count the attempts of a client from now on."""
    assert sdc.auth is not None
    sdc.auth = found = Counted(sdc.auth)
    return found


class Answers(logging.Handler):
    """Counts the answers that arrive whole, by status, in its block."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[int] = Counter()
        self._logger = logging.getLogger('smartdc.http')

    def emit(self, record: logging.LogRecord) -> None:
        """Count an answer."""
        status = cast('tuple[Any, ...]', record.args)[2]
        self.seen[status] += 1

    def __enter__(self) -> Self:
        self._logger.addHandler(self)
        self._level = self._logger.level
        self._logger.setLevel(logging.DEBUG)
        return self

    def __exit__(self, *failure: object) -> None:
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)

    @property
    def good(self) -> int:
        """How many were no failures of the server."""
        return sum(count for status, count in self.seen.items() if status < 500)


def client(url: str, key: Path, **options: Any) -> DataCenter:
    """Return a client of whatever answers at a URL."""
    return DataCenter(url, None, key, login='acme', **options)


def through(cloud: Simulator, url: str, **options: Any) -> DataCenter:
    """Return a client of a simulator that goes through the proxy at a URL."""
    return cloud.datacenter(known_locations={'us-sw-1': url}, **options)


class Stepped:
    """A clock that moves only by sleeping; `on_sleep` is called each time."""

    def __init__(self, on_sleep: Callable[[], None] = lambda: None) -> None:
        self.time = 1_700_000_000.0
        self.slept = 0.0
        self._on_sleep = on_sleep

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.time += seconds
        self.slept += seconds
        self._on_sleep()


#: What strikes at random: everything that takes no real time.
STRIKES: tuple[dict[str, Any], ...] = (
    {'status': 429, 'code': 'TooManyRequestsError'},
    {'status': 500},
    {'status': 502, 'code': None},
    {'status': 503, 'code': 'ServiceUnavailableError'},
    {'status': 504, 'code': None},
    {'outcome': 'drop'},
    {'outcome': 'drop', 'after': True},
    {'outcome': 'cut'},
)


def strike(
    cloud: Simulator, share: float, seed: int, kinds: Sequence[dict[str, Any]] = STRIKES
) -> None:
    """Let faults strike this share of the attempts, each kind as often as any other."""
    cloud.faults._random.seed(seed)
    for number, kind in enumerate(kinds):
        each = share / len(kinds)
        cloud.faults.add('*', probability=each / (1 - number * each), **kind)
