"""`python -m smartdc`."""

import io
import os
import pty
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path

import pytest

from smartdc import DataCenter, __version__
from smartdc.__main__ import display, main
from smartdc.simulator import Simulator
from tests.programs import lacking


def run(
    *arguments: str, status: int = 0, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a clean environment, and check how it ended."""
    kept = {name: os.environ[name] for name in ('PATH', 'HOME') if name in os.environ}
    done = subprocess.run(
        [sys.executable, '-m', 'smartdc', *arguments],
        env={**kept, **(environment or {})},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


def settings(cloud: Simulator) -> dict[str, str]:
    """Return the environment that describes a simulator."""
    return {
        'TRITON_URL': cloud.url(),
        'TRITON_ACCOUNT': cloud.account,
        'TRITON_KEY_ID': cloud.key_id.rpartition('/')[2],
        'TRITON_KEY_FILE': str(cloud.key_path),
    }


@pytest.fixture
def live() -> Simulator:
    """Return a simulator by the computer's clock, for processes that go by it."""
    return Simulator(job_time=0)


def test_code_runs_with_everything_at_hand() -> None:
    """Sdc is connected, all public names are there, and arguments are in sys.argv."""
    done = run(
        '--local', '-c', 'import sys; print(sdc.login, Machine.__name__, sys.argv)', 'a', '--b'
    )

    assert "acme Machine ['-c', 'a', '--b']\n" == done.stdout


@pytest.mark.parametrize(
    ('given', 'passed'),
    [
        (['-x'], ['-x']),
        (['--', '-x', 'a'], ['-x', 'a']),
        (['--verbose', 'a', '-c', 'b'], ['--verbose', 'a', '-c', 'b']),
        (['a', '--local'], ['a', '--local']),
        (['profiles'], ['profiles']),
        ([''], ['']),
    ],
)
def test_what_follows_the_code_is_for_the_code(
    cloud: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: list[str],
    passed: list[str],
) -> None:
    """As with Python, also when it looks like an option."""
    for name, value in settings(cloud).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, 'argv', [])
    assert 0 == main(['--profile', 'env', '-c', 'import sys; print(sys.argv)', *given])

    assert f'{["-c", *passed]}\n' == capsys.readouterr().out


def test_there_has_to_be_some_code() -> None:
    """The error is about -c."""
    assert '-c: expected the code' in run('--local', '-c', status=2).stderr


@pytest.mark.parametrize(
    ('encoding', 'shown'),
    [('ascii', b'\\u2026'), ('latin-1', b'\\u2026'), ('utf-8', b'\xe2\x80\xa6')],
)
def test_the_prompt_escapes_what_stdout_cannot_take(
    sdc: DataCenter, monkeypatch: pytest.MonkeyPatch, encoding: str, shown: bytes
) -> None:
    """As Python's own prompt does."""
    monkeypatch.setenv('COLUMNS', '20')
    out = io.BytesIO()
    with io.TextIOWrapper(out, encoding=encoding) as stream, redirect_stdout(stream):
        display(sdc.images())
        stream.flush()
        assert shown in out.getvalue()


def test_a_script_runs_as_the_program(tmp_path: Path) -> None:
    """A script is __main__, sees its arguments, its neighbours and sdc."""
    (tmp_path / 'neighbour.py').write_text('name = "beside"\n')
    script = tmp_path / 'job.py'
    script.write_text(
        'import sys, neighbour\nprint(__name__, neighbour.name, sys.argv[1:], len(sdc.keys()))\n'
    )

    assert "__main__ beside ['-x', 'y'] 1\n" == run('--local', str(script), '-x', 'y').stdout


def test_a_script_finds_its_data_center_in_the_environment(tmp_path: Path) -> None:
    """--local describes the simulator to scripts that call from_profile()."""
    script = tmp_path / 'job.py'
    script.write_text('from smartdc import DataCenter\nprint(DataCenter.from_profile().login)\n')

    assert 'acme\n' == run('--local', str(script)).stdout


