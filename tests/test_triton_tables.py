"""What tables show is what the triton command shows of the same cloud."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smartdc import DataCenter
from tests.programs import need, node_modules
from tests.test_other_clients import Served

#: What is listed: the command, and the Python.
LISTS: list[tuple[str, Callable[[DataCenter], Any]]] = [
    ('inst list', lambda sdc: sdc.machines()),
    ('image list', lambda sdc: sdc.images()),
    ('package list', lambda sdc: sdc.packages()),
    ('network list', lambda sdc: sdc.networks()),
    ('network ip list My-Fabric-Network', lambda sdc: sdc.network_ips('My-Fabric-Network')),
    ('vlan list', lambda sdc: sdc.fabric_vlans()),
    ('volume list', lambda sdc: sdc.volumes()),
    ('volume sizes', lambda sdc: sdc.volume_sizes()),
    ('fwrule list', lambda sdc: sdc.firewall_rules()),
    ('key list', lambda sdc: sdc.keys()),
    ('account limits', lambda sdc: sdc.limits()),
    ('rbac users', lambda sdc: sdc.users()),
    ('rbac policies', lambda sdc: sdc.policies()),
    ('rbac roles', lambda sdc: sdc.roles()),
    ('inst snapshot list web0', lambda sdc: sdc.machine('web0').snapshots()),
    ('inst nic list web0', lambda sdc: sdc.machine('web0').nics()),
    ('inst audit -o time,action,success web0', lambda sdc: sdc.machine('web0').audit()),
]


def fill(sdc: DataCenter) -> None:
    """Make something of each kind."""
    rule = sdc.create_firewall_rule('FROM any TO tag role = web ALLOW tcp PORT 80', enabled=True)
    sdc.create_firewall_rule('FROM any TO all vms BLOCK tcp PORT 25', log=True)
    web = sdc.create_machine(
        name='web0',
        image='base-64-lts',
        package='g1-small',
        tags={'role': 'web'},
        firewall_enabled=True,
        deletion_protection=True,
    )
    virtual = sdc.create_machine('vm0', 'b1-standard', image='ubuntu-certified-24.04')
    for machine in (web, virtual):
        machine.poll_until('running', 0.1)
    web.create_snapshot('s1', wait=True)
    sdc.create_volume(name='data0', networks=['My-Fabric-Network'], wait=True)
    sdc.create_user(login='bob', email='bob@example.com', password='secret123', first_name='Bob')
    sdc.create_policy('look', ['CAN listmachines', 'CAN getmachine'], description='to look')
    sdc.create_role('ops', members=['bob'], policies=['look'])
    assert rule['enabled']


def cells(text: str) -> list[list[str]]:
    """Return the cells of a table, but for ages, which go on; the headings first."""
    heading, *lines = [re.split(r' {2,}', line.strip()) for line in text.strip().splitlines()]
    wanted = len(heading) - (heading[-1] == 'AGE')
    return [heading[:wanted], *sorted(line[:wanted] for line in lines)]


def test_tables_are_those_of_the_triton_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each list has the same headings, and the same rows."""
    need('node')
    program = str(node_modules('triton') / 'triton' / 'bin' / 'triton')
    monkeypatch.setenv('COLUMNS', '0')
    served = Served(tmp_path)
    try:
        with served.datacenter() as sdc:
            fill(sdc)
            for line, call in LISTS:
                # The command puts the account before the name of its sub-user.
                theirs = served.call(program, *line.split()).replace(' acme/', ' ')
                ours = str(call(sdc))
                if ours.startswith('no '):
                    assert 1 == len(theirs.splitlines()), line
                else:
                    assert cells(theirs) == cells(ours), line
    finally:
        assert 0 == served.stop()
