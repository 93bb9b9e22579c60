"""The names that a data center has told of so far, for completion and tables; nothing asks here."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from smartdc.shapes import is_object

if TYPE_CHECKING:
    from smartdc.connection import Connection

#: How many names of each kind are kept; the oldest go first.
MOST = 5000

#: How the ids begin that a dry run makes up.
MADE_UP = '00000000-0000-0000-0000-'

Thing = TypeVar('Thing')


class Seen:
    """Names by id, of each kind and account."""

    def __init__(self) -> None:
        self._names: dict[Any, OrderedDict[str, str]] = {}
        self._lock = threading.Lock()

    def keep(self, kind: Any, names: Mapping[str, str]) -> None:
        """Keep names by id; what was seen last is kept longest."""
        with self._lock:
            kept = self._names.setdefault(kind, OrderedDict())
            for identifier, name in names.items():
                kept[identifier] = name
                kept.move_to_end(identifier)
            while len(kept) > MOST:
                kept.popitem(last=False)

    def name(self, kind: Any, identifier: Any) -> str | None:
        """Return the name kept under an id, None if there is none."""
        kept = self._names.get(kind)
        return None if kept is None else kept.get(identifier)

    def names(self, kind: Any) -> dict[str, str]:
        """Return what is kept of a kind, by id."""
        with self._lock:
            return dict(self._names.get(kind, ()))


def is_made_up(identifier: str) -> bool:
    """Say whether an id is that of a thing that only a dry run has."""
    return identifier.startswith(MADE_UP)


def known(connection: Connection, kind: str, thing: Thing) -> Thing:
    """Return a thing whose name is kept from now on; `kind` is the plural, such as images."""
    keep(connection, kind, [thing])
    return thing


def keep(connection: Connection, kind: str, things: Sequence[Any]) -> None:
    """Keep the names of dicts, Machines and the like; of very many, those of the last."""
    names: dict[str, str] = {}
    for thing in things[-MOST:]:
        data = getattr(thing, 'data', thing)
        if is_object(data):
            identifier, name = data.get('id'), _name(kind, data)
            if not isinstance(identifier, str) or is_made_up(identifier):
                continue
            if isinstance(name, str):
                names[identifier] = name
    _of(connection).keep((connection.act_as, kind), names)


def _name(kind: str, data: Mapping[str, Any]) -> Any:
    if kind == 'firewall rules':
        return str(data.get('id')).partition('-')[0]
    return f'{data.get("name")}@{data.get("version")}' if kind == 'images' else data.get('name')


def name_of(connection: Connection, kind: str, identifier: Any) -> str | None:
    """Return the name seen of a thing, None if it was not."""
    return _of(connection).name((connection.act_as, kind), identifier)


def names(connection: Connection, kind: str) -> dict[str, str]:
    """Return the names seen of a kind, by id.

    Those of images have their version, `name@1.0`; firewall rules have short ids.
    """
    return _of(connection).names((connection.act_as, kind))


def _of(connection: Connection) -> Seen:
    """Return the memory of a data center: it goes with it, and is shared by its copies."""
    seen: Seen = vars(connection).setdefault('_seen', Seen())
    return seen
