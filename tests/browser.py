"""Shows a table as a notebook would in a real browser, and takes a picture of it.

    python -m tests.browser PICTURE.png [--chromium chromium]

It prints what the browser made of the page, and fails when the server's text did something in it.
Run by hand: a browser is too much for every run of the tests.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smartdc.simulator import Simulator

#: What a page would act upon, were it not escaped.
HOSTILE = '<img src=x onerror="document.title=\'broken\'">&amp;</td></table>'

_ZONE = {'os': 'smartos', 'type': 'zone-dataset', 'published_at': '2025-01-29T12:00:00Z'}
WORLD = {
    'images': [
        {'name': 'base-64-lts', 'version': '24.4.1', **_ZONE},
        {'name': HOSTILE, 'version': '1', **_ZONE},
    ],
    'machines': [{'name': f'web{number}'} for number in range(30)],
}
FLAGS = (
    *('--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'),
    *('--disable-background-networking', '--disable-component-update', '--disable-sync'),
    '--window-size=900,1150',
)
PAGE = """<!doctype html><meta charset="utf-8"><title>whole</title>
<style>body {{font: 14px sans-serif}} td, th {{padding: 2px 12px; text-align: right}}</style>
{tables}
"""


def page() -> str:
    """Return a page with a long table, a short one and an empty one."""
    with Simulator(WORLD, job_time=0) as cloud, cloud.datacenter() as sdc:
        lists: list[Any] = [sdc.images(), sdc.machines(), sdc.packages(), sdc.users()]
        return PAGE.format(tables='<br>\n'.join(each._repr_html_() for each in lists))


def browse(chromium: str, picture: Path) -> str:
    """Let the browser draw the page, and return the page as the browser has it then."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'page.html'
        path.write_text(page(), 'utf-8')
        profile = f'--user-data-dir={folder}/profile'
        command = [chromium, *FLAGS, profile]
        subprocess.run(
            [*command, f'--screenshot={picture.absolute()}', path.as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )
        done = subprocess.run(
            [*command, '--dump-dom', path.as_uri()],
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the page; the exit status is 1 when it is not what it should be."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition('\n')[0])
    parser.add_argument('picture', type=Path, help='the file to write the picture to')
    parser.add_argument('--chromium', default='chromium', help='the browser (chromium)')
    options = parser.parse_args(arguments)
    seen = browse(options.chromium, options.picture)
    counts = {tag: len(re.findall(f'<{tag}[ >]', seen)) for tag in ('table', 'tr', 'img')}
    print(f'{options.picture}: {counts}')
    good = {'table': 3, 'tr': (1 + 2) + (1 + 20 + 1 + 5) + (1 + 8), 'img': 0}
    return 0 if counts == good and '<title>whole</title>' in seen else 1


if __name__ == '__main__':
    sys.exit(main())
