"""The datacenters chapter, and going from one data center to another."""

import pytest

from smartdc import DataCenter, InvalidInput, ResourceNotFound
from smartdc.locations import KNOWN_LOCATIONS
from smartdc.simulator import Simulator


def test_datacenters_are_names_and_urls(cloud: Simulator, sdc: DataCenter) -> None:
    """Each data center of the cloud has its URL."""
    names = ('us-sw-1', 'us-east-1')

    assert {name: cloud.url(name) for name in names} == sdc.datacenters()


def test_datacenter_url_is_where_the_server_redirects(cloud: Simulator, sdc: DataCenter) -> None:
    """The redirect is read and not followed."""
    assert cloud.url('us-east-1') == sdc.datacenter_url('us-east-1')
    with pytest.raises(ResourceNotFound):
        sdc.datacenter_url('nope')


def test_services_are_names_and_urls(cloud: Simulator, sdc: DataCenter) -> None:
    """CloudAPI itself is among the services."""
    assert cloud.url() == sdc.services()['cloudapi']


def test_another_data_center_shares_account_and_settings(cloud: Simulator, sdc: DataCenter) -> None:
    """The other data center signs with the same key and counts its own machines."""
    with sdc.datacenter('us-east-1') as east:
        machine = east.create_machine(name='far')

        assert cloud.url('us-east-1') == east.base_url
        assert sdc.auth is east.auth
        assert [machine] == east.machines()
        assert [] == sdc.machines()


def test_an_unknown_name_is_asked_for_once(cloud: Simulator) -> None:
    """The server's own table is fetched once; then the name is refused with those there are."""
    with cloud.datacenter(location=cloud.url(), known_locations={}) as sdc:
        with sdc.datacenter('us-east-1') as east:
            assert cloud.url('us-east-1') == east.base_url
        for _ in range(2):
            with pytest.raises(InvalidInput, match='us-east-1'):
                sdc.datacenter('mars')

    assert 1 == len(cloud.requests)


def test_a_refused_name_comes_with_what_the_server_has(cloud: Simulator) -> None:
    """Names that only the client knows, such as those of 2013, are not said to be in this cloud."""
    with (
        cloud.datacenter(location=cloud.url(), known_locations=KNOWN_LOCATIONS) as sdc,
        pytest.raises(InvalidInput) as caught,
    ):
        sdc.datacenter('us-east-9')

    text = "this cloud has no data center 'us-east-9': it has us-east-1, us-sw-1"
    assert text == str(caught.value)


@pytest.mark.parametrize('name', ['us-central-1', 'eu-ams-1'])
def test_names_of_other_clouds_are_not_in_this_one(cloud: Simulator, name: str) -> None:
    """What is signed for this account never goes there; a given or added location does."""
    with cloud.datacenter(location=cloud.url(), known_locations=None) as sdc:
        with pytest.raises(InvalidInput, match=f'no data center {name!r}'):
            sdc.datacenter(name)
        with sdc.datacenter('us-east-1') as east:
            assert cloud.url('us-east-1') == east.base_url
            with pytest.raises(InvalidInput, match=f'no data center {name!r}'):
                east.datacenter(name)
        sdc.known_locations[name] = 'https://ours'
        assert 'https://ours' == sdc.datacenter(name).base_url
    with cloud.datacenter(location=cloud.url(), known_locations=KNOWN_LOCATIONS) as sdc:
        assert KNOWN_LOCATIONS[name] == sdc.datacenter(name).base_url


def test_a_url_is_local(cloud: Simulator, sdc: DataCenter) -> None:
    """A data center that is given by URL or host costs no request."""
    assert 'https://cloudapi.example.com' == sdc.datacenter('cloudapi.example.com').base_url
    assert not cloud.requests


def test_ping_needs_no_account(cloud: Simulator) -> None:
    """The server's sign of life comes without a signature."""
    with DataCenter(cloud.url()) as anybody:
        assert 'pong' == anybody.ping()['ping']
