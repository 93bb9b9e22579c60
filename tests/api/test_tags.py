"""The tags chapter."""

import pytest

from smartdc import InvalidInput, Machine, ResourceNotFound, ValidationFailed


def test_tags_are_added_by_keyword_and_by_mapping(machine: Machine) -> None:
    """Texts, numbers and booleans keep their types, and the attribute follows."""
    machine.add_tags(role='web')
    machine.datacenter.clock.sleep(30)
    found = machine.add_tags({'triton.cns.services': 'web'}, n=2, prod=True)

    assert {'role': 'web', 'n': 2, 'prod': True, 'triton.cns.services': 'web'} == found
    assert found == machine.tags
    machine.datacenter.clock.sleep(30)
    assert found == machine.get_tags()


def test_one_tag_is_got_by_name(machine: Machine) -> None:
    """A text comes back; what is not there is not found."""
    machine.add_tags({'a/b c': 'x'})
    machine.datacenter.clock.sleep(30)

    assert 'x' == machine.get_tag('a/b c')
    with pytest.raises(ResourceNotFound, match='nope'):
        machine.get_tag('nope')


def test_tags_are_replaced(machine: Machine) -> None:
    """Nothing of the old tags stays."""
    machine.add_tags(a='1', b='2')

    assert {'c': '3'} == machine.replace_tags(c='3') == machine.tags
    with pytest.raises(ValidationFailed):
        machine.replace_tags({})


def test_tags_are_deleted(machine: Machine) -> None:
    """One by name, or all."""
    machine.add_tags(a='1', b='2', c='3')
    machine.datacenter.clock.sleep(30)
    machine.delete_tag('a')
    machine.datacenter.clock.sleep(30)

    assert {'b': '2', 'c': '3'} == machine.get_tags()
    machine.delete_all_tags()
    machine.datacenter.clock.sleep(30)
    assert {} == machine.get_tags()


def test_a_tag_that_triton_does_not_know_is_refused(machine: Machine) -> None:
    """The names under triton. are the server's."""
    with pytest.raises(ValidationFailed, match=r'triton\.nope'):
        machine.add_tags({'triton.nope': 'x'})


@pytest.mark.parametrize('bad', ['text', ['a'], {'a': None}, {'a': {'b': 1}}, {'': 'x'}])
def test_what_is_no_mapping_of_names_to_scalars_is_refused(machine: Machine, bad: object) -> None:
    """Nothing is sent that CloudAPI would not understand."""
    with pytest.raises(InvalidInput, match='tags'):
        machine.add_tags(bad)  # type: ignore[arg-type]
