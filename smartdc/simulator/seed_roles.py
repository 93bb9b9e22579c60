"""Puts the policies, roles and role tags of a world into the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartdc.simulator.accounts import find_account, find_policy, find_role, find_user
from smartdc.simulator.aperture import PolicyFault, parse
from smartdc.simulator.ids import made_up_id
from smartdc.simulator.shapes import is_array
from smartdc.simulator.store import Doc, Store
from smartdc.simulator.tagging import tag_doc
from smartdc.simulator.world import WorldError


def seed_roles(store: Store, place: str, given: Mapping[str, Any], account: Doc) -> None:
    """Put an account's policies, roles and role tags; all accounts and users are there already."""
    for index, entry in enumerate(given.get('policies', ())):
        _seed_policy(store, f'{place}.policies[{index}]', entry, account)
    for index, entry in enumerate(given.get('roles', ())):
        _seed_role(store, f'{place}.roles[{index}]', entry, account)
    for path, roles in given.get('role_tags', {}).items():
        where = f'{place}.role_tags.{path}'
        if path and not path.startswith('/'):
            raise WorldError(f'world: {where}: a path begins with a slash')
        if path.startswith('/machines/'):
            raise WorldError(f'world: {where}: the roles on a machine stand with the machine')
        seed_tags(store, where, account['id'], path, roles)


def seed_tags(
    store: Store, place: str, owner: str, rest: str, names: Any, *, home: str = ''
) -> None:
    """Put the roles with these names on a resource; `rest` is its path below the account."""
    if not is_array(names):
        raise WorldError(f'world: {place}: expected a list, found {names!r}')
    roles = [(name, find_role(store, owner, str(name))) for name in names]
    ids = [_found(place, name, role) for name, role in roles]
    store.put('roletag', tag_doc(owner, rest, ids), home=home)


def _seed_policy(store: Store, place: str, given: Doc, account: Doc) -> None:
    for index, rule in enumerate(given['rules']):
        try:
            parse(rule)
        except PolicyFault as fault:
            raise WorldError(f'world: {place}.rules[{index}]: {fault.message}') from None
    base = {'id': made_up_id(f'policy/{account["login"]}/{given["name"]}')}
    store.put('policy', {**base, **given, 'owner': account['id']})


def _seed_role(store: Store, place: str, given: Doc, account: Doc) -> None:
    members = [
        {'login': entry} if isinstance(entry, str) else entry for entry in given.get('members', ())
    ]
    ids = [
        _member_id(store, f'{place}.members[{index}]', entry, account)
        for index, entry in enumerate(members)
    ]
    policies = [
        _found(f'{place}.policies', name, find_policy(store, account['id'], name))
        for name in given.get('policies', ())
    ]
    role = {
        'id': made_up_id(f'role/{account["login"]}/{given["name"]}'),
        **given,
        'owner': account['id'],
        'members': [
            {'type': entry.get('type', 'subuser'), 'id': member}
            for entry, member in zip(members, ids, strict=True)
        ],
        'default_members': [
            member for entry, member in zip(members, ids, strict=True) if entry.get('default', True)
        ],
        'policies': policies,
    }
    store.put('role', role)


def _member_id(store: Store, place: str, entry: Doc, account: Doc) -> str:
    kind, login = entry.get('type', 'subuser'), entry['login']
    if kind not in ('subuser', 'account'):
        raise WorldError(f'world: {place}.type: expected subuser or account, found {kind!r}')
    if kind == 'account':
        return _found(place, login, find_account(store, login))
    return _found(place, login, find_user(store, account['id'], login))


def _found(place: str, name: Any, doc: Doc | None) -> str:
    if doc is None:
        raise WorldError(f'world: {place}: there is no {name!r}')
    return str(doc['id'])
