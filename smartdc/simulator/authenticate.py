"""Who sent a request: the signature checked against the keys of the account it names."""

from __future__ import annotations

import json

from smartdc.simulator import accounts, versions
from smartdc.simulator.calls import Call, Caller
from smartdc.simulator.shapes import is_object
from smartdc.simulator.signature import Claim, KeyId, parse_key_id
from smartdc.simulator.wire import Refusal


def authenticate(call: Call, claim: Claim | None) -> Caller:
    """Return who signed a request, or refuse with 401."""
    if claim is None:
        text = 'You must make authenticated requests to use CloudAPI'
        raise Refusal(401, 'InvalidCredentials', text)
    ref = parse_key_id(claim.key_id, versions.reaches(call.asked, '7.2.0'))
    caller = _owner_of(call, claim.key_id, ref)
    owner = caller.account if caller.user is None else caller.user
    key = accounts.find_key(call.store, str(owner['id']), ref.key)
    if key is None or not claim.verify(str(key['key'])):
        raise _unknown()
    _check_token(call)
    return caller


def check_enabled(caller: Caller) -> None:
    """Refuse an account, or a sub-user, that is disabled."""
    if caller.account.get('disabled') or (caller.user or {}).get('disabled'):
        raise Refusal(403, 'NotAuthorized', 'Account or user is disabled')


def _check_token(call: Call) -> None:
    """Refuse a token of an application: there is no service here that could have made it."""
    token = call.request.headers.get('x-auth-token')
    if not token:
        return
    try:
        found = json.loads(token)
    except (ValueError, RecursionError):
        raise _unknown() from None
    if not is_object(found):
        raise _unknown()
    text = 'The token provided is not authorized for this application'
    raise Refusal(401, 'InvalidCredentials', text)


def _owner_of(call: Call, key_id: str, ref: KeyId) -> Caller:
    """Return the account, and the sub-user, that a keyId names."""
    account = accounts.find_account(call.store, ref.login)
    if account is None:
        raise _unknown()
    if ref.user is None:
        return Caller(account, key_id)
    user = accounts.find_user(call.store, str(account['id']), ref.user)
    if user is None:
        raise _unknown()
    return Caller(account, key_id, user)


def _unknown() -> Refusal:
    return Refusal(401, 'InvalidCredentials', 'Invalid authorization credentials supplied')
