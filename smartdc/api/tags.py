"""The tags of a machine."""

from __future__ import annotations

from collections.abc import Mapping

from smartdc.answers import an_object
from smartdc.chapter import MachineChapter, pairs
from smartdc.types import Scalar


class TagsChapter(MachineChapter):
    """Get, add, replace and delete tags."""

    __slots__ = ()

    def get_tags(self) -> dict[str, Scalar]:
        """Return all tags; `tags` is up to date from then on.

        `GET /:login/machines/:id/tags`, since 6.5.
        """
        return self._told('tags', self._call('GET', '/machines/{}/tags', self.id, read=an_object))

    def get_tag(self, tag: str) -> str:
        """Return the value of one tag, a text.

        `GET /:login/machines/:id/tags/:tag`, since 6.5. For numbers and booleans the server
        answers an empty text here; `get_tags` has their values. Raises ResourceNotFound.
        """
        return self._call('GET', '/machines/{}/tags/{}', self.id, tag)

    def add_tags(
        self, tags: Mapping[str, Scalar] | None = None, /, **more: Scalar
    ) -> dict[str, Scalar]:
        """Add or overwrite tags, given as a mapping or by keyword, and return all of them.

        `POST /:login/machines/:id/tags`, since 6.5. Raises ValidationFailed for a `triton.` tag
        that does not exist or has a wrong value.
        """
        body = pairs('tags', tags, more)
        tags = self._call('POST', '/machines/{}/tags', self.id, body=body, read=an_object)
        return self._told('tags', tags, is_more=True)

    def replace_tags(
        self, tags: Mapping[str, Scalar] | None = None, /, **more: Scalar
    ) -> dict[str, Scalar]:
        """Put these tags in the place of all that there are, and return them.

        `PUT /:login/machines/:id/tags`, since 7.0. Raises ValidationFailed when there are none;
        `delete_all_tags` is for that.
        """
        body = pairs('tags', tags, more)
        tags = self._call('PUT', '/machines/{}/tags', self.id, body=body, read=an_object)
        return self._told('tags', tags)

    def delete_tag(self, tag: str) -> None:
        """Delete one tag.

        `DELETE /:login/machines/:id/tags/:tag`, since 6.5.
        """
        self._call('DELETE', '/machines/{}/tags/{}', self.id, tag)

    def delete_all_tags(self) -> None:
        """Delete all tags.

        `DELETE /:login/machines/:id/tags`, since 6.5.
        """
        self._call('DELETE', '/machines/{}/tags', self.id)
