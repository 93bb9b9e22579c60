"""What a chapter of a machine may rely on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smartdc.dry_run import is_collecting
from smartdc.errors import InvalidInput
from smartdc.given import path_of
from smartdc.seen import is_made_up
from smartdc.waiting import Polled

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter


class MachineChapter(Polled):
    """The machine's id, its state, its data center, and the data center's ways to make a call."""

    __slots__ = ('_asked', '_deleting', 'data', 'datacenter', 'id')

    id: str
    datacenter: DataCenter
    data: dict[str, Any]
    #: Whether it was asked here to be deleted.
    _deleting: bool
    #: The actions that were asked for here of late, and when.
    _asked: tuple[tuple[str, float], ...]

    @property
    def _call(self) -> Callable[..., Any]:
        return self.datacenter._call

    @property
    def _create_named(self) -> Callable[..., Any]:
        return self.datacenter._create_named

    def _told(self, part: str, found: Any, *, is_more: bool = False) -> dict[str, Any]:
        """Keep the tags or the metadata that were told of the machine, and return them.

        A dry run leaves a machine that is there as it is; what it tells `is_more` than what there
        was, or all.
        """
        if is_collecting(self.datacenter) and not is_made_up(self.id):
            return {**(self.data.get(part) or {}), **found} if is_more else found
        self.data = {**self.data, part: found}
        return found


def pairs(what: str, given: Mapping[str, Any] | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names and values of a mapping and of keyword arguments as one dict.

    `what` is how the error calls them when they are not a mapping of names to scalars.
    """
    if given is not None and not isinstance(given, Mapping):
        raise InvalidInput(f'{what} must be a mapping, not {type(given).__name__}')
    found = {**(given or {}), **more}
    for name, value in found.items():
        if not isinstance(name, str) or not name:
            raise InvalidInput(f'a name in {what} must be a text that is not empty, got {name!r}')
        if not isinstance(value, str | int | float | bool):
            raise InvalidInput(
                f'{what} {name!r} must be a text, a number or a boolean, not {type(value).__name__}'
            )
    return found


def several(what: str, given: Any) -> list[Any] | None:
    """Return what is given as a list; a text or a dict that stands alone is a list of one.

    None is not sent and stays None. `what` is how the error calls what can be no list.
    """
    if given is None:
        return None
    if isinstance(given, str | Mapping):
        return [given]
    if hasattr(given, '__iter__') and not isinstance(given, bytes | bytearray):
        return list(given)
    raise InvalidInput(f'{what} must be one or a list of them, not {type(given).__name__}')


def script(path: str | Path) -> str:
    """Return the text of a boot script file."""
    file = path_of('the boot script', path)
    try:
        return file.read_text('utf-8')
    except OSError as error:
        reason = error.strerror or error
        raise InvalidInput(f'cannot read the boot script {path}: {reason}') from None
    except ValueError:
        raise InvalidInput(f'the boot script {path} is not UTF-8 text') from None
