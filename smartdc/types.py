"""The shapes of the dicts that CloudAPI returns.

Sizes of memory and disk are in MiB, times are ISO 8601 in UTC. A server may send fields that
are not listed here; they are in the dict all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, Protocol, TypedDict

#: What metadata and tags hold.
Scalar = str | int | float | bool


class HasId(Protocol):
    """An object with an id, such as a Machine."""

    id: str


#: A machine by id, short id, name, dict or Machine.
MachineRef = str | Mapping[str, Any] | HasId
#: An image by id, short id, name (the newest of it), `name@version`, URN or dict.
ImageRef = str | Mapping[str, Any]
#: A package by id, short id, name or dict.
PackageRef = str | Mapping[str, Any]
#: A network by id, short id, name or dict.
NetworkRef = str | Mapping[str, Any]
#: A volume by id, short id, name or dict.
VolumeRef = str | Mapping[str, Any]
#: A firewall rule by id, short id or dict.
FirewallRuleRef = str | Mapping[str, Any]


class Contact(TypedDict):
    """How to reach a person or a company."""

    email: str
    companyName: NotRequired[str]
    firstName: NotRequired[str]
    lastName: NotRequired[str]
    address: NotRequired[str]
    postalCode: NotRequired[str]
    city: NotRequired[str]
    state: NotRequired[str]
    country: NotRequired[str]
    phone: NotRequired[str]


class Account(Contact):
    """The account: who pays and owns."""

    id: str
    login: str
    triton_cns_enabled: bool
    created: str
    updated: str


class Limit(TypedDict):
    """A provisioning limit: `value` of machines, `ram` MiB or `quota` GiB, and what is used."""

    by: str
    value: int
    used: int
    check: NotRequired[str]
    os: NotRequired[str]
    image: NotRequired[str]
    brand: NotRequired[str]


class Config(TypedDict):
    """The account's settings in one data center."""

    default_network: NotRequired[str]


class Key(TypedDict):
    """An SSH key; the fingerprint is MD5 with colons."""

    name: str
    fingerprint: str
    key: str
    attested: NotRequired[bool]
    multifactor: NotRequired[list[str]]


class Package(TypedDict):
    """What a machine may use: memory, disk and swap in MiB; 0 vcpus means unspecified."""

    id: str
    name: str
    version: str
    memory: int
    disk: int
    swap: int
    lwps: int
    vcpus: int
    default: bool
    group: NotRequired[str]
    description: NotRequired[str]
    brand: NotRequired[str]
    flexible_disk: NotRequired[bool]
    disks: NotRequired[list[dict[str, Any]]]


class Image(TypedDict):
    """What a machine is made from."""

    id: str
    name: str
    version: str
    os: str
    type: str
    requirements: dict[str, Any]
    state: str
    published_at: NotRequired[str]
    owner: NotRequired[str]
    public: NotRequired[bool]
    description: NotRequired[str]
    homepage: NotRequired[str]
    eula: NotRequired[str]
    acl: NotRequired[list[str]]
    origin: NotRequired[str]
    tags: NotRequired[dict[str, Any]]
    image_size: NotRequired[int]
    files: NotRequired[list[dict[str, Any]]]
    error: NotRequired[dict[str, Any]]


class Dataset(Image):
    """An image under the name of 2013: with a URN, `sdc:sdc:name:version`."""

    urn: str


class Network(TypedDict):
    """A network; the addresses only of those that the account owns."""

    id: str
    name: str
    public: bool
    description: NotRequired[str]
    suffixes: NotRequired[list[str]]
    fabric: NotRequired[bool]
    vlan_id: NotRequired[int]
    subnet: NotRequired[str]
    provision_start_ip: NotRequired[str]
    provision_end_ip: NotRequired[str]
    gateway: NotRequired[str]
    resolvers: NotRequired[list[str]]
    routes: NotRequired[dict[str, str]]
    internet_nat: NotRequired[bool]


class NetworkIP(TypedDict):
    """An address of a network: who uses it, and whether it is kept free."""

    ip: str
    reserved: bool
    managed: bool
    owner_uuid: NotRequired[str]
    belongs_to_uuid: NotRequired[str]


class Vlan(TypedDict):
    """A VLAN of the account's fabric."""

    vlan_id: int
    name: str
    description: NotRequired[str]


