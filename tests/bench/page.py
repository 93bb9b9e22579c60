"""Writes what was measured into the documentation: a table and a plot of each subject."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from tests.bench import plots
from tests.bench.harness import Figure

#: Where docs/performance.rst takes the tables and the plots from.
FOLDER = Path(__file__).parents[2] / 'docs' / 'figures'

#: What else has a part in the figures.
_PACKAGES = ('requests', 'urllib3', 'pycryptodome', 'cryptography', 'orjson')

#: What each subject is about.
TITLES = {
    'start': 'Beginning',
    'calls': 'Calls',
    'lists': 'Lists',
    'fleet': 'Many machines',
    'waiting': 'Waiting',
    'cli': 'A command',
    'simulator': 'The simulator',
    'scale': 'From a thousand machines to a hundred thousand',
    'peers': 'Beside the clients of other clouds',
}


def write(found: Mapping[str, Sequence[Figure]], folder: Path = FOLDER) -> None:
    """Write the figures of the subjects that were measured; those of others stay."""
    folder.mkdir(exist_ok=True)
    for subject, figures in found.items():
        plots.draw(subject, TITLES[subject], figures, folder)
        (folder / f'{subject}.inc').write_text(_subject(subject, figures), encoding='utf-8')
    packages = ', '.join(f'{name} {version(name)}' for name in _PACKAGES)
    where = f'CPython {platform.python_version()} on {os.cpu_count()} processors, {packages}.\n'
    (folder / 'where.inc').write_text(where, encoding='utf-8')


def _subject(subject: str, figures: Sequence[Figure]) -> str:
    lines = ['.. list-table::', '   :header-rows: 1', '   :widths: 40 32 14 14', '']
    for row in (('what', 'floor', 'measured', 'bound'), *map(_row, figures)):
        first, *rest = row
        lines += [f'   * - {first}', *(f'     - {cell}'.rstrip() for cell in rest)]
    lines += ['', f'.. image:: figures/{subject}.png', f'   :alt: {TITLES[subject]}, as plots', '']
    return '\n'.join(lines)


def _row(figure: Figure) -> tuple[str, str, str, str]:
    value = f'{figure.ratio:.3g}' if figure.ratio < 100 else f'{figure.ratio:.0f}'
    bound = '' if figure.most is None else f'at most {figure.most:.3g}'
    bound = bound if figure.least is None else f'at least {figure.least:.3g}'
    return figure.what, figure.floor, value if figure.is_kept else f'**{value}**, missed', bound
