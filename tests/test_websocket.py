"""How websockets are opened: with the signature, certificates and errors of any other call."""

from __future__ import annotations

import socket
import subprocess
import sys
import traceback

import pytest

import smartdc
from smartdc import DataCenter, errors
from smartdc.changefeed import SUB_RESOURCES
from smartdc.pacing import Pace, paced
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from smartdc.websocket import _proxy
from tests.servers import serving


def test_the_first_connection_fails_like_any_call(cloud: Simulator) -> None:
    """The errors are those of CloudAPI, and attempts are made as for other calls."""
    with cloud.datacenter(key_id='/acme/keys/other') as stranger:
        with pytest.raises(errors.InvalidCredentials) as caught:
            stranger.changefeed().__enter__()
        assert caught.value.request_id
        assert 'Authorization' not in caught.value.response.request.headers
    cloud.faults.add('changefeed', status=503, count=2)
    with cloud.datacenter(retries=Retry(base=0)) as sdc, sdc.changefeed():
        assert [401, 503, 503, 101] == [
            each.status for each in cloud.requests if each.operation == 'changefeed'
        ]


@pytest.mark.parametrize('way', ['nobody there', 'no way by the proxy', 'gone', 'no answer'])
def test_it_is_known_whether_the_request_was_sent(
    sdc: DataCenter, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """It was not while there was no connection to the server."""
    with socket.create_server(('127.0.0.1', 0)) as silent, serving(b'') as deaf:
        url = {
            'nobody there': 'http://127.0.0.1:1',
            'no way by the proxy': 'http://192.0.2.1:81',
            'gone': deaf.url,
            'no answer': f'http://127.0.0.1:{silent.getsockname()[1]}',
        }[way]
        monkeypatch.setenv('http_proxy', deaf.url)
        server = DataCenter(url, auth=sdc.auth, retries=None, timeout=0.3)
        with pytest.raises(errors.ConnectionFailed, match=url) as caught:
            server.changefeed().__enter__()

    assert (way in ('gone', 'no answer')) == caught.value.sent
    assert (way == 'no answer') == isinstance(caught.value, errors.Timeout)


def test_in_a_paced_block_each_attempt_waits_for_its_turn(cloud: Simulator) -> None:
    """A server that refuses for want of tokens is asked again when it should have some."""
    cloud.faults.add('changefeed', status=429, code='TooManyRequestsError')
    began = cloud.clock.now()
    with (
        cloud.datacenter(retries=None) as sdc,
        paced(Pace(patience=100)),
        pytest.raises(errors.TooManyRequests),
    ):
        sdc.changefeed().__enter__()

    assert began + 100 < cloud.clock.now() < began + 200


def test_what_is_no_websocket_is_said(cloud: Simulator, sdc: DataCenter) -> None:
    """A server that answers with a page is no CloudAPI."""
    cloud.faults.add('changefeed', status=200)
    with pytest.raises(errors.InvalidResponse, match='status 200, not with a websocket'):
        cloud.datacenter(retries=None).changefeed().__enter__()


def test_the_usual_headers_are_sent(cloud: Simulator, sdc: DataCenter) -> None:
    """The handshake has the headers of every other call."""
    with sdc.changefeed():
        asked = next(each for each in cloud.requests if each.operation == 'changefeed')

    assert '~9||~8||~7' == asked.headers['accept-version'] == asked.headers['x-api-version']
    assert asked.headers['user-agent'].startswith('py-smartdc')
    assert f'/{sdc.login}/changefeed' == asked.target


def test_certificates_are_checked_as_everywhere() -> None:
    """A feed over TLS goes by the data center's `verify`."""
    with Simulator(job_time=0, tls=True) as cloud:
        with cloud.datacenter() as sdc, sdc.changefeed(timeout=20) as feed:
            sdc.create_machine(name='web0')
            assert 'provisioning' == next(feed).state
        with (
            cloud.datacenter(verify=True) as doubting,
            pytest.raises(errors.TLSError, match='certificate'),
        ):
            doubting.changefeed().__enter__()


def test_proxies_are_those_of_other_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names them; there is none on loopback."""
    monkeypatch.setenv('https_proxy', 'proxy.example:3128')
    monkeypatch.setenv('http_proxy', 'http://proxy.example:3129')

    assert 'http://proxy.example:3128' == _proxy('https://cloudapi.example/my/changefeed')
    assert 'http://proxy.example:3129' == _proxy('http://cloudapi.example/my/changefeed')
    assert _proxy('http://127.0.0.1:80/') is None


@pytest.mark.parametrize(
    'proxy',
    [
        'http://user:s3cret@host:port',
        'http://user:s3cret@127.0.0.1:99999',
        'http://user:s3cret@:99999',
        'http://user:s3c/ret@127.0.0.1:9',
        'ftp://user:s3cret@127.0.0.1',
        'http://[::1',
        'http://',
    ],
)
@pytest.mark.parametrize('call', ['keys', 'changefeed'])
def test_a_proxy_that_cannot_be_is_refused(
    sdc: DataCenter, monkeypatch: pytest.MonkeyPatch, proxy: str, call: str
) -> None:
    """By every call, and its password is in no text that is shown."""
    monkeypatch.setenv('http_proxy', proxy)
    far = DataCenter('http://192.0.2.1:81', auth=sdc.auth, retries=None)
    with pytest.raises(errors.ConfigurationError, match='is no proxy') as caught:
        far.keys() if call == 'keys' else far.changefeed().__enter__()

    assert 's3c' not in ''.join(traceback.format_exception(caught.value))


def test_a_socks_proxy_needs_a_package(sdc: DataCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which one."""
    monkeypatch.setitem(sys.modules, 'python_socks', None)
    monkeypatch.setenv('all_proxy', 'socks5://user:s3cret@127.0.0.1:1')
    far = DataCenter('http://192.0.2.1:81', auth=sdc.auth, retries=None)
    with pytest.raises(errors.ConfigurationError, match='pip install python-socks') as caught:
        far.changefeed().__enter__()

    assert 's3cret' not in str(caught.value)


@pytest.mark.parametrize('call', ['changefeed().__enter__', 'changefeed().__next__', 'machine.vnc'])
def test_without_the_extra_it_says_what_to_install(call: str) -> None:
    """The error names the extra, and everything else works without it."""
    program = (
        'import sys\n'
        'sys.modules["websockets"] = None\n'
        'import requests, smartdc\n'
        'auth = requests.auth.HTTPBasicAuth("a", "b")\n'
        'sdc = smartdc.DataCenter("http://127.0.0.1:1", auth=auth)\n'
        'machine = smartdc.Machine(sdc, data={"id": "x"})\n'
        'try:\n'
        f'    {call if call.startswith("machine") else "sdc." + call}()\n'
        'except smartdc.ConfigurationError as error:\n'
        '    print(error)\n'
    )
    ran = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=True
    )

    assert "pip install 'smartdc[events]'" in ran.stdout


def test_a_change_is_public() -> None:
    """What a feed yields can be imported, and names what can be followed."""
    assert 'Change' in smartdc.__all__
    assert 8 == len(SUB_RESOURCES)
