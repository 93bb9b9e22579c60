"""Defects 28 to 46 of py-smartdc 0.2.0: errors, transport and state. None comes back."""

import inspect
import logging
from pathlib import Path
from typing import Any

import pytest
import requests

import smartdc
from smartdc import DataCenter, LegacyDataCenter, Machine
from smartdc.datacenter import DEFAULT_HEADERS, KNOWN_LOCATIONS
from smartdc.locations import base_url
from smartdc.simulator import Simulator
from tests.proxy import Proxy
from tests.servers import json_reply, reply, serving


def at(url: str, cloud: Simulator, **options: Any) -> DataCenter:
    """Return a data center at a scripted server."""
    return DataCenter(url, '/acme/keys/x', str(cloud.key_path), **{'retries': None, **options})


@pytest.mark.parametrize('status', [499, 500, 502, 503, 504])
def test_28_server_errors_raise(cloud: Simulator, status: int) -> None:
    """499 and every 5xx came back as data."""
    with (
        serving(json_reply(status, b'{"code":"X","message":"m"}')) as server,
        at(server.url, cloud) as sdc,
        pytest.raises(smartdc.APIError),
    ):
        sdc.machines()


def test_29_errors_print_nothing(sdc: DataCenter, capsys: pytest.CaptureFixture[str]) -> None:
    """Bodies went to stderr; code and message are in the exception now."""
    with pytest.raises(smartdc.ResourceNotFound) as caught:
        sdc.key('nope')

    assert ('', '') == tuple(capsys.readouterr())
    assert ('ResourceNotFound', 'nope does not exist') == (caught.value.code, caught.value.message)


def test_30_deletion_can_be_waited_for(machine: Machine) -> None:
    """The 410 of a deleted machine was an error to poll_until and refresh."""
    machine.delete()
    machine.poll_until('deleted')
    machine.refresh()

    assert 'deleted' == machine.state


def test_31_redirects_are_not_followed(cloud: Simulator) -> None:
    """A signed request never goes where somebody else says."""
    with serving() as elsewhere, serving(reply(302, b'', Location=elsewhere.url)) as server:
        with at(server.url, cloud) as sdc, pytest.raises(smartdc.InvalidResponse):
            sdc.keys()
        assert [] == elsewhere.requests


@pytest.mark.parametrize(
    ('status', 'leaf'), [(429, smartdc.TooManyRequests), (503, smartdc.ServiceUnavailable)]
)
def test_32_throttling_and_maintenance_have_errors_of_their_own(
    cloud: Simulator, status: int, leaf: type[Exception]
) -> None:
    """They were a bare HTTPError, or data."""
    with (
        serving(reply(status, b'', Retry_After='3')) as server,
        at(server.url, cloud) as sdc,
        pytest.raises(leaf),
    ):
        sdc.keys()


def test_33_json_is_json_whatever_follows_its_type(cloud: Simulator) -> None:
    """A charset made bytes of it, and no type at all was a KeyError."""
    answer = reply(200, b'[]', Content_Type='Application/JSON; charset=utf-8')
    with serving(answer, reply(204)) as server, at(server.url, cloud) as sdc:
        assert [] == sdc.keys()
        assert sdc.request('DELETE', '/keys/x')[0] is None


def test_34_create_machine_checks_once(sdc: DataCenter, cloud: Simulator) -> None:
    """One request creates, and its answer is the machine."""
    image, package = sdc.images()[0]['id'], sdc.packages()[0]['name']
    before = len(cloud.requests)
    sdc.create_machine(image=image, package=package)

    assert before + 1 == len(cloud.requests)


def test_35_headers_are_each_ones_own() -> None:
    """A LegacyDataCenter switched every other instance to ~6.5."""
    before = dict(DEFAULT_HEADERS)
    LegacyDataCenter('https://host', headers={'X-Own': 'yes'})

    assert before == DEFAULT_HEADERS
    assert '~9||~8||~7' == DataCenter('https://host').api_version


def test_36_locations_are_each_ones_own(cloud: Simulator, sdc: DataCenter) -> None:
    """datacenters() changed the table of all instances, and {} was ignored."""
    before = dict(KNOWN_LOCATIONS)
    sdc.datacenters()

    assert before == KNOWN_LOCATIONS == DataCenter('https://host').known_locations
    assert {} == DataCenter('https://host', known_locations={}).known_locations


@pytest.mark.parametrize(
    'location', ['localhost:8080', 'http://host', 'https://host:8443', '[::1]:8080']
)
def test_37_ports_schemes_and_ipv6_work(location: str) -> None:
    """Https was forced, and a port was part of a name."""
    assert base_url(location, {}).rpartition('//')[2] == location.rpartition('//')[2]


def test_38_ids_are_percent_encoded(machine: Machine) -> None:
    """Names with blanks, slashes and the like named other resources."""
    machine.add_tags({'a/b c#d?e%f': 'x'})
    machine.datacenter.clock.sleep(30)

    assert 'x' == machine.get_tag('a/b c#d?e%f')
    machine.create_snapshot('s_1')
    assert ['s_1'] == [snapshot.name for snapshot in machine.snapshots()]


def test_39_equality_asks_nothing_and_there_is_a_hash(cloud: Simulator, sdc: DataCenter) -> None:
    """== made calls and could raise; a data center could not be in a set."""
    assert 1 == len({sdc, cloud.datacenter()})
    assert sdc != object()
    assert not cloud.requests


