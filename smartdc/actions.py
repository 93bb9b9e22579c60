"""What came of an action on a machine: the row that it leaves in the audit when it is done.

CloudAPI takes an action in almost any state and does it later; whether it came to something only
the audit tells. Its rows have no id. So the row of one action is known by its name, by who asked
for it, by not having been there before, and by how many of the same name were to come before it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from smartdc.answers import understood
from smartdc.chapter import MachineChapter
from smartdc.dry_run import is_collecting
from smartdc.errors import ActionFailed
from smartdc.http_signature import HTTPSignatureAuth
from smartdc.ssh_keys import parse_fingerprint
from smartdc.types import AuditEntry
from smartdc.waiting import DEFAULT_TIMEOUT, LEARNED, Wait, time_limit, wait

Rows = Sequence[AuditEntry]

#: What shows that an action is done: the machine's data.
Proof = Callable[[Mapping[str, Any]], bool]

#: For how many seconds an action that nobody waits for may be under way.
_UNDER_WAY = DEFAULT_TIMEOUT


@contextmanager
def awaited(
    machine: MachineChapter,
    action: str,
    audit: Callable[[], Rows],
    wait_for: Wait,
    proof: Proof | None = None,
) -> Generator[None]:
    """Ask for an action in the block, and wait after it until that has come to something.

    `action` is its name in the audit, which `audit` returns. With `proof` it is done when that says
    so, since not all that is done leaves a row. The machine's data are fresh then. Raises
    ActionFailed when the audit says no, WaitTimeout at the end of the time. Without waiting all
    that is done here is to remember that it was asked for.
    """
    began = machine.datacenter.clock.now()
    if wait_for is False:
        yield
        _remember(machine, action, began)
        return
    timeout = time_limit(wait_for)
    with understood():
        trace = Trace(machine, action, audit(), began)
    yield
    _remember(machine, action, began)

    def look() -> str:
        if proof is not None:
            machine.status()
            if proof(machine.data):
                return 'done'
        with understood():
            row = trace.find(audit())
            is_done = row is not None and row['success'] == 'yes'
        if row is None or (is_done and proof is not None):
            return 'under way'
        machine.status()
        return 'done' if is_done else 'failed'

    with machine._pauses(LEARNED) as sleep:
        found = wait(
            look,
            lambda seen: seen != 'under way',
            what=f'{action} of {machine._title()}',
            clock=machine.datacenter.clock,
            timeout=timeout,
            last=lambda: machine.data,
            transition=(machine.datacenter.base_url, machine.KIND, action),
            sleep=sleep,
            is_real=not is_collecting(machine.datacenter),
        )
    if found == 'failed':
        raise ActionFailed(
            f'{action} of {machine._title()} came to nothing, as its audit says: '
            f'the machine is {machine.data.get("state")}',
            machine.data,
            action,
        )


class Trace:
    """Where one action will show in a machine's audit: made before it is asked for."""

    def __init__(self, machine: MachineChapter, action: str, before: Rows, now: float) -> None:
        self._action = action
        self._since = now
        self._datacenter = machine.datacenter
        self._before = self._ours(before)
        self._earlier = self._unfinished([when for name, when in machine._asked if name == action])

    def find(self, rows: Rows) -> AuditEntry | None:
        """Return the action's row, if it is there."""
        added = _added(self._ours(rows), self._before)
        new = [row for row in added if self._is_new(row, self._since)]
        # They are done one after the other, and the newest row comes first.
        return new[-1 - self._earlier] if len(new) > self._earlier else None

    def _ours(self, rows: Rows) -> list[AuditEntry]:
        return [row for row in rows if row['action'] == self._action and self._may_be_ours(row)]

    def _may_be_ours(self, row: AuditEntry) -> bool:
        """Tell whether we can have asked for this: not if it was an operator, or another key."""
        caller = row.get('caller') or {}
        if caller.get('type') == 'operator':
            return False
        auth = self._datacenter.auth
        theirs = parse_fingerprint(str(caller.get('keyId', '')).rpartition('/')[2])
        if theirs is None or not isinstance(auth, HTTPSignatureAuth):
            return True
        return theirs == auth.key()[1].fingerprint

    def _is_new(self, row: AuditEntry, since: float) -> bool:
        return self._datacenter._is_new({'created': row['time']}, since)

    def _unfinished(self, asked: Sequence[float]) -> int:
        """Return how many of these were asked for and are not in the audit yet."""
        missing = (
            len(asked) - index - sum(self._is_new(row, when) for row in self._before)
            for index, when in enumerate(asked)
        )
        return max([0, *missing])


def _added(rows: Iterable[AuditEntry], before: Iterable[AuditEntry]) -> Iterator[AuditEntry]:
    """Yield the rows that were not there before; two may look the same."""
    left = list(before)
    for row in rows:
        if row in left:
            left.remove(row)
        else:
            yield row


def _remember(machine: MachineChapter, action: str, now: float) -> None:
    if is_collecting(machine.datacenter):
        return
    recent = tuple(each for each in machine._asked if each[1] > now - _UNDER_WAY)
    machine._asked = (*recent, (action, now))
