"""What README, tutorial and examples say works as it stands."""

import io
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docutils.core import publish_string

from smartdc import DataCenter
from smartdc.simulator import Simulator

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r'^\.\. code-block:: (\w+)\n\n((?:    .*\n|\n)+)', re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of code in a page, as a reader would copy them."""
    text = (ROOT / page).read_text('utf-8')
    found = [(kind, body) for kind, body in BLOCK.findall(text) if kind == language]
    return [re.sub('^    ', '', body, flags=re.MULTILINE).strip() + '\n' for _, body in found]


def test_the_quickstart_runs_and_says_each_step(
    cloud: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The example runs from connect to delete, by the environment alone."""
    monkeypatch.setattr(DataCenter, 'from_profile', lambda: cloud.datacenter())
    runpy.run_path(str(ROOT / 'docs' / 'examples' / 'quickstart.py'), run_name='__main__')
    printed = capsys.readouterr().out

    for step in ('connected', 'key', 'second data center', 'default package', 'newest smartos64'):
        assert step in printed
    for step in ('provisioning', 'now running', 'tags', 'metadata', 'snapshot', 'now stopped'):
        assert step in printed
    assert printed.endswith('now deleted\n')


def test_the_quickstart_runs_as_the_readme_says() -> None:
    """`python -m smartdc --local docs/examples/quickstart.py` exits with 0."""
    command = next(
        line for line in blocks('README.rst', 'sh')[0].split('&&') if 'quickstart' in line
    )
    arguments = command.split()[1:]
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={'PATH': os.environ['PATH'], 'HOME': os.environ['HOME']},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    assert done.stdout.endswith('now deleted\n')


def session(cloud: Simulator, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Return how to run a block whose DataCenter is in the simulator instead of the world."""

    def connect(*args: Any, **kwargs: Any) -> DataCenter:
        location = kwargs.get('location') or args[0]
        name = location if location in ('us-sw-1', 'us-east-1') else None
        return cloud.datacenter(name)

    def run(code: str) -> dict[str, Any]:
        import smartdc

        monkeypatch.setitem(vars(smartdc), 'DataCenter', connect)
        names: dict[str, Any] = {}
        exec(compile(code, '<documentation>', 'exec'), names)
        return names

    return run


def test_the_session_of_the_readme_runs(cloud: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session of 0.2.0 works as it is written, but for where the data center is."""
    code = next(block for block in blocks('README.rst', 'python') if 'poll_while' in block)
    names = session(cloud, monkeypatch)(code)

    assert 'stopped' == names['nu'].state
    assert cloud.url('us-east-1') == names['east'].base_url
    cloud.clock.sleep(60)
    assert 'deleted' == names['nu'].status()


def test_the_simulator_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The block that makes a CloudAPI of one's own prints the machine."""
    code = next(block for block in blocks('README.rst', 'python') if 'Simulator' in block)
    exec(compile(code, '<README>', 'exec'), {})

    assert 'web0' in capsys.readouterr().out


#: What the blocks of the simulator's page print, in order.
PRINTED = [
    "['running']",
    'running a minute later, at once',
    "['db0', 'web0']",
    'the answer was lost, machines: 1',
]


@pytest.mark.parametrize(
    ('code', 'printed'), list(zip(blocks('docs/simulator.rst', 'python'), PRINTED, strict=True))
)
def test_the_page_of_the_simulator_runs(
    code: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each block works by itself and prints what it says."""
    exec(compile(code, '<simulator>', 'exec'), {})

    assert f'{printed}\n' == capsys.readouterr().out


def test_the_page_on_reliability_runs(cloud: Simulator) -> None:
    """Its block works with `sdc` as a console has it."""
    import smartdc

    with cloud.datacenter() as sdc:
        names: dict[str, Any] = {'sdc': sdc, 'smartdc': smartdc}
        exec('\n'.join(blocks('docs/reliability.rst', 'python')), names)

    assert 'running' == names['machine'].state


def test_the_page_on_many_machines_runs(
    cloud: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its blocks work one after the other, and print what the page says."""
    with cloud.datacenter() as sdc:
        exec('\n'.join(blocks('docs/fleet.rst', 'python')), {'sdc': sdc})

    first, *audits, refused, late, west, east, counts = capsys.readouterr().out.splitlines()
    assert '<Fleet of 5 in us-sw-1: 5 running>' == first
    assert [f'web-{number:02} start' for number in range(1, 6)] == sorted(audits)
    assert 'keep CannotDestroyMachineError' == refused
    assert late.startswith('WaitTimeout ')
    assert ['us-east-1 0', 'us-sw-1 4'] == sorted((west, east))
    assert '2 answered, 0 failed' == counts


def test_the_tutorial_runs(
    cloud: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All its blocks work in the order in which they stand."""
    names = session(cloud, monkeypatch)('\n'.join(blocks('docs/tutorial.rst', 'python')))

    assert 'deleted' == names['machine'].state
    assert 'web1' == names['machine'].name
    assert capsys.readouterr().out.startswith('ResourceNotFound VM not found ')


@pytest.mark.parametrize(
    'page', sorted(each.name for each in [*ROOT.glob('*.rst'), *ROOT.glob('docs/*.rst')])
)
def test_pages_are_well_formed(page: str) -> None:
    """The parser of reStructuredText finds nothing to complain about."""
    path = next(each for each in (ROOT / page, ROOT / 'docs' / page) if each.exists())
    complaints = io.StringIO()
    publish_string(
        path.read_text('utf-8'),
        writer='null',
        settings_overrides={'report_level': 2, 'warning_stream': complaints},
    )

    assert '' == complaints.getvalue()


@pytest.mark.parametrize('page', ['README.rst', 'CONTRIBUTING.rst'])
def test_pages_name_files_that_are_there(page: str) -> None:
    """Each file or folder named in literals exists."""
    text = (ROOT / page).read_text('utf-8')
    named = re.findall(r'``((?:docs|smartdc|tests|\.ci)/[\w./]+|[A-Z]+\.rst)``', text)

    assert named
    assert not [path for path in named if not (ROOT / path).exists()]
