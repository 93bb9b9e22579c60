"""Writes docs/operations.rst: each operation of CloudAPI beside the Python that does it.

python -m tests.operations_page
"""

from __future__ import annotations

from pathlib import Path

from tests.contract import RENAMED_METHODS, Operation, operations

PAGE = Path(__file__).parent.parent / 'docs' / 'operations.rst'

_HEAD = """\
Operations
==========

Each operation of CloudAPI 9.20, its wire line, and the Python that does it. This page is written
by ``python -m tests.operations_page``; a test compares it with the table that client and simulator
are held against.

.. list-table::
   :header-rows: 1
   :widths: 30 45 35

   * - operation
     - wire
     - Python
"""


def page() -> str:
    """Return the page's text."""
    return _HEAD + ''.join(_row(each) for each in operations())


def _row(operation: Operation) -> str:
    python = RENAMED_METHODS.get(operation.name, operation.python)
    link = f':meth:`{python} <smartdc.{python}>`'
    shown = python.strip('()') if operation.is_left_out else link
    cells = (operation.name, f'``{operation.method} {operation.path}``', shown)
    first, *rest = cells
    return f'   * - {first}\n' + ''.join(f'     - {cell}\n' for cell in rest)


if __name__ == '__main__':
    PAGE.write_text(page(), encoding='utf-8')
