"""LegacyDataCenter against data centers of old versions."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from smartdc import (
    DataCenter,
    InvalidVersion,
    LegacyDataCenter,
    MachineDiffers,
    ResourceNotFound,
    Unsupported,
)
from smartdc.simulator import Simulator, SteppedClock
from smartdc.ssh_target import target

MINIMAL = 'sdc:sdc:minimal-64-lts:23.4.0'

WORLD = {
    'datacenters': [
        {'name': 'first', 'version': '6.5.0'},
        {'name': 'second', 'version': '7.2.0'},
        {'name': 'new'},
    ]
}


@pytest.fixture
def old() -> Iterator[Simulator]:
    """Yield a cloud with data centers of three ages."""
    with Simulator(WORLD, job_time=10, clock=SteppedClock()) as cloud:
        yield cloud


def legacy(cloud: Simulator, name: str) -> LegacyDataCenter:
    """Return a legacy client of a data center."""
    return LegacyDataCenter(
        cloud.url(name), cloud.key_id, cloud.key_path, login=cloud.account, clock=cloud.clock
    )


@pytest.mark.parametrize('name', ['first', 'second'])
def test_datasets_are_listed_and_got(old: Simulator, name: str) -> None:
    """By id and by URN, and one of them is the default."""
    with legacy(old, name) as sdc:
        datasets = sdc.datasets()
        default = sdc.default_dataset()

        assert default in datasets
        assert default is not None
        assert default == sdc.dataset(default['id']) == sdc.dataset(default['urn'])
        assert 'smartos' == default['os']
        assert ['sdc:sdc:smartos64:1.8.4'] == [each['urn'] for each in sdc.datasets('64:1.8.4')]
        with pytest.raises(ResourceNotFound):
            sdc.dataset('sdc:sdc:none:1.0')


def test_packages_have_a_default(old: Simulator) -> None:
    """It is the one that is flagged."""
    with legacy(old, 'first') as sdc:
        package = sdc.default_package()
        assert package is not None
        assert ('g1-small', True) == (package['name'], package['default'])
        assert ['g1-small'] == [found['name'] for found in sdc.packages('small')]


@pytest.mark.parametrize('name', ['first', 'second'])
def test_a_machine_lives_its_life(old: Simulator, name: str) -> None:
    """It is made with the defaults, or of a URN, stopped and deleted; it tells its dataset."""
    with legacy(old, name) as sdc:
        default = sdc.default_dataset()
        assert default is not None
        machine = sdc.create_machine(name='old0')
        machine.poll_until('running')
        assert default['urn'] == machine.data['dataset']
        other = sdc.create_machine(dataset='sdc:sdc:minimal-64-lts:23.4.0', package='g1-nano')
        assert 'sdc:sdc:minimal-64-lts:23.4.0' == other.data['dataset']
        machine.stop()
        machine.poll_until('stopped')
        machine.delete()
        machine.poll_until('deleted')


@pytest.mark.parametrize('name', ['first', 'second'])
def test_machines_are_found_by_their_dataset(old: Simulator, name: str) -> None:
    """By id, URN and dict; one that is not there is an error, not an empty list."""
    with legacy(old, name) as sdc:
        made = sdc.create_machine('old0', dataset=MINIMAL)
        sdc.create_machine('other')
        dataset: Any = sdc.dataset(MINIMAL)

        for given in (MINIMAL, dataset, dataset['id'], dataset['id'].upper()):
            assert [made] == sdc.machines(dataset=given) == list(sdc.iter_machines(image=given))
            assert 1 == sdc.num_machines(dataset=given)
        with pytest.raises(ResourceNotFound):
            sdc.machines(dataset='sdc:sdc:none:1.0')


@pytest.mark.parametrize('name', ['first', 'second'])
def test_a_machine_is_made_once(old: Simulator, name: str) -> None:
    """The dataset of the one that is there has to be the one that is wanted."""
    with legacy(old, name) as sdc:
        made = sdc.ensure_machine('old0', image=MINIMAL)
        dataset: Any = sdc.dataset(MINIMAL)

        assert [made] * 3 == [
            sdc.ensure_machine('old0', image=given) for given in (MINIMAL, dataset, dataset['id'])
        ]
        assert [made] == sdc.machines()
        with pytest.raises(MachineDiffers):
            sdc.ensure_machine('old0', image='sdc:sdc:smartos64:1.8.4')


@pytest.mark.parametrize('name', ['first', 'second'])
def test_root_logs_in_where_images_have_no_tags(old: Simulator, name: str) -> None:
    """There is no image to ask for its default user."""
    with legacy(old, name) as sdc:
        machine = sdc.create_machine('old0', dataset=MINIMAL)
        machine.poll_until('running')
        machine.refresh()

        assert 'root' == target(sdc, machine.data).user


def test_what_the_first_api_lacks_is_unsupported(old: Simulator) -> None:
    """Images and networks are not asked for, and the server has none."""
    with legacy(old, 'first') as sdc:
        for call in (sdc.images, sdc.networks, sdc.api):
            with pytest.raises(Unsupported):
                call()
        for path in ('/images', '/networks'):
            with pytest.raises(ResourceNotFound):
                sdc.request('GET', path)
        with pytest.raises(Unsupported):
            sdc.create_machine(networks=['x'])


def test_the_second_api_has_both(old: Simulator) -> None:
    """With ~7 come images and networks, while ~6.5 is still answered."""
    with old.datacenter('second') as sdc:
        assert sdc.images()
        assert sdc.networks()
    with legacy(old, 'second') as sdc, pytest.raises(InvalidVersion):
        sdc.request('GET', '/machines', headers={'Accept-Version': '~8', 'X-Api-Version': '~8'})


def test_new_servers_refuse_the_first_api(old: Simulator) -> None:
    """They name the version."""
    with legacy(old, 'new') as sdc, pytest.raises(InvalidVersion, match=r'~6\.5'):
        sdc.packages()


def test_answers_have_the_old_headers(old: Simulator) -> None:
    """The names with an X, beside the new ones."""
    for name, version in (('first', '6.5.0'), ('second', '7.2.0')):
        with legacy(old, name) as sdc:
            _, response = sdc.request('GET', '/packages')
        _is_old(response, version)
    with DataCenter(
        old.url('new'), old.key_id, old.key_path, login=old.account, clock=old.clock
    ) as sdc:
        _, response = sdc.request('GET', '/packages')
    assert 'X-Request-Id' not in response.headers


def _is_old(response: requests.Response, version: str) -> None:
    assert version == response.headers['X-Api-Version'] == response.headers['Api-Version']
    assert f'cloudapi/{version}' == response.headers['Server']
    assert response.headers['Request-Id'] == response.headers['X-Request-Id']
    assert response.headers['Response-Time'] == response.headers['X-Response-Time']
