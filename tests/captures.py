"""Puts what a prompt really shows into docs/repl.rst.

    python -m tests.captures

Below each `.. captured: name` on the page stands a block; its text is made here, by typing the
lines of that session at a prompt that is connected to a simulator of fixed ids and a fixed clock.
A test compares the page with what this makes.
"""

from __future__ import annotations

import builtins
import code
import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smartdc import DataCenter
from smartdc.__main__ import display
from smartdc.completion import completer
from smartdc.simulator import Simulator
from smartdc.simulator.clock import SteppedClock

PAGE = Path(__file__).parent.parent / 'docs' / 'repl.rst'

#: 2026-01-02T03:04:05Z
_NOW = 1767323045.0

_WORLD = {
    'machines': [
        {'name': 'web0', 'created': '2025-12-19T08:00:00.000Z', 'tags': {'role': 'web'}},
        {'name': 'web1', 'created': '2025-12-31T08:00:00.000Z', 'firewall_enabled': True},
        {'name': 'db0', 'created': '2024-06-01T08:00:00.000Z', 'state': 'stopped'},
    ]
}

#: What is typed, in the order of the page. A line that ends with a tab shows what that offers.
SESSIONS = {
    'tables': """
sdc.machines()
sdc.images(name='base-64-lts')
sdc.machines(name='web')
len(_), _[0]
""",
    'names': """
sdc.machine('db0')
sdc.image('base-64-lts@23.4.0')['id']
sdc.network('My-Fabric-Network')['subnet']
try:
    sdc.machine('web')
except smartdc.UnknownName as error:
    print(error)

""",
    'completion': """
sdc.machine('w\t
sdc.machine(\t
sdc.machines(image='base\t
""",
    'notebook': """
print(sdc.machines(name='db')._repr_html_())
""",
    'dry run': """
with sdc.dry_run() as plan:
    machine = sdc.create_machine('web2', 'g1-small', image='base-64-lts', tags={'role': 'web'})
    machine.poll_until('running')
    sdc.machine('db0').delete()
    sdc.create_user(login='ann', email='ann@example.com', password='not told to you')

plan
""",
}

_BLOCK = re.compile(
    r'^\.\. captured: (?P<name>[\w ]+)\n\n\.\. code-block:: text\n\n(?P<body>(?:    .*\n|\n)+)',
    re.MULTILINE,
)


class Prompt:
    """Python's prompt as `python -m smartdc` opens it, typed at by a program."""

    def __init__(self, sdc: DataCenter) -> None:
        import smartdc

        self._names: dict[str, Any] = {'sdc': sdc, 'smartdc': smartdc}
        self._console = code.InteractiveConsole(self._names)

    def show(self, session: str) -> str:
        """Return what is on the screen after some lines were typed."""
        out = io.StringIO()
        more = False
        with contextlib.redirect_stdout(out), _displaying():
            for line in session.removeprefix('\n').splitlines():
                print(f'{"..." if more else ">>>"} {line}'.rstrip())
                if line.endswith('\t'):
                    print('  '.join(self._offered(line.removesuffix('\t'))))
                else:
                    more = self._console.push(line)
        return out.getvalue()

    def _offered(self, line: str) -> list[str]:
        begin = max(map(line.rfind, '\'("')) + 1
        complete = completer(self._names, _Line(line, begin))
        found: list[str] = []
        while (choice := complete(line[begin:], len(found))) is not None:
            found.append(choice)
        return found


class _Line:
    """A line that is being typed, as the readline module knows it."""

    def __init__(self, line: str, begin: int) -> None:
        self.get_line_buffer = lambda: line
        self.get_begidx = lambda: begin
        self.get_endidx = lambda: len(line)


@contextlib.contextmanager
def _displaying() -> Iterator[None]:
    """Show values as the prompt does, in a terminal of 88 columns."""
    hook, columns = sys.displayhook, os.environ.get('COLUMNS')
    sys.displayhook, os.environ['COLUMNS'] = display, '88'
    try:
        yield
    finally:
        sys.displayhook = hook
        vars(builtins).pop('_', None)
        del os.environ['COLUMNS']
        os.environ |= {} if columns is None else {'COLUMNS': columns}


def page() -> str:
    """Return the page with all its blocks made anew."""
    with (
        Simulator(_WORLD, job_time=10, clock=SteppedClock(_NOW)) as cloud,
        cloud.datacenter() as sdc,
    ):
        prompt = Prompt(sdc)
        shown = {name: prompt.show(session) for name, session in SESSIONS.items()}

    def block(found: re.Match[str]) -> str:
        lines = shown.pop(found['name']).splitlines()
        body = ''.join(f'    {line}'.rstrip() + '\n' for line in lines)
        return f'.. captured: {found["name"]}\n\n.. code-block:: text\n\n{body}\n'

    text = _BLOCK.sub(block, PAGE.read_text('utf-8'))
    assert not shown, f'the page has no place for {", ".join(shown)}'
    return text


if __name__ == '__main__':
    PAGE.write_text(page(), encoding='utf-8')
