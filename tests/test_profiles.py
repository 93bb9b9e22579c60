"""Profiles: which one counts, here and for the official triton CLI, and what is wrong with some."""

from __future__ import annotations

import json
import re
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from smartdc import APIError, ConfigurationError, DataCenter, TLSError, profiles
from smartdc.simulator import Simulator
from tests.profile_cases import CASES, DIFFERENCES, KEY, REPLACED, TRITON, Case
from tests.programs import triton


def arrange(case: Case, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the files and set the environment."""
    folder = home / case.place
    (folder / 'profiles.d').mkdir(parents=True)
    texts = {f'profiles.d/{name}.json': content for name, content in case.files.items()}
    if case.config is not None:
        texts['config.json'] = case.config
    for name, content in texts.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text)
    for name, value in case.env.items():
        is_place = value and name in ('XDG_CONFIG_HOME', 'TRITON_CONFIG_DIR')
        monkeypatch.setenv(name, str(home / value) if is_place else value)


def plain(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a profile without those that say nothing."""
    fields = {name: value for name, value in found.items() if value and name != 'curr'}
    return {**fields, **{name: found[name] for name in ('url', 'account', 'keyId')}}


def ours(name: str | None, given: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """Return what this library makes of the files, the environment and some arguments."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            found = profiles.settings(name, given)
        except ConfigurationError:
            return None
    return plain(
        {
            'name': name or profiles.current(),
            'url': found['location'],
            'account': found['login'],
            'user': found['user'],
            'keyId': found['key_id'],
            'insecure': not found['verify'],
            'roles': list(found['as_role']),
            'actAsAccount': found['act_as'],
        }
    )


#: How the triton CLI calls our arguments.
OPTIONS = {
    'location': '--url={}',
    'login': '--account={}',
    'user': '--user={}',
    'key_id': '--keyId={}',
    'as_role': '--role={}',
    'act_as': '--act-as={}',
    'verify': '--insecure',
}


def options(name: str | None, given: Mapping[str, Any] | None) -> list[str]:
    """Return our arguments as the triton CLI takes them."""
    return [
        *(['-p', name] if name else []),
        *(
            OPTIONS[argument].format(value if isinstance(value, str) else ','.join(value or ()))
            for argument, value in (given or {}).items()
        ),
    ]


def theirs(name: str | None, given: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """Return what the triton CLI makes of the files, the environment and the same arguments."""
    done = triton(*options(name, given), 'profile', 'get', '-j')
    return plain(json.loads(done.stdout)) if done.returncode == 0 else None


@pytest.mark.parametrize('case', CASES.values(), ids=CASES)
def test_the_profile_that_counts(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name, TRITON_PROFILE, config.json or the environment, in that order."""
    arrange(case, tmp_path, monkeypatch)

    assert case.expected == ours(case.name, case.given)


@pytest.mark.parametrize('case', CASES.values(), ids=CASES)
def test_the_triton_cli_agrees(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The official CLI comes to the same data center, account and key."""
    arrange(case, tmp_path, monkeypatch)

    assert case.expected == theirs(case.name, case.given)


@pytest.mark.parametrize('case', REPLACED.values(), ids=REPLACED)
def test_what_is_replaced_may_be_wrong(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is left of a profile has to be in order, here and for the triton CLI."""
    arrange(case, tmp_path, monkeypatch)
    # Without a key anywhere the command ends before it asks a server; its log has the profile.
    logged = triton(*options(case.name, case.given), '-v', 'account', 'get').stderr
    records = [json.loads(line) for line in re.findall('^{.*}', logged, re.MULTILINE)]

    assert case.expected == ours(case.name, case.given)
    assert case.expected in [plain(each['profile']) for each in records if 'profile' in each]


@pytest.mark.parametrize(('case', 'its'), DIFFERENCES.values(), ids=DIFFERENCES)
def test_what_differs_from_the_triton_cli(
    case: Case, its: dict[str, Any] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These are all the differences, and each is as it is listed."""
    arrange(case, tmp_path, monkeypatch)

    assert case.expected == ours(case.name, case.given)
    assert its == theirs(case.name, case.given)


def test_saved_profiles_are_those_of_triton(tmp_path: Path) -> None:
    """What is saved here is read there, and the current one is the same."""
    path = profiles.save(
        'mine', url='https://host', account='bob', key_id=KEY, roles=['r'], insecure=False
    )
    profiles.save('other', url='http://other', account='eve', key_id=KEY, user='sub', act_as='boss')
    profiles.set_current('mine')

    assert tmp_path / '.triton' / 'profiles.d' / 'mine.json' == path
    assert ours(None) == theirs(None)
    assert ours('other') == theirs('other')
    assert ['mine', 'other'] == profiles.names()
    assert [('mine', True), ('other', False)] == [(p.name, p.current) for p in profiles.list()]
    assert 0 == triton('profile', 'set', 'other').returncode
    assert 'other' == profiles.current()
    profiles.set_current('mine')
    profiles.set_current('mine')
    assert 0 == triton('profile', 'set', '-').returncode
    assert 'other' == profiles.current()


def test_saving_and_deleting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile is replaced only when asked, never called env, and the current one can go."""
    options: dict[str, Any] = {'url': 'https://host', 'account': 'bob', 'key_id': KEY}
    profiles.save('mine', **options)
    profiles.set_current('mine')
    with pytest.raises(ConfigurationError, match='already'):
        profiles.save('mine', **options)
    profiles.save('mine', **{**options, 'account': 'eve'}, overwrite=True)

    assert ['eve'] == [profile.account for profile in profiles.list()]
    for name in ('env', 'ENV'):
        with pytest.raises(ConfigurationError, match='environment'):
            profiles.save(name, **options)
    for wrong in ({'url': 'https://host/path'}, {'account': ''}, {'key_id': 3}, {'roles': [1]}):
        with pytest.raises(ConfigurationError, match='field'):
            profiles.save('wrong', **{**options, **wrong})
    profiles.delete('mine')
    assert ([], 'env') == (profiles.names(), profiles.current())
    for name in ('mine', 'env'):
        with pytest.raises(ConfigurationError, match='delete'):
            profiles.delete(name)
    with pytest.raises(ConfigurationError, match='no profile'):
        profiles.set_current('mine')


def test_arguments_win_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is passed to from_profile() stands, and what it replaces need not be there."""
    monkeypatch.setenv('TRITON_ROLE', 'theirs')
    profiles.save('mine', url='https://host', account='bob', key_id=KEY, user='sub', insecure=True)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        sdc = DataCenter.from_profile('mine', verify='/ca', login='eve', as_role='ours')

    assert ('https://host', 'eve', '/ca', ('ours',)) == (
        sdc.base_url,
        sdc.login,
        sdc.verify,
        sdc.as_role,
    )
    assert 'eve' == DataCenter.from_profile(location='h.x', login='eve', key_id=KEY).login
    assert 'bob' == DataCenter.from_profile('mine', verify=True, login=None, as_role=None).login
    monkeypatch.setenv('TRITON_URL', 'https://host')
    monkeypatch.setenv('TRITON_ACCOUNT', 'bob')
    assert 'bob' == DataCenter.from_profile(auth=sdc.auth).login


def test_a_profile_reaches_the_server(cloud: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a file, the roles and the account to act on are sent."""
    fingerprint = cloud.key_id.rpartition('/')[2]
    profiles.save(
        'mine', url=cloud.url(), account='acme', key_id=fingerprint, roles=['a'], act_as='other'
    )
    sdc = DataCenter.from_profile('mine', secret=cloud.key_path, clock=cloud.clock)
    with sdc, pytest.raises(APIError, match='other'):
        sdc.keys()

    assert ['/other/keys?as-role=a'] == [record.target for record in cloud.requests]


def test_an_environment_that_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A complete one that differs from the saved profile gets a warning; else there is none."""
    profiles.save('mine', url='https://host', account='bob', key_id=KEY)
    profiles.set_current('mine')
    for name, value in TRITON.items():
        monkeypatch.setenv(name, value)
    with pytest.warns(UserWarning, match='TRITON_URL.*not used') as caught:
        DataCenter.from_profile()
    assert [__file__] == [warning.filename for warning in caught]
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        DataCenter.from_profile('mine')
        DataCenter.from_profile('env')
        monkeypatch.setenv('TRITON_PROFILE', 'mine')
        DataCenter.from_profile()
        monkeypatch.delenv('TRITON_PROFILE')
        for name, value in zip(TRITON, ('https://host', 'bob', KEY), strict=True):
            monkeypatch.setenv(name, value)
        DataCenter.from_profile()


def test_insecure_warns_once(tmp_path: Path) -> None:
    """The certificate is not checked, and of all calls one warning says where that comes from."""
    with Simulator(job_time=0, tls=True) as cloud:
        (tmp_path / '.ssh').mkdir()
        shutil.copyfile(cloud.key_path, tmp_path / '.ssh' / 'key')
        fingerprint = cloud.key_id.rpartition('/')[2]
        path = profiles.save(
            'mine', url=cloud.url(), account='acme', key_id=fingerprint, insecure=True
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            with DataCenter.from_profile('mine') as sdc:
                sdc.keys()
                sdc.create_machine().poll_until('running')
                with sdc.datacenter('us-east-1') as east:
                    east.keys()

        assert [__file__] == [warning.filename for warning in caught]
        assert f'not checked: insecure comes from {path}' in str(caught[0].message)
        with pytest.raises(TLSError), DataCenter.from_profile('mine', verify=True) as sdc:
            sdc.keys()


def test_a_key_id_of_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id with the key's name in the cloud goes with ~/.ssh/id_rsa, as py-smartdc had it."""
    for name, value in {**TRITON, 'TRITON_KEY_ID': '/acme/keys/laptop'}.items():
        monkeypatch.setenv(name, value)
    found = profiles.settings()

    assert ('/acme/keys/laptop', '~/.ssh/id_rsa', True) == (
        found['key_id'],
        found['secret'],
        found['allow_agent'],
    )
    monkeypatch.setenv('TRITON_KEY_ID', f'/acme/keys/{KEY}')
    assert profiles.settings()['secret'] is None


def test_explain_says_where_each_setting_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values, sources and notes are in a table; secrets are not."""
    path = profiles.save('mine', url='https://host', account='bob', key_id=KEY, insecure=True)
    profiles.set_current('mine')
    monkeypatch.setenv('TRITON_ROLE', 'a,b')
    for name, value in TRITON.items():
        monkeypatch.setenv(name, value)
    found = profiles.explain()

    assert ('mine', str(tmp_path / '.triton' / 'config.json')) == found['profile'][1:]
    assert ('bob', str(path)) == found['account'][1:]
    assert ('a, b', 'TRITON_ROLE') == found['roles'][1:]
    assert ('true', str(path)) == found['insecure'][1:]
    assert ('-', 'not set') == found['user'][1:]
    lines = str(found).splitlines()
    assert ['SETTING', 'VALUE', 'FROM'] == lines[0].split()
    assert lines[-1].startswith('note: TRITON_URL, TRITON_ACCOUNT, TRITON_KEY_ID are set')
    monkeypatch.setenv('TRITON_KEY_FILE', '-----BEGIN PRIVATE KEY-----\ncanary')
    monkeypatch.setenv('TRITON_URL', 'https://me:canary@host')
    monkeypatch.setenv('XDG_CONFIG_HOME', str(tmp_path / 'xdg'))
    text = str(profiles.explain())
    assert 'canary' not in text + repr(profiles.explain())
    assert f'{tmp_path / ".triton"} has profiles too' in text


def test_an_explanation_is_a_mapping() -> None:
    """Names lead to settings, in the order in which they are printed; there are no others."""
    found = profiles.explain()

    assert ['profile', 'directory', 'url', 'account', 'user'] == list(found)[:5]
    assert found.settings == tuple(found.values())
    assert ('account' in found, 'region' in found) == (True, False)
    with pytest.raises(KeyError, match='region'):
        found['region']


def test_what_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A complete environment, a named profile or a saved one is; an error is for who uses it."""
    assert not profiles.is_configured()
    profiles.save('mine', url='https://host', account='bob', key_id=KEY)
    assert not profiles.is_configured()
    profiles.set_current('mine')
    assert profiles.is_configured()
    profiles.directory().joinpath('config.json').write_text('{')
    assert profiles.is_configured()
    (profiles.directory() / 'config.json').unlink()
    monkeypatch.setenv('TRITON_PROFILE', 'other')
    assert profiles.is_configured()
