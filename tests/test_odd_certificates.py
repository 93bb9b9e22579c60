"""Certificates for Docker and CMON that cannot be: arguments and answers that make no sense."""

import json
from pathlib import Path
from typing import Any

import pytest

from smartdc import DataCenter, InvalidInput, InvalidResponse
from tests.programs import KEYS
from tests.servers import json_reply, serving

KEY = KEYS / 'p256-sec1.pem'
CMON = json.dumps({'cmon': 'https://cmon.example.com:9163'}).encode()


@pytest.mark.parametrize('days', [10**7, 36501, 0, -1, '5', 1.5, None])
def test_a_certificate_is_good_for_days(tmp_path: Path, days: Any) -> None:
    """Whole days, up to a hundred years; nothing is sent for anything else."""
    with DataCenter('http://127.0.0.1:9', None, KEY, login='acme', retries=None) as sdc:
        for make in (sdc.cmon_certificate, sdc.docker_setup):
            with pytest.raises(InvalidInput, match='days= must be a whole number from 1 to 36500'):
                make(tmp_path / 'x', days=days)


@pytest.mark.parametrize('place', ['~nosuchuser/x', 'a\0b', b'x', 5, None])
def test_files_go_to_a_directory(place: Any) -> None:
    """A home directory that nobody has is none, nor is what is no path."""
    with (
        serving(json_reply(200, CMON)) as server,
        DataCenter(server.url, None, KEY, login='acme') as sdc,
        pytest.raises(InvalidInput, match=r'the directory .* is not a path'),
    ):
        sdc.cmon_certificate(place)


def test_the_login_is_the_name_in_it(tmp_path: Path) -> None:
    """What is longer than a certificate's name may be is refused."""
    with (
        serving(json_reply(200, CMON)) as server,
        DataCenter(server.url, None, KEY, login='a' * 65) as sdc,
        pytest.raises(InvalidInput, match='not a login'),
    ):
        sdc.cmon_certificate(tmp_path)


@pytest.mark.parametrize(
    'told',
    [
        *(None, 5, [], 'x', {'cmon': 5}, {'cmon': ['x']}, {'cmon': {'a': 1}}, {'cmon': 'x'}),
        *({'cmon': url} for url in ('https://', 'https://[::1', 'https://h:x', 'https://h/ x')),
        *({'cmon': url} for url in ('https://h:0', 'https://h\n', 'https:/h')),
    ],
)
def test_services_that_make_no_sense(tmp_path: Path, told: Any) -> None:
    """The error is about the answer, and nothing is written."""
    with (
        serving(json_reply(200, json.dumps(told).encode())) as server,
        DataCenter(server.url, None, KEY, login='acme') as sdc,
        pytest.raises(InvalidResponse),
    ):
        sdc.cmon_certificate(tmp_path / 'x')

    assert not (tmp_path / 'x').exists()


@pytest.mark.parametrize('told', [None, [], {}, 'acme', {'login': 5}, {'login': ''}])
def test_an_account_that_makes_no_sense(tmp_path: Path, told: Any) -> None:
    """Without a login there is nobody to make a certificate for."""
    with (
        serving(json_reply(200, CMON), json_reply(200, json.dumps(told).encode())) as server,
        DataCenter(server.url, '/acme/keys/k', KEY) as sdc,
        pytest.raises(InvalidResponse),
    ):
        sdc.cmon_certificate(tmp_path / 'x')

    assert not (tmp_path / 'x').exists()
