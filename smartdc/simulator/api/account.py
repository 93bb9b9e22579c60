"""The account itself, and its limits."""

from __future__ import annotations

from typing import Any

from smartdc.simulator import limits
from smartdc.simulator.calls import Call, Reply, invalid
from smartdc.simulator.clock import iso
from smartdc.simulator.javascript import string
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import Doc

chapter: Chapter = Chapter()

_BEFORE = ('id', 'login', 'email', 'companyName', 'firstName', 'lastName', 'address', 'postalCode')
_AFTER = ('city', 'state', 'country', 'phone')
_FIELDS = ('email', *_BEFORE[3:], *_AFTER)

#: The directory's own names for some of the fields are taken as well.
_ALIASES = {'company': 'companyName', 'givenName': 'firstName', 'sn': 'lastName'}


@chapter.get('/:account', 'GetAccount', head='HeadAccount')
def get_account(call: Call) -> Reply:
    """Answer the account."""
    return Reply(account_view(call.account))


@chapter.post('/:account', 'UpdateAccount')
def update_account(call: Call) -> Reply:
    """Change the fields that were sent; empty ones are ignored, so nothing can be blanked."""
    account = dict(call.account)
    for name, value in call.params.items():
        field = _ALIASES.get(name, name)
        if field in _FIELDS and value:
            account[field] = string(value)
    if call.params.get('triton_cns_enabled') is not None:
        account['triton_cns_enabled'] = _boolean(call, 'triton_cns_enabled')
    account['updated'] = iso(call.now)
    call.store.put('account', account)
    return Reply(account_view(account))


@chapter.get('/:account/limits', 'GetProvisioningLimits')
def get_limits(call: Call) -> Reply:
    """Answer the limits of provisioning, and what of them is used."""
    return Reply(limits.limits(call))


def account_view(account: Doc) -> dict[str, Any]:
    """Return an account as CloudAPI shows it; what is not set is left out."""
    return {
        **{name: account[name] for name in _BEFORE if account.get(name)},
        'triton_cns_enabled': bool(account.get('triton_cns_enabled')),
        **{name: account[name] for name in _AFTER if account.get(name)},
        'updated': account['updated'],
        'created': account['created'],
    }


def _boolean(call: Call, name: str) -> bool:
    value = call.params[name]
    # To Python, 1 and 0 are equal to True and False.
    if value is True or value == 'true':
        return True
    if value is False or value == 'false':
        return False
    raise invalid(f'{name} must be a boolean')
