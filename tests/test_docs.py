"""What README, tutorial and examples say works as it stands."""

import contextlib
import io
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from docutils.core import publish_string

import smartdc
from smartdc import DataCenter
from smartdc.simulator import Simulator
from tests.pages import PAGES, ROOT, blocks, leading_to, run
from tests.programs import node_modules

#: The languages of blocks: what is run, what is checked elsewhere, and drawings.
KINDS = {'python', 'pycon', 'sh', 'text', 'ini'}

#: Pages that need more than a CloudAPI, and where they are run.
ELSEWHERE = {'docs/profiles.rst': 'tests/test_certificates.py, which has a Docker service'}


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
    shell = next(block.text for block in blocks(ROOT / 'README.rst') if block.language == 'sh')
    command = next(line for line in shell.split('&&') if 'quickstart' in line)
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


def name_of(page: Path) -> str:
    """Return a page's path as a test shows it."""
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    'page', [page for page in PAGES if name_of(page) not in ELSEWHERE], ids=name_of
)
@pytest.mark.smartdc_world(job_time=10)
def test_what_a_page_shows_works(
    page: Path,
    smartdc_simulator: Simulator,
    smartdc_datacenter: DataCenter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All blocks of code of a page work in the order in which they stand, as at a prompt."""
    with contextlib.suppress(pytest.skip.Exception):
        commands = node_modules('triton') / '.bin'
        monkeypatch.setenv('PATH', f'{commands}{os.pathsep}{os.environ["PATH"]}')
    monkeypatch.setitem(vars(smartdc), 'DataCenter', leading_to(smartdc_simulator))
    folder = tmp_path / 'page'
    folder.mkdir()
    monkeypatch.chdir(folder)
    public = {name: getattr(smartdc, name) for name in smartdc.__all__}
    run(page, folder, **public, sdc=smartdc_datacenter)


@pytest.mark.parametrize('page', PAGES, ids=name_of)
def test_no_block_is_passed_over(page: Path) -> None:
    """Each block of code stands where it is found, and is of a kind that is known."""
    shown = re.findall(r'^ *\.\. (?:invisible-)?code-block:', page.read_text('utf-8'), re.MULTILINE)
    found = list(blocks(page))

    assert len(shown) == len(found)
    assert [] == re.findall(r'^[^.\s].*::$', page.read_text('utf-8'), re.MULTILINE), 'no language'
    assert {block.language for block in found if not block.caption} <= KINDS


@pytest.mark.parametrize('page', sorted(ROOT.glob('*.rst')), ids=name_of)
def test_pages_are_well_formed(page: Path) -> None:
    """The parser of reStructuredText finds nothing to complain about."""
    complaints = io.StringIO()
    publish_string(
        page.read_text('utf-8'),
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
