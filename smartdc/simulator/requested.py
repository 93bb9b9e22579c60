"""What was asked of a simulator, and a text that helps when it was something else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

from smartdc.simulator import operations
from smartdc.simulator.cloud import Record
from smartdc.simulator.shapes import is_object

_SIGNATURE = re.compile('(signature=)[^&]*', re.IGNORECASE)
_SECRET = re.compile('password|_pw$|secret', re.IGNORECASE)
#: How many requests a report lists at most, and how many near misses.
_LISTED = 40
_NEAREST = 3
#: How like another name one has to be, for a slip of the pen.
_ALIKE = 0.7


class RequestMismatch(AssertionError):
    """What was expected to be asked was not; the text shows what was asked instead."""


@dataclass(frozen=True)
class Expected:
    """What requests have to be like; what is None does not matter.

    `path` is the part after the account, `/machines/*`, in which `*` stands for anything. Of
    `query` and `body` only the fields that are named have to be so.
    """

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    datacenter: str | None = None
    status: int | None = None

    def __str__(self) -> str:
        parts = [
            f'{name} {value!r}'
            for name, value in vars(self).items()
            if name != 'operation' and value not in (None, {})
        ]
        return ' with '.join(filter(None, (self.operation or 'a request', ', '.join(parts))))


def names(record: Record) -> Sequence[str]:
    """Return what a request's operation is called, the documentation's name first."""
    path = record.target.partition('?')[0]
    return operations.names_of(record.operation, str(_params(record).get('action')), path)


def check(records: Sequence[Record], expected: Expected, count: int | None) -> list[Record]:
    """Return the requests that are as expected, or raise RequestMismatch.

    `count` is how many there have to be, None for one or more.
    """
    __tracebackhide__ = True
    fits = [record for record in records if not any(_differences(record, expected))]
    if len(fits) == count or (count is None and fits):
        return fits
    wanted = 'one or more' if count is None else str(count)
    lines = [f'expected {expected}: {wanted}, but there were {len(fits)}']
    lines += _unknown(expected.operation)
    lines += _nearest(records, expected)
    lines += ['', 'what came in:', *log(records)] if records else ['', 'nothing came in']
    raise RequestMismatch('\n'.join(lines))


def log(records: Sequence[Record]) -> list[str]:
    """Return a line for each of the newest requests: number, verb, target, operation, answer."""
    left_out = max(len(records) - _LISTED, 0)
    lines = [_line(number, record) for number, record in enumerate(records, 1)][left_out:]
    return [f'  ... {left_out} earlier ones', *lines] if left_out else lines


def _line(number: int, record: Record) -> str:
    target = _SIGNATURE.sub(r'\1***', record.target)
    lost = '' if record.outcome == 'reply' else f', {record.outcome}'
    code = f' {_json(record.reply).get("code", "")}' if record.status >= 400 else ''
    answer = f'{record.status}{code.rstrip()}{lost}'
    return f'  {number}. {record.datacenter} {record.method} {target} {names(record)[0]}: {answer}'


def _differences(record: Record, expected: Expected) -> Iterator[str]:
    """Yield what is not as expected, the operation first."""
    if expected.operation not in (None, *names(record)):
        yield f'the operation is {names(record)[0]}, not {expected.operation}'
    for name in ('method', 'datacenter', 'status'):
        found, wanted = getattr(record, name), getattr(expected, name)
        if wanted not in (None, found):
            yield f'the {name} is {found!r}, not {wanted!r}'
    path = '/' + record.target.partition('?')[0].lstrip('/').partition('/')[2]
    if expected.path is not None and not fnmatchcase(path, expected.path):
        yield f'the path is {path!r}, not {expected.path!r}'
    yield from _unlike('query', _query(record), expected.query)
    yield from _unlike('body', _json(record.body), expected.body)


def _unlike(place: str, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in found:
            yield f'the {place} has no {name!r}'
        elif found[name] != value:
            is_secret = _SECRET.search(name)
            values = 'another one' if is_secret else f'{found[name]!r}, not {value!r}'
            yield f'{name!r} in the {place} is {values}'


def _unknown(operation: str | None) -> list[str]:
    """Return a line for an operation that there is not."""
    known = operations.known()
    if operation is None or operation in known:
        return []
    alike = get_close_matches(operation, sorted(known), cutoff=_ALIKE)
    hint = f'; there is {", ".join(alike)}' if alike else ''
    return [f'CloudAPI has no operation {operation!r}{hint}']


def _nearest(records: Sequence[Record], expected: Expected) -> list[str]:
    """Return the near misses, and why each is one."""
    misses: list[tuple[int, float, int, Record, list[str]]] = []
    for number, record in enumerate(records, 1):
        reasons = list(_differences(record, expected))
        likeness = _likeness(record, expected)
        if reasons and (likeness == 1 or (likeness >= _ALIKE and len(reasons) == 1)):
            misses.append((len(reasons), -likeness, number, record, reasons))
    misses.sort(key=lambda miss: miss[:3])
    lines: list[str] = []
    for _, _, number, record, reasons in misses[:_NEAREST]:
        lines += [_line(number, record), *(f'       {reason}' for reason in reasons)]
    return ['', 'near misses:', *lines] if lines else []


def _likeness(record: Record, expected: Expected) -> float:
    """Return how like the expected operation's name a request's is, from 0 to 1."""
    wanted = expected.operation
    if wanted is None:
        return 1
    return max(SequenceMatcher(None, name, wanted).ratio() for name in names(record))


def _params(record: Record) -> dict[str, Any]:
    return {**_query(record), **_json(record.body)}


def _query(record: Record) -> dict[str, Any]:
    return dict(parse_qsl(record.target.partition('?')[2], keep_blank_values=True))


def _json(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if is_object(found) else {}
