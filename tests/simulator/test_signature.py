import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator import versions
from smartdc.simulator.javascript import from_base64
from smartdc.simulator.signature import KeyId, parse_key_id, read
from smartdc.simulator.wire import Refusal, Request
from tests.simulator.tables import rows, seconds, world_key

CLIENTS = {'gosdc': 18, 'smartdc': 12, 'triton-flow': 102, 'triton-keys': 17}
# bob has no such key (7, 8), and there is no account `other` (9, 10).
STRANGERS = {('triton-keys', number) for number in (7, 8, 9, 10)}
NOW = 1795424694.793
DATE = 'Mon, 23 Nov 2026 09:04:54 GMT'


def client_requests() -> Iterator[tuple[tuple[str, int], Request, float]]:
    """Return the requests that real clients signed, each with its name and its time."""
    for client, count in CLIENTS.items():
        recorded = rows(f'wire/clients/{client}')
        assert count == len(recorded)
        for row in recorded:
            request = Request(row['method'], row['url'], row['headers'])
            yield (client, row['n']), request, seconds(row['headers']['date'])


def verified(request: Request, now: float) -> bool:
    """Tell whether a request's signature is that of the key it names, in the recorded world."""
    claim = read(request, now)
    assert claim is not None
    reaches = versions.reaches(versions.asked(request.headers), '7.2.0')
    key = world_key(parse_key_id(claim.key_id, reaches))
    return key is not None and claim.verify(key) and claim.verify(key.text)


def with_authorization(request: Request, value: str) -> Request:
    """Return the request with another Authorization header."""
    return replace(request, headers={**request.headers, 'authorization': value})


