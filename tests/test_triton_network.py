"""The triton command's network, VLAN, firewall and NIC commands against the simulator."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.programs import need, node_modules
from tests.test_other_clients import Served

Triton = Callable[..., str]


@pytest.fixture(scope='module')
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    """Serve a simulator as its command does, and yield the triton command for it."""
    need('node')
    program = str(node_modules('triton') / 'triton' / 'bin' / 'triton')
    served = Served(tmp_path_factory.mktemp('home'))

    def call(line: str, *more: str) -> str:
        return served.call(program, *line.split(), *more)

    yield call
    assert served.stop() == 0


def objects(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects that a list prints, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def network_line(vlan: int, name: str, third: int, *, options: str = '') -> str:
    """Return the command that makes a network."""
    start, end = (f'192.168.{third}.{number}' for number in (5, 250))
    subnet = f'192.168.{third}.0/24'
    return f'network create -n {name} -s {subnet} -S {start} -E {end} {options} {vlan}'


def test_vlans(triton: Triton) -> None:
    """A VLAN is made, listed, got, changed and deleted."""
    assert 'Created vlan dmz (70)\n' == triton('vlan create -n dmz -D outside 70')
    vlan = {'vlan_id': 70, 'name': 'dmz', 'description': 'outside'}

    assert vlan in objects(triton('vlan list -j'))
    assert 'VLAN_ID  NAME' in triton('vlan list')
    assert vlan == json.loads(triton('vlan get -j 70'))
    # The command's own `vlan update` (7.17) calls a function that it doesn't have.
    triton('cloudapi -X PUT -d', '{"name": "zone"}', '/my/fabrics/default/vlans/70')
    assert 'zone' == json.loads(triton('vlan get 70'))['name']
    assert [] == objects(triton('vlan networks -j 70'))
    assert 'Deleted vlan 70\n' == triton('vlan delete 70')
    assert [2] == [found['vlan_id'] for found in objects(triton('vlan list -j'))]


def test_networks(triton: Triton) -> None:
    """A network is made, listed, got, made the default one, and deleted."""
    triton('vlan create -n seven 71')
    options = '-g 192.168.71.1 -r 8.8.8.8 -R 10.0.0.0/8=192.168.71.2 -D apps'
    made = triton(network_line(71, 'app', 71, options=options))
    network = json.loads(triton('network get -j app'))

    assert f'Created network app ({network["id"]})\n' == made
    assert ('192.168.71.1', ['8.8.8.8'], {'10.0.0.0/8': '192.168.71.2'}, True, 'apps') == (
        *(network[key] for key in ('gateway', 'resolvers', 'routes', 'internet_nat')),
        network['description'],
    )
    assert network in objects(triton('network list -j'))
    assert 'SHORTID' in triton('networks')
    assert [network] == objects(triton('vlan networks -j 71'))
    default = f'Set network app ({network["id"]}) as default.\n'
    assert default == triton('network set-default app')
    assert network == json.loads(triton('network get-default -j'))
    triton('network set-default My-Fabric-Network')
    assert 'Deleted network app\n' == triton('network delete app')
    triton('vlan delete 71')


def test_network_ips(triton: Triton) -> None:
    """Addresses are listed, got and reserved."""
    triton('vlan create -n eight 72')
    triton(network_line(72, 'ips', 72, options='-x'))
    network = json.loads(triton('network get ips'))['id']
    text = f'Updated network {network} IP 192.168.72.9 (fields: reserved)\n'

    assert text == triton('network ip update ips 192.168.72.9 reserved=true')
    kept = json.loads(triton('network ip get ips 192.168.72.9'))
    assert (True, False) == (kept['reserved'], kept['managed'])
    listed = objects(triton('network ip list -j ips'))
    assert ['192.168.72.9', '192.168.72.255'] == [found['ip'] for found in listed]
    assert 'RESERVED' in triton('network ip list ips')
    triton('network delete ips')
    triton('vlan delete 72')


def test_nics(triton: Triton) -> None:
    """A NIC is added, which the command waits for, listed, got and deleted."""
    triton('vlan create -n nine 73')
    triton(network_line(73, 'nics', 73, options='-x'))
    triton('inst create -w -n nic0 base-64-lts g1-small')
    created, done = triton('inst nic create -w nic0 nics').splitlines()
    (mac,) = re.findall('Creating NIC (.*)', created)

    assert f'Created NIC {mac}' == done
    nic = json.loads(triton(f'inst nic get -j nic0 {mac}'))
    assert ('192.168.73.5', 'running') == (nic['ip'], nic['state'])
    assert nic in objects(triton('inst nic list -j nic0'))
    assert '192.168.73.5' in triton('inst nic list nic0')
    assert nic['ip'] in json.loads(triton('inst get -j nic0'))['ips']
    assert f'Deleted NIC {mac}\n' == triton(f'inst nic delete -f nic0 {mac}')
    network = json.loads(triton('network get nics'))['id']
    chosen = triton(f'inst nic create -w nic0 ipv4_uuid={network} ipv4_ips=192.168.73.99')
    assert 'Created NIC' in chosen
    assert '192.168.73.99' in triton('inst nic list nic0')
    triton('inst delete -w -f nic0')
    triton('network delete nics')
    triton('vlan delete 73')


def test_firewall_rules(triton: Triton) -> None:
    """A rule is made, listed, got, changed, switched off and on, and deleted."""
    text = 'FROM any TO tag role = web ALLOW tcp PORT 80'
    (short,) = re.findall('Created firewall rule (.*)', triton('fwrule create -D web', text))
    rule = json.loads(triton(f'fwrule get -j {short}'))

    assert ('FROM any TO tag "role" = "web" ALLOW tcp PORT 80', True, 'web') == (
        *(rule[name] for name in ('rule', 'enabled', 'description')),
    )
    assert [rule] == objects(triton('fwrule list -j'))
    assert 'SHORTID' in triton('fwrules')
    updated = triton(f'fwrule update {short}', 'description=new words')
    assert f'Updated firewall rule {short} (fields: description)\n' == updated
    assert 'new words' == json.loads(triton(f'fwrule get {short}'))['description']
    assert f'Disabled firewall rule {short}\n' == triton(f'fwrule disable {short}')
    assert not json.loads(triton(f'fwrule get {short}'))['enabled']
    assert f'Enabled firewall rule {short}\n' == triton(f'fwrule enable {short}')
    assert f'Deleted rule {short}\n' == triton(f'fwrule delete -f {short}')
    assert '' == triton('fwrule list -j')


def test_firewall_rules_of_instances(triton: Triton) -> None:
    """A rule lists its instances, an instance its rules."""
    text = 'FROM any TO tag role = db ALLOW tcp PORT 5432'
    (rule,) = re.findall('Created firewall rule (.*)', triton('fwrule create', text))
    triton('inst create -w -n db0 -t role=db base-64-lts g1-small')

    assert ['db0'] == [found['name'] for found in objects(triton(f'fwrule instances -j {rule}'))]
    assert 'db0' in triton(f'fwrule instances {rule}')
    listed = objects(triton('inst fwrules -j db0'))
    assert [False, True, True] == [found.get('global', False) for found in listed]
    assert rule == listed[0]['id']
    assert 'icmp6' in triton('inst fwrule list db0')
    triton('inst delete -w -f db0')
    triton(f'fwrule delete -f {rule}')
