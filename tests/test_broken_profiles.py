"""What is wrong with a profile, said as the official triton CLI says it: the file and the field."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from smartdc import ConfigurationError, DataCenter, profiles
from tests.profile_cases import FILE, KEY
from tests.programs import triton


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        ('{"url":', 'not valid JSON'),
        ('\ufeff{}', 'not valid JSON'),
        ('[' * 100_000, 'not valid JSON'),
        ('3', 'not a JSON object'),
        ({**FILE, 'privKey': 'secret'}, 'unknown fields: privKey'),
        ({**FILE, 'name': 'x'}, 'field name'),
        ({**FILE, 'keyId': 3}, 'field keyId is to be a string'),
        ({**FILE, 'roles': 'a'}, 'field roles is to be a list of strings'),
        ({**FILE, 'insecure': 1}, 'field insecure is to be true or false'),
        ({**FILE, 'account': None}, 'field account is missing'),
        ({**FILE, 'url': 'https://host/path'}, 'field url .*nothing more'),
        ({**FILE, 'url': 'ftp://host'}, 'field url .*http'),
        ({**FILE, 'url': 'https://host:x'}, 'field url'),
    ],
)
def test_a_profile_that_is_broken(tmp_path: Path, content: Any, words: str) -> None:
    """The error names the file and the field, and shows none of what is in it."""
    path = tmp_path / '.triton' / 'profiles.d' / 'one.json'
    path.parent.mkdir(parents=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ConfigurationError, match=words) as raised:
        DataCenter.from_profile('one')

    assert str(path) in str(raised.value)
    assert 'secret' not in str(raised.value)
    with pytest.warns(UserWarning, match='left out'):
        assert [] == profiles.list()


@pytest.mark.parametrize(
    ('content', 'named'),
    [
        ('{"url":', 'JSON'),
        ('\ufeff{}', 'JSON'),
        ({**FILE, 'privKey': 'secret', 'foo': 1}, 'privKey, foo'),
        ({**FILE, 'name': 'x'}, 'name'),
        ({**FILE, 'url': 3}, 'url'),
        ({**FILE, 'keyId': 3}, 'keyId'),
        ({**FILE, 'user': 3}, 'user'),
        ({**FILE, 'roles': 'a'}, 'roles'),
        ({**FILE, 'insecure': 1}, 'insecure'),
        ({**FILE, 'actAsAccount': ['a']}, 'actAsAccount'),
        ({'account': 'a', 'keyId': KEY}, 'url'),
        ({**FILE, 'account': None}, 'account'),
        ({'url': 'https://h', 'account': 'a'}, 'keyId'),
    ],
)
def test_the_error_is_that_of_the_triton_cli(tmp_path: Path, content: Any, named: str) -> None:
    """Where the CLI finds fault with a profile, ours names the same file and the same fields."""
    path = tmp_path / '.triton' / 'profiles.d' / 'one.json'
    path.parent.mkdir(parents=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ConfigurationError) as raised:
        DataCenter.from_profile('one')

    for text in (triton('-p', 'one', 'profile', 'get').stderr, str(raised.value)):
        assert str(path) in text
        assert re.search(rf'\b{named}\b', text.replace(str(path), ''))


@pytest.mark.parametrize('name', ['', '..', 'a/b', 'a\\b', 'a\nb', '.a', '\ud800', 'a\udc80'])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    """No name leads out of the directory, is hidden in it, or is half a character."""
    with pytest.raises(ConfigurationError, match='name'):
        profiles.save(name, url='https://host', account='a', key_id=KEY)

    assert not (tmp_path / '.triton').exists()


@pytest.mark.parametrize('field', ['account', 'key_id', 'user', 'roles', 'act_as'])
def test_half_a_character_is_no_text(field: str) -> None:
    """It could not be sent, nor shown."""
    fields: dict[str, Any] = {
        'url': 'https://host',
        'account': 'a',
        'key_id': KEY,
        field: 'a\ud800',
    }
    with pytest.raises(ConfigurationError, match='is not text'):
        profiles.save('mine', **fields)

    assert [] == profiles.names()


def test_an_environment_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left out with a warning; the saved profiles are listed."""
    profiles.save('mine', url='https://host', account='bob', key_id=KEY)
    monkeypatch.setenv('TRITON_TLS_INSECURE', 'yes')
    with pytest.warns(UserWarning, match='left out: TRITON_TLS_INSECURE is to be'):
        listed = profiles.list()

    assert ['mine'] == [profile.name for profile in listed]


def test_a_file_called_env(tmp_path: Path) -> None:
    """It is left out with a warning, as the triton CLI does: env is the environment."""
    profiles.save('mine', url='https://host', account='bob', key_id=KEY)
    path = tmp_path / '.triton' / 'profiles.d' / 'Env.json'
    path.write_text(json.dumps(FILE))
    with pytest.warns(UserWarning, match=f'left out: {path}'):
        listed = profiles.list()

    assert ['mine'] == [profile.name for profile in listed] == profiles.names()
    assert f'"profilePath":"{path}"' in triton('profiles').stderr


def test_what_is_missing_says_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved profiles are named, and those in a directory that is not read as well."""
    profiles.save('mine', url='https://host', account='bob', key_id=KEY)
    with pytest.raises(ConfigurationError, match='none is the current one: mine'):
        DataCenter.from_profile()
    with pytest.raises(ConfigurationError, match='there is mine'):
        DataCenter.from_profile('other')
    monkeypatch.setenv('XDG_CONFIG_HOME', str(tmp_path / 'xdg'))
    for name in ('mine', None):
        with pytest.raises(ConfigurationError, match=r'\.triton has profiles'):
            DataCenter.from_profile(name)
    monkeypatch.setenv('TRITON_CONFIG_DIR', '~/.triton')
    assert ['mine'] == profiles.names()


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """The error is about the file."""
    (tmp_path / '.triton').write_text('')
    with pytest.raises(ConfigurationError, match='cannot write'):
        profiles.save('mine', url='https://host', account='bob', key_id=KEY)
