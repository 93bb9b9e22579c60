"""Firewall rules, the machines that they are for, and the rules of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartdc.simulator import firewall_match, firewall_rules
from smartdc.simulator.api.machine_view import machine_views
from smartdc.simulator.calls import Call, Reply, fault, is_uuid, missing, not_found
from smartdc.simulator.cloud import new_id
from smartdc.simulator.firewall_rules import Rule, RuleFault
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import ALIVE, Doc, Where
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

_RULES = '/:account/fwrules'
_RULE = f'{_RULES}/:id'
_FIELDS = ('id', 'rule', 'enabled', 'log', 'description', 'global')
_GIVEN = ('rule', 'enabled', 'log', 'description')
_TRUE = (True, 'true')

#: What VMAPI calls the states that have another name here.
_STATES = {'deleted': 'destroyed'}


@chapter.post(_RULES, 'CreateFirewallRule')
def create_rule(call: Call) -> Reply:
    """Make a rule, which is off unless it is said to be on."""
    text = call.params.get('rule')
    if not text and not isinstance(text, list | dict):
        raise missing('rule is a required argument')
    record: Doc = {
        'owner_uuid': call.owner,
        'rule': text,
        **{name: call.params.get(name) or False for name in ('enabled', 'log')},
    }
    if call.params.get('description'):
        record['description'] = call.params['description']
    rule = firewall_rules.read_new(record)
    return Reply(_keep(call, {'id': new_id()}, rule), 201)


@chapter.get(_RULES, 'ListFirewallRules', head='HeadFirewallRules')
def list_rules(call: Call) -> Reply:
    """Answer the account's own rules."""
    rules = call.store.find('fwrule', home=call.home, owner=call.owner)
    return Reply([rule_view(rule) for rule in rules])


@chapter.get(_RULE, 'GetFirewallRule', head='HeadFirewallRule')
def get_rule(call: Call) -> Reply:
    """Answer a rule."""
    return Reply(rule_view(_named(call)))


@chapter.post(_RULE, 'UpdateFirewallRule')
def update_rule(call: Call) -> Reply:
    """Change what is given of a rule."""
    given = {name: call.params[name] for name in _GIVEN if name in call.params}
    return Reply(_changed(call, given))


@chapter.delete(_RULE, 'DeleteFirewallRule')
def delete_rule(call: Call) -> Reply:
    """Remove a rule."""
    call.store.delete('fwrule', _named(call)['id'], home=call.home)
    return Reply(status=204)


@chapter.post(f'{_RULE}/enable', 'EnableFirewallRule')
def enable_rule(call: Call) -> Reply:
    """Switch a rule on."""
    return Reply(_changed(call, {'enabled': True}))


@chapter.post(f'{_RULE}/disable', 'DisableFirewallRule')
def disable_rule(call: Call) -> Reply:
    """Switch a rule off."""
    return Reply(_changed(call, {'enabled': False}))


@chapter.get(f'{_RULE}/machines', 'ListFirewallRuleMachines', head='HeadFirewallRuleMachines')
def list_rule_machines(call: Call) -> Reply:
    """Answer the account's machines that a rule is for."""
    rule = _read(_named(call))
    where = Where().add('owner = ?', call.owner).add(ALIVE)
    machines = [
        machine
        for machine in call.store.select('machine', where, home=call.home)
        if firewall_match.is_machine_of(rule, _seen(machine), call.owner)
    ]
    headers = {'x-resource-count': str(len(machines))}
    return Reply(machine_views(call, machines), headers=headers)


@chapter.get(
    '/:account/machines/:machine/fwrules',
    'ListMachineFirewallRules',
    head='HeadMachineFirewallRules',
)
def list_machine_rules(call: Call) -> Reply:
    """Answer the rules that touch a machine: the data center's own touch every one."""
    machine = _seen(call.machine)
    own = call.store.find('fwrule', home=call.home, owner=call.owner)
    rules = [*own, *call.store.find('fwrule', home=call.home, owner='')]
    found = [rule for rule in rules if firewall_match.is_rule_of(_read(rule), machine)]
    return Reply([rule_view(rule) for rule in found])


def rule_view(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule as CloudAPI shows it."""
    return {name: rule[name] for name in _FIELDS if name in rule}


def _named(call: Call) -> Doc:
    """Return the account's rule that the path names, or refuse."""
    ref = call.text('id')
    if not is_uuid(ref):
        invalid = fault('uuid', 'InvalidParameter', 'Invalid UUID')
        raise Refusal(422, 'InvalidParameters', 'Invalid parameters', errors=[invalid])
    rule = call.store.get('fwrule', ref.lower(), home=call.home)
    if rule is None:
        raise not_found('Rule not found')
    if rule.get('owner', '') != call.owner:
        foreign = fault('owner_uuid', 'InvalidParameter', 'owner_uuid does not match')
        raise Refusal(403, 'Forbidden', 'owner does not match', errors=[foreign])
    return rule


def _record(rule: Doc) -> dict[str, Any]:
    """Return a stored rule as the record that FWAPI has of it."""
    known = {name: rule[name] for name in _GIVEN if name in rule}
    owner = {'owner_uuid': rule['owner']} if rule.get('owner') else {'global': True}
    return {**known, **owner}


def _read(rule: Doc) -> Rule:
    return firewall_rules.read(_record(rule))


def _changed(call: Call, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change a rule, and return it as it is shown."""
    rule = _named(call)
    try:
        read = firewall_rules.read({**_record(rule), **changes})
    except RuleFault as wrong:
        raise wrong.refusal() from None
    return _keep(call, rule, read)


def _keep(call: Call, rule: Doc, read: Rule) -> dict[str, Any]:
    """Keep what a record says, and return it as it is shown."""
    kept = {
        'id': rule['id'],
        'owner': call.owner,
        'rule': read.text,
        'enabled': read.enabled in _TRUE,
        'log': read.log in _TRUE,
    }
    if read.description:
        kept['description'] = read.description
    call.store.put('fwrule', kept, home=call.home)
    return rule_view(kept)


def _seen(machine: Doc) -> firewall_match.Machine:
    """Return what rules look at in a machine."""
    return firewall_match.Machine(
        id=machine['id'],
        owner_uuid=machine['owner'],
        state=_STATES.get(machine['state']) or machine['state'],
        tags=machine['tags'],
        ips=[nic['ip'] for nic in machine['nics']],
    )
