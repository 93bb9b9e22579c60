"""What py-smartdc 0.2.0 promised, name by name, and what is public now."""

import importlib
import inspect
import subprocess
import sys
from typing import Any

import pytest

import smartdc

#: Each callable of 0.2.0 with its positional arguments, in order.
SIGNATURES = {
    'DataCenter': 'location key_id secret headers login known_locations allow_agent verify verbose',
    'DataCenter.authenticate': 'key_id secret allow_agent',
    'DataCenter.request': 'method path headers data',
    'DataCenter.api': '',
    'DataCenter.me': '',
    'DataCenter.account': '',
    'DataCenter.update_account': 'email company_name first_name last_name address postal_code city '
    'state country phone',
    'DataCenter.keys': '',
    'DataCenter.key': 'key_id',
    'DataCenter.delete_key': 'key_id',
    'DataCenter.add_key': 'key_id key',
    'DataCenter.datacenters': '',
    'DataCenter.datacenter': 'name',
    'DataCenter.datasets': 'search fields',
    'DataCenter.dataset': 'identifier',
    'DataCenter.packages': 'name memory disk swap version vcpus group',
    'DataCenter.default_package': '',
    'DataCenter.package': 'name',
    'DataCenter.num_machines': 'machine_type dataset state memory tombstone tags',
    'DataCenter.raw_machine_data': 'machine_id credentials',
    'DataCenter.machines': 'machine_type name dataset state memory tombstone tags credentials '
    'paged limit offset',
    'DataCenter.create_machine': 'name package dataset metadata tags boot_script credentials image '
    'networks',
    'DataCenter.machine': 'machine_id credentials',
    'DataCenter.networks': 'search fields',
    'DataCenter.network': 'identifier',
    'DataCenter.images': 'name os version public state owner type',
    'DataCenter.image': 'identifier',
    'DataCenter.delete_image': 'identifier',
    'LegacyDataCenter.packages': 'search fields',
    'LegacyDataCenter.default_package': '',
    'LegacyDataCenter.default_dataset': '',
    'Machine': 'datacenter machine_id data credentials',
    'Machine.create_in_datacenter': 'datacenter',
    'Machine.refresh': 'credentials',
    'Machine.credentials': '',
    'Machine.status': '',
    'Machine.start': '',
    'Machine.stop': '',
    'Machine.reboot': '',
    'Machine.delete': '',
    'Machine.resize': 'package',
    'Machine.poll_until': 'state interval',
    'Machine.poll_while': 'state interval',
    'Machine.get_metadata': '',
    'Machine.delete_metadata_at_key': 'key',
    'Machine.delete_all_metadata': '',
    'Machine.set_boot_script': 'filename',
    'Machine.delete_boot_script': '',
    'Machine.get_tags': '',
    'Machine.get_tag': 'tag',
    'Machine.delete_tag': 'tag',
    'Machine.delete_all_tags': '',
    'Machine.snapshots': '',
    'Machine.snapshot': 'name',
    'Machine.create_snapshot': 'name',
    'Machine.raw_snapshot_data': 'name',
    'Machine.start_from_snapshot': 'name',
    'Snapshot': 'machine name data',
    'Snapshot.refresh': '',
    'Snapshot.status': '',
    'Snapshot.delete': '',
    'Snapshot.start': '',
}

#: Arguments of 0.2.0 that had a value when they were left out.
DEFAULTS = {
    'DataCenter': {'secret': '~/.ssh/id_rsa', 'allow_agent': False, 'verify': True},
    'DataCenter.datasets': {'search': None, 'fields': ('description', 'urn')},
    'DataCenter.machines': {'credentials': False, 'paged': False, 'limit': None, 'offset': None},
    'Machine.poll_until': {'interval': 2},
    'Machine.poll_while': {'interval': 2},
}


def lookup(dotted: str) -> Any:
    """Return a public name's object."""
    found: Any = smartdc
    for part in dotted.split('.'):
        found = getattr(found, part)
    return found


