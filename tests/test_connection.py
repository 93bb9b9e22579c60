"""The signed connection: what is sent, and what becomes of answers."""

import io
import json
import logging
import math
import pickle
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

import smartdc
from smartdc import DataCenter, Retry, deadline
from smartdc.simulator import Simulator
from tests.servers import json_reply, reply, serving


@pytest.fixture
def key_path(cloud: Simulator) -> str:
    """Return the path of a private key."""
    return str(cloud.key_path)


def connect(url: str, key_path: str, **options: Any) -> DataCenter:
    """Return a data center at a scripted server."""
    return DataCenter(url, '/acme/keys/x', key_path, **{'retries': None, **options})


def test_request_is_as_in_020(cloud: Simulator, sdc: DataCenter) -> None:
    """The path is raw and relative to the account; body and response come back."""
    data, response = sdc.request('GET', '/machines', params={'limit': 1})

    assert [] == data
    assert isinstance(response, requests.Response)
    assert f'/{cloud.account}/machines?limit=1' == cloud.requests[-1].target
    assert 200 == response.status_code
    assert (None, 200) == (sdc.request('HEAD', '/machines')[0], response.status_code)


def test_an_empty_body_is_sent_and_none_is_not(cloud: Simulator, sdc: DataCenter) -> None:
    """`{}` and `[]` are bodies; only None means that there is none."""
    for data, body in (({}, b'{}'), ([], b'[]'), (None, b'')):
        with pytest.raises(smartdc.APIError):
            sdc.request('POST', '/machines', data=data)
        assert body == cloud.requests[-1].body


def test_headers_say_what_is_wanted(key_path: str) -> None:
    """Versions, type and client are named; a type of content only when there is content."""
    with (
        serving(json_reply(200, b'[]'), json_reply(200, b'{}')) as server,
        connect(server.url, key_path, headers={'X-Own': 'yes'}) as sdc,
    ):
        sdc.keys()
        sdc.add_key('x', 'y')

    get, post = (request.decode().lower() for request in server.requests)
    for line in ('accept-version: ~9||~8||~7', 'x-api-version: ~9||~8||~7', 'x-own: yes'):
        assert line in get
    assert f'user-agent: py-smartdc ({smartdc.__version__})' in get
    assert '\r\napi-version:' not in get
    assert 'content-type' not in get
    assert 'content-type: application/json' in post


def test_the_version_is_a_subclass_or_an_argument(key_path: str) -> None:
    """API_VERSION of a subclass, and api_version= of one instance, go out with each request."""

    class Older(DataCenter):
        API_VERSION = '~8'

    with serving(json_reply(200, b'[]'), json_reply(200, b'[]')) as server:
        with Older(server.url, '/acme/keys/x', key_path) as older:
            older.keys()
        with connect(server.url, key_path, api_version='~7') as sdc:
            sdc.keys()

    assert b'Accept-Version: ~8\r\n' in server.requests[0]
    assert b'Accept-Version: ~7\r\n' in server.requests[1]


@pytest.mark.parametrize('status', [400, 404, 409, 422, 429, 499, 500, 502, 503, 507, 599])
def test_every_status_of_400_and_more_raises(key_path: str, status: int) -> None:
    """The code, the message and the request id come through."""
    body = json.dumps({'code': 'SomeCode', 'message': 'some text'}).encode()
    with (
        serving(json_reply(status, body, Request_Id='r-1')) as server,
        connect(server.url, key_path) as sdc,
        pytest.raises(smartdc.APIError) as caught,
    ):
        sdc.keys()

    error = caught.value
    assert (status, 'SomeCode', 'some text') == (error.status, error.code, error.message)
    assert ('r-1', 'GET', f'{server.url}/my/keys') == (error.request_id, error.method, error.url)
    assert 'Authorization' not in error.response.request.headers
    assert str(error) == str(pickle.loads(pickle.dumps(error)))


@pytest.mark.parametrize('body', [b'<html>', b'', b'[1]', b'"text"', b'null', b'{"errors": 5}'])
def test_an_error_without_a_body_of_cloudapi_is_an_error_all_the_same(
    key_path: str, body: bytes
) -> None:
    """A proxy's page, an empty body or another JSON do not hide the status."""
    with (
        serving(reply(503, body, Content_Type='text/html')) as server,
        connect(server.url, key_path) as sdc,
        pytest.raises(smartdc.ServiceUnavailable) as caught,
    ):
        sdc.keys()

    assert 503 == caught.value.status


