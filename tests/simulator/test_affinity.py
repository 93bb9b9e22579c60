from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator.affinity import AffinityRule, parse
from smartdc.simulator.wire import Refusal
from tests.simulator.tables import rows

NAMES = {'isSoft': 'is_soft', 'valueType': 'value_type'}


def recorded() -> list[dict[str, Any]]:
    """Return the recorded rules."""
    found = rows('engines/affinity')
    assert len(found) >= 86
    return found


def answer(value: Any) -> tuple[Any, ...]:
    """Return the rules that a parameter holds, or its refusal."""
    try:
        return ('rules', [asdict(rule) for rule in parse(value)])
    except Refusal as refused:
        return (refused.status, refused.code, refused.message)


@pytest.mark.parametrize('row', recorded(), ids=lambda row: str(row['id']))
def test_rules_are_read_as_cloudapi_reads_them(row: dict[str, Any]) -> None:
    """Rules and refusals are those that CloudAPI's own parser gave."""
    if row['ok']:
        rules = [
            {NAMES.get(name, name): value for name, value in rule.items()}
            for rule in row['rules'] or []
        ]
        assert ('rules', rules) == answer(row['affinity'])
        return
    # What its parser does not expect is an error of the server's own.
    status = (500, 'InternalError') if row.get('threw') else (409, 'InvalidArgument')
    assert (*status, row['message']) == answer(row['affinity'])


def test_a_single_text_is_a_list_of_one() -> None:
    """A parameter that came once is a list all the same; nothing else can be a rule."""
    rule = AffinityRule('role', '!=', 'db*', True, 'glob')
    assert [rule] == parse('role!=~db*')
    assert 500 == answer({'role': 'db'})[0]
    assert 500 == answer(None)[0]


def test_messages_show_texts_as_node_js_does() -> None:
    """Quotes, line ends and control characters are shown as by Node.js 6."""
    start = 'could not find operator in affinity rule: expected one of "==", "!=": '
    for text, shown in {
        "it's": "'it\\'s'",
        'a"b': "'a\"b'",
        'a\\b\n\x01\x7f': "'a\\\\b\\n\\u0001\x7f'",
        'é\u2028': "'é\u2028'",
    }.items():
        assert (409, 'InvalidArgument', start + shown) == answer([text])


def test_blanks_are_those_of_node_js() -> None:
    """A value may have any white space that the server knows, a key none; case is of no account."""
    assert 'a\u180eb\ufeff' == parse('Role==a\u180eb\ufeff')[0].value
    assert 'invalid value' in answer('role==a\u200bb')[2]
    assert 'invalid key' in answer('rôle==a')[2]
    # Letters that fold to ASCII ones are none.
    assert 'invalid key' in answer('aſ==a')[2]
    assert 'invalid value' in answer('role==\u212a')[2]


@given(
    st.lists(st.sampled_from(['role', '==', '!=', '~', '/', '*', 'a', '\n', 'é', '"', "'"])).map(
        ''.join
    )
    | st.text()
)
def test_any_text_is_answered(text: str) -> None:
    """Whatever the text, it is one rule that can be written again, or a 409."""
    found = answer([text])
    if found[0] == 'rules':
        (rule,) = parse([text])
        assert text == rule.key + rule.operator + '~' * rule.is_soft + rule.value
    else:
        assert (409, 'InvalidArgument') == found[:2]
