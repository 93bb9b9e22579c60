"""The key id as it is sent: paths as they are, fingerprints as paths."""

from __future__ import annotations

import json

import pytest

from smartdc.errors import InvalidInput, SigningError
from smartdc.http_signature import Signer, key_path
from tests.programs import KEYS

KNOWN: dict[str, dict[str, str]] = json.loads((KEYS / 'fingerprints.json').read_text())
MD5 = KNOWN['ed25519-openssh']['fingerprint']
SHA256 = KNOWN['ed25519-openssh']['sha256_fingerprint']
OTHER = KNOWN['p521-sec1.pem']


@pytest.mark.parametrize(
    ('key_id', 'user', 'expected'),
    [
        ('/acme/keys/my laptop', None, '/acme/keys/my laptop'),
        ('/acme/users/sub/keys/laptop', None, '/acme/users/sub/keys/laptop'),
        (f'/acme/keys/{OTHER["fingerprint"]}', None, f'/acme/keys/{OTHER["fingerprint"]}'),
        (f'/acme/keys/{SHA256}', None, f'/acme/keys/{MD5}'),
        (f'/acme/keys/MD5:{MD5}', None, f'/acme/keys/{MD5}'),
        (None, None, f'/acme/keys/{MD5}'),
        (None, 'sub', f'/acme/users/sub/keys/{MD5}'),
        (MD5, None, f'/acme/keys/{MD5}'),
        (MD5.upper(), 'sub', f'/acme/users/sub/keys/{MD5}'),
        (MD5.replace(':', ''), None, f'/acme/keys/{MD5}'),
        (f'MD5:{MD5}', None, f'/acme/keys/{MD5}'),
        (SHA256, None, f'/acme/keys/{MD5}'),
        (SHA256 + '=', None, f'/acme/keys/{MD5}'),
    ],
)
def test_key_path(key_id: str | None, user: str | None, expected: str) -> None:
    """Paths stay as they are; every form of a fingerprint becomes MD5 with colons."""
    assert expected == key_path(key_id, Signer(KEYS / 'ed25519-openssh'), 'acme', user)


@pytest.mark.parametrize('fingerprint', [OTHER['fingerprint'], OTHER['sha256_fingerprint']])
def test_key_path_of_another_key(fingerprint: str) -> None:
    """A fingerprint of another key is refused, and that of the key is told."""
    with pytest.raises(SigningError, match=MD5):
        key_path(fingerprint, Signer(KEYS / 'ed25519-openssh'), 'acme')


@pytest.mark.parametrize(
    ('key_id', 'login', 'said'),
    [
        (None, None, 'login is needed'),
        (MD5, None, 'login is needed'),
        (MD5, 'my', 'login is needed'),
        (MD5, 'a/b', 'no slash'),
        (MD5, 'a"b', 'keyId may have neither quotes'),
        ('/my/keys/laptop', 'acme', 'not "my"'),
        *((each, 'acme', '/login/keys/name') for each in ('', 'laptop')),
        *((each, 'acme', '/login/keys/name') for each in ('/acme/keys/', '/acme/keys/a/b')),
        *((each, 'acme', '/login/keys/name') for each in ('/acme/sub/keys/a', '//keys/a')),
        *((each, 'acme', 'nor a fingerprint') for each in (MD5[:-1], SHA256[:-1], 'SHA256:')),
    ],
)
def test_key_path_refuses(key_id: str | None, login: str | None, said: str) -> None:
    """A key id of a wrong shape, and a fingerprint without login, are refused; the error helps."""
    with pytest.raises(InvalidInput, match=said):
        key_path(key_id, Signer(KEYS / 'ed25519-openssh'), login)
