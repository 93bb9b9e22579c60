"""Images that are made, shared, copied and exported."""

import pytest

from smartdc import DataCenter, ImageNotShared, Machine, MissingParameter, ResourceNotFound
from smartdc.errors import ImageHasDependentImages, NotMantaPathOwner, WaitFailed
from smartdc.simulator import Simulator

SOMEBODY = '22222222-2222-4222-8222-222222222222'


def test_an_image_is_made_and_waited_for(sdc: DataCenter, machine: Machine) -> None:
    """Without waiting it is creating, else active."""
    image = sdc.create_image(machine, 'app', '1', tags={'a': True}, description='d')
    assert 'creating' == image['state']
    assert 'active' == sdc.wait_for('image', image['id'], 'active')['state']
    done = sdc.create_image(machine.id, 'app', '2', wait=True)

    assert ('active', 'app', '2') == (done['state'], done['name'], done['version'])
    assert done in sdc.images(name='app', version='2')


def test_an_image_of_a_machine_that_goes_fails(sdc: DataCenter, machine: Machine) -> None:
    """Waiting ends at once, with the image as it is."""
    machine.delete()
    with pytest.raises(WaitFailed, match='failed') as caught:
        sdc.create_image(machine, 'app', '1', wait=60)

    assert 'PrepareImageDidNotRun' in str(caught.value.last)


def test_an_image_is_changed_and_shared(sdc: DataCenter, machine: Machine) -> None:
    """Sharing keeps whom it is shared with, unsharing the others."""
    image = sdc.create_image(machine, 'app', '1', wait=True)
    other = SOMEBODY.replace('2', '3')

    assert 'new' == sdc.update_image(image, name='new', tags={'b': 1})['name']
    assert [SOMEBODY] == sdc.share_image(image, SOMEBODY)['acl']
    assert [SOMEBODY, other] == sdc.share_image(image, other, SOMEBODY)['acl']
    assert [other] == sdc.unshare_image(image, SOMEBODY)['acl']
    with pytest.raises(ImageNotShared):
        sdc.clone_image(image)


def test_an_image_is_exported(sdc: DataCenter, machine: Machine) -> None:
    """The places of its files come back."""
    image = sdc.create_image(machine, 'app', '1', wait=True)

    assert (
        '/acme/stor/app.imgmanifest' == sdc.export_image(image, '/acme/stor/app')['manifest_path']
    )
    with pytest.raises(NotMantaPathOwner):
        sdc.export_image(image, '/eve/stor/app')


def test_an_image_is_imported(cloud: Simulator, sdc: DataCenter, machine: Machine) -> None:
    """From where it was made to another data center."""
    image = sdc.create_image(machine, 'app', '1', wait=True)
    with cloud.datacenter('us-east-1') as east:
        assert image['id'] == east.import_image('us-sw-1', image)['id']
        assert [image['id']] == [each['id'] for each in east.images(name='app')]
        with pytest.raises(ResourceNotFound):
            east.import_image('us-nowhere-1', image)


def test_an_image_is_deleted_after_those_that_build_upon_it(
    sdc: DataCenter, machine: Machine
) -> None:
    """Until then it is refused."""
    first = sdc.create_image(machine, 'app', '1', wait=True)
    child = sdc.create_machine(image=first)
    child.poll_until('running')
    second = sdc.create_image(child, 'app', '2', wait=True)

    with pytest.raises(ImageHasDependentImages):
        sdc.delete_image(first)
    sdc.delete_image(second)
    sdc.delete_image(first)
    assert [] == sdc.images(name='app', state='all')


def test_an_image_needs_a_name(sdc: DataCenter, machine: Machine) -> None:
    """The server says what is missing."""
    with pytest.raises(MissingParameter, match='Image name'):
        sdc.create_image(machine, '', '1')
