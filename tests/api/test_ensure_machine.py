"""The machine of a name, made if it is missing."""

import inspect
import json
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_type_hints

import pytest

import smartdc
from smartdc import DataCenter, InvalidInput, MachineDiffers
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from smartdc.types import MachineOptions
from tests.servers import json_reply, serving

IMAGE = '11111111-1111-4111-8111-111111111111'
OTHER = '22222222-2222-4222-8222-222222222222'

#: Ways to write the image and the package of web0, and what it is then compared by.
SAME: list[dict[str, str]] = [
    {},
    {'image': 'base-64-lts'},
    {'image': 'base-64-lts@23.4.0'},
    {'image': 'sdc:sdc:base-64-lts:23.4.0'},
    {'package': 'g1-micro'},
    {'image': 'base-64-lts', 'package': 'g1-micro'},
]


def created(cloud: Simulator) -> int:
    """Return how many machines were asked for."""
    return sum(each.operation == 'CreateMachine' for each in cloud.requests)


@pytest.fixture
def web0(cloud: Simulator) -> Iterator[DataCenter]:
    """Yield a data center with the machine web0, of an image that has a newer version."""
    with cloud.datacenter() as sdc:
        sdc.create_machine('web0', 'g1-micro', image='base-64-lts@23.4.0')
        sdc.create_machine('web01')
        yield sdc


def test_a_missing_machine_is_made(cloud: Simulator, sdc: DataCenter) -> None:
    """With all that is given, and only once."""
    made = sdc.ensure_machine('web0', image='base-64', package='g1-micro', tags={'role': 'web'})
    machine = sdc.ensure_machine('web0', tags={'role': 'other'})

    assert made == machine
    assert ('web0', 'g1-micro', {'role': 'web'}) == (machine.name, machine.package, machine.tags)
    assert 1 == created(cloud)


@pytest.mark.parametrize('given', SAME)
def test_a_machine_that_is_there_is_returned(
    cloud: Simulator, web0: DataCenter, given: dict[str, Any]
) -> None:
    """A name without a version means any version of the image; nothing is written."""
    assert 'web0' == web0.ensure_machine('web0', **given).name
    assert 2 == created(cloud)


@pytest.mark.parametrize('as_dict', [True, False])
def test_image_and_package_may_be_ids_or_dicts(web0: DataCenter, as_dict: bool) -> None:
    """They mean what they mean everywhere."""
    image = web0.images(name='base-64-lts', version='23.4.0')[0]
    package = web0.package('g1-micro')
    wanted: Any = (image, package) if as_dict else (image['id'], package['id'])

    assert 'web0' == web0.ensure_machine('web0', image=wanted[0], package=wanted[1]).name


@pytest.mark.parametrize(
    ('given', 'fields'),
    [
        ({'image': 'base-64-lts@24.4.1'}, ['image']),
        ({'image': 'minimal-64-lts'}, ['image']),
        ({'package': 'g1-small'}, ['package']),
        ({'image': 'base-64-lts', 'package': 'g1-small'}, ['package']),
        ({'image': 'base-64', 'package': 'g1-small'}, ['image', 'package']),
    ],
)
def test_a_machine_that_differs_is_an_error(
    cloud: Simulator, web0: DataCenter, given: dict[str, Any], fields: list[str]
) -> None:
    """It says what differs, and nothing is changed."""
    machine = web0.machine('web0')
    with pytest.raises(MachineDiffers, match=f'web0 is there .{machine.id}.') as caught:
        web0.ensure_machine('web0', **given)

    assert machine.data == caught.value.machine
    assert fields == list(caught.value.differences)
    for field, (wanted, found) in caught.value.differences.items():
        assert machine.data[field] == found
        assert f'its {field} is {found}, not {wanted}' in str(caught.value)
    assert 2 == created(cloud)
    again = pickle.loads(pickle.dumps(caught.value))
    assert caught.value.differences == again.differences


def test_the_wanted_and_the_found_are_named(web0: DataCenter) -> None:
    """Images are ids, as in the machine's data; packages are names."""
    image = web0.images(name='base-64')[0]
    with pytest.raises(MachineDiffers) as caught:
        web0.ensure_machine('web0', image='base-64', package=web0.package('g1-small')['id'])

    assert {
        'image': (image['id'], web0.machine('web0').image),
        'package': ('g1-small', 'g1-micro'),
    } == caught.value.differences


def test_a_stopped_machine_is_returned_as_it_is(web0: DataCenter) -> None:
    """It is the caller's to start."""
    machine = web0.machine('web0')
    machine.poll_until('running')
    machine.stop()
    machine.poll_until('stopped')

    assert 'stopped' == web0.ensure_machine('web0').state


