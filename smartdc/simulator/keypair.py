"""A fresh Ed25519 key pair, as OpenSSH keeps them."""

from __future__ import annotations

import base64
import os
import textwrap
from dataclasses import dataclass
from pathlib import Path

_TYPE = b'ssh-ed25519'
_BLOCK = 8


@dataclass(frozen=True)
class KeyPair:
    """A private key in the text of OpenSSH's own format, and its public line."""

    private: str
    public: str

    def write(self, path: str | Path) -> None:
        """Write the private key so that only its owner can read it, and `.pub` beside it.

        Raises FileExistsError rather than overwrite a key.
        """
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, 'w', encoding='ascii') as out:
            out.write(self.private)
        Path(f'{path}.pub').write_text(f'{self.public}\n', encoding='ascii')


def generate(comment: str) -> KeyPair:
    """Return a new key pair; the private key is not encrypted."""
    from Crypto.PublicKey import ECC  # here, so that reading worlds doesn't cost its import

    key = ECC.generate(curve='Ed25519')
    point = key.public_key().export_key(format='raw')
    blob = _string(_TYPE) + _string(point)
    secret = _string(_TYPE) + _string(point) + _string(key.seed + point) + _string(comment.encode())
    check = os.urandom(4)
    padded = _padded(check + check + secret)
    data = (
        b'openssh-key-v1\0'
        + _string(b'none')
        + _string(b'none')
        + _string(b'')
        + (1).to_bytes(4)
        + _string(blob)
        + _string(padded)
    )
    lines = '\n'.join(textwrap.wrap(base64.b64encode(data).decode(), 70))
    head, foot = (f'-----{word} OPENSSH PRIVATE KEY-----' for word in ('BEGIN', 'END'))
    public = f'{_TYPE.decode()} {base64.b64encode(blob).decode()} {comment}'
    return KeyPair(f'{head}\n{lines}\n{foot}\n', public)


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def _padded(data: bytes) -> bytes:
    return data + bytes(range(1, -len(data) % _BLOCK + 1))
