"""Firewall rules, their machines, and the rules of a machine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal
from tests.simulator.signer import signer

RULES = '/my/fwrules'
WEB = 'FROM any TO tag "role" = "web" ALLOW tcp PORT 80'
UNKNOWN = '00000000-0000-4000-8000-000000000000'


@pytest.fixture
def acme() -> Account:
    """Return an account beside another one."""
    eve = {'login': 'eve', 'keys': [{'name': 'key', 'key': signer('eve').public}]}
    return Account({'accounts': [{'login': 'acme'}, eve]})


def test_makes_gets_and_lists(acme: Account) -> None:
    """A rule comes back in canonical form, off unless it is to be on, and without a Location."""
    response = acme.send('POST', RULES, {'rule': 'from any to tag role=web allow tcp port 80'})
    rule = read(response)
    assert (201, {'id': rule['id'], 'rule': WEB, 'enabled': False, 'log': False}) == (
        response.status,
        rule,
    )
    assert 'Location' not in response.headers
    assert rule == acme.get(f'{RULES}/{rule["id"]}')
    described = {'rule': WEB, 'enabled': True, 'log': 'true', 'description': 'let in'}
    other = acme.post(RULES, described)
    assert (True, True, 'let in') == (other['enabled'], other['log'], other['description'])
    assert [rule, other] == acme.get(RULES)
    assert [] == acme.get(RULES, by=signer('eve'))
    assert acme.send('HEAD', f'{RULES}/{rule["id"]}').status == 200


def test_changes_enables_and_removes(acme: Account) -> None:
    """An update changes what it names, and nothing else."""
    rule = acme.post(RULES, {'rule': WEB, 'description': 'x'})
    path = f'{RULES}/{rule["id"]}'
    assert {**rule, 'enabled': True} == acme.post(f'{path}/enable')
    assert rule == acme.post(f'{path}/disable')
    changed = {**rule, 'description': 'y', 'log': True}
    assert changed == acme.post(path, {'description': 'y', 'log': True})
    text = 'FROM any TO all vms BLOCK tcp PORT 22 PRIORITY 5'
    found = acme.post(path, {'rule': 'FROM any TO all vms BLOCK tcp PORTS 22 PRIORITY 5'})
    assert {**changed, 'rule': text} == found == acme.get(path)
    assert acme.send('DELETE', path).status == 204
    assert (404, 'ResourceNotFound', 'Rule not found') == refusal(acme.send('GET', path))
    assert [] == acme.get(RULES)


def test_refuses_rules(acme: Account) -> None:
    """A missing rule is CloudAPI's to refuse, everything else the firewall's, with its words."""
    for body in ({}, {'rule': ''}, {'rule': None}):
        response = acme.send('POST', RULES, body)
        assert (409, 'MissingParameter', 'rule is a required argument') == refusal(response)
    cases: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
        ({'rule': 'FROM any TO any ALLOW tcp PORT 80'}, [('rule', 'rule does not affect VMs')]),
        (
            {'rule': 'FROM any TO all vms ALLOW tcp PORT 0'},
            [('rule', 'Port number "0" is invalid')],
        ),
        (
            {'rule': WEB, 'enabled': 'yes', 'description': 'x' * 256},
            [
                ('enabled', 'enabled must be true or false'),
                ('description', 'description must be shorter than 255 characters'),
            ],
        ),
    ]
    rule = acme.post(RULES, {'rule': WEB})
    for body, expected in cases:
        for path in (RULES, f'{RULES}/{rule["id"]}'):
            response = acme.send('POST', path, body)
            assert (422, 'InvalidParameters', 'Invalid parameters') == refusal(response)
            errors = [
                {'field': field, 'code': 'InvalidParameter', 'message': text}
                for field, text in expected
            ]
            assert errors == read(response)['errors']
    assert [rule] == acme.get(RULES)


def test_rules_of_others_are_forbidden(acme: Account) -> None:
    """By its id, a rule is its owner's; the data center's own are nobody's."""
    rule = acme.post(RULES, {'rule': WEB})
    machine = acme.machine()
    shared = acme.get(f'{machine}/fwrules')[0]['id']
    cases = [(rule['id'], signer('eve')), (shared, acme.signer)]
    error = {
        'field': 'owner_uuid',
        'code': 'InvalidParameter',
        'message': 'owner_uuid does not match',
    }
    for ref, by in cases:
        for method, suffix in (
            ('GET', ''),
            ('POST', ''),
            ('DELETE', ''),
            ('POST', '/enable'),
            ('POST', '/disable'),
            ('GET', '/machines'),
        ):
            response = acme.send(method, f'{RULES}/{ref}{suffix}', by=by)
            assert (403, 'Forbidden', 'owner does not match') == refusal(response)
            assert [error] == read(response)['errors']


def test_refuses_ids(acme: Account) -> None:
    """What is no UUID is 422, what isn't there 404."""
    response = acme.send('GET', f'{RULES}/x')
    assert (422, 'InvalidParameters', 'Invalid parameters') == refusal(response)
    invalid = {'field': 'uuid', 'code': 'InvalidParameter', 'message': 'Invalid UUID'}
    assert [invalid] == read(response)['errors']
    for method, suffix in (('GET', ''), ('POST', '/enable'), ('DELETE', ''), ('GET', '/machines')):
        response = acme.send(method, f'{RULES}/{UNKNOWN}{suffix}')
        assert (404, 'ResourceNotFound', 'Rule not found') == refusal(response)


def test_rules_know_their_machines(acme: Account) -> None:
    """A rule lists the living machines that it is for, a machine the rules that touch it."""
    web = acme.machine(name='web', **{'tag.role': 'web'})
    plain = acme.machine(name='plain')
    tagged = acme.post(RULES, {'rule': WEB, 'enabled': True})
    everything = acme.post(RULES, {'rule': 'FROM any TO all vms ALLOW tcp PORT 22'})
    single = acme.post(RULES, {'rule': f'FROM any TO vm {plain[13:]} ALLOW tcp PORT 81'})
    found = {
        rule['rule']: sorted(vm['name'] for vm in acme.get(f'{RULES}/{rule["id"]}/machines'))
        for rule in (tagged, everything, single)
    }
    assert [['web'], ['plain', 'web'], ['plain']] == list(found.values())
    response = acme.send('GET', f'{RULES}/{everything["id"]}/machines')
    assert '2' == response.headers['x-resource-count']
    assert acme.get(web) in read(response)
    rules = {path: acme.get(f'{path}/fwrules') for path in (web, plain)}
    assert [tagged, everything] == rules[web][:2]
    assert [everything, single] == rules[plain][:2]
    shared = [
        'FROM any TO all vms ALLOW icmp6 TYPE all',
        'FROM any TO all vms ALLOW icmp TYPE 8 CODE 0',
    ]
    assert shared == [rule['rule'] for rule in rules[web] if rule.get('global')]
    acme.send('DELETE', web)
    assert [] == acme.get(f'{RULES}/{tagged["id"]}/machines')
