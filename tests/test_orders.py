"""The commands that tell how good the tests are."""

from pathlib import Path

import pytest

from tests import mutate, orders


def test_tests_run_in_the_orders_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each seed is named with how it ended, on the screen and in the log."""
    log = tmp_path / 'log'
    arguments = ['--runs', '2', '--seed', '7', '--jobs', '0', '--log', str(log)]
    assert 0 == orders.main([*arguments, 'tests/test_paths.py'])

    lines = log.read_text('utf-8').splitlines()
    assert ['seed 7', 'seed 8', '2 orders, 0 failed'] == [line.split(':')[0] for line in lines]
    assert lines == capsys.readouterr().out.splitlines()


def test_an_order_that_fails_is_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    """What pytest printed is shown, and the seed once more at the end."""
    assert 1 == orders.main(['--runs', '1', '--jobs', '0', 'tests/there_is_no_such_test.py'])

    printed = capsys.readouterr().out
    assert 'file or directory not found' in printed
    assert '1 orders, 1 failed [1]' == printed.splitlines()[-1]


@pytest.mark.parametrize('module', mutate.MODULES)
def test_what_is_mutated_is_there(module: str) -> None:
    """The modules and the tests of each are files of the project."""
    assert (mutate.ROOT / 'smartdc' / f'{module}.py').exists()
    for name in mutate.MODULES[module]:
        assert (mutate.ROOT / 'tests' / f'{name}.py').exists()


def test_a_module_without_tests_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The modules that there are tests for are listed by --help."""
    with pytest.raises(SystemExit):
        mutate.main(['nothing'])

    assert 'no tests listed for nothing' in capsys.readouterr().err


def test_a_mutant_is_told_by_its_changed_lines() -> None:
    """The rest of the diff is left out."""
    diff = [
        '--- a.py',
        '+++ a.py',
        '@@ -1,2 +1,2 @@',
        ' def f():',
        '-    return 1',
        '+    return 2',
    ]

    assert '    -    return 1\n    +    return 2' == mutate._change('\n'.join(diff))
