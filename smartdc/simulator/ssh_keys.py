"""SSH public keys as CloudAPI takes them: read by sshpk 1.18.0, stored by UFDS.

sshpk forgives much: missing padding, blanks and line ends inside the base64, a comment that
stands on the next line. UFDS reads the same text once more after its own clean-up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from smartdc.simulator.javascript import SPACE, from_base64, trim, trim_start
from smartdc.simulator.shapes import are_texts
from smartdc.simulator.wire import Refusal

UNNAMED = '(unnamed)'

_PARTS = {'dsa': 4, 'rsa': 2, 'ecdsa': 2, 'ed25519': 1}
_LABELS = {'ssh-dss': 'dsa', 'ssh-rsa': 'rsa', 'ssh-ed25519': 'ed25519'}
_CURVES = {'nistp256': 256, 'nistp384': 384, 'nistp521': 521}

_ONE_LINE = re.compile(r'([a-z0-9-]+)[ \t]+([a-zA-Z0-9+/]+=*)(?:[ \t]+([^ \t][^\n]*\n*)?)?')
_SPREAD = re.compile(
    r'([a-z0-9-]+)[ \t\n]+([a-zA-Z0-9+/][a-zA-Z0-9+/ \t\n=]*)'
    '([^a-zA-Z0-9+/ \t\n=][^\n\r\u2028\u2029]*)?'
)
_BLANKS = re.compile(f'([{SPACE}]){{2,}}')
_IN_DATA = re.compile('[^a-zA-Z0-9+/=]')


class KeyFault(ValueError):
    """A text is not a public key that sshpk and UFDS take."""


@dataclass(frozen=True)
class PublicKey:
    """A public key: its kind, size in bits, wire form (RFC 4253), comment and text."""

    type: str
    size: int
    blob: bytes
    comment: str
    text: str

    @property
    def fingerprint(self) -> str:
        """The MD5 fingerprint, in pairs of digits joined by colons."""
        return hashlib.md5(self.blob, usedforsecurity=False).digest().hex(':')

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Return the key that a text in OpenSSH's one-line form holds, or raise KeyFault."""
        cleaned = re.sub(r'[\\\r]', '', trim(text))
        found = _ONE_LINE.fullmatch(cleaned)
        if found is not None and found[3]:
            try:
                return cls._made(found[1], _blob(from_base64(found[2]), whole=True), found[3], text)
            except _Leftover:
                found = None
        found = found or _SPREAD.fullmatch(cleaned)
        if found is None:
            raise KeyFault('not a line with a type and base64 data')
        blob = _blob(from_base64(found[2]))
        comment = _trailing(cleaned[found.start(2) :], blob.consumed)
        return cls._made(found[1], blob, comment, text)

    @classmethod
    def _made(cls, label: str, blob: _Blob, comment: str, text: str) -> PublicKey:
        """Return the key, if its label names the kind of key that the data is."""
        if _kind(label) != blob.kind:
            raise KeyFault(f'{label} is not what the data says')
        return cls(blob.kind, blob.size, blob.data, comment or UNNAMED, text)


@dataclass(frozen=True)
class _Blob:
    """The decoded data of a key, with its numbers in normal form."""

    kind: str
    size: int
    data: bytes
    consumed: int


class _Leftover(KeyFault):
    """The data of a line with a comment is not exactly one key."""


def _kind(label: str) -> str:
    """Return the kind of key that a type label stands for."""
    kind = 'ecdsa' if label.startswith('ecdsa-sha2-') else _LABELS.get(label)
    if kind is None:
        raise KeyFault(f'unknown type {label}')
    return kind


def _blob(raw: bytes, whole: bool = False) -> _Blob:
    """Return the key at the start of the data; with `whole`, it must be all of the data."""
    try:
        label, at = _string(raw, 0)
        kind = _kind(label.decode('utf-8', 'replace'))
        parts: list[bytes] = []
        for _ in range(_PARTS[kind]):
            part, at = _string(raw, at)
            parts.append(part)
        if whole and at != len(raw):
            raise KeyFault('there is more after the key')
        parts = _normal(kind, label, parts)
    except KeyFault as fault:
        raise (_Leftover if whole else KeyFault)(*fault.args) from None
    data = b''.join(len(part).to_bytes(4) + part for part in (label, *parts))
    return _Blob(kind, _size(kind, parts), data, at)


