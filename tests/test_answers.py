"""Bodies: how long they may be, how they are read, and by which reader of JSON."""

import gc
import gzip
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

import smartdc
from smartdc import DataCenter, answers
from smartdc.retrying import Retry
from tests.programs import KEYS, run
from tests.servers import json_reply, reply, serving

KEY = KEYS / 'ed25519-openssh'
#: After how many bytes orjson is to read: at once, or never.
SLOWLY = [0, 10**9]
LONG = json.dumps(['x' * 98] * 10).encode()


def client(url: str, limit: int, key: Path = KEY) -> DataCenter:
    """Return a client that takes so many bytes."""
    return DataCenter(url, '/a/keys/b', key, retries=Retry(base=0), body_limit=limit)


def chunked(body: bytes) -> bytes:
    """Return an answer that does not say how long it is."""
    head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n'
    return f'{head}Connection: close\r\n\r\n{len(body):x}\r\n'.encode() + body + b'\r\n0\r\n\r\n'


ANSWERS = {
    'plain': json_reply(200, LONG),
    'chunked': chunked(LONG),
    'packed': json_reply(200, gzip.compress(LONG), Content_Encoding='gzip'),
    'refusal': json_reply(409, LONG),
}


@pytest.mark.parametrize('answer', ANSWERS.values(), ids=ANSWERS)
def test_a_body_that_is_too_long_is_refused_once(answer: bytes) -> None:
    """The error says what to do, and nothing is asked again."""
    with serving(answer) as server, client(server.url, len(LONG) - 1) as sdc:
        with pytest.raises(smartdc.ResponseTooLarge, match='body_limit='):
            sdc.keys()

        assert 1 == len(server.requests)


@pytest.mark.parametrize('name', ['plain', 'chunked', 'packed'])
def test_a_body_as_long_as_the_limit_is_taken(name: str) -> None:
    """The limit is what a body may have, unpacked."""
    with serving(ANSWERS[name]) as server, client(server.url, len(LONG)) as sdc:
        data, response = sdc.request('GET', '/x')

    assert json.loads(LONG) == data == response.json()
    assert LONG == response.content


def test_text_is_decoded_as_the_answer_says() -> None:
    """What is not JSON comes as text in its own encoding."""
    answer = reply(200, 'naïve'.encode('latin-1'), Content_Type='text/plain; charset=latin-1')
    with serving(answer) as server, client(server.url, 99) as sdc:
        assert 'naïve' == sdc.request('GET', '/x')[0]


def test_a_broken_body_names_the_request() -> None:
    """What support needs to find the exchange is in the error."""
    answer = json_reply(200, b'[', Request_Id='abc-1')
    with serving(answer) as server, client(server.url, 99) as sdc:
        sdc.retries = None
        with pytest.raises(smartdc.InvalidResponse, match='request id abc-1') as caught:
            sdc.keys()

    assert 'abc-1' == caught.value.request_id


@pytest.mark.parametrize(
    ('text', 'data'),
    [
        (b'{"a": [1, 2.5, null, true, "\\u00e9"]}', {'a': [1, 2.5, None, True, 'é']}),
        (b'"\\ud800"', '\ud800'),
        (b'[1e400, -0.0]', [float('inf'), -0.0]),
        (b'{"a": 1, "a": 2}', {'a': 2}),
        (b'18446744073709551615', 18446744073709551615),
        (b'  [ ]\n', []),
    ],
)
@pytest.mark.parametrize('slowly', SLOWLY)
def test_both_readers_of_json_read_the_same(text: bytes, data: object, slowly: int) -> None:
    """With orjson and without, a text means what Python's own reader takes it to mean."""
    read = answers.JSONReader(slowly)

    assert data == read(text) == json.loads(text)


@pytest.mark.parametrize('slowly', SLOWLY)
@pytest.mark.parametrize('text', [b'', b'[', b'{"a"}', b'\xff', b'nul', b'[1,]'])
def test_both_readers_refuse_what_is_no_json(text: bytes, slowly: int) -> None:
    """The error is a ValueError either way."""
    read = answers.JSONReader(slowly)
    with pytest.raises(ValueError):
        read(text)


def test_orjson_is_imported_when_it_is_worth_it() -> None:
    """A script that asks for little is done before orjson would have been imported."""
    code = (
        'import sys; from smartdc import answers; read = answers.JSONReader(5)\n'
        'print(*("orjson" in sys.modules for _ in range(3) if read(b"[]") == []))'
    )

    assert 'False False True' == run(sys.executable, '-c', code).strip()


@pytest.mark.parametrize('slowly', SLOWLY)
def test_nothing_is_collected_while_a_long_list_is_read(slowly: int) -> None:
    """Python's collector would look through all of it, many times."""
    read, text = answers.JSONReader(slowly), json.dumps([{'a': [each]} for each in range(20_000)])
    begun: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        begun.extend([info['generation']] * (phase == 'start'))

    gc.callbacks.append(note)
    try:
        kept = json.loads(text)
        assert begun
        begun.clear()
        data = read(text.encode())
        during = [*begun]
    finally:
        gc.callbacks.remove(note)

    assert kept == data
    # The first one after it may belong to what comes next.
    assert 1 >= len(during)


@pytest.mark.parametrize('is_on', [True, False])
@pytest.mark.parametrize('text', [b'[' + b'{}, ' * 20_000 + b'{}]', b'[' + b'{}, ' * 20_000])
def test_the_collector_is_as_it_was_after_reading(text: bytes, *, is_on: bool) -> None:
    """On, or off for who wants it so; broken texts change nothing either."""
    was = gc.isenabled()
    (gc.enable if is_on else gc.disable)()
    try:
        with suppress(ValueError):
            answers.JSONReader(0)(text)
        assert is_on == gc.isenabled()
    finally:
        (gc.enable if was else gc.disable)()


