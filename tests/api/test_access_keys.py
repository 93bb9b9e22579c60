"""The access keys chapter."""

import pytest

from smartdc import APIError, DataCenter, ResourceNotFound


def test_access_keys_of_the_account(sdc: DataCenter) -> None:
    """A key is made with its secret, found by id and dict, and deleted."""
    key = sdc.create_access_key(description='ci')

    assert ('Active', True) == (key['status'], bool(key['accesskeysecret']))
    assert key == sdc.access_key(key) == sdc.access_key(key['accesskeyid'])
    assert [key] == sdc.access_keys()
    sdc.delete_access_key(key)
    assert [] == sdc.access_keys()
    with pytest.raises(ResourceNotFound, match=key['accesskeyid']):
        sdc.access_key(key)


def test_access_keys_of_users(sdc: DataCenter) -> None:
    """A sub-user has access keys of its own."""
    user = sdc.create_user(login='bob', email='bob@acme.example', password='secret123')
    key = sdc.create_user_access_key(user)

    assert key == sdc.user_access_key(user, key)
    assert [key] == sdc.user_access_keys(user)
    assert [] == sdc.access_keys()
    sdc.delete_user_access_key(user, key)
    assert [] == sdc.user_access_keys(user)


def test_servers_of_9_20_change_no_access_keys(sdc: DataCenter) -> None:
    """What only later servers can do raises."""
    user = sdc.create_user(login='bob', email='bob@acme.example', password='secret123')
    key = sdc.create_access_key()

    with pytest.raises(APIError, match='POST is not allowed'):
        sdc.update_access_key(key, status='Inactive')
    with pytest.raises(APIError, match='POST is not allowed'):
        sdc.update_user_access_key(user, key, status='Inactive')
