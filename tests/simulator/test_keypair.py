"""Key pairs, as OpenSSH reads them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
)

from smartdc.simulator import keypair


def test_makes_a_pair_that_belongs_together() -> None:
    """The private key has the public line's key."""
    pair = keypair.generate('a comment')
    key = load_ssh_private_key(pair.private.encode(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert f'{line} a comment' == pair.public
    assert keypair.generate('a comment').public != pair.public


@pytest.mark.parametrize('comment', ['', 'x', 'xx', 'acme@simulator', 'é' * 9])
def test_pads_for_any_comment(comment: str) -> None:
    """Whatever the length of the comment, the file can be read."""
    load_ssh_private_key(keypair.generate(comment).private.encode(), password=None)


def test_writes_for_its_owner_only(tmp_path: Path) -> None:
    """The private file is its owner's, and no file is written over."""
    pair = keypair.generate('x')
    pair.write(tmp_path / 'key')
    assert (tmp_path / 'key').stat().st_mode & 0o777 == 0o600
    assert f'{pair.public}\n' == (tmp_path / 'key.pub').read_text()
    with pytest.raises(FileExistsError):
        pair.write(tmp_path / 'key')


@pytest.mark.program('ssh-keygen')
@pytest.mark.skipif(shutil.which('ssh-keygen') is None, reason='needs ssh-keygen')
def test_openssh_reads_it(tmp_path: Path) -> None:
    """ssh-keygen finds the same public key in the private file."""
    pair = keypair.generate('x')
    pair.write(tmp_path / 'key')
    command = ['ssh-keygen', '-y', '-f', str(tmp_path / 'key')]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert pair.public.split()[:2] == found.split()[:2]
