"""Firewall rules."""

from __future__ import annotations

from typing import Any

from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import Doc

chapter = Chapter()

_RULES = '/:account/fwrules'
_FIELDS = ('id', 'rule', 'enabled', 'log', 'description', 'global')

chapter.unserved('POST', _RULES, 'CreateFirewallRule')


@chapter.get(_RULES, 'ListFirewallRules', head='HeadFirewallRules')
def list_rules(call: Call) -> Reply:
    """Answer the account's own rules."""
    rules = call.store.find('fwrule', home=call.home, owner=call.owner)
    return Reply([rule_view(rule) for rule in rules])


for _method, _pattern, _name in (
    ('GET', f'{_RULES}/:id', 'GetFirewallRule'),
    ('HEAD', f'{_RULES}/:id', 'HeadFirewallRule'),
    ('POST', f'{_RULES}/:id', 'UpdateFirewallRule'),
    ('DELETE', f'{_RULES}/:id', 'DeleteFirewallRule'),
    ('POST', f'{_RULES}/:id/enable', 'EnableFirewallRule'),
    ('POST', f'{_RULES}/:id/disable', 'DisableFirewallRule'),
    ('GET', f'{_RULES}/:id/machines', 'ListFirewallRuleMachines'),
    ('HEAD', f'{_RULES}/:id/machines', 'HeadFirewallRuleMachines'),
):
    chapter.unserved(_method, _pattern, _name)


@chapter.get(
    '/:account/machines/:machine/fwrules',
    'ListMachineFirewallRules',
    head='HeadMachineFirewallRules',
)
def list_machine_rules(call: Call) -> Reply:
    """Answer the rules that touch a machine: the data center's own touch every one."""
    rules = call.store.find('fwrule', home=call.home, owner='')
    return Reply([rule_view(rule) for rule in rules])


def rule_view(rule: Doc) -> dict[str, Any]:
    """Return a rule as CloudAPI shows it."""
    return {name: rule[name] for name in _FIELDS if name in rule}
