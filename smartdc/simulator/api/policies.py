"""Policies: what is allowed when, in rules of the policy language."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from smartdc.simulator.accounts import find_policy
from smartdc.simulator.aperture import PolicyFault, parse
from smartdc.simulator.calls import Call, Reply, invalid, missing, not_found
from smartdc.simulator.cloud import new_id
from smartdc.simulator.routing import UPLOADS, Chapter
from smartdc.simulator.shapes import is_array
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

_POLICY = '/:account/policies/:policy'
_REQUIRED = ('name', 'rules')


@chapter.post('/:account/policies', 'CreatePolicy', types=UPLOADS)
def create_policy(call: Call) -> Reply:
    """Make a policy out of a name and rules."""
    absent = [f'{name} is required' for name in _REQUIRED if not call.params.get(name)]
    if absent:
        raise missing(f'Request is missing required parameters: {", ".join(absent)}')
    policy = {'id': new_id(), 'owner': call.owner, **_given(call)}
    _keep(call, policy)
    location = f'/{call.login}/policies/{policy["id"]}'
    return Reply(policy_view(policy), 201, {'Location': location})


@chapter.get('/:account/policies', 'ListPolicies', head='HeadPolicies')
def list_policies(call: Call) -> Reply:
    """Answer all policies."""
    return Reply([policy_view(policy) for policy in call.store.find('policy', owner=call.owner)])


@chapter.get(_POLICY, 'GetPolicy', head='HeadPolicy')
def get_policy(call: Call) -> Reply:
    """Answer a policy by its name or id."""
    return Reply(policy_view(_policy(call)))


@chapter.post(_POLICY, 'UpdatePolicy')
def update_policy(call: Call) -> Reply:
    """Change what was sent; an empty description clears it."""
    given = _given(call)
    policy = {**_policy(call), **given}
    _keep(call, policy)
    return Reply(policy_view(policy))


@chapter.delete(_POLICY, 'DeletePolicy')
def delete_policy(call: Call) -> Reply:
    """Delete a policy, and take it out of its roles."""
    policy = _policy(call)
    call.store.delete('policy', policy['id'])
    for role in call.store.find('role', owner=call.owner):
        if policy['id'] in role['policies']:
            role['policies'].remove(policy['id'])
            call.store.put('role', role)
    return Reply(status=204)


def policy_view(policy: Doc) -> dict[str, Any]:
    """Return a policy as CloudAPI shows it."""
    view = {name: policy[name] for name in ('name', 'id', 'rules')}
    return view | ({'description': policy['description']} if policy.get('description') else {})


def rules_fault(rules: Iterable[str]) -> str:
    """Return what the policy language has against rules, '' if nothing."""
    faults: list[str] = []
    for rule in rules:
        try:
            parse(rule)
        except PolicyFault as fault:
            faults.append(fault.message)
    return ', '.join(faults)


def _policy(call: Call) -> Doc:
    found = find_policy(call.store, call.owner, call.text('policy'))
    if found is None:
        raise not_found(f'{call.text("policy")} does not exist')
    return found


def _given(call: Call) -> Doc:
    """Return the fields that were sent, checked one by one."""
    given: Doc = {}
    if call.params.get('name'):
        given['name'] = _text(call.params['name'])
    if call.params.get('rules'):
        given['rules'] = _rules(call.params['rules'])
    if call.params.get('description') is not None:
        given['description'] = call.text('description')
    return given


def _rules(given: Any) -> list[str]:
    """Return rules that were given as a list, as the JSON of one, or as one text."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = [given]
    rules = [_text(rule) for rule in given] if is_array(given) else [_text(given)]
    fault = rules_fault(rules)
    if fault:
        raise invalid(fault)
    return rules


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise _unusable()
    return given


def _keep(call: Call, policy: Doc) -> None:
    """Store a policy whose name no other one has."""
    others = call.store.find('policy', owner=call.owner, name=policy['name'])
    if any(other['id'] != policy['id'] for other in others):
        raise _unusable()
    call.store.put('policy', policy)


def _unusable() -> Refusal:
    return invalid('policy is invalid')
