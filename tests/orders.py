"""Runs the tests in random orders, and tells which order failed.

    python -m tests.orders [--runs 10] [--seed 1] [--log FILE] [--jobs 2] [TESTS ...]

A run's number is its seed: `python -m pytest --randomly-seed=N` runs that order again. The exit
status is 1 when a run failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as the arguments say; the exit status is 1 when a run failed."""
    options = _options(arguments)
    failed = []
    for seed in range(options.seed, options.seed + options.runs):
        began = time.monotonic()
        status, output = run(seed, options.jobs, options.tests)
        seconds = time.monotonic() - began
        last = output.strip().rpartition('\n')[2]
        say(f'seed {seed}: {"failed" if status else "ok"} in {seconds:.0f} s: {last}', options.log)
        if status:
            failed.append(seed)
            say(output, options.log)
    say(f'{options.runs} orders, {len(failed)} failed {failed or ""}'.rstrip(), options.log)
    return 1 if failed else 0


def run(seed: int, jobs: int, tests: Sequence[str]) -> tuple[int, str]:
    """Run the tests in the order of a seed; return the exit status and what pytest printed."""
    command = [sys.executable, '-m', 'pytest', '-q', '-n', str(jobs), '-p', 'no:cacheprovider']
    done = subprocess.run(
        [*command, f'--randomly-seed={seed}', *tests],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def say(text: str, log: Path | None) -> None:
    """Print a text, and append it to the log, if there is one."""
    print(text, flush=True)
    if log is not None:
        with log.open('a', encoding='utf-8') as lines:
            lines.write(f'{text}\n')


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='python -m tests.orders', description=(__doc__ or '').split('\n')[0]
    )
    parser.add_argument('tests', nargs='*', metavar='TESTS', help='which tests (all of them)')
    parser.add_argument('--runs', type=int, default=10, help='how many orders (10)')
    parser.add_argument('--seed', type=int, default=1, help='the seed of the first (1)')
    parser.add_argument('--log', type=Path, metavar='FILE', help='append what is printed here too')
    parser.add_argument('--jobs', type=int, default=2, help='how many processes (2)')
    return parser.parse_args(arguments)


if __name__ == '__main__':
    sys.exit(main())
