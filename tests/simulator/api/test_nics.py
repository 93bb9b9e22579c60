"""The NICs of a machine, added and removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal

UNKNOWN = '00000000-0000-4000-8000-000000000000'
THEIRS = '11111111-0000-4000-8000-000000000000'


def network(name: str, number: int, **more: Any) -> dict[str, Any]:
    """Return a small network of a world."""
    return {
        'name': name,
        'subnet': f'10.{number}.0.0/24',
        'provision_start_ip': f'10.{number}.0.10',
        'provision_end_ip': f'10.{number}.0.11',
        'gateway': f'10.{number}.0.1',
        **more,
    }


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take 9 s, in a world of a few small networks."""
    networks = [
        network('external', 1, public=True),
        network('inner', 2, fabric=True, vlan_id=2),
        network('theirs', 3, id=THEIRS, owner='eve'),
        network('tiny', 4, provision_end_ip='10.4.0.10'),
    ]
    accounts = [{'login': 'acme'}, {'login': 'eve'}]
    pools = [{'name': 'pool', 'networks': ['tiny']}]
    world = {'accounts': accounts, 'networks': networks, 'network_pools': pools}
    return Account(world, job_time=9)


def ids(acme: Account) -> dict[str, str]:
    """Return the ids of the networks by name."""
    found = acme.cloud.store.find('network', home='us-sw-1')
    return {doc['name']: doc['id'] for doc in found}


def test_adds_one_and_reboots(acme: Account) -> None:
    """The NIC is provisioning while the machine reboots, then the machine has it."""
    nets = ids(acme)
    path = acme.machine(networks=[nets['external']])
    before = acme.get(path)
    response = acme.send('POST', f'{path}/nics', {'network': nets['inner']})
    nic = read(response)
    assert response.status == 201
    assert ('10.2.0.10', '255.255.255.0', '10.2.0.1', nets['inner'], False, 'provisioning') == (
        *(nic[name] for name in ('ip', 'netmask', 'gateway', 'network', 'primary', 'state')),
    )
    mac = nic['mac'].replace(':', '')
    assert f'{path}/nics/{mac}'.replace('/my/', '/acme/') == response.headers['Location']
    assert nic == acme.get(f'{path}/nics/{mac}') == acme.get(f'{path}/nics')[1]
    during = acme.get(path)
    assert ('stopping', before['ips']) == (during['state'], during['ips'])
    acme.clock.advance(5)
    assert 'ready' == acme.get(path)['state']
    acme.clock.advance(5)
    after = acme.get(path)
    assert 'running' == after['state'] == acme.get(f'{path}/nics/{mac}')['state']
    assert [*before['ips'], '10.2.0.10'] == after['ips']
    assert [nets['external'], nets['inner']] == after['networks']
    assert before['primaryIp'] == after['primaryIp']
    assert [('add_nics', 'yes'), ('provision', 'yes')] == acme.audit(path)


def test_a_machine_on_the_network_already_is_redirected(acme: Account) -> None:
    """The answer is 302 with the place of the NIC that is there, and no body."""
    nets = ids(acme)
    path = acme.machine(networks=[nets['external']])
    mac = acme.get(f'{path}/nics')[0]['mac'].replace(':', '')
    response = acme.send('POST', f'{path}/nics', {'network': nets['external']})
    assert (302, b'') == (response.status, response.body)
    assert response.headers['Location'].endswith(f'/nics/{mac}')
    assert 1 == len(acme.get(f'{path}/nics'))


def test_a_new_one_can_be_primary(acme: Account) -> None:
    """The others are primary no longer; removing it gives that back to the first."""
    nets = ids(acme)
    path = acme.machine(networks=[nets['external']])
    wish = {'ipv4_uuid': nets['inner'], 'ipv4_ips': ['10.2.0.77']}
    nic = acme.post(f'{path}/nics', {'network': wish, 'primary': 'true'})
    acme.done()
    assert '10.2.0.77' == nic['ip'] == acme.get(path)['primaryIp']
    assert [False, True] == [nic['primary'] for nic in acme.get(f'{path}/nics')]
    mac = nic['mac'].replace(':', '')
    assert acme.send('DELETE', f'{path}/nics/{mac}').status == 204
    acme.done()
    assert [True] == [nic['primary'] for nic in acme.get(f'{path}/nics')]
    assert ('10.1.0.10', ['10.1.0.10']) == tuple(
        acme.get(path)[key] for key in ('primaryIp', 'ips')
    )


