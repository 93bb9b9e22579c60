"""The metadata chapter."""

from pathlib import Path

import pytest

from smartdc import InvalidArgument, InvalidInput, Machine, ResourceNotFound, ValidationFailed


def test_metadata_is_set_by_keyword_and_by_mapping(machine: Machine) -> None:
    """Both forms merge into what is there, and the attribute follows."""
    machine.update_metadata(colour='red')
    machine.datacenter.clock.sleep(30)
    found = machine.update_metadata({'user-data': 'x'}, size=3)

    assert {'colour': 'red', 'user-data': 'x', 'size': 3}.items() <= found.items()
    assert found == machine.metadata
    machine.datacenter.clock.sleep(30)
    assert found == machine.get_metadata()


def test_one_value_is_got_by_name(machine: Machine) -> None:
    """A text comes back; what is not there is not found."""
    machine.update_metadata({'a/b': 'x'})
    machine.datacenter.clock.sleep(30)

    assert 'x' == machine.get_metadata_at_key('a/b')
    with pytest.raises(ResourceNotFound):
        machine.get_metadata_at_key('nope')


def test_metadata_is_deleted_by_name(machine: Machine) -> None:
    """What is left is returned, once the machine has followed."""
    machine.update_metadata(a='1', b='2')
    machine.datacenter.clock.sleep(30)
    machine.delete_metadata_at_key('a')
    machine.datacenter.clock.sleep(30)

    assert 'a' not in machine.get_metadata()
    assert '2' == machine.metadata['b']


def test_all_metadata_is_deleted_but_the_keys(machine: Machine) -> None:
    """The authorized keys stay, or nobody could log in."""
    machine.update_metadata(a='1')
    machine.delete_all_metadata()
    machine.datacenter.clock.sleep(30)

    assert 'a' not in machine.get_metadata()
    assert 'root_authorized_keys' in machine.metadata
    with pytest.raises(InvalidArgument):
        machine.delete_metadata_at_key('root_authorized_keys')


def test_a_boot_script_is_set_and_deleted(machine: Machine, tmp_path: Path) -> None:
    """The file's text runs at each boot; it is not among the metadata shown."""
    script = tmp_path / 'boot.sh'
    script.write_text('#!/bin/sh\n', 'utf-8')
    machine.set_boot_script(script)

    assert '#!/bin/sh\n' == machine.boot_script
    assert 'user-script' not in machine.metadata
    machine.delete_boot_script()
    machine.datacenter.clock.sleep(30)
    machine.refresh()
    assert machine.boot_script is None


def test_an_unreadable_boot_script_is_refused(machine: Machine) -> None:
    """The error names the file, or the home directory that nobody has."""
    for path, words in (('/no/such/file', '/no/such/file'), ('~nosuchuser/x', 'is not a path')):
        with pytest.raises(InvalidInput, match=words):
            machine.set_boot_script(path)


def test_nothing_to_set_is_refused(machine: Machine) -> None:
    """The server refuses an update that has nothing in it."""
    with pytest.raises(ValidationFailed):
        machine.update_metadata()


def test_a_machine_without_passwords_has_none(machine: Machine) -> None:
    """Images that generate no passwords give an empty dict."""
    assert {} == machine.credentials()
