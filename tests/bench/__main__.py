"""`python -m tests.bench`: each figure against its floor, in one run."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench import page
from tests.bench.harness import ROUNDS, Figure

#: The subjects, in the order in which they are measured.
SUBJECTS = (*('start', 'calls', 'lists', 'fleet', 'waiting', 'cli', 'simulator', 'scale', 'peers'),)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what was asked for; the status is 1 when a figure is missed."""
    options = _parser().parse_args(argv)
    # They would have each connection of the floors read a bundle of their own.
    # Without bytecode each start would compile what has changed.
    for name in (
        *('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE', 'SSL_CERT_DIR'),
        'PYTHONDONTWRITEBYTECODE',
    ):
        os.environ.pop(name, None)
    found: dict[str, list[Figure]] = {}
    for subject in options.only or SUBJECTS:
        module = importlib.import_module(f'tests.bench.{subject}')
        found[subject] = module.figures(options.rounds)
        for figure in found[subject]:
            print(line(figure), flush=True)
    every = [figure for figures in found.values() for figure in figures]
    if options.json:
        options.json.write_text(json.dumps([vars(figure) for figure in every], indent=1))
    if options.docs:
        page.write(found)
    return 0 if all(figure.is_kept for figure in every) else 1


def line(figure: Figure) -> str:
    """Return a figure as a line of the table."""
    bound = f'<= {figure.most:g}' if figure.most is not None else ''
    bound = f'>= {figure.least:g}' if figure.least is not None else bound
    verdict = ('ok' if figure.is_kept else 'MISSED') if bound else ''
    return f'{figure.what:<58} {figure.ratio:>8.3f} {bound:<9} {verdict:<7} of {figure.floor}'


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m tests.bench',
        description='Measure each figure of docs/performance.rst against its floor, in '
        'interleaved rounds of one run, and print the medians of their ratios.',
    )
    parser.add_argument(
        '--only', action='append', choices=SUBJECTS, help='measure this subject (repeatable)'
    )
    parser.add_argument('--rounds', type=int, default=ROUNDS, help='rounds each (%(default)s)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write all values there')
    parser.add_argument(
        '--docs', action='store_true', help='write tables and plots into docs/figures'
    )
    return parser


if __name__ == '__main__':
    sys.exit(main())
