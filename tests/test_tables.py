"""Lists that show themselves as tables."""

import copy
import io
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc import DataCenter, InvalidResponse, Machine
from smartdc.columns import COLUMNS
from smartdc.simulator import Simulator
from smartdc.tables import Table, listed
from tests.servers import json_reply, serving
from tests.subusers import SubUser

FABRIC = 'My-Fabric-Network'
RULE = 'FROM any TO tag "role" = "web" ALLOW tcp PORT 80'

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
#: The fields that columns read.
FIELDS = [
    *('id', 'name', 'version', 'state', 'created', 'published_at', 'memory', 'vcpus', 'size'),
    *('rules', 'members', 'policies', 'image', 'firstName', 'origin', 'public', 'docker'),
]


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('COLUMNS', '100')


def rows(count: int) -> Table[Any]:
    """Return a table of users."""
    users = [{'login': f'user{n}', 'email': f'u{n}@x', 'created': '2026'} for n in range(count)]
    return Table(users, 'users', 0.0)


def test_a_machine_is_a_row(cloud: Simulator, machine: Machine) -> None:
    """The columns are those of the triton command, the image by name where it was seen."""
    cloud.clock.sleep(3 * 86400)
    image = str(machine.image)
    sdc = cloud.datacenter()
    table = sdc.machines()
    short = machine.id[:8]

    assert str(table) == (
        f'SHORTID   NAME  IMG       STATE    FLAGS  AGE\n'
        f'{short}  web0  {image[:8]}  running  -      3d'
    )
    sdc.images()
    assert str(table).splitlines()[1] == f'{short}  web0  base-64-lts@24.4.1  running  -      3d'


def test_each_method_that_lists_returns_a_table(sdc: DataCenter, machine: Machine) -> None:
    """Whatever it lists has columns; the list is a list all the same."""
    sdc.create_volume(name='data', networks=[FABRIC], wait=True)
    sdc.create_firewall_rule(RULE)
    sdc.create_user(login='bob', email='bob@example.com', password='secret123')
    sdc.create_access_key()
    sdc.create_policy('look', 'CAN listmachines')
    sdc.create_role('ops', members=['bob'], policies=['look'])
    machine.create_snapshot('s1', wait=True)
    lists: dict[str, Callable[[], list[Any]]] = {
        'machines': sdc.machines,
        'images': sdc.datasets,
        'packages': sdc.packages,
        'networks': lambda: sdc.fabric_networks(2),
        'addresses': lambda: sdc.network_ips(FABRIC),
        'VLANs': sdc.fabric_vlans,
        'volumes': sdc.volumes,
        'volume sizes': sdc.volume_sizes,
        'firewall rules': machine.firewall_rules,
        'keys': sdc.keys,
        'access keys': sdc.access_keys,
        'users': sdc.users,
        'roles': sdc.roles,
        'policies': sdc.policies,
        'limits': sdc.limits,
        'migrations': sdc.migrations,
        'snapshots': machine.snapshots,
        'NICs': machine.nics,
        'disks': machine.disks,
        'actions': machine.audit,
    }

    assert COLUMNS.keys() == lists.keys()
    for kind, call in lists.items():
        table = call()
        assert isinstance(table, Table)
        assert kind == table.kind
        assert len(str(table).splitlines()) == (1 + len(table) if table else 1)
    assert 'bob' in str(sdc.roles())
    assert 'look' in str(sdc.policies())


def test_secrets_are_in_no_table(sdc: DataCenter) -> None:
    """The secret of an access key is in the data, but no table shows it."""
    secret = sdc.create_access_key()['accesskeysecret']
    table: Any = sdc.access_keys()

    assert secret in repr(table)
    for shown in (str(table), table._repr_html_()):
        assert secret not in shown
        assert table[0]['accesskeyid'] in shown


