"""Sub-users of the account, and their keys."""

from __future__ import annotations

from typing import Any

from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.routing import SINCE_7_2, UPLOADS, Chapter
from smartdc.simulator.store import Doc

chapter = Chapter()

_USER = '/:account/users/:user'
_KEY = f'{_USER}/keys/:name'
_FIELDS = (
    'id',
    'login',
    'email',
    'companyName',
    'firstName',
    'lastName',
    'address',
    'postalCode',
    'city',
    'state',
    'country',
    'phone',
    'updated',
    'created',
)

chapter.unserved('POST', '/:account/users', 'CreateUser', types=UPLOADS)


@chapter.get('/:account/users', 'ListUsers', head='HeadUsers')
def list_users(call: Call) -> Reply:
    """Answer all sub-users."""
    return Reply([user_view(user) for user in call.store.find('user', owner=call.owner)])


for _method, _pattern, _name in (
    ('GET', _USER, 'GetUser'),
    ('HEAD', _USER, 'HeadUser'),
    ('POST', _USER, 'UpdateUser'),
    ('POST', f'{_USER}/change_password', 'ChangeUserPassword'),
    ('DELETE', _USER, 'DeleteUser'),
):
    chapter.unserved(_method, _pattern, _name)
chapter.unserved('POST', f'{_USER}/keys', 'CreateUserKey', types=UPLOADS)
for _method, _pattern, _name in (
    ('GET', f'{_USER}/keys', 'ListUserKeys'),
    ('HEAD', f'{_USER}/keys', 'HeadUserKeys'),
    ('GET', _KEY, 'GetUserKey'),
    ('HEAD', _KEY, 'HeadUserKey'),
    ('DELETE', _KEY, 'DeleteUserKey'),
):
    chapter.unserved(_method, _pattern, _name, versions=SINCE_7_2)


def user_view(user: Doc) -> dict[str, Any]:
    """Return a sub-user as CloudAPI shows it; what is not set is left out."""
    return {name: user[name] for name in _FIELDS if user.get(name)}
