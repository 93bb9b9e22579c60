"""Who may do what: feeds the deciding of `roles.py` with what a request asks for."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

from smartdc.simulator import aperture, roles, tagging
from smartdc.simulator.calls import Call, Caller
from smartdc.simulator.store import Doc

#: Actions on machines that policies know by a name of their own.
_FIREWALL = {
    'enable_firewall': 'enablemachinefirewall',
    'disable_firewall': 'disablemachinefirewall',
}


def authorise(call: Call) -> None:
    """Refuse with 403 what the caller may not do, and note the roles that new things are for."""
    if call.caller is None:
        raise AssertionError('a caller is found before anything is decided')
    if _acts_on_itself(call, call.caller):
        return
    decision = roles.decide(_attempt(call, call.caller), _roles(call))
    call.new_tags = [role.id for role in decision.active_roles or ()]


def _acts_on_itself(call: Call, caller: Caller) -> bool:
    """Tell whether an account deals with its own things, which takes no role."""
    return caller.user is None and bool(caller.account['id'] == call.owner)


def action(call: Call) -> str:
    """Return the name under which policies know what a request does."""
    if call.route.name == 'UpdateMachine':
        wanted = call.text('action')
        return _FIREWALL.get(wanted, f'{wanted}machine')
    if call.route.name.endswith('RoleTags'):
        return 'setroletags'
    return call.route.name.lower()


def _attempt(call: Call, caller: Caller) -> roles.Attempt:
    path = tagging.resource(call)
    asked = parse_qs(call.request.query).get('as-role')
    return roles.Attempt(
        account=_account(caller.account),
        user=None if caller.user is None else _user(caller.user),
        owner=_account(call.account),
        action=action(call),
        resource=path,
        method=call.request.method,
        as_role=','.join(asked) if asked else None,
        role_tags=tagging.role_ids(call, path),
        now=call.now,
        source_ip=call.request.peer or None,
        user_agent=call.request.headers.get('user-agent'),
        datacenter=call.home,
        machine_ips=[nic['ip'] for nic in call.machine['nics']] if call.machine else None,
        machine_tags=call.machine.get('tags', {}),
    )


def _account(account: Doc) -> roles.Account:
    return roles.Account(
        id=str(account['id']),
        login=str(account['login']),
        operator=bool(account.get('operator')),
        role_operator=bool(account.get('role_operator')),
        approved=account.get('approved_for_provisioning', True) is not False,
        disabled=bool(account.get('disabled')),
    )


def _user(user: Doc) -> roles.User:
    return roles.User(str(user['id']), str(user['login']), bool(user.get('disabled')))


def _roles(call: Call) -> Iterator[roles.Role]:
    """Yield the roles of the account that the path names; none is looked up before it is needed."""
    rules = {
        policy['id']: [aperture.parse(rule) for rule in policy['rules']]
        for policy in call.store.find('policy', owner=call.owner)
    }
    for role in call.store.find('role', owner=call.owner):
        yield roles.Role(
            id=role['id'],
            name=role['name'],
            account=call.owner,
            rules=[rule for policy in role['policies'] for rule in rules.get(policy, ())],
            members=frozenset(member['id'] for member in role['members']),
            default_members=frozenset(role['default_members']),
        )
