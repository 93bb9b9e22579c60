"""Telling how far something has come: by a function, or on a terminal."""

from __future__ import annotations

import io
import os
import pty
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from typing import TextIO

import pytest

from smartdc import DataCenter, InvalidInput, Machine, Progress
from smartdc.progress import Report, Reporting, reporting
from smartdc.simulator import Simulator

FIRST = Progress('web0 becoming running', 'provisioning', 0.0)
SECOND = Progress('web0 becoming running', 'provisioning', 2.4)


class Terminal:
    """A terminal of 80 columns, and what is written to it."""

    def __init__(self) -> None:
        self._ours, theirs = pty.openpty()
        self.stream: TextIO = os.fdopen(theirs, 'w', encoding='utf-8')

    @contextmanager
    def reporting(self, progress: Reporting = None) -> Iterator[Report]:
        """Yield what to call after each step, while stderr is this terminal."""
        with redirect_stderr(self.stream), reporting(progress) as report:
            yield report

    def read(self) -> str:
        """Return what was written, and close the terminal."""
        self.stream.write('<end>')
        self.stream.close()
        text = ''
        while not text.endswith('<end>'):
            text += os.read(self._ours, 65536).decode()
        os.close(self._ours)
        return text.removesuffix('<end>')

    def hang_up(self) -> None:
        """Let whatever is written from now on be an error."""
        os.close(self._ours)

    def close(self) -> None:
        """Close the terminal that was hung up."""
        with suppress(OSError):
            self.stream.close()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Yield a terminal."""
    found = Terminal()
    monkeypatch.setenv('TERM', 'xterm')
    yield found
    if not found.stream.closed:
        found.read()


@pytest.fixture
def plain(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return the terminal, on a machine that has no rich."""
    monkeypatch.setitem(sys.modules, 'rich', None)
    return terminal


def test_a_function_is_called_with_each_step() -> None:
    """It gets the very objects, in order, also the first."""
    seen: list[Progress] = []
    with reporting(seen.append) as report:
        report(FIRST)
        report(SECOND)

    assert [FIRST, SECOND] == seen


def test_progress_is_told_in_a_line() -> None:
    """What, the count where there is one, and the state."""
    counted = Progress('stopping machines', 'web0 stopped', 7.0, done=3, total=20)

    assert 'web0 becoming running: provisioning' == str(FIRST)
    assert 'stopping machines: 3 of 20, web0 stopped' == str(counted)


def test_a_terminal_shows_a_line_from_the_second_step_on(plain: Terminal) -> None:
    """It is written over, and blanks and the beginning of the line are left at the end."""
    with plain.reporting() as report:
        for progress in (FIRST, SECOND, Progress('web0 becoming running', 'running', 4.0)):
            report(progress)
    longer = 'web0 becoming running: provisioning, 2 s'
    shorter = 'web0 becoming running: running, 4 s'.ljust(len(longer))

    assert f'\r{longer}\r{shorter}\r{" " * len(shorter.rstrip())}\r' == plain.read()


def test_a_line_is_no_longer_than_the_terminal(plain: Terminal) -> None:
    """Or it could not be written over."""
    with plain.reporting() as report:
        report(FIRST)
        report(Progress('x' * 200, 'y', 1.0))
    longest = max(plain.read().split('\r'), key=len)

    assert 'x' * 79 == longest


def test_nothing_commands_the_terminal(plain: Terminal) -> None:
    """A name that has control characters in it is shown without."""
    with plain.reporting() as report:
        report(FIRST)
        report(Progress('\x1b[2Jweb0\n', 'y', 1.0))

    assert '\r?[2Jweb0?: y, 1 s\r' in plain.read()


def test_what_is_short_shows_nothing(plain: Terminal) -> None:
    """One step leaves the terminal as it was."""
    with plain.reporting() as report:
        report(FIRST)

    assert '' == plain.read()


def test_rich_shows_a_bar(terminal: Terminal) -> None:
    """With text, state and seconds; the block's end tells its thread to end."""
    others = set(threading.enumerate())
    with terminal.reporting() as report:
        report(FIRST)
        report(SECOND)
        report(Progress('stopping', 'web0 [bold]', 7.0, done=3, total=20))
        threads = set(threading.enumerate()) - others
    shown = terminal.read()
    for thread in threads:
        thread.join(60)

    assert 'web0 becoming running: provisioning' in shown
    assert '2 s' in shown
    assert 'stopping: 3 of 20, web0 [bold]' in shown
    assert [False] == [thread.is_alive() for thread in threads]


