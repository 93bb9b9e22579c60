"""Heads of answers, read to their end.

http.client takes a head that was cut off for a whole one: its status would be believed, and a body
whose length was cut away be taken for empty.
"""

from __future__ import annotations

from http.client import HTTPResponse, RemoteDisconnected
from typing import Any


class _Head:
    """What an answer is read from, as long as that is its head."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._has_begun = False

    def readline(self, limit: int) -> bytes:
        line: bytes = self._file.readline(limit)
        if self._has_begun and not line:
            raise RemoteDisconnected('the connection ended in the head of the answer')
        self._has_begun = True
        return line

    def close(self) -> None:
        self._file.close()


class WholeHead(HTTPResponse):
    """An answer that begins only when its head is there to the last line."""

    def begin(self) -> None:
        """Read the head."""
        answer: Any = self
        file = answer.fp
        head = answer.fp = _Head(file)
        try:
            super().begin()
        finally:
            if answer.fp is head:
                answer.fp = file
