"""Finding a key where Triton users keep theirs: the ssh-agent, then ~/.ssh, then its path."""

from __future__ import annotations

import base64
import logging
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from smartdc.errors.base import AgentError, SigningError
from smartdc.key_files import Passphrase, read_private_key, read_public_blob
from smartdc.ssh_agent import AgentSigner, Identity, identities
from smartdc.ssh_keys import (
    OPENSSH_MAGIC,
    PrivateKey,
    md5_fingerprint,
    parse_fingerprint,
    sha256_fingerprint,
    ssh_string,
)

#: Where ssh keeps keys.
DIRECTORY = '~/.ssh'
#: No private key is larger; what is, is not read.
MAX_FILE = 131_072

logger: logging.Logger = logging.getLogger('smartdc.keys')

_PRIVATE = re.compile('-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----')
_OPENSSH = re.compile('-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END')


class KeySearch:
    """A key that is looked for at first use: a Signer that finds its file, or an agent, itself.

    `wanted` is a fingerprint (MD5 or SHA256, in any form), the name of a file in `directory`, the
    comment of a key in the ssh-agent, or the path of a private or public key file. The ssh-agent
    is asked first, then the files of `directory` are looked through, then the path is tried;
    encrypted files come last, and only then the passphrase is asked for. Attributes and sign()
    raise a SigningError that lists each place looked in and each fingerprint seen there.

    When the agent does not sign, the key's file does from then on, if there is one, and the log
    says so.
    """

    __slots__ = ('_attempt', '_directory', '_key', '_lock', '_passphrase', '_wanted')

    def __init__(
        self,
        wanted: str,
        passphrase: Passphrase = None,
        directory: str | os.PathLike[str] = DIRECTORY,
    ) -> None:
        self._wanted = wanted
        self._passphrase = passphrase
        self._directory = directory
        self._lock = threading.RLock()
        self._attempt: _Attempt | None = None
        self._key: AgentSigner | PrivateKey | None = None

    @property
    def algorithm(self) -> str:
        """Name the algorithm as the Authorization header does."""
        return self._found().algorithm

    @property
    def public_blob(self) -> bytes:
        """Return the public part in SSH's wire form."""
        return self._found().public_blob

    @property
    def fingerprint(self) -> str:
        """Return the MD5 fingerprint with colons, the one that CloudAPI knows."""
        return md5_fingerprint(self.public_blob)

    @property
    def sha256_fingerprint(self) -> str:
        """Return the fingerprint that ssh-keygen shows."""
        return sha256_fingerprint(self.public_blob)

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes with the key, wherever it is."""
        key = self._found()
        try:
            return self._signed(key, data)
        except AgentError as refusal:
            return self._signed(self._instead_of(key, refusal), data)

    def _signed(self, key: AgentSigner | PrivateKey, data: bytes) -> bytes:
        try:
            return key.sign(data)
        except ValueError as error:
            raise SigningError(
                f'A signature with the key {self._wanted} came out wrong ({error}): make the key '
                'anew, it is damaged.'
            ) from None

    def _found(self) -> AgentSigner | PrivateKey:
        with self._lock:
            if self._key is None:
                self._attempt = _Attempt(self._wanted, self._passphrase, _folder(self._directory))
                self._key = self._attempt.next_key()
            return self._key

    def _instead_of(self, key: AgentSigner | PrivateKey, refusal: AgentError) -> PrivateKey:
        """Return the file of a key that the agent has but does not sign with."""
        with self._lock:
            if self._key is key and self._attempt is not None:
                self._attempt.failure = refusal
                try:
                    self._key = self._attempt.next_key()
                except SigningError:
                    # Whoever signs next asks the agent again: it may be unlocked by then.
                    self._key = self._attempt = None
                    raise
            if not isinstance(self._key, PrivateKey):
                raise refusal
            logger.warning('%s The key file signs from now on.', refusal)
            return self._key

    def __repr__(self) -> str:
        return f'KeySearch({self._wanted!r})'

    def __reduce__(self) -> tuple[Any, ...]:
        # The passphrase stays behind; a function that knows it may travel.
        passphrase = self._passphrase if callable(self._passphrase) else None
        return KeySearch, (self._wanted, passphrase, os.fspath(self._directory))


class KeyOfFile(Protocol):
    """A key that a file is known to hold."""

    @property
    def fingerprint(self) -> str:
        """Return the MD5 fingerprint with colons."""
        raise NotImplementedError

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes."""
        raise NotImplementedError


