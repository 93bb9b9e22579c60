"""Good answers whose fields are missing, more than expected, or of other types."""

from __future__ import annotations

import copy
import json
import random
import socket
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from smartdc import DataCenter, Machine, SmartDCError, Snapshot
from smartdc.simulator import Simulator
from tests.servers import json_reply, reply
from tests.soak.clients import Stepped, client
from tests.soak.figures import Figure, Soak, exactly
from tests.soak.garbage import VALUES
from tests.soak.wire import Wire

Read = Callable[[DataCenter, Machine], Any]

#: What is read, by name.
READS: dict[str, Read] = {
    'machines': lambda sdc, _: sdc.machines(),
    'machine': lambda sdc, machine: sdc.machine(machine.id),
    'num_machines': lambda sdc, _: sdc.num_machines(),
    'create_machine': lambda sdc, _: sdc.create_machine('new'),
    'create_machine by names': lambda sdc, _: sdc.create_machine(
        'new', image='base-64', networks='My-Fabric-Network'
    ),
    'snapshots': lambda _, machine: machine.snapshots(),
    'snapshot': lambda _, machine: machine.snapshot('shot'),
    'create_snapshot': lambda _, machine: machine.create_snapshot('other'),
    'status': lambda _, machine: machine.status(),
    'poll_until': lambda _, machine: machine.poll_until('running', timeout=3),
    'snapshot poll_until': lambda _, machine: machine.snapshot('shot').poll_until(
        'created', timeout=3
    ),
    'get_tags': lambda _, machine: machine.get_tags(),
    'get_metadata': lambda _, machine: machine.get_metadata(),
    'credentials': lambda _, machine: machine.credentials(),
    'nics': lambda _, machine: machine.nics(),
    'add_nic': lambda _, machine: machine.add_nic('My-Fabric-Network'),
    'audit': lambda _, machine: machine.audit(),
    'firewall_rules': lambda _, machine: machine.firewall_rules(),
    'images': lambda sdc, _: sdc.images(),
    'image': lambda sdc, _: sdc.image('base-64'),
    'datasets': lambda sdc, _: sdc.datasets('base'),
    'dataset': lambda sdc, _: sdc.dataset('sdc:sdc:base-64:'),
    'packages': lambda sdc, _: sdc.packages(),
    'default_package': lambda sdc, _: sdc.default_package(),
    'account': lambda sdc, _: sdc.account(),
    'keys': lambda sdc, _: sdc.keys(),
    'networks': lambda sdc, _: sdc.networks('fabric'),
    'network_ips': lambda sdc, _: sdc.network_ips(NETWORK),
    'fabric_vlans': lambda sdc, _: sdc.fabric_vlans(),
    'rules': lambda sdc, _: sdc.firewall_rules(),
    'volumes': lambda sdc, _: sdc.volumes(),
    'create_volume': lambda sdc, _: sdc.create_volume(
        name='more', networks=['My-Fabric-Network'], wait=3
    ),
    'wait_for': lambda sdc, machine: sdc.wait_for('machine', machine.id, 'running', timeout=3),
    'users': lambda sdc, _: sdc.users(),
    'roles': lambda sdc, _: sdc.roles(),
    'policies': lambda sdc, _: sdc.policies(),
    'datacenters': lambda sdc, _: sdc.datacenters(),
    'datacenter': lambda sdc, _: sdc.datacenter('us-east-1'),
    'services': lambda sdc, _: sdc.services(),
    'limits': lambda sdc, _: sdc.limits(),
    'config': lambda sdc, _: sdc.config(),
    'ping': lambda sdc, _: sdc.ping(),
}

#: The network whose addresses are listed; set when the world is there.
NETWORK = '0' * 8 + '-0000-4000-8000-' + '0' * 12


class Recorded:
    """What a simulator answered to each request, by verb and path."""

    def __init__(self, cloud: Simulator) -> None:
        self.replies: dict[tuple[str, str], Any] = {}
        self.headers: dict[tuple[str, str], dict[str, str]] = {}
        with cloud.datacenter() as sdc:
            self.machine = self._world(sdc)
            for read in READS.values():
                try:
                    read(sdc, Machine(sdc, data=self.machine))
                except SmartDCError:
                    continue
        for record in cloud.requests:
            if record.status < 300 and record.reply:
                path = record.target.partition('?')[0]
                self.replies[record.method, path] = json.loads(record.reply)

    @staticmethod
    def _world(sdc: DataCenter) -> dict[str, Any]:
        machine = sdc.create_machine('web0', tags={'a': 1}, metadata={'b': 'c'})
        machine.poll_until('running')
        machine.create_snapshot('shot')
        sdc.create_volume(name='data', networks=['My-Fabric-Network'])
        sdc.create_firewall_rule('FROM any TO all vms ALLOW tcp PORT 22')
        sdc.create_user(login='bob', email='bob@example.com', password='secret123')
        sdc.create_policy('look', 'CAN getmachine')
        sdc.create_role('viewer')
        return sdc.machine(machine).data


