"""The tags of a machine."""

from __future__ import annotations

import pytest

from tests.simulator.clouds import Account, read, refusal


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take no time."""
    return Account()


def test_adds_replaces_and_deletes(acme: Account) -> None:
    """POST joins, PUT replaces, DELETE removes one or all, whether it was there or not."""
    path = f'{acme.machine(**{"tag.a": "b"})}/tags'
    assert {'a': 'b', 'n': 5, 't': True} == acme.post(path, {'n': 5, 't': True, 'image': 'x'})
    assert {'a': 'b', 'n': 5, 't': True} == acme.post(path, {})
    response = acme.send('PUT', path, {'z': 'y', 'w': 'v'})
    assert {'z': 'y', 'w': 'v'} == read(response) == acme.get(path)
    assert 'x-job-uuid' in response.headers
    assert [204, 204] == [acme.send('DELETE', f'{path}/{tag}').status for tag in 'zz']
    assert {'w': 'v'} == acme.get(path)
    assert acme.send('DELETE', path).status == 204
    assert {} == acme.get(path)


def test_answers_texts_and_blanks(acme: Account) -> None:
    """A tag that is not a text comes back as an empty one."""
    path = f'{acme.machine(**{"tag.a": "b", "tag.n": 5, "tag.t": True})}/tags'
    assert ['b', '', ''] == [acme.get(f'{path}/{tag}') for tag in 'ant']
    assert (404, 'ResourceNotFound', 'tag "x" not found') == refusal(acme.send('GET', f'{path}/x'))


@pytest.mark.parametrize(
    ('tags', 'text'),
    [
        ({'triton.foo': 'x'}, 'Unrecognized special triton tag "triton.foo"'),
        ({'sdc_docker': 'y'}, 'Special tag "sdc_docker" not supported'),
        ({'o': {'a': 1}}, 'tag "o" must be a string, number or boolean'),
    ],
)
def test_refuses_tags(acme: Account, tags: dict[str, object], text: str) -> None:
    """What VMAPI doesn't take is refused by POST and PUT."""
    path = f'{acme.machine()}/tags'
    for method, doing in (('POST', 'adding'), ('PUT', 'replacing')):
        response = acme.send(method, path, tags)
        assert (409, 'ValidationFailed', f'error {doing} tags: {text}') == refusal(response)
        assert {'field': 'tags', 'code': 'Invalid', 'message': text} == read(response)['errors'][0]
    assert (409, 'ValidationFailed') == refusal(acme.send('PUT', path, {}))[:2]
