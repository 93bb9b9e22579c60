"""Tables and completion in a notebook: a real kernel, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from smartdc.simulator import Simulator
from tests.programs import lacking

#: The cells of the notebook, but for where the data center is.
CELLS = [
    '%load_ext smartdc',
    'from smartdc import DataCenter\nsdc = DataCenter({url!r}, {key_id!r}, {secret!r})',
    "machine = sdc.create_machine(name='web0')\nsdc.machines()",
    '(sdc.machines(), 1)',
    'sdc.machine(machine.id)',
    'sdc.images()',
]

#: Two images, one with a name that would do something in a page.
_ZONE = {'os': 'smartos', 'type': 'zone-dataset', 'published_at': '2025-01-29T12:00:00Z'}
WORLD = {
    'images': [
        {'name': 'base-64-lts', 'version': '24.4.1', **_ZONE},
        {'name': '<script>alert(1)</script>', 'version': '1', **_ZONE},
    ]
}


class Notebook:
    """A kernel that has run cells, and what they gave."""

    def __init__(self, client: Any, outputs: list[dict[str, str]]) -> None:
        self.client = client
        self.outputs = outputs

    def completions(self, code: str) -> list[str]:
        """Return what the kernel offers at the end of some code."""
        from jupyter_core.utils import run_sync

        async def ask() -> list[str]:
            reply = await self.client.kc.complete(code, reply=True, timeout=60)
            found: list[str] = reply['content']['matches']
            return found

        return run_sync(ask)()


@pytest.fixture(scope='module')
def cloud_of_notebooks() -> Iterator[Simulator]:
    """Run a CloudAPI by the computer's clock, which the kernel goes by."""
    with Simulator(WORLD, job_time=0) as cloud:
        yield cloud


@pytest.fixture(scope='module')
def notebook(
    cloud_of_notebooks: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Notebook]:
    """Run the cells in a kernel and yield it, still running."""
    for package in ('nbclient', 'ipykernel'):
        if find_spec(package) is None:
            lacking(f'{package} (pip install {package})')
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp('home')
        for name in ('HOME', 'IPYTHONDIR', 'JUPYTER_RUNTIME_DIR', 'JUPYTER_DATA_DIR'):
            patch.setenv(name, str(home))
        patch.setenv('COLUMNS', '200')
        yield from _running(cloud_of_notebooks, home)


def _running(cloud: Simulator, home: Path) -> Iterator[Notebook]:
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    where = {'url': cloud.url(), 'key_id': cloud.key_id, 'secret': str(cloud.key_path)}
    codes = [CELLS[0], CELLS[1].format(**where), *CELLS[2:]]
    book = new_notebook(cells=[new_code_cell(code) for code in codes])
    client = NotebookClient(book, resources={'metadata': {'path': str(home)}})
    with client.setup_kernel():
        for number, cell in enumerate(book.cells):
            client.execute_cell(cell, number)
        outputs = [dict(output['data']) for cell in book.cells for output in cell['outputs']]
        yield Notebook(client, outputs)


def test_a_list_is_an_html_table(notebook: Notebook) -> None:
    """The kernel sends the table as HTML, and as plain text for those without."""
    table = notebook.outputs[0]

    assert table['text/html'].startswith('<table>')
    assert '<td style="text-align:left">web0</td>' in table['text/html']
    heading, row = table['text/plain'].splitlines()
    assert ['SHORTID', 'NAME', 'IMG', 'STATE', 'FLAGS', 'AGE'] == heading.split()
    assert ['web0', 'base-64-lts@24.4.1', 'running'] == row.split()[1:4]


def test_what_the_server_calls_things_is_escaped(notebook: Notebook) -> None:
    """A name with markup is shown as it is written."""
    assert '&lt;script&gt;alert(1)&lt;/script&gt;' in notebook.outputs[3]['text/html']
    assert '<script' not in notebook.outputs[3]['text/html']
    assert '<script>alert(1)</script>' in notebook.outputs[3]['text/plain']


def test_a_list_inside_of_something_is_a_list(notebook: Notebook) -> None:
    """A tuple that has one is shown as the tuple that it is."""
    assert {'text/plain'} == notebook.outputs[1].keys()
    assert notebook.outputs[1]['text/plain'].startswith('([<smartdc.machine.Machine: <web0> in ')


def test_a_machine_is_its_line(notebook: Notebook) -> None:
    """One object is shown by its repr."""
    (line,) = notebook.outputs[2]['text/plain'].splitlines()

    assert line.startswith('<smartdc.machine.Machine: <web0> in <DataCenter: ')
    assert line.endswith('>, running>')


def test_a_tab_completes_names_and_asks_nothing(
    notebook: Notebook, cloud_of_notebooks: Simulator
) -> None:
    """The frontend gets the names that were seen, and the server hears nothing of it."""
    before = len(cloud_of_notebooks.requests)

    assert ['web0'] == notebook.completions("sdc.machine('we")
    assert ["'web0'"] == notebook.completions('sdc.machine(')
    assert ['base-64-lts'] == notebook.completions("sdc.create_machine(\n    image='ba")
    assert 'machines' in [each.rpartition('.')[2] for each in notebook.completions('sdc.mach')]
    assert before == len(cloud_of_notebooks.requests)
