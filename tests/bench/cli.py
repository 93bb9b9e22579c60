"""A command that lists 999 machines, beside the official one."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import places
from tests.bench.harness import Figure, Ran, ran
from tests.bench.server import serving

_OURS = 'for m in sdc.machines(): print(m)'


def figures(rounds: int) -> list[Figure]:
    """Run both commands in turn, each a process of its own."""
    theirs = Path(os.environ.get('SMARTDC_NODE', '')) / 'node_modules' / '.bin' / 'triton'
    if not theirs.exists():
        print('cli: left out, SMARTDC_NODE names no folder with the triton command')
        return []
    with TemporaryDirectory() as home, serving(machines=999) as url:
        env = _environment(Path(home), url)
        ours: list[Ran] = []
        official: list[Ran] = []
        for _ in range(rounds):
            ours.append(ran([sys.executable, '-m', 'smartdc', '-c', _OURS], env))
            official.append(ran([str(theirs), 'instance', 'list'], env))
        assert [999, 1000] == [len(each.output.splitlines()) for each in (ours[0], official[0])]
    return [
        _figure('time', [each.seconds for each in ours], [each.seconds for each in official], 0.8),
        _figure(
            'peak memory',
            [each.mebibytes for each in ours],
            [each.mebibytes for each in official],
            0.6,
        ),
    ]


def _environment(home: Path, url: str) -> dict[str, str]:
    """Return what both commands go by: a key in ~/.ssh and TRITON_ variables."""
    (home / '.ssh').mkdir()
    for suffix in ('', '.pub'):
        shutil.copy(places.folder() / f'RSA-2048{suffix}', home / '.ssh' / f'id_rsa{suffix}')
    key = places.client(url, 'RSA-2048').auth
    fingerprint = key.key()[1].fingerprint  # type: ignore[union-attr]
    return {
        'PATH': os.environ['PATH'],
        'HOME': str(home),
        'TRITON_URL': url,
        'TRITON_ACCOUNT': 'acme',
        'TRITON_KEY_ID': fingerprint,
    }


def _figure(what: str, ours: list[float], theirs: list[float], most: float) -> Figure:
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    unit = 'second' if what == 'time' else 'MiB'
    floor = '`triton instance list`'
    return Figure(
        f'list 999 machines, a command: {what}', floor, ratio, most, None, ours, theirs, unit
    )
