"""Answers that are cut off in their head."""

from pathlib import Path

import pytest

import smartdc
from smartdc import DataCenter
from smartdc.retrying import Retry
from tests.programs import KEYS
from tests.servers import json_reply, serving

KEY = KEYS / 'ed25519-openssh'
ANSWER = json_reply(200, b'[]', Request_Id='abc-1')
HEAD = len(ANSWER) - 2


def client(url: str, retries: Retry | None = None, key: Path = KEY) -> DataCenter:
    """Return a client of a server that does not look at signatures."""
    return DataCenter(url, '/a/keys/b', key, retries=retries)


def test_a_head_that_is_cut_is_never_an_answer() -> None:
    """Wherever it is cut, the connection is said to have broken after the request was sent."""
    cuts = range(HEAD)
    with serving(*(ANSWER[:cut] for cut in cuts)) as server, client(server.url) as sdc:
        for cut in cuts:
            with pytest.raises(smartdc.ConnectionFailed) as caught:
                sdc.keys()
            assert caught.value.sent, ANSWER[:cut]

        assert len(cuts) == len(server.requests)


@pytest.mark.parametrize('method', ['HEAD', 'DELETE', 'POST'])
def test_nor_is_one_that_would_have_no_body(method: str) -> None:
    """What there is to know of such an answer is in its head."""
    cut = b'HTTP/1.1 204 No Content\r\nRequest-Id: abc-1\r\n'
    with (
        serving(cut) as server,
        client(server.url) as sdc,
        pytest.raises(smartdc.ConnectionFailed, match='in the head'),
    ):
        sdc.request(method, '/x')


def test_a_read_is_asked_again() -> None:
    """As after any other connection that broke."""
    cut = b'HTTP/1.1 200 OK\r\nServer: x\r\n'
    with serving(cut, ANSWER) as server, client(server.url, Retry(base=0)) as sdc:
        assert [] == sdc.keys()


def test_the_head_of_a_100_is_passed_over() -> None:
    """An interim answer is none, and what follows it is."""
    interim = b'HTTP/1.1 100 Continue\r\n\r\n'
    with serving(interim + ANSWER, interim) as server, client(server.url) as sdc:
        assert [] == sdc.keys()
        with pytest.raises(smartdc.ConnectionFailed):
            sdc.keys()
