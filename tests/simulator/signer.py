"""Signs requests in CloudAPI's way with `cryptography`, so that no code of ours checks itself."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smartdc.simulator.wire import Request


@dataclass(frozen=True)
class Signer:
    """A key of an account, or of its sub-user when `login` is `acme/users/bob`."""

    login: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> str:
        """The public key in OpenSSH's one-line form."""
        data = self.key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        return f'{data.decode()} {self.login}'

    @property
    def key_id(self) -> str:
        """The name of the key in signatures."""
        blob = base64.b64decode(self.public.split()[1])
        return f'/{self.login}/keys/{hashlib.md5(blob).digest().hex(":")}'

    def headers(self, method: str, target: str, now: float) -> dict[str, str]:
        """Return the headers that sign a request."""
        date = formatdate(now, usegmt=True)
        text = f'(request-target): {method.lower()} {target}\ndate: {date}'
        signature = base64.b64encode(self.key.sign(text.encode())).decode()
        parameters = {
            'keyId': self.key_id,
            'algorithm': 'ed25519-sha512',
            'headers': '(request-target) date',
            'signature': signature,
        }
        listed = ','.join(f'{name}="{value}"' for name, value in parameters.items())
        return {'date': date, 'authorization': f'Signature {listed}'}

    def request(
        self,
        method: str,
        target: str,
        now: float,
        *,
        headers: dict[str, str] | None = None,
        body: bytes = b'',
    ) -> Request:
        """Return a signed request."""
        signed = self.headers(method, target, now)
        return Request(method, target, {**(headers or {}), **signed}, body)


@cache
def signer(login: str) -> Signer:
    """Return the key of an account in these tests, the same one each time."""
    return Signer(login)
