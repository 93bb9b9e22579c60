"""The published OpenAPI description of CloudAPI 9.20, as an oracle for answers."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DATA = Path(__file__).parent / 'data' / 'openapi-9.20.json'

_OLD_KEYS = 'access keys of 9.20 have neither an update nor a credential type'
_AT_REST = 'a disk that does not change has the state of its machine'
_ABORT = 'abort is a phase, too'

#: Where the server itself disagrees with the description: (operationId, path of the fault), why.
#: Behaviour of the server beats the description.
DISAGREEMENTS: dict[tuple[str, str], str] = {
    ('create_or_import_image', ''): 'of a new image no more is told than was sent',
    ('update_image', ''): 'export answers where the files are, and no image',
    ('list_machine_disks', '*/state'): _AT_REST,
    ('get_machine_disk', 'state'): _AT_REST,
    ('migrate', 'progress_history'): _ABORT,
    ('get_migration', 'progress_history'): _ABORT,
    ('list_migrations', '*/progress_history'): _ABORT,
    ('list_access_keys', '*'): _OLD_KEYS,
    ('get_access_key', ''): _OLD_KEYS,
    ('create_access_key', ''): _OLD_KEYS,
    ('list_user_access_keys', '*'): _OLD_KEYS,
    ('get_user_access_key', ''): _OLD_KEYS,
    ('create_user_access_key', ''): _OLD_KEYS,
}


@cache
def description() -> dict[str, Any]:
    """Return the description, its schemas turned into plain JSON Schema."""
    found: dict[str, Any] = _plain(json.loads(DATA.read_text('utf-8')))
    return found


def _plain(node: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into what JSON Schema has for it."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {name: _plain(each) for name, each in node.items()}
    if plain.pop('nullable', False) is True:
        return {'anyOf': [plain, {'type': 'null'}]}
    return plain


@cache
def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return verb, path pattern and description of each operation by its id."""
    return {
        operation['operationId']: (verb.upper(), path, operation)
        for path, verbs in description()['paths'].items()
        for verb, operation in verbs.items()
        if verb in ('get', 'put', 'post', 'delete', 'head')
    }


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], str]]:
    """Return verb, compiled path and id of each operation, the most specific path first."""
    ordered = sorted(operations().items(), key=lambda item: item[1][1].count('{'))
    return [
        (verb, re.compile(re.sub(r'\{\w+\}', '[^/]+', path)), name)
        for name, (verb, path, _) in ordered
    ]


def operation_of(method: str, path: str) -> str | None:
    """Return the id of the operation that a request is, None for one that is not described."""
    if path == '/--ping':
        return None
    for verb, pattern, name in _patterns():
        if verb == method and pattern.fullmatch(path):
            return name
    return None


@cache
def _validator(operation: str) -> Draft202012Validator | None:
    answers = operations()[operation][2]['responses']
    for status, answer in answers.items():
        content = answer.get('content', {}).get('application/json')
        if status.startswith('2') and content:
            schema = {**content['schema'], 'components': description()['components']}
            return Draft202012Validator(schema)
    return None


def faults(method: str, path: str, body: bytes) -> list[str]:
    """Return how the body of a good answer differs from its description, but for known ways."""
    operation = operation_of(method, path)
    validator = _validator(operation) if operation else None
    if operation is None or validator is None or not body:
        return []
    if operation == 'migrate' and body.count(b'\n'):
        return []  # a stream of events, which the description has as a websocket
    found = []
    for error in validator.iter_errors(json.loads(body)):
        where = '/'.join('*' if isinstance(part, int) else part for part in error.absolute_path)
        if (operation, where) not in DISAGREEMENTS:
            found.append(f'{operation}: {where or "(whole)"}: {error.message[:200]}')
    return found
