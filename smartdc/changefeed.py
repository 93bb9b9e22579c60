"""Following the changes of machines, over connections that may break."""

from __future__ import annotations

import json
import logging
import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

from smartdc.clock import deadline, seconds_left
from smartdc.errors import (
    ConnectionFailed,
    InvalidInput,
    MachineGone,
    ResourceNotFound,
    SmartDCError,
    Timeout,
    WaitTimeout,
)
from smartdc.retrying import Retry, fault_of
from smartdc.shapes import is_object
from smartdc.showing import line
from smartdc.waiting import LAST_LOOK
from smartdc.websocket import connect_timeout, until_deadline

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

    from smartdc.datacenter import DataCenter

#: What can be followed of a machine.
SUB_RESOURCES = (
    'alias',
    'customer_metadata',
    'destroyed',
    'nics',
    'owner_uuid',
    'server_uuid',
    'state',
    'tags',
)

#: The field of a machine's data that shows a sub-resource.
_FIELDS = {
    'alias': 'name',
    'customer_metadata': 'metadata',
    'nics': 'ips',
    'server_uuid': 'compute_node',
    'state': 'state',
    'tags': 'tags',
}

#: What CloudAPI calls the states of a machine's own server, where it has another word.
_STATES = {
    **dict.fromkeys(('configured', 'incomplete', 'unavailable'), 'provisioning'),
    **dict.fromkeys(('halting', 'shutting_down'), 'stopping'),
    **dict.fromkeys(('off', 'down', 'installed'), 'stopped'),
    'unreachable': 'offline',
    'destroyed': 'deleted',
}

#: The longest pause before the first attempt to connect again, and before any, in seconds.
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 20.0

#: How soon a pause notices that the feed was closed, in seconds.
_SLICE = 0.25

logger: logging.Logger = logging.getLogger('smartdc.changefeed')


class Change(NamedTuple):
    """Something about a machine has changed.

    `published` is when, naive in UTC. `sub_resources` are what has changed, `state` is the
    machine's state as everywhere else, `vm_state` the finer one of the server that it is on (`''`
    if not known), and `machine` its data, a dict. `resync` marks a change that was not told by the
    server but found after the connection had been lost. `duplicate` marks one that tells nothing
    new since the last one about this machine.
    """

    machine_id: str
    published: datetime
    sub_resources: tuple[str, ...]
    state: str
    vm_state: str
    machine: dict[str, Any]
    resync: bool = False
    duplicate: bool = False

    def __hash__(self) -> int:
        return hash((self.machine_id, self.published, self.sub_resources))

    def __repr__(self) -> str:
        marks = [name for name in ('resync', 'duplicate') if getattr(self, name)]
        what = ', '.join((*self.sub_resources, *marks))
        when = self.published.isoformat(' ', 'milliseconds')
        form = '<smartdc.changefeed.Change: {} of {} at {}>'
        return line(form, what, self.machine_id, when, state=self.state)


