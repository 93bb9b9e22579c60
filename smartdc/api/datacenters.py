"""The data centers of this cloud, and the services of this data center."""

from __future__ import annotations

from typing import Any

import requests

from smartdc.answers import an_object
from smartdc.connection import Connection
from smartdc.errors import InvalidResponse
from smartdc.shapes import are_texts


class DatacentersChapter(Connection):
    """Data centers and services."""

    __slots__ = ()

    def datacenters(self) -> dict[str, str]:
        """Return the URL of each data center of this cloud, by name.

        `GET /:login/datacenters`, since 6.5. `datacenter()` knows them from then on.
        """
        found: dict[str, str] = self._call('GET', '/datacenters', read=_urls)
        self._learn(locations=found)
        return found

    def datacenter_url(self, name: str) -> str:
        """Return the URL of one data center, as the server redirects to it.

        `GET /:login/datacenters/:name`, since 6.5. The redirect is not followed. Raises
        ResourceNotFound.
        """
        return self._call('GET', '/datacenters/{}', name, read=_location)

    def services(self) -> dict[str, str]:
        """Return the URL of each service of this data center (docker, cmon, ...), by name.

        `GET /:login/services`, since 7.3.
        """
        return self._call('GET', '/services')

    def foreign_datacenters(self) -> Any:
        """Return the data centers of other clouds that this one knows.

        `GET /:login/foreigndatacenters`, undocumented. Raises Forbidden without the token of an
        application.
        """
        return self._call('GET', '/foreigndatacenters')

    def add_foreign_datacenter(self, name: str, url: str) -> Any:
        """Tell this cloud of a data center of another one.

        `POST /:login/foreigndatacenters`, undocumented. Raises Forbidden without the token of an
        application.
        """
        return self._call('POST', '/foreigndatacenters', body={'name': name, 'url': url})


def _urls(data: Any, response: requests.Response) -> dict[str, str]:
    found = an_object(data, response)
    if not are_texts([*found.values()]):
        raise InvalidResponse('a data center has an address that is no text')
    return found


def _location(_: Any, response: requests.Response) -> str:
    return response.headers['Location']
