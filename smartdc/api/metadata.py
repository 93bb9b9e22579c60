"""The metadata of a machine, its boot script and its generated passwords."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from smartdc.answers import an_object
from smartdc.chapter import MachineChapter, pairs, script
from smartdc.types import Scalar


class MetadataChapter(MachineChapter):
    """Get, change and delete metadata."""

    __slots__ = ()

    def get_metadata(self, *, credentials: bool = False) -> dict[str, Scalar]:
        """Return all metadata; `metadata` is up to date from then on.

        `GET /:login/machines/:id/metadata`, since 6.5. With `credentials` the generated
        passwords are under that name.
        """
        query = {'credentials': True} if credentials else None
        path = '/machines/{}/metadata'
        found = self._call('GET', path, self.id, query=query, read=an_object)
        kept = {name: value for name, value in found.items() if name != 'credentials'}
        return {**found, **self._told('metadata', kept)}

    def get_metadata_at_key(self, key: str) -> str:
        """Return the metadata of one name, a text.

        `GET /:login/machines/:id/metadata/:key`, since 7.0. Raises ResourceNotFound, also for
        values that are numbers or booleans.
        """
        return self._call('GET', '/machines/{}/metadata/{}', self.id, key)

    def update_metadata(
        self, metadata: Mapping[str, Scalar] | None = None, /, **more: Scalar
    ) -> dict[str, Scalar]:
        """Add or overwrite metadata, given as a mapping or by keyword, and return all of it.

        `POST /:login/machines/:id/metadata`, since 6.5. Names that end in `_pw` and the server's
        own (`credentials`, `account`, ...) are skipped by the server. Raises ValidationFailed
        when nothing is left to set.
        """
        body = pairs('metadata', metadata, more)
        found = self._call('POST', '/machines/{}/metadata', self.id, body=body, read=an_object)
        return self._told('metadata', found, is_more=True)

    def delete_metadata_at_key(self, key: str) -> dict[str, Scalar]:
        """Delete the metadata of one name and return all that the server still has.

        `DELETE /:login/machines/:id/metadata/:key`, since 6.5. The machine takes a moment to
        follow, so the name may still be among what is returned. Raises InvalidArgument for
        `root_authorized_keys`, `administrator_pw` and `credentials`.
        """
        self._call('DELETE', '/machines/{}/metadata/{}', self.id, key)
        return self.get_metadata()

    def delete_all_metadata(self) -> dict[str, Scalar]:
        """Delete all metadata and return what the server still has.

        `DELETE /:login/machines/:id/metadata`, since 6.5. `root_authorized_keys` and
        `administrator_pw` stay.
        """
        self._call('DELETE', '/machines/{}/metadata', self.id)
        return self.get_metadata()

    def set_boot_script(self, filename: str | Path) -> None:
        """Let the script in a file run at each boot.

        `POST /:login/machines/:id/metadata`, since 6.5. Raises InvalidInput when the file cannot
        be read.
        """
        self.update_metadata({'user-script': script(filename)})

    def delete_boot_script(self) -> None:
        """Let no script run at boot any more.

        `DELETE /:login/machines/:id/metadata/:key`, since 6.5.
        """
        self.delete_metadata_at_key('user-script')

    def credentials(self) -> dict[str, str]:
        """Return the generated passwords by user, empty when the image has none.

        `GET /:login/machines/:id/metadata`, since 6.5. They are asked for each time and kept
        nowhere.
        """
        query = {'credentials': True}
        return self._call('GET', '/machines/{}/metadata', self.id, query=query, read=_credentials)


def _credentials(data: Any, response: requests.Response) -> dict[str, str]:
    return dict(an_object(data, response).get('credentials') or {})
