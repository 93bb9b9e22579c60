"""How time passes for machines: work that is asked for now and done later.

There are no threads. Every request first settles what became due before it, in the order of time,
so that whoever looks sees what they would have seen. The jobs of one machine run one after the
other, and whether a machine is in the right state is found out when its turn comes: a job that
comes too late fails, and its audit row says so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from smartdc.simulator.calls import Call
from smartdc.simulator.clock import iso
from smartdc.simulator.cloud import new_id
from smartdc.simulator.store import Doc, Store

_FIRST = "SELECT min(due) FROM jobs WHERE success = ''"

_NEXT = """
SELECT seq, home, subject, kind, due, ends, stage, doc FROM jobs
WHERE success = '' AND due <= ? ORDER BY due, seq LIMIT 1
"""


@dataclass
class Work:
    """A job that does its work: the thing it changes, and what was asked for.

    The thing is a machine, unless the kind of job is of another kind of thing.
    """

    store: Store
    home: str
    now: float
    machine: Doc
    params: dict[str, Any]


class JobFailed(Exception):
    """The work of a job can't be done; its audit row says "no"."""


@dataclass(frozen=True)
class Kind:
    """A kind of job: the states that it needs, the states that it passes through, its work.

    With `when`, it passes through them only from those states, and leaves others as they are.
    `undo` leaves things as they are after a failure that a rule of faults asked for.
    """

    audit: str
    needs: Sequence[str]
    through: Sequence[str]
    work: Callable[[Work], None]
    of: str = 'machine'
    when: Sequence[str] = ()
    undo: Callable[[Work], None] | None = None


KINDS: dict[str, Kind] = {}


def job(
    kind: str,
    *,
    audit: str | None = None,
    needs: Sequence[str] = (),
    through: Sequence[str] = (),
    of: str = 'machine',
    when: Sequence[str] = (),
    undo: Callable[[Work], None] | None = None,
) -> Callable[[Callable[[Work], None]], Callable[[Work], None]]:
    """Say what a kind of job does, as a decorator of the function that does it.

    `audit` is its name in the audit, when that is not `kind`. Without `needs` any state will do
    but `deleted`. Without `when` it passes `through` its states from any other. `of` is the kind
    of thing that the job changes. `undo` is what is left when the job is made to fail; without it,
    the thing goes back to the state that it came from.
    """

    def register(work: Callable[[Work], None]) -> Callable[[Work], None]:
        KINDS[kind] = Kind(audit or kind, needs, through, work, of, when, undo)
        return work

    return register


def submit(call: Call, kind: str, **params: Any) -> str:
    """Ask for a job on the machine of a request, and return the job's id."""
    return submit_for(call, call.machine, kind, params)


def submit_for(call: Call, machine: Doc, kind: str, params: dict[str, Any]) -> str:
    """Ask for a job on a machine, after all that was asked for it before."""
    row = call.store.execute(
        "SELECT max(ends) FROM jobs WHERE home = ? AND subject = ? AND success = ''",
        call.home,
        machine['id'],
    ).fetchone()
    starts = call.now if row[0] is None else max(call.now, row[0])
    ends, fate = starts + call.cloud.job_time, {}
    rule = call.cloud.faults.pick_job(call.names)
    if rule is not None:
        ends = math.inf if rule.job == 'hang' else ends + rule.job_delay
        fate = {'fails': True} if rule.job == 'fail' else {}
    job_id = new_id()
    call.store.execute(
        'INSERT INTO jobs (id, home, subject, kind, due, ends, stage, success, doc) '
        "VALUES (?, ?, ?, ?, ?, ?, 0, '', ?)",
        job_id,
        call.home,
        machine['id'],
        kind,
        starts,
        ends,
        json.dumps({'params': params, 'caller': caller(call), 'starts': starts, **fate}),
    )
    return job_id


def caller(call: Call) -> dict[str, str]:
    """Return who asks, as the audit shows it."""
    key_id = call.caller.key_id if call.caller else ''
    return {'type': 'signature', 'ip': call.request.peer, 'keyId': key_id}


def pending(call: Call, kind: str) -> bool:
    """Tell whether a job of this kind is still to finish on the machine of a request."""
    row = call.store.execute(
        "SELECT 1 FROM jobs WHERE home = ? AND subject = ? AND kind = ? AND success = ''",
        call.home,
        call.machine['id'],
        kind,
    ).fetchone()
    return row is not None


def audit(call: Call) -> list[dict[str, Any]]:
    """Return the finished jobs of the machine of a request, newest first."""
    rows = call.store.execute(
        'SELECT kind, ends, success, doc FROM jobs '
        "WHERE home = ? AND subject = ? AND success <> '' ORDER BY ends DESC, seq DESC",
        call.home,
        call.machine['id'],
    )
    return [
        {
            'success': success,
            'time': iso(ends),
            'action': KINDS[kind].audit,
            'caller': json.loads(doc)['caller'],
        }
        for kind, ends, success, doc in rows
    ]


