import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator import presigned, signature, versions
from smartdc.simulator.signature import Claim, KeyId, parse_key_id
from smartdc.simulator.ssh_keys import PublicKey
from smartdc.simulator.wire import Refusal, Request
from tests.simulator.tables import rows, world_key

NOW = 1795428390
HEADERS = {'host': '127.0.0.1:29100'}
SIGNED = 'algorithm=rsa-sha256&expires=9999999999&keyId=%2Fa%2Fkeys%2Fk&signature=aGk%3D'
REFEREE = '11111111-1111-4111-8111-111111111111'
# Whose keys these are; all others in the table are the account's own.
OWNERS: dict[str, tuple[tuple[str, str | None], ...]] = {
    'rsa2048': (('referee', 'bob'), (REFEREE, 'bob')),
    'rsa3072': (('disabled', None),),
    'rsa4096': (('admin', None),),
}
ACCEPTED = ('accepted',)
WRONG = (401, 'InvalidCredentials', 'Invalid authorization credentials supplied')

# Rows that other parts of the server decide, by status, each with the code and the reason.
ELSEWHERE = {
    400: ('InvalidVersion', 'the version of a route is chosen before its caller is looked for'),
    405: ('', 'there is no such route, which is found out first'),
}
# Recorded answers that are accidents of the server or its stubs, by the name of the row.
ARTEFACTS = {
    'repeated ': 'the server trips over a list where it expects a text',
    'trailing slash': 'the stub behind the server trips over the path',
}


def recorded() -> list[dict[str, Any]]:
    """Return the recorded requests that are for this engine to decide."""
    found = rows('engines/presigned')
    assert len(found) >= 79
    return [row for row in found if not is_artefact(row) and not is_elsewhere(row)]


def is_elsewhere(row: dict[str, Any]) -> bool:
    """Tell whether a row records what another part decides."""
    code = ELSEWHERE.get(row['status'], ('none', ''))[0]
    return (row.get('code') or '').startswith(code)


def is_artefact(row: dict[str, Any]) -> bool:
    """Tell whether a row records an accident."""
    crashed = row['status'] == 500 and row.get('code') is not None
    return crashed and any(text in row['name'] for text in ARTEFACTS)


def known_keys() -> dict[KeyId, PublicKey]:
    """Return the keys in the table by what may name them."""
    found = {}
    for row in rows('engines/presigned'):
        key = PublicKey.parse(row['public_key'])
        for login, user in OWNERS.get(row['key_name'], (('referee', None), (REFEREE, None))):
            for name in (row['key_name'], key.fingerprint):
                found[KeyId(login, user, name)] = key
    return found


KEYS = known_keys()


def find_key(key_id: KeyId) -> PublicKey | None:
    """Return the key that a keyId names in the recorded world."""
    return KEYS.get(key_id) or world_key(key_id)


def answer(request: Request, now: float) -> tuple[Any, ...]:
    """Return how a request that only a URL may authenticate fares."""
    try:
        signature.read(request, now)
        claim = presigned.read(request, now)
        if claim is None:
            text = 'You must make authenticated requests to use CloudAPI'
            return (401, 'InvalidCredentials', text)
        reaches = versions.reaches(versions.asked(request.headers), '7.2.0')
        key = find_key(parse_key_id(claim.key_id, reaches))
    except Refusal as refused:
        return (refused.status, refused.code, refused.message)
    return ACCEPTED if key is not None and claim.verify(key) else WRONG


def claim_of(query: str, path: str = '/my/machines', method: str = 'GET') -> Claim:
    """Return the claim that a query makes."""
    claim = presigned.read(Request(method, f'{path}?{query}', HEADERS), NOW)
    assert claim is not None
    return claim


def refusal_of(query: str, method: str = 'GET') -> str | None:
    """Return the text of the 500 without a code that a query is refused with, if it is."""
    try:
        presigned.read(Request(method, f'/my/machines?{query}', HEADERS), NOW)
    except Refusal as refused:
        is_plain = refused.status == 500 and refused.body() == {'message': refused.message}
        return refused.message if is_plain else f'not plain: {refused}'
    return None


@pytest.mark.parametrize('row', recorded(), ids=lambda row: str(row['id']))
def test_requests_fare_as_with_cloudapi(row: dict[str, Any]) -> None:
    """Every recorded request is accepted, or refused with the recorded status, code and text."""
    found = answer(Request(row['method'], row['url'], row['headers']), row['now'])
    # Whether the account is disabled, and may see this path, is found out after the signature.
    if row['auth_passed'] or row['status'] == 403:
        assert ACCEPTED == found
    elif row['method'] == 'HEAD':
        assert row['status'] == found[0]
    else:
        assert (row['status'], row.get('code'), row.get('message')) == found


