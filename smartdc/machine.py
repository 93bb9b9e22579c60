"""A machine: what it is, what can be done with it, and waiting for it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from smartdc.api.disks import DisksChapter
from smartdc.api.firewall import MachineFirewallChapter
from smartdc.api.machine_actions import MachineActionsChapter
from smartdc.api.metadata import MetadataChapter
from smartdc.api.migrations import MachineMigrationChapter
from smartdc.api.nics import NicsChapter
from smartdc.api.snapshots import SnapshotsChapter
from smartdc.api.tags import TagsChapter
from smartdc.api.vnc import VncChapter
from smartdc.errors import MachineFailed, MachineGone
from smartdc.news import pauses
from smartdc.pace import Interval
from smartdc.paths import ident
from smartdc.shapes import is_array, is_object
from smartdc.showing import line
from smartdc.snapshot import Snapshot
from smartdc.ssh import SSHChapter
from smartdc.times import dt_time, time_or_none, timestamp
from smartdc.types import Scalar
from smartdc.waiting import FAILURES, Server, Sleep

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter

__all__ = ['Machine', 'Snapshot', 'dt_time', 'priv', 'pub', 'timestamp']

_PRIVATE = [
    ipaddress.ip_network(text)
    for text in (
        *('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'),
        *('127.0.0.0/8', '169.254.0.0/16', '::1/128', 'fc00::/7', 'fe80::/10'),
    )
]


def priv(ip: str) -> bool:
    """Say whether the address is private, shared, loopback or link-local."""
    address = _address(ip)
    return address is not None and any(address in network for network in _PRIVATE)


def pub(ip: str) -> bool:
    """Say whether the address can be reached from anywhere."""
    return _address(ip) is not None and not priv(ip)


def _address(ip: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a text means; numbers mean some too, but not in JSON."""
    try:
        return ipaddress.ip_interface(ip).ip if isinstance(ip, str) else None
    except ValueError:
        return None


