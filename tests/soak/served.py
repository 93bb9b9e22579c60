"""A simulator in a process of its own, so that what it takes is not the client's."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartdc.simulator import keypair

ROOT = Path(__file__).parents[2]


@contextmanager
def served() -> Iterator[tuple[str, Path]]:
    """Run a simulator, and yield its URL and the private key of its account."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / 'id_ed25519'
        keypair.generate('soak').write(key)
        options = ['--job-time', '0', '--key', f'{key}.pub']
        command = [sys.executable, '-m', 'smartdc.simulator', *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, '')
            url = next(line.strip() for line in lines if 'TRITON_URL=' in line)
            try:
                yield url.partition('=')[2], key
            finally:
                process.terminate()
