"""Which machines a firewall rule is for: three answers, because the server has three of them.

The rules of a machine are found by FWAPI, the machines of a rule by a search in VMAPI, and what
a rule does to the traffic by the machine's own server. They differ over tags and over states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smartdc.simulator.firewall_grammar import Tag
from smartdc.simulator.firewall_rules import Rule, Side
from smartdc.simulator.javascript import number_text

_UNLISTED = frozenset({'destroyed', 'failed', 'provisioning'})


@dataclass(frozen=True)
class Machine:
    """What rules look at in a machine; `state` is VMAPI's, such as `running`."""

    id: str
    owner_uuid: str
    state: str = 'running'
    tags: Mapping[str, Any] = field(default_factory=dict[str, Any])
    ips: Sequence[str] = ()


def is_rule_of(rule: Rule, machine: Machine) -> bool:
    """Tell whether a machine's list of rules has the rule.

    A tag whose value is true counts for every value of that tag, and a rule's empty value for
    none. The machine's state does not matter.
    """
    if not _is_owned(rule, machine):
        return False
    if rule.all_vms or any(machine.id in side.vms for side in (rule.source, rule.target)):
        return True
    tags = {tag for side in (rule.source, rule.target) for tag in side.tags}
    return any(_is_tagged(tag, machine.tags) for tag in tags)


def is_machine_of(rule: Rule, machine: Machine, account: str) -> bool:
    """Tell whether a rule's list of machines has the machine, asked for by an account.

    Tags are searched for as a piece of text within all tags: `role=web` finds `myrole=website`
    too. In what is searched, dashes and equals signs are escaped, and numbers and booleans
    marked, so that rules that name them find nothing.
    """
    if machine.owner_uuid != account or machine.state in _UNLISTED:
        return False
    if rule.all_vms or any(machine.id in side.vms for side in (rule.source, rule.target)):
        return True
    text = _searched(machine.tags)
    return any(_is_found(tag, text) for tag in rule.tags)


def acts_on(rule: Rule, machine: Machine) -> bool:
    """Tell whether a machine's server deals with the rule at all; addresses count here."""
    if not _is_owned(rule, machine):
        return False
    sides = (rule.source, rule.target)
    if any(ip in side.ips for side in sides for ip in machine.ips):
        return True
    tags = [tag for tag in rule.tags if isinstance(tag, str) or tag[1]]
    both = Side(
        wildcards=('vmall',) if rule.all_vms else (),
        tags=tuple(tags),
        vms=tuple(vm for side in sides for vm in side.vms),
    )
    return _is_on(both, machine)


def is_on_side(rule: Rule, side: Side, machine: Machine) -> bool:
    """Tell whether a machine is one of those that a side of the rule names or tags."""
    return _is_owned(rule, machine) and _is_on(side, machine)


def _is_owned(rule: Rule, machine: Machine) -> bool:
    return rule.is_global or rule.owner_uuid == machine.owner_uuid


def _is_on(side: Side, machine: Machine) -> bool:
    """Tell whether a side has the machine; values of tags are compared as texts."""
    if 'vmall' in side.wildcards or machine.id in side.vms:
        return True
    texts: set[Tag] = {(name, _text(value)) for name, value in machine.tags.items()}
    return not texts.union(machine.tags).isdisjoint(side.tags)


def _is_tagged(tag: Tag, tags: Mapping[str, Any]) -> bool:
    """Tell whether FWAPI finds a rule's tag in those of a machine."""
    name, value = (tag, '') if isinstance(tag, str) else tag
    return name in tags and (not value or tags[name] is True or _text(tags[name]) == value)


def _searched(tags: Mapping[str, Any]) -> str:
    """Return tags as VMAPI keeps them."""
    texts = [f'{_escaped(name)}={_escaped(_marked(value))}' for name, value in tags.items()]
    return f'-{"-".join(texts)}-' if texts else ''


def _marked(value: Any) -> str:
    if isinstance(value, bool):
        return f'%b{{{_text(value)}}}'
    return f'%n{{{_text(value)}}}' if isinstance(value, int | float) else _text(value)


def _escaped(text: str) -> str:
    return text.replace('-', '%2D').replace('=', '%3D')


def _is_found(tag: Tag, text: str) -> bool:
    """Tell whether VMAPI's search finds a rule's tag; a `*` stands for anything."""
    name, value = (tag, '') if isinstance(tag, str) else tag
    return bool(text) and _are_in_turn(f'{name}={value}'.split('*'), text)


def _are_in_turn(pieces: Iterable[str], text: str) -> bool:
    """Tell whether the pieces come one after the other."""
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _text(value: Any) -> str:
    """Return a tag's value as JavaScript makes a text of it."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return number_text(value) if isinstance(value, int | float) else str(value)
