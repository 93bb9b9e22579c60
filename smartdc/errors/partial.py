"""The errors of work on many things, some of which failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smartdc.errors.base import SmartDCError
from smartdc.shapes import is_object, is_sequence


class PartialFailure(SmartDCError):
    """Some of many things failed; all were tried, unless the work was broken off.

    `results` are what the others returned, `errors` why these failed, both by id or name.
    `undone` are the ids or names of those that were not begun.
    """

    def __init__(
        self,
        text: str = '',
        results: Mapping[str, Any] | None = None,
        errors: Mapping[str, BaseException] | None = None,
        undone: Sequence[str] = (),
    ) -> None:
        super().__init__(text)
        self.results: dict[str, Any] = dict(results or {})
        self.errors: dict[str, BaseException] = dict(errors or {})
        self.undone: tuple[str, ...] = tuple(undone)

    def __reduce__(self) -> tuple[Any, ...]:
        # Machines hold on to their connection, which is this process's alone; their data is not.
        plain = {name: _data(result) for name, result in self.results.items()}
        return type(self), (*self.args, plain, self.errors, self.undone), self._state()


class FleetError(PartialFailure):
    """Some machines of a fleet failed; results and errors are by machine id.

    Machines that were to be made have no id, so there they are by name. Pickling turns machines
    among the results into their data.
    """


class CloudError(PartialFailure):
    """Some data centers of a cloud failed; results and errors are by data center."""


def _data(result: Any) -> Any:
    """Return a machine's or snapshot's data, also of those in a list, and all else as it is."""
    if is_sequence(result):
        return [_data(each) for each in result]
    found = getattr(result, 'data', None)
    return found if is_object(found) else result
