"""Who logs in to a machine, where, and by which way, as the triton CLI decides it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from smartdc.errors import InvalidInput, NotAuthorized, ResourceNotFound, Unsupported
from smartdc.shapes import is_object

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter

#: The tags of a machine that say how it is reached.
IP, PORT = 'tritoncli.ssh.ip', 'tritoncli.ssh.port'
PROXY, PROXY_USER = 'tritoncli.ssh.proxy', 'tritoncli.ssh.proxyuser'


class Target(NamedTuple):
    """A user on a machine, the address that SSH answers at, and the machine on the way to it."""

    name: str
    user: str
    host: str
    port: int
    proxy: Target | None = None

    def __str__(self) -> str:
        port = '' if self.port == 22 else f' port {self.port}'
        return f'{self.name} ({self.user}@{self.host}{port})'


def target(
    datacenter: DataCenter,
    data: Mapping[str, Any],
    *,
    user: str | None = None,
    port: int | None = None,
    proxy: Any = True,
) -> Target:
    """Return how a machine is reached, given its data.

    What is not given comes from the tags of the machine and of its image. `proxy` is another
    machine, or its name or id; True takes the one of the tag, False none. Raises InvalidInput for
    a machine that does not run or has no address, and for a tag that cannot be.
    """
    through = _through(datacenter, data, user, proxy)
    who = user or _default_user(datacenter, data)
    return Target(_name(data), who, _address(data), _port(data, port), through)


def _through(
    datacenter: DataCenter, data: Mapping[str, Any], user: str | None, proxy: Any
) -> Target | None:
    ref = _tag(data, PROXY) if proxy is True else proxy
    if not ref:
        return None
    jump = datacenter.raw_machine_data(datacenter._find('machine', ref))
    who = _tag(jump, PROXY_USER) or user or _default_user(datacenter, jump)
    return Target(_name(jump), str(who), _address(jump), _port(jump, None))


def _name(data: Mapping[str, Any]) -> str:
    return str(data.get('name') or data.get('id'))


def _tag(data: Mapping[str, Any], name: str) -> Any:
    tags = data.get('tags')
    return tags.get(name) if is_object(tags) else None


def _address(data: Mapping[str, Any]) -> str:
    if data.get('state') != 'running':
        raise InvalidInput(
            f'{_name(data)} is {data.get("state")}, so nobody can log in: start() it if it is '
            "stopped, and wait with poll_until('running')"
        )
    tagged: Any = _tag(data, IP)
    ips: list[str] = data.get('ips') or []
    if tagged and tagged not in ips:
        raise InvalidInput(
            f'the tag {IP} of {_name(data)} is {tagged}, which is none of its addresses: '
            f'{", ".join(ips) or "it has none"}'
        )
    address = tagged or data.get('primaryIp')
    if not address:
        raise InvalidInput(
            f'{_name(data)} has no address to log in at: add_nic() gives it one, or the tag {IP} '
            'says which of its addresses to take'
        )
    return str(address)


def _port(data: Mapping[str, Any], given: int | None) -> int:
    value = given if given is not None else _tag(data, PORT) or 22
    try:
        port = int(str(value))
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        what = f'the tag {PORT} of {_name(data)}' if given is None else 'port='
        raise InvalidInput(f'{what} is {value!r}, which is no port: 1 to 65535')
    return port


def _default_user(datacenter: DataCenter, data: Mapping[str, Any]) -> str:
    try:
        tags = datacenter.image(data['image']).get('tags') or {}
    except (ResourceNotFound, NotAuthorized, Unsupported):
        tags = {}  # a sub-user may see machines and no images, and API 6.5 has none
    return str(tags.get('default_user') or 'root')
