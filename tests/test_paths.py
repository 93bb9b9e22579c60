"""Ids and names in URLs."""

from typing import Any
from urllib.parse import unquote

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

import smartdc
from smartdc.paths import fill, ident, is_uuid

#: Texts that can be ids: no control characters, no surrogates.
IDS = st.text(st.characters(exclude_categories=['Cs', 'Cc']), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ('part', 'path'),
    [
        ('plain', '/keys/plain'),
        ('a/b', '/keys/a%2Fb'),
        ('a b', '/keys/a%20b'),
        ('a?b#c', '/keys/a%3Fb%23c'),
        ('100%', '/keys/100%25'),
        ('%2F', '/keys/%252F'),
        ('clé', '/keys/cl%C3%A9'),
        ('SHA256:ab/c=', '/keys/SHA256%3Aab%2Fc%3D'),
        ('...', '/keys/...'),
        (7, '/keys/7'),
    ],
)
def test_parts_are_percent_encoded(part: object, path: str) -> None:
    """Whatever would mean something in a URL is encoded."""
    assert path == fill('/keys/{}', part)


@pytest.mark.parametrize(
    'part', ['', '.', '..', 'a\nb', '\x00', 'a\x7f', '\ud800', None, True, 1.5, b'x', [], {}]
)
def test_what_would_name_another_resource_is_refused(part: object) -> None:
    """Empty ids, dots, control characters and things that are no ids never reach a URL."""
    with pytest.raises(smartdc.InvalidInput):
        fill('/keys/{}', part)


@given(part=IDS.filter(lambda text: text not in ('.', '..')))
def test_requests_leaves_an_encoded_part_alone(part: str) -> None:
    """The path that is signed is the path that is sent, and decodes to the part."""
    path = fill('/my/keys/{}', part)
    prepared = requests.Request('GET', f'http://host{path}').prepare()

    assert path == prepared.path_url
    assert part == unquote(path.removeprefix('/my/keys/'))


@pytest.mark.parametrize(
    ('thing', 'keys', 'found'),
    [
        ('x', (), 'x'),
        ({'id': 'x', 'urn': 'u'}, (), 'x'),
        ({'urn': 'u'}, ('id', 'urn'), 'u'),
        ({'id': None, 'urn': 'u'}, ('id', 'urn'), 'u'),
        ({'name': 'n'}, ('name',), 'n'),
    ],
)
def test_a_dict_does_where_an_id_is_wanted(thing: Any, keys: tuple[str, ...], found: str) -> None:
    """The id is the string itself or the first key that a dict has."""
    assert found == ident(thing, *keys)


@pytest.mark.parametrize('thing', [None, {}, {'name': 'x'}, [], 1.5, object()])
def test_what_has_no_id_is_refused(thing: Any) -> None:
    """The error says what was expected and what came."""
    with pytest.raises(smartdc.InvalidInput, match="'id'"):
        ident(thing)


def test_uuids_are_known_in_the_form_that_cloudapi_writes() -> None:
    """Only the form with hyphens is a UUID."""
    assert is_uuid('2b683a82-a066-11e3-97ab-2faa44701c5a')
    assert not is_uuid('2b683a82a06611e397ab2faa44701c5a')
    assert not is_uuid('base-64-lts')
