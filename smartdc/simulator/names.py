"""Which names machines may have."""

from __future__ import annotations

import re

from smartdc.simulator.calls import Call, invalid
from smartdc.simulator.store import DEAD

ALIAS = re.compile(r'[a-zA-Z0-9][a-zA-Z0-9_.-]*')

#: What fits into a file name after base64; a DNS label is shorter.
_LONGEST = 189
_LONGEST_LABEL = 63


def check_length(call: Call, name: str) -> None:
    """Refuse a name that is too long for a machine, or for the DNS if the account uses CNS."""
    if len(name) > _LONGEST:
        raise invalid(f'Name cannot be longer than {_LONGEST} characters.')
    if call.account.get('triton_cns_enabled') and len(name) > _LONGEST_LABEL:
        raise invalid(
            f'Name cannot be longer than {_LONGEST_LABEL} characters, because you have '
            'triton_cns_enabled set on your Account.'
        )


def alias_fault(call: Call, name: str) -> dict[str, str] | None:
    """Return what VMAPI has against a name: its letters, or that another machine has it."""
    if not ALIAS.fullmatch(name):
        text = f"String does not match regexp: '/^{ALIAS.pattern}$/'"
        return {'field': 'alias', 'code': 'Invalid', 'message': text}
    others = call.store.find('machine', home=call.home, owner=call.owner, name=name)
    if any(machine['state'] not in DEAD for machine in others):
        text = 'Already exists for this owner_uuid'
        return {'field': 'alias', 'code': 'Duplicate', 'message': text}
    return None
