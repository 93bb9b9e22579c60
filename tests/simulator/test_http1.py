"""HTTP/1.1 as bytes, without sockets."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from smartdc.simulator import http1
from smartdc.simulator.http1 import Reader, Turn
from smartdc.simulator.wire import Request, Response

GET = b'GET /my?x=%41 HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\n\r\n'
POST = b'POST /my HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello'
CHUNKS = b'PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n'
LAST = b'GET /b HTTP/1.0\r\nHost: x\r\n\r\n'
STREAM = GET + POST + CHUNKS + b'Authorization: late\r\n\r\n' + LAST


def read(*pieces: bytes) -> list[Turn]:
    """Return the requests that pieces of a stream make."""
    reader = Reader('192.0.2.7')
    return [turn for piece in pieces for turn in reader.feed(piece)]


def test_reads_requests_as_they_are() -> None:
    """Targets stay encoded, names become small, values of a name are joined, chunks are too."""
    get, post, put, last = read(STREAM)
    assert Request('GET', '/my?x=%41', {'host': 'x', 'x-a': '1, 2'}, b'', '192.0.2.7') == (
        get.request
    )
    assert (b'hello', b'abcde') == (post.request.body, put.request.body)
    assert [False, False, False, True] == [each.closes for each in (get, post, put, last)]
    assert [True, False] == [put.chunks, last.chunks]


def test_headers_behind_a_body_count_for_nothing() -> None:
    """A trailer can't sign a request that came without a signature."""
    put = read(STREAM)[2]
    assert {'transfer-encoding': 'chunked'} == put.request.headers


@settings(deadline=None)
@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_reads_the_same_whatever_the_pieces(cuts: list[int]) -> None:
    """Where the network cuts a stream changes nothing."""
    places = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in itertools.pairwise(places)]
    assert read(STREAM) == read(*pieces)


def test_answers_what_came_before_a_mistake() -> None:
    """Good requests are handed on before the refusal, and nothing after it is read."""
    good, bad = read(GET + b'nonsense\r\n\r\n' + GET, GET)
    assert ('/my?x=%41', None) == (good.request.target, good.refused)
    assert bad.refused is not None
    assert (400, True) == (bad.refused.status, bad.closes)


def test_gives_up_on_what_has_no_end() -> None:
    """A head that goes on and on is refused when it is too long, not when it ends."""
    reader = Reader('')
    fed = 0
    while not (turns := reader.feed(b'x' * 1000 if fed else b'GET /')):
        fed += 1
        assert fed < 100
    assert turns[0].refused is not None
    assert [] == reader.feed(b'more')


def test_knows_a_head_of_the_largest_size() -> None:
    """A head may have 64 KiB and no more, in one piece as in several."""
    line = len(b'X: ') + len(b'\r\n')
    start = b'GET / HTTP/1.1\r\nX: '
    fits = start + b'x' * (http1.MOST_HEAD - line - 1) + b'\r\n\r\n'
    (turn,) = read(fits)
    assert turn.refused is None
    (turn,) = read(fits.replace(b'X: ', b'XX: '))
    assert turn.refused is not None


def test_tells_who_waits_to_be_told_to_go_on() -> None:
    """Expect: 100-continue counts from the end of the head to that of the body."""
    reader = Reader('')
    head = b'POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n'
    seen = []
    for piece in (head, b'\r\n', b'{', b'}'):
        reader.feed(piece)
        seen.append((reader.is_amid, reader.wants_continue))
    assert [(True, False), (True, True), (True, True), (False, False)] == seen


def test_stops_at_a_wish_for_another_protocol() -> None:
    """What follows such a request is no request, and is kept for who speaks that protocol."""
    reader = Reader('')
    (turn,) = reader.feed(b'GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n\x81\x00')
    assert (True, True, b'\x81\x00') == (turn.closes, reader.ended, reader.rest)


def test_writes_answers() -> None:
    """An answer has its headers as they are named, and says so when it is the last one."""
    response = Response(200, {'Content-Length': '2', 'Connection': 'keep-alive'}, b'{}')
    turn = Turn(Request('GET', '/'), closes=False)
    expected = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n'
    assert expected == http1.head(response, turn)
    turn.closes = True
    assert expected.replace(b'keep-alive', b'close') == http1.head(response, turn)
    assert b'{}' == http1.body(response, turn)
    assert {'Content-Length': '2', 'Connection': 'keep-alive'} == response.headers


def test_writes_chunks_for_those_who_know_them() -> None:
    """An empty answer in chunks is none for a client of HTTP/1.0."""
    response = Response(202, {'Transfer-Encoding': 'chunked'})
    new, old = (Turn(Request('POST', '/'), chunks=chunks) for chunks in (True, False))
    assert b'0\r\n\r\n' == http1.body(response, new)
    assert b'Transfer-Encoding: chunked' in http1.head(response, new)
    assert b'' == http1.body(response, old)
    assert b'Transfer-Encoding' not in http1.head(response, old)


def test_lets_no_header_end_early() -> None:
    """A value with line ends in it can't add a header of its own."""
    response = Response(420, {'Location': '/a\r\nX: y', 'Role-Tag': 'caf\u00e9 \u2603'})
    head = http1.head(response, Turn(Request('GET', '/'), closes=False))
    assert b'HTTP/1.1 420 \r\nLocation: /a??X: y\r\nRole-Tag: caf\xe9 ?\r\n\r\n' == head
