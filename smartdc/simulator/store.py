"""The simulator's memory: one SQLite database, one connection, one writer.

Everything is a *thing*: a JSON document with a kind, an id, and perhaps an owner and a name. What
a data center has of its own lives in that data center's `home`; what all of them share (accounts,
keys) has the empty home. One request is one transaction.

A state file survives the death of the process at any moment; it is not synced at each write, so
what a power cut takes is not promised.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

Doc = dict[str, Any]
Found = TypeVar('Found')

SCHEMA_VERSION = 1

#: The states of machines that no list shows by default, and whose names are free again.
DEAD = ('deleted', 'failed')

#: Machines that lists show by default; the partial index below needs these very words.
ALIVE = f"kind = 'machine' AND json_extract(doc, '$.state') NOT IN {DEAD}"

_SCHEMA = f"""
CREATE TABLE things (
    kind TEXT NOT NULL, home TEXT NOT NULL, owner TEXT NOT NULL,
    id TEXT NOT NULL, name TEXT NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (kind, home, id)
);
CREATE INDEX things_by_owner ON things (kind, home, owner, id);
CREATE INDEX things_by_name ON things (kind, home, owner, name);
CREATE INDEX machines_alive ON things (kind, home, owner, id) WHERE {ALIVE};
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, home TEXT NOT NULL, subject TEXT NOT NULL,
    kind TEXT NOT NULL, due REAL NOT NULL, ends REAL NOT NULL, stage INTEGER NOT NULL,
    success TEXT NOT NULL, doc TEXT NOT NULL
);
CREATE INDEX jobs_due ON jobs (due, seq) WHERE success = '';
CREATE INDEX jobs_by_subject ON jobs (home, subject, ends);
"""

_GET = 'SELECT doc FROM things WHERE kind = ? AND home = ? AND id = ?'

# Not INSERT OR REPLACE: a thing that changes keeps its place in the order of lists.
_UPSERT = """
INSERT INTO things (kind, home, owner, id, name, doc) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, home, id)
DO UPDATE SET owner = excluded.owner, name = excluded.name, doc = excluded.doc
"""


#: How much of each kind is recalled before all of that is found out anew.
_RECALLED = 1_000
_NOTHING: Any = object()
_EMPTY: dict[Hashable, Any] = {}

_DECODER = json.JSONDecoder()


class StateFileError(Exception):
    """A state file that can't be used; the message names the file and says why."""


@dataclass
class Where:
    """Conditions on things, in SQL; every method narrows them further and returns `self`."""

    terms: list[str] = field(default_factory=list[str])
    values: list[Any] = field(default_factory=list[Any])

    def add(self, term: str, *values: Any) -> Where:
        """Add a condition with a question mark for each value."""
        self.terms.append(term)
        self.values.extend(values)
        return self

    def equals(self, path: str, value: Any) -> Where:
        """Want a field of the document, `$.image`, to be this."""
        return self.add(f"json_extract(doc, '{path}') = ?", value)

    def starts(self, prefix: str) -> Where:
        """Want a name that starts so."""
        return self.add('name >= ? AND name < ?', prefix, f'{prefix}\U0010ffff')

    def holds(self, path: str, key: str, text: str) -> Where:
        """Want an entry of a map, `$.tags`, whose value is written like this."""
        return self.add(
            f"EXISTS (SELECT 1 FROM json_each(doc, '{path}') AS entry WHERE entry.key = ? AND "  # noqa: S608
            "CASE entry.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
            'ELSE CAST(entry.value AS TEXT) END = ?)',
            key,
            text,
        )