def test_the_environment_says_which_data_center(live: Simulator) -> None:
    """With TRITON_URL, TRITON_ACCOUNT and TRITON_KEY_ID that account is used."""
    with live as cloud:
        done = run('-c', 'print(sdc.location, len(sdc.keys()))', environment=settings(cloud))

        assert f'{cloud.url()} 1\n' == done.stdout


def test_the_variables_of_sdc_do_as_well(live: Simulator) -> None:
    """SDC_ names are read where TRITON_ ones are missing."""
    with live as cloud:
        old = {f'SDC_{name[7:]}': value for name, value in settings(cloud).items()}
        code = 'print(len(sdc.keys()))'

        assert '1\n' == run('--profile', 'env', '-c', code, environment=old).stdout


def test_a_profile_that_is_not_complete_says_what_is_missing() -> None:
    """The error names the variables, and the exit status is 2."""
    done = run(
        '--profile', 'env', '-c', 'pass', status=2, environment={'TRITON_URL': 'https://host'}
    )

    assert '' == done.stdout
    assert 'TRITON_ACCOUNT' in done.stderr
    assert 'TRITON_KEY_ID' in done.stderr
    assert 'Traceback' not in done.stderr
    assert 'no profile' in run('--profile', 'other', '-c', 'pass', status=2).stderr


def test_a_data_center_on_board_has_its_name() -> None:
    """What is shown says where it is, and the cloud has no other data centers than its own."""
    code = 'print(sdc.location); print(sorted(sdc.datacenters())); smartdc.DataCenter'
    listed = "['us-east-1', 'us-sw-1']"

    assert f'us-sw-1\n{listed}\n' == run('--local', '-c', code).stdout


def test_a_script_that_is_not_there_is_told_of() -> None:
    """A command that there is not may have been meant as well."""
    said = run('--local', 'profile', status=2).stderr

    assert 'smartdc: there is no script profile' in said
    assert 'Traceback' not in said


def test_an_error_in_the_code_is_a_traceback() -> None:
    """What goes wrong in the user's code is shown as Python shows it."""
    assert 'ZeroDivisionError' in run('--local', '-c', '1/0', status=1).stderr


def test_help_and_version() -> None:
    """--help names the options and the variables."""
    text = run('--help').stdout

    for word in ('--local', '--profile', '-c CODE', 'TRITON_URL', 'SCRIPT'):
        assert word in text
    assert f'smartdc {__version__}\n' == run('--version').stdout


@pytest.mark.parametrize('plain', [True, False])
def test_with_nothing_given_there_is_a_prompt(plain: bool) -> None:
    """One line says which data center, account and key; then lines are run as they are typed."""
    if not plain and find_spec('IPython') is None:
        lacking('IPython (pip install ipython)')
    program = 'import sys; from smartdc.__main__ import main; sys.exit(main([]))'
    hide = 'import sys; sys.modules["IPython"] = None; ' if plain else ''
    leader, follower = pty.openpty()
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [sys.executable, '-c', hide + program],
            env={'PATH': os.environ['PATH'], 'HOME': home, 'TERM': 'dumb'},
            stdin=follower,
            stdout=follower,
            stderr=follower,
        )
        os.close(follower)
        os.write(leader, b'print("count", len(sdc.machines()) + 41)\n')
        shown = b''
        while b'count 41' not in shown:
            shown += os.read(leader, 4096)
        os.write(leader, b'exit()\n')
        try:
            while chunk := os.read(leader, 4096):
                shown += chunk
        except OSError:
            pass
        assert process.wait(20) == 0
        os.close(leader)

    greeting = next(line for line in shown.decode().splitlines() if 'sdc: ' in line)
    for part in ('a CloudAPI in this process', 'TRITON_URL', 'account acme', 'key '):
        assert part in greeting
