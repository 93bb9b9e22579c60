"""Pauses that end when a machine changes: waits look at once when there is something to see.

The changefeed only says when to look; what is so, the look says. So whatever becomes of the feed,
a wait looks no later than without it.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from smartdc.clock import is_real
from smartdc.pace import Interval, is_learned
from smartdc.waiting import Sleep
from smartdc.watchdog import shut

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

    from smartdc.datacenter import DataCenter

#: What a wait wants to hear of.
_SUB_RESOURCES = ('alias', 'destroyed', 'state')

#: How many feeds the waits of one client may have open at once.
_MOST = 8

#: How soon a pause notices that there is news, in seconds.
_SLICE = 0.1

#: For how many seconds a feed that could not be had is not asked for again.
_REST = 600.0

logger: logging.Logger = logging.getLogger('smartdc.changefeed')


class Feeds:
    """The feeds that the waits of one client have open, and where there are none to be had."""

    def __init__(self) -> None:
        self.free: threading.BoundedSemaphore = threading.BoundedSemaphore(_MOST)
        self._rests: dict[tuple[Any, ...], float] = {}

    def is_offered(self, datacenter: DataCenter) -> bool:
        """Tell whether it is worth to ask: not soon after it was refused, or did not come."""
        return time.monotonic() >= self._rests.get(_who(datacenter), 0.0)

    def rest(self, datacenter: DataCenter) -> None:
        """Do not ask again for a while."""
        self._rests[_who(datacenter)] = time.monotonic() + _REST


def _who(datacenter: DataCenter) -> tuple[Any, ...]:
    return datacenter.url, datacenter.as_role


def pauses(
    datacenter: DataCenter, machine_id: str, interval: Interval
) -> AbstractContextManager[Sleep]:
    """Return how a wait for a machine lets time pass between its looks.

    News can end a pause only where real time passes, and nobody has said when to look.
    """
    clock = datacenter.clock
    if datacenter.events and is_learned(interval) and is_real(clock):
        return News(datacenter, machine_id)
    return nullcontext(clock.sleep)


class News(AbstractContextManager[Sleep]):
    """The changes of one machine, followed by a thread from the first pause to the block's end.

    Where there is no feed, or it breaks off, pauses are just pauses. A thread that still tries to
    connect at the end of the block is left to itself, and gives up in the time for connecting.
    """

    def __init__(self, datacenter: DataCenter, machine_id: str) -> None:
        self._datacenter = datacenter
        self._machine_id = machine_id
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._is_over = False
        self._feed: ClientConnection | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Sleep:
        return self.sleep

    def __exit__(self, *failure: object) -> None:
        with self._lock:
            self._is_over, feed = True, self._feed
        if feed is not None and self._thread is not None:
            shut(feed.socket)
            self._thread.join()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass, or fewer when there is news."""
        if self._thread is None:
            self._begin()
        # By the clock, or it would be real time for those who have replaced the system's sleep.
        while seconds > 0 and not self._changed.is_set():
            self._datacenter.clock.sleep(min(seconds, _SLICE))
            seconds -= _SLICE
        self._changed.clear()

    def _begin(self) -> None:
        thread = threading.Thread(target=self._run, name='smartdc news', daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            logger.debug('waiting without the changefeed: %s', error)
        else:
            self._thread = thread

    def _run(self) -> None:
        feeds = self._datacenter._feeds
        if not feeds.is_offered(self._datacenter) or not feeds.free.acquire(blocking=False):
            return
        try:
            self._follow()
        except Exception as error:  # no wait may end by it, whatever it is
            feeds.rest(self._datacenter)
            logger.debug('waiting without the changefeed: %r', error)
        finally:
            feeds.free.release()

    def _follow(self) -> None:
        """Connect, and tell of each message about the machine until the connection is lost."""
        from websockets.exceptions import ConnectionClosed

        from smartdc.changefeed import subscribe
        from smartdc.websocket import open_websocket

        feed = open_websocket(self._datacenter, '/changefeed', retries=None)
        try:
            with self._lock:
                self._feed = feed
                if self._is_over:
                    return
            subscribe(feed, self._datacenter, _SUB_RESOURCES, [self._machine_id])
            self._changed.set()  # what has happened before is not told
            with suppress(ConnectionClosed):
                while True:
                    if self._machine_id in str(feed.recv()):
                        self._changed.set()
        finally:
            shut(feed.socket)  # a server that does not answer could hold up the closing
            feed.close()
