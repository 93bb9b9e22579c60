"""The ssh-agent: listing its keys and having it sign, over its Unix socket."""

from __future__ import annotations

import os
import socket
import struct
import time
from typing import NamedTuple

from smartdc.errors.base import AgentError, KeyUnsupported
from smartdc.ssh_keys import (
    ALGORITHMS,
    check_usable,
    fingerprint_matches,
    md5_fingerprint,
    mpint,
    pack,
    public_line,
    rsa_bits,
    sha256_fingerprint,
    ssh_string,
)

#: Seconds that one exchange with the agent may take.
TIMEOUT = 5.0
MAX_REPLY = 262_144

_REQUEST_IDENTITIES, _IDENTITIES_ANSWER = 11, 12
_SIGN_REQUEST, _SIGN_RESPONSE = 13, 14
_RSA_SHA2_256 = 2


class Identity(NamedTuple):
    """A key that the agent holds; `blob` is its public part in SSH's wire form."""

    blob: bytes
    comment: str
    fingerprint: str
    sha256_fingerprint: str


def identities(path: str | None = None, timeout: float = TIMEOUT) -> list[Identity]:
    """List the agent's keys, in its order.

    `path` is its socket, SSH_AUTH_SOCK when not given; `timeout` is in seconds, for the whole
    exchange. Raises AgentError when there is no agent or it does not answer as one.
    """
    answer = _ask(bytes([_REQUEST_IDENTITIES]), _IDENTITIES_ANSWER, path, timeout)
    found: list[Identity] = []
    try:
        (count,), rest = struct.unpack_from('>I', answer), answer[4:]
        for _ in range(count):
            blob, rest = ssh_string(rest)
            comment, rest = ssh_string(rest)
            text = comment.decode('utf-8', 'replace')
            found.append(Identity(blob, text, md5_fingerprint(blob), sha256_fingerprint(blob)))
    except (ValueError, struct.error):
        raise AgentError('The ssh-agent answered with a broken list of keys.') from None
    return found


class AgentSigner:
    """A key that an ssh-agent holds.

    `key` is a fingerprint (MD5 or SHA256) or the public part in SSH's wire form. The agent is
    asked at first use. Raises AgentError when it does not hold the key, KeyUnsupported when
    CloudAPI does not take what the agent signs with it.
    """

    def __init__(
        self, key: str | bytes, *, path: str | None = None, timeout: float = TIMEOUT
    ) -> None:
        self._wanted = key
        self._path = path
        self._timeout = timeout
        self._blob: bytes | None = None
        self._kind = ''

    @property
    def public_blob(self) -> bytes:
        """Return the public part in SSH's wire form."""
        if self._blob is None:
            blob = self._find()
            self._kind = _usable_kind(blob)
            self._blob = blob
        return self._blob

    @property
    def algorithm(self) -> str:
        """Name the algorithm as the Authorization header does."""
        return ALGORITHMS[self._usable()]

    @property
    def fingerprint(self) -> str:
        """Return the MD5 fingerprint with colons, the one that CloudAPI knows."""
        return md5_fingerprint(self.public_blob)

    @property
    def sha256_fingerprint(self) -> str:
        """Return the fingerprint that ssh-keygen shows."""
        return sha256_fingerprint(self.public_blob)

    @property
    def public_key(self) -> str:
        """Return the public key as a line of an authorized_keys file, without comment."""
        return public_line(self.public_blob)

    def sign(self, data: bytes) -> bytes:
        """Have the agent sign the bytes, once; the result is what CloudAPI takes.

        Raises AgentError when the agent refuses or does not answer in time.
        """
        kind = self._usable()
        flags = _RSA_SHA2_256 if kind == 'ssh-rsa' else 0
        request = bytes([_SIGN_REQUEST]) + pack(self.public_blob) + pack(data)
        request += struct.pack('>I', flags)
        answer = _ask(request, _SIGN_RESPONSE, self._path, self._timeout)
        try:
            blob, rest = ssh_string(answer)
            name, signature = ssh_string(blob)
            signature, more = ssh_string(signature)
            if rest or more:
                raise ValueError('something follows the signature')
            return _convert(kind, name.decode('ascii', 'replace'), signature, self.public_blob)
        except ValueError:
            raise AgentError('The ssh-agent answered with a broken signature.') from None

    def __repr__(self) -> str:
        wanted = self._wanted if isinstance(self._wanted, str) else sha256_fingerprint(self._wanted)
        return f'AgentSigner({wanted!r})'

    def _usable(self) -> str:
        _ = self.public_blob
        return self._kind

    def _find(self) -> bytes:
        held = identities(self._path, self._timeout)
        for identity in held:
            if self._wanted == identity.blob or (
                isinstance(self._wanted, str) and fingerprint_matches(self._wanted, identity.blob)
            ):
                return identity.blob
        wanted = self._wanted if isinstance(self._wanted, str) else md5_fingerprint(self._wanted)
        has = ', '.join(f'{i.fingerprint} ({i.comment})' for i in held) or 'no key at all'
        raise AgentError(
            f'The ssh-agent does not hold the key {wanted}: add it with ssh-add. It holds {has}.'
        )


