"""Does the long checks in full, and prints what they come to.

    python -m tests.soak [--only NAME ...] [--scale 0.1] [--seed 1] [--quiet]

Everything is on loopback. The exit status is 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence

from tests.soak import fields, fuzz, hangs, leaks, outage, reads
from tests.soak.creates import creates
from tests.soak.figures import Figure, Soak
from tests.soak.kinds import KINDS

Subject = Callable[[Soak], list[Figure]]

#: The long checks, by name.
SUBJECTS: Mapping[str, Subject] = {
    **{name.replace(' ', '-'): creates(name) for name in KINDS},
    'reads': reads.each_fault,
    'twenty': reads.twenty,
    'thirty': reads.thirty,
    'outage': outage.outage,
    'maintenance': outage.maintenance,
    'hangs': hangs.hangs,
    'clocks': outage.clocks,
    'replies': fuzz.replies,
    'fields': fields.fields,
    'leaks': leaks.leaks,
    'threads': leaks.threads,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the arguments say; the exit status is 1 when a figure is missed."""
    options = _options(arguments)
    began = time.monotonic()

    def tell(text: str) -> None:
        if not options.quiet:
            print(f'[{time.monotonic() - began:7.1f} s] {text}', flush=True)

    soak = Soak(options.scale, options.seed, tell)
    found: list[tuple[str, Figure, float]] = []
    for name in options.only or SUBJECTS:
        tell(name)
        start = time.monotonic()
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', UserWarning)  # a wrong clock is warned of
            figures = SUBJECTS[name](soak)
        seconds = time.monotonic() - start
        found += [(name, figure, seconds) for figure in figures]
        tell(f'{name} is done in {seconds:.1f} s')
    print(table(found))
    missed = sum(not figure.holds for _, figure, _ in found)
    print(
        f'{len(found)} figures, {missed} missed; scale {options.scale:g}, seed {options.seed}, '
        f'{time.monotonic() - began:.0f} s'
    )
    return 1 if missed else 0


def table(found: Sequence[tuple[str, Figure, float]]) -> str:
    """Return the figures in columns."""
    rows = [('', 'check', 'came to', 'promised', 'seconds', 'of what')]
    rows += [
        (
            'ok' if figure.holds else 'MISSED',
            name,
            figure.came_to,
            figure.promised,
            f'{seconds:.1f}',
            figure.what,
        )
        for name, figure, seconds in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return '\n'.join(
        '  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='python -m tests.soak', description=(__doc__ or '').split('\n')[0]
    )
    parser.add_argument(
        '--only',
        action='append',
        choices=list(SUBJECTS),
        metavar='NAME',
        help=f'do this check alone; may be given several times: {", ".join(SUBJECTS)}',
    )
    parser.add_argument('--scale', type=float, default=1.0, help='how much of the full numbers (1)')
    parser.add_argument('--seed', type=int, default=1, help='the seed of all chances (1)')
    parser.add_argument('--quiet', action='store_true', help='print the summary alone')
    return parser.parse_args(arguments)


if __name__ == '__main__':
    sys.exit(main())