class Nic(TypedDict):
    """A network interface of a machine; `state` only where NICs are asked for by themselves."""

    mac: str
    primary: bool
    ip: str
    netmask: str
    network: str
    gateway: NotRequired[str]
    state: NotRequired[str]


class DiskData(TypedDict):
    """A disk of a bhyve machine: `size` in MiB, `block_size` in bytes."""

    id: str
    pci_slot: str
    size: int
    block_size: int
    boot: NotRequired[bool]
    state: NotRequired[str]


class FirewallRule(TypedDict):
    """A firewall rule, its text as the server writes it."""

    id: str
    rule: str
    enabled: bool
    log: NotRequired[bool]
    description: NotRequired[str]


class Volume(TypedDict):
    """A volume: `size` in MiB, `refs` the ids of the machines that mount it."""

    id: str
    name: str
    owner_uuid: str
    type: str
    size: int
    state: str
    networks: list[str]
    filesystem_path: NotRequired[str]
    refs: NotRequired[list[str]]
    tags: NotRequired[dict[str, str]]
    created: str


class VolumeSize(TypedDict):
    """A size that volumes of a type may have, in MiB."""

    size: int
    type: NotRequired[str]


class Migration(TypedDict):
    """A machine's move: phases begin, sync, switch; states running, paused, successful, ..."""

    machine: str
    automatic: bool
    phase: str
    state: str
    created_timestamp: str
    finished_timestamp: NotRequired[str]
    duration_ms: NotRequired[int]
    error: NotRequired[str]
    progress_history: NotRequired[list[dict[str, Any]]]


class AccessKey(TypedDict):
    """An S3-style credential; the secret is told on creation, by servers up to 9.20 always."""

    accesskeyid: str
    status: str
    created: str
    accesskeysecret: NotRequired[str]
    description: NotRequired[str]
    credentialtype: NotRequired[str]
    expiration: NotRequired[str]
    updated: NotRequired[str]


class User(Contact):
    """A sub-user; roles only where membership is asked for."""

    id: str
    login: str
    roles: NotRequired[list[str]]
    default_roles: NotRequired[list[str]]
    created: str
    updated: str


class RoleMember(TypedDict):
    """A member of a role: a subuser of the account, or another account."""

    type: str
    login: NotRequired[str]
    id: NotRequired[str]
    default: NotRequired[bool]


class Role(TypedDict):
    """A role in the form of 9.0; before, members and policies were names."""

    id: str
    name: str
    members: list[Any]
    policies: list[Any]


class Policy(TypedDict):
    """A policy: rules such as `CAN getmachine`."""

    id: str
    name: str
    rules: list[str]
    description: NotRequired[str]


class ExportedImage(TypedDict):
    """Where an exported image lies in Manta."""

    manta_url: str
    image_path: str
    manifest_path: str


class NetworkObject(TypedDict, total=False):
    """A network to join and the address wanted on it."""

    ipv4_uuid: str
    ipv4_ips: list[str]
    ipv4_count: int


class Disk(TypedDict, total=False):
    """A disk of a bhyve machine to create: `size` in MiB, or `remaining`."""

    size: int | str
    image: str
    block_size: int
    boot: bool


class VolumeMount(TypedDict):
    """A volume to mount in a machine: `mode` is ro or rw."""

    name: str
    type: NotRequired[str]
    mode: NotRequired[str]
    mountpoint: str


class MachineOptions(TypedDict, total=False):
    """The arguments of `create_machine` but for name, image and package."""

    metadata: Mapping[str, Any] | None
    tags: Mapping[str, Scalar] | None
    boot_script: str | Path | None
    credentials: bool
    networks: NetworkRef | Iterable[NetworkRef | NetworkObject] | None
    affinity: str | Sequence[str] | None
    locality: Mapping[str, Any] | None
    firewall_enabled: bool | None
    deletion_protection: bool | None
    allow_shared_images: bool | None
    brand: str | None
    disks: Sequence[Disk] | None
    volumes: Sequence[VolumeMount] | None
    delegate_dataset: bool | None
    encrypted: bool | None
    password: str | None
    administrator_pw: str | None
    default_networks: str | Sequence[str] | None


class SnapshotData(TypedDict):
    """A snapshot; directly after its creation the server tells name and state only."""

    name: str
    state: str
    size: NotRequired[int]
    created: NotRequired[str]
    updated: NotRequired[str]


class AuditEntry(TypedDict):
    """Something that was done to a machine; `success` is yes or no."""

    success: str
    time: str
    action: str
    caller: dict[str, Any]