def _usable_kind(blob: bytes) -> str:
    kind = check_usable(blob, 'The key in the ssh-agent')
    if kind == 'ecdsa-sha2-nistp384':
        raise KeyUnsupported(
            'The key in the ssh-agent is on the curve P-384: an agent signs with it over SHA-384,'
            ' which CloudAPI does not take. Give its file, or use a key of another kind.'
        )
    return kind


def _convert(kind: str, name: str, signature: bytes, blob: bytes) -> bytes:
    """Turn an SSH signature into the one that CloudAPI takes."""
    wanted = 'rsa-sha2-256' if kind == 'ssh-rsa' else kind
    if name != wanted:
        raise AgentError(
            f'The ssh-agent signed with {name[:40]!r} where {wanted} was asked for:'
            ' use a newer agent, or give the key file.'
        )
    if kind == 'ssh-rsa':
        size = (rsa_bits(ssh_string(blob)[1]) + 7) // 8
        return _exactly(signature.rjust(size, b'\0'), size)
    if kind == 'ssh-ed25519':
        return _exactly(signature, 64)
    r, rest = ssh_string(signature)
    s, rest = ssh_string(rest)
    _exactly(rest, 0)
    return _der(0x30, _der(0x02, _integer(r)) + _der(0x02, _integer(s)))


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ValueError('wrong length')
    return data


def _integer(data: bytes) -> bytes:
    value = int.from_bytes(data, 'big', signed=True)
    if value <= 0 or len(data) > 67:  # P-521's 66 bytes and a sign
        raise ValueError('not a number that a signature has')
    return mpint(value)


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    return bytes([tag, size] if size < 128 else [tag, 0x81, size]) + content


def _ask(request: bytes, wanted: int, path: str | None, timeout: float) -> bytes:
    """Send one message and return the content of the reply of the type that is wanted."""
    path = path or os.environ.get('SSH_AUTH_SOCK')
    if not path:
        raise AgentError(
            'There is no ssh-agent: SSH_AUTH_SOCK is not set. Start one, or give the key file.'
        )
    try:
        reply = _exchange(path, pack(request), time.monotonic() + timeout)
    except TimeoutError:
        raise AgentError(f'The ssh-agent at {path} was silent for {timeout:g} seconds.') from None
    except (OSError, AttributeError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise AgentError(f'The ssh-agent at {path} cannot be reached: {reason}.') from None
    if reply[:1] != bytes([wanted]):
        raise AgentError(
            f'The ssh-agent at {path} refused: it may be locked, the use of the key may have been'
            ' declined, or it is not an ssh-agent.'
        )
    return reply[1:]


def _exchange(path: str, message: bytes, deadline: float) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
        agent.settimeout(_remaining(deadline))
        agent.connect(path)
        agent.sendall(message)
        (size,) = struct.unpack('>I', _receive(agent, 4, deadline))
        if not 0 < size <= MAX_REPLY:
            raise AgentError(f'The ssh-agent at {path} announced a reply of {size} bytes.')
        return _receive(agent, size, deadline)


def _receive(agent: socket.socket, size: int, deadline: float) -> bytes:
    data = b''
    while len(data) < size:
        agent.settimeout(_remaining(deadline))
        part = agent.recv(size - len(data))
        if not part:
            raise AgentError('The ssh-agent closed the connection before its reply was complete.')
        data += part
    return data


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
