"""Access keys: the S3-style credentials of the account and of its users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartdc.connection import Connection
from smartdc.errors import SmartDCError
from smartdc.likeness import like
from smartdc.paths import ident
from smartdc.tables import table
from smartdc.types import AccessKey


class AccessKeysChapter(Connection):
    """List, get, create, change and delete access keys."""

    __slots__ = ()

    def access_keys(self) -> list[AccessKey]:
        """Return all access keys of the account.

        `GET /:login/accesskeys`, since 9.11. Servers up to 9.20 tell the secrets here, too.
        """
        return self._call('GET', '/accesskeys', read=table(self, 'access keys'))

    def access_key(self, access_key_id: str | Mapping[str, Any]) -> AccessKey:
        """Return one access key, by id or dict.

        `GET /:login/accesskeys/:accesskeyid`, since 9.11. Raises ResourceNotFound.
        """
        return self._call('GET', '/accesskeys/{}', ident(access_key_id, 'accesskeyid'))

    def create_access_key(
        self, *, status: str | None = None, description: str | None = None
    ) -> AccessKey:
        """Create an access key and return it, with its secret.

        `POST /:login/accesskeys`, since 9.11. `status` is Active or Inactive, `description` has
        up to 150 characters; servers up to 9.20 ignore both. After a lost answer the key is
        looked for; where its secret was in that answer only, the error names the key to delete.
        """
        return self._create_new(
            '/accesskeys',
            rows=self.access_keys,
            is_it=lambda key: _is_it(key, description),
            key='accesskeyid',
            sought=_sought(description),
            body={'status': status, 'description': description},
        )

    def update_access_key(
        self,
        access_key_id: str | Mapping[str, Any],
        *,
        status: str | None = None,
        description: str | None = None,
    ) -> AccessKey:
        """Change an access key and return it.

        `POST /:login/accesskeys/:accesskeyid`, after 9.20. Raises ResourceNotFound, and
        MethodNotAllowed on older servers.
        """
        body = {'status': status, 'description': description}
        return self._call('POST', '/accesskeys/{}', ident(access_key_id, 'accesskeyid'), body=body)

    def delete_access_key(self, access_key_id: str | Mapping[str, Any]) -> None:
        """Delete an access key, by id or dict.

        `DELETE /:login/accesskeys/:accesskeyid`, since 9.11. Raises ResourceNotFound.
        """
        self._call('DELETE', '/accesskeys/{}', ident(access_key_id, 'accesskeyid'))

    def user_access_keys(self, user: str | Mapping[str, Any]) -> list[AccessKey]:
        """Return all access keys of a sub-user.

        `GET /:login/users/:user/accesskeys`, since 9.11. Raises ResourceNotFound.
        """
        return self._call(
            'GET', '/users/{}/accesskeys', ident(user), read=table(self, 'access keys')
        )

    def user_access_key(
        self, user: str | Mapping[str, Any], access_key_id: str | Mapping[str, Any]
    ) -> AccessKey:
        """Return one access key of a sub-user.

        `GET /:login/users/:user/accesskeys/:accesskeyid`, since 9.11. Raises ResourceNotFound.
        """
        key = ident(access_key_id, 'accesskeyid')
        return self._call('GET', '/users/{}/accesskeys/{}', ident(user), key)

    def create_user_access_key(
        self,
        user: str | Mapping[str, Any],
        *,
        status: str | None = None,
        description: str | None = None,
    ) -> AccessKey:
        """Create an access key for a sub-user and return it, with its secret.

        `POST /:login/users/:user/accesskeys`, since 9.11. Arguments and errors are those of
        `create_access_key`. Raises ResourceNotFound.
        """
        return self._create_new(
            '/users/{}/accesskeys',
            ident(user),
            rows=lambda: self.user_access_keys(user),
            is_it=lambda key: _is_it(key, description),
            key='accesskeyid',
            sought=_sought(description),
            body={'status': status, 'description': description},
        )

    def update_user_access_key(
        self,
        user: str | Mapping[str, Any],
        access_key_id: str | Mapping[str, Any],
        *,
        status: str | None = None,
        description: str | None = None,
    ) -> AccessKey:
        """Change an access key of a sub-user and return it.

        `POST /:login/users/:user/accesskeys/:accesskeyid`, after 9.20. Raises ResourceNotFound,
        and MethodNotAllowed on older servers.
        """
        key = ident(access_key_id, 'accesskeyid')
        body = {'status': status, 'description': description}
        return self._call('POST', '/users/{}/accesskeys/{}', ident(user), key, body=body)

    def delete_user_access_key(
        self, user: str | Mapping[str, Any], access_key_id: str | Mapping[str, Any]
    ) -> None:
        """Delete an access key of a sub-user.

        `DELETE /:login/users/:user/accesskeys/:accesskeyid`, since 9.11. Raises
        ResourceNotFound.
        """
        key = ident(access_key_id, 'accesskeyid')
        self._call('DELETE', '/users/{}/accesskeys/{}', ident(user), key)


def _sought(description: str | None) -> dict[str, str]:
    return {} if description is None else {'description': description}


def _is_it(key: AccessKey, description: str | None) -> bool:
    """Say whether a new key is the one that was made; raise SmartDCError if it is of no use."""
    if not like(key, {'description': description}):
        return False
    if 'accesskeysecret' not in key:
        lost = SmartDCError('the secret of the new access key is lost: delete it')
        lost.sought = {'accesskeyid': key['accesskeyid']}
        raise lost
    return True
