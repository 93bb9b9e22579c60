from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator.triton_tags import refusal
from tests.simulator.tables import rows

SERVICES = 'triton.cns.services'
PIECES = ['web', '_http', '._tcp', ':', ',', '80', '65536', 'priority', '=', '5', ' ', 'é', '"']


def test_tags_are_refused_as_vmapi_refused_them() -> None:
    """Every recorded tag is taken or refused with the recorded text."""
    recorded = [row for row in rows('engines/tags') if 'vmapi' in row]
    assert len(recorded) >= 131
    for row in recorded:
        assert row['vmapi'] == refusal(row['name'], row['value']), row['id']


def test_services_fail_where_their_grammar_ends() -> None:
    """The text of a refusal names everything that could have stood at the place of the fault."""
    cases = {
        'web:foo': 'Expected "=" but end of input found.',
        'web:foo,bar': 'Expected "=" but "," found.',
        'web:priority=': 'Expected property value but end of input found.',
        'web:80x': 'Expected ",", ":" or end of input but "x" found.',
        'web,': 'Expected DNS name but end of input found.',
        'web:\U0001f600': 'Expected integer (port number) or property name but "\\uD83D" found.',
        'web:\x01': 'Expected integer (port number) or property name but "\\x01" found.',
        'web:80:\\': 'Expected property name but "\\\\" found.',
        'x' * 64: f'service DNS name "{"x" * 64}" must be 63 or fewer characters',
        'web:80:port=x': 'service port number for web must be within the range 1 - 65535',
        'web:name=Db:weight=-1': 'service weight for Db must be within the range 0 - 65535',
    }
    for value, fault in cases.items():
        assert f'invalid "{SERVICES}" tag: {fault}' == refusal(SERVICES, value), value


def test_docker_keeps_some_labels_for_itself() -> None:
    """Docker's own labels are refused, other labels and look-alikes are not."""
    for name in ('sdc_docker', 'docker:label:triton.cns', 'docker:label:com.docker.x'):
        assert f'Special tag "{name}" not supported' == refusal(name, 'x')
    for name in ('sdc_docker2', 'docker:x', 'docker:label:com.dockerx', 'a sdc_docker'):
        assert refusal(name, 'x') is None


def test_numbers_show_as_javascript_shows_them() -> None:
    """A value of the wrong type is shown as JSON with JavaScript's name of its type."""
    text = 'Triton tag "triton.network.public" value must be a string: {} (number)'
    assert text.format('5') == refusal('triton.network.public', 5.0)
    assert text.format('1.5') == refusal('triton.network.public', 1.5)
    assert refusal('triton._test.number', 1.5) is None


@given(
    st.sampled_from([SERVICES, 'triton.cmon.groups', 'triton.cns.reverse_ptr', 'triton.cns.x']),
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(PIECES)).map(''.join),
        st.recursive(st.none() | st.booleans() | st.integers() | st.floats(), st.lists),
    ),
)
def test_any_value_is_answered(name: str, value: Any) -> None:
    """Whatever the value, the answer is a text or none."""
    assert isinstance(refusal(name, value), str | None)
