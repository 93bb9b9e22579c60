"""The firewall chapter, and the rules of a machine."""

import pytest

from smartdc import (
    DataCenter,
    Forbidden,
    InvalidParameters,
    Machine,
    MissingParameter,
    ResourceNotFound,
    UnknownName,
)

WEB = 'FROM any TO tag "role" = "web" ALLOW tcp PORT 80'


def test_rules_are_made_and_got(sdc: DataCenter) -> None:
    """A rule comes back in the server's form, off unless it was to be on."""
    rule = sdc.create_firewall_rule('from any to tag role=web allow tcp port 80')
    other = sdc.create_firewall_rule(WEB, enabled=True, log=True, description='let in')

    assert (WEB, False, False) == (rule['rule'], rule['enabled'], rule['log'])
    assert (True, True, 'let in') == (other['enabled'], other['log'], other['description'])
    assert [rule, other] == sdc.firewall_rules()
    assert rule == sdc.firewall_rule(rule['id']) == sdc.firewall_rule(dict(rule))


def test_rules_are_changed_and_deleted(sdc: DataCenter) -> None:
    """An update changes what is given, and nothing else."""
    rule = sdc.create_firewall_rule(WEB, description='web')

    assert {**rule, 'enabled': True} == sdc.enable_firewall_rule(rule)
    assert rule == sdc.disable_firewall_rule(rule['id'])
    text = WEB.replace('80', '443')
    assert {**rule, 'rule': text} == sdc.update_firewall_rule(rule, text=text)
    changed = sdc.update_firewall_rule(rule, enabled=True, log=True, description='x')
    assert (text, True, True, 'x') == (
        *(changed[name] for name in ('rule', 'enabled', 'log', 'description')),
    )
    sdc.delete_firewall_rule(rule)
    with pytest.raises(ResourceNotFound, match='Rule not found'):
        sdc.firewall_rule(rule)


def test_rules_and_machines_know_each_other(machine: Machine) -> None:
    """A rule for a tag lists the machines that have it, and they list the rule."""
    sdc = machine.datacenter
    rule = sdc.create_firewall_rule(WEB, enabled=True)

    assert [] == sdc.firewall_rule_machines(rule)
    assert rule not in machine.firewall_rules()
    machine.add_tags(role='web')
    machine.datacenter.clock.sleep(30)
    assert [machine.id] == [found['id'] for found in sdc.firewall_rule_machines(rule)]
    assert rule in machine.firewall_rules()


def test_the_datacenters_rules_are_in_machines_lists_only(machine: Machine) -> None:
    """They let pings in, and are nobody's to read or change."""
    rules = machine.firewall_rules()

    assert [True, True] == [rule.get('global') for rule in rules]
    assert [] == machine.datacenter.firewall_rules()
    with pytest.raises(Forbidden, match='owner does not match'):
        machine.datacenter.firewall_rule(rules[0])
    with pytest.raises(Forbidden):
        machine.datacenter.disable_firewall_rule(rules[0])


def test_bad_rules_are_refused(sdc: DataCenter) -> None:
    """The error carries the parser's words."""
    with pytest.raises(InvalidParameters) as caught:
        sdc.create_firewall_rule('FROM any TO any ALLOW tcp PORT 80')
    assert ['rule does not affect VMs'] == [error['message'] for error in caught.value.errors]
    with pytest.raises(MissingParameter):
        sdc.create_firewall_rule('')
    with pytest.raises(UnknownName, match='no-uuid'):
        sdc.firewall_rule('no-uuid')
