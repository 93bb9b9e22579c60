"""Roles, their policies, and the tags that put roles on resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests

from smartdc.answers import an_object
from smartdc.chapter import several
from smartdc.connection import Connection
from smartdc.errors import InvalidInput
from smartdc.paths import fill, ident
from smartdc.tables import table
from smartdc.types import Policy, Role, RoleMember

#: A policy by name, id or dict.
PolicyRef = str | Mapping[str, Any]

#: What the ids of a chapter are found by; others are sent as they are.
_KINDS = {
    'machines': 'machine',
    'images': 'image',
    'packages': 'package',
    'networks': 'network',
    'volumes': 'volume',
    'fwrules': 'firewall rule',
}


class RolesChapter(Connection):
    """Roles, policies and role tags."""

    __slots__ = ()

    def roles(self) -> list[Role]:
        """Return all roles of the account.

        `GET /:login/roles`, since 7.2; members and policies are dicts since 9.0.
        """
        return self._call('GET', '/roles', read=table(self, 'roles'))

    def role(self, role: str | Mapping[str, Any]) -> Role:
        """Return one role, by name, id or dict.

        `GET /:login/roles/:role`, since 7.2. Raises ResourceNotFound.
        """
        return self._call('GET', '/roles/{}', ident(role))

    def create_role(
        self,
        name: str,
        *,
        policies: PolicyRef | Sequence[PolicyRef] | None = None,
        members: str | RoleMember | Sequence[str | RoleMember] | None = None,
        default_members: str | Sequence[str] | None = None,
    ) -> Role:
        """Create a role and return it.

        `POST /:login/roles`, since 7.2, in the form of 9.0. Policies are names, ids or dicts.
        Members are logins of sub-users, or `{type, login or id, default}` with type subuser or
        account; a default member acts in the role without asking for it. Of both, a single one
        need not be in a list. Servers before 9.0 take the logins of default members as
        `default_members`. Raises InvalidArgument for a member or policy that is not there, or a
        name that is taken.
        """
        body = {
            'name': name,
            'policies': _policies(policies),
            'members': _members(members),
            'default_members': several('default_members', default_members),
        }
        return self._create_named('/roles', body=body)

    def update_role(
        self,
        role: str | Mapping[str, Any],
        *,
        name: str | None = None,
        policies: PolicyRef | Sequence[PolicyRef] | None = None,
        members: str | RoleMember | Sequence[str | RoleMember] | None = None,
        default_members: str | Sequence[str] | None = None,
    ) -> Role:
        """Change what is given of a role, by name, id or dict, and return it.

        `POST /:login/roles/:role`, since 7.2, in the form of 9.0. Lists take the place of what
        was there. Raises ResourceNotFound, InvalidArgument.
        """
        body = {
            'name': name,
            'policies': _policies(policies),
            'members': _members(members),
            'default_members': several('default_members', default_members),
        }
        return self._call('POST', '/roles/{}', ident(role), body=body)

    def delete_role(self, role: str | Mapping[str, Any]) -> None:
        """Delete a role, by name, id or dict.

        `DELETE /:login/roles/:role`, since 7.2. Raises ResourceNotFound.
        """
        self._call('DELETE', '/roles/{}', ident(role))

    def policies(self) -> list[Policy]:
        """Return all policies of the account.

        `GET /:login/policies`, since 7.2.
        """
        return self._call('GET', '/policies', read=table(self, 'policies'))

    def policy(self, policy: PolicyRef) -> Policy:
        """Return one policy, by name, id or dict.

        `GET /:login/policies/:policy`, since 7.2. Raises ResourceNotFound.
        """
        return self._call('GET', '/policies/{}', ident(policy))

    def create_policy(
        self, name: str, rules: Sequence[str] | str, *, description: str | None = None
    ) -> Policy:
        """Create a policy and return it.

        `POST /:login/policies`, since 7.2. Rules read like `CAN getmachine AND listmachines`.
        Raises InvalidArgument with the parser's words for a rule that it cannot read.
        """
        body = {'name': name, 'rules': several('rules', rules), 'description': description}
        return self._create_named('/policies', body=body)

    def update_policy(
        self,
        policy: PolicyRef,
        *,
        name: str | None = None,
        rules: Sequence[str] | str | None = None,
        description: str | None = None,
    ) -> Policy:
        """Change what is given of a policy, by name, id or dict, and return it.

        `POST /:login/policies/:policy`, since 7.2. Rules take the place of what was there; an
        empty description clears it. Raises ResourceNotFound, InvalidArgument.
        """
        body = {'name': name, 'rules': several('rules', rules), 'description': description}
        return self._call('POST', '/policies/{}', ident(policy), body=body)

    def delete_policy(self, policy: PolicyRef) -> None:
        """Delete a policy, by name, id or dict.

        `DELETE /:login/policies/:policy`, since 7.2. Raises ResourceNotFound.
        """
        self._call('DELETE', '/policies/{}', ident(policy))

    def set_role_tags(
        self, resource: Any, roles: str | Sequence[str], *ids: str | Mapping[str, Any]
    ) -> list[str]:
        """Put roles on a resource, in the place of those that it had, and return them.

        `PUT /:resource_path`, since 7.2. A resource is a path below the account (`''` for the
        account itself, `/machines`), a Machine, or the name of a chapter followed by ids, names or
        dicts after the roles: `set_role_tags('machines', 'ops', 'web0')`. Roles are a name
        or several; an empty list takes all off. Raises InvalidArgument for a role that is not
        there, ResourceNotFound.
        """
        wanted = several('roles', roles)
        if wanted is None:
            raise InvalidInput('roles must be names: an empty list takes all roles off')
        body = {'role-tag': wanted}
        return self._call('PUT', self._resource(resource, ids), body=body, read=_put)

    def role_tags(self, resource: Any, *ids: str | Mapping[str, Any]) -> list[str]:
        """Return the names of the roles on a resource.

        `GET /:resource_path`, since 7.2. Resources are named as for `set_role_tags`.
        """
        return self._call('GET', self._resource(resource, ids), read=_role_tags)

    def _resource(self, resource: Any, ids: Sequence[Any]) -> str:
        kind = _KINDS.get(resource) if isinstance(resource, str) else None
        if ids and kind is not None:
            ids = [self._find(kind, ids[0]), *ids[1:]]
        return _path(resource, [ident(each, 'id', 'name') for each in ids])


def _policies(
    policies: PolicyRef | Sequence[PolicyRef] | None,
) -> list[dict[str, Any]] | None:
    wanted = several('policies', policies)
    return wanted and [
        {'name': policy} if isinstance(policy, str) else {'id': ident(policy)} for policy in wanted
    ]


def _members(
    members: str | RoleMember | Sequence[str | RoleMember] | None,
) -> list[dict[str, Any]] | None:
    wanted = several('members', members)
    return wanted and [
        {'type': 'subuser', 'login': member} if isinstance(member, str) else dict(member)
        for member in wanted
    ]


def _path(resource: Any, ids: Sequence[str]) -> str:
    """Return a resource's path, its ids encoded; braces are doubled for the template it becomes."""
    path = getattr(resource, 'path', resource)
    if not isinstance(path, str) or (ids and path.startswith('/')):
        raise InvalidInput(
            'a resource is a path such as /machines, a Machine, or a chapter and ids, '
            f'not {resource!r}'
        )
    if path and not path.startswith('/'):
        path = fill('/{}' + '/{}' * len(ids), path, *ids)
    return path.replace('{', '{{').replace('}', '}}')


def _put(data: Any, response: requests.Response) -> list[str]:
    return an_object(data, response)['role-tag']


def _role_tags(_: Any, response: requests.Response) -> list[str]:
    tags = response.headers.get('role-tag', '')
    return [tag.strip() for tag in tags.split(',') if tag.strip()]
