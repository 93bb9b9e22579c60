"""Defects 1 to 27 of py-smartdc 0.2.0: calls that failed, and wrong results. None comes back."""

import json
import sys
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, LegacyDataCenter, Machine, Snapshot
from smartdc.datacenter import search_dicts
from smartdc.machine import priv, timestamp
from smartdc.simulator import Simulator
from tests.servers import json_reply, serving

ID = 'b1e3f1c0-9999-4aaa-8bbb-cccccccccccc'


def query(cloud: Simulator) -> set[str]:
    """Return the parts of the last request's query."""
    return set(cloud.requests[-1].target.partition('?')[2].split('&'))


def test_01_images_can_be_filtered_by_type(sdc: DataCenter) -> None:
    """images() was a NameError on every call."""
    assert sdc.images(type='zone-dataset')


def test_02_create_machine_posts_to_machines(cloud: Simulator, sdc: DataCenter) -> None:
    """The path had lost its slash and updated another account."""
    sdc.create_machine()

    assert f'/{cloud.account}/machines' == cloud.requests[-1].target


def test_03_create_snapshot_returns_without_dates(machine: Machine) -> None:
    """It was a TypeError after the snapshot had been made."""
    assert machine.create_snapshot('s').created is None


def test_04_a_machine_without_dates_is_a_machine(sdc: DataCenter) -> None:
    """A server may leave out created."""
    assert Machine(sdc, data={'id': ID}).created is None


def test_05_legacy_packages_can_be_searched(cloud: Simulator) -> None:
    """LegacyDataCenter.packages(search=) was a NameError."""
    packages = json.dumps([{'name': 'Small 1GB'}, {'name': 'Large'}]).encode()
    with (
        serving(json_reply(200, packages)) as server,
        LegacyDataCenter(server.url, '/acme/keys/x', str(cloud.key_path)) as sdc,
    ):
        assert ['Small 1GB'] == [package['name'] for package in sdc.packages('small')]


def test_06_timestamp_is_a_number() -> None:
    """It was a NameError."""
    assert 1735787045 == timestamp('2025-01-02T03:04:05.000Z')


def test_07_it_runs_on_this_python() -> None:
    """0.2.0 could not be imported on Python 3."""
    assert sys.version_info >= (3, 11)
    assert issubclass(LegacyDataCenter, smartdc.DataCenter)


def test_08_datasets_are_answered_by_images(cloud: Simulator, sdc: DataCenter) -> None:
    """/datasets is a 405 on servers of 8.0 and later."""
    assert sdc.datasets()
    assert f'/{cloud.account}/images' == cloud.requests[-1].target


def test_09_api_is_no_web_page(sdc: DataCenter) -> None:
    """`GET /` redirects to HTML now; api() still returns JSON, and warns."""
    with pytest.warns(DeprecationWarning, match='api'):
        assert 'pong' == sdc.api()['ping']


def test_10_num_machines_sends_its_filters(cloud: Simulator, sdc: DataCenter) -> None:
    """It sent none of the six."""
    image = sdc.images()[0]['id']
    sdc.num_machines('smartmachine', image, 'running', 256, True, {'role': 'web'})

    assert {
        *('type=smartmachine', f'image={image}', 'state=running', 'memory=256'),
        *('tombstone=true', 'tag.role=web'),
    } <= query(cloud)


def test_11_machines_goes_on_while_pages_are_full(cloud: Simulator, sdc: DataCenter) -> None:
    """It stopped at one page; `paged` still means one."""
    for number in range(5):
        sdc.create_machine(name=f'm{number}')

    assert 5 == len(sdc.machines(limit=2))
    assert 2 == len(sdc.machines(limit=2, paged=True))


def test_12_a_list_without_paging_headers_is_a_list(machine: Machine) -> None:
    """`tags=*` has no x-query-limit, which was a KeyError."""
    machine.add_tags(a='b')
    machine.datacenter.clock.sleep(30)

    assert [machine] == machine.datacenter.machines(tags='*')


def test_13_the_default_package_is_found(sdc: DataCenter) -> None:
    """A boolean was compared with the text 'true'."""
    assert sdc.default_package() is not None


def test_14_networks_are_searched_by_name(sdc: DataCenter) -> None:
    """The default fields were the letters of a text."""
    name = sdc.networks()[0]['name']

    assert name in [network['name'] for network in sdc.networks(search=name)]


def test_15_a_search_passes_over_what_is_no_text() -> None:
    """None and numbers were TypeErrors."""
    rows: list[dict[str, Any]] = [{'a': None}, {'a': 12}, {}, {'a': 'x1'}]

    assert [{'a': 12}, {'a': 'x1'}] == list(search_dicts(rows, '1', ['a']))
    assert [{'a': 'x1'}] == list(search_dicts(rows, 'X', 'a'))