class Spoiler:
    """Answers as was recorded, with a change or several; `sent` is what was answered last."""

    def __init__(self, recorded: Recorded, chance: random.Random) -> None:
        self.recorded = recorded
        self.chance = chance
        self.sent: list[Any] = []
        self.wire: Wire | None = None

    def __call__(self, connection: socket.socket) -> None:
        """Answer the request that has come in."""
        assert self.wire is not None
        method, target = self.wire.last.split(b' ', 2)[:2]
        key = method.decode(), target.decode().partition('?')[0]
        if key not in self.recorded.replies:
            connection.sendall(reply(404, b'', x_resource_count='1'))
            return
        data = copy.deepcopy(self.recorded.replies[key])
        for _ in range(self.chance.choice((1, 1, 1, 2, 5))):
            data = self._spoilt(data)
        self.sent.append(data)
        body = json.dumps(data).encode('utf-8', 'surrogatepass')
        connection.sendall(json_reply(200, body, Request_Id='spoilt'))

    def _spoilt(self, data: Any) -> Any:
        """Return data with one place changed: a value of another type, a field more, one less."""
        places = list(_places(data))
        if not places or self.chance.random() < 0.03:
            return self._value()
        inside, key = self.chance.choice(places)
        kind = self.chance.randrange(3)
        if kind == 0:
            inside[key] = self._value()
        elif kind == 1:
            del inside[key]
        elif isinstance(inside, dict):
            inside[f'new{self.chance.randrange(9)}'] = self._value()
        else:
            inside.append(self._value())
        return data

    def _value(self) -> Any:
        """Return a value of its own, which may be changed as well."""
        return copy.deepcopy(self.chance.choice(VALUES))


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each dict or list inside of data, with each of its keys."""
    if isinstance(data, dict | list):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from _places(data[key])


def examine(found: Any, sent: list[Any]) -> str | None:
    """Look at all that can be looked at; return what is wrong."""
    for each in (found, *found) if isinstance(found, list) else [found]:
        shown = [repr(each), str(each), getattr(each, '_repr_html_', str)()]
        if not all(isinstance(text, str) for text in shown):
            return 'a text that is none'
        if isinstance(each, Machine | Snapshot):
            for name in dir(type(each)):
                if isinstance(getattr(type(each), name), property):
                    getattr(each, name)
            if hash(each) != hash(each) or not each == each:  # noqa: SIM201 - equality is meant
                return 'not equal to itself'
            if not any(_holds(data, each.data) for data in sent):
                return 'the raw data is not in reach'
    return None


def _holds(data: Any, wanted: Any) -> bool:
    if data == wanted or json.dumps(data) == json.dumps(wanted):
        return True
    return isinstance(data, list) and any(json.dumps(each) == json.dumps(wanted) for each in data)


def fields(soak: Soak) -> list[Figure]:
    """Read everything, changed."""
    chance = soak.random('fields')
    trials = soak.times(20_000, least=300)
    wrong: Counter[str] = Counter()
    with Simulator({'volumes': True}, job_time=0) as cloud:
        recorded = Recorded(cloud)
        spoiler = Spoiler(recorded, chance)
        with (
            Wire(otherwise=spoiler) as wire,
            client(wire.url, cloud.key_path, clock=Stepped(), retries=None) as sdc,
        ):
            spoiler.wire = wire
            for _ in soak.through('answers with other fields', range(trials)):
                name = chance.choice(list(READS))
                spoiler.sent.clear()
                fault = _trial(sdc, READS[name], recorded, spoiler)
                sdc.known_locations, sdc.login = dict(sdc.known_locations), 'acme'
                if fault is not None:
                    wrong[f'{name}: {fault}'] += 1
    for fault, times in wrong.most_common():
        soak.tell(f'{times}x {fault}')
    return [exactly(f'crashes of {trials:,} answers with other fields', 0, wrong.total())]


def _trial(sdc: DataCenter, read: Read, recorded: Recorded, spoiler: Spoiler) -> str | None:
    try:
        return examine(read(sdc, Machine(sdc, data=dict(recorded.machine))), spoiler.sent)
    except SmartDCError:
        return None
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [each for each in frames if '/smartdc/' in each.filename]
        place = (ours or frames)[-1]
        where = f'{place.filename.rpartition("/")[2]} {place.name}'
        return f'{type(error).__name__} in {where}: {error}'[:120]
