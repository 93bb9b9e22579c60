"""A system that gives no more threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_threads() -> Iterator[None]:
    """Let each new thread want a stack that no system has, so that it cannot be started."""
    before = threading.stack_size(2**60)
    try:
        yield
    finally:
        threading.stack_size(before)