def spoiled(header: str) -> str:
    """Return an Authorization header with one byte of its signature changed."""
    found = re.search(r'signature="([^"]*)"|" ([^"]+)$', header)
    assert found is not None
    text = found[1] or found[2]
    raw = bytearray(base64.b64decode(text))
    raw[len(raw) // 2] ^= 1
    return header.replace(text, base64.b64encode(raw).decode())


def answer(headers: dict[str, str], now: float = NOW) -> str | None:
    """Return the text of the bare 400 that a GET is refused with, None if it is not refused."""
    try:
        read(Request('GET', '/my', headers), now)
    except Refusal as refused:
        text = f'{refused.code} {refused.message}'
        return text if refused.bare and refused.status == 400 else f'not a bare 400: {text}'
    return None


@pytest.mark.usefixtures('backend')
def test_requests_of_real_clients_verify() -> None:
    """What four clients signed is accepted, but for the keys and accounts that do not exist."""
    for name, request, now in client_requests():
        assert (name not in STRANGERS) == verified(request, now), name


@pytest.mark.usefixtures('backend')
def test_a_changed_signature_does_not_verify() -> None:
    """One changed byte of a signature is enough to refuse it."""
    for name, request, now in client_requests():
        changed = with_authorization(request, spoiled(request.headers['authorization']))
        assert not verified(changed, now), name


@pytest.mark.usefixtures('backend')
def test_a_changed_path_does_not_verify_where_it_is_signed() -> None:
    """Another path, query or method is refused if the signature covers it, else accepted."""
    covered = 0
    for name, request, now in client_requests():
        signs_path = '(request-target)' in request.headers['authorization']
        covered += signs_path
        for changed in (
            replace(request, target=f'{request.target}x'),
            replace(request, target=f'{request.target}?a=b'),
            replace(request, method='PATCH'),
        ):
            accepted = not signs_path and name not in STRANGERS
            assert accepted == verified(changed, now), name
    assert covered == 119


@pytest.mark.usefixtures('backend')
def test_a_changed_date_does_not_verify() -> None:
    """The same signature under another Date, however near, is refused."""
    for name, request, now in client_requests():
        date = request.headers['date']
        other = date.replace(':', ';') if name[0] == 'gosdc' else date.replace('GMT', 'UTC')
        assert not verified(replace(request, headers={**request.headers, 'date': other}), now), name


@pytest.mark.usefixtures('backend')
def test_recorded_refusals_and_acceptances() -> None:
    """The recorded `auth:` requests end at the parser, at the key, or verified, as recorded."""
    recorded = [row for row in rows('wire/transcripts') if row['name'].startswith('auth:')]
    assert len(recorded) >= 34
    for row in recorded:
        request = Request(row['method'], row['path'], row['sent'])
        now = seconds(row['headers']['date'])
        # The recorded fraction of a second is in the text only.
        now += 0.793 if 'clock skew of 310.793s' in row['text'] else 0
        try:
            status, message = (200 if verified(request, now) else 401), 'credentials supplied'
        except Refusal as refused:
            status, message = refused.status, refused.message
        # A disabled account is found out after its signature has been verified.
        expected = 200 if row['status'] == 403 else row['status']
        assert expected == status, row['name']
        if expected != 200:
            assert message.replace('"', '\\"') in row['text'], row['name']


def recorded_headers() -> list[dict[str, Any]]:
    """Return the recorded headers."""
    recorded = rows('engines/authorization')
    assert len(recorded) >= 140
    return recorded


@pytest.mark.parametrize('row', recorded_headers(), ids=lambda row: f'{row["id"]} {row["what"]}')
def test_headers_read_as_http_signature_reads_them(row: dict[str, Any]) -> None:
    """Headers read as npm http-signature 1.4.0, then 0.9.11, read them; recorded from these two."""
    request = Request(row['method'], row['url'], row['headers'])
    outcome = row['outcome']
    if 'error' in outcome:
        with pytest.raises(Refusal) as refused:
            read(request, row['now'])
        wanted = (400, 'InvalidHeader', f'Authorization header invalid: {outcome["error"]}')
        assert wanted == (refused.value.status, refused.value.code, refused.value.message)
        return
    claim = read(request, row['now'])
    assert claim is not None
    # A bare number in the place of a text is as good as nothing, later on.
    key_id, signature = (
        value if isinstance(value := outcome[name], str) else '' for name in ('key_id', 'signature')
    )
    assert (key_id, outcome['algorithm']) == (claim.key_id, claim.algorithm)
    assert from_base64(signature) == claim.signature
    encoding = 'latin-1' if claim.algorithm.startswith('ed25519') else 'utf-8'
    assert outcome['signing_string'].encode(encoding) == claim.signing_string


def test_other_schemes_claim_nothing() -> None:
    """Without a header, or with another scheme, there is no claim; broken ones are refused."""
    assert read(Request('GET', '/my', {}), NOW) is None
    assert read(Request('GET', '/my', {'authorization': ''}), NOW) is None
    assert read(Request('GET', '/my', {'authorization': 'Bearer x'}), NOW) is None
    assert read(Request('GET', '/my', {'authorization': 'Basic YTpi'}), NOW) is None
    assert answer({'authorization': 'Basic !'}) == 'InvalidHeader Authorization header invalid'
    assert answer({'authorization': 'x'}) == 'InvalidHeader BasicAuth content is invalid.'


def test_an_old_date_expires_what_is_not_signed_by_it() -> None:
    """Date alone is checked without a signature, and beside X-Date; garbage passes."""
    old = 'Mon, 23 Nov 2026 08:59:54 GMT'
    expired = f'RequestExpired Date header {old} is too old'
    signed = 'Signature keyId="/a/keys/b",algorithm="rsa-sha256",headers="date",signature="aGk="'
    assert expired == answer({'date': old})
    assert expired == answer({'date': old, 'x-date': DATE, 'authorization': signed})
    assert answer({'date': old}, now=NOW - 0.793) is None
    assert answer({'date': 'Mon, 23 Nov 2026 23:00:00 GMT'}) is None
    assert answer({'date': 'yesterday'}) is None


def test_key_ids() -> None:
    """Four parts name an account's key, six a sub-user's for versions that reach 7.2."""
    assert parse_key_id('/acme/keys/laptop', False) == KeyId('acme', None, 'laptop')
    assert parse_key_id('x/acme/keys/', True) == KeyId('acme', None, '')
    assert parse_key_id('/acme/users/bob/keys/k', True) == KeyId('acme', 'bob', 'k')
    assert parse_key_id('/acme/any/bob/keys/k', True) == KeyId('acme', 'bob', 'k')
    bad = ['/acme/keys', '/acme/nokeys/k', '/acme/bob/keys/k', '/acme/users/bob/keys/SHA256:a/b']
    for key_id, reaches in [*((key_id, True) for key_id in bad), ('/acme/users/bob/keys/k', False)]:
        with pytest.raises(Refusal) as refused:
            parse_key_id(key_id, reaches)
        message = f'Invalid KeyId {key_id} in authorization header'
        assert (401, 'InvalidCredentials', message) == (
            refused.value.status,
            refused.value.code,
            refused.value.message,
        )
    with pytest.raises(Refusal) as refused:
        parse_key_id('', True)
    assert (refused.value.status, refused.value.code) == (400, 'BadRequestError')


@given(
    st.text('Sigature kyIdlohmsp="\',:/-()0159\n', max_size=60),
    st.sampled_from(['Signature ', 'Signature keyId="/a/keys/b",algorithm="rsa-sha256",', '']),
    st.none() | st.text(),
)
def test_garbage_headers_are_refused(text: str, start: str, date: str | None) -> None:
    """Whatever the headers say, the outcome is a claim, none, or a bare 400."""
    headers = {'authorization': start + text, **({} if date is None else {'date': date})}
    assert not (answer(headers) or '').startswith('not a bare 400')


@given(st.text(), st.sampled_from(['created', 'expires', 'opaque', 'headers', 'keyId']))
def test_garbage_parameters_are_refused(value: str, name: str) -> None:
    """Whatever a parameter holds, quoted or bare, the outcome is a claim or a bare 400."""
    rest = 'algorithm="rsa-sha256",signature="aGk="'
    for shown in (f'"{value}"', value, '9' * 5000):
        header = f'Signature keyId="/a/keys/b",{name}={shown},{rest}'
        text = answer({'authorization': header, 'date': DATE})
        assert not (text or '').startswith('not a bare 400')
