"""The networks chapter."""

import pytest

from smartdc import DataCenter, InvalidInput, ResourceNotFound


def test_networks_are_listed_and_got(sdc: DataCenter) -> None:
    """A network is got by its id or its dict."""
    one = sdc.networks()[0]

    assert one == sdc.network(one['id']) == sdc.network(dict(one))
    with pytest.raises(ResourceNotFound):
        sdc.network('00000000-0000-4000-8000-000000000000')


def test_networks_are_searched_by_name(sdc: DataCenter) -> None:
    """The search is a regular expression, whatever the case, for the name by default."""
    one = sdc.networks()[0]

    assert one in sdc.networks(one['name'].upper())
    assert [one] == sdc.networks(one['id'], fields=['id'])
    assert [] == sdc.networks('no such network')


def test_a_broken_search_is_refused(sdc: DataCenter) -> None:
    """What is no regular expression is an InvalidInput."""
    with pytest.raises(InvalidInput, match='regular expression'):
        sdc.networks('(')