def test_16_an_image_dict_needs_no_urn(sdc: DataCenter) -> None:
    """dataset(), create_machine() and machines() were KeyErrors for today's images."""
    image = sdc.images()[0]

    assert image['id'] == sdc.dataset(dict(image))['id']
    assert [sdc.create_machine(dataset=dict(image))] == sdc.machines(dataset=dict(image))


def test_17_a_machine_keeps_all_fields(machine: Machine) -> None:
    """Image, package, brand, tags, networks and others were dropped."""
    fields = 'image package brand tags networks primary_ip compute_node dns_names docker'
    for name in (*fields.split(), 'firewall_enabled', 'deletion_protection'):
        getattr(machine, name)
    assert machine.image == machine.dataset == machine.data['image']
    assert machine.data['nics'] == machine.datacenter.raw_machine_data(machine)['nics']


def test_18_get_tag_returns_a_text(machine: Machine) -> None:
    """A header that asked for text was never sent; the JSON string is decoded."""
    machine.add_tags(role='web')
    machine.datacenter.clock.sleep(30)

    assert 'web' == machine.get_tag('role')


def test_19_update_account_sends_a_body(cloud: Simulator, sdc: DataCenter) -> None:
    """Personal data stood in the URL."""
    sdc.update_account(city='Utrecht')

    assert '?' not in cloud.requests[-1].target
    assert {'city': 'Utrecht'} == json.loads(cloud.requests[-1].body)


def test_20_an_empty_body_is_sent(cloud: Simulator, sdc: DataCenter) -> None:
    """`{}` was dropped."""
    with pytest.raises(smartdc.MissingParameter):
        sdc.request('POST', '/machines', data={})

    assert b'{}' == cloud.requests[-1].body


def test_21_create_machine_takes_all_that_it_is_given(cloud: Simulator, sdc: DataCenter) -> None:
    """Credentials and tuples of networks were ignored, and the name check was an assert."""
    network = sdc.networks()[0]['id']
    machine = sdc.create_machine(
        name='under_score.{{shortId}}', networks=(network,), credentials=True
    )

    assert [network] == machine.networks
    assert {'credentials=true'} == query(cloud)
    with pytest.raises(smartdc.InvalidInput):
        sdc.create_machine(name='trailing\n')


def test_22_a_running_machine_can_be_deleted(machine: Machine) -> None:
    """The old text said that it had to be stopped."""
    machine.delete()
    machine.poll_until('deleted')


def test_23_metadata_is_the_same_everywhere_and_dicts_stay_whole(machine: Machine) -> None:
    """Calls differed in what they left in the attribute, and changed the caller's dicts."""
    machine.update_metadata({'user-script': '#!/bin/sh', 'a': '1'})
    shown = machine.metadata
    machine.datacenter.clock.sleep(30)
    machine.get_metadata()
    data = {'id': ID, 'metadata': {'user-script': 'x', 'credentials': {'root': 'y'}}}
    before = json.dumps(data)

    assert 'user-script' not in shown
    assert shown == machine.metadata
    assert {} == Machine(machine.datacenter, data=data).metadata
    assert before == json.dumps(data)


def test_24_credentials_are_asked_for_each_time(cloud: Simulator, sdc: DataCenter) -> None:
    """They were kept for ever once seen."""
    machine = sdc.create_machine(metadata={'credentials': {'root': 'old'}})
    machine.credentials()
    before = len(cloud.requests)
    machine.credentials()

    assert before + 1 == len(cloud.requests)


def test_25_ips_ask_nothing(cloud: Simulator, sdc: DataCenter) -> None:
    """An empty list was asked for again at each access."""
    machine = Machine(sdc, data={'id': ID, 'ips': []})

    assert [] == machine.ips == machine.public_ips == machine.private_ips
    assert not cloud.requests


def test_26_private_addresses_are_known() -> None:
    """Loopback, link-local, shared and IPv6 addresses counted as public."""
    assert all(map(priv, ['127.0.0.1', '169.254.1.1', '100.64.0.1', 'fd00::1', '172.20.0.1']))
    assert not any(map(priv, ['172.15.0.1', '8.8.8.8', '2606:4700::1']))


def test_27_a_wrong_clock_gets_a_hint(cloud: Simulator) -> None:
    """The server refuses dates over 300 s off; the error says to set the clock."""

    class Slow:
        def now(self) -> float:
            return cloud.clock.now() - 400

        def sleep(self, seconds: float) -> None:
            cloud.clock.sleep(seconds)

    with (
        cloud.datacenter(clock=Slow(), retries=None, correct_clock=False) as sdc,
        pytest.raises(smartdc.InvalidHeader, match=r'clock skew of 400[.0-9]*s.*set this machine'),
    ):
        sdc.keys()


def test_a_snapshot_of_a_bare_dict_is_a_snapshot(machine: Machine) -> None:
    """Only a name is needed."""
    assert Snapshot(machine, data={'name': 's'}).state is None
