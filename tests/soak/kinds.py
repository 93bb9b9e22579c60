"""What is created in the long checks: how one is made, and how all that there are are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from smartdc import DataCenter, Machine
from tests.simulator.signer import Signer

#: How many snapshots one machine gets.
_SHOTS = 50


@dataclass(frozen=True)
class Kind:
    """One kind of thing.

    `ready` makes what the others need, with no faults about; `make` makes the thing of a number,
    and returns its id; `everything` returns the id and the number of each thing that there is.
    `full` is how many are made, and `raised` which part of the calls may say that they failed.
    """

    full: int
    ready: Callable[[DataCenter, int], Any]
    make: Callable[[DataCenter, Any, int], str]
    everything: Callable[[DataCenter, Any], Iterable[tuple[str, int]]]
    raised: float = 0.001


def _number(text: object) -> int:
    return int(''.join(char for char in str(text) if char.isdigit()))


def _named(rows: Iterable[Any], name: str = 'name', key: str = 'id') -> list[tuple[str, int]]:
    """Return id and number of the rows whose name is `soak` and a number."""
    return [
        (str(row[key]), _number(row[name])) for row in rows if str(row[name]).startswith('soak')
    ]


def _image_and_package(sdc: DataCenter, _: int) -> tuple[str, str]:
    return sdc.images()[0]['id'], sdc.packages()[0]['id']


def _machine(sdc: DataCenter, given: tuple[str, str], number: int) -> str:
    """Make a machine; every other one is named by the client."""
    image, package = given
    name = f'soak{number}' if number % 2 else None
    return sdc.create_machine(
        name, image=image, package=package, networks=[], tags={'number': number}
    ).id


def _keys(_: DataCenter, count: int) -> list[str]:
    return [Signer('acme').public for _ in range(count)]


def _homes(sdc: DataCenter, count: int) -> list[dict[str, Any]]:
    return [sdc.create_machine(f'home{each}').data for each in range(-(-count // _SHOTS))]


def _snapshot(sdc: DataCenter, homes: list[dict[str, Any]], number: int) -> str:
    home = Machine(sdc, data=homes[number // _SHOTS])
    return f'{home.id}/{home.create_snapshot(f"soak{number}").name}'


def _snapshots(sdc: DataCenter, homes: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [
        (f'{home["id"]}/{snapshot.name}', _number(snapshot.name))
        for home in homes
        for snapshot in Machine(sdc, data=home).snapshots()
    ]


def _wide_network(sdc: DataCenter, _: int) -> str:
    """Make a network that has an address for each volume."""
    made = sdc.create_fabric_network(
        2,
        name='wide',
        subnet='10.64.0.0/16',
        provision_start_ip='10.64.0.5',
        provision_end_ip='10.64.255.250',
    )
    return made['id']


def _network(sdc: DataCenter, _: Any, number: int) -> str:
    subnet = f'10.{70 + number // 250}.{number % 250}'
    made = sdc.create_fabric_network(
        2,
        name=f'soak{number}',
        subnet=f'{subnet}.0/24',
        provision_start_ip=f'{subnet}.5',
        provision_end_ip=f'{subnet}.250',
    )
    return made['id']


def _rule(sdc: DataCenter, _: Any, number: int) -> str:
    made = sdc.create_firewall_rule(
        f'FROM any TO tag "number" = "{number}" ALLOW tcp PORT 80', description=f'soak{number}'
    )
    return made['id']


def _nothing(sdc: DataCenter, count: int) -> None:
    """Need nothing."""


#: The kinds of things, and how many of each there are in full.
KINDS: dict[str, Kind] = {
    'machines': Kind(
        10_000,
        _image_and_package,
        _machine,
        lambda sdc, _: [(each.id, int(each.tags['number'])) for each in sdc.machines()],
    ),
    'keys': Kind(
        2000,
        _keys,
        lambda sdc, keys, n: sdc.add_key(f'soak{n}', keys[n])['fingerprint'],
        lambda sdc, _: _named(sdc.keys(), key='fingerprint'),
    ),
    'snapshots': Kind(2000, _homes, _snapshot, _snapshots),
    'volumes': Kind(
        2000,
        _wide_network,
        lambda sdc, net, n: sdc.create_volume(name=f'soak{n}', networks=[net])['id'],
        lambda sdc, _: _named(sdc.volumes()),
    ),
    'VLANs': Kind(
        2000,
        _nothing,
        lambda sdc, _, n: str(sdc.create_fabric_vlan(10 + n, f'soak{n}')['vlan_id']),
        lambda sdc, _: _named(sdc.fabric_vlans(), key='vlan_id'),
    ),
    'networks': Kind(2000, _nothing, _network, lambda sdc, _: _named(sdc.fabric_networks(2))),
    'firewall rules': Kind(
        2000,
        _nothing,
        _rule,
        lambda sdc, _: _named(sdc.firewall_rules(), 'description'),
        # A rule has no name, so one that may still come is not asked for again, but reported.
        raised=0.03,
    ),
    'users': Kind(
        2000,
        _nothing,
        lambda sdc, _, n: sdc.create_user(
            login=f'soak{n}', email=f'soak{n}@example.com', password='secret123'
        )['id'],
        lambda sdc, _: _named(sdc.users(), 'login'),
    ),
    'policies': Kind(
        2000,
        _nothing,
        lambda sdc, _, n: sdc.create_policy(f'soak{n}', 'CAN getmachine')['id'],
        lambda sdc, _: _named(sdc.policies()),
    ),
    'roles': Kind(
        2000,
        _nothing,
        lambda sdc, _, n: sdc.create_role(f'soak{n}')['id'],
        lambda sdc, _: _named(sdc.roles()),
    ),
}