@pytest.mark.parametrize('state', ['failed', 'deleted'])
def test_a_failed_or_deleted_machine_does_not_count(state: str) -> None:
    """Its name is free, and another machine gets it."""
    world = {'machines': [{'name': 'web0', 'state': state}]}
    with Simulator(world) as cloud, cloud.datacenter() as sdc:
        machine = sdc.ensure_machine('web0', image='base-64')

        assert 'provisioning' == machine.state
        assert 2 == len(sdc.machines(name='web0', tombstone=True))


@pytest.mark.parametrize('name', ['web-{{shortId}}', 'bad name!', ''])
def test_a_name_that_cannot_be_looked_for_is_refused(
    cloud: Simulator, sdc: DataCenter, name: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidInput):
        sdc.ensure_machine(name)

    assert [] == cloud.requests


def test_an_image_that_nothing_has_is_refused(web0: DataCenter) -> None:
    """A name that is written wrongly is no difference."""
    with pytest.raises(smartdc.UnknownName, match='base-64-lts'):
        web0.ensure_machine('web0', image='base-64-ltz')


def test_an_image_that_is_gone_is_another_one() -> None:
    """What a machine was made from may be deleted, and then nobody knows its name any more."""
    world = {'images': [{'name': 'app', 'owner': 'x', 'public': False}, {'name': 'base-64'}]}
    with (
        Simulator({**world, 'machines': [{'name': 'web0', 'image': 'app'}]}) as cloud,
        cloud.datacenter() as sdc,
        pytest.raises(MachineDiffers),
    ):
        sdc.ensure_machine('web0', image='base-64')


def test_many_at_once_get_the_same_machine(cloud: Simulator) -> None:
    """The server lets one of them make it, and all return it."""
    with cloud.datacenter() as one, cloud.datacenter() as two, ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(sdc.ensure_machine, 'web0', image='base-64') for sdc in (one, two) * 4]
        machines = {call.result().id for call in calls}

        assert machines == {machine.id for machine in one.machines()}
    assert 1 == len(machines)


@pytest.mark.parametrize('image', [IMAGE, OTHER])
def test_who_loses_gets_the_winners_machine(cloud: Simulator, image: str) -> None:
    """When the name is taken between the look and the create, what is there is compared."""
    errors = [{'field': 'alias', 'code': 'Duplicate', 'message': 'Already exists'}]
    taken = {'code': 'ValidationFailed', 'message': 'Invalid VM parameters', 'errors': errors}
    winner = {'id': OTHER, 'name': 'web0', 'image': IMAGE, 'package': 'g1-small'}
    answers = [(200, []), (409, taken), (200, [winner])]
    with (
        serving(*(json_reply(code, json.dumps(data).encode()) for code, data in answers)) as server,
        DataCenter(server.url, '/acme/keys/k', cloud.key_path) as sdc,
    ):
        if image == IMAGE:
            assert winner == sdc.ensure_machine('web0', image=image, package='g1-small').data
        else:
            with pytest.raises(MachineDiffers):
                sdc.ensure_machine('web0', image=image, package='g1-small')


@pytest.mark.parametrize('field', ['alias', 'ram'])
def test_a_refusal_that_nothing_explains_is_raised(cloud: Simulator, field: str) -> None:
    """For another reason than its name, or for a machine that is gone again."""
    errors = [{'field': field, 'code': 'Duplicate', 'message': 'x'}]
    refused = {'code': 'ValidationFailed', 'message': 'Invalid VM parameters', 'errors': errors}
    answers = [(200, []), (409, refused), (200, [])]
    with (
        serving(*(json_reply(code, json.dumps(data).encode()) for code, data in answers)) as server,
        DataCenter(server.url, '/acme/keys/k', cloud.key_path) as sdc,
        pytest.raises(smartdc.ValidationFailed),
    ):
        sdc.ensure_machine('web0', image=IMAGE, package='g1-small')

    assert (3 if field == 'alias' else 2) == len(server.requests)


def test_a_lost_answer_makes_no_second_machine(cloud: Simulator) -> None:
    """It creates as `create_machine` does."""
    cloud.faults.add('CreateMachine', count=1, outcome='drop', after=True)
    with cloud.datacenter(retries=Retry(base=0)) as sdc:
        machine = sdc.ensure_machine('web0')

        assert [machine] == sdc.machines()
    assert 1 == created(cloud)


def test_it_takes_every_argument_of_create_machine() -> None:
    """By keyword, each of the same type."""
    create = get_type_hints(DataCenter.create_machine)
    theirs = {
        name for name in create if name not in ('name', 'image', 'dataset', 'package', 'return')
    }
    options = get_type_hints(MachineOptions)

    assert theirs == options.keys()
    assert {name: create[name] for name in theirs} == options
    _, name, *others = inspect.signature(DataCenter.ensure_machine).parameters.values()
    assert inspect.Parameter.POSITIONAL_ONLY is name.kind
    assert {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD} == {
        each.kind for each in others
    }
