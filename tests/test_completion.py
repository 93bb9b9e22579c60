"""Completion of names within calls."""

import os
import pty
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import pytest

from smartdc import DataCenter, Machine, seen
from smartdc.completion import completer, install, offered, uninstall
from smartdc.simulator import Simulator
from tests.programs import lacking

FABRIC = 'My-Fabric-Network'
SIZES = ['g1-2xlarge', 'g1-large', 'g1-medium', 'g1-micro', 'g1-nano', 'g1-small', 'g1-xlarge']
NETWORKS = ['MNX-Triton-Public', FABRIC]


@pytest.fixture
def names(sdc: DataCenter, machine: Machine) -> dict[str, Any]:
    """Return the names of a prompt where everything was listed."""
    sdc.create_machine(name='web1')
    sdc.create_machine(name='db-0.x')
    sdc.create_volume(name='data0', networks=[FABRIC])
    for call in (sdc.machines, sdc.images, sdc.packages, sdc.networks, sdc.volumes):
        call()
    return {'sdc': sdc, 'machine': machine, 'here': {'sdc': sdc}, 'os': os, 'text': 'sdc'}


@pytest.mark.parametrize(
    ('typed', 'found'),
    [
        ("sdc.machine('", ['db-0.x', 'web0', 'web1']),
        ("sdc.machine('we", ['web0', 'web1']),
        ("sdc.machine('web0", ['web0']),
        ("sdc.machine('x", []),
        ('sdc.machine("db-', ['db-0.x']),
        ('sdc.machine(', ["'db-0.x'", "'web0'", "'web1'"]),
        ("x = [sdc.machine('web0'), sdc.machine('we", ['web0', 'web1']),
        ("sdc.machine('web0').state, sdc.machine('web1", ['web1']),
        ("sdc.image('smart", ['smartos64']),
        ("sdc.image('smartos64@1.", ['smartos64@1.6.3', 'smartos64@1.8.4']),
        ("sdc.delete_image('deb", ['debian-12']),
        ("sdc.network('M", NETWORKS),
        ("sdc.volume('", ['data0']),
        ("sdc.package('g1-", SIZES),
        ("sdc.create_machine('web2', 'g1-l", ['g1-large']),
        ("sdc.create_machine('web", []),
        ("sdc.create_machine(package='g1-m", ['g1-medium', 'g1-micro']),
        ("sdc.create_machine(tags={'a': 'b'}, image='deb", ['debian-12']),
        ("sdc.create_machine(tags={'web", []),
        ("sdc.create_machine(networks='M", NETWORKS),
        ("sdc.create_machine(networks=['My", [FABRIC]),
        ("sdc.create_machine(networks=['a', 'MNX", ['MNX-Triton-Public']),
        ("sdc.create_machine(networks=['a'], dataset='smart", ['smartos64']),
        ("sdc.create_machine(  # don't\n    image='deb", ['debian-12']),
        ("sdc.machines(image='deb", ['debian-12']),
        ("machine.resize('g1-s", ['g1-small']),
        ("machine.add_nic('My", [FABRIC]),
        ("machine.datacenter.machine('web0", ['web0']),
        ("sdc.create_image('web", ['web0', 'web1']),
        ("sdc.changefeed(['web", ['web0', 'web1']),
        ("sdc.machine('a' + 'we", []),
        ("sdc.machine(f'we", []),
        ("sdc.machine('web0')", []),
        ("sdc.key('", []),
        ("sdc.nothing('", []),
        ("nobody.machine('", []),
        ("os.path.join('we", []),
        ("text.join('we", []),
        ("here['sdc'].machine('we", []),
        ("machine('we", []),
        ("'we", []),
        ('sdc.ma', []),
        ('', []),
    ],
)
def test_names_are_offered_where_they_are_wanted(
    cloud: Simulator, names: dict[str, Any], typed: str, found: list[str]
) -> None:
    """Methods, keywords and lists of one kind get names of that kind, and nothing is asked."""
    before = len(cloud.requests)
    start, choices = offered(names, typed)

    assert found == choices
    assert all(choice.startswith(typed[start:]) for choice in choices)
    assert before == len(cloud.requests)


