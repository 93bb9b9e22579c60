"""`python -m smartdc profiles` and `env`, beside the official CLI's own commands."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from smartdc import profiles
from smartdc.__main__ import main
from smartdc.simulator import Simulator
from tests.profile_cases import KEY, TRITON
from tests.programs import run, triton


@pytest.fixture(autouse=True)
def _saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save two profiles, and set a complete environment."""
    profiles.save('one', url='https://one.example.com', account='bob', key_id=KEY, user='sub')
    profiles.save('two', url='http://two', account='eve', key_id=KEY, insecure=True, roles=['r'])
    profiles.set_current('one')
    for name, value in TRITON.items():
        monkeypatch.setenv(name, value)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """Run the command and return what it printed."""
    assert status == main(arguments)
    return capsys.readouterr().out


@pytest.mark.parametrize('option', [(), ('-l',)])
@pytest.mark.parametrize('name', [None, 'two', 'env'])
def test_profiles_are_listed_as_triton_does(
    capsys: pytest.CaptureFixture[str], name: str | None, option: tuple[str, ...]
) -> None:
    """The tables are the same, and so is the mark of the current one."""
    ours = ('--profile', name) if name else ()
    theirs = ('-p', name) if name else ()

    assert triton(*theirs, 'profiles', *option).stdout == printed(
        capsys, *ours, 'profiles', *option
    )


def test_profiles_are_listed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line is an object with the fields that triton's has."""
    theirs = map(json.loads, triton('profiles', '-j').stdout.splitlines())
    ours = map(json.loads, printed(capsys, 'profiles', '-j').splitlines())

    assert sorted(theirs, key=lambda each: str(each['name'])) == list(ours)


@pytest.mark.parametrize('options', ['', '-t', '-s', '-t -s', '-u', '-t -u', '-d -u'])
@pytest.mark.parametrize('name', ['', 'two', 'env', 'one'])
def test_env_prints_what_triton_does(
    capsys: pytest.CaptureFixture[str], options: str, name: str
) -> None:
    """All lines are the same, but for the last, which names the command."""
    arguments = ['env', *options.split(), *name.split()]
    theirs = triton(*arguments).stdout.splitlines()
    ours = printed(capsys, *arguments).splitlines()

    assert theirs[:-1] == ours[:-1]
    assert len(ours) > 1
    assert ours[-1].startswith('#     eval "$(python -m smartdc env')


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ((), 'env'),
        (('-t',), 'env -t'),
        (('-t', 'two'), 'env -t "two"'),
    ],
)
@pytest.mark.parametrize('named', [None, 'one'])
def test_the_command_to_run_names_the_profile(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str, named: str | None
) -> None:
    """What the shell is told to run sets what has been printed, whichever way it was named."""
    before = ('--profile', named) if named else ()
    last = printed(capsys, *before, 'env', *arguments).splitlines()[-1]

    name = f' "{named}"' if named and 'two' not in arguments else ''
    assert f'#     eval "$(python -m smartdc {words}{name})"' == last


def test_a_key_file_is_enough(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment is a profile then, as for whatever uses it; it has no key id to export."""
    monkeypatch.delenv('TRITON_KEY_ID')
    monkeypatch.setenv('TRITON_KEY_FILE', '/a/key')
    row = ['env', '*', TRITON['TRITON_ACCOUNT'], '-', TRITON['TRITON_URL'], '-', '-']

    assert row == printed(capsys, '--profile', 'env', 'profiles', '-l').splitlines()[1].split()
    told = printed(capsys, '--profile', 'env', 'profiles', '-j').splitlines()[0]
    assert 'keyId' not in json.loads(told)
    assert 'unset SDC_KEY_ID' in printed(capsys, 'env', '-s', 'env').splitlines()


def test_env_prints_what_docker_setup_left(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The variables for docker are those in its setup.json; without one that is an error."""
    assert 1 == main(['env', '-d'])
    assert 'docker is not set up' in capsys.readouterr().err
    setup = tmp_path / '.triton' / 'docker' / 'sub-bob@one_example_com' / 'setup.json'
    setup.parent.mkdir(parents=True)
    env = {'DOCKER_HOST': 'tcp://host:2376', 'DOCKER_TLS_VERIFY': '1', 'GONE': None}
    setup.write_text(json.dumps({'env': env}))
    found = printed(capsys, 'env', '-d').replace('"', '').splitlines()

    assert triton('env', '-d').stdout.splitlines()[:-1] == found[:-1]
    assert 'unset GONE' in found
    setup.write_text(json.dumps({'env': {'A; rm -rf /': '1'}}))
    assert 1 == main(['env', '-d'])


def test_a_shell_reads_what_env_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is in a profile is one word to the shell."""
    name = 'a $(echo x) `echo` "b" \\'.replace('\\', '')
    profiles.save(name, url='https://h', account='a"; echo $HOME "', key_id=KEY)
    script = printed(capsys, 'env', name) + 'printf "%s|%s" "$TRITON_PROFILE" "$SDC_ACCOUNT"'

    assert f'{name}|a"; echo $HOME "' == run('sh', '-c', script)


def test_what_is_wrong_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Broken profiles are left out with a line each; one that is asked for is an error."""
    (tmp_path / '.triton' / 'profiles.d' / 'bad.json').write_text('{')
    assert 0 == main(['profiles'])
    assert 'left out: ' in capsys.readouterr().err
    for arguments in (['env', 'bad'], ['env', 'none'], ['--profile', 'none', 'env']):
        assert 1 == main(arguments)
        assert 'smartdc: ' in capsys.readouterr().err
    assert 0 == main(['--profile', 'none', 'profiles'])
    assert 'no profile is the current one' in capsys.readouterr().err


def test_without_profiles_it_is_said_how_to_get_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing yet that could be chosen."""
    monkeypatch.setenv('HOME', str(tmp_path / 'nobody'))
    for name in TRITON:
        monkeypatch.delenv(name)

    assert 0 == main(['profiles'])
    assert 'there is no profile. ' in capsys.readouterr().err


def test_a_saved_profile_is_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`python -m smartdc` is connected to the current profile's data center, or the named one."""
    with Simulator(job_time=0) as cloud:
        (tmp_path / '.ssh').mkdir()
        shutil.copyfile(cloud.key_path, tmp_path / '.ssh' / 'key')
        fingerprint = cloud.key_id.rpartition('/')[2]
        profiles.save('local', url=cloud.url(), account=cloud.account, key_id=fingerprint)
        code = 'print(sdc.location, len(sdc.keys()))'

        assert f'{cloud.url()} 1\n' == printed(capsys, '--profile', 'local', '-c', code)
        profiles.set_current('local')
        with pytest.warns(UserWarning, match='not used'):
            assert f'{cloud.url()} 1\n' == printed(capsys, '-c', code)


def test_the_embedded_cloud_is_not_mixed_up_with_profiles() -> None:
    """--local describes itself whatever is saved or set, to scripts as well."""
    code = (
        'from smartdc import profiles; print(profiles.current(), DataCenter.from_profile().login)'
    )
    done = subprocess.run(
        [sys.executable, '-m', 'smartdc', '--local', '-c', code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 'env acme\n' == done.stdout, done.stderr
    assert '' == done.stderr
