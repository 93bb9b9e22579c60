"""What a process has open: files and sockets, told apart so that only new ones count."""

from __future__ import annotations

import os
from collections.abc import Set
from contextlib import suppress

_OPEN = '/proc/self/fd'


def opened(before: Set[tuple[str, str]] = frozenset()) -> set[tuple[str, str]]:
    """Return what is open and was not before: its number, and what the system calls it.

    What others left behind may be closed at any moment, so a bare count would tell nothing. Files
    without a name are passed over: those are pytest's, which catch what is printed.
    """
    found: set[tuple[str, str]] = set()
    for number in os.listdir(_OPEN):  # noqa: PTH208 # bare names are wanted
        with suppress(OSError):  # that of the listing itself
            found.add((number, os.readlink(f'{_OPEN}/{number}')))  # noqa: PTH115
    return {each for each in found - before if not each[1].endswith(' (deleted)')}
