"""Keys, certificates and clients that the benchmarks share."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from smartdc import DataCenter, answers, signing
from smartdc.simulator import certificate

KINDS = {
    'RSA-2048': ('rsa', '2048'),
    'P-256': ('ecdsa', '256'),
    'Ed25519': ('ed25519', '256'),
}


@functools.cache
def folder() -> Path:
    """Return a folder with a server's certificate, and keys; it goes with the process."""
    place = tempfile.TemporaryDirectory(prefix='smartdc-bench-')
    folder.place = place  # type: ignore[attr-defined] # keeps it as long as the process
    path = Path(place.name)
    certificate.make(path)
    own = (path / 'ca.pem').read_bytes()
    (path / 'bundle.pem').write_bytes(Path(DEFAULT_CA_BUNDLE_PATH).read_bytes() + own)
    for name, (kind, bits) in KINDS.items():
        command = ['ssh-keygen', '-q', '-N', '', '-t', kind, '-b', bits, '-f', str(path / name)]
        subprocess.run(command, check=True)
    return path


def bundle() -> str:
    """Return the file of all the usual authorities and the benchmarks' own."""
    return str(folder() / 'bundle.pem')


def client(url: str, key: str = 'Ed25519', **options: Any) -> DataCenter:
    """Return a client of the benchmarks' server."""
    given: dict[str, Any] = {'login': 'acme', 'secret': folder() / key, 'verify': bundle()}
    return DataCenter(url, **{**given, **options})


@contextmanager
def without_extras() -> Iterator[None]:
    """Let the block find neither cryptography nor orjson, as if `fast` were not installed."""
    library, reader = signing.has_cryptography, answers._orjson
    signing.has_cryptography = answers._orjson = _nothing  # type: ignore[assignment]
    try:
        yield
    finally:
        signing.has_cryptography, answers._orjson = library, reader


def _nothing() -> None:
    """Return what is there: nothing."""
