"""Role tags: which roles may use which resource, by the resource's path.

A tag stands on a path as it was sent, as on the real server: what is tagged as `users/bob` has no
tag as `users/<id>`. Tags of machines live in their data center, all others with the account.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from smartdc.simulator import versions
from smartdc.simulator.calls import Call, Reply, invalid
from smartdc.simulator.shapes import is_object
from smartdc.simulator.store import Doc

#: Parts of the path of a thing in a collection: account, collection, id.
_ITEM = 3


def resource(call: Call) -> str:
    """Return the path of the tagged thing that a request is about."""
    return _resource(call.request.path, call.login)


@lru_cache(maxsize=1024)
def _resource(path: str, login: str) -> str:
    parts = _parts(path, login)
    if parts[1:2] == ['users'] and parts[3:4] == ['keys']:
        depth = len(parts)
    elif len(parts) > _ITEM + 1 and parts[1] != 'machines':
        depth = _ITEM + 1
    else:
        depth = _ITEM
    return unquote('/' + '/'.join(parts[:depth]))


def role_ids(call: Call, path: str) -> frozenset[str]:
    """Return the ids of the roles on a resource."""
    ref, home = _id(call, path), _home(call, path)
    return call.store.recall('roletag', (ref, home), lambda: _stored(call, ref, home))


def _stored(call: Call, ref: str, home: str) -> frozenset[str]:
    found = call.store.get('roletag', ref, home=home)
    return frozenset(found['roles'] if found else ())


def put(call: Call, path: str, roles: Iterable[str]) -> None:
    """Put roles, by id, on a resource, in the place of those that it had."""
    doc = tag_doc(call.owner, path.removeprefix(f'/{call.login}'), roles)
    call.store.put('roletag', doc, home=_home(call, path))


def tag_doc(owner: str, rest: str, roles: Iterable[str]) -> Doc:
    """Return the tags of a resource as they are stored; `rest` is its path below the account."""
    return {'id': f'{owner}{rest}', 'owner': owner, 'roles': list(roles)}


def named_roles(call: Call, names: Iterable[str]) -> list[Doc]:
    """Return the roles with these names, in their order, or refuse those that are not there."""
    known = {role['name']: role for role in call.store.find('role', owner=call.owner)}
    wanted = list(dict.fromkeys(names))
    absent = [name for name in wanted if name not in known]
    if absent:
        raise invalid(f'Role(s) {", ".join(absent)} not found')
    return [known[name] for name in wanted]


def listed(header: str) -> list[str]:
    """Return the names in a `role-tag` header."""
    return [name.strip() for name in header.split(',') if name.strip()]


def load_tags(call: Call) -> None:
    """Let a `role-tag` header say which roles a new thing is for, over the caller's active ones."""
    header = call.request.headers.get('role-tag')
    if call.request.method == 'POST' and header and _knows_tags(call):
        call.new_tags = [str(role['id']) for role in named_roles(call, listed(header))]


def finish(call: Call, reply: Reply) -> Reply:
    """Tag what a request made, forget the tags of what it deleted, and show those of the rest."""
    path = resource(call)
    if reply.channel or not _knows_tags(call) or _whole(call.request.path, call.login) != path:
        return reply
    method = call.request.method
    if method in ('GET', 'HEAD'):
        _show(call, path, reply)
    elif method == 'POST' and reply.status == 201 and call.new_tags:
        new = _new_id(reply)
        if new:
            put(call, f'{path}/{new}', call.new_tags)
            _show(call, f'{path}/{new}', reply)
    elif method == 'DELETE' and reply.status == 204 and not _home(call, path):
        call.store.delete('roletag', _id(call, path))
    return reply


def names(call: Call, ids: Iterable[str]) -> list[str]:
    """Return the names of roles; those that are gone are left out."""
    wanted = set(ids)
    roles = call.store.find('role', owner=call.owner) if wanted else []
    return [str(role['name']) for role in roles if role['id'] in wanted]


def _show(call: Call, path: str, reply: Reply) -> None:
    found = names(call, role_ids(call, path))
    if found:
        # HTTP knows only Latin-1; what else a name has goes out as it is in UTF-8.
        reply.headers['role-tag'] = ','.join(found).encode().decode('latin-1')


def _knows_tags(call: Call) -> bool:
    return versions.reaches(call.asked, '7.2.0')


@lru_cache(maxsize=1024)
def _whole(path: str, login: str) -> str:
    """Return the path of a request as tags know it."""
    return unquote('/' + '/'.join(_parts(path, login)))


def _parts(path: str, login: str) -> list[str]:
    """Return the parts of a path, with the account's login at the beginning."""
    parts = [part for part in path.split('/') if part]
    return [login, *parts[1:]]


def _new_id(reply: Reply) -> str:
    """Return the id of what was made; a key's is its fingerprint."""
    made = reply.body if is_object(reply.body) else {}
    return str(made.get('id') or made.get('accesskeyid') or made.get('fingerprint') or '')


def _id(call: Call, path: str) -> str:
    return call.owner + path.removeprefix(f'/{call.login}')


def _home(call: Call, path: str) -> str:
    parts = path.split('/')[1:]
    return call.home if len(parts) == _ITEM and parts[1] == 'machines' else ''