class AgentThenFile:
    """A key of the ssh-agent that its file stands in for once the agent does not sign."""

    __slots__ = ('_agent', '_file', '_given_up')

    def __init__(self, agent: AgentSigner, file: KeyOfFile) -> None:
        self._agent = agent
        self._file = file
        self._given_up = False

    @property
    def algorithm(self) -> str:
        """Name the algorithm as the Authorization header does."""
        return self._agent.algorithm

    @property
    def fingerprint(self) -> str:
        """Return the MD5 fingerprint with colons, the one that CloudAPI knows."""
        return self._agent.fingerprint

    @property
    def sha256_fingerprint(self) -> str:
        """Return the fingerprint that ssh-keygen shows."""
        return self._agent.sha256_fingerprint

    @property
    def public_blob(self) -> bytes:
        """Return the public part in SSH's wire form."""
        return self._agent.public_blob

    def sign(self, data: bytes) -> bytes:
        """Sign the bytes; raise the agent's AgentError when the file does not have the key."""
        if not self._given_up:
            try:
                return self._agent.sign(data)
            except AgentError as refusal:
                self._give_up(refusal)
        return self._file.sign(data)

    def _give_up(self, refusal: AgentError) -> None:
        try:
            same = self._file.fingerprint == self.fingerprint
        except SigningError as error:
            raise AgentError(f'{refusal} Its file was tried next. {error}') from None
        if not same:
            raise refusal
        logger.warning('%s The key file signs from now on.', refusal)
        self._given_up = True


class _File(NamedTuple):
    """A private key file as far as it is known unopened."""

    path: Path
    blob: bytes | None
    locked: bool


