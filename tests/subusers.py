"""A sub-user with a key of its own, who signs in for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from smartdc import DataCenter
from smartdc.simulator import Simulator
from tests.simulator.signer import Signer


class SubUser:
    """A sub-user of the account of a simulator."""

    def __init__(self, cloud: Simulator, sdc: DataCenter, login: str, folder: Path) -> None:
        self._cloud = cloud
        self._signer = Signer(f'{cloud.account}/users/{login}')
        self._path = folder / login
        self._path.write_bytes(
            self._signer.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        )
        sdc.create_user(login=login, email=f'{login}@example.com', password='secret123')
        sdc.add_user_key(login, 'laptop', self._signer.public)

    @property
    def key_id(self) -> str:
        """The name of the key in signatures: `/acme/users/bob/keys/<MD5 fingerprint>`."""
        return self._signer.key_id

    def datacenter(self, **options: Any) -> DataCenter:
        """Return the data center as the sub-user sees it."""
        return self._cloud.datacenter(key_id=self.key_id, secret=self._path, **options)
