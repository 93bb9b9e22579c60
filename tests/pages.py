"""Runs what a page of the documentation shows, as a reader would who types it in.

Blocks of code stand at the left margin. Those of one page run in order and share their names:

* `python` runs as it is; `pycon` is a session, whose output is compared (`...` stands for anything)
* a block with a `:caption:` is a file of that name; when there are files of tests, pytest runs them
* `.. invisible-code-block: python` is no part of the page: it prepares something, or checks what
  was shown. `printed()` in it is what was printed since it was last asked, `until_the_end(context)`
  is what the context manager yields, which is left at the end of the page.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from smartdc import DataCenter
from smartdc.simulator import Simulator

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob('*.rst'), *ROOT.glob('docs/**/*.rst')])

_BLOCK = re.compile(
    r'^\.\. (?:invisible-)?code-block::? (?P<language>\w+)\n'
    r'(?P<options>(?:    :[\w-]+:.*\n)*)\n(?P<body>(?:    .*\n|\n)+)',
    re.MULTILINE,
)
_CAPTION = re.compile('^    :caption: (.+)$', re.MULTILINE)
_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its file's name if it is one, its text and where it is."""

    language: str
    caption: str | None
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of code in a page, as a reader would copy them."""
    text = page.read_text('utf-8')
    for found in _BLOCK.finditer(text):
        caption = _CAPTION.search(found['options'])
        yield Block(
            language=found['language'],
            caption=caption[1] if caption else None,
            text=re.sub('^    ', '', found['body'], flags=re.MULTILINE).rstrip() + '\n',
            line=text.count('\n', 0, found.start('body')),
        )


def run(page: Path, folder: Path, **names: Any) -> None:
    """Run a page from its beginning to its end, in an empty folder, with these names known."""
    out = io.StringIO()

    def printed() -> str:
        text = out.getvalue()
        out.seek(0)
        out.truncate()
        return text

    names['printed'] = printed
    with contextlib.redirect_stdout(out), contextlib.ExitStack() as stack:
        names['until_the_end'] = stack.enter_context
        for block in blocks(page):
            _run_block(page, block, folder, names)
    if list(folder.rglob('test_*.py')):
        command = (sys.executable, '-m', 'pytest', '-p', 'no:randomly')
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout + done.stderr


def _run_block(page: Path, block: Block, folder: Path, names: dict[str, Any]) -> None:
    if block.caption is not None:
        file = folder / block.caption
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding='utf-8')
    elif block.language == 'python':
        # Blank lines before it, so that a traceback shows the line of the page.
        exec(compile('\n' * block.line + block.text, str(page), 'exec'), names)
    elif block.language == 'pycon':
        _compare(page, block, names)


def _compare(page: Path, block: Block, names: dict[str, Any]) -> None:
    """Run a session and compare what it prints with what it shows."""
    shown = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), block.line)
    differences: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=_OPTIONS)
    runner.run(shown, out=differences.append, clear_globs=False)
    assert not differences, ''.join(differences)
    names.update(shown.globs)


def leading_to(simulator: Simulator) -> type[DataCenter]:
    """Return a DataCenter that is in the simulator, whatever address and key it is given."""

    class Documented(DataCenter):
        """A data center of the documentation."""

        def __init__(
            self,
            location: str | None = None,
            key_id: str | None = None,
            secret: str | PathLike[str] | None = None,
            **options: Any,
        ) -> None:
            if not re.match('https?://127.0.0.1:', str(location)):
                urls = simulator.urls
                location = location if location in urls else next(iter(urls))
                options |= {'known_locations': urls, 'login': simulator.account}
                key_id, secret = simulator.key_id, simulator.key_path
            super().__init__(location, key_id, secret, **options)

    Documented.__name__ = Documented.__qualname__ = 'DataCenter'
    return Documented
