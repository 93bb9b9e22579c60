"""The table of CloudAPI's operations, and which of them stand for others."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / 'data'

#: Arguments that the table names in other words, or that no caller gives.
NOT_NAMES = {'OpenAPI', 'role-tag n/a', 'any string/number/bool map', 'map str->str', 'map'}
RENAMED = {
    'metadata.<k>': 'metadata.a',
    'tag.<k>': 'tag.a',
    'password/administrator_pw': 'administrator_pw',
}

#: `disk` is the machine's size, as it was in 0.2.0, so that one disk is got by another name.
RENAMED_METHODS = {'GetMachineDisk': 'Machine.get_disk'}


@dataclass(frozen=True)
class Operation:
    """An operation: its name, verb, path pattern, arguments, OpenAPI id and Python name."""

    name: str
    method: str
    path: str
    query: tuple[str, ...]
    body: tuple[str, ...]
    openapi: str
    python: str

    @property
    def is_left_out(self) -> bool:
        """Whether the table gives a reason to leave it out."""
        return self.python.startswith('(')

    def matches(self, method: str, path: str) -> bool:
        """Say whether a request is one for this operation."""
        pattern = re.sub(r':\w+', '[^/]+', self.path.partition('?')[0])
        return method == self.method and re.fullmatch(pattern, path) is not None


@cache
def operations() -> list[Operation]:
    """Return all operations in the table's order."""
    names = {row['operation']: row['python'] for row in _rows('names')}
    return [
        Operation(
            row['operation'],
            row['method'],
            row['path'],
            _arguments(row['query_params']),
            _arguments(row['body_params']),
            row['openapi_operationId'],
            names[row['operation']],
        )
        for row in _rows('operations')
    ]


def _rows(table: str) -> list[dict[str, str]]:
    with (DATA / f'{table}.tsv').open(encoding='utf-8', newline='') as lines:
        return list(csv.DictReader(lines, delimiter='\t', quoting=csv.QUOTE_NONE))


def _arguments(cell: str) -> tuple[str, ...]:
    """Return the names in a cell such as `name*:str, disks:[{size}], state:a|b`."""
    bare = cell
    while bare != (bare := re.sub(r'\([^()]*\)|\{[^{}]*\}|\[[^\[\]]*\]', '', cell)):
        cell = bare
    names = [re.split(r'[:*=|]| \+', part.strip())[0].strip() for part in bare.split(',')]
    return tuple(RENAMED.get(n, n) for n in names if n and n != '-' and n not in NOT_NAMES)
