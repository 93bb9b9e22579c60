"""The stream of changes of machines: who follows it, and what has changed.

While somebody follows, the database itself keeps a log of what is written to machines. So no
change is overlooked, whoever makes it, and what a refused request had written is not told.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from smartdc.simulator.calls import is_uuid
from smartdc.simulator.shapes import are_texts, is_array, is_object
from smartdc.simulator.store import Doc, Store
from smartdc.simulator.upgrade import Send

#: What can be followed of a machine, and the field of its document that it is.
FIELDS = {
    'alias': 'name',
    'customer_metadata': 'metadata',
    'nics': 'nics',
    'owner_uuid': 'owner',
    'server_uuid': 'compute_node',
    'state': 'state',
    'tags': 'tags',
}
SUB_RESOURCES = frozenset({*FIELDS, 'destroyed'})

#: States as the machine's own server calls them, where CloudAPI has another word.
_RAW = {
    'stopping': 'shutting_down',
    'deleted': 'destroyed',
    'offline': 'unreachable',
}

_LOG = (
    'CREATE TEMP TABLE IF NOT EXISTS changes '
    '(seq INTEGER PRIMARY KEY, home TEXT, old TEXT, new TEXT)',
    'CREATE TEMP TRIGGER IF NOT EXISTS machine_made AFTER INSERT ON main.things '
    "WHEN NEW.kind = 'machine' "
    'BEGIN INSERT INTO changes (home, new) VALUES (NEW.home, NEW.doc); END',
    'CREATE TEMP TRIGGER IF NOT EXISTS machine_changed AFTER UPDATE ON main.things '
    "WHEN NEW.kind = 'machine' "
    'BEGIN INSERT INTO changes (home, old, new) VALUES (NEW.home, OLD.doc, NEW.doc); END',
)
_NO_LOG = (
    'DROP TRIGGER IF EXISTS temp.machine_made',
    'DROP TRIGGER IF EXISTS temp.machine_changed',
    'DROP TABLE IF EXISTS temp.changes',
)


@dataclass(frozen=True)
class Subscription:
    """What a client wants to hear of; `machines` None means all."""

    sub_resources: frozenset[str]
    machines: frozenset[str] | None

    @classmethod
    def read(cls, message: str | bytes) -> Subscription | None:
        """Return what a message asks for; None when it makes no sense."""
        try:
            asked = json.loads(message)
        except ValueError:
            return None
        if not is_object(asked) or asked.get('resource') != 'vm':
            return None
        wanted, machines = asked.get('subResources'), asked.get('vms')
        if not are_texts(wanted):
            return None
        if not SUB_RESOURCES.issuperset(wanted):
            return None
        if machines is None:
            return cls(frozenset(wanted), None)
        if not is_array(machines) or not all(map(is_uuid, machines)):
            return None
        return cls(frozenset(wanted), frozenset(each.lower() for each in machines))

    def fits(self, machine: str, changed: frozenset[str]) -> bool:
        """Tell whether a change of a machine is among what is wanted."""
        of_it = self.machines is None or machine in self.machines
        return of_it and not self.sub_resources.isdisjoint(changed)


class Feed:
    """One client that follows the machines of an account in a data center.

    `show` makes of a stored machine what the client may see of it. The last message that makes
    sense says what is followed; until there is one nothing is sent.
    """

    def __init__(self, feeds: Feeds, home: str, owner: str, show: Callable[[Doc], Any]) -> None:
        self.home = home
        self.owner = owner
        self.show = show
        self.subscription: Subscription | None = None
        self._feeds = feeds
        self._send: Send | None = None
        self._drop: Callable[[], None] | None = None

    def opened(self, send: Send, drop: Callable[[], None]) -> None:
        """Begin to be told of changes."""
        self._send, self._drop = send, drop
        self._feeds.add(self)

    def receive(self, message: str | bytes) -> None:
        """Follow what the client asks for."""
        found = Subscription.read(message)
        if found is not None:
            self._feeds.follow(self, found)

    def closed(self) -> None:
        """Be told no more."""
        self._feeds.remove(self)

    def push(self, message: str) -> None:
        """Send the client a message."""
        if self._send is not None:
            self._send(message)

    def drop(self) -> None:
        """Break the connection off."""
        if self._drop is not None:
            self._drop()


class Feeds:
    """All clients that follow changes, in all data centers of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: list[Feed] = []

    def add(self, feed: Feed) -> None:
        """Let a client be told of what changes from now on."""
        with self._store.exclusive():
            self._switch(on=True)
            self._open.append(feed)

    def remove(self, feed: Feed) -> None:
        """Forget a client."""
        with self._store.exclusive():
            if feed in self._open:
                self._open.remove(feed)
                self._switch(on=bool(self._open))

    def follow(self, feed: Feed, subscription: Subscription) -> None:
        """Change what a client is told of."""
        with self._store.exclusive():
            feed.subscription = subscription

    def drop(self) -> int:
        """Break all connections off, and return how many there were."""
        with self._store.exclusive():
            dropped, self._open = self._open, []
            self._switch(on=False)
        for feed in dropped:
            feed.drop()
        return len(dropped)

    def following(self) -> list[Subscription]:
        """Return what the clients follow, those that have said so."""
        with self._store.exclusive():
            return [feed.subscription for feed in self._open if feed.subscription is not None]

    def publish(self, now: float) -> None:
        """Tell everybody who wants to know what has changed since the last time."""
        with self._store.exclusive():
            if not self._open:
                return
            rows = self._store.execute('SELECT home, old, new FROM temp.changes ORDER BY seq')
            changes = rows.fetchall()
            if changes:
                self._store.execute('DELETE FROM temp.changes')
            for home, old, new in changes:
                self._tell(home, json.loads(old or '{}'), json.loads(new), now)

    def _tell(self, home: str, old: Doc, machine: Doc, now: float) -> None:
        changed = differences(old, machine)
        for feed in self._open:
            wanted = feed.subscription
            if wanted is None or (feed.home, feed.owner) != (home, machine['owner']):
                continue
            if wanted.fits(machine['id'], changed):
                feed.push(message(machine, changed, feed.show(machine), now))

    def _switch(self, *, on: bool) -> None:
        for statement in _LOG if on else _NO_LOG:
            self._store.execute(statement)


def differences(old: Doc, new: Doc) -> frozenset[str]:
    """Return which sub-resources of a machine differ; all that it has when it is new."""
    found = {name for name, field in FIELDS.items() if old.get(field) != new.get(field)}
    if new['state'] == 'deleted' != old.get('state'):
        found.add('destroyed')
    return frozenset(found)


def message(machine: Doc, changed: frozenset[str], shown: Any, now: float) -> str:
    """Return what a client is sent about a change."""
    state = str(machine['state'])
    told = {
        'changedResourceId': machine['id'],
        'published': str(round(now * 1000)),
        'changeKind': {'resource': 'vm', 'subResources': sorted(changed)},
        'resourceState': _RAW.get(state, state),
        'resourceObject': shown,
    }
    return json.dumps(told, separators=(',', ':'), ensure_ascii=False)
