"""Lists that show themselves as tables: at a prompt, in a notebook, and with rich."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar, overload

from smartdc import seen
from smartdc.errors import InvalidResponse
from smartdc.shapes import is_array, is_object
from smartdc.showing import columns as width_of
from smartdc.showing import cut

if TYPE_CHECKING:
    from requests import Response
    from rich.table import Table as RichTable

    from smartdc.columns import Column
    from smartdc.connection import Connection

Thing = TypeVar('Thing')

#: How many rows of a long list are shown from its beginning, and from its end.
HEAD, TAIL = 20, 5

#: How wide a column stays at least when a table is too wide for the terminal.
_NARROWEST = 8

_GAP = '  '


class Table(list[Thing]):
    """A list in every respect, which shows itself as a table when it is printed.

    `str`, notebooks and rich show the table; `repr` is the list's. `kind` is what it lists, such
    as machines; `at` is when, in seconds since 1970, which ages are counted from. Slices are
    tables; what is made of one by `+`, `sorted()` and the like is a plain list.
    """

    __slots__ = ('at', 'kind')

    def __init__(self, things: Iterable[Thing], kind: str, at: float) -> None:
        super().__init__(things)
        self.kind: str = kind
        self.at: float = at

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Thing: ...
    @overload
    def __getitem__(self, index: slice, /) -> Table[Thing]: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> Thing | Table[Thing]:
        if isinstance(index, slice):
            return Table(super().__getitem__(index), self.kind, self.at)
        return super().__getitem__(index)

    def __str__(self) -> str:
        if not self:
            return f'no {self.kind}'
        shape, head, tail = self._parts()
        widths = _widths(shape, [*head, *tail])
        lines = [_line(shape, widths, [column.heading for column in shape])]
        lines += [_line(shape, widths, cells) for cells in head]
        lines += [self._gap(), *(_line(shape, widths, cells) for cells in tail)] if tail else []
        return '\n'.join(lines)

    def _repr_html_(self) -> str:
        if not self:
            return f'<p>{self}</p>'
        shape, head, tail = self._parts()
        gap = [f'<tr><td colspan="{len(shape)}" style="text-align:left">{self._gap()}</td></tr>']
        rows = [
            _html_row('th', shape, [column.heading for column in shape]),
            *(_html_row('td', shape, cells) for cells in head),
            *(gap if tail else []),
            *(_html_row('td', shape, cells) for cells in tail),
        ]
        return '<table>\n' + '\n'.join(rows) + '\n</table>'

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the table at IPython's prompt; inside of something else, the list."""
        is_inside = cycle or len(getattr(printer, 'stack', ())) > 1
        printer.text(repr(self) if is_inside else str(self))

    def __rich__(self) -> RichTable | str:
        if not self:
            return str(self)
        return _rich(*self._parts(), self._gap())

    def _parts(self) -> tuple[Sequence[Column], list[list[str]], list[list[str]]]:
        """Return the columns, and the cells of the rows to show from the beginning and the end."""
        whole = len(self) <= HEAD + TAIL
        from smartdc.columns import COLUMNS, Row

        shape = COLUMNS[self.kind]

        def cells(things: Table[Thing]) -> list[list[str]]:
            rows = (Row(thing, self.at) for thing in things)
            return [[column.text(row) for column in shape] for row in rows]

        return shape, cells(self if whole else self[:HEAD]), [] if whole else cells(self[-TAIL:])

    def _gap(self) -> str:
        return f'… {len(self) - HEAD - TAIL:,} more of {len(self):,}'


def listed(connection: Connection, kind: str, things: Sequence[Any]) -> Table[Any]:
    """Return a list of a kind as a table, and keep its names for completion."""
    found = Table(things, kind, connection.clock.now())
    seen.keep(connection, kind, found)
    return found


def table(connection: Connection, kind: str) -> Callable[[Any, Response], Table[Any]]:
    """Return the reader of an answer that is a list of a kind.

    It raises InvalidResponse for anything but a list of objects.
    """

    def read(data: Any, _: Response) -> Table[Any]:
        if not (is_array(data) and all(map(is_object, data))):
            raise InvalidResponse(f'a list of {kind} was expected')
        return listed(connection, kind, data)

    return read


def _widths(shape: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column is, the widest narrowed until all fit into the terminal."""
    widths = [
        max(width_of(cell) for cell in (column.heading, *(row[at] for row in rows)))
        for at, column in enumerate(shape)
    ]
    terminal = shutil.get_terminal_size(fallback=(0, 0)).columns
    if not terminal:
        # What goes into a file or a pipe is not cut.
        return widths
    room = terminal - len(_GAP) * (len(shape) - 1)
    widths = [min(width, terminal) for width in widths]
    while sum(widths) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _line(shape: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> str:
    return _GAP.join(
        _padded(cut(cell, width), width, right=column.is_number)
        for column, width, cell in zip(shape, widths, cells, strict=True)
    ).rstrip()


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = ' ' * (width - width_of(text))
    return blanks + text if right else text + blanks


def _html_row(tag: str, shape: Sequence[Column], cells: Sequence[str]) -> str:
    sides = ['right' if column.is_number else 'left' for column in shape]
    return f'<tr>{"".join(map(_html_cell, [tag] * len(cells), sides, cells))}</tr>'


def _html_cell(tag: str, side: str, text: str) -> str:
    from html import escape

    return f'<{tag} style="text-align:{side}">{escape(text)}</{tag}>'


def _rich(
    shape: Sequence[Column], head: list[list[str]], tail: list[list[str]], gap: str
) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(box=box.SIMPLE_HEAD)
    for column in shape:
        table.add_column(Text(column.heading), justify='right' if column.is_number else 'left')
    for cells in head:
        table.add_row(*map(Text, cells))
    if tail:
        table.add_row(Text(gap, no_wrap=True))
    for cells in tail:
        table.add_row(*map(Text, cells))
    return table
