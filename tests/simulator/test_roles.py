import hashlib
from calendar import timegm
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator.aperture import DEPLOYED_TYPES, DOCUMENTED_TYPES, PolicyFault, parse
from smartdc.simulator.roles import Account, Attempt, Decision, Denial, Role, User, decide
from smartdc.simulator.wire import Refusal
from tests.simulator.tables import rows

ROWS = rows('engines/roles')
NOW = timegm((2026, 3, 4, 10, 20, 30))

#: Rows that are answered otherwise than the real server answered, each with its reason.
DIFFERENCES: dict[str, str] = {}


def role_id(account: str, name: str) -> str:
    """Return the id that the recording gave to a role."""
    text = hashlib.md5(f'{account}/{name}'.encode()).hexdigest()
    return f'{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}'


def account(recorded: dict[str, Any], login: str) -> Account:
    """Return an account of a recorded input."""
    return Account(
        id=f'account:{login}',
        login=login,
        operator=login in recorded.get('operators', ()),
        role_operator='role-operators' in recorded.get('groups', ()),
        approved=login not in recorded.get('unapproved', ()),
    )


def attempt(recorded: dict[str, Any]) -> Attempt:
    """Return what a recorded input tries."""
    user = recorded['user']
    return Attempt(
        account=account(recorded, recorded.get('caller_account', 'acme')),
        user=None if user is None else User(f'user:{user}', user),
        owner=account(recorded, 'acme'),
        action=recorded['action'],
        resource=recorded['path'],
        method=recorded.get('method', 'GET'),
        as_role=recorded.get('as_role'),
        role_tags=frozenset(role_id('acme', name) for name in recorded.get('role_tags', ())),
        now=NOW,
        source_ip=recorded.get('ip', '10.1.2.3'),
        user_agent=recorded.get('ua', 'triton/7.17.0'),
        datacenter='local',
        machine_tags=recorded.get('machine_tags', {}),
    )


def roles(recorded: dict[str, Any], member: str) -> list[Role]:
    """Return the roles of a recorded input, with the caller among their members."""
    found = []
    for role in recorded['roles']:
        owner = role.get('account', 'acme')
        found.append(
            Role(
                id=role_id(owner, role['name']),
                name=role['name'],
                account=f'account:{owner}',
                rules=[parse(rule) for rule in role['rules']],
                members=frozenset([member] if role.get('member', True) else ()),
                default_members=frozenset([member] if role.get('dflt') else ()),
            )
        )
    return found


def answered(recorded: dict[str, Any], types: Any) -> dict[str, Any]:
    """Return the decision in the form of a table."""
    tried = attempt(recorded)
    try:
        decision = decide(tried, roles(recorded, tried.caller_id), types)
    except Refusal as refusal:
        found: dict[str, Any] = {'allowed': False, 'status': refusal.status}
        found['code'] = refusal.code
        found['message'] = refusal.message
        cause = refusal.__cause__
        if isinstance(cause, Denial | PolicyFault) and cause.name != 'Error':
            found['mahi'] = {'error': cause.name, 'message': cause.message}
        return found
    active = decision.active_roles
    names = None if active is None else [role.name for role in active]
    return {'allowed': True, 'active_roles': names}


def test_attempts_are_decided_as_cloudapi_decided() -> None:
    """Every recorded attempt has the recorded answer, reason and active roles, by both tables."""
    assert len(ROWS) >= 116
    for row in ROWS:
        if row['id'] not in DIFFERENCES:
            recorded = row['input']
            assert row['docs'] == answered(recorded, DOCUMENTED_TYPES), row['id']
            assert row['deployed'] == answered(recorded, DEPLOYED_TYPES), row['id']


ACME = Account('1', 'acme')
BOB = User('2', 'bob')
DEV = Role('r1', 'dev', '1', [parse('CAN getmachine')], frozenset('2'), frozenset('2'))
TRY = Attempt(ACME, ACME, 'getmachine', '/acme/machines/m1', BOB, role_tags=frozenset({'r1'}))


def refused(tried: Attempt, *known: Role) -> str:
    """Return the text of a refusal."""
    with pytest.raises(Refusal) as caught:
        decide(tried, known)
    assert (403, 'NotAuthorized') == (caught.value.status, caught.value.code)
    return caught.value.message


def test_sub_users_need_a_tagged_role() -> None:
    """A sub-user may do what a role of its own allows, and gets that role for new things."""
    assert Decision((DEV,)) == decide(TRY, [DEV])
    text = 'You do not have permission to access /acme/machines/m1 (getmachine)'
    assert text == refused(replace(TRY, role_tags=frozenset()), DEV)
    assert text == refused(TRY)


def test_disabled_callers_are_refused_first() -> None:
    """Neither a disabled account nor its sub-users, nor a disabled sub-user, may do anything."""
    text = 'Account or user is disabled'
    gone = replace(ACME, disabled=True)
    assert text == refused(replace(TRY, account=gone, owner=gone, user=None), DEV)
    assert text == refused(replace(TRY, account=gone), DEV)
    assert text == refused(replace(TRY, user=replace(BOB, disabled=True)), DEV)


def test_roles_of_other_accounts_do_not_count() -> None:
    """A role of another account can neither be asked for nor be a default one."""
    foreign = replace(DEV, account='9')
    text = 'You do not have permission to access '
    assert text + 'acme' == refused(replace(TRY, as_role='dev'), foreign)
    assert text + '/acme/machines/m1 (getmachine)' == refused(TRY, foreign)


def test_names_of_javascript_are_no_roles() -> None:
    """A role that has the name of a function of JavaScript is found, and is not the caller's."""
    text = 'You do not have permission to access /acme/machines/m1 (getmachine)'
    assert text == refused(replace(TRY, as_role='dev,toString'), DEV)


def test_conditions_see_the_machine() -> None:
    """Addresses and tags of a machine are there for conditions."""
    rule = parse('CAN getmachine WHEN ip::array contains 10.0.0.1 AND tag_n::number > 4')
    role = replace(DEV, rules=[rule])
    tried = replace(TRY, machine_ips=['10.0.0.1'], machine_tags={'n': 5})
    assert Decision((role,)) == decide(tried, [role])
    refused(replace(tried, machine_ips=['10.0.0.2']), role)
    refused(replace(tried, machine_ips=None), role)


@given(
    st.one_of(st.text(), st.sampled_from(['', 'dev', '_operator', '__proto__'])),
    st.sampled_from([ACME, Account('3', 'other', role_operator=True)]),
)
def test_any_role_name_is_answered(as_role: str, caller: Account) -> None:
    """Whatever roles are asked for, the answer is a decision or a refusal."""
    tried = replace(TRY, as_role=as_role, account=caller, user=None if caller.id == '3' else BOB)
    try:
        allowed = bool(decide(tried, [DEV]))
    except Refusal as refusal:
        allowed = refusal.status != 403
    asked = ('', 'dev') if caller is ACME else ('_operator',)
    assert (as_role in asked) == allowed
