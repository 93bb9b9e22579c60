"""The way of a request: routes, content types, parameters, authentication, headers."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from smartdc.simulator.cloud import Record, Records
from smartdc.simulator.wire import Request
from tests.simulator.clouds import START, Account, read, refusal
from tests.simulator.signer import Signer, signer

FORM: dict[str, Any] = {'content_type': 'application/x-www-form-urlencoded'}


@pytest.fixture
def acme() -> Account:
    """Return an account of the default world."""
    return Account()


def bare(response: Any) -> bool:
    """Tell whether an answer has only the headers of the early refusals."""
    return {'Content-Type', 'Content-Length', 'Date', 'Connection'} == set(response.headers)


@pytest.mark.parametrize(
    ('method', 'target', 'status', 'message'),
    [
        ('GET', '/my/machines/x/y', 404, '/my/machines/x/y does not exist'),
        ('GET', '/my/machines/x/y?z=1', 404, '/my/machines/x/y?z=1 does not exist'),
        ('GET', '/my/keys/%zz', 400, 'URI malformed'),
        ('GET', '/my/keys/%ff', 400, 'URI malformed'),
    ],
)
def test_refuses_paths_before_asking_who(
    acme: Account, method: str, target: str, status: int, message: str
) -> None:
    """An unknown or broken path is refused, with bare headers, whoever sends it."""
    response = acme.apps['us-sw-1'].handle(Request(method, target))
    assert (status, message) == (response.status, read(response)['message'])
    assert bare(response)


@pytest.mark.parametrize(
    ('method', 'target', 'allow'),
    [
        ('GET', '/my/datasets', 'PUT'),
        ('GET', '/my/volumes', 'PUT'),
        ('GET', '/my/', 'PUT'),
        ('PATCH', '/my/keys/x', 'GET, HEAD, DELETE'),
        ('HEAD', '/my/limits', 'GET'),
        ('HEAD', '/my/machines/x/metadata/k', 'GET, DELETE'),
        ('DELETE', '/my', 'GET, HEAD, POST, PUT'),
    ],
)
def test_says_what_is_allowed(acme: Account, method: str, target: str, allow: str) -> None:
    """A method that a path doesn't have is a 405 with those of the first pattern that fits."""
    response = acme.send(method, target)
    assert (405, allow) == (response.status, response.headers['Allow'])


def test_tolerates_slashes_and_escapes(acme: Account) -> None:
    """Several slashes in a row are one, and names are decoded after the route is found."""
    key = acme.get('/my/keys')[0]
    assert key == acme.get('//my//keys/test')
    acme.post('/my/keys', {'name': 'a/b ?', 'key': Signer('x').public})
    assert acme.get('/my/keys/a%2Fb%20%3F')['name'] == 'a/b ?'


@pytest.mark.parametrize('asked', ['~6.5', '~8.4', '~9.8', 'nonsense'])
def test_refuses_versions(acme: Account, asked: str) -> None:
    """A range that no mounted version satisfies is refused before anything else."""
    response = acme.send('GET', '/my/machines?limit=1', accept_version=asked)
    text = f'{asked} is not supported by GET /my/machines'
    assert (400, 'InvalidVersion', text) == refusal(response)


def test_keys_take_no_forms_and_any_version(acme: Account) -> None:
    """The typed routes refuse forms, and don't look at the version."""
    response = acme.send('POST', '/my/keys', b'name=x', accept_version='~6.5', **FORM)
    message = 'application/x-www-form-urlencoded'
    assert (415, 'UnsupportedMediaTypeError', message) == refusal(response)
    response = acme.send('POST', '/my/keys', {}, accept_version='~6.5')
    assert (409, 'MissingParameter', 'key is a required argument') == refusal(response)


