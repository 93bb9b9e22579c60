"""Bodies: how long they may be, how they are read, and by which reader of JSON."""

import gzip
import json
from pathlib import Path

import pytest

import smartdc
from smartdc import DataCenter, answers
from smartdc.retrying import Retry
from tests.programs import KEYS
from tests.servers import json_reply, reply, serving

KEY = KEYS / 'ed25519-openssh'
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
@pytest.mark.parametrize('quick', [True, False])
def test_both_readers_of_json_read_the_same(
    text: bytes, data: object, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With orjson and without, a text means what Python's own reader takes it to mean."""
    if not quick:
        monkeypatch.setattr(answers, '_orjson', lambda: None)

    assert data == answers.loads(text) == json.loads(text)


@pytest.mark.parametrize('quick', [True, False])
@pytest.mark.parametrize('text', [b'', b'[', b'{"a"}', b'\xff', b'nul', b'[1,]'])
def test_both_readers_refuse_what_is_no_json(
    text: bytes, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is a ValueError either way."""
    if not quick:
        monkeypatch.setattr(answers, '_orjson', lambda: None)
    with pytest.raises(ValueError):
        answers.loads(text)