def test_removes_one_and_reboots(acme: Account) -> None:
    """The NIC is there until the job is done; then its address is free again."""
    nets = ids(acme)
    path = acme.machine(networks=[nets['external'], nets['tiny']])
    nic = acme.get(f'{path}/nics')[1]
    mac = nic['mac'].replace(':', '')
    assert [204, 204] == [acme.send('DELETE', f'{path}/nics/{mac}').status for _ in 'ab']
    assert 2 == len(acme.get(f'{path}/nics'))
    assert 'stopping' == acme.get(path)['state']
    acme.done()
    assert 'running' == acme.get(path)['state']
    response = acme.send('GET', f'{path}/nics/{mac}')
    assert (404, 'ResourceNotFound', 'nic not found') == refusal(response)
    assert [('remove_nics', 'no'), ('remove_nics', 'yes')] == acme.audit(path)[:2]
    other = acme.machine(networks=[nets['tiny']])
    assert nic['ip'] == acme.get(other)['primaryIp']


def test_a_stopped_machine_stays_stopped(acme: Account) -> None:
    """There is nothing to reboot."""
    nets = ids(acme)
    path = acme.machine(networks=[nets['external']])
    acme.send('POST', f'{path}?action=stop')
    acme.done()
    acme.send('POST', f'{path}/nics', {'network': nets['inner']})
    assert 'stopped' == acme.get(path)['state']
    acme.done()
    assert ('stopped', 2) == (acme.get(path)['state'], len(acme.get(path)['ips']))
    assert ['stopped', 'stopped'] == [nic['state'] for nic in acme.get(f'{path}/nics')]
    acme.send('POST', f'{path}?action=start')
    acme.done()
    assert ['running', 'running'] == [nic['state'] for nic in acme.get(f'{path}/nics')]


def test_pools_give_an_address_of_a_member(acme: Account) -> None:
    """The NIC is on the member; a second one is redirected, and what is full is refused."""
    nets = ids(acme)
    path, other = (acme.machine(networks=[nets['external']]) for _ in 'ab')
    assert nets['tiny'] == acme.post(f'{path}/nics', {'network': nets['pool']})['network']
    assert acme.send('POST', f'{path}/nics', {'network': nets['pool']}).status == 302
    for name, code, text in (
        ('pool', 'SubnetsExhausted', 'all networks in pool are full'),
        ('tiny', 'SubnetFull', 'no more free IPs'),
    ):
        response = acme.send('POST', f'{other}/nics', {'network': nets[name]})
        assert (507, code, text) == refusal(response)


def wish(ref: str, *ips: Any) -> dict[str, Any]:
    """Return a network object that wishes for addresses."""
    return {'ipv4_uuid': ref, 'ipv4_ips': list(ips)}


def test_refuses_what_makes_no_sense(acme: Account) -> None:
    """Each mistake has its own words."""
    nets = ids(acme)
    path = acme.machine(networks=[nets['inner']])
    inner, outer, pool = nets['inner'], nets['external'], nets['pool']
    tiny, plural = nets['tiny'], 'ipv4_count and ipv4_ips cannot be specified together'
    single = f'ipv4_ips: network with ipv4_uuid {inner} should contain a single IP array'
    named: dict[str, list[Any]] = {
        'network must be specified': ['', None, 0],
        'network objects must contain ipv4_uuid': [{}, [], [inner], {'ipv4_uuid': ''}],
    }
    texts: dict[str, list[Any]] = {
        'network argument has invalid format': ['wowzers'],
        'network argument must be a network object or string': [5, True],
        'network not found': [UNKNOWN, {'ipv4_uuid': UNKNOWN}],
        'ipv4_uuid must be a string': [{'ipv4_uuid': 5}],
        'ipv4_uuid: x is not a uuid': [{'ipv4_uuid': 'x'}],
        'ipv4_count must be a number': [{'ipv4_uuid': inner, 'ipv4_count': '1'}],
        'ipv4_count can only be set to 1': [{'ipv4_uuid': inner, 'ipv4_count': 2}],
        plural: [{**wish(inner, 'x'), 'ipv4_count': 1}],
        'ipv4_ips must be an array with a single IP': [{'ipv4_uuid': inner, 'ipv4_ips': 'x'}],
        single: [wish(inner), wish(inner, '10.2.0.1', '10.2.0.2')],
        'ipv4_ips[0]: string expected': [wish(inner, 5)],
        f'ipv4_uuid: {pool} cannot specify IP on a network pool': [wish(pool, '10.4.0.10')],
        f'ipv4_uuid: {outer} cannot specify IP on a public network': [wish(outer, '10.1.0.9')],
        'cannot use 10.4.0.1 because it is a managed IP': [wish(tiny, '10.4.0.1')],
    }
    for code, found in (('MissingParameter', named), ('InvalidArgument', texts)):
        for text, wrongs in found.items():
            for wrong in wrongs:
                response = acme.send('POST', f'{path}/nics', {'network': wrong})
                assert (409, code, text) == refusal(response)
    assert 'network must be specified' == refusal(acme.send('POST', f'{path}/nics', {}))[2]


