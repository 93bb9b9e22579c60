"""Limits of provisioning: how much an account may have, by its world or its data center's.

`"limits": [{"by": "machines", "value": 25}, {"by": "ram", "value": 8192, "check": "os", "os":
"linux"}]`: `by` is machines, ram (MiB) or quota (GiB of disk); `check` narrows it to a brand, an
image or an operating system. An account's limit wins over its data center's of the same kind.
"""

from __future__ import annotations

from typing import Any

from smartdc.simulator.calls import Call
from smartdc.simulator.store import ALIVE, Doc, Where
from smartdc.simulator.wire import Refusal

_MIB_IN_GIB = 1024


def limits(call: Call) -> list[Doc]:
    """Return the limits of the account of a request, each with how much of it is used."""
    found = _limits(call)
    machines = _machines(call) if found else []
    return [{**limit, 'used': _used(call, limit, machines)} for limit in found]


def check_create(call: Call, machine: Doc) -> None:
    """Refuse a new machine that exceeds a limit."""
    found = [limit for limit in _limits(call) if _counts(call, limit, machine)]
    if found:
        machines = _machines(call)
        for limit in found:
            _check(limit, _used(call, limit, machines), _amount(limit, machine))


def check_resize(call: Call, machine: Doc, package: Doc) -> None:
    """Refuse a package that makes a machine exceed a limit."""
    new = {**machine, 'memory': package['memory'], 'disk': package['disk']}
    machines = _machines(call)
    for limit in _limits(call):
        more = _amount(limit, new) - _amount(limit, machine)
        if more > 0 and _counts(call, limit, machine):
            _check(limit, _used(call, limit, machines), more)


def _check(limit: Doc, used: float, more: float) -> None:
    if used + more > limit['value']:
        text = 'Quota exceeded; to have your limits raised please contact Support'
        raise Refusal(403, 'NotAuthorized', text)


def _limits(call: Call) -> list[Doc]:
    """Return the limits that hold; an operator has none, and a value of 0 means no limit."""
    if call.account.get('operator'):
        return []
    own = call.account.get('limits', [])
    kinds = [_kind(limit) for limit in own]
    common = call.cloud.datacenter(call.home).get('limits', [])
    found = [*own, *(limit for limit in common if _kind(limit) not in kinds)]
    return [{'by': 'machines', **limit} for limit in found if limit['value']]


def _kind(limit: Doc) -> tuple[Any, ...]:
    check = limit.get('check')
    return limit.get('by', 'machines'), check, limit.get(check) if check else None


def _machines(call: Call) -> list[Doc]:
    where = Where().add(ALIVE).add('owner = ?', call.owner)
    return call.store.select('machine', where, home=call.home)


def _used(call: Call, limit: Doc, machines: list[Doc]) -> int:
    counted = [machine for machine in machines if _counts(call, limit, machine)]
    return int(sum(_amount(limit, machine) for machine in counted))


def _amount(limit: Doc, machine: Doc) -> float:
    """Return how much of a limit a machine uses."""
    if limit['by'] == 'ram':
        return float(machine['memory'])
    if limit['by'] == 'quota':
        return float(machine['disk'] / _MIB_IN_GIB)
    return 1.0


def _counts(call: Call, limit: Doc, machine: Doc) -> bool:
    """Tell whether a limit is about a machine."""
    check = limit.get('check')
    wanted = limit.get(check) if check else 'any'
    if wanted in (None, 'any'):
        return True
    if check == 'brand':
        return bool(machine['brand'] == wanted)
    image = call.store.get('image', machine['image'], home=call.home) or {}
    names = (image.get('os'),) if check == 'os' else (image.get('id'), image.get('name'))
    return wanted in names
