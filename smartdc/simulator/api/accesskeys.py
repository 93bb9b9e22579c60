"""S3-style access keys of the account and its sub-users, as CloudAPI 9.20 does them.

It answers the directory's own entries, secrets included, and can't change them.
"""

from __future__ import annotations

import secrets
from urllib.parse import quote

from smartdc.simulator.api.users import find_named_user
from smartdc.simulator.calls import Call, Reply, not_found
from smartdc.simulator.clock import iso
from smartdc.simulator.routing import UPLOADS, Chapter
from smartdc.simulator.store import Doc

chapter: Chapter = Chapter()

_KEYS = '/:account/accesskeys'
_USER_KEYS = '/:account/users/:user/accesskeys'
_OWN = ('id', 'owner', 'name')


@chapter.post(_KEYS, 'CreateAccessKey', types=UPLOADS)
def create_access_key(call: Call) -> Reply:
    """Make an access key of the account."""
    return _create(call, call.owner, f'/{call.login}/accesskeys')


@chapter.post(_USER_KEYS, 'CreateUserAccessKey', types=UPLOADS)
def create_user_access_key(call: Call) -> Reply:
    """Make an access key of a sub-user."""
    user = find_named_user(call)
    named = quote(call.text('user'), safe='')
    return _create(call, user['id'], f'/{call.login}/users/{named}/accesskeys')


@chapter.get(_KEYS, 'ListAccessKeys', head='HeadAccessKeys')
def list_access_keys(call: Call) -> Reply:
    """Answer the account's access keys."""
    return Reply([_view(key) for key in call.store.find('accesskey', owner=call.owner)])


@chapter.get(_USER_KEYS, 'ListUserAccessKeys', head='HeadUserAccessKeys')
def list_user_access_keys(call: Call) -> Reply:
    """Answer a sub-user's access keys."""
    user = find_named_user(call)
    return Reply([_view(key) for key in call.store.find('accesskey', owner=user['id'])])


@chapter.get(f'{_KEYS}/:accesskeyid', 'GetAccessKey', head='HeadAccessKey')
def get_access_key(call: Call) -> Reply:
    """Answer an access key of the account."""
    return Reply(_view(_found(call, call.owner)))


@chapter.get(f'{_USER_KEYS}/:accesskeyid', 'GetUserAccessKey', head='HeadUserAccessKey')
def get_user_access_key(call: Call) -> Reply:
    """Answer an access key of a sub-user."""
    return Reply(_view(_found(call, find_named_user(call)['id'])))


@chapter.delete(f'{_KEYS}/:accesskeyid', 'DeleteAccessKey')
def delete_access_key(call: Call) -> Reply:
    """Delete an access key of the account."""
    call.store.delete('accesskey', _found(call, call.owner)['id'])
    return Reply(status=204)


@chapter.delete(f'{_USER_KEYS}/:accesskeyid', 'DeleteUserAccessKey')
def delete_user_access_key(call: Call) -> Reply:
    """Delete an access key of a sub-user."""
    call.store.delete('accesskey', _found(call, find_named_user(call)['id'])['id'])
    return Reply(status=204)


def _create(call: Call, owner: str, collection: str) -> Reply:
    key_id = secrets.token_hex(16)
    above = 'ou=users, o=smartdc'
    if owner != call.owner:
        above = f'uuid={call.owner}, {above}'
    key: Doc = {
        'dn': f'accesskeyid={key_id}, uuid={owner}, {above}',
        'controls': [],
        'accesskeyid': key_id,
        'accesskeysecret': secrets.token_urlsafe(32),
        'created': iso(call.now),
        'objectclass': 'accesskey',
        'status': 'Active',
        'id': key_id,
        'owner': owner,
    }
    call.store.put('accesskey', key)
    return Reply(_view(key), 201, {'Location': f'{collection}/{key_id}'})


def _view(key: Doc) -> Doc:
    return {name: value for name, value in key.items() if name not in _OWN}


def _found(call: Call, owner: str) -> Doc:
    ref = call.text('accesskeyid')
    key = call.store.get('accesskey', ref)
    if key is None or key['owner'] != owner:
        raise not_found(f'{ref} does not exist')
    return key
