"""The SSH keys of sub-users."""

from __future__ import annotations

from urllib.parse import quote

from smartdc.simulator.api.keys import add_key, find_named_key, key_view
from smartdc.simulator.api.users import find_named_user
from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.routing import SINCE_7_2, UPLOADS, Chapter

chapter: Chapter = Chapter()

_KEYS = '/:account/users/:user/keys'
_KEY = f'{_KEYS}/:name'


@chapter.post(_KEYS, 'CreateUserKey', types=UPLOADS)
def create_user_key(call: Call) -> Reply:
    """Add a key; its name defaults to its comment."""
    user = find_named_user(call)
    named = quote(call.text('user'), safe='')
    return add_key(call, user['id'], f'/{call.login}/users/{named}/keys')


@chapter.get(_KEYS, 'ListUserKeys', head='HeadUserKeys', versions=SINCE_7_2)
def list_user_keys(call: Call) -> Reply:
    """Answer all keys of a sub-user."""
    keys = call.store.find('key', owner=find_named_user(call)['id'])
    return Reply([key_view(key) for key in keys])


@chapter.get(_KEY, 'GetUserKey', head='HeadUserKey', versions=SINCE_7_2)
def get_user_key(call: Call) -> Reply:
    """Answer a key of a sub-user by its name or fingerprint."""
    return Reply(key_view(find_named_key(call, find_named_user(call)['id'])))


@chapter.delete(_KEY, 'DeleteUserKey', versions=SINCE_7_2)
def delete_user_key(call: Call) -> Reply:
    """Remove a key of a sub-user."""
    key = find_named_key(call, find_named_user(call)['id'])
    call.store.delete('key', key['id'])
    return Reply(status=204)
