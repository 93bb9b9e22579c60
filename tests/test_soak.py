"""A tenth of the long checks; `python -m tests.soak` does them in full."""

import importlib.util
import re

import pytest

from tests.pages import ROOT
from tests.soak import __main__ as command
from tests.soak.__main__ import SUBJECTS, main
from tests.soak.figures import Figure, Soak, at_most, exactly

#: How much of the full numbers is done here.
SCALE = 0.1


@pytest.mark.parametrize('name', SUBJECTS)
@pytest.mark.filterwarnings('ignore::UserWarning')
def test_what_is_promised_holds(name: str) -> None:
    """Each figure that does not depend on the computer holds for a part of the calls as well."""
    figures = SUBJECTS[name](Soak(SCALE))

    assert figures
    assert [] == [each for each in figures if not (each.holds or each.measured)]


def test_a_check_can_be_done_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """The figures are a table; all of them hold, so the exit status is 0."""
    assert 0 == main(['--only', 'clocks', '--scale', '0.01', '--quiet'])

    printed = capsys.readouterr().out
    assert ['ok'] * 4 == [line.split()[0] for line in printed.splitlines()[1:-1]]
    assert '4 figures, 0 missed; scale 0.01, seed 1' in printed


def test_a_missed_figure_is_the_exit_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is also said in the table, and progress is told of."""

    def subject(soak: Soak) -> list[Figure]:
        list(soak.through('things', range(20)))
        return [exactly('things', 1, 2), at_most('others', 5, 4, ' ms', measured=True)]

    monkeypatch.setattr(command, 'SUBJECTS', {'things': subject})
    assert 1 == main([])

    printed = capsys.readouterr().out
    assert 'things: 20 of 20' in printed
    assert 'MISSED  things  2        1 ' in printed
    assert 'ok      things  4 ms     at most 5 ms' in printed


def test_what_cannot_be_checked_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The names there are stand in the message."""
    with pytest.raises(SystemExit):
        main(['--only', 'nothing'])

    assert 'machines' in capsys.readouterr().err


def test_the_page_has_the_figures_of_each_check() -> None:
    """Each check that its table names exists, and each that exists is named."""
    page = (ROOT / 'docs' / 'reliability.rst').read_text('utf-8')
    _, *rows = page.partition('\nFigures\n')[2].split('\n   * - ')[1:]
    checks = [row.split('\n     - ')[2] for row in rows]

    assert sorted(SUBJECTS) == sorted(re.findall('``(.+?)``', ' '.join(checks)))


def test_the_page_names_commands_and_tests_that_exist() -> None:
    """Those that a page tells to run, or says to have made a figure, are there."""
    page = (ROOT / 'docs' / 'reliability.rst').read_text('utf-8')
    commands = re.findall(r'python -m (tests\.\w+)', page)
    tests = re.findall(r'``(tests/\w+\.py)::(\w+)``', page)

    assert commands
    assert all(importlib.util.find_spec(each) for each in commands)
    assert tests
    for path, name in tests:
        assert f'\ndef {name}(' in (ROOT / path).read_text('utf-8')
