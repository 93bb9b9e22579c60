"""Telling how far something that takes time has come."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Literal, NamedTuple, Protocol, TextIO

from smartdc.errors import InvalidInput


class Progress(NamedTuple):
    """How far a wait, or a piece of work, has come.

    `what` is waited for or worked on, `state` is what was seen last, `elapsed` is in seconds.
    `done` of `total` things are done, where there are things to count; else both are None.
    """

    what: str
    state: str
    elapsed: float
    done: int | None = None
    total: int | None = None

    def __str__(self) -> str:
        count = '' if self.done is None else f'{self.done} of {self.total}, '
        return f'{self.what}: {count}{self.state}'


#: What is called after each step.
Report = Callable[[Progress], None]

#: What a `progress=` may be: a function, False for nobody, None for a terminal if there is one.
Reporting = Report | Literal[False] | None

#: Held by whoever shows a line on the terminal: there is room for one.
_screen = threading.Lock()


@contextmanager
def reporting(progress: Reporting = None) -> Generator[Report]:
    """Yield what to call after each step, as a `progress=` says.

    A function is called with each Progress, and what it raises is raised. False calls nobody.
    None shows a line on stderr: only if that is a terminal, only in the main thread, not while
    another line is shown, and from the second step on, so that what is short shows nothing. The
    line is gone after the block. With the extra `rich` it is a bar. Raises InvalidInput for
    anything else.
    """
    if progress is None:
        with _on_terminal() as report:
            yield report
    elif progress is False:
        yield _nobody
    elif callable(progress):
        yield progress
    else:
        raise InvalidInput(f'progress= is a function, None or False, not {progress!r}')


def _nobody(progress: Progress) -> None:
    """Tell nobody."""


@contextmanager
def _on_terminal() -> Generator[Report]:
    stream = _terminal()
    if stream is None or not _screen.acquire(blocking=False):
        yield _nobody
        return
    display = _Late(stream)
    try:
        yield display.show
    finally:
        display.close()
        _screen.release()


def _terminal() -> TextIO | None:
    """Return stderr if somebody looks at it and this thread may write to it."""
    if threading.current_thread() is not threading.main_thread():
        return None
    with suppress(AttributeError, ValueError):  # there is none, or it is closed
        return sys.stderr if sys.stderr.isatty() else None
    return None


class _Display(Protocol):
    """A place for one line."""

    def show(self, progress: Progress) -> None:
        """Show this instead of what was there."""

    def close(self) -> None:
        """Leave nothing behind."""


class _Late:
    """A display that is made for the second step."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._steps = 0
        self._display: _Display | None = None

    def show(self, progress: Progress) -> None:
        """Show a step, but the first."""
        self._steps += 1
        if self._steps < 2:
            return
        with suppress(OSError, ValueError):  # nobody looks any more
            if self._display is None:
                self._display = _display(self._stream, progress)
            self._display.show(progress)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._display is not None:
            with suppress(OSError, ValueError):
                self._display.close()


def _display(stream: TextIO, first: Progress) -> _Display:
    try:
        return _Bar(stream, first)
    except ImportError:
        return _Line(stream)


class _Line:
    """A line of text, written over and over."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._width = 0

    def show(self, progress: Progress) -> None:
        """Write over what was there."""
        text = f'{_printable(str(progress))}, {progress.elapsed:.0f} s'
        text = text[: self._columns() - 1]
        self._write(text.ljust(self._width))
        self._width = len(text)

    def close(self) -> None:
        """Leave an empty line, at its beginning."""
        self._write(' ' * self._width)
        self._write('')

    def _write(self, text: str) -> None:
        self._stream.write(f'\r{text}')
        self._stream.flush()

    def _columns(self) -> int:
        with suppress(OSError, ValueError):
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        return 80


class _Bar:
    """A bar of the rich package, which moves on its own; it is full when all is done."""

    def __init__(self, stream: TextIO, first: Progress) -> None:
        from rich import progress
        from rich.console import Console

        self._bar = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn('{task.description}', markup=False),
            progress.BarColumn(bar_width=20),
            progress.TextColumn('{task.fields[seconds]:.0f} s', markup=False),
            console=Console(file=stream),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task(
            _printable(str(first)), total=first.total, seconds=first.elapsed
        )
        self._bar.start()

    def show(self, progress: Progress) -> None:
        """Change the text and the length of the bar."""
        self._bar.update(
            self._task,
            description=_printable(str(progress)),
            completed=progress.done,
            total=progress.total,
            seconds=progress.elapsed,
            refresh=True,
        )

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def _printable(text: str) -> str:
    """Return a text in which nothing commands the terminal."""
    return ''.join(char if char.isprintable() else '?' for char in text)