def ends(call: Call, *kinds: str) -> float | None:
    """Return when the last unfinished job of some kinds ends on the machine of a request."""
    marks = ', '.join('?' * len(kinds))
    row = call.store.execute(
        'SELECT max(ends) FROM jobs WHERE home = ? AND subject = ? '  # noqa: S608
        f"AND success = '' AND kind IN ({marks})",
        call.home,
        call.machine['id'],
        *kinds,
    ).fetchone()
    found: float | None = row[0]
    return found


def cancel(call: Call, *kinds: str) -> None:
    """Give up the unfinished jobs of some kinds on the machine of a request."""
    marks = ', '.join('?' * len(kinds))
    call.store.execute(
        "UPDATE jobs SET success = 'no', ends = ? WHERE home = ? AND subject = ? "  # noqa: S608
        f"AND success = '' AND kind IN ({marks})",
        call.now,
        call.home,
        call.machine['id'],
        *kinds,
    )


@dataclass
class _Row:
    """A job as it stands in the store."""

    seq: int
    home: str
    subject: str
    kind: str
    due: float
    ends: float
    stage: int
    doc: Doc


def settle(store: Store, now: float) -> None:
    """Let everything happen that is due by now."""
    first: float | None = store.recall('job', 'due', lambda: store.execute(_FIRST).fetchone()[0])
    while first is not None and first <= now:
        found = store.execute(_NEXT, now).fetchone()
        if found is None:
            return
        seq, home, subject, kind, due, ends, stage, doc = found
        row = _Row(seq, home, subject, kind, due, ends, stage, json.loads(doc))
        _advance(store, row)


def _advance(store: Store, row: _Row) -> None:
    """Take a job one step further: begin it, pass a state, or finish it."""
    kind = KINDS[row.kind]
    machine = store.get(kind.of, row.subject, home=row.home)
    if machine is None:
        _finish(store, row, 'no')
    elif row.stage > max(1, len(kind.through)) - 1 or row.doc.get('late'):
        _complete(store, row, kind, machine)
    elif row.stage == 0 and not _fits(kind, machine):
        _wait(store, row, row.ends, {**row.doc, 'late': True})
    else:
        _pass(store, row, kind, machine)


def _fits(kind: Kind, machine: Doc) -> bool:
    if kind.needs:
        return machine['state'] in kind.needs
    return bool(machine['state'] != 'deleted')


def _pass(store: Store, row: _Row, kind: Kind, machine: Doc) -> None:
    """Put the machine into the next state on the way, and wait until that is over."""
    if row.stage == 0 and kind.when and machine['state'] not in kind.when:
        row.doc['still'] = True
    if row.stage == 0:
        row.doc['was'] = machine.get('state')
    if kind.through and not row.doc.get('still'):
        machine['state'] = kind.through[row.stage]
        store.put(kind.of, machine, home=row.home)
    stages = max(1, len(kind.through))
    starts = row.doc['starts']
    last = row.stage + 1 == stages
    due = row.ends if last else starts + (row.ends - starts) * (row.stage + 1) / stages
    _wait(store, row, due, row.doc)


def _wait(store: Store, row: _Row, due: float, doc: Doc) -> None:
    store.execute(
        'UPDATE jobs SET due = ?, stage = stage + 1, doc = ? WHERE seq = ?',
        due,
        json.dumps(doc),
        row.seq,
    )


def _complete(store: Store, row: _Row, kind: Kind, machine: Doc) -> None:
    """Do the work, unless the job came too late."""
    if row.doc.get('late'):
        _finish(store, row, 'no')
        return
    work = Work(store, row.home, row.ends, machine, row.doc['params'])
    if row.doc.get('fails'):
        _fail(work, row, kind)
        return
    try:
        kind.work(work)
    except JobFailed:
        _finish(store, row, 'no')
        return
    machine['updated'] = iso(row.ends)
    store.put(kind.of, machine, home=row.home)
    _finish(store, row, 'yes')


def _fail(work: Work, row: _Row, kind: Kind) -> None:
    """Leave what a job leaves that was made to fail."""
    thing = work.machine
    thing['state'] = row.doc['was']
    if kind.undo is not None:
        kind.undo(work)
    thing['updated'] = iso(work.now)
    work.store.put(kind.of, thing, home=work.home)
    _finish(work.store, row, 'no')


def _finish(store: Store, row: _Row, success: str) -> None:
    store.execute('UPDATE jobs SET success = ? WHERE seq = ?', success, row.seq)