def positional(function: Any) -> list[inspect.Parameter]:
    """Return the parameters that may be given by position, without self."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD,)
    parameters = inspect.signature(function).parameters.values()
    return [each for each in parameters if each.kind in kinds and each.name not in ('self', 'cls')]


@pytest.mark.parametrize(('dotted', 'names'), SIGNATURES.items())
def test_the_arguments_of_020_keep_their_names_and_order(dotted: str, names: str) -> None:
    """Each callable of 0.2.0 takes its positional arguments in the old order, and no new one."""
    assert [each.name for each in positional(lookup(dotted))] == names.split()


@pytest.mark.parametrize(('dotted', 'names'), SIGNATURES.items())
def test_whatever_is_new_is_keyword_only(dotted: str, names: str) -> None:
    """No argument that 0.2.0 did not have can be given by position."""
    new = set(inspect.signature(lookup(dotted)).parameters) - {'self', *names.split()}
    kinds = {inspect.signature(lookup(dotted)).parameters[name].kind for name in new}

    assert not kinds - {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}


@pytest.mark.parametrize(('dotted', 'defaults'), DEFAULTS.items())
def test_the_defaults_of_020_stay(dotted: str, defaults: dict[str, Any]) -> None:
    """An argument that is left out means what it meant."""
    found = {each.name: each.default for each in positional(lookup(dotted))}

    assert {name: found[name] for name in defaults} == defaults


@pytest.mark.parametrize('name', ['update_metadata', 'add_tags'])
def test_tags_and_metadata_are_given_by_keyword_or_mapping(name: str) -> None:
    """A mapping comes first and has no name, so that any name can be a keyword."""
    _, given, more = inspect.signature(lookup(f'Machine.{name}')).parameters.values()

    assert given.kind == inspect.Parameter.POSITIONAL_ONLY
    assert more.kind == inspect.Parameter.VAR_KEYWORD


@pytest.mark.parametrize(
    ('module', 'names'),
    [
        (
            'smartdc.datacenter',
            'API_HOST_SUFFIX DEFAULT_HEADERS DEFAULT_LOCATION KNOWN_LOCATIONS TELEFONICA_LOCATIONS '
            'DataCenter deprecated search_dicts',
        ),
        ('smartdc.machine', 'Machine Snapshot dt_time priv pub timestamp'),
        ('smartdc.legacy', 'LegacyDataCenter'),
        (
            'smartdc',
            'DEFAULT_LOCATION DataCenter KNOWN_LOCATIONS LegacyDataCenter Machine Snapshot '
            'TELEFONICA_LOCATIONS __version__',
        ),
    ],
)
def test_the_modules_of_020_have_their_names(module: str, names: str) -> None:
    """What could be imported from a module can still be imported from it."""
    found = importlib.import_module(module)

    assert not [name for name in names.split() if not hasattr(found, name)]


def test_the_constants_of_020_keep_their_values() -> None:
    """The location tables have their old entries, and a living one more."""
    from smartdc.datacenter import API_HOST_SUFFIX, DEFAULT_HEADERS

    old = ['us-east-1', 'us-east-2', 'us-east-3', 'us-sw-1', 'us-west-1', 'eu-ams-1']
    assert '.api.joyentcloud.com' == API_HOST_SUFFIX
    assert 'us-west-1' == smartdc.DEFAULT_LOCATION
    assert {name: f'https://{name}.api.joyentcloud.com' for name in old} == {
        name: smartdc.KNOWN_LOCATIONS[name] for name in old
    }
    assert 'https://us-central-1.api.mnx.io' == smartdc.KNOWN_LOCATIONS['us-central-1']
    assert {'London', 'eu-lon-1', 'Madrid', 'eu-mad-1'} == set(smartdc.TELEFONICA_LOCATIONS)
    assert 'application/json' == DEFAULT_HEADERS['Accept']
    assert 'application/json; charset=UTF-8' == DEFAULT_HEADERS['Content-Type']
    assert smartdc.__version__ in DEFAULT_HEADERS['User-Agent']


def test_the_package_shows_its_public_names_and_no_others() -> None:
    """dir() of the package is __all__, sorted, and each name can be had."""
    assert sorted(smartdc.__all__) == dir(smartdc)
    assert not [name for name in smartdc.__all__ if not hasattr(smartdc, name)]


def test_all_errors_are_public_under_their_own_names() -> None:
    """Each error class of the tree can be caught as smartdc.Name."""
    from smartdc import errors

    assert set(errors.__all__) <= set(smartdc.__all__)


def test_profiles_are_there_without_an_import_of_their_own() -> None:
    """After a bare `import smartdc` the documentation's `smartdc.profiles.list()` works."""
    program = 'import smartdc, sys; print("smartdc.profiles" in sys.modules, end=" ")'
    ran = subprocess.run(
        [sys.executable, '-c', f'{program}; print(smartdc.profiles.list.__name__)'],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 'False list\n' == ran.stdout, ran.stderr


def test_importing_the_package_loads_nothing_heavy() -> None:
    """`import smartdc` loads neither requests nor pycryptodome until a name is used."""
    program = 'import smartdc, sys; print(sorted({"requests", "Crypto", "ssl"} & set(sys.modules)))'
    ran = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=True
    )

    assert '[]\n' == ran.stdout


def test_no_name_stands_twice_on_one_object() -> None:
    """Two chapters of one object never define the same public name."""
    for whole in (smartdc.DataCenter, smartdc.Machine):
        seen: dict[str, type] = {}
        for chapter in whole.__mro__[1:-1]:
            for name in vars(chapter):
                if not name.startswith('_') and chapter.__module__.startswith('smartdc.api'):
                    assert name not in seen, f'{name} is in {chapter} and {seen[name]}'
                    seen[name] = chapter
        assert len(seen) > 10
