"""The images chapter, and datasets."""

import pytest

from smartdc import DataCenter, InvalidInput, ResourceNotFound
from smartdc.simulator import Simulator


def test_images_are_listed_filtered_and_got(sdc: DataCenter) -> None:
    """An image is found by its fields and got by id or dict."""
    one = sdc.images()[0]

    assert one in sdc.images(name=one['name'], os=one['os'], version=one['version'])
    assert [] == sdc.images(name='no such image')
    assert one == sdc.image(one['id']) == sdc.image(dict(one))


def test_every_filter_reaches_the_server(cloud: Simulator, sdc: DataCenter) -> None:
    """All seven filters go into the query under CloudAPI's names."""
    sdc.images('n', 'smartos', '1', True, 'all', 'o', 'zone-dataset')
    query = cloud.requests[-1].target.partition('?')[2]

    assert {
        *('name=n', 'os=smartos', 'version=1', 'public=true'),
        *('state=all', 'owner=o', 'type=zone-dataset'),
    } == set(query.split('&'))


def test_datasets_are_images_with_a_urn(sdc: DataCenter) -> None:
    """The old name still lists, searches and gets."""
    datasets = sdc.datasets()
    one = datasets[0]

    assert f'sdc:sdc:{one["name"]}:{one["version"]}' == one['urn']
    assert one in sdc.datasets(one['name'])
    assert one == sdc.dataset(one['urn']) == sdc.dataset(one['id']) == sdc.dataset(dict(one))


def test_a_urn_without_a_version_means_the_newest(sdc: DataCenter) -> None:
    """`sdc:sdc:name:` is the image of that name that was published last."""
    name = 'base-64-lts'
    newest = max(sdc.images(name=name), key=lambda image: image['published_at'])

    assert len(sdc.images(name=name)) > 1
    assert newest['id'] == sdc.dataset(f'sdc:sdc:{name}:')['id']


def test_an_unknown_urn_names_near_ones(sdc: DataCenter) -> None:
    """A misspelt name is answered with what it may have meant."""
    with pytest.raises(InvalidInput, match='smartos64'):
        sdc.dataset('sdc:sdc:smartos46:')


def test_an_unknown_image_is_not_found(sdc: DataCenter) -> None:
    """An id that is not there is a ResourceNotFound."""
    with pytest.raises(ResourceNotFound):
        sdc.image('00000000-0000-4000-8000-000000000000')
