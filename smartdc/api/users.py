"""The sub-users of the account, and their SSH keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smartdc.chapter import several
from smartdc.connection import Connection
from smartdc.paths import ident
from smartdc.tables import table
from smartdc.types import Key, User


class UsersChapter(Connection):
    """Sub-users, their passwords and keys."""

    __slots__ = ()

    def users(self) -> list[User]:
        """Return all sub-users of the account.

        `GET /:login/users`, since 7.2.
        """
        return self._call('GET', '/users', read=table(self, 'users'))

    def user(self, user: str | Mapping[str, Any], *, membership: bool | None = None) -> User:
        """Return one sub-user, by id, login or dict.

        `GET /:login/users/:user`, since 7.2. With `membership` the names of its roles and
        default roles are in it. Raises ResourceNotFound.
        """
        query = {'membership': membership}
        return self._call('GET', '/users/{}', ident(user, 'id', 'login'), query=query)

    def create_user(
        self,
        *,
        login: str,
        email: str,
        password: str,
        company_name: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        address: str | None = None,
        postal_code: str | None = None,
        city: str | None = None,
        state: str | None = None,
        country: str | None = None,
        phone: str | None = None,
    ) -> User:
        """Create a sub-user and return it.

        `POST /:login/users`, since 7.2. A login has 3 to 32 letters, digits, `_`, `.` or `@`
        and begins with a letter; a password has 7 characters or more, letters and digits.
        Raises InvalidArgument, also when the login is taken.
        """
        body = {
            'login': login,
            'email': email,
            'password': password,
            'companyName': company_name,
            'firstName': first_name,
            'lastName': last_name,
            'address': address,
            'postalCode': postal_code,
            'city': city,
            'state': state,
            'country': country,
            'phone': phone,
        }
        return self._create_named('/users', body=body, unique='login')

    def update_user(
        self,
        user: str | Mapping[str, Any],
        *,
        login: str | None = None,
        email: str | None = None,
        company_name: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        address: str | None = None,
        postal_code: str | None = None,
        city: str | None = None,
        state: str | None = None,
        country: str | None = None,
        phone: str | None = None,
    ) -> User:
        """Change what is given of a sub-user, by id or dict, and return it.

        `POST /:login/users/:user`, since 7.2. An empty text clears a field. Raises
        ResourceNotFound, InvalidArgument.
        """
        body = {
            'login': login,
            'email': email,
            'companyName': company_name,
            'firstName': first_name,
            'lastName': last_name,
            'address': address,
            'postalCode': postal_code,
            'city': city,
            'state': state,
            'country': country,
            'phone': phone,
        }
        return self._call('POST', '/users/{}', ident(user), body=body)

    def change_user_password(self, user: str | Mapping[str, Any], password: str) -> User:
        """Give a sub-user another password and return the sub-user.

        `POST /:login/users/:user/change_password`, since 7.2. Raises ResourceNotFound,
        InvalidArgument for a password that is too weak.
        """
        body = {'password': password, 'password_confirmation': password}
        return self._call('POST', '/users/{}/change_password', ident(user), body=body)

    def delete_user(self, user: str | Mapping[str, Any]) -> None:
        """Delete a sub-user, by id, login or dict.

        `DELETE /:login/users/:user`, since 7.2. Raises ResourceNotFound.
        """
        self._call('DELETE', '/users/{}', ident(user, 'id', 'login'))

    def user_keys(self, user: str | Mapping[str, Any], *, sync: bool | None = None) -> list[Key]:
        """Return all SSH keys of a sub-user.

        `GET /:login/users/:user/keys`, since 7.2. `sync` passes by the server's cache. Raises
        ResourceNotFound.
        """
        query = {'sync': sync}
        return self._call(
            'GET',
            '/users/{}/keys',
            ident(user, 'id', 'login'),
            query=query,
            read=table(self, 'keys'),
        )

    def user_key(self, user: str | Mapping[str, Any], key_id: str | Mapping[str, Any]) -> Key:
        """Return one SSH key of a sub-user, by name, MD5 fingerprint or dict.

        `GET /:login/users/:user/keys/:key`, since 7.2. Raises ResourceNotFound.
        """
        key = ident(key_id, 'name', 'fingerprint')
        return self._call('GET', '/users/{}/keys/{}', ident(user, 'id', 'login'), key)

    def add_user_key(
        self,
        user: str | Mapping[str, Any],
        key_id: str | None,
        key: str,
        *,
        attestation: str | Sequence[str] | None = None,
    ) -> Key:
        """Add a public key in OpenSSH form to a sub-user and return it.

        `POST /:login/users/:user/keys`, since 7.2. Arguments and errors are those of `add_key`.
        """
        body = {'name': key_id, 'key': key, 'attestation': several('attestation', attestation)}
        return self._create_key('/users/{}/keys', ident(user, 'id', 'login'), body=body)

    def delete_user_key(
        self, user: str | Mapping[str, Any], key_id: str | Mapping[str, Any]
    ) -> None:
        """Delete an SSH key of a sub-user, by name, MD5 fingerprint or dict.

        `DELETE /:login/users/:user/keys/:key`, since 7.2. Raises ResourceNotFound.
        """
        key = ident(key_id, 'name', 'fingerprint')
        self._call('DELETE', '/users/{}/keys/{}', ident(user, 'id', 'login'), key)
