"""What a plan shows of the writes that it has, and what it leaves of them when its block ends."""

import json
import pickle
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from smartdc import DataCenter, Machine, MachineGone, ResourceNotFound, seen
from smartdc.simulator import Simulator
from tests.programs import need


def test_secrets_are_not_shown(sdc: DataCenter) -> None:
    """They are in the body, for a program; the plan, its writes and their commands hide them."""
    with sdc.dry_run() as plan:
        sdc.create_user(login='bob', email='b@example.com', password='canary-1')
        sdc.change_user_password({'id': 'x'}, 'canary-2')
        sdc.create_machine(
            metadata={'root_pw': 'canary-3', 'credentials': {'root': 'canary-4'}, 'a': 'b'},
            password='canary-5',
            administrator_pw='canary-6',
        ).update_metadata(api_token='canary-7')
    shown = [str(plan), repr(plan), *(str(w) + repr(w) + w.triton for w in plan)]

    assert 'canary' not in ''.join(shown)
    assert '"password": "***"' in shown[0]
    for number in range(1, 8):
        assert f'canary-{number}' in json.dumps([asdict(write) for write in plan])


@pytest.mark.parametrize(
    'name',
    [
        'db_pwd',
        'PASSWD',
        'mysql-pw',
        'pass',
        'wifi.pass',
        'passphrase',
        'passcode',
        'api_key',
        'apikey',
        'API-KEY',
        'client_secret',
        'authToken',
        'private_key',
        'dbpwd',
        'userpw',
        'PGPASS',
    ],
)
def test_what_a_secret_may_be_called(sdc: DataCenter, name: str) -> None:
    """Whoever names metadata has a name of their own for it."""
    with sdc.dry_run() as plan:
        sdc.create_machine(metadata={name: 'canary'})

    assert 'canary' not in str(plan) + plan[0].triton
    assert 'canary' in json.dumps(plan[0].body)


@pytest.mark.parametrize('name', ['passenger', 'pwdx', 'keyboard', 'a_key'])
def test_what_no_secret_is_called(sdc: DataCenter, name: str) -> None:
    """What only sounds like one is shown."""
    with sdc.dry_run() as plan:
        sdc.create_machine(metadata={name: 'seen'})

    assert 'seen' in str(plan)


def test_a_plan_reads_like_a_list(sdc: DataCenter, machine: Machine) -> None:
    """A heading, and for each write what would be sent and the command; at a prompt it is that."""
    with sdc.dry_run() as plan:
        assert ('no writes, not sent', 0) == (str(plan), len(plan))
        machine.add_tags(role='web')
        sdc.create_machine('web1', image=machine.image, package='g1-small').stop()

    assert (
        str(plan)
        == f"""\
3 writes for acme in us-sw-1, not sent
POST /machines/{machine.id}/tags
    {{"role": "web"}}
    triton instance tag set {machine.id} role=web
POST /machines
    {{"name": "web1", "image": "{machine.image}", "package": "g1-small"}}
    triton instance create --name web1 {machine.image} g1-small
POST /machines/00000000-0000-0000-0000-000000000001?action=stop
    triton instance stop web1"""
    )
    assert '<smartdc.plan.Plan: 3 writes, not sent>' == repr(plan)
    assert f'<smartdc.plan.Write: POST /machines/{machine.id}/tags>' == repr(plan[0])
    assert plan[1:] == list(plan)[1:]
    assert pickle.loads(pickle.dumps(plan[0])) == plan[0]
    pretty = pytest.importorskip('IPython.lib.pretty').pretty
    assert str(plan) == pretty(plan)


def test_what_is_shown_does_nothing_to_a_terminal(sdc: DataCenter) -> None:
    """Control characters are escaped, and long texts cut."""
    with sdc.dry_run() as plan:
        sdc.create_user(login='a\x1b[31m\u202eb', email='x' * 5000, password='s3cret99')

    assert all(line.isprintable() and len(line) <= 400 for line in str(plan).splitlines())
    assert 'x' * 5000 in plan[0].triton


