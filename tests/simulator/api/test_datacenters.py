"""Data centers and services."""

from __future__ import annotations

from tests.simulator.clouds import Account, read, refusal


def test_lists_all_with_their_urls() -> None:
    """Each data center is listed with where it listens, and says its own name."""
    acme = Account()
    acme.cloud.urls = {'us-sw-1': 'http://127.0.0.1:1', 'us-east-1': 'http://127.0.0.1:2'}
    response = acme.send('GET', '/my/datacenters', home='us-east-1')
    assert acme.cloud.urls == read(response)
    assert 'us-east-1' == response.headers['Triton-Datacenter-Name']


def test_sends_on_to_another() -> None:
    """One data center is a redirection with a body; an unknown one is a 404."""
    acme = Account()
    acme.cloud.urls = {'us-east-1': 'http://127.0.0.1:2'}
    response = acme.send('GET', '/my/datacenters/us-east-1')
    assert (302, 'http://127.0.0.1:2') == (response.status, response.headers['Location'])
    body = {'code': 'ResourceMoved', 'message': 'us-east-1 http://127.0.0.1:2'}
    assert body == read(response)
    response = acme.send('GET', '/my/datacenters/x')
    assert (404, 'ResourceNotFound', 'x is not an available datacenter') == refusal(response)


def test_lists_services() -> None:
    """The services are this CloudAPI and those of the world."""
    acme = Account({'services': {'manta': 'https://manta.example'}})
    assert {'cloudapi', 'manta'} == set(acme.get('/my/services'))