@pytest.mark.parametrize(
    ('accept', 'kind', 'body'),
    [
        ('*/*', 'application/json', b'"b"'),
        ('text/html, text/*;q=0.5', 'text/plain', b'b'),
        ('application/json;q=0.1, text/plain', 'text/plain', b'b'),
        ('application/javascript', 'application/javascript', b'"b"'),
        ('application/octet-stream', 'application/octet-stream', b'b'),
    ],
)
def test_answers_in_the_type_that_is_liked_best(
    acme: Account, accept: str, kind: str, body: bytes
) -> None:
    """A text is quoted in JSON, and stands bare in plain text."""
    path = acme.machine(**{'tag.a': 'b'})
    response = acme.send('GET', f'{path}/tags/a', accept=accept)
    assert (kind, body) == (response.headers['Content-Type'], response.body)


def test_wraps_javascript_and_shortens_plain_errors(acme: Account) -> None:
    """JSONP calls the function that was named; an error as plain text is its message."""
    response = acme.send('GET', '/my/limits?callback=go', accept='application/javascript')
    assert response.body == b'go([]);'
    assert acme.send('GET', '/my/keys/x', accept='text/plain').body == b'x does not exist'


def test_refuses_types_that_it_cannot_make(acme: Account) -> None:
    """An Accept header that nothing satisfies is a bare 406."""
    response = acme.send('GET', '/my', accept='image/png')
    kinds = 'application/json,text/plain,application/octet-stream,application/javascript'
    assert (406, 'NotAcceptableError', f'Server accepts: {kinds}') == refusal(response)
    assert bare(response)


def test_merges_path_query_and_body(acme: Account) -> None:
    """The query doesn't override the path; the body overrides both."""
    path = acme.machine(name='one')
    assert 'one' == acme.get(f'{path}?machine=other')['name']
    acme.send('POST', f'{path}?action=rename&name=two', {'name': 'three'})
    assert 'three' == acme.get(path)['name']


@pytest.mark.parametrize(
    ('target', 'message'),
    [
        ('/my/machines?state=running&state=stopped', 'running,stopped is not a valid state'),
        ('/my/machines?type=a&type=b', 'a,b is not a valid type'),
    ],
)
def test_shows_odd_values_as_javascript_does(acme: Account, target: str, message: str) -> None:
    """A parameter that came several times is a list, which JavaScript joins by commas."""
    assert (409, 'InvalidArgument', message) == refusal(acme.send('GET', target))


@pytest.mark.parametrize(
    ('token', 'message'),
    [
        ('no JSON', 'Invalid authorization credentials supplied'),
        (
            '{"keyid":"k","data":"d","version":"0.1.0","hash":"h"}',
            'The token provided is not authorized for this application',
        ),
    ],
)
def test_takes_no_tokens(acme: Account, token: str, message: str) -> None:
    """A token that can't be read is a bad credential, one that proves nothing says so."""
    response = acme.send('GET', '/my', x_auth_token=token)
    assert (401, 'InvalidCredentials', message) == refusal(response)


@pytest.mark.parametrize('body', ['[]', '[{"action": "stop"}]'])
def test_a_list_replaces_all_parameters(acme: Account, body: str) -> None:
    """A list in the body takes the place of what the path says, and so no account is named."""
    kind: dict[str, Any] = {'content_type': 'application/json'}
    for target in ('/my', '/my/machines', acme.machine()):
        response = acme.send('POST', target, body.encode(), **kind)
        assert (404, 'ResourceNotFound', 'undefined does not exist') == refusal(response)


