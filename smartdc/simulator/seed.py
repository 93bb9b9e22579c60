"""Puts a world into the store, filling in what it leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from smartdc.simulator.accounts import key_doc
from smartdc.simulator.api.machine_networks import new_nic
from smartdc.simulator.api.networks import addresses, taken_address
from smartdc.simulator.default_world import ADMIN
from smartdc.simulator.ids import made_up_id
from smartdc.simulator.placement import SERVERS
from smartdc.simulator.seed_roles import seed_roles, seed_tags
from smartdc.simulator.ssh_keys import KeyFault, PublicKey
from smartdc.simulator.store import Doc, Store
from smartdc.simulator.world import World, WorldError

#: What belongs to an account or sub-user and is kept apart from it.
_APART = ('keys', 'users', 'roles', 'policies', 'role_tags')

#: What a machine of a world has, and one of the store has not.
_NOT_KEPT = ('networks', 'role_tags')

#: The states that machines of CloudAPI have.
_MACHINE_STATES = (
    *('deleted', 'failed', 'offline', 'provisioning', 'ready', 'running', 'stopped', 'stopping'),
    'unknown',
)

#: How many machines are put into the store at once.
_BATCH = 100

_EPOCH = '2024-01-01T00:00:00.000Z'
_SETTINGS = (
    *('name', 'version', 'services', 'fabrics', 'volumes', 'migrations', 'servers', 'limits'),
    *('read_only', 'read_only_until', 'throttle'),
)

#: The rules that every data center has from the start.
_RULES = (
    ('FROM any TO all vms ALLOW icmp6 TYPE all', 'allow all ICMPv6 types'),
    ('FROM any TO all vms ALLOW icmp TYPE 8 CODE 0', 'allow pings'),
)


def seed(store: Store, world: World) -> None:
    """Put a world, as `world.load()` returns it, into an empty store."""
    with store.transaction():
        accounts = [
            _seed_account(store, f'accounts[{index}]', account)
            for index, account in enumerate(world['accounts'])
        ]
        for index, account in enumerate(world['accounts']):
            seed_roles(store, f'accounts[{index}]', account, accounts[index])
        for index, home in enumerate(world['datacenters']):
            _seed_datacenter(store, f'datacenters[{index}]', home, accounts)


def _seed_account(store: Store, place: str, given: Mapping[str, Any]) -> Doc:
    account = _person(given, f'account/{given["login"]}')
    store.put('account', account)
    _seed_keys(store, place, given, account)
    for index, entry in enumerate(given.get('users', ())):
        user = _person(entry, f'user/{given["login"]}/{entry["login"]}')
        store.put('user', {**user, 'owner': account['id']})
        _seed_keys(store, f'{place}.users[{index}]', entry, user)
    return account


def _person(given: Mapping[str, Any], seed: str) -> Doc:
    """Return an account or a sub-user without its keys."""
    own = {name: value for name, value in given.items() if name not in _APART}
    return {
        'id': made_up_id(seed),
        'email': f'{given["login"]}@example.com',
        'created': _EPOCH,
        'updated': _EPOCH,
        **own,
        'name': given['login'],
    }


def _seed_keys(store: Store, place: str, given: Mapping[str, Any], owner: Doc) -> None:
    for index, entry in enumerate(given.get('keys', ())):
        text = entry.get('key', '')
        try:
            fingerprint = PublicKey.parse(text).fingerprint
        except KeyFault as fault:
            raise WorldError(f'world: {place}.keys[{index}].key: {fault}') from None
        key = {'name': entry.get('name', fingerprint), 'fingerprint': fingerprint, 'key': text}
        store.put('key', key_doc(owner['id'], key))


def _seed_datacenter(store: Store, place: str, home: Doc, accounts: list[Doc]) -> None:
    name = home['name']
    settings = {key: home[key] for key in _SETTINGS if key in home}
    if 'read_only_until' in settings:
        settings['read_only_until'] = _moment(place, settings['read_only_until'])
    store.put('datacenter', {'id': name, **settings})
    images = [_image(name, image) for image in home.get('images', ())]
    packages = [_package(name, package) for package in home.get('packages', ())]
    networks = [_network(name, network, accounts) for network in home.get('networks', ())]
    for kind, docs in (('image', images), ('package', packages), ('network', networks)):
        store.put_all(kind, docs, home=name)
    pools = [
        _pool(f'{place}.network_pools[{index}]', _network(name, pool, accounts), networks)
        for index, pool in enumerate(home.get('network_pools', ()))
    ]
    store.put_all('network', pools, home=name)
    for text, description in _RULES:
        store.put('fwrule', _rule(name, text, description), home=name)
    server = (home.get('servers') or SERVERS)[0]
    server = server if isinstance(server, str) else server['id']
    machines = _Machines(store, place, name, server, accounts, images, packages, networks)
    machines.add_all(home.get('machines', ()))
    store.put_all('network', networks, home=name)


def _moment(place: str, text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WorldError(f'world: {place}.read_only_until: {error}') from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _image(home: str, given: Doc) -> Doc:
    image: Doc = {
        'version': '1.0.0',
        'os': 'smartos',
        'type': 'zone-dataset',
        'requirements': {},
        'published_at': _EPOCH,
        'owner': ADMIN,
        'public': True,
        'state': 'active',
        **given,
    }
    return {'id': made_up_id(f'{home}/image/{image["name"]}/{image["version"]}'), **image}


def _package(home: str, given: Doc) -> Doc:
    package = {
        'version': '1.0.0',
        'swap': given['memory'] * 2,
        'lwps': 4000,
        'vcpus': 1,
        'default': False,
        **given,
    }
    return {'id': made_up_id(f'{home}/package/{package["name"]}/{package["version"]}'), **package}


def _network(home: str, given: Doc, accounts: list[Doc]) -> Doc:
    """Return a network; its owner, when it has one, is written as a login."""
    owner = given.get('owner', '')
    ids = {account['login']: account['id'] for account in accounts}
    base = {'id': made_up_id(f'{home}/network/{given["name"]}'), 'public': False}
    return {**base, **given, 'owner': ids.get(owner, owner)}


def _pool(place: str, pool: Doc, networks: list[Doc]) -> Doc:
    """Return a pool with the ids of its networks, which are written as names or ids."""
    ids = {ref: network['id'] for network in networks for ref in (network['name'], network['id'])}
    for ref in pool['networks']:
        if ref not in ids:
            raise WorldError(f'world: {place}.networks: there is no {ref!r}')
    return {**pool, 'networks': [ids[ref] for ref in pool['networks']]}


def _rule(home: str, text: str, description: str) -> Doc:
    return {
        'id': made_up_id(f'{home}/fwrule/{text}'),
        'rule': text,
        'enabled': True,
        'log': False,
        'description': description,
        'global': True,
    }


@dataclass(frozen=True)
class _Machines:
    """Fills in machines: what they need not say comes from the data center's contents."""

    store: Store
    place: str
    home: str
    server: str
    accounts: list[Doc]
    images: list[Doc]
    packages: list[Doc]
    networks: list[Doc]

    def add_all(self, given: Sequence[Doc]) -> None:
        """Put machines into the store.

        They get their addresses one after the other, but come in by id: lists are in that order,
        and are read faster where their machines stand side by side.
        """
        free = {network['id']: addresses(network) for network in self.networks}
        places = [self._addresses(index, machine, free) for index, machine in enumerate(given)]
        ids = [self._id(index, machine) for index, machine in enumerate(given)]
        order = sorted(range(len(given)), key=ids.__getitem__)
        for start in range(0, len(order), _BATCH):
            machines: list[Doc] = []
            taken: list[Doc] = []
            for index in order[start : start + _BATCH]:
                machine = self._filled(index, given[index], ids[index])
                machine['nics'] = [
                    new_nic(machine, number, network, ip, number == 0)
                    for number, (network, ip) in enumerate(places[index])
                ]
                taken += [taken_address(network, ip, machine) for network, ip in places[index]]
                machines.append(machine)
            self.store.put_all('machine', machines, home=self.home)
            self.store.put_all('address', taken, home=self.home)

    def _place(self, index: int) -> str:
        return f'{self.place}.machines[{index}]'

    def _id(self, index: int, given: Doc) -> str:
        return str(given.get('id') or made_up_id(f'{self.home}/machine/{index}'))

    def _addresses(
        self, index: int, given: Doc, free: Mapping[str, Iterator[str]]
    ) -> list[tuple[Doc, str]]:
        """Return the networks of a machine, each with an address that is free."""
        wanted, place = given.get('networks'), self._place(index)
        networks = (
            self.networks[:1]
            if wanted is None
            else [self._chosen(self.networks, 'name', ref, f'{place}.networks') for ref in wanted]
        )
        found = [(network, next(free[network['id']], '')) for network in networks]
        for network, ip in found:
            if not ip:
                raise WorldError(f'world: {place}: {network["name"]} has no address left')
        return found

    def _filled(self, index: int, given: Doc, id: str) -> Doc:
        """Return a machine without its NICs, after its roles were put into the store."""
        place = self._place(index)
        owner = self._chosen(self.accounts, 'login', given.get('owner'), f'{place}.owner')
        image = self._chosen(self.images, 'name', given.get('image'), f'{place}.image')
        package = self._chosen(self.packages, 'name', given.get('package'), f'{place}.package')
        state = given.get('state', 'running')
        if state not in _MACHINE_STATES:
            known = ', '.join(_MACHINE_STATES)
            raise WorldError(f'world: {place}.state: expected one of {known}, found {state!r}')
        roles = given.get('role_tags')
        if roles:
            where = f'{place}.role_tags'
            seed_tags(self.store, where, owner['id'], f'/machines/{id}', roles, home=self.home)
        return {
            'id': id,
            'name': id[:8],
            'brand': image.get('requirements', {}).get('brand', 'joyent'),
            'state': state,
            'memory': package['memory'],
            'disk': package['disk'],
            'metadata': {},
            'tags': {},
            'created': _EPOCH,
            'updated': _EPOCH,
            'firewall_enabled': False,
            'compute_node': self.server,
            **{name: value for name, value in given.items() if name not in _NOT_KEPT},
            'owner': owner['id'],
            'image': image['id'],
            'package': package['id'],
        }

    def _chosen(self, docs: list[Doc], field: str, ref: str | None, place: str) -> Doc:
        """Return what is referred to by its id or name; the first one when nothing is."""
        for doc in docs:
            if ref is None or ref in (doc['id'], doc[field]):
                return doc
        raise WorldError(f'world: {place}: there is no {ref!r}' if ref else f'world: {place}: none')