def test_a_table_is_a_list(sdc: DataCenter) -> None:
    """It compares, slices, copies, pickles, sorts and goes into JSON as the list that it is."""
    table, plain = sdc.images(), list(sdc.images())

    assert isinstance(table, list)
    assert table == plain
    assert repr(table) == repr(plain)
    assert json.dumps(table) == json.dumps(plain)
    assert table[0] == plain[0]
    assert table[-1] is table[len(table) - 1]
    assert table + plain == plain * 2
    for again in (pickle.loads(pickle.dumps(table)), copy.copy(table), copy.deepcopy(table)):
        assert again == plain
        assert str(again) == str(table)
    assert 3 == len(str(table[2:4]).splitlines())
    assert sorted(table, key=lambda image: image['id']) == sorted(plain, key=lambda i: i['id'])


def test_a_long_list_shows_its_ends() -> None:
    """Twenty rows, how many more there are, and the last five."""
    lines = str(rows(10_000)).splitlines()

    assert 1 + 20 + 1 + 5 == len(lines)
    assert '… 9,975 more of 10,000' == lines[21]
    assert ['user0', 'user19', 'user9995', 'user9999'] == [
        lines[at].split()[0] for at in (1, 20, 22, -1)
    ]
    assert 26 == len(str(rows(25)).splitlines())
    assert '… 1 more of 26' == str(rows(26)).splitlines()[21]


def test_an_empty_list_says_so(sdc: DataCenter) -> None:
    """It has no columns without rows."""
    table: Any = sdc.machines()

    assert 'no machines' == str(table) == f'{table}'
    assert '<p>no machines</p>' == table._repr_html_()
    assert '[]' == repr(table)


