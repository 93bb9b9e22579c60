"""One command for each need: `.venv/bin/nox -s test`, `nox -l` lists them.

They run in the environment that nox is installed in, all but `lowest`, which makes one of its own.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import requires

import nox

nox.options.sessions = ['lint', 'types', 'test', 'docs']
nox.options.default_venv_backend = 'none'
nox.options.reuse_existing_virtualenvs = True

#: What the oldest versions of other packages are tried with: signing, keys, calls and the wire.
FUNDAMENTAL = (
    *('http_signature', 'key_files', 'presign', 'connection', 'retrying', 'watchdog', 'websocket'),
    *('changefeed', 'defects_transport', 'simulator/test_server', 'simulator/test_signature'),
    'simulator/test_wire',
)


def run(session: nox.Session, module: str, *arguments: str, **options: object) -> None:
    """Run a module of this environment."""
    session.run(sys.executable, '-m', module, *arguments, external=True, **options)


@nox.session
def test(session: nox.Session) -> None:
    """Run the tests; arguments after `--` go to pytest."""
    run(session, 'pytest', *session.posargs)


@nox.session
def plain(session: nox.Session) -> None:
    """Run the tests with the client that there is without the extra `fast`."""
    run(session, 'pytest', *session.posargs, env={'SMARTDC_PLAIN': '1'})


@nox.session
def coverage(session: nox.Session) -> None:
    """Tell what the tests do not reach, branch by branch; arguments after `--` go to pytest."""
    run(session, 'coverage', 'erase')
    run(session, 'coverage', 'run', '-m', 'pytest', *session.posargs)
    run(session, 'coverage', 'combine')
    run(session, 'coverage', 'report', '--fail-under=95')


@nox.session
def lint(session: nox.Session) -> None:
    """Check form and style; with `-- --fix` mend what can be mended."""
    fix = '--fix' in session.posargs
    run(session, 'ruff', 'format', *([] if fix else ['--check']), '.')
    run(session, 'ruff', 'check', *(['--fix'] if fix else []), '.')


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, by mypy and pyright, and that users see one for every public name."""
    run(session, 'mypy')
    run(session, 'pyright', '--warnings')
    verify = ('--verifytypes', 'smartdc', '--ignoreexternal')
    run(session, 'pyright', *verify, env={'PYTHONPATH': '.'})


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/_build/html; a warning is an error."""
    strict = ('-W', '--keep-going', '-n')
    run(session, 'sphinx', *strict, '-b', 'html', 'docs', 'docs/_build/html', *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure the figures of speed; arguments after `--` go to the benchmark."""
    run(session, 'tests.bench', *session.posargs)


@nox.session
def dist(session: nox.Session) -> None:
    """Build the archive and the wheel into dist/."""
    run(session, 'build', *session.posargs)


@nox.session(venv_backend='virtualenv')
def lowest(session: nox.Session) -> None:
    """Try what is fundamental with the oldest versions that the package says it works with."""
    wanted = [each.partition(';') for each in requires('smartdc') or []]
    pinned = [
        name.strip().replace('>=', '==')
        for name, _, condition in wanted
        if not condition or re.search(r"extra == ['\"]simulator['\"]", condition)
    ]
    session.install('-e', '.[test]', *pinned)
    files = [f'tests/{"" if "/" in name else "test_"}{name}.py' for name in FUNDAMENTAL]
    session.run('pytest', *files, *session.posargs)
