"""The account: its address, its limits and its settings."""

from __future__ import annotations

from smartdc.answers import an_object
from smartdc.connection import Connection
from smartdc.tables import table
from smartdc.types import Account, Config, Limit, NetworkRef


class AccountChapter(Connection):
    """Account, provisioning limits and config."""

    __slots__ = ()

    def account(self) -> Account:
        """Return the account; from then on `login` is its name.

        `GET /:login`, since 7.0. Raises NotAuthorized for a sub-user without the right.
        """
        account = self._call('GET', '', read=an_object)
        login = account.get('login')
        self._learn(login=login if isinstance(login, str) else None)
        return account

    def update_account(
        self,
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
        *,
        triton_cns_enabled: bool | None = None,
    ) -> Account:
        """Change what is given and return the account as it is then.

        `POST /:login`, since 7.0. The server ignores empty texts, so nothing can be blanked.
        `triton_cns_enabled` switches the container name service for the account. Raises
        InvalidArgument for a value that the server refuses.
        """
        body = {
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
            'triton_cns_enabled': triton_cns_enabled,
        }
        return self._call('POST', '', body=body)

    def limits(self) -> list[Limit]:
        """Return the provisioning limits; empty when nothing is limited.

        `GET /:login/limits`, since 9.8.0. `ram` is in MiB, `quota` in GiB of disk.
        """
        return self._call('GET', '/limits', read=table(self, 'limits'))

    def config(self) -> Config:
        """Return the account's settings in this data center.

        `GET /:login/config`, since 7.3.
        """
        return self._call('GET', '/config')

    def update_config(self, *, default_network: NetworkRef) -> Config:
        """Set the network that machines join when none is asked for, and return the settings.

        `PUT /:login/config`, since 7.3. The network is named as for `network`. Raises
        InvalidArgument for a network that is unknown or that the account may not use.
        """
        return self._call(
            'PUT', '/config', body={'default_network': self._find('network', default_network)}
        )
