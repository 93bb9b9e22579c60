"""Cutting off answers that take too long, however steadily they drip.

A socket's timeout bounds the time between two of its bytes only. One thread watches the sockets of
all calls under way, and shuts down those whose time is up. Where the system gives no thread, calls
go by their sockets' timeouts alone until it does.
"""

from __future__ import annotations

import functools
import logging
import math
import os
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http.client import HTTPResponse as PlainResponse
from typing import Any

from urllib3 import HTTPResponse, PoolManager

from smartdc.errors import ConnectionFailed, Timeout
from smartdc.heads import WholeHead

logger: logging.Logger = logging.getLogger('smartdc.watchdog')


class Guard:
    """One call's time, and the socket that its answer comes by."""

    def __init__(self, seconds: float) -> None:
        self.end: float = time.monotonic() + seconds
        self.fired: bool = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def hold(self, sock: socket.socket | None) -> None:
        """Take the socket; None lets it go."""
        with self._lock:
            self._socket = sock
            if self.fired:
                self._shut()

    def fire(self) -> None:
        """End the call."""
        with self._lock:
            self.fired = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            shut(self._socket)


def shut(sock: Any) -> None:
    """End the connection of a socket, or of what stands for one, at once."""
    # TLS within TLS, as through a proxy, is no socket but has one: urllib3's and websockets' do.
    inner = getattr(sock, 'socket', None) or getattr(sock, 'ssl_socket', None) or sock
    with suppress(OSError):
        # The plain socket's: that of a TLS socket takes its state from under the reader.
        socket.socket.shutdown(inner, socket.SHUT_RDWR)


class Watchdog:
    """The thread that fires guards, begun with the first one that there is."""

    #: The longest sleep, in seconds; a thread cannot wait for ever in one go on all systems.
    LONGEST = 3600.0

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked child must: the thread is its parent's."""
        self._changed = threading.Condition()
        self._guards: set[Guard] = set()
        self._wakes = math.inf
        self._thread: threading.Thread | None = None

    def watch(self, guard: Guard) -> None:
        """Fire a guard when its time is up."""
        with self._changed:
            self._guards.add(guard)
            if self._thread is None:
                self._begin()
            elif guard.end < self._wakes:
                self._changed.notify()

    def release(self, guard: Guard) -> None:
        """Leave a guard alone from now on."""
        with self._changed:
            self._guards.discard(guard)
        guard.hold(None)

    def _begin(self) -> None:
        thread = threading.Thread(target=self._run, name='smartdc watchdog', daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            logger.debug('slow answers are not cut off: %s', error)
        else:
            self._thread = thread

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for guard in [each for each in self._guards if each.end <= now]:
                    self._guards.discard(guard)
                    guard.fire()
                self._wakes = min((each.end for each in self._guards), default=math.inf)
                self._changed.wait(min(self._wakes - now, self.LONGEST))


_watchdog = Watchdog()
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_watchdog.forget)

_guard: ContextVar[Guard | None] = ContextVar('guard', default=None)


@contextmanager
def cut_off(seconds: float) -> Generator[None]:
    """Raise Timeout if the request in the block is not answered whole in so many seconds."""
    guard = Guard(seconds)
    token = _guard.set(guard)
    _watchdog.watch(guard)
    failure: Exception | None = None
    try:
        yield
    except Exception as error:
        if not guard.fired or (isinstance(error, ConnectionFailed) and not error.sent):
            raise
        failure = error
    finally:
        _watchdog.release(guard)
        _guard.reset(token)
    # A cut body without a length looks whole, so no failure is no proof.
    if guard.fired:
        raise Timeout(f'the answer was not complete after {round(seconds, 2):g} s') from failure


class Guarded:
    """A connection that gives its socket to the guard of the call; `verify` says what is checked.

    It is put before the class of urllib3's that a pool makes its connections of.
    """

    response_class: type[PlainResponse] = WholeHead
    sock: Any

    def connect(self) -> None:
        """Connect, and leave no warning to urllib3: whoever gave up the check has had one."""
        connection: Any = super()
        connection.connect()
        self.is_verified = True

    def _tunnel(self) -> None:
        """Ask a proxy for the way, whose answer may drip as well."""
        connection: Any = super()
        hold(self.sock)
        connection._tunnel()

    def getresponse(self) -> HTTPResponse:
        """Read the answer's head."""
        connection: Any = super()
        hold(self.sock)
        found: HTTPResponse = connection.getresponse()
        return found


def guard_pools(manager: PoolManager) -> None:
    """Let all pools of a manager, which may be that of a proxy, make guarded connections."""
    pools = manager.pool_classes_by_scheme.items()
    manager.pool_classes_by_scheme = {scheme: _guarded(pool) for scheme, pool in pools}


@functools.cache
def _guarded(pool: Any) -> Any:
    connection = type('GuardedConnection', (Guarded, pool.ConnectionCls), {})
    return type('GuardedPool', (pool,), {'ConnectionCls': connection})


def hold(sock: socket.socket | None) -> None:
    """Give a socket to the guard of the call, if there is one."""
    guard = _guard.get()
    if guard is not None:
        guard.hold(sock)