class _Attempt:
    """One search; its `notes` tell where it has been."""

    def __init__(self, wanted: str, passphrase: Passphrase, directory: Path) -> None:
        self.wanted = wanted
        self.passphrase = passphrase
        self.directory = directory
        self.notes: list[str] = []
        self.failure: SigningError | None = None
        self.seen: dict[Path, str] = {}
        self._fingerprint = parse_fingerprint(self.wanted)
        self._named = None if self._fingerprint else self._path()
        self._blob = _public_blob(self._named) if self._named else None
        self._keys = self._places()

    def next_key(self) -> AgentSigner | PrivateKey:
        """Return the next key that can be used; raise a SigningError when there is none."""
        for key in self._keys:
            return key
        looked = ' '.join([*self.notes, self._files_looked_at()])
        if self.failure is not None:
            raise type(self.failure)(f'{self.failure} Looked in all places: {looked}')
        raise AgentError(
            f'The key {self.wanted} was not found. {looked} Add it with ssh-add, or give the path'
            ' of its file.'
        )

    def _path(self) -> Path | None:
        """Return the private key file that is meant, when a name or a path was given."""
        path = _folder(self.wanted)
        if os.sep not in self.wanted and not self.wanted.startswith('~'):
            path = self.directory / self.wanted
        path = path.with_suffix('') if path.suffix == '.pub' else path
        return path if _is_file(path) or _is_file(_public_half(path)) else None

    def _places(self) -> Iterator[AgentSigner | PrivateKey]:
        yield from self._in_agent()
        paths = _paths(self.directory)
        if self._named and self._named not in paths:
            paths.append(self._named)
        yield from self._in_files([file for path in paths for file in self._looked_at(path)])

    def _in_agent(self) -> Iterator[AgentSigner]:
        try:
            held = identities()
        except AgentError as error:
            logger.info('%s', error)
            self.notes.append(str(error))
            return
        shown = ', '.join(f'{self._show(each.blob)} ({each.comment})' for each in held)
        self.notes.append(f'The ssh-agent holds {shown or "no key at all"}.')
        for identity in held:
            if not self._is_meant(identity, held):
                continue
            signer = AgentSigner(identity.blob)
            try:
                _ = signer.algorithm
            except SigningError as error:
                self.failure = error
                continue
            self._blob = identity.blob
            yield signer

    def _is_meant(self, identity: Identity, held: list[Identity]) -> bool:
        if self._fingerprint or self._blob or identity.comment != self.wanted:
            return self._matches(identity.blob)
        if len({each.blob for each in held if each.comment == self.wanted}) > 1:
            raise AgentError(
                f'The ssh-agent holds several keys with the comment {self.wanted}: give the'
                ' fingerprint of one. ' + ' '.join(self.notes)
            )
        return True

    def _matches(self, blob: bytes) -> bool:
        if self._fingerprint:
            return self._fingerprint in (md5_fingerprint(blob), sha256_fingerprint(blob))
        return blob == self._blob

    def _looked_at(self, path: Path) -> Iterator[_File]:
        """Yield the private key of a file, if it has one, and remember what was seen there."""
        file = _file(path)
        blob = file.blob if file else _public_blob(_public_half(path))
        if file is None and blob is None:
            return
        self.seen[path] = self._show(blob) if blob else 'encrypted, not opened'
        if file is not None:
            yield file
        elif blob and self._matches(blob):
            self.seen[path] += ', without its private half'

    def _in_files(self, files: list[_File]) -> Iterator[PrivateKey]:
        """Yield the key from each file that has it, from those that are not encrypted first."""
        met = False
        for file in sorted(files, key=lambda each: (each.locked, each.blob is None)):
            meant = file.path == self._named or (file.blob is not None and self._matches(file.blob))
            met = met or meant
            # A stranger's passphrase is asked for only when no other file is the key.
            if meant or (file.blob is None and not (file.locked and met)):
                key = self._opened(file.path, meant)
                if key is not None and (meant or self._matches(key.public_blob)):
                    met = True
                    yield key

    def _opened(self, path: Path, meant: bool) -> PrivateKey | None:
        try:
            key = read_private_key(path, self.passphrase)
        except SigningError as error:
            if meant and self.failure is None:
                self.failure = error
            return None
        self.seen[path] = self._show(key.public_blob)
        wrong = self._fingerprint and not self._matches(key.public_blob)
        return None if wrong else key

    def _show(self, blob: bytes) -> str:
        """Return a fingerprint in the form that was asked for, so that they compare by eye."""
        sha = (self._fingerprint or '').startswith('SHA256')
        return sha256_fingerprint(blob) if sha else md5_fingerprint(blob)

    def _files_looked_at(self) -> str:
        inside = {path: what for path, what in self.seen.items() if path.parent == self.directory}
        has = ', '.join(f'{path.name} ({what})' for path, what in inside.items()) or 'no key'
        told = f'{self.directory} has {has}.'
        if not os.path.isdir(self.directory):  # noqa: PTH112 - Path's raises
            told = f'There is no directory {self.directory}.'
        others = [f'{path} has {self.seen[path]}.' for path in self.seen if path not in inside]
        return ' '.join([told, *others])


def _folder(path: str | os.PathLike[str]) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # no home directory is known
        return Path(path)


def _public_half(path: Path) -> Path:
    return Path(f'{path}.pub')  # a root has no name


def _public_blob(path: Path) -> bytes | None:
    """Return the public part of a key by its file or the one beside it, None if that cannot be."""
    # Sockets and pipes lie in ~/.ssh as well: opening one could block.
    if any(os.path.exists(each) and not _is_file(each) for each in (path, _public_half(path))):  # noqa: PTH110
        return None
    return read_public_blob(path)


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - Path's raises where there is no right to look


def _paths(directory: Path) -> list[Path]:
    """Return the files of a directory that may be private keys, and where halves of them lack."""
    try:
        names = {path.name.removesuffix('.pub') for path in directory.iterdir()}
    except OSError:
        return []
    return [directory / name for name in sorted(names) if name]


def _file(path: Path) -> _File | None:
    """Return what an unopened file tells of its private key; None when it has none."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_FILE:
            return None
        text = path.read_bytes().decode('latin-1')
    except OSError:
        return None
    if not _PRIVATE.search(text):
        return None
    locked = 'ENCRYPTED' in text or _is_locked_openssh(text)
    return _File(path, _public_blob(path), locked)


def _is_locked_openssh(text: str) -> bool:
    block = _OPENSSH.search(text)
    try:
        body = base64.b64decode(''.join(block[1].split())) if block else b''
        return bool(body) and ssh_string(body[len(OPENSSH_MAGIC) :])[0] != b'none'
    except ValueError:
        return False
