"""Which volumes a list shows: plain filters, and predicates in JSON."""

from __future__ import annotations

import json
from operator import eq, ne
from typing import Any

from smartdc.simulator.calls import Call, invalid
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.store import Doc

FILTERS = ('name', 'predicate', 'size', 'state', 'type')
_FIELDS = ('name', 'billing_id', 'type', 'state', 'tags', 'size')
_COMPARED = {'eq': eq, 'ne': ne}
_JOINED = {'and': all, 'or': any}

#: What every operation takes beside its own parameters.
_COMMON = ('account', 'as-role', 'role-tag', 'callback', 'jsonp')


def check_known(call: Call, *names: str) -> None:
    """Refuse parameters that an operation does not know."""
    unknown = [name for name in call.params if name not in names and name not in _COMMON]
    if unknown:
        raise invalid(', '.join(f'Error: invalid parameter: {name}' for name in unknown))


def fitting(call: Call, volumes: list[Doc]) -> list[Doc]:
    """Return the volumes that the filters want; failed ones want to be asked for."""
    check_known(call, *FILTERS)
    _check_values(call)
    predicate = _predicate(call)
    shows_failed = bool(call.text('state')) or predicate is not None
    return [
        volume
        for volume in volumes
        if (shows_failed or volume['state'] != 'failed')
        and _fits(call, volume)
        and (predicate is None or holds(predicate, volume))
    ]


def holds(predicate: Any, volume: Doc) -> bool:
    """Tell whether a predicate that makes sense is true of a volume."""
    ((operator, operands),) = predicate.items()
    if operator in _JOINED:
        return bool(_JOINED[operator](holds(each, volume) for each in operands))
    field, value = operands
    return bool(_COMPARED[operator](volume.get(field), value))


def _check_values(call: Call) -> None:
    size = call.text('size')
    if size and not (size.isascii() and size.isdigit() and size.strip('0')):
        raise invalid(f'Error: Volume size: {size} is not a valid volume size')
    kind = call.text('type')
    if kind and kind != 'tritonnfs':
        raise invalid(f'Error: Volume type: {kind} is not supported')
    state = call.text('state')
    if state and state not in ('creating', 'ready', 'failed', 'deleting'):
        raise invalid(f'Error: Volume state: {state} is not valid')


def _fits(call: Call, volume: Doc) -> bool:
    if not _like(call.text('name'), volume['name']):
        return False
    return all(call.text(name) in ('', str(volume[name])) for name in ('size', 'state', 'type'))


def _like(wanted: str, name: str) -> bool:
    """Compare a name with one that may have a `*` at either end."""
    part = wanted.strip('*')
    if len(wanted) > 1 and wanted.startswith('*') and wanted.endswith('*'):
        return part in name
    if wanted.startswith('*'):
        return name.endswith(part)
    if wanted.endswith('*'):
        return name.startswith(part)
    return wanted in ('', name)


def _predicate(call: Call) -> Any:
    """Return the predicate, checked, or None when there is none."""
    text = call.params.get('predicate')
    if not text:
        return None
    try:
        found = json.loads(str(text))
        fields = _checked(found)
    except (ValueError, RecursionError):
        raise invalid(f'Error: predicate: {text} is not valid JSON') from None
    for field in fields:
        if call.text(field):
            text = f'Error: predicate has "{field}" which conflicts with parameter with same name'
            raise invalid(text)
    return found


def _checked(predicate: Any) -> set[str]:
    """Return the fields that a predicate is about, or refuse it."""
    if is_object(predicate) and len(predicate) == 1:
        ((operator, operands),) = predicate.items()
        if operator in _JOINED and is_array(operands):
            return set[str]().union(*map(_checked, operands))
        is_pair = is_array(operands) and len(operands) == 2
        if operator in _COMPARED and is_pair and operands[0] in _FIELDS:
            return {operands[0]}
    raise invalid(f'Error: predicate: {json.dumps(predicate)} is not valid')
