"""The recorded decisions once more, through the whole simulator: worlds and signed requests.

Each row becomes a world with its roles, policies and tags; the caller signs a real request for
what the row tries, and the answer is compared with the recorded one.
"""

from __future__ import annotations

from calendar import timegm
from dataclasses import replace
from typing import Any

from smartdc.simulator.javascript_dates import parse_date
from tests.simulator.clouds import Account, refusal
from tests.simulator.signer import Signer, signer
from tests.simulator.tables import rows
from tests.simulator.test_roles import role_id

MACHINE = '11111111-2222-4333-8444-555555555555'
NOW = float(timegm((2026, 3, 4, 10, 20, 30)))

#: What the tables ask for, as the requests that ask for it.
REQUESTS = {
    'getmachine': ('GET', f'/acme/machines/{MACHINE}'),
    'deletemachine': ('DELETE', f'/acme/machines/{MACHINE}'),
    'listmachines': ('GET', '/acme/machines'),
    'createmachine': ('POST', '/acme/machines'),
    'stopmachine': ('POST', f'/acme/machines/{MACHINE}?action=stop'),
    'rebootmachine': ('POST', f'/acme/machines/{MACHINE}?action=reboot'),
}


def caller(login: str, user: str | None) -> Signer:
    """Return the key of an account or of its sub-user."""
    return signer(login if user is None else f'{login}/users/{user}')


def told(text: str) -> str:
    """Return a text of a table with the machine's real id in it."""
    return text.replace('/machines/m1', f'/machines/{MACHINE}')


def role(given: dict[str, Any], user: str | None, login: str) -> dict[str, Any]:
    """Return a recorded role for a world, with the caller in it."""
    kind = {'login': login, 'type': 'account'} if user is None else {'login': user}
    members = [{**kind, 'default': bool(given.get('dflt'))}] if given.get('member', True) else []
    return {
        'id': given.get('id', role_id('acme', given['name'])),
        'name': given['name'],
        'members': members,
        'policies': [given['name']],
    }


def world(recorded: dict[str, Any]) -> dict[str, Any]:
    """Return the world of a recorded attempt."""
    user, login = recorded['user'], recorded.get('caller_account', 'acme')
    logins = dict.fromkeys(['acme', login])
    accounts = {
        each: {
            'login': each,
            'operator': each in recorded.get('operators', ()),
            'role_operator': each == login and 'role-operators' in recorded.get('groups', ()),
            'approved_for_provisioning': each not in recorded.get('unapproved', ()),
            'keys': [{'key': signer(each).public}],
        }
        for each in logins
    }
    if user is not None:
        key = {'key': caller(login, user).public}
        accounts[login]['users'] = [{'login': user, 'keys': [key]}]
    acme, given = accounts['acme'], [each for each in recorded['roles'] if 'account' not in each]
    acme['roles'] = [role(each, user, login) for each in given]
    acme['policies'] = [
        {'name': each['name'], 'rules': [told(rule) for rule in each['rules']]} for each in given
    ]
    # A tag of a role that is not there, or is another account's, is no tag.
    tags = [name for name in recorded.get('role_tags', []) if name in {r['name'] for r in given}]
    acme['role_tags'] = {'/machines': tags}
    machine = {'id': MACHINE, 'tags': recorded.get('machine_tags', {}), 'role_tags': tags}
    return {
        'datacenter': 'local',
        'accounts': list(accounts.values()),
        'machines': [machine],
    }


def ask(acme: Account, recorded: dict[str, Any]) -> dict[str, Any]:
    """Send what a row tries, and return the answer in the form of a table."""
    method, target = REQUESTS[recorded['action']]
    if recorded.get('as_role') is not None:
        target += f'{"&" if "?" in target else "?"}as-role={recorded["as_role"]}'
    key = caller(recorded.get('caller_account', 'acme'), recorded['user'])
    agent = recorded.get('ua', 'triton/7.17.0')
    headers = {'user-agent': agent} if agent is not None else {}
    request = key.request(method, target, acme.clock.now(), headers=headers)
    response = acme.apps['local'].handle(replace(request, peer=recorded.get('ip') or ''))
    if response.status != 403:
        # A request that may go on can still fail for another reason, such as a missing image.
        return {'allowed': True}
    status, code, message = refusal(response)
    return {'allowed': False, 'status': status, 'code': code, 'message': message}


def expected(found: dict[str, Any]) -> dict[str, Any]:
    """Return a recorded answer as a client sees it."""
    if found['allowed']:
        return {'allowed': True}
    return {**{name: found[name] for name in ('status', 'code')}, 'allowed': False} | {
        'message': told(found['message'])
    }


def decided(recorded: dict[str, Any]) -> dict[str, Any]:
    """Return what a cloud of the world of a row answers to it."""
    acme = Account(world(recorded))
    acme.clock.set(recorded.get('now', NOW))
    return ask(acme, {'ip': '10.1.2.3', **recorded})


def test_decisions_on_roles_arrive_at_the_client() -> None:
    """Each recorded attempt at something on a machine is answered as CloudAPI answered it."""
    recorded = rows('engines/roles')
    assert len(recorded) >= 116
    for row in recorded:
        given = {'ip': '10.1.2.3', **row['input']}
        assert expected(row['docs']) == decided(given), row['id']


def policy_cases() -> list[tuple[str, dict[str, Any], bool]]:
    """Return cases of the table of policies that a request on a machine can ask, spread evenly."""
    found = []
    for row in rows('engines/policies'):
        for case in row.get('cases', ()):
            context = case['context']
            method = REQUESTS.get(context['action'], ('', ''))[0]
            fits = context['resource'] == '/acme/machines' and context['activeRoles'] == ['r1']
            # The table asks for machines by the path of their collection, which requests don't.
            fits = fits and ('resources' not in row['parsed'] or context['action'][:3] != 'get')
            if not fits or method.lower() != context['method']:
                continue
            recorded = {
                'user': 'bob',
                'action': context['action'],
                'roles': [{'id': 'r1', 'name': 'r1', 'rules': [row['rule']], 'dflt': True}],
                'role_tags': ['r1'],
                'machine_tags': context.get('tags', {}),
                'ip': context['sourceip'],
                'ua': context['user-agent'],
                'now': (parse_date(context['now']) or 0) / 1000,
            }
            found.append((row['id'], recorded, case['allowed'] is True))
    return found[:: max(1, len(found) // 120)]


def test_decisions_on_policies_arrive_at_the_client() -> None:
    """A rule in a role of a sub-user allows over the wire what the engine said it allows."""
    cases = policy_cases()
    assert len(cases) >= 30
    assert {True, False} == {allowed for _, _, allowed in cases}
    for name, recorded, allowed in cases:
        assert allowed == decided(recorded)['allowed'], name
