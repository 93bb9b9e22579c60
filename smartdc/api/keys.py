"""The SSH keys of the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smartdc.chapter import several
from smartdc.connection import Connection
from smartdc.paths import ident
from smartdc.tables import table
from smartdc.types import Key


class KeysChapter(Connection):
    """List, get, add and delete SSH keys."""

    __slots__ = ()

    def keys(self, *, sync: bool | None = None) -> list[Key]:
        """Return all keys of the account.

        `GET /:login/keys`, since 6.5. `sync` passes by the server's cache.
        """
        return self._call('GET', '/keys', query={'sync': sync}, read=table(self, 'keys'))

    def key(self, key_id: str | Mapping[str, Any]) -> Key:
        """Return one key, by name, MD5 fingerprint or dict.

        `GET /:login/keys/:key`, since 6.5. Raises ResourceNotFound.
        """
        return self._call('GET', '/keys/{}', ident(key_id, 'name', 'fingerprint'))

    def add_key(
        self,
        key_id: str | None,
        key: str,
        *,
        attestation: str | Sequence[str] | None = None,
    ) -> Key:
        """Add a public key in OpenSSH form and return it.

        `POST /:login/keys`, since 6.5. `key_id` is the key's name; None leaves it to the server.
        `attestation` are the certificates of a hardware key, in PEM. Raises InvalidArgument when
        the key is not valid, or its name or fingerprint is taken.
        """
        body = {'name': key_id, 'key': key, 'attestation': several('attestation', attestation)}
        return self._create_key('/keys', body=body)

    def delete_key(self, key_id: str | Mapping[str, Any]) -> None:
        """Delete a key, by name, MD5 fingerprint or dict.

        `DELETE /:login/keys/:key`, since 6.5. Raises ResourceNotFound.
        """
        self._call('DELETE', '/keys/{}', ident(key_id, 'name', 'fingerprint'))