def bodies() -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield the ways to say that the phone is 555."""
    data = b'{"phone":"555"}'
    kind: dict[str, Any] = {'content_type': 'application/json; charset=utf-8'}
    yield data, kind
    yield gzip.compress(data, mtime=0), {**kind, 'content_encoding': 'gzip'}
    yield data, {**kind, 'content_md5': base64.b64encode(hashlib.md5(data).digest()).decode()}
    yield b'phone=555', FORM
    part = b'--x\r\nContent-Disposition: form-data; name="phone"\r\n\r\n555\r\n--x--\r\n'
    yield part, {'content_type': 'multipart/form-data; boundary=x'}


@pytest.mark.parametrize(('body', 'headers'), list(bodies()))
def test_reads_bodies(acme: Account, body: bytes, headers: dict[str, Any]) -> None:
    """JSON, gzip, forms and multipart mean the same."""
    assert '555' == read(acme.send('POST', '/my', body, **headers))['phone']


@pytest.mark.parametrize(
    ('body', 'headers', 'status', 'code'),
    [
        (b'{', {'content_type': 'application/json'}, 400, 'InvalidContent'),
        (b'NaN', {'content_type': 'application/json'}, 400, 'InvalidContent'),
        (b'[' * 9999, {'content_type': 'application/json'}, 400, 'InvalidContent'),
        (b'x' * 100_001, {}, 413, 'PayloadTooLargeError'),
        (
            gzip.compress(b'x' * 100_001, mtime=0),
            {'content_encoding': 'gzip'},
            413,
            'PayloadTooLargeError',
        ),
        (b'x', {'content_encoding': 'gzip'}, 400, 'BadRequestError'),
        (b'{}', {'content_md5': 'x'}, 400, 'BadDigest'),
    ],
)
def test_refuses_bodies(
    acme: Account, body: bytes, headers: dict[str, Any], status: int, code: str
) -> None:
    """What can't be read is refused with bare headers."""
    response = acme.send('POST', '/my', body, **headers)
    assert (status, code) == refusal(response)[:2]
    assert bare(response)


def test_ignores_bodies_without_a_type(acme: Account) -> None:
    """Without Content-Type nothing is parsed."""
    response = acme.send('POST', '/my/machines', b'{"image":"x"}', content_type='')
    assert (409, 'MissingParameter', 'image must be specified') == refusal(response)


def test_wants_a_signature(acme: Account) -> None:
    """Without a signature, and with one of an unknown key, nothing is done."""
    response = acme.apps['us-sw-1'].handle(Request('GET', '/my'))
    text = 'You must make authenticated requests to use CloudAPI'
    assert (401, 'InvalidCredentials', text) == refusal(response)
    response = acme.send('GET', '/my', by=Signer('acme'))
    text = 'Invalid authorization credentials supplied'
    assert (401, 'InvalidCredentials', text) == refusal(response)


def test_keeps_others_out() -> None:
    """Sub-users and other accounts are refused; operators may act on anyone."""
    bob, eve, root = signer('acme/users/bob'), signer('eve'), signer('root')
    others = [
        {'login': name, 'keys': [{'key': signer(name).public}], 'operator': name == 'root'}
        for name in ('eve', 'root')
    ]
    users = [{'login': 'bob', 'keys': [{'key': bob.public}]}]
    acme = Account({'accounts': [{'login': 'acme', 'users': users}, *others]})
    text = 'You do not have permission to access /acme/machines (listmachines)'
    for by in (bob, eve):
        response = acme.send('GET', '/acme/machines', by=by)
        assert (403, 'NotAuthorized', text) == refusal(response)
    assert acme.send('GET', '/acme/machines', by=root).status == 200
    response = acme.send('GET', '/nobody', by=eve)
    assert (404, 'ResourceNotFound', 'nobody does not exist') == refusal(response)
    response = acme.send('GET', '/acme', by=bob, accept_version='~7.1')
    assert (401, f'Invalid KeyId {bob.key_id} in authorization header') == refusal(response)[::2]


def test_pings_without_authentication(acme: Account) -> None:
    """A ping needs no signature, and tells the versions and the data center."""
    response = acme.apps['us-east-1'].handle(Request('GET', '/--ping'))
    assert 'us-east-1' == response.headers['Triton-Datacenter-Name']
    assert {'ping': 'pong'} == {'ping': read(response)['ping']}
    assert '9.0.0' == read(response)['cloudapi']['versions'][-1]


