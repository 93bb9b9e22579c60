"""A private key of a file, or its text, as what signs requests."""

from __future__ import annotations

import os
import threading
from typing import Any

from smartdc.errors.base import InvalidInput, SigningError
from smartdc.key_files import (
    Passphrase,
    Secret,
    describe,
    is_text,
    read_private_key,
    read_public_blob,
)
from smartdc.ssh_keys import PrivateKey, md5_fingerprint, public_line, sha256_fingerprint


class Signer:
    """A private key from a file or from its text, read once, at first use.

    `secret` is a path (`~` is expanded) or the key's text; `passphrase` a str, bytes, or a
    function without arguments that returns one, used only when the key is encrypted. Without it
    the passphrase is asked for if there is a terminal. Attributes and sign() raise a SigningError
    when the key cannot be used. Threads may share a Signer.
    """

    __slots__ = ('_key', '_lock', '_passphrase', '_secret')

    def __init__(self, secret: Secret, passphrase: Passphrase = None) -> None:
        if not isinstance(secret, str | bytes | os.PathLike):
            raise InvalidInput('A key is given as the path of its file, or as its text.')
        self._secret = secret
        self._passphrase = passphrase
        self._key: PrivateKey | None = None
        self._lock = threading.Lock()

    def _loaded(self) -> PrivateKey:
        if self._key is None:
            with self._lock:
                if self._key is None:
                    self._key = read_private_key(self._secret, self._passphrase)
        return self._key

    @property
    def algorithm(self) -> str:
        """Name the algorithm as the Authorization header does, such as rsa-sha256."""
        return self._loaded().algorithm

    @property
    def fingerprint(self) -> str:
        """Return the MD5 fingerprint with colons, the one that CloudAPI knows."""
        return md5_fingerprint(self._loaded().public_blob)

    @property
    def sha256_fingerprint(self) -> str:
        """Return the fingerprint that ssh-keygen shows: 'SHA256:...' without padding."""
        return sha256_fingerprint(self._loaded().public_blob)

    @property
    def public_blob(self) -> bytes:
        """Return the public part in SSH's wire form."""
        return self._loaded().public_blob

    @property
    def public_key(self) -> str:
        """Return the public key as a line of an authorized_keys file, without comment."""
        return public_line(self._loaded().public_blob)

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes: RSA with PKCS#1 v1.5, ECDSA as DER, Ed25519 as its 64 bytes."""
        key = self._loaded()
        try:
            return key.sign(data)
        except ValueError as error:
            raise SigningError(
                f'A signature with {describe(self._secret)} came out wrong ({error}): make the key '
                'anew, it is damaged.'
            ) from None

    def find_public_blob(self) -> bytes | None:
        """Return the public part, without asking for a passphrase; None if that cannot be."""
        return read_public_blob(self._secret)

    def __repr__(self) -> str:
        path = 'text' if is_text(self._secret) else repr(os.fsdecode(self._secret))
        return f'Signer({path})'

    def __reduce__(self) -> tuple[Any, ...]:
        if is_text(self._secret):
            raise InvalidInput('A key given as text is not pickled: give the path of its file.')
        # The passphrase stays behind; a function that knows it may travel.
        return Signer, (self._secret, self._passphrase if callable(self._passphrase) else None)
