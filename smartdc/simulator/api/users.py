"""Sub-users of the account."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from smartdc.simulator.accounts import find_user
from smartdc.simulator.calls import Call, Reply, invalid, missing, not_found
from smartdc.simulator.clock import iso
from smartdc.simulator.cloud import new_id
from smartdc.simulator.javascript import string
from smartdc.simulator.routing import UPLOADS, Chapter
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

_USER = '/:account/users/:user'
_REQUIRED = ('email', 'login', 'password')
_EDITABLE = (
    *('companyName', 'firstName', 'lastName', 'address', 'postalCode', 'city', 'state'),
    *('country', 'phone'),
)
_FIELDS = ('id', 'login', 'email', *_EDITABLE)

#: The directory's own names for some of the fields are taken as well.
_ALIASES = {'company': 'companyName', 'givenName': 'firstName', 'sn': 'lastName'}

_LOGIN = re.compile(r'[a-zA-Z][a-zA-Z0-9_.@]{2,31}')
_EMAIL = re.compile(r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*")
_PASSWORD = re.compile(r'(?=.*[a-zA-Z])(?=.*[0-9]).{7,}', re.DOTALL)


@chapter.post('/:account/users', 'CreateUser', types=UPLOADS)
def create_user(call: Call) -> Reply:
    """Make a sub-user; its password is checked, and not kept, for nothing asks for it."""
    _require(call, *_REQUIRED)
    given = _given(call)
    _check_password(call)
    now = iso(call.now)
    user = {'id': new_id(), 'owner': call.owner, **given, 'created': now, 'updated': now}
    _keep(call, user)
    location = f'/{call.login}/users/{quote(user["login"], safe="")}'
    return Reply(user_view(user), 201, {'Location': location})


@chapter.get('/:account/users', 'ListUsers', head='HeadUsers')
def list_users(call: Call) -> Reply:
    """Answer all sub-users."""
    return Reply([user_view(user) for user in call.store.find('user', owner=call.owner)])


@chapter.get(_USER, 'GetUser', head='HeadUser')
def get_user(call: Call) -> Reply:
    """Answer a sub-user by its id or login, with its roles if that is asked for."""
    user = find_named_user(call)
    if not call.params.get('membership'):
        return Reply(user_view(user))
    roles = call.store.find('role', owner=call.owner)
    held = [role for role in roles if user['id'] in [each['id'] for each in role['members']]]
    membership = {
        'roles': [role['name'] for role in held],
        'default_roles': [role['name'] for role in held if user['id'] in role['default_members']],
    }
    return Reply({**user_view(user), **membership})


@chapter.post(_USER, 'UpdateUser')
def update_user(call: Call) -> Reply:
    """Change what was sent; an empty text clears a field, and a password is not looked at."""
    given = _given(call)
    user = {**_by_id(call), **given, 'updated': iso(call.now)}
    _keep(call, user)
    return Reply(user_view(user))


@chapter.post(f'{_USER}/change_password', 'ChangeUserPassword')
def change_password(call: Call) -> Reply:
    """Give a sub-user another password, which must be sent twice."""
    _require(call, 'password', 'password_confirmation')
    if call.params['password'] != call.params['password_confirmation']:
        raise invalid('password and password_confirmation must have the same value')
    user = _by_id(call)
    _check_password(call)
    user['updated'] = iso(call.now)
    call.store.put('user', user)
    return Reply(user_view(user))


@chapter.delete(_USER, 'DeleteUser')
def delete_user(call: Call) -> Reply:
    """Delete a sub-user with its keys, and take it out of its roles."""
    user = find_named_user(call)
    for kind in ('key', 'accesskey'):
        for key in call.store.find(kind, owner=user['id']):
            call.store.delete(kind, key['id'])
    for role in call.store.find('role', owner=call.owner):
        role['members'] = [each for each in role['members'] if each['id'] != user['id']]
        role['default_members'] = [each for each in role['default_members'] if each != user['id']]
        call.store.put('role', role)
    call.store.delete('user', user['id'])
    return Reply(status=204)


def user_view(user: Doc) -> dict[str, Any]:
    """Return a sub-user as CloudAPI shows it; what is not set is left out."""
    return {name: user[name] for name in (*_FIELDS, 'updated', 'created') if user.get(name)}


def find_named_user(call: Call) -> Doc:
    """Return the sub-user that the path names by id or login."""
    user = find_user(call.store, call.owner, call.text('user'))
    if user is None:
        raise not_found(f'{call.text("user")} does not exist')
    return user


def _by_id(call: Call) -> Doc:
    """Return the sub-user that the path names; changes want its id."""
    user = find_named_user(call)
    if user['id'] != call.text('user'):
        raise not_found(f'{call.text("user")} does not exist')
    return user


def _require(call: Call, *names: str) -> None:
    absent = [f'{name} is required' for name in names if not call.params.get(name)]
    if absent:
        raise missing(f'Request is missing required parameters: {", ".join(absent)}')


def _check_password(call: Call) -> None:
    password = call.params['password']
    if not isinstance(password, str) or not _PASSWORD.fullmatch(password):
        raise _unusable()


def _given(call: Call) -> Doc:
    """Return the fields that were sent."""
    given: Doc = {}
    for name, value in call.params.items():
        field = _ALIASES.get(name, name)
        if field in _EDITABLE and value is not None:
            given[field] = string(value)
    for name in ('email', 'login'):
        if call.params.get(name) is not None:
            given[name] = call.text(name)
    if 'email' in given and not _EMAIL.fullmatch(given['email']):
        raise invalid(f'email: {given["email"]} is invalid')
    return given | ({'name': given['login']} if 'login' in given else {})


def _keep(call: Call, user: Doc) -> None:
    """Store a sub-user whose login is good, and no other one's."""
    others = call.store.find('user', owner=call.owner, name=user['login'])
    taken = any(other['id'] != user['id'] for other in others)
    if taken or not _LOGIN.fullmatch(user['login']):
        raise _unusable()
    call.store.put('user', user)


def _unusable() -> Refusal:
    return invalid('user is invalid')