@pytest.mark.parametrize('path', ['/', '/docs', '/docs/x', '/docs.html', '/favicon.ico'])
def test_sends_browsers_to_the_documentation(acme: Account, path: str) -> None:
    """What a browser asks for is answered with where the documentation is."""
    response = acme.apps['us-sw-1'].handle(Request('GET', path))
    assert (302, 'Cloud API', b'') == (response.status, response.headers['Server'], response.body)
    normal = acme.send('GET', '/my').headers
    assert {'Location', *normal} - {'Content-Type', 'Content-MD5'} == set(response.headers)


def test_reads_even_what_a_browser_sends(acme: Account) -> None:
    """A type that can't be made and a header that can't be read are refused before the redirect."""
    app = acme.apps['us-sw-1']
    assert 406 == app.handle(Request('GET', '/', {'accept': 'image/png'})).status
    assert 400 == app.handle(Request('GET', '/', {'authorization': 'nonsense'})).status


def test_echoes_request_ids(acme: Account) -> None:
    """A request's own id comes back."""
    response = acme.send('GET', '/my', x_request_id='abc')
    assert 'abc' == response.headers['Request-Id']


def test_can_be_read_only_and_throttled() -> None:
    """A world may make its data center refuse writes, or too many requests."""
    acme = Account({'read_only': True, 'throttle': 10})
    text = 'This Triton data center is being upgraded'
    assert (503, 'ServiceUnavailableError', text) == refusal(acme.send('POST', '/my', {}))
    statuses = [acme.send('GET', '/my/keys').status for _ in range(31)]
    assert [200] * 30 + [429] == statuses
    text = 'You have exceeded your request rate of 10 r/s.'
    assert (429, 'TooManyRequestsError', text) == refusal(acme.send('GET', '/my/keys'))
    acme.clock.advance(1)
    assert acme.send('GET', '/my/keys').status == 200


def test_remembers_its_own_faults(acme: Account) -> None:
    """A fault inside the simulator is a 500 for the client, and kept for who runs it."""
    acme.cloud.store.execute('DROP TABLE jobs')
    response = acme.send('GET', '/my')
    assert (500, 'InternalError', 'Internal Error') == refusal(response)
    assert 'no such table: jobs' in str(acme.cloud.failures[0])


def test_records_what_came_in(acme: Account) -> None:
    """Every request is remembered with its operation and status."""
    acme.send('POST', '/my', {'phone': '1'})
    record = acme.cloud.requests[-1]
    assert ('POST', '/my', 'UpdateAccount', 'acme', 200) == (
        record.method,
        record.target,
        record.operation,
        record.account,
        record.status,
    )
    assert {'phone': '1'} == json.loads(record.body)
    assert record.at == START


def test_forgets_the_oldest_requests() -> None:
    """Only so many requests are remembered, and fewer of them when they are large."""
    records = Records()
    blank = Record(0, '', '', '', '', '', {}, b'', 200, b'', '')
    for number in range(11_000):
        records.append(replace(blank, at=number))
    assert (10_000, 1000, 10_999) == (len(records), next(iter(records)).at, records[-1].at)
    large = bytes(2**20)
    for number in range(70):
        records.append(replace(blank, at=number, reply=large))
    assert list(range(6, 70)) == [record.at for record in records]
    records.clear()
    assert [] == list(records)


def test_survives_odd_texts_and_numbers(acme: Account) -> None:
    """Half a surrogate, a number beyond all bounds, and a map in a map do no harm."""
    path = acme.machine()
    body = b'{"a\\ud800": "\\ud800x", "b": 1e308}'
    response = acme.send('POST', f'{path}/tags', body, content_type='application/json')
    assert {'a?': '?x', 'b': 1e308} == read(response) == acme.get(f'{path}/tags')
    for text in (b'{"a": 1e999}', b'{"a": {"b": {}}}'):
        response = acme.send('POST', f'{path}/tags', text, content_type='application/json')
        assert (409, 'ValidationFailed') == refusal(response)[:2]
    assert [] == acme.cloud.failures