def test_40_connections_are_kept_and_calls_have_limits(cloud: Simulator, sdc: DataCenter) -> None:
    """Each call opened a connection, with no time limit and no close."""
    with Proxy(cloud.url()) as proxy:
        sdc.known_locations = {'us-sw-1': proxy.url}
        sdc.keys()
        sdc.keys()
        assert 1 == proxy.accepted
        assert (5.0, 60.0) == sdc.timeout
        sdc.close()
        assert sdc.keys()
        assert 2 == proxy.accepted
        sdc.close()


def test_41_the_current_layout_is_signed(cloud: Simulator, sdc: DataCenter) -> None:
    """Only the date was signed, in the old layout, by RSA."""
    sdc.keys()
    header = cloud.requests[-1].headers['authorization']

    assert 'headers="(request-target) date"' in header
    assert 'algorithm="ed25519-sha512"' in header


@pytest.mark.parametrize('arguments', [{}, {'key_id': '/a/keys/b'}, {'secret': 'x'}])
def test_42_authenticate_says_what_is_missing(arguments: dict[str, Any]) -> None:
    """It silently did nothing."""
    with pytest.raises(smartdc.InvalidInput):
        DataCenter('https://host').authenticate(**arguments)


def test_43_verbose_goes_through_logging(sdc: DataCenter, caplog: pytest.LogCaptureFixture) -> None:
    """Lines were printed; a handler gets them now, without the signature."""
    with caplog.at_level(logging.DEBUG, 'smartdc.http'):
        sdc.keys()

    assert 1 == len(caplog.records)
    assert 'Signature' not in caplog.text


def test_44_waits_end(machine: Machine) -> None:
    """There was no limit and no failure state."""
    with pytest.raises(smartdc.WaitTimeout):
        machine.poll_until('stopped', timeout=1)
    assert {'failed'} == set(Machine.FAILED)


def test_45_reads_have_no_content_type(cloud: Simulator, sdc: DataCenter) -> None:
    """GET, HEAD and DELETE claimed to have a body."""
    sdc.keys()
    sdc.num_machines()
    with pytest.raises(smartdc.ResourceNotFound):
        sdc.delete_key('nope')

    assert not [each for each in cloud.requests if 'content-type' in each.headers]


def test_46_the_dead_cloud_is_never_signed_for() -> None:
    """Without a location 0.2.0 went to a domain that is gone; the names stay."""
    assert 'us-west-1' in KNOWN_LOCATIONS
    with pytest.raises(smartdc.ConfigurationError):
        DataCenter(key_id='/a/keys/b').keys()


def test_drift_the_documentation_has_one_story() -> None:
    """Tombstone is a switch, name finds beginnings, destroyed is the state to filter by."""
    text = inspect.getdoc(DataCenter.machines) or ''

    for part in ('names that begin with `name`', 'destroyed', '`tombstone` adds machines'):
        assert part in ' '.join(text.split())


def test_deprecated_names_warn(sdc: DataCenter) -> None:
    """me() still works, and says that it will go."""
    with pytest.warns(DeprecationWarning, match='me is deprecated'):
        assert sdc.account() == sdc.me()


def test_https_where_there_is_none_is_not_blamed_on_a_certificate(cloud: Simulator) -> None:
    """The error asks whether the address is right, as nothing can be trusted there."""
    url = cloud.url().replace('http://', 'https://')
    with cloud.datacenter(location=url) as sdc, pytest.raises(smartdc.TLSError) as caught:
        sdc.keys()

    assert str(caught.value).startswith(f'{url} does not speak TLS: ')
    assert str(caught.value).endswith('. Is the port right, or is it http:// there?')


def test_a_certificate_that_is_not_trusted_is_refused() -> None:
    """The error says which argument to give; with it the call goes through."""
    with Simulator(tls=True, job_time=0) as cloud:
        with cloud.datacenter(verify=True) as sdc, pytest.raises(smartdc.TLSError, match='verify='):
            sdc.keys()
        with cloud.datacenter() as sdc:
            assert sdc.keys()
        with cloud.datacenter(verify=False) as sdc:
            assert sdc.keys()


def test_a_certificate_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A wrong path is a ConfigurationError before anything is sent."""
    missing = tmp_path / 'ca.pem'
    with Simulator(tls=True, job_time=0) as cloud, cloud.datacenter(verify=str(missing)) as sdc:
        with pytest.raises(smartdc.ConfigurationError, match=str(missing)):
            sdc.keys()
        assert not cloud.requests


def test_the_environment_names_certificates_only_when_unasked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """REQUESTS_CA_BUNDLE is read for verify=True, and never in the place of a path given."""
    with Simulator(tls=True, job_time=0) as cloud:
        monkeypatch.setenv('REQUESTS_CA_BUNDLE', str(cloud.ca_file))
        with cloud.datacenter(verify=True) as sdc:
            assert sdc.keys()
        monkeypatch.setenv('REQUESTS_CA_BUNDLE', str(tmp_path / 'nothing'))
        with cloud.datacenter(verify=str(cloud.ca_file)) as sdc:
            assert sdc.keys()


def test_old_code_that_catches_requests_errors_still_does(sdc: DataCenter) -> None:
    """`except requests.HTTPError` keeps working."""
    with pytest.raises(requests.HTTPError):
        sdc.key('nope')