@pytest.mark.parametrize(
    'text',
    ['#!/bin/sh\necho "it\'s"\t\\n\n', 'a\u200bb', '\U000e0001', '\x7f', 'plain', "it's"],
)
def test_a_command_is_a_line_that_a_shell_reads_as_it_is(sdc: DataCenter, text: str) -> None:
    """Line breaks and invisible characters are written so that bash makes them again."""
    with sdc.dry_run() as plan:
        sdc.create_machine('web0', metadata={'user-script': text})
    line = str(plan).splitlines()[-1].strip()
    shell = f'triton() {{ printf "%s\\0" "$@"; }}; {line}'
    found = subprocess.run([need('bash'), '-c', shell], capture_output=True, text=True, check=True)

    assert line.isprintable()
    assert shlex.split(plan[0].triton)[1:] == found.stdout.split('\0')[:-1]
    assert f'user-script={text}' in found.stdout.split('\0')


def test_a_command_that_is_too_long_is_no_command(sdc: DataCenter) -> None:
    """It is a comment, so that half of it does nothing; the whole one is in the write."""
    with sdc.dry_run() as plan:
        sdc.create_machine('web0', metadata={'user-script': 'x' * 5000})
    line = str(plan).splitlines()[-1].strip()

    assert line.startswith('# ')
    assert line.endswith('… (all of it is in .triton)')
    assert 'x' * 5000 in plan[0].triton


def test_secrets_in_a_query_are_not_shown(sdc: DataCenter) -> None:
    """They are in the path, for a program."""
    with sdc.dry_run() as plan:
        sdc.request('PUT', '/foo?a=b', params={'token': 'canary'})

    assert 'canary' not in str(plan) + repr(plan[0]) + plan[0].triton
    assert '/foo?a=b&token=canary' == plan[0].path
    assert 'PUT /foo?a=b&token=***' in str(plan)


def test_a_machine_that_is_there_stays_as_it_is(sdc: DataCenter, machine: Machine) -> None:
    """Its object, too; what a call returns is what would be."""
    machine.add_tags(role='web')
    machine.update_metadata(a='b')
    with sdc.dry_run():
        assert {'role': 'web', 'x': 1} == machine.add_tags(x=1)
        assert {'y': 2} == machine.replace_tags(y=2)
        assert 'b' == machine.update_metadata(c='d')['a']

    assert {'role': 'web'} == machine.tags
    assert 'b' == machine.metadata['a']
    assert 'c' not in machine.metadata


def test_what_was_not_done_is_not_waited_for(cloud: Simulator, machine: Machine) -> None:
    """Shown first and done then, it takes no longer than done at once."""
    with machine.datacenter.dry_run():
        machine.stop()
    before = cloud.clock.now()
    machine.stop(wait=True)

    assert 60 > cloud.clock.now() - before


def test_nobody_thinks_that_a_machine_was_deleted(
    cloud: Simulator, sdc: DataCenter, machine: Machine
) -> None:
    """Whoever waits for it is told when somebody else deletes it."""
    with sdc.dry_run():
        machine.delete()
    sdc.machine(machine.id).delete()
    cloud.clock.sleep(60)

    with pytest.raises(MachineGone):
        machine.poll_while('running')


def test_what_was_not_made_is_not_offered(sdc: DataCenter) -> None:
    """Names of placeholders are forgotten with them."""
    with sdc.dry_run():
        sdc.create_machine('phantom')

    assert 'phantom' not in seen.names(sdc, 'machines').values()


@pytest.mark.parametrize(
    ('change', 'tags'),
    [
        (lambda each: each.delete_tag('a'), {'b c': '2'}),
        (lambda each: each.delete_tag('b c'), {'a': '1'}),
        (lambda each: each.delete_all_tags(), {}),
        (lambda each: each.add_tags(d='3'), {'a': '1', 'b c': '2', 'd': '3'}),
    ],
)
def test_a_placeholder_has_tags(
    sdc: DataCenter, change: Callable[[Machine], Any], tags: dict[str, str]
) -> None:
    """They come and go, and can be read one by one."""
    with sdc.dry_run():
        made = sdc.create_machine('web0', tags={'a': '1', 'b c': '2'})
        change(made)

        assert tags == made.get_tags()
        assert list(tags.values()) == [made.get_tag(name) for name in tags]
        with pytest.raises(ResourceNotFound):
            made.get_tag('nope')