def test_refuses_networks_and_addresses_of_others(acme: Account) -> None:
    """A foreign network is 403, a taken address 422, one outside of the network 404."""
    nets = ids(acme)
    path = acme.machine(networks=[nets['external']])
    acme.machine(networks=[nets['inner']])
    response = acme.send('POST', f'{path}/nics', {'network': THEIRS})
    assert (403, 'NotAuthorized', 'owner cannot provision on network') == refusal(response)
    response = acme.send('POST', f'{path}/nics', {'network': wish(nets['inner'], '10.2.0.10')})
    assert (422, 'InvalidParameters', 'Invalid parameters') == refusal(response)
    used = {'field': 'ip', 'code': 'UsedBy', 'message': 'IP in use'}
    assert [used] == read(response)['errors']
    response = acme.send('POST', f'{path}/nics', {'network': wish(nets['inner'], '10.9.0.10')})
    assert (404, 'ResourceNotFound') == refusal(response)[:2]
    response = acme.send('POST', f'{path}/nics', {'network': wish(UNKNOWN, '10.9.0.10')})
    text = f'ipv4_uuid: network {UNKNOWN} not found'
    assert (404, 'ResourceNotFound', text) == refusal(response)


def test_refuses_machines_that_come_or_are_gone(acme: Account) -> None:
    """NICs are for machines that are there."""
    nets = ids(acme)
    machine = acme.create(networks=[nets['external']])
    path = f'/my/machines/{machine["id"]}'
    response = acme.send('POST', f'{path}/nics', {'network': nets['inner']})
    assert (409, 'UnallocatedVM') == refusal(response)[:2]
    acme.done()
    acme.send('DELETE', path)
    acme.done()
    response = acme.send('POST', f'{path}/nics', {'network': nets['inner']})
    assert (404, 'ResourceNotFound', 'VM not found') == refusal(response)
    assert (409, 'InvalidArgument') == refusal(acme.send('DELETE', f'{path}/nics/x'))[:2]


def test_a_deleted_machine_frees_what_it_was_to_get(acme: Account) -> None:
    """The address of a NIC that never came is free again."""
    nets = ids(acme)
    path = acme.machine(networks=[nets['external']])
    acme.send('DELETE', path)
    assert acme.send('POST', f'{path}/nics', {'network': nets['tiny']}).status == 201
    acme.done()
    assert '10.4.0.10' == acme.get(acme.machine(networks=[nets['tiny']]))['primaryIp']


def test_two_on_one_network_are_too_many() -> None:
    """The server gives up on a machine that a world put twice on a network."""
    networks = [network('inner', 2)]
    acme = Account({'networks': networks, 'machines': [{'networks': ['inner', 'inner']}]})
    path = f'/my/machines/{acme.get("/my/machines")[0]["id"]}'
    response = acme.send('POST', f'{path}/nics', {'network': ids(acme)['inner']})
    assert (500, 'InternalError', 'VM has multiple NICs on that network') == refusal(response)


def test_servers_without_fabrics_know_no_fabric_network() -> None:
    """Where fabrics are off, a fabric network can't be joined."""
    networks = [network('external', 1), network('inner', 2, fabric=True)]
    acme = Account({'networks': networks, 'machines': [{}], 'fabrics': False})
    path = f'/my/machines/{acme.get("/my/machines")[0]["id"]}'
    response = acme.send('POST', f'{path}/nics', {'network': ids(acme)['inner']})
    assert (409, 'InvalidArgument', 'Server does not support that network') == refusal(response)