class Mine(DataCenter):
    """A user's own data center."""

    @property
    def first(self) -> Machine:
        """Ask the server."""
        return self.machines()[0]


class Hooked(DataCenter):
    """A user's own data center that has a say in each attribute."""

    def __getattribute__(self, name: str) -> Any:
        if name == 'first':
            return super().__getattribute__('machines')()[0]
        return super().__getattribute__(name)


class Filled(DataCenter):
    """A user's own data center that has whatever is asked for."""

    def __getattr__(self, name: str) -> Any:
        return self.machines()[0]


@pytest.mark.parametrize('kind', [Mine, Hooked, Filled])
@pytest.mark.parametrize('name', ['first', 'second'])
def test_no_code_of_a_users_runs(
    cloud: Simulator, machine: Machine, kind: type[DataCenter], name: str
) -> None:
    """Properties and hooks of subclasses may do anything; what they inherit is completed."""
    with kind(cloud.url(), cloud.key_id, cloud.key_path, clock=cloud.clock) as mine:
        mine.packages()
        before = len(cloud.requests)

        assert [] == offered({'my': mine}, f"my.{name}.resize('")[1]
        assert ['g1-small'] == offered({'my': mine}, "my.package('g1-s")[1]
        assert before == len(cloud.requests)


def test_rules_are_offered_by_short_id(sdc: DataCenter) -> None:
    """They have no names."""
    rule = sdc.create_firewall_rule('FROM any TO all vms ALLOW tcp PORT 80')
    sdc.firewall_rules()

    assert [rule['id'][:8]] == offered({'sdc': sdc}, "sdc.delete_firewall_rule('")[1]


def test_what_was_got_is_offered_as_well(sdc: DataCenter) -> None:
    """A name is known once it has passed by, in whatever way."""
    assert [] == offered({'sdc': sdc}, "sdc.package('")[1]
    sdc.package('g1-nano')
    sdc.network(FABRIC)
    assert ['g1-nano'] == offered({'sdc': sdc}, "sdc.package('")[1]
    assert ['b1-standard', *SIZES] == offered(
        {'sdc': sdc} if sdc.packages() else {}, "sdc.package('"
    )[1]


def test_data_centers_keep_their_names_apart(cloud: Simulator, sdc: DataCenter) -> None:
    """Another data center knows its own, and so does one that acts on another account's things."""
    sdc.packages()
    for other in (cloud.datacenter(), sdc.datacenter('us-east-1'), sdc.acting(act_as='other')):
        assert [] == offered({'sdc': other}, "sdc.package('")[1]
    assert ['g1-nano'] == offered({'sdc': sdc.acting(as_role='ops')}, "sdc.package('g1-n")[1]


def test_only_so_many_names_are_kept(sdc: DataCenter) -> None:
    """The oldest go; what was seen again is not the oldest."""
    rows = [{'id': str(number), 'name': f'm{number}'} for number in range(seen.MOST)]
    seen.keep(sdc, 'machines', rows)
    seen.keep(sdc, 'machines', rows[:1])
    seen.keep(sdc, 'machines', [{'id': 'new', 'name': 'new'}])
    kept = seen.names(sdc, 'machines')

    assert seen.MOST == len(kept)
    assert {'0', 'new'} <= kept.keys()
    assert '1' not in kept


@pytest.mark.parametrize('name', ["it's", 'a\\b', 'a\nb', '\x1b[1m', 'a\u202eb'])
def test_names_that_cannot_stand_in_a_text_are_not_offered(sdc: DataCenter, name: str) -> None:
    """What would have to be escaped is left to be typed."""
    seen.keep(sdc, 'machines', [{'id': '1', 'name': name}, {'id': '2', 'name': 'café "x"'}])

    assert ['café "x"'] == offered({'sdc': sdc}, "sdc.machine('")[1]


class Line:
    """The line of a prompt, as the readline module knows it."""

    def __init__(self, line: str, begin: int) -> None:
        self.line, self.begin = line, begin

    def get_line_buffer(self) -> str:
        """Return the whole line."""
        return self.line

    def get_begidx(self) -> int:
        """Return where the word begins that is completed."""
        return self.begin

    def get_endidx(self) -> int:
        """Return where the cursor is."""
        return len(self.line)


