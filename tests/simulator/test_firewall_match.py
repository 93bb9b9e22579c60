from typing import Any

import pytest

from smartdc.simulator import firewall_match as match
from smartdc.simulator.firewall_match import Machine
from smartdc.simulator.firewall_rules import Rule, read
from tests.simulator.tables import rows

OWNER = '11111111-1111-4111-8111-111111111111'
OTHER = '22222222-2222-4222-8222-222222222222'
IDS = [f'cccccccc-0000-4000-8000-00000000000{number}' for number in range(10)]


def recorded() -> list[dict[str, Any]]:
    """Return the recorded matches."""
    found = rows('engines/firewall-match')
    assert len(found) >= 95
    return found


def rule_of(text: str, owner: str | None = OWNER) -> Rule:
    """Return a rule, global if it has no owner."""
    return read({'rule': text, **({'owner_uuid': owner} if owner else {'global': True})})


def listed(rule: Rule, machines: list[Machine], account: str = OWNER) -> dict[str, list[str]]:
    """Return the ids of the machines that each of the three ways finds, in order."""
    return {
        'rule_listed_for_machine': sorted(m.id for m in machines if match.is_rule_of(rule, m)),
        'machines_listed_for_rule': sorted(
            m.id for m in machines if match.is_machine_of(rule, m, account)
        ),
        'smartos_matching': sorted(m.id for m in machines if match.acts_on(rule, m)),
        'smartos_from': sorted(m.id for m in machines if match.is_on_side(rule, rule.source, m)),
        'smartos_to': sorted(m.id for m in machines if match.is_on_side(rule, rule.target, m)),
    }


def tagged(tags: dict[str, Any]) -> list[Machine]:
    """Return one machine with these tags."""
    return [Machine(IDS[1], OWNER, 'running', tags)]


@pytest.mark.parametrize('row', recorded(), ids=lambda row: str(row['id']))
def test_machines_match_as_in_the_data_center(row: dict[str, Any]) -> None:
    """FWAPI's list, VMAPI's search and the machine's server find the recorded machines."""
    rule = rule_of(row['rule'], row['owner'])
    machines = [
        Machine(one['uuid'], one['owner_uuid'], one['state'], one['tags'], (one['ip'],))
        for one in row['machines']
    ]
    assert row['text'] == rule.text
    found = listed(rule, machines, row['owner'] or OWNER)
    assert {name: sorted(row[name]) for name in found} == found


def test_the_search_for_tags_is_one_for_pieces_of_text() -> None:
    """A rule lists machines whose tags hold its tag as a piece, and misses escaped ones."""
    rule = rule_of('FROM any TO tag role=web ALLOW tcp PORT 80')
    for tags, expected in (
        ({'role': 'web'}, True),
        ({'myrole': 'website'}, True),
        ({'role': 'we'}, False),
        ({}, False),
        ({'a': 'role=web'}, False),
    ):
        assert expected == bool(listed(rule, tagged(tags))['machines_listed_for_rule']), tags
    starred = rule_of('FROM any TO tag role="w*b" ALLOW tcp PORT 80')
    assert listed(starred, tagged({'role': 'w e b'}))['machines_listed_for_rule']
    assert not listed(starred, tagged({'role': 'bw'}))['machines_listed_for_rule']


def test_a_tag_that_is_true_has_every_value() -> None:
    """A machine with a tag of value true lists rules for any value, but is not acted on."""
    rule = rule_of('FROM any TO tag role=web ALLOW tcp PORT 80')
    found = listed(rule, tagged({'role': True}))
    assert IDS[1:2] == found['rule_listed_for_machine']
    assert [] == found['smartos_matching'] == found['machines_listed_for_rule']


def test_numbers_are_compared_as_texts() -> None:
    """A number as the value of a tag is the text that JavaScript makes of it."""
    for value, text in ((5, '5'), (5.0, '5'), (1.5, '1.5'), (0, '0'), (False, 'false')):
        found = listed(
            rule_of(f'FROM any TO tag size="{text}" ALLOW tcp PORT 80'), tagged({'size': value})
        )
        assert IDS[1:2] == found['rule_listed_for_machine'] == found['smartos_to'], value
        assert [] == found['machines_listed_for_rule']


def test_addresses_count_where_rules_act() -> None:
    """A rule that names a machine's address acts on it but is in no list, on no side."""
    machine = Machine(IDS[1], OWNER, ips=('10.0.0.1', '10.0.0.2'))
    rule = rule_of(f'FROM ip 10.0.0.2 TO vm {IDS[2]} ALLOW tcp PORT 80')
    found = listed(rule, [machine])
    assert IDS[1:2] == found.pop('smartos_matching')
    assert not any(found.values())
    foreign = Machine(IDS[1], OTHER, ips=('10.0.0.2',))
    assert not any(listed(rule, [foreign]).values())


def test_global_rules_are_for_everybody() -> None:
    """A rule without an owner acts on all machines; its list shows the asking account's."""
    rule = rule_of('FROM any TO all vms ALLOW icmp TYPE 8', None)
    machines = [Machine(IDS[1], OWNER), Machine(IDS[2], OTHER)]
    found = listed(rule, machines)
    assert IDS[1:3] == found['rule_listed_for_machine'] == found['smartos_to']
    assert IDS[1:2] == found['machines_listed_for_rule']
    assert IDS[2:3] == listed(rule, machines, OTHER)['machines_listed_for_rule']


def test_states_count_for_the_list_of_machines_only() -> None:
    """Machines that have no address in their state are not in a rule's list."""
    rule = rule_of('FROM any TO all vms ALLOW icmp TYPE 8')
    for state in ('destroyed', 'failed', 'provisioning'):
        found = listed(rule, [Machine(IDS[1], OWNER, state)])
        assert [] == found['machines_listed_for_rule']
        assert IDS[1:2] == found['rule_listed_for_machine'] == found['smartos_matching']
    assert listed(rule, [Machine(IDS[1], OWNER, 'stopped')])['machines_listed_for_rule']