class Machine(
    DisksChapter,
    MachineActionsChapter,
    MachineFirewallChapter,
    MachineMigrationChapter,
    MetadataChapter,
    NicsChapter,
    SnapshotsChapter,
    SSHChapter,
    TagsChapter,
    VncChapter,
):
    """A machine as CloudAPI last described it; `data` is that description, whole.

    `Machine(datacenter, machine_id)` asks the server, and takes what `sdc.machine()` does; with
    `data` nothing is asked. Attributes never ask: `refresh()` does. Machines are equal when their
    ids are.
    """

    __slots__ = ()

    KIND: ClassVar[str] = 'machine'
    FAILED: ClassVar[frozenset[str]] = FAILURES['machine']

    def __init__(
        self,
        datacenter: Any,
        machine_id: str | None = None,
        data: dict[str, Any] | None = None,
        credentials: bool = False,
    ) -> None:
        self.datacenter: DataCenter = cast('DataCenter', datacenter)
        self._deleting = False
        self._asked = ()
        if data is None:
            data = self.datacenter.raw_machine_data(ident(machine_id), credentials)
        self.data: dict[str, Any] = data
        told = data.get('id')
        if not (isinstance(told, str) and told):
            told = '' if machine_id is None else ident(machine_id)
        self.id: str = told

    @classmethod
    def create_in_datacenter(cls, datacenter: DataCenter, **kwargs: Any) -> Machine:
        """Create a machine; the arguments are those of `DataCenter.create_machine`.

        `POST /:login/machines`, since 6.5.
        """
        return datacenter.create_machine(**kwargs)

    @property
    def name(self) -> str | None:
        """The machine's name, unique among the account's machines."""
        return self.data.get('name')

    @property
    def type(self) -> str | None:
        """`smartmachine` for a zone, `virtualmachine` for kvm and bhyve."""
        return self.data.get('type')

    @property
    def brand(self) -> str | None:
        """What runs it: joyent, joyent-minimal, lx, bhyve or kvm."""
        return self.data.get('brand')

    @property
    def state(self) -> str | None:
        """The last state seen: provisioning, running, stopping, stopped, deleted, failed, ..."""
        return self.data.get('state')

    @property
    def image(self) -> str | None:
        """The id of the image that it was made from."""
        return self.data.get('image')

    @property
    def dataset(self) -> str | None:
        """The image under its old name."""
        return self.data.get('dataset') or self.image

    @property
    def package(self) -> str | None:
        """The name of its package."""
        return self.data.get('package')

    @property
    def memory(self) -> int | None:
        """Memory in MiB."""
        return self.data.get('memory')

    @property
    def disk(self) -> int | None:
        """Disk in MiB."""
        return self.data.get('disk')

    @property
    def metadata(self) -> dict[str, Scalar]:
        """The last metadata seen, without boot script and passwords."""
        hidden = ('user-script', 'credentials')
        return {
            name: value for name, value in self._object('metadata').items() if name not in hidden
        }

    @property
    def boot_script(self) -> str | None:
        """The text of the script that runs at each boot."""
        return self._object('metadata').get('user-script')

    @property
    def tags(self) -> dict[str, Scalar]:
        """The last tags seen."""
        return dict(self._object('tags'))

    @property
    def ips(self) -> list[str]:
        """All addresses; empty until the machine has some."""
        return self._array('ips')

    @property
    def public_ips(self) -> list[str]:
        """The addresses that can be reached from anywhere."""
        return [ip for ip in self.ips if pub(ip)]

    @property
    def private_ips(self) -> list[str]:
        """The addresses that cannot."""
        return [ip for ip in self.ips if priv(ip)]

    @property
    def primary_ip(self) -> str | None:
        """The address of the primary NIC."""
        return self.data.get('primaryIp')

    @property
    def networks(self) -> list[str]:
        """The ids of the networks that it is on."""
        return self._array('networks')

    @property
    def dns_names(self) -> list[str]:
        """The names that the container name service gives it."""
        return self._array('dns_names')

    @property
    def compute_node(self) -> str | None:
        """The id of the server that it is on."""
        return self.data.get('compute_node')

    @property
    def firewall_enabled(self) -> bool | None:
        """Whether firewall rules act on it; None until the server tells."""
        return self.data.get('firewall_enabled')

    @property
    def deletion_protection(self) -> bool | None:
        """Whether it is protected against deletion."""
        return self.data.get('deletion_protection')

    @property
    def docker(self) -> bool:
        """Whether it is a Docker container."""
        return bool(self.data.get('docker'))

    @property
    def created(self) -> datetime | None:
        """When it was created, naive in UTC."""
        return time_or_none(self.data.get('created'))

    @property
    def updated(self) -> datetime | None:
        """When it changed last, naive in UTC."""
        return time_or_none(self.data.get('updated'))

    @property
    def path(self) -> str:
        """The path of the machine below the account."""
        return f'/machines/{self.id}'

    def refresh(self, credentials: bool = False) -> None:
        """Ask the server and update `data`; a deleted machine gets the state `deleted`.

        `GET /:login/machines/:id`, since 6.5. Raises ResourceNotFound.
        """
        try:
            self.data = self.datacenter.raw_machine_data(self.id, credentials)
        except MachineGone as gone:
            self.data = {**self.data, **gone.machine, 'state': 'deleted'}

    def status(self) -> str:
        """Ask the server and return the state, `deleted` for a deleted machine.

        `GET /:login/machines/:id`, since 6.5. Raises ResourceNotFound.
        """
        self.refresh()
        return str(self.data.get('state'))

    def _object(self, name: str) -> Mapping[str, Any]:
        found = self.data.get(name)
        return found if is_object(found) else {}

    def _array(self, name: str) -> list[Any]:
        found = self.data.get(name)
        return list(found) if is_array(found) else []

    def _title(self) -> str:
        return f'machine {self.name or self.id}'

    def _pauses(self, interval: Interval) -> AbstractContextManager[Sleep]:
        return pauses(self.datacenter, self.id, interval)

    def _at(self) -> Server:
        return self.datacenter

    def _check(self, seen: str, wanted: str) -> None:
        if seen in self.FAILED:
            text = f'{self._title()} has failed, it will not become {wanted}'
            raise MachineFailed(text, self.data)
        if seen == 'deleted' and not (self._deleting and wanted.startswith('anything')):
            raise MachineGone(410, '', f'{self._title()} is deleted', body=self.data)

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        form = '<smartdc.machine.Machine: <{}> in {}>'
        return line(form, self.name or self.id, self.datacenter, state=self.state)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Machine):
            return self.id == other.id
        if is_object(other):
            return self.id == other.get('id')
        return NotImplemented

    def __hash__(self) -> int:
        try:
            return hash(int(self.id.replace('-', ''), 16))
        except ValueError:  # not an id as CloudAPI has them
            return hash(self.id)