class Store:
    """Things and jobs, in memory or in a file.

    Hold `transaction()` around everything that belongs together. It may be entered from any
    thread, one at a time; it nests by leaving the commit to the outermost one.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._recalled: dict[str, dict[Hashable, Any]] = {}
        self._path = path
        try:
            self._db = sqlite3.connect(
                ':memory:' if path is None else path,
                timeout=1,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            raise _unusable(path, error) from None
        # A store that nobody closes goes with its last user, without a complaint.
        weakref.finalize(self, self._db.close)
        try:
            self._open()
        except sqlite3.Error as error:
            self._db.close()
            raise _unusable(path, error) from None
        except StateFileError:
            self._db.close()
            raise

    def _open(self) -> None:
        self._db.execute('PRAGMA locking_mode = EXCLUSIVE')
        self._db.execute('PRAGMA journal_mode = WAL')
        self._db.execute('PRAGMA synchronous = NORMAL')
        (version,) = self._db.execute('PRAGMA user_version').fetchone()
        tables = self._db.execute('SELECT count(*) FROM sqlite_master').fetchone()[0]
        if version == 0 and tables == 0:
            script = f'BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;'
            self._db.executescript(script)
        elif version != SCHEMA_VERSION:
            raise StateFileError(
                f'{self._path} was written by another version of the simulator '
                f'(schema {version}, this one reads {SCHEMA_VERSION}); remove it to start anew'
            )

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def exclusive(self) -> AbstractContextManager[bool]:
        """Keep all other threads out."""
        return self._lock

    def transaction(self) -> AbstractContextManager[None]:
        """Keep everything that happens inside, or, when it raises, nothing of it."""
        return self

    @contextmanager
    def foresight(self) -> Generator[None]:
        """Let things happen inside, and take them back at the end."""
        with self._lock:
            self.execute('SAVEPOINT foresight')
            try:
                yield
            finally:
                self.execute('ROLLBACK TO foresight')
                self.execute('RELEASE foresight')
                self._recalled.clear()

    # Entered by way of transaction(), which would take ten times as long as a generator.

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if self._depth == 1:
                self._end('COMMIT' if kind is None else 'ROLLBACK')
        finally:
            self._depth -= 1
            self._lock.release()

    def _begin(self) -> None:
        # Most transactions only read. There is nobody else who could write meanwhile, so that only
        # those that write are begun and ended in the database.
        if self._depth and not self._db.in_transaction:
            self._db.execute('BEGIN IMMEDIATE')

    def _end(self, how: str) -> None:
        if self._db.in_transaction:
            self._db.execute(how)
            if how == 'ROLLBACK':
                self._recalled.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.execute('DELETE FROM things')
        self.execute('DELETE FROM jobs')

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Run one statement; what is about jobs is written where jobs are understood."""
        with self._lock:
            if not sql.lstrip().startswith('SELECT'):
                self._begin()
                # Which things a statement changes, only who wrote it knows.
                forgotten = [*self._recalled] if 'things' in sql else ['job']
                for kind in forgotten:
                    self._recalled.pop(kind, None)
            return self._db.execute(sql, values)

    def recall(self, kind: str, key: Hashable, find: Callable[[], Found]) -> Found:
        """Return what `find` finds out about things of one kind, anew once any of them changes.

        Several callers share what is found, so that nobody may change it.
        """
        found = self._recalled.get(kind, _EMPTY).get(key, _NOTHING)
        return self._learn(kind, key, find) if found is _NOTHING else found

    def _learn(self, kind: str, key: Hashable, find: Callable[[], Found]) -> Found:
        with self._lock:
            known = self._recalled.setdefault(kind, {})
            if len(known) >= _RECALLED:
                known.clear()
            found = known[key] = find()
            return found

    def put(self, kind: str, doc: Doc, *, home: str = '') -> None:
        """Keep a document under its `id`, with its `owner` and `name` to find it by."""
        self.put_all(kind, [doc], home=home)

    def put_all(self, kind: str, docs: Iterable[Doc], *, home: str = '') -> None:
        """Keep many documents."""
        rows = [
            (kind, home, doc.get('owner', ''), doc['id'], doc.get('name', ''), json.dumps(doc))
            for doc in docs
        ]
        with self._lock:
            self._begin()
            self._db.executemany(_UPSERT, rows)
            self._recalled.pop(kind, None)

    def get(self, kind: str, id: str, *, home: str = '') -> Doc | None:
        """Return the document with this id."""
        with self._lock:
            row = self._db.execute(_GET, (kind, home, id)).fetchone()
        return None if row is None else _document(row[0])

    def delete(self, kind: str, id: str, *, home: str = '') -> None:
        """Forget the document with this id, if there is one."""
        self.execute('DELETE FROM things WHERE kind = ? AND home = ? AND id = ?', kind, home, id)

    def find(
        self,
        kind: str,
        *,
        home: str = '',
        owner: str | None = None,
        name: str | None = None,
    ) -> list[Doc]:
        """Return all documents of a kind, in the order they came in, perhaps of one owner."""
        where = Where()
        if owner is not None:
            where.add('owner = ?', owner)
        if name is not None:
            where.add('name = ?', name)
        return self.select(kind, where, home=home, order='rowid')

    def select(
        self,
        kind: str,
        where: Where,
        *,
        home: str = '',
        order: str = 'id DESC',
        limit: int = -1,
    ) -> list[Doc]:
        """Return the documents that the conditions admit, or the first of them."""
        terms = ' AND '.join(['kind = ?', 'home = ?', *where.terms])
        sql = f'SELECT doc FROM things WHERE {terms} ORDER BY {order} LIMIT ?'  # noqa: S608
        rows = self.execute(sql, kind, home, *where.values, limit)
        return [_document(doc) for (doc,) in rows]

    def page(
        self, kind: str, where: Where, *, home: str = '', limit: int, offset: int
    ) -> list[Doc]:
        """Return a page of what the conditions admit, by id, descending.

        Counting up to an offset takes long where there is much. So it is kept where a page has
        ended, until a thing of that kind changes, and the page after it begins there.
        """
        terms = ' AND '.join(['kind = ?', 'home = ?', *where.terms])
        values = (kind, home, *where.values)
        with self._lock:
            last = self._recalled.get(kind, _EMPTY).get((terms, values, offset))
            after, given = ('', ()) if last is None else (' AND id < ?', (last,))
            rows = self.execute(
                f'SELECT id, doc FROM things WHERE {terms}{after} '  # noqa: S608
                'ORDER BY id DESC LIMIT ? OFFSET ?',
                *values,
                *given,
                limit,
                offset if last is None else 0,
            ).fetchall()
            if len(rows) == limit:
                self._learn(kind, (terms, values, offset + limit), lambda: rows[-1][0])
        return [_document(doc) for _, doc in rows]


def _document(text: str) -> Doc:
    """Return a document as it was written; nothing stands around it."""
    found: Doc = _DECODER.raw_decode(text)[0]
    return found


def _unusable(path: str | Path | None, error: sqlite3.Error) -> StateFileError:
    return StateFileError(f'cannot use {path} as a state file: {error}')


def first(docs: Sequence[Doc]) -> Doc | None:
    """Return the first document, None when there is none."""
    return docs[0] if docs else None