@pytest.mark.parametrize('slowly', SLOWLY)
@pytest.mark.parametrize('text', [b'[' * 100_000, b'{"a":' * 100_000])
def test_what_is_nested_too_deeply_is_no_json(
    text: bytes, slowly: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in a good answer nor in a refusal does it break the reader."""
    monkeypatch.setattr(answers, 'loads', answers.JSONReader(slowly))
    with (
        serving(json_reply(200, text), json_reply(409, text)) as server,
        client(server.url, len(text)) as sdc,
    ):
        sdc.retries = None
        with pytest.raises(smartdc.InvalidResponse, match='broken JSON'):
            sdc.keys()
        with pytest.raises(smartdc.APIError) as caught:
            sdc.keys()

    assert 409 == caught.value.status


@pytest.mark.parametrize('charset', ['idna', 'no-such-charset', '\x00', 'punycode'])
def test_text_of_an_encoding_that_cannot_be_is_still_text(charset: str) -> None:
    """What cannot be read is replaced."""
    answer = reply(200, b'na\xefve-', Content_Type=f'text/plain; charset={charset}')
    with serving(answer) as server, client(server.url, 99) as sdc:
        assert sdc.request('GET', '/x')[0].startswith('na')


@pytest.mark.parametrize(
    ('told', 'seconds'),
    [
        *(('7', 7.0), (' 7 ', 7.0), ('0', 0.0), ('\xb2', None), ('-5', None), ('1.5', None)),
        *(('soon', None), ('Thu, 99 Foo 99999 99:99:99 GMT', None), ('9' * 400, float('inf'))),
    ],
)
def test_a_retry_after_that_makes_no_sense_is_none(told: str, seconds: float | None) -> None:
    """Only digits and dates count."""
    with (
        serving(json_reply(503, b'{}', Retry_After=told)) as server,
        DataCenter(server.url, '/a/keys/b', KEY, retries=None) as sdc,
        pytest.raises(smartdc.ServiceUnavailable) as caught,
    ):
        sdc.keys()

    assert seconds == caught.value.retry_after


@pytest.mark.parametrize('told', ['many', '0', '-1', '\xb2', '9' * 5000, ''])
def test_numbers_in_headers_that_make_no_sense_are_none(told: str) -> None:
    """A page is as long as was asked for then, and a count is nothing."""
    headers = {'x_query_limit': told, 'x_resource_count': told}
    with (
        serving(json_reply(200, b'[{"id": "1"}]', **headers), reply(200, b'', **headers)) as server,
        client(server.url, 99) as sdc,
    ):
        assert ['1'] == [each.id for each in sdc.machines()]
        assert 0 == sdc.num_machines()


@pytest.mark.parametrize('body', [b'{}', b'[1]', b'["x"]', b'[[]]', b'[{}]', b'[{"id": 5}]', b'5'])
def test_a_page_of_another_shape_is_refused(body: bytes) -> None:
    """Each row is an object that has an id; the error names the request."""
    answer = json_reply(200, body, Request_Id='abc-1')
    with (
        serving(answer) as server,
        client(server.url, 99) as sdc,
        pytest.raises(smartdc.InvalidResponse, match='a list of objects') as caught,
    ):
        sdc.machines()

    assert 'abc-1' == caught.value.request_id


def test_what_a_chapter_cannot_read_is_refused() -> None:
    """An answer that leads nowhere is no URL of a data center."""
    with (
        serving(reply(200, Request_Id='abc-1')) as server,
        client(server.url, 99) as sdc,
        pytest.raises(smartdc.InvalidResponse, match='another shape') as caught,
    ):
        sdc.datacenter_url('us-east-1')

    assert 'abc-1' == caught.value.request_id


def test_our_own_errors_are_understood() -> None:
    """They pass as they are, though some are kinds of ValueError as well."""
    for mine in (smartdc.InvalidInput('x'), smartdc.InvalidResponse('x')):
        with pytest.raises(type(mine)) as caught, answers.understood():
            raise mine
        assert mine is caught.value
    with pytest.raises(smartdc.InvalidResponse, match='the server answered'), answers.understood():
        raise KeyError('id')


def test_an_answer_that_is_not_understood_names_its_request() -> None:
    """What does not know the request is told of it; what knows one is left as it is."""
    answer = json_reply(200, b'[]', Request_Id='abc-1')
    with serving(answer) as server, client(server.url, 99) as sdc:
        _, response = sdc.request('GET', '/x')
    for mine, told in (
        (smartdc.InvalidResponse('odd'), 'abc-1'),
        (smartdc.InvalidResponse('odd', request_id='abc-2'), 'abc-2'),
        (ZeroDivisionError('odd'), 'abc-1'),
    ):
        with (
            pytest.raises(smartdc.InvalidResponse, match='odd') as caught,
            answers.understood(response),
        ):
            raise mine
        assert told == caught.value.request_id


@pytest.mark.parametrize('data', [None, 5, 'x', {}, [], [{}], [[]], [None]])
def test_lists_and_objects_are_told_apart(data: object) -> None:
    """Each reader takes its own, as it is, and refuses everything else."""
    response: Any = requests.Response()
    response.request = requests.Request('GET', 'http://x').prepare()
    for read, good in ((answers.objects, ([], [{}])), (answers.an_object, ({},))):
        if data in good:
            assert data is read(data, response)
        else:
            with pytest.raises(smartdc.InvalidResponse, match='did not answer with'):
                read(data, response)
