"""The metadata of a machine."""

from __future__ import annotations

import pytest

from tests.simulator.clouds import Account, read, refusal


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take no time."""
    return Account()


def test_merges_and_leaves_out_what_is_internal(acme: Account) -> None:
    """New entries join the old ones, but for passwords and the server's own names."""
    path = acme.machine(**{'metadata.a': '1'})
    given = {'b': 2, 'c': True, 'x_pw': 's', 'image': 'i', 'uuid': 'u', 'credentials': {}}
    response = acme.send('POST', f'{path}/metadata', given)
    expected = {'a': '1', 'root_authorized_keys': f'{acme.signer.public}\n', 'b': 2, 'c': True}
    assert expected == read(response)
    assert 'x-job-uuid' in response.headers
    assert expected == acme.get(f'{path}/metadata') == acme.get(path)['metadata']
    assert ('set_metadata', 'yes') == acme.audit(path)[0]


@pytest.mark.parametrize('body', [{}, {'x_pw': 'y'}, {'a': {}}, {'a': [1]}, {'a': None}])
def test_refuses_what_cannot_be_metadata(acme: Account, body: dict[str, object]) -> None:
    """Nothing at all, and values that are no text, number or boolean, are refused."""
    path = acme.machine()
    expected = (409, 'ValidationFailed', 'Invalid metadatum parameters')
    assert expected == refusal(acme.send('POST', f'{path}/metadata', body))


def test_answers_texts_only(acme: Account) -> None:
    """One entry is answered if it is there and a text."""
    path = f'{acme.machine(**{"metadata.a": "x", "metadata.n": 5})}/metadata'
    assert 'x' == acme.get(f'{path}/a')
    assert 'n is not metadata' == refusal(acme.send('GET', f'{path}/n'))[2]
    assert 'metadatum "z" not found' == refusal(acme.send('GET', f'{path}/z'))[2]


def test_deletes_all_but_the_way_in(acme: Account) -> None:
    """Deleting all leaves the keys, and two ids that a fault of the server puts there."""
    path = acme.machine(**{'metadata.a': 'x', 'administrator_pw': 'p'})
    assert acme.send('DELETE', f'{path}/metadata').status == 204
    names = {'uuid', 'owner_uuid', 'administrator_pw', 'root_authorized_keys'}
    assert names == set(acme.get(f'{path}/metadata'))
    for key in ('credentials', 'administrator_pw', 'root_authorized_keys'):
        text = f'Metadata key {key} can not be deleted'
        response = acme.send('DELETE', f'{path}/metadata/{key}')
        assert (409, 'InvalidArgument', text) == refusal(response)
    assert acme.send('DELETE', f'{path}/metadata/nothing').status == 204


def test_shows_passwords_when_asked(acme: Account) -> None:
    """Passwords come only with `credentials`, under the names of their users."""
    path = f'{acme.machine(**{"metadata.credentials": {"root": "a", "admin_pw": "b"}})}/metadata'
    assert 'credentials' not in acme.get(path)
    words = {'root': 'a', 'admin': 'b'}
    assert words == acme.get(f'{path}?credentials=true')['credentials']
    assert words == acme.get(f'{path}/credentials')
