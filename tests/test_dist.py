"""What is handed out: the archive of the sources, and the wheel that is made of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import smartdc

ROOT = Path(__file__).parent.parent
#: What is no part of a checkout: what git does not know, and what tools leave behind.
IGNORED = ('.git', '.*cache', '.venv*', '.hypothesis', '__pycache__', '*.egg-info')
NOT_COPIED = shutil.ignore_patterns(*IGNORED, 'build', 'dist', '_build', 'node_modules')


@pytest.fixture(scope='module')
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both from a copy of the checkout, as a release is, and return their folder."""
    folder = tmp_path_factory.mktemp('dist')
    shutil.copytree(ROOT, folder / 'source', ignore=NOT_COPIED)
    build = [sys.executable, '-m', 'build', '--no-isolation', '--outdir', str(folder)]
    done = subprocess.run(
        [*build, str(folder / 'source')], capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stderr + done.stdout
    return folder


@pytest.fixture(scope='module')
def wheel(dist: Path) -> zipfile.ZipFile:
    """Return the wheel, opened."""
    (path,) = dist.glob('*.whl')
    return zipfile.ZipFile(path)


@pytest.fixture(scope='module')
def metadata(wheel: zipfile.ZipFile) -> Message:
    """Return the wheel's metadata."""
    return Parser().parsestr(described(wheel, 'METADATA'))


def described(wheel: zipfile.ZipFile, name: str) -> str:
    """Return a file of the wheel's own directory."""
    return wheel.read(f'smartdc-{smartdc.__version__}.dist-info/{name}').decode()


def sources() -> set[str]:
    """Return the files of the package."""
    files = [*(ROOT / 'smartdc').rglob('*.py'), ROOT / 'smartdc' / 'py.typed']
    return {path.relative_to(ROOT).as_posix() for path in files}


def test_the_wheel_has_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Each module is in it, with the mark of being typed; no tests, no documentation."""
    names = {name for name in wheel.namelist() if '.dist-info/' not in name}

    assert sources() == names


def test_the_wheel_has_the_licence(wheel: zipfile.ZipFile, metadata: Message) -> None:
    """The text of the licence goes with it, under its SPDX name."""
    assert 'MIT' == metadata['License-Expression']
    assert ['LICENSE'] == metadata.get_all('License-File')
    assert (ROOT / 'LICENSE').read_text('utf-8') == described(wheel, 'licenses/LICENSE')


def test_the_wheel_brings_the_plugin(wheel: zipfile.ZipFile) -> None:
    """The plugin is found by its entry point, and there is no other."""
    lines = described(wheel, 'entry_points.txt').split('\n')

    assert ['[pytest11]', 'smartdc = smartdc.pytest_plugin'] == [line for line in lines if line]


def test_the_wheel_needs_little(metadata: Message) -> None:
    """All but pycryptodome, requests and what that brings are wanted by an extra."""
    needed = [each for each in metadata.get_all('Requires-Dist', []) if 'extra ==' not in each]

    assert ['pycryptodome>=3.20', 'requests>=2.32.3', 'urllib3>=2.0.2'] == sorted(needed)
    assert '>=3.11' == metadata['Requires-Python']


def test_the_archive_can_be_built_and_tested(dist: Path) -> None:
    """The sources have tests, documentation and whatever else a distributor needs."""
    (path,) = dist.glob('*.tar.gz')
    with tarfile.open(path) as archive:
        names = {name.partition('/')[2] for name in archive.getnames()}
    tests = {path.relative_to(ROOT).as_posix() for path in (ROOT / 'tests').rglob('*.py')}
    others = {'README.rst', 'CHANGES.rst', 'CONTRIBUTING.rst', 'LICENSE', 'setup.py'}
    wanted = others | {'pyproject.toml', 'docs/architecture.rst', 'tests/data/keys/dsa.pem'}

    assert (sources() | tests | wanted) <= names
    assert not [name for name in names if '__pycache__' in name or name.endswith('.pyc')]


@pytest.fixture(scope='module')
def python(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh environment's python that has the wheel, and the packages of this one."""
    folder = tmp_path_factory.mktemp('fresh')
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', str(folder)], check=True)
    own = sysconfig.get_path('purelib', vars={'base': str(folder), 'platbase': str(folder)})
    # The line adds a folder, but not what its .pth files lead to: this checkout stays out.
    Path(own, 'others.pth').write_text(sysconfig.get_path('purelib') + '\n')
    (wheel,) = dist.glob('*.whl')
    python = folder / 'bin' / 'python'
    pip = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '--python', str(python)]
    subprocess.run([*pip, 'install', '--quiet', '--no-deps', '--no-index', str(wheel)], check=True)
    return python


def ran(python: Path, folder: Path, *arguments: str) -> str:
    """Return what python prints, run outside of the checkout."""
    done = subprocess.run(
        [str(python), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_works_where_it_is_installed(python: Path, tmp_path: Path) -> None:
    """The prompt's command runs a line on its own simulator, from the installed files."""
    code = 'import smartdc; print(smartdc.__file__, len(sdc.keys()))'
    path, keys = ran(python, tmp_path, '-m', 'smartdc', '--local', '-c', code).split()

    assert Path(path).is_relative_to(python.parent.parent)
    assert '1' == keys


def test_an_installed_wheel_has_its_plugin(python: Path, tmp_path: Path) -> None:
    """A test of a user takes the fixtures with nothing but the wheel installed."""
    tmp_path.joinpath('test_it.py').write_text(
        'import smartdc.pytest_plugin\n'
        'def test_it(smartdc_datacenter, smartdc_simulator):\n'
        '    smartdc_datacenter.create_machine().poll_until("running")\n'
        '    smartdc_simulator.assert_requested("CreateMachine", count=1)\n'
        f'    assert smartdc.pytest_plugin.__file__.startswith({str(python.parent.parent)!r})\n'
    )

    assert '1 passed' in ran(python, tmp_path, '-m', 'pytest', '-W', 'error')