@pytest.mark.parametrize('width', [40, 60, 80])
def test_a_table_fits_the_terminal(
    sdc: DataCenter, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The widest columns are cut until it does; what goes into a pipe is whole."""
    monkeypatch.setenv('COLUMNS', str(width))
    name = 'n' * 150
    table = Table([{'login': name, 'email': '漢字' * 40, 'created': '2026-01-02'}], 'users', 0.0)

    for line in str(table).splitlines():
        assert width >= sum(2 if char in '漢字' else 1 for char in line)
    monkeypatch.setenv('COLUMNS', '0')
    assert name in str(table)


def test_the_servers_text_does_nothing() -> None:
    """Control characters are escaped, and so is what HTML and rich would act upon."""
    name = '\x1b[31m<script>alert(1)</script>&"[bold]x[/]\n\u202e'
    table = Table([{'login': name, 'email': 'e', 'created': '2026'}], 'users', 0.0)

    assert 2 == len(str(table).splitlines())
    assert str(table).replace('\n', '').isprintable()
    text = table._repr_html_()
    assert '<script' not in text
    assert '&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;' in text
    assert {'table', 'tr', 'th', 'td'} == set(re.findall(r'<(\w+)', text))
    assert '[bold]x[/]' in rich_text(table)


def rich_text(table: Table[Any]) -> str:
    """Return what rich prints."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=200)
    console.print(table)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_rich_shows_a_table_of_its_own(sdc: DataCenter) -> None:
    """Headings, all rows, and the gap of a long list; numbers stand to the right."""
    lines = rich_text(sdc.packages()).splitlines()  # type: ignore[arg-type]
    words = [line.split() for line in lines if line.split()]

    assert ['SHORTID', 'NAME', 'MEMORY', 'SWAP', 'DISK', 'VCPUS'] == words[0]
    assert ['g1-small', '1G', '4G', '25G', '1'] in [line[1:] for line in words]
    small, large = (next(line for line in lines if name in line) for name in ('nano', '2xlarge'))
    assert small.index('256M') + 4 == large.index('16G') + 3
    assert '… 9,975 more of 10,000' in rich_text(rows(10_000))
    assert 'no users\n' == rich_text(rows(0))


def test_ipython_shows_a_table_but_not_inside_of_something() -> None:
    """At the prompt it is the table, within a dict or a tuple the list."""
    pretty = pytest.importorskip('IPython.lib.pretty').pretty
    table = rows(2)

    assert str(table) == pretty(table)
    assert 'LOGIN' not in pretty({'a': table})
    assert "'login': 'user1'" in pretty((table, 1))


def test_a_notebook_gets_html(sdc: DataCenter) -> None:
    """One row of headings and one for each thing, with numbers to the right."""
    table: Any = sdc.packages()
    text = table._repr_html_()

    assert 1 + len(table) == text.count('<tr>')
    assert '<th style="text-align:right">MEMORY</th>' in text
    assert '<td style="text-align:left">g1-small</td>' in text
    assert '<td colspan="4" style="text-align:left">… 9,975 more of 10,000</td>' in (
        rows(10_000)._repr_html_()
    )


def test_showing_asks_nothing(cloud: Simulator, sdc: DataCenter, machine: Machine) -> None:
    """Whatever form it takes, a table is made of what is there."""
    table: Any = sdc.machines()
    before = len(cloud.requests)
    _ = str(table), repr(table), table._repr_html_(), rich_text(table), table == [machine]
    _ = table[:1], dir(table), machine in table

    assert before == len(cloud.requests)


def test_a_sub_user_without_a_right_to_images_sees_machines(
    cloud: Simulator, sdc: DataCenter, machine: Machine, tmp_path: Path
) -> None:
    """The image is a short id then, and nobody asks for it."""
    bob = SubUser(cloud, sdc, 'bob', tmp_path)
    sdc.create_policy('look', 'CAN listmachines')
    sdc.create_role('look', policies=['look'], members=['bob'], default_members=['bob'])
    for resource in ('/machines', machine):
        sdc.set_role_tags(resource, ['look'])
    with bob.datacenter(as_role='look') as his:
        before = len(cloud.requests)
        assert str(machine.image)[:8] in str(his.machines())
        assert before + 1 == len(cloud.requests)


@given(
    kind=st.sampled_from(sorted(COLUMNS)), row=st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON
)
def test_any_row_can_be_shown(kind: str, row: Any) -> None:
    """Fields that are missing, or of another type, leave a cell that says little, and no error."""
    table = Table([row], kind, 1e9)

    assert 2 == len(str(table).split('\n'))
    assert table._repr_html_().startswith('<table>')


@pytest.mark.parametrize(
    ('seconds', 'age'),
    [
        (0, '0s'),
        (59, '59s'),
        (60, '1m'),
        (3600 * 5, '5h'),
        (86400 * 6, '6d'),
        (86400 * 8, '1w'),
        (86400 * 365, '1y'),
        (-5, '0s'),
    ],
)
def test_an_age_has_one_unit(seconds: int, age: str) -> None:
    """The largest that there is one of, as in the triton command."""
    volume = {'id': 'x', 'created': '2026-01-02T03:04:05.000Z'}

    assert age == str(Table([volume], 'volumes', 1767323045.0 + seconds)).split()[-1]


@pytest.mark.parametrize(
    ('mib', 'text'),
    [(0, '0M'), (128, '128M'), (1024, '1G'), (1536, '1.5G'), (25600, '25G'), (1 << 20, '1T')],
)
def test_a_size_has_one_unit(mib: int, text: str) -> None:
    """Whole where it is whole, with one digit after the point elsewhere."""
    assert text == str(Table([{'size': mib}], 'volume sizes', 0.0)).split()[-1]


def test_what_is_no_list_is_refused(cloud: Simulator) -> None:
    """A server that answers a list with something else is not CloudAPI."""
    with (
        serving(json_reply(200, b'{"a": 1}')) as server,
        cloud.datacenter(location=server.url) as sdc,
        pytest.raises(InvalidResponse, match='list of packages'),
    ):
        sdc.packages()


def test_a_table_costs_next_to_nothing(sdc: DataCenter) -> None:
    """One list is made of another; no row is touched but for its name."""
    things = [{'id': str(number), 'name': f'm{number}'} for number in range(10_000)]
    table = listed(sdc, 'machines', things)

    assert all(mine is given for mine, given in zip(table, things, strict=True))