@pytest.mark.parametrize('rich', [True, False])
def test_false_shows_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, rich: bool
) -> None:
    """Not even on a terminal."""
    if not rich:
        monkeypatch.setitem(sys.modules, 'rich', None)
    with terminal.reporting(False) as report:
        report(FIRST)
        report(SECOND)

    assert '' == terminal.read()


@pytest.mark.parametrize('stream', [io.StringIO(), None])
def test_what_is_no_terminal_gets_nothing(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None
) -> None:
    """A file, a pipe, or no stderr at all."""
    monkeypatch.setattr(sys, 'stderr', stream)
    with reporting() as report:
        report(FIRST)
        report(SECOND)

    assert stream is None or stream.getvalue() == ''


def test_a_terminal_has_one_line(plain: Terminal) -> None:
    """What goes on inside of something that is shown is not shown, nor what other threads do."""

    def show(name: str) -> None:
        with plain.reporting() as report:
            report(FIRST)
            report(Progress(name, '', 1.0))

    with plain.reporting() as report:
        report(FIRST)
        show('inner')
        report(SECOND)
    thread = threading.Thread(target=show, args=('thread',))
    thread.start()
    thread.join()
    show('next')
    shown = plain.read()

    assert 'inner' not in shown
    assert 'thread' not in shown
    assert 'next' in shown


def test_a_terminal_that_goes_away_ends_nothing(plain: Terminal) -> None:
    """A closed stream is passed over."""
    with plain.reporting() as report:
        report(FIRST)
        report(SECOND)
        plain.read()
        report(SECOND)


@pytest.mark.parametrize('rich', [True, False])
@pytest.mark.parametrize('shown', [1, 2])
def test_a_terminal_that_hangs_up_ends_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, rich: bool, shown: int
) -> None:
    """Before there was anything on it, and after, with a bar as with a line."""
    if not rich:
        monkeypatch.setitem(sys.modules, 'rich', None)
    monkeypatch.setenv('FORCE_COLOR', '1')  # or rich asks the terminal whether it is one
    with terminal.reporting() as report:
        for _ in range(shown):
            report(FIRST)
        terminal.hang_up()
        report(SECOND)
        report(SECOND)
    terminal.close()


def test_what_a_function_raises_comes_out() -> None:
    """The terminal is free again after it."""

    def refuse(progress: Progress) -> None:
        raise KeyError(progress.state)

    with pytest.raises(KeyError), reporting(refuse) as report:
        report(FIRST)


def test_each_look_of_a_wait_is_told(sdc: DataCenter, machine: Machine) -> None:
    """What is waited for, the state seen, and the seconds since it began; also the last look."""
    seen: list[Progress] = []
    machine.stop()
    machine.poll_until('stopped', 5, progress=seen.append)
    machine.start()
    sdc.wait_for('machine', machine.id, 'running', interval=10, progress=seen.append)

    stopping = 'machine web0 becoming stopped'
    assert [
        Progress(stopping, 'stopping', 0),
        Progress(stopping, 'stopping', 5),
        Progress(stopping, 'stopped', 10),
        Progress(f'machine {machine.id} becoming running', 'stopped', 0),
        Progress(f'machine {machine.id} becoming running', 'running', 10),
    ] == seen
    machine.create_snapshot('s').poll_while('queued', 5, progress=seen.append)
    last = seen[-1]
    assert ('snapshot s of machine web0 leaving queued', 'created') == (last.what, last.state)


def test_a_look_that_failed_is_told_with_what_was_seen_before(
    cloud: Simulator, machine: Machine
) -> None:
    """Nothing at first."""
    seen: list[Progress] = []
    cloud.faults.add('GetMachine', count=5, status=503)
    machine.poll_until('running', 50, progress=seen.append)

    assert ['', 'running'] == [each.state for each in seen]


def test_a_wait_shows_itself_on_a_terminal(plain: Terminal, machine: Machine) -> None:
    """From the second look on; not if it was told not to."""
    with redirect_stderr(plain.stream):
        machine.poll_until('running')
        machine.stop()
        machine.poll_until('stopped', 5)
        machine.start()
        machine.poll_until('running', 5, progress=False)

    shown = [each for each in plain.read().split('\r') if each.strip()]
    assert [
        'machine web0 becoming stopped: stopping, 5 s',
        'machine web0 becoming stopped: stopped, 10 s',
    ] == [each.strip() for each in shown]


@pytest.mark.parametrize('wrong', [True, 1, 'yes'])
def test_anything_else_is_refused(wrong: object) -> None:
    """The error says what it may be."""
    with pytest.raises(InvalidInput, match='a function, None or False'), reporting(wrong):  # type: ignore[arg-type]
        pytest.fail('the block began')
