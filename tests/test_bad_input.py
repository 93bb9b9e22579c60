"""What cannot work says what to do, and sends nothing that should not be sent."""

from pathlib import Path
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter
from smartdc.simulator import Simulator
from tests.programs import KEYS


@pytest.mark.parametrize(
    ('secret', 'error', 'words'),
    [
        ('/no/such/key', smartdc.KeyUnreadable, '/no/such/key'),
        ('.', smartdc.KeyUnreadable, 'directory'),
        ('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me', smartdc.NotAPrivateKey, 'public key'),
        ('-----BEGIN NONSENSE-----', smartdc.NotAPrivateKey, 'no private key'),
    ],
)
def test_a_key_that_cannot_be_used_is_named(
    cloud: Simulator, secret: str, error: type[Exception], words: str
) -> None:
    """The error is about the file, and no request goes out."""
    with cloud.datacenter(secret=secret) as sdc, pytest.raises(error, match=words):
        sdc.keys()

    assert not cloud.requests


def test_a_key_that_the_account_lacks_gets_advice(cloud: Simulator, tmp_path: Path) -> None:
    """The server's refusal comes with what to check."""
    other = next(path for path in sorted(KEYS.iterdir()) if 'ed25519' in path.name)
    with cloud.datacenter(key_id=None, secret=other) as sdc:
        with pytest.raises(smartdc.InvalidCredentials, match='this key is among its keys'):
            sdc.keys()

        assert [401] == [request.status for request in cloud.requests]


def test_a_fingerprint_of_another_key_is_not_sent(cloud: Simulator) -> None:
    """A key id that the key does not have is found out before the server is asked."""
    wrong = ':'.join(['00'] * 16)
    with cloud.datacenter(key_id=wrong) as sdc, pytest.raises(smartdc.SigningError, match=wrong):
        sdc.keys()

    assert not cloud.requests


def test_a_fingerprint_needs_a_login(cloud: Simulator) -> None:
    """Without the account's name a fingerprint is no key id."""
    sdc = DataCenter(cloud.url(), cloud.key_id.rpartition('/')[2], cloud.key_path)
    with sdc, pytest.raises(smartdc.InvalidInput, match='login'):
        sdc.keys()

    assert not cloud.requests


@pytest.mark.parametrize('name', ['', '.', '..', 'a\nb', 'a\x00b', None, 1.5, object(), []])
@pytest.mark.parametrize(
    'method', ['key', 'package', 'network', 'image', 'machine', 'user', 'role', 'firewall_rule']
)
def test_an_id_that_is_none_is_never_sent(
    cloud: Simulator, sdc: DataCenter, method: str, name: Any
) -> None:
    """Empty ids, dots, control characters and what is no id at all are refused here."""
    with pytest.raises(smartdc.InvalidInput):
        getattr(sdc, method)(name)

    assert not cloud.requests


def test_a_profile_without_settings_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """from_profile names the variables that are missing."""
    monkeypatch.setenv('TRITON_URL', 'https://host')
    with pytest.raises(smartdc.ConfigurationError, match='TRITON_ACCOUNT and no TRITON_KEY_ID'):
        DataCenter.from_profile()


def test_every_error_is_a_smartdc_error() -> None:
    """One root catches all of it."""
    with pytest.raises(smartdc.SmartDCError):
        DataCenter('nowhere').keys()