def completions(line: str, begin: int, names: dict[str, Any]) -> list[str]:
    """Return what Python's prompt would offer for the word that begins there."""
    complete: Callable[[str, int], str | None] = completer(names, Line(line, begin))
    found: list[str] = []
    while (choice := complete(line[begin:], len(found))) is not None:
        found.append(choice)
    return found


def test_readline_gets_the_rest_of_its_word(names: dict[str, Any]) -> None:
    """Its words end at hyphens and `@`; where there are no names Python's completion goes on."""
    line = "sdc.image('smartos64@1.8"

    assert ['web0', 'web1'] == completions("sdc.machine('we", 13, names)
    assert ["'db-0.x'", "'web0'", "'web1'"] == completions('sdc.machine(', 12, names)
    assert ['0.x'] == completions("sdc.machine('db-", 16, names)
    assert ['1.8.4'] == completions(line, line.index('@') + 1, names)
    assert 'sdc.machines()' in completions('sdc.mach', 0, names) or (
        'sdc.machines(' in completions('sdc.mach', 0, names)
    )


def test_ipython_offers_names_and_only_those(names: dict[str, Any], cloud: Simulator) -> None:
    """Within a call our names take the place of file names; loading twice offers them once."""
    shell = _shell()
    shell.user_ns.update(names)
    before = len(cloud.requests)
    install(shell)
    install(shell)

    assert ['web0', 'web1'] == in_ipython(shell, "sdc.machine('we")
    assert ['web1'] == in_ipython(shell, "x = 1\nsdc.machine(\n    'web1")
    assert ['smartos64@1.8.4'] == in_ipython(shell, "sdc.image('smartos64@1.8")
    assert 'machines' in in_ipython(shell, 'sdc.mach')
    uninstall(shell)
    assert 'web0' not in in_ipython(shell, "sdc.machine('we")
    assert before == len(cloud.requests)


def test_the_extension_is_loaded_and_unloaded_by_name(names: dict[str, Any]) -> None:
    """`%load_ext smartdc` is all that it takes."""
    shell = _shell()
    shell.user_ns.update(names)

    shell.run_line_magic('load_ext', 'smartdc')
    assert ['web0'] == in_ipython(shell, "sdc.machine('web0")
    shell.run_line_magic('unload_ext', 'smartdc')
    assert 'web0' not in in_ipython(shell, "sdc.machine('web0")


def _shell() -> Any:
    try:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config
    except ImportError:
        lacking('IPython (pip install ipython)')
    # A history would be written to the user's own, by a thread that stays.
    return InteractiveShell(config=Config({'HistoryManager': {'enabled': False}}))


def in_ipython(shell: Any, text: str) -> list[str]:
    """Return what IPython offers at the end of a text: what stands there when one is taken."""
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        return [each.text for each in shell.Completer.completions(text, len(text))]


def test_the_prompt_completes_names_and_shows_tables() -> None:
    """At Python's own prompt a tab completes a machine's name, and a list is a table."""
    program = (
        'import sys; sys.modules["IPython"] = None; '
        'from smartdc.__main__ import main; sys.exit(main(["--local"]))'
    )
    leader, follower = pty.openpty()
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [sys.executable, '-c', program],
            env={'PATH': os.environ['PATH'], 'HOME': home, 'TERM': 'dumb', 'COLUMNS': '100'},
            stdin=follower,
            stdout=follower,
            stderr=follower,
        )
        os.close(follower)
        shown = b''
        try:
            for line, end in (
                (b'made = sdc.create_machine(name="some-thing0")\n', b'>>> '),
                (b'sdc.machines()\n', b'AGE'),
                (b'print("rows", len(_) + 41)\n', b'rows 42'),
                (b"sdc.machine('some-th\t').name + '!'\n", b'some-thing0!'),
                (b'1 / 0\n', b'ZeroDivisionError'),
                (b'exit()\n', b''),
            ):
                os.write(leader, line)
                while end not in shown:
                    shown += os.read(leader, 4096)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()
            os.close(leader)

    assert b'SHORTID   NAME         IMG' in shown
    assert b'During handling' not in shown