def _string(raw: bytes, at: int) -> tuple[bytes, int]:
    """Return the length-prefixed string at a place, and the place after it."""
    end = at + 4 + int.from_bytes(raw[at : at + 4])
    if at + 4 > len(raw) or end > len(raw):
        raise KeyFault('the data is cut short')
    return raw[at + 4 : end], end


def _normal(kind: str, label: bytes, parts: list[bytes]) -> list[bytes]:
    """Return the parts of a key with superfluous zeros removed and missing ones added."""
    if kind == 'ed25519':
        point = parts[0].lstrip(b'\0') if len(parts[0]) > 32 else parts[0]
        if len(point) > 32:
            raise KeyFault('an Ed25519 key has 32 bytes')
        return [point.rjust(32, b'\0')]
    if kind == 'ecdsa':
        curve = parts[0].decode('utf-8', 'replace')
        if label != b'ecdsa-sha2-' + parts[0] or curve not in _CURVES:
            raise KeyFault('unknown curve')
        return [parts[0], _number(parts[1])]
    return [_number(part) for part in parts]


def _number(raw: bytes) -> bytes:
    """Return a number's bytes with one zero in front if the top bit is set, else with none."""
    short = raw.lstrip(b'\0') or raw[:1]
    return b'\0' + short if short[:1] >= b'\x80' else short


def _size(kind: str, parts: list[bytes]) -> int:
    """Return the size of a key in bits."""
    if kind == 'ecdsa':
        return _CURVES[parts[0].decode()]
    if kind == 'ed25519':
        return 256
    return int.from_bytes(parts[1 if kind == 'rsa' else 0]).bit_length() or 1


def _trailing(data: str, consumed: int) -> str:
    """Return the comment that may stand after (or grown together with) the base64 of a key."""
    end = -(-consumed // 3) * 4
    data = _IN_DATA.sub('', data[: end - 2]) + data[end - 2 :]
    if consumed % 3 and data[end - 1 : end] != '=':
        end -= 1
    rest = data[end:].lstrip('=')
    rest = trim_start(rest.replace('\r', ' ').replace('\n', ' '))
    return rest if re.match('[a-zA-Z0-9]', rest) else ''


def admit(body: Mapping[str, Any], taken: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the key `{name, fingerprint, key}` that a create request makes.

    `taken` are the keys that the account (or sub-user) has. Raises Refusal with CloudAPI's answer.
    """
    text = body.get('key')
    if not text:
        raise Refusal(409, 'MissingParameter', 'key is a required argument')
    if not isinstance(text, str):
        raise Refusal(409, 'InvalidArgument', 'key must be a String')
    if ' ' not in text:
        raise Refusal(409, 'InvalidArgument', 'key is invalid')
    attestation: Any = body.get('attestation') or []
    if not are_texts(attestation):
        raise Refusal(409, 'InvalidArgument', 'attestation must be an Array of Strings')
    try:
        key = PublicKey.parse(text)
        stored = re.sub('[\n\r]', '', trim(text))
        name = _name(body.get('name')) or key.comment
        second = PublicKey.parse(trim(_BLANKS.sub(r'\1', stored)))
    except KeyFault:
        raise _unusable() from None
    fingerprint = key.fingerprint
    used = {value for other in taken for value in (other['name'], other['fingerprint'])}
    # No data center here has attestation switched on, and UFDS refuses it then.
    if second.fingerprint != fingerprint or {name, fingerprint} & used or attestation:
        raise _unusable()
    return {'name': name, 'fingerprint': fingerprint, 'key': stored}


def _unusable() -> Refusal:
    """Return CloudAPI's one answer to whatever UFDS does not take."""
    return Refusal(409, 'InvalidArgument', 'key already exists or is invalid')


def _name(name: Any) -> str:
    """Return the name that was asked for without the blanks around it, empty if there is none."""
    if not name:
        return ''
    if not isinstance(name, str):
        raise Refusal(409, 'InvalidArgument', 'key is invalid')
    return trim(name)


def numbers(blob: bytes) -> list[bytes]:
    """Return the parts of a key's wire form behind its label, each as a number's bytes."""
    _, at = _string(blob, 0)
    parts: list[bytes] = []
    while at < len(blob):
        part, at = _string(blob, at)
        parts.append(part)
    return parts
