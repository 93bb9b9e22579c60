"""The account's SSH keys."""

from __future__ import annotations

from urllib.parse import quote

from smartdc.simulator import ssh_keys
from smartdc.simulator.accounts import find_key, key_doc
from smartdc.simulator.calls import Call, Reply, not_found
from smartdc.simulator.routing import UPLOADS, Chapter
from smartdc.simulator.store import Doc

chapter: Chapter = Chapter()

_FIELDS = ('name', 'fingerprint', 'key', 'attested', 'multifactor')


@chapter.post('/:account/keys', 'CreateKey', types=UPLOADS)
def create_key(call: Call) -> Reply:
    """Add a key; its name defaults to its comment."""
    return add_key(call, call.owner, f'/{call.login}/keys')


@chapter.get('/:account/keys', 'ListKeys', head='HeadKeys')
def list_keys(call: Call) -> Reply:
    """Answer all keys."""
    return Reply([key_view(key) for key in call.store.find('key', owner=call.owner)])


@chapter.get('/:account/keys/:name', 'GetKey', head='HeadKey')
def get_key(call: Call) -> Reply:
    """Answer a key by its name or fingerprint."""
    return Reply(key_view(find_named_key(call, call.owner)))


@chapter.delete('/:account/keys/:name', 'DeleteKey')
def delete_key(call: Call) -> Reply:
    """Remove a key; machines that have it keep it."""
    call.store.delete('key', find_named_key(call, call.owner)['id'])
    return Reply(status=204)


def key_view(key: Doc) -> dict[str, str]:
    """Return a key as CloudAPI shows it."""
    return {name: key[name] for name in _FIELDS if name in key}


def add_key(call: Call, owner: str, collection: str) -> Reply:
    """Add a key to an account or a sub-user; `collection` is the path of its keys."""
    key = ssh_keys.admit(call.params, call.store.find('key', owner=owner))
    call.store.put('key', key_doc(owner, key))
    location = f'{collection}/{quote(key["fingerprint"], safe="")}'
    return Reply(key, 201, {'Location': location})


def find_named_key(call: Call, owner: str) -> Doc:
    """Return the key of an account or a sub-user that the path names."""
    key = find_key(call.store, owner, call.text('name'))
    if key is None:
        raise not_found(f'{call.text("name")} does not exist')
    return key