def test_the_text_that_is_signed() -> None:
    """Where a request was accepted, the text that was signed is the one that is verified."""
    accepted = [row for row in recorded() if row['accepted']]
    assert len(accepted) >= 35
    for row in accepted:
        claim = presigned.read(Request(row['method'], row['url'], row['headers']), row['now'])
        assert claim is not None
        assert row['signing_string_used'].encode() == claim.signing_string, row['id']


def test_accidents_are_few() -> None:
    """The rows that are left out are counted, and refused here as well."""
    accidents = [row for row in rows('engines/presigned') if is_artefact(row)]
    assert 1 <= len(accidents) <= 6
    for row in accidents:
        if 'repeated' in row['name']:
            assert ACCEPTED != answer(
                Request(row['method'], row['url'], row['headers']), row['now']
            )


def test_other_queries_claim_nothing() -> None:
    """Without any of the four parameters there is no claim; the method counts nevertheless."""
    assert presigned.read(Request('GET', '/my/machines', HEADERS), NOW) is None
    assert presigned.read(Request('GET', '/my/machines?limit=5&expires=', HEADERS), NOW) is None
    assert 'GET was not a signed method' == refusal_of('method=POST')
    assert 'GET was not a signed method' == refusal_of(f'{SIGNED}&method=get')


def test_what_is_missing_is_named() -> None:
    """Some of the four parameters without the others are refused by name."""
    assert 'parameters "expires, keyId" are required' == refusal_of('algorithm=x&signature=y')
    assert 'FOO is not a supported signing algorithm' == refusal_of(
        SIGNED.replace('rsa-sha256', 'foo')
    )


def test_expiry_is_a_whole_number() -> None:
    """The second of expiry is still good; what is no decimal number is refused."""
    for text in (str(NOW), '0009999999999', '%2B9999999999'):
        assert b'hi' == claim_of(SIGNED.replace('9999999999', text)).signature
    for text in (str(NOW - 1), '0', '-5'):
        assert 'request expired' == refusal_of(SIGNED.replace('9999999999', text))
    for text in ('1e10', '0x9', '9.5', 'x', '%209999999999', '9' * 16, '9' * 5000, '%D9%A3', '-'):
        assert 'expires is invalid' == refusal_of(SIGNED.replace('9999999999', text)), text


def test_the_string_to_sign() -> None:
    """Methods are sorted, names collated, values encoded; the signature itself is left out."""
    query = f'Zed=1&_x=2&name=b&name=a&é=%21%20+&o[k]=1&l[]=2&Signature=x&{SIGNED}'
    expected = (
        'DELETE,GET\n127.0.0.1:29100\n/my//a%20b\n'
        '_x=2&algorithm=rsa-sha256&%C3%A9=%21%20%20&expires=9999999999&keyId=%2Fa%2Fkeys%2Fk&l=2'
        '&method=GET%20%2C%20DELETE&name=b%2Ca&o=%5Bobject%20Object%5D&Zed=1'
    )
    found = claim_of(f'{query}&method=GET%20,%20DELETE', '/my//a%20b').signing_string
    assert expected == found.decode()


def test_repeated_parameters_are_worth_nothing() -> None:
    """A second keyId or signature leaves neither; a second expiry or algorithm is refused."""
    assert '' == claim_of(f'{SIGNED}&keyId=x').key_id
    assert b'' == claim_of(f'{SIGNED}&signature=x').signature
    assert 'expires is invalid' == refusal_of(f'{SIGNED}&expires=9999999999')
    text = 'RSA-SHA256,RSA-SHA256 is not a supported signing algorithm'
    assert text == refusal_of(f'{SIGNED}&algorithm=rsa-sha256')


@given(
    st.dictionaries(
        st.sampled_from(['keyId', 'algorithm', 'expires', 'signature', 'method', 'é', 'a[', '[b']),
        st.text() | st.sampled_from(['rsa-sha256', '9999999999', 'GET']),
    ),
    st.text('GETPOSHAD', min_size=1, max_size=6),
)
def test_any_query_is_answered(query: dict[str, str], method: str) -> None:
    """Whatever the query says, the outcome is a claim, none, or a 500 without a code."""
    text = '&'.join(
        f'{quote(name)}={quote(value, errors="replace")}' for name, value in query.items()
    )
    refused = refusal_of(text, method)
    assert refused is None or re.search('method|required|invalid|expired|supported', refused)