@pytest.mark.parametrize(
    ('answer', 'words'),
    [
        (reply(200, b'<html>', Content_Type='text/html'), 'not with JSON'),
        (reply(200, b'[]'), 'no content type'),
        (json_reply(200, b'[{"name": '), 'broken JSON'),
        (reply(302, b'', Location='http://elsewhere/'), 'http://elsewhere/'),
        (reply(301, b'x', Content_Type='text/html'), 'redirect'),
    ],
)
def test_what_no_cloudapi_answers_is_refused(key_path: str, answer: bytes, words: str) -> None:
    """A captive portal, a broken body or a redirect is an InvalidResponse."""
    with (
        serving(answer) as server,
        connect(server.url, key_path) as sdc,
        pytest.raises(smartdc.InvalidResponse, match=words),
    ):
        sdc.keys()

    assert 1 == len(server.requests)


def test_a_content_type_may_have_parameters(key_path: str) -> None:
    """A charset after the type does not make JSON something else."""
    answer = reply(
        200, '[{"name": "clé"}]'.encode(), Content_Type='application/json; charset=utf-8'
    )
    with serving(answer) as server, connect(server.url, key_path) as sdc:
        assert ['clé'] == [key['name'] for key in sdc.keys()]


def test_a_connection_that_breaks_is_a_connection_failed(key_path: str) -> None:
    """An answer that is cut off, or none at all, is named with the server."""
    for answer in (b'', b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort', b'\x00\xff'):
        with (
            serving(answer) as server,
            connect(server.url, key_path) as sdc,
            pytest.raises(smartdc.ConnectionFailed, match=r'127\.0\.0\.1'),
        ):
            sdc.keys()


def test_a_server_that_is_not_there_is_named(key_path: str) -> None:
    """The error says what to look at."""
    with serving() as server:
        url = server.url
    with (
        connect(url, key_path) as sdc,
        pytest.raises(smartdc.ConnectionFailed, match=r'refused.*location right'),
    ):
        sdc.keys()


def test_a_server_that_says_nothing_times_out(key_path: str) -> None:
    """The read limit ends a call that gets no answer."""
    import socket

    with (
        socket.create_server(('127.0.0.1', 0)) as silent,
        connect(f'http://127.0.0.1:{silent.getsockname()[1]}', key_path, timeout=0.05) as sdc,
        pytest.raises(smartdc.Timeout),
    ):
        sdc.keys()


def test_calls_have_time_limits_by_default() -> None:
    """Five seconds to connect, sixty to read."""
    assert (5.0, 60.0) == DataCenter('https://host').timeout


@pytest.mark.parametrize(
    'timeout', [0, -1, 'abc', math.nan, True, (1,), (0, 5), (5, 0), ('a', 5), [5, 60], object()]
)
def test_what_is_no_time_limit_is_refused(cloud: Simulator, sdc: DataCenter, timeout: Any) -> None:
    """A client is not made with it, and a request not sent."""
    with pytest.raises(smartdc.InvalidInput, match='timeout= is a number of seconds above 0'):
        DataCenter(cloud.url(), timeout=timeout)
    with pytest.raises(smartdc.InvalidInput, match='timeout= is a number of seconds above 0'):
        sdc.request('GET', '/keys', timeout=timeout)

    assert not cloud.requests


@pytest.mark.parametrize('timeout', [math.inf, 1e12, None, (math.inf, 5), (5, None), 5])
def test_a_time_limit_may_be_for_ever(cloud: Simulator, timeout: Any) -> None:
    """Infinity, and what is longer than a system can count, are no limit."""
    with cloud.datacenter(timeout=timeout) as sdc:
        assert sdc.keys()
        with deadline(1e12):
            assert sdc.request('GET', '/keys', timeout=timeout)[0]


def test_without_a_key_nothing_is_sent(cloud: Simulator) -> None:
    """A call that cannot be signed says what to pass."""
    with DataCenter(cloud.url()) as sdc, pytest.raises(smartdc.ConfigurationError, match='key_id'):
        sdc.keys()

    assert not cloud.requests


@pytest.mark.parametrize('path', ['keys', '/a b', '/a\nb', '/a\x00'])
def test_a_path_that_cannot_be_is_not_sent(cloud: Simulator, sdc: DataCenter, path: str) -> None:
    """A raw path begins with a slash and has no blanks or control characters."""
    with pytest.raises(smartdc.InvalidInput):
        sdc.request('GET', path)

    assert not cloud.requests


def test_a_method_may_be_in_small_letters(key_path: str) -> None:
    """A read is sent again after a failure, and is never one that may have been done."""
    answers = [reply(500), json_reply(200, b'[]')]
    with serving(*answers) as server, connect(server.url, key_path, retries=Retry(base=0)) as sdc:
        assert [] == sdc.request('get', '/keys')[0]
    with serving(reply(500)) as server, connect(server.url, key_path) as sdc:
        with pytest.raises(smartdc.InternalError) as caught:
            sdc.request('get', '/keys')
        assert not caught.value.maybe_done
        assert server.requests[0].startswith(b'GET ')


def deep(depth: int) -> list[Any]:
    """Return a list in a list in a list, and so on."""
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize('data', [object(), {1, 2}, float('nan'), {'a': b'x'}, deep(100_000)])
def test_what_is_no_json_is_not_sent(cloud: Simulator, sdc: DataCenter, data: Any) -> None:
    """A body that JSON cannot express is an InvalidInput."""
    with pytest.raises(smartdc.InvalidInput, match='JSON'):
        sdc.request('POST', '/machines', data=data)

    assert not cloud.requests


def test_any_requests_auth_can_sign(key_path: str) -> None:
    """`auth=` takes whatever requests takes."""
    with (
        serving(json_reply(200, b'[]')) as server,
        DataCenter(server.url, auth=requests.auth.HTTPBasicAuth('u', 'p')) as sdc,
    ):
        sdc.keys()

    assert b'Authorization: Basic ' in server.requests[0]


def test_the_signature_works_on_any_requests_session(cloud: Simulator, sdc: DataCenter) -> None:
    """`.auth` is a requests auth object like others."""
    answer = requests.get(f'{sdc.url}/keys', auth=sdc.auth, timeout=5)

    assert 200 == answer.status_code


@pytest.fixture
def records() -> Iterator[list[str]]:
    """Yield what is logged at DEBUG while a test runs."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root = logging.getLogger('smartdc')
    handler = Handler()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(logging.NOTSET)


def test_verbose_says_each_request_on_the_stream(sdc: DataCenter, records: list[str]) -> None:
    """Method, URL, status and request id, tab-separated, and never the signature."""
    sdc.verbose = io.StringIO()
    sdc.keys()
    line = sdc.verbose.getvalue()

    assert line.startswith(f'GET\t{sdc.url}/keys\t200\t')
    assert 'request id' in line
    assert [line.rstrip('\n')] == records
    assert 'Signature' not in line


def test_verbose_true_means_stderr(sdc: DataCenter, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed unless asked for, and then to stderr."""
    sdc.keys()
    assert ('', '') == tuple(capsys.readouterr())
    sdc.verbose = True
    sdc.keys()
    out, err = capsys.readouterr()
    assert '' == out
    assert '/keys\t200' in err


def test_settings_of_one_data_center_leave_others_alone(cloud: Simulator, key_path: str) -> None:
    """Headers, versions and locations are copied for each instance."""
    headers, known = {'X-Own': 'yes'}, {'here': cloud.url()}
    one = DataCenter('here', headers=headers, known_locations=known, api_version='~8')
    one.default_headers['X-More'] = 'yes'
    one.known_locations['there'] = 'https://there'
    other = DataCenter('https://host')

    assert ({'X-Own': 'yes'}, {'here': cloud.url()}) == (headers, known)
    assert 'X-Own' not in other.default_headers
    assert 'there' not in other.known_locations
    assert '~9||~8||~7' == other.api_version


def test_data_centers_are_equal_by_place_and_account() -> None:
    """Equality and hash are found without a request, `my` through the key's path."""
    one = DataCenter('https://host', '/acme/keys/x')

    assert one == DataCenter('https://host/', login='acme')
    assert hash(one) == hash(DataCenter('https://host', '/acme/keys/y'))
    assert one != DataCenter('https://host', '/other/keys/x')
    assert one != DataCenter('https://elsewhere', '/acme/keys/x')
    assert one != 'https://host'


def test_a_data_center_shows_itself_in_a_line() -> None:
    """Str and repr are those of 0.2.0."""
    assert '<DataCenter: us-sw-1>' == str(DataCenter('us-sw-1'))
    assert '<DataCenter: acme@us-sw-1>' == str(DataCenter('us-sw-1', login='acme'))
    assert '<smartdc.datacenter.DataCenter: at <us-sw-1>>' == repr(DataCenter('us-sw-1'))
    assert '<smartdc.datacenter.DataCenter: <acme> at <us-sw-1>>' == repr(
        DataCenter('us-sw-1', login='acme')
    )


def test_threads_share_a_data_center(cloud: Simulator, sdc: DataCenter) -> None:
    """Each of many calls from several threads gets its own answer."""
    names = [f'web{number}' for number in range(8)]
    ids = {name: sdc.create_machine(name=name).id for name in names}
    wrong: list[str] = []

    def work(name: str) -> None:
        for _ in range(10):
            if sdc.machine(ids[name]).name != name:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == wrong
    assert 80 == [each.operation for each in cloud.requests].count('GetMachine')
