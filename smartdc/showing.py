"""Text of a server's, made fit to be shown: without control characters, and not too long."""

from __future__ import annotations

import unicodedata
from typing import Any

#: The longest line that an object describes itself in.
LINE = 120

#: The most of a state that is shown there.
_STATE = 24

_MORE = '…'


def printable(value: Any) -> str:
    """Return a value as text in which whatever a terminal would act upon is escaped.

    Those are control characters, and what is invisible or turns the direction of writing.
    """
    text = str(value)
    if text.isprintable():
        return text
    return ''.join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode('unicode_escape').decode('ascii')


def cut(text: str, width: int) -> str:
    """Return the text's beginning, marked as such, when it is wider than so many columns."""
    if columns(text) <= width:
        return text
    kept = text[: max(0, width - 1)]
    while kept and columns(kept) > width - 1:
        kept = kept[:-1]
    return kept + _MORE


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in 'WF' else 1


def line(form: str, *parts: Any, state: Any = None) -> str:
    """Put parts into the `{}` of a form, cut so that the whole stays a line, and add a state.

    The form ends with `>`, before which the state is put.
    """
    begin = form.removesuffix('>')
    end = f', {cut(printable(state), _STATE)}>' if state else '>'
    room = LINE - columns(begin.replace('{}', '')) - columns(end)
    shown = [cut(printable(part), room) for part in parts]
    while sum(map(columns, shown)) > max(room, len(shown)):  # no part gets shorter than one column
        longest = max(range(len(shown)), key=lambda at: columns(shown[at]))
        shown[longest] = cut(shown[longest], columns(shown[longest]) - 1)
    return cut(begin.format(*shown), LINE - columns(end)) + end
