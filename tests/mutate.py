"""Breaks a module in every small way there is, and counts what no test notices.

    python -m tests.mutate [MODULE ...] [--jobs 2]

Each mutant that mutmut makes of a function of `smartdc/MODULE.py` is tried by the tests that reach
that function, in a copy of the project. The exit status is 1 when fewer than 85 % are noticed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent

#: What has to be noticed, in percent.
PROMISED = 85.0

#: The modules that this is for, and the tests of each.
MODULES: Mapping[str, tuple[str, ...]] = {
    'retrying': ('test_retrying', 'test_deadline', 'test_pacing'),
    'creating': ('test_creating', 'test_creates', 'test_creates_looked_for', 'api/test_keys'),
    'likeness': ('test_likeness',),
    'waiting': (
        *('test_waiting', 'test_wait_for', 'test_deadline', 'test_progress', 'test_machine'),
        'api/test_snapshots',
    ),
    'paging': ('test_paging',),
    'http_signature': (
        *('test_http_signature', 'test_key_path', 'test_signing', 'test_ssh_agent'),
        'test_key_search',
    ),
    'heads': ('test_heads',),
    'watchdog': ('test_watchdog', 'test_deadline'),
}

#: What the tests need besides the package and themselves.
_WITH = ('README.rst', 'CHANGES.rst', 'CONTRIBUTING.rst', 'setup.py', 'pyproject.toml', 'docs')

# A mutant may let a test wait for ever; twenty seconds are long for any test here.
_SETTINGS = """
[tool.mutmut]
source_paths = ["smartdc"]
only_mutate = ["smartdc/{module}.py"]
also_copy = [{copied}]
pytest_add_cli_args = ["-p", "no:randomly", "-p", "no:cacheprovider", "-n", "0", "--timeout=20"]
pytest_add_cli_args_test_selection = [{tests}]
use_git_change_detection = false
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the modules that the arguments name; the exit status is 1 when one falls short."""
    parser = argparse.ArgumentParser(
        prog='python -m tests.mutate', description=(__doc__ or '').split('\n')[0]
    )
    parser.add_argument(
        'modules', nargs='*', metavar='MODULE', help=f'{", ".join(MODULES)} (all of them)'
    )
    parser.add_argument('--jobs', type=int, default=2, help='how many at the same time (2)')
    options = parser.parse_args(arguments)
    unknown = [name for name in options.modules if name not in MODULES]
    if unknown:
        parser.error(f'there are no tests listed for {", ".join(unknown)}')
    scores = [score(name, options.jobs) for name in options.modules or MODULES]
    return 1 if min(scores) < PROMISED else 0


def score(module: str, jobs: int) -> float:
    """Try one module, print what no test notices, and return the score in percent."""
    with tempfile.TemporaryDirectory(prefix='smartdc-mutants-') as folder:
        copied = Path(folder)
        _copy(copied, module)
        command = (sys.executable, '-m', 'mutmut', 'run', '--max-children', str(jobs))
        run = subprocess.run(command, cwd=copied, stdout=subprocess.PIPE, text=True, check=False)
        if run.returncode:
            sys.exit(f'{module} cannot be tried: {run.stdout[-4000:]}')
        results = dict(re.findall(r'(\S+): ([a-z ]+)', _mutmut(copied, 'results', '--all', 'true')))
        for name, result in results.items():
            if result not in ('killed', 'timeout'):
                print(f'{result}: {name}')
                print(_change(_mutmut(copied, 'show', name)))
    counts = Counter(results.values())
    noticed = counts['killed'] + counts['timeout']
    percent = 100 * noticed / max(1, len(results))
    told = ', '.join(f'{count} {result}' for result, count in sorted(counts.items()))
    print(f'{module}: {percent:.1f} % of {len(results)} noticed ({told})', flush=True)
    return percent


def _copy(folder: Path, module: str) -> None:
    """Copy the project, with the settings for one module."""
    for name in ('smartdc', 'tests', *_WITH):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy(source, folder / name)
    tests = ', '.join(f'"tests/{name}.py"' for name in MODULES[module])
    copied = ', '.join(f'"{name}"' for name in _WITH)
    with (folder / 'pyproject.toml').open('a', encoding='utf-8') as settings:
        settings.write(_SETTINGS.format(module=module, tests=tests, copied=copied))


def _mutmut(folder: Path, *arguments: str) -> str:
    """Return what a command of mutmut prints."""
    command = [sys.executable, '-m', 'mutmut', *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def _change(diff: str) -> str:
    """Return the lines of a diff that differ."""
    return '\n'.join(
        f'    {line}'
        for line in diff.splitlines()
        if line[:1] in '+-' and line[:3] not in ('+++', '---')
    )


if __name__ == '__main__':
    sys.exit(main())
