"""Accounts, sub-users, their keys, roles and policies, as several parts look them up."""

from __future__ import annotations

from smartdc.simulator.store import Doc, Store, first


def find_account(store: Store, ref: str) -> Doc | None:
    """Return the account with this login or id; it is shared, and so must not be changed."""
    return store.recall(
        'account', ref, lambda: first(store.find('account', name=ref)) or store.get('account', ref)
    )


def find_user(store: Store, account: str, ref: str) -> Doc | None:
    """Return the sub-user of an account with this login or id."""
    return first(
        [user for user in store.find('user', owner=account) if ref in (user['name'], user['id'])]
    )


def find_key(store: Store, owner: str, ref: str) -> Doc | None:
    """Return the key of an account or sub-user with this name or MD5 fingerprint, as it is kept.

    It is shared, and so must not be changed.
    """
    return store.recall(
        'key',
        (owner, ref),
        lambda: (
            store.get('key', f'{owner}/{ref}') or first(store.find('key', owner=owner, name=ref))
        ),
    )


def find_role(store: Store, account: str, ref: str) -> Doc | None:
    """Return the role of an account with this name or id."""
    return _named(store, 'role', account, ref)


def find_policy(store: Store, account: str, ref: str) -> Doc | None:
    """Return the policy of an account with this name or id."""
    return _named(store, 'policy', account, ref)


def _named(store: Store, kind: str, account: str, ref: str) -> Doc | None:
    found = store.get(kind, ref)
    if found is not None and found['owner'] == account:
        return found
    return first(store.find(kind, owner=account, name=ref))


def key_doc(owner: str, key: dict[str, str]) -> Doc:
    """Return a key `{name, fingerprint, key}` as it is stored."""
    return {**key, 'id': f'{owner}/{key["fingerprint"]}', 'owner': owner}
