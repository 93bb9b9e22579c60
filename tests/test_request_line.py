"""What a raw request sends is what was signed, and odd ends of a call are told as they are."""

import gc
import threading
from contextlib import suppress
from email.utils import formatdate
from typing import Any

import pytest
import requests

import smartdc
from smartdc import DataCenter, Retry, deadline
from smartdc.simulator import Simulator
from smartdc.transport import ContextAdapter
from tests.clocks import TestClock
from tests.programs import KEYS
from tests.servers import json_reply, serving

KEY = KEYS / 'ed25519-openssh'


def client(url: str, **options: Any) -> DataCenter:
    """Return a client of a server that does not look at signatures."""
    return DataCenter(url, '/acme/keys/k', KEY, **{'retries': None, **options})


@pytest.mark.parametrize(
    ('path', 'sent'),
    [
        ('/keys/a%2fb', '/keys/a%2Fb'),
        ('/keys/a%c3%a4', '/keys/a%C3%A4'),
        ('/keys/aä', '/keys/a%C3%A4'),
        ('/keys/a[b]', '/keys/a%5Bb%5D'),
        ('/keys/a%zz', '/keys/a%25zz'),
        ('/keys/a%', '/keys/a%25'),
        ("/keys/!$&'()*+,;=:@~-._", "/keys/!$&'()*+,;=:@~-._"),
        ('/keys?x=%', '/keys?x=%25'),
        ('/keys?tag[x]=1&a=%2f', '/keys?tag%5Bx%5D=1&a=%2F'),
    ],
)
def test_what_is_signed_is_what_is_sent(
    cloud: Simulator, sdc: DataCenter, path: str, sent: str
) -> None:
    """Whatever the path is written like, the server takes the signature for a good one."""
    with suppress(smartdc.ResourceNotFound):
        sdc.request('GET', path)

    assert f'/acme{sent}' == cloud.requests[-1].target
    assert 401 != cloud.requests[-1].status


def test_a_path_never_loses_its_end(cloud: Simulator, sdc: DataCenter) -> None:
    """What stands behind a # is no part of a URL, and would be left out."""
    with pytest.raises(smartdc.InvalidInput, match='#'):
        sdc.request('DELETE', '/keys/a#b')

    assert not cloud.requests


ODD = b'HTTP/1.1 200 OK\r\nContent-Length: 5, 9\r\nRequest-Id: abc\r\n\r\n[]'


@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
def test_an_answer_with_two_lengths_is_a_broken_one() -> None:
    """A read is asked again; of a write nobody knows what became of it.

    urllib3 leaves the socket of such an answer to Python's collector.
    """
    with (
        serving(ODD, json_reply(200, b'[]'), ODD) as server,
        client(server.url, retries=Retry(base=0)) as sdc,
    ):
        assert [] == sdc.keys()
        with pytest.raises(smartdc.ConnectionFailed, match='odd headers') as caught:
            sdc.request('POST', '/keys', data={})

    assert caught.value.sent
    assert caught.value.maybe_done
    del caught
    gc.collect()


@pytest.mark.parametrize('off', [-86_400.0, 86_400.0])
def test_a_date_to_come_back_goes_by_the_clock_of_the_server(off: float) -> None:
    """However wrong the clock of this machine is."""
    clock = TestClock()
    there = clock.now() + off
    skewed = b'{"code": "InvalidHeader", "message": "clock skew of 999s is too great"}'
    date = formatdate(there, usegmt=True)
    later = formatdate(there + 5, usegmt=True)
    with (
        serving(
            json_reply(400, skewed, Date=date),
            json_reply(503, b'{}', Date=date, Retry_After=later),
            json_reply(200, b'[]', Date=date),
        ) as server,
        client(server.url, retries=Retry(base=0), clock=clock, correct_clock=True) as sdc,
    ):
        before = clock.now()
        with pytest.warns(UserWarning, match='clock of this machine'):
            sdc.keys()

    assert 4 <= clock.now() - before <= 6


class Slow(requests.auth.AuthBase):
    """Takes so long to sign that the time is up."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign nothing, late."""
        threading.Event().wait(0.3)
        return request


def test_nothing_is_sent_when_signing_took_too_long() -> None:
    """As when somebody is slow to type a passphrase."""
    with (
        serving(json_reply(200, b'{}')) as server,
        DataCenter(server.url, login='acme', auth=Slow(), retries=None) as sdc,
        deadline(0.1),
        pytest.raises(smartdc.Timeout) as caught,
    ):
        sdc.request('POST', '/keys', data={})

    assert not server.requests
    assert not caught.value.sent


def test_a_failure_keeps_no_secret() -> None:
    """Neither the signature nor the body is in what the error came from."""
    with (
        serving(b'') as server,
        client(server.url) as sdc,
        pytest.raises(smartdc.ConnectionFailed) as caught,
    ):
        sdc.create_user(login='bob', email='b@example.com', password='canary99')
    cause = caught.value.__cause__

    assert isinstance(cause, requests.RequestException)
    assert isinstance(cause.request, requests.PreparedRequest)
    assert cause.request.body is None
    assert 'Authorization' not in cause.request.headers


@pytest.mark.parametrize('wrong', [3, False, 0, 'no'])
def test_retries_are_a_policy_or_none(wrong: Any) -> None:
    """A number is not, and is refused at once."""
    with pytest.raises(smartdc.InvalidInput, match='retries= is a Retry or None'):
        DataCenter('us-sw-1', login='acme', retries=wrong)


def test_a_key_id_may_be_a_path(cloud: Simulator) -> None:
    """It is where the key is looked for."""
    with DataCenter(cloud.url(), cloud.key_path, None, login='acme', clock=cloud.clock) as sdc:
        assert sdc.keys()


def test_an_image_has_one_name(sdc: DataCenter) -> None:
    """The old name of the argument and the new one are not given together."""
    for call in (sdc.machines, sdc.num_machines, sdc.create_machine):
        with pytest.raises(smartdc.InvalidInput, match='give one of them'):
            call(image='base-64-lts', dataset='base-64-lts')
    with pytest.raises(smartdc.InvalidInput, match='give one of them'):
        sdc.create_machines(2, image='base-64-lts', dataset='base-64-lts')


def test_another_account_is_another_data_center(sdc: DataCenter) -> None:
    """They are not equal, as their machines are not the same."""
    assert sdc.acting(as_role='ops') == sdc
    assert sdc.acting(act_as='other') != sdc
    assert 2 == len({sdc, sdc.acting(act_as='other'), sdc.acting()})


def test_a_pool_that_is_closed_meanwhile_is_still_returned() -> None:
    """Whoever closes a client has no part in the calls of another thread."""

    class Closing(ContextAdapter):
        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value)
            if name == '_connections' and value is not None:
                super().__setattr__(name, None)

    request = requests.Request('GET', 'http://127.0.0.1:9/x').prepare()
    found = Closing(None, 1).get_connection_with_tls_context(request, verify=False)

    assert hasattr(found, 'urlopen')
