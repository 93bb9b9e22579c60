"""The packages chapter."""

import pytest

from smartdc import DataCenter, ResourceNotFound


def test_packages_come_with_all_their_fields(sdc: DataCenter) -> None:
    """Sizes are numbers of MiB."""
    packages = sdc.packages()

    assert len(packages) > 3
    assert all(isinstance(package['memory'], int) for package in packages)


def test_filters_are_all_applied(sdc: DataCenter) -> None:
    """Each filter narrows the list; several narrow it together."""
    one = sdc.packages()[0]
    found = sdc.packages(one['name'], one['memory'], one['disk'], one['swap'], one['version'])

    assert [one] == found
    assert [] == sdc.packages(name=one['name'], memory=one['memory'] + 1)
    assert [one] == sdc.packages(name=one['name'], lwps=one['lwps'])


def test_a_package_is_got_by_name_id_or_dict(sdc: DataCenter) -> None:
    """Whatever names a package finds it."""
    one = sdc.packages()[0]

    assert one == sdc.package(one['name']) == sdc.package(one['id']) == sdc.package(dict(one))
    with pytest.raises(ResourceNotFound):
        sdc.package('nope')


def test_the_default_package_is_the_flagged_one(sdc: DataCenter) -> None:
    """A package with `default: true` is the default."""
    package = sdc.default_package()

    assert package is not None
    assert package['default'] is True
