"""Who may do what: CloudAPI's authorisation by roles, role tags and policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from smartdc.simulator.aperture import (
    DOCUMENTED_TYPES,
    Context,
    Instant,
    PolicyFault,
    Rule,
    Value,
    evaluate,
)
from smartdc.simulator.aperture_types import INHERITED
from smartdc.simulator.wire import Refusal

#: The role whose members may do anything with what belongs to the role's account.
ADMINISTRATOR = 'administrator'
#: What a role-operator asks for with `as-role` in order to act as an operator.
AS_OPERATOR = '_operator'


@dataclass(frozen=True)
class Account:
    """An account: `approved` is whether it may provision."""

    id: str
    login: str
    operator: bool = False
    role_operator: bool = False
    approved: bool = True
    disabled: bool = False


@dataclass(frozen=True)
class User:
    """A sub-user of an account."""

    id: str
    login: str
    disabled: bool = False


@dataclass(frozen=True)
class Role:
    """A role of the account with the id `account`.

    Members are ids of sub-users and of accounts; the default ones have the role without asking.
    """

    id: str
    name: str
    account: str
    rules: Sequence[Rule] = ()
    members: frozenset[str] = frozenset()
    default_members: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Attempt:
    """A request to be decided on.

    `account` is the caller's own, `user` its sub-user if one of those calls, `owner` the account
    in the path. `resource` is the path of the tagged thing, `role_tags` are ids of roles,
    `as_role` is the query parameter and `now` counts seconds since 1970.
    """

    account: Account
    owner: Account
    action: str
    resource: str
    user: User | None = None
    method: str = 'GET'
    as_role: str | None = None
    role_tags: frozenset[str] = frozenset()
    now: float = 0.0
    source_ip: str | None = None
    user_agent: str | None = None
    datacenter: str | None = None
    machine_ips: Sequence[str] | None = None
    machine_tags: Mapping[str, str | bool | int | float] = field(default_factory=dict[str, str])

    @property
    def caller_id(self) -> str:
        """The id under which the caller is a member of roles."""
        return self.account.id if self.user is None else self.user.id


@dataclass(frozen=True)
class Decision:
    """The caller may go on.

    `active_roles` are the roles to tag new things with; None where roles were not looked at.
    """

    active_roles: tuple[Role, ...] | None


class Denial(Exception):
    """Why roles do not allow something; it stands behind a `Refusal` and is never sent."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


def decide(
    attempt: Attempt, roles: Iterable[Role], types: Mapping[str, str] = DOCUMENTED_TYPES
) -> Decision:
    """Return the decision on an attempt, if it is allowed.

    `roles` are those that the caller may be a member of; `types` are those of conditions that name
    no type: `DOCUMENTED_TYPES` or `DEPLOYED_TYPES`.

    Raises:
        Refusal: 403, with the text that the client gets and its reason as the cause.
    """
    caller = attempt.user or attempt.account
    if caller.disabled or attempt.account.disabled:
        raise Refusal(403, 'NotAuthorized', 'Account or user is disabled')
    if _needs_no_role(attempt):
        return Decision(None)
    known = list(roles)
    try:
        active = _active_roles(attempt, known)
    except Denial as denial:
        raise _refusal(attempt.owner.login) from denial
    try:
        _authorise(attempt, known, active, types)
    except (Denial, PolicyFault) as denial:
        raise _refusal(f'{attempt.resource} ({attempt.action})') from denial
    return Decision(active)


def _refusal(subject: str) -> Refusal:
    return Refusal(403, 'NotAuthorized', f'You do not have permission to access {subject}')


def _needs_no_role(attempt: Attempt) -> bool:
    """Tell whether the caller acts on itself or as an operator."""
    if attempt.caller_id == attempt.owner.id:
        return True
    if attempt.account.role_operator and attempt.user is None:
        return attempt.as_role == AS_OPERATOR
    return attempt.account.operator and attempt.user is None


def _active_roles(attempt: Attempt, roles: Sequence[Role]) -> tuple[Role, ...]:
    """Return the roles of the owner that are asked for, or the caller's default ones."""
    caller = attempt.caller_id
    owned = [role for role in roles if role.account == attempt.owner.id]
    if not attempt.as_role:
        return tuple(role for role in owned if caller in role.default_members)
    names = {role.name: role for role in owned if caller in role.members}
    active: list[Role] = []
    for name in attempt.as_role.split(','):
        if name in names:
            active.append(names[name])
        elif name in INHERITED:
            # The server finds a function of JavaScript under this name, and takes it for a role.
            active.append(Role(f'[{name}]', name, ''))
        else:
            raise Denial('Error', f'"{name}" not listed in user roles')
    return tuple(active)


def _authorise(
    attempt: Attempt, roles: Sequence[Role], active: Sequence[Role], types: Mapping[str, str]
) -> None:
    """Raise a denial unless the active roles, or the account itself, allow the attempt."""
    account, owner = attempt.account, attempt.owner
    if account.operator and attempt.user is None:
        return
    if not account.approved and not account.operator:
        raise _blocked(account)
    if not owner.approved and not owner.operator and not account.operator:
        raise _blocked(owner)
    held = {role.id for role in roles if attempt.caller_id in role.members}
    for role in active:
        if role.id not in held:
            raise Denial('InvalidRoleError', role.id)
        if role.name == ADMINISTRATOR:
            return
    _by_rules(attempt, active, _context(attempt, active), types)


def _blocked(account: Account) -> Denial:
    return Denial('AccountBlockedError', f'Account {account.login} is blocked.')


def _by_rules(
    attempt: Attempt, roles: Sequence[Role], context: Context, types: Mapping[str, str]
) -> None:
    """Raise a denial unless a rule allows the attempt.

    All rules of a role count where its tag is on the resource; elsewhere, those that name
    resources.
    """
    reaching = [
        [rule for rule in role.rules if role.id in attempt.role_tags or rule.names_resources]
        for role in roles
    ]
    tagged = any(role.id in attempt.role_tags for role in roles)
    if not tagged and not any(reaching):
        text = 'None of your active roles are present on the resource.'
        raise Denial('NoMatchingRoleTagError', text)
    if not evaluate([rule for rules in reaching for rule in rules], context, types):
        raise Denial('RulesEvaluationFailedError', 'No rules allowed access')


def _context(attempt: Attempt, active: Sequence[Role]) -> Context:
    now = Instant.at(attempt.now)
    conditions: dict[str, Value] = {
        'date': now,
        'day': now,
        'time': now,
        'user-agent': attempt.user_agent,
        'sourceip': attempt.source_ip,
        'method': attempt.method.lower(),
        'activeRoles': [role.id for role in active],
        'datacenter': attempt.datacenter,
        'ip': attempt.machine_ips,
    }
    conditions |= {f'tag_{name}': value for name, value in attempt.machine_tags.items()}
    return Context(attempt.action, attempt.resource, conditions)