class ChangeFeed:
    """The changes of machines: a context manager, and an iterator that ends with `close()`.

    It connects when the `with` statement begins. When the connection is lost it connects again,
    after pauses of random length, at most 20 s; then it lists the machines and yields a change
    with `resync=True` for each that differs from what was seen last or is gone. So the last state
    of each machine always comes, but not every state on the way. A machine that was both made and
    deleted in such a gap is not noticed.

    The same change may come twice around a gap; it is marked `duplicate`, not left out. When the
    server refuses for good (no permission, unknown key) iterating raises what it answered. When
    nothing comes in time, or before the deadline, it raises WaitTimeout, and may be continued; an
    attempt to connect again may go on for 5 s more. `close()` may be called from any thread;
    everything else is for one thread.
    """

    def __init__(
        self,
        datacenter: Any,
        connect: Callable[[Retry | None], ClientConnection],
        *,
        machines: Any,
        sub_resources: Iterable[str],
        timeout: float | None,
    ) -> None:
        self._datacenter = cast('DataCenter', datacenter)
        self._connect = connect
        self._only = None if machines is None else _ids(self._datacenter, machines)
        self._wanted = _checked(sub_resources)
        self._timeout = timeout
        self._known: dict[str, dict[str, Any]] = {}
        self._told: dict[str, str] = {}
        self._ready: deque[Change] = deque()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._socket: ClientConnection | None = None
        self._is_first = True
        self._since = 0.0
        self._attempts = 0
        self._pause_left = 0.0

    def __repr__(self) -> str:
        machines = 'all machines' if self._only is None else f'{len(self._only)} machine(s)'
        return line('<smartdc.changefeed.ChangeFeed: {} in {}>', machines, self._datacenter)

    def __enter__(self) -> Self:
        if self._is_first:
            self._open()
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Change:
        wait = _Wait(self._timeout, self._datacenter.clock.now())
        while not self._closed.is_set():
            if self._ready:
                return self._ready.popleft()
            socket = self._socket
            if socket is not None:
                self._receive(socket, wait)
            elif self._is_first:
                self._open()
            else:
                self._reopen(wait)
        raise StopIteration

    def close(self) -> None:
        """End the feed, also one that another thread is waiting for; a second time does nothing."""
        self._closed.set()
        self._hang_up()

    def _hang_up(self) -> None:
        with self._lock:
            socket, self._socket = self._socket, None
        if socket is not None:
            socket.close()

    def _receive(self, socket: ClientConnection, wait: _Wait) -> None:
        """Wait for the next message and make a change of it; a loss of the connection is noted."""
        from websockets.exceptions import ConnectionClosed

        try:
            message = socket.recv(until_deadline(wait.left()))
        except TimeoutError:
            raise wait.over() from None
        except ConnectionClosed as error:
            logger.debug('the changefeed was lost: %s', error)
            self._hang_up()
            if self._datacenter.clock.now() - self._since > _LONGEST_PAUSE:
                self._attempts = 0
            return
        self._attempts = 0
        change = self._read(message)
        if change is not None:
            self._ready.append(change)

    def _reopen(self, wait: _Wait) -> None:
        """Try once more to connect, after a pause; raise what will not get better."""
        self._pause(wait)
        if self._closed.is_set():
            return
        try:
            # With less a short wait could never connect again.
            with deadline(wait.left() + LAST_LOOK):
                self._open()
        except SmartDCError as error:
            if fault_of(error) is None:
                self.close()
                raise
            logger.debug('the changefeed cannot be had: %s', error)
            wait.fault = error
            if wait.is_over(self._datacenter.clock.now()):
                raise wait.over() from error

    def _pause(self, wait: _Wait) -> None:
        """Let a random time pass, so that not all clients of a server come back at once.

        A wait that ends before leaves the rest of the pause to the next.
        """
        if self._pause_left <= 0:
            longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._attempts, 10))
            self._attempts += 1
            self._pause_left = random.uniform(0, longest)
        while self._pause_left > 0 and not self._closed.is_set():
            if wait.is_over(self._datacenter.clock.now()):
                raise wait.over() from wait.fault
            self._datacenter.clock.sleep(min(self._pause_left, _SLICE))
            self._pause_left -= _SLICE

    def _open(self) -> None:
        """Connect, subscribe, and look at all machines."""
        # Later on, the pauses are those of _pause, which close() ends.
        socket = self._connect(self._datacenter.retries if self._is_first else None)
        try:
            subscribe(socket, self._datacenter, self._wanted, self._only)
            self._look()
        except BaseException:
            socket.close()
            raise
        self._since = self._datacenter.clock.now()
        self._is_first = False
        with self._lock:
            self._socket = socket
        if self._closed.is_set():
            self._hang_up()

    def _look(self) -> None:
        """List the machines; note what differs from what was seen before, unless it is the first.

        A machine that is gone from the list is asked for, since those that failed are not in it.
        """
        listed = {each.id: each.data for each in self._datacenter.machines()}
        found = {key: data for key, data in listed.items() if self._follows(key)}
        for key, old in self._known.items():
            if key not in found and old.get('state') != 'deleted':
                found[key] = self._last(key, old)
        if not self._is_first:
            self._ready.extend(
                self._resync(key, data, changed)
                for key, data in found.items()
                if (changed := self._differing(self._known.get(key, {}), data))
            )
        self._known = found
        self._told = {key: told for key, told in self._told.items() if key in found}

    def _follows(self, machine_id: str) -> bool:
        return self._only is None or machine_id in self._only

    def _last(self, machine_id: str, old: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._datacenter.raw_machine_data(machine_id)
        except MachineGone as gone:
            return {**old, **gone.machine, 'state': 'deleted'}
        except ResourceNotFound:
            return {**old, 'state': 'deleted'}

    def _differing(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
        found = {name for name, key in _FIELDS.items() if old.get(key) != new.get(key)}
        if 'state' in found and new.get('state') == 'deleted':
            found.add('destroyed')
        return tuple(name for name in self._wanted if name in found)

    def _resync(self, machine_id: str, data: dict[str, Any], changed: tuple[str, ...]) -> Change:
        self._told[machine_id] = ''
        now = datetime.fromtimestamp(self._datacenter.clock.now(), UTC).replace(tzinfo=None)
        state = str(data.get('state', ''))
        return Change(machine_id, now, changed, state, '', data, resync=True)

    def _read(self, message: str | bytes) -> Change | None:
        """Return the change that a message tells; None for what is no change."""
        try:
            return self._change(json.loads(message))
        except (ValueError, KeyError, TypeError, OSError, OverflowError, RecursionError) as error:
            logger.debug('the changefeed sent something else: %r', error)
            return None

    def _change(self, told: Any) -> Change:
        key = str(told['changedResourceId'])
        published = datetime.fromtimestamp(int(told['published']) / 1000, UTC)
        changed = tuple(map(str, told['changeKind']['subResources']))
        vm_state = str(told.get('resourceState') or '')
        state = _STATES.get(vm_state, vm_state)
        given = told.get('resourceObject')
        data = dict(given) if is_object(given) else {}
        data = data or {**self._known.get(key, {}), 'id': key, 'state': state}
        is_known = self._told.get(key) in ('', vm_state) and self._known.get(key) == data
        self._known[key], self._told[key] = data, vm_state
        return Change(
            key,
            published.replace(tzinfo=None),
            changed,
            str(data.get('state') or state),
            vm_state,
            data,
            duplicate=is_known,
        )


def subscribe(
    socket: ClientConnection,
    datacenter: DataCenter,
    sub_resources: Iterable[str],
    machines: Iterable[str] | None,
) -> None:
    """Say what to follow, and wait until the server has read it.

    Only then is nothing lost between what is looked at and what is told.
    """
    from websockets.exceptions import ConnectionClosed

    seconds = connect_timeout(datacenter)
    message: dict[str, Any] = {'resource': 'vm', 'subResources': list(sub_resources)}
    if machines is not None:
        message['vms'] = sorted(machines)
    try:
        socket.send(json.dumps(message))
        answered = socket.ping(ack_on_close=True).wait(seconds)
    except ConnectionClosed as error:
        raise ConnectionFailed(f'the changefeed was lost: {error}') from error
    if not answered:
        raise Timeout('the changefeed did not answer in time')


class _Wait:
    """How long to wait for one change.

    What comes from the network takes real time; pauses go by the clock of the data center.
    """

    def __init__(self, seconds: float | None, now: float) -> None:
        self._seconds = math.inf if seconds is None else seconds
        self._began = time.monotonic()
        self._now = now
        #: Why the last attempt to connect again has failed.
        self.fault: SmartDCError | None = None

    def left(self) -> float:
        """Return how many seconds are left to wait for the network, if no deadline ends it."""
        return max(0.0, self._began + self._seconds - time.monotonic())

    def is_over(self, now: float) -> bool:
        """Tell whether the time is over, by the clock, for the network or by the deadline."""
        by_clock = self._now + self._seconds - now
        return min(by_clock, self.left(), seconds_left()) <= 0

    def over(self) -> WaitTimeout:
        """Return the error that says so."""
        if seconds_left() < self.left():
            return WaitTimeout('no change came before the deadline')
        return WaitTimeout(f'no change came within {self._seconds:g} s')


def _ids(datacenter: DataCenter, machines: Any) -> frozenset[str]:
    """Return the ids of one machine or of several."""
    is_one = isinstance(machines, str) or is_object(machines) or hasattr(machines, 'id')
    several: list[Any] = [machines] if is_one else list(machines)
    found = frozenset(datacenter._find('machine', each) for each in several)
    if not found:
        raise InvalidInput('there is no machine to follow: give some, or None for all')
    return found


def _checked(sub_resources: Iterable[str]) -> tuple[str, ...]:
    names = (sub_resources,) if isinstance(sub_resources, str) else tuple(sub_resources)
    unknown = sorted(set(names) - set(SUB_RESOURCES))
    if unknown or not names:
        what = f'cannot follow {", ".join(unknown)}' if unknown else 'there is nothing to follow'
        raise InvalidInput(f'{what}: give some of {", ".join(SUB_RESOURCES)}')
    return names
