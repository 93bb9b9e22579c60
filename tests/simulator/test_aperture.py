from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator.aperture import (
    DEPLOYED_TYPES,
    DOCUMENTED_TYPES,
    Context,
    Instant,
    PolicyFault,
    Rule,
    Value,
    evaluate,
    parse,
)
from smartdc.simulator.javascript_dates import parse_date
from smartdc.simulator.javascript_regexp import RegExpFault, matches
from tests.simulator.tables import rows

ROWS = rows('engines/policies')

#: Rows that are answered otherwise than the real engine answered, each with its reason.
DIFFERENCES: dict[str, str] = {}

WORDS = [
    *('CAN', 'NOT', 'AND', 'OR', 'IN', 'WHEN', 'TO', 'all', 'getmachine', 'get*', '*', ',', '('),
    *(')', '::', ':', '"', '"a b"', '"\\"', '=', '!=', '<', 'like', 'contains', 'date', 'day'),
    *('time', 'ip', 'sourceip', 'method', 'string', 'number', 'array', 'boolean', '10.0.0.0/8'),
    *('fd00::1', '/x/::regex', '/[/i::regex', '/a(/', '12:00:00', '2026-03-07', 'constructor'),
    *('__proto__', 'toString', '\n', '\t', ' ', 'é', '\U0001f600', '5', 'true', 'tag_a', 'mon'),
]


def context(recorded: dict[str, Any]) -> Context:
    """Return the context of a recorded case."""
    now = Instant(parse_date(recorded['now']) or 0)
    values: dict[str, Value] = dict.fromkeys(('date', 'day', 'time'), now)
    for name in ('user-agent', 'sourceip', 'method', 'activeRoles'):
        values[name] = recorded.get(name)
    values['datacenter'] = 'local'
    values |= {f'tag_{name}': value for name, value in recorded.get('tags', {}).items()}
    return Context(recorded['action'], recorded['resource'], values)


def decided(rule: Rule, recorded: dict[str, Any], types: Any) -> bool | dict[str, str]:
    """Return the decision in the form of a table."""
    try:
        return evaluate([rule], context(recorded), types)
    except PolicyFault as fault:
        return {'error': fault.name, 'message': fault.message}


def read(text: str) -> Rule | PolicyFault:
    """Return the rule that a text stands for, or what is wrong with it."""
    try:
        return parse(text)
    except PolicyFault as fault:
        return fault


def test_rules_are_read_as_aperture_read_them() -> None:
    """Every recorded rule that the engine took has the recorded structure."""
    recorded = [row for row in ROWS if row['ok'] and row['id'] not in DIFFERENCES]
    assert len(recorded) >= 179
    for row in recorded:
        assert row['parsed'] == parse(row['rule']).parsed, row['id']


def test_rules_are_refused_as_aperture_refused_them() -> None:
    """Every recorded rule that the engine refused has the recorded name, text and cause."""
    recorded = [row for row in ROWS if not row['ok'] and row['id'] not in DIFFERENCES]
    assert len(recorded) >= 102
    for row in recorded:
        with pytest.raises(PolicyFault) as caught:
            parse(row['rule'])
        found = (caught.value.name, caught.value.message, caught.value.cause)
        assert (row['name'], row['message'], row.get('cause')) == found, row['id']


def test_rules_decide_as_aperture_decided() -> None:
    """Every recorded decision and error comes out, under the documented and the deployed types."""
    cases = [(row, case) for row in ROWS if row['ok'] for case in row['cases']]
    assert len(cases) >= 905
    for row, case in cases:
        if row['id'] not in DIFFERENCES:
            rule, asked = parse(row['rule']), case['context']
            assert case['allowed'] == decided(rule, asked, DOCUMENTED_TYPES), (row['id'], asked)
            assert case['allowed_deployed'] == decided(rule, asked, DEPLOYED_TYPES), row['id']


def test_complaints_show_the_place_of_the_fault() -> None:
    """A complaint counts lines up to the last good word and shows twenty units before and after."""
    expecting = "Expecting 'EOF', 'IF', 'WHEN', 'WHERE', got 'STRING'"
    cases = {
        'CAN x y z': f'Parse error on line 1:\nCAN x y z\n--------^\n{expecting}',
        'CAN x\ny\n\nz': f'Parse error on line 2:\nCAN xyz\n------^\n{expecting}',
        'CAN x :y': 'Lexical error on line 1. Unrecognized text.\nCAN x :y\n------^',
        '\n\n :': 'Lexical error on line 3. Unrecognized text.\n :\n-^',
        f'CAN x y {"z" * 21}': (
            f'Parse error on line 1:\nCAN x y {"z" * 20}...\n--------^\n{expecting}'
        ),
        f'CAN x y {"z" * 19}\U0001f600': (
            f'Parse error on line 1:\nCAN x y {"z" * 19}\ufffd...\n--------^\n{expecting}'
        ),
    }
    for text, message in cases.items():
        with pytest.raises(PolicyFault) as caught:
            parse(text)
        assert message == caught.value.message, text


def test_patterns_are_compiled_when_a_rule_is_read() -> None:
    """A regular expression of JavaScript that is wrong refuses the rule, with V8's words."""
    cases = {
        'CAN /a(/::regex': 'Invalid regular expression: /a(/: Unterminated group',
        'CAN /x/I::regex': "Invalid flags supplied to RegExp constructor 'I'",
        'CAN \\**': 'Invalid regular expression: /*.*/: Nothing to repeat',
    }
    for text, message in cases.items():
        with pytest.raises(PolicyFault) as caught:
            parse(text)
        assert ('SyntaxError', message) == (caught.value.name, caught.value.message), text


def test_patterns_match_as_in_javascript() -> None:
    """Regular expressions keep JavaScript's meaning where Python's differs."""
    cases = {
        (r'^\d\D$', '', '5\u0665'): True,
        (r'a.b', '', 'a\u2028b'): False,
        (r'a$', '', 'a\n'): False,
        (r'a$', 'm', 'a\nb'): True,
        (r'(a)|b\1$', '', 'b'): True,
        (r'[^]', '', '\n'): True,
        (r'[]', '', 'a'): False,
        (r'\101[\b]{1,}', '', 'A\b'): True,
        (r'a{,2}', '', 'a{,2}'): True,
        (r'a', 'y', 'ba'): False,
        (r'\w\b', '', 'é'): False,
        (r'\cA[\c_]', '', '\x01\x1f'): True,
        (r'[\d-x]', '', '-'): True,
        (r'\x41\u0042\u{2}', '', 'ABuu'): True,
    }
    for (pattern, flags, text), expected in cases.items():
        assert expected == matches(pattern, flags, text), pattern


def test_types_treat_values_as_javascript_does() -> None:
    """Conditions on values of another type than their own follow JavaScript's conversions."""
    values: dict[str, Value] = {'now': Instant.at(1772619630.5), 'n': 5, 'yes': True}
    values |= {'roles': ['a', 'b'], 'text': 'web', 'ip': '::ffff:10.1.2.3'}
    cases = {
        'now::string > 1772619630499': True,
        'now::string like "/^Wed Mar 04 2026 10:20:30 GMT/"': True,
        'n::string = 5': False,
        'n::string < 5.5': True,
        'yes::string >= 1': True,
        'roles::string like /^a.b$/': True,
        'roles::string < b': True,
        'roles::array contains b': True,
        'toString::string != x': True,
        'toString::string like /undef/': True,
        'text constructor x': None,
        'text::string constructor x': True,
        'text::string validate x': False,
        'ip::ip = "::ffff:10.1.0.0/112"': True,
        'ip::ip = 10.1.2.0/24': True,
        'ip::ip = 192.168.0.1/31x': True,
        'ip::ip = 10.1.2.0/30.5': False,
        'now::time > -1:00:00': False,
        'now::day = "2026-03-11"': True,
    }
    for condition, expected in cases.items():
        text = f'CAN x WHEN {condition}'
        if expected is None:
            with pytest.raises(PolicyFault):
                parse(text)
        else:
            assert expected == evaluate([parse(text)], Context('x', '', values)), condition


def test_errors_of_evaluation_keep_the_names_of_the_engine() -> None:
    """What can't be evaluated raises the error that the engine raises."""
    values: dict[str, Value] = {'now': Instant(0), 'n': 5, 'ips': ['10.0.0.1'], 'gone': None}
    cases = {
        'now::number = 5': ('AssertionError', 'context (number) is required'),
        'n::date = 2026-01-01': ('AssertionError', 'context (Date) is required'),
        'n::boolean = true': ('AssertionError', 'context (boolean) is required'),
        'n::array contains x': ('AssertionError', 'context'),
        'ips::ip = 10.0.0.1': ('TypeError', 'string.match is not a function'),
        'n::time validate 10:00:00': ('TypeError', 'input.split is not a function'),
        'gone::string = x': ('MissingConditionError', 'missing condition in context: "gone"'),
    }
    for condition, expected in cases.items():
        rule = parse(f'CAN x WHEN {condition}')
        with pytest.raises(PolicyFault) as caught:
            evaluate([rule], Context('x', '', values))
        assert expected == (caught.value.name, caught.value.message), condition


def test_addresses_are_refused_with_the_words_of_the_library() -> None:
    """An address that can't be read is the cause of the refusal."""
    cases = {
        '"1:2"': 'ipaddr: ipv6 part count should be 8',
        '"1:2:3:4:5:6:7:8:9:a"': 'ipaddr: ipv6 part count should be 8',
        '"1::2::3"': 'ipaddr: the address has neither IPv6 nor IPv4 format',
        '"::12345"': 'ipaddr: ipv6 part should fit to two octets',
        '"::1/129"': 'ip: prefix size must be between 0 and 128',
        '1.2.3.300': 'ipaddr: ipv4 octet is a byte',
    }
    for value, cause in cases.items():
        with pytest.raises(PolicyFault) as caught:
            parse(f'CAN x WHEN sourceip = {value}')
        assert cause == caught.value.cause, value


def test_deep_conditions_end_as_in_javascript() -> None:
    """Conditions too deep for the stack are an error of the engine, not a crash."""
    rule = parse('CAN x WHEN ' + 'NOT ' * 100_000 + 'method = get')
    with pytest.raises(PolicyFault) as caught:
        evaluate([rule], Context('x', '', {'method': 'get'}))
    assert ('RangeError', 'Maximum call stack size exceeded') == (
        caught.value.name,
        caught.value.message,
    )


def test_rules_reach_untagged_resources_only_by_patterns() -> None:
    """A resource named exactly does not count as named, all of them and patterns do."""
    cases = {
        'CAN x': False,
        'CAN x /acme': False,
        'CAN x /acme*': True,
        'CAN x *': True,
        'CAN x /a/::regex': True,
    }
    for text, expected in cases.items():
        assert expected == parse(text).names_resources, text


@given(
    st.one_of(
        st.text(st.characters()),
        st.lists(st.sampled_from(WORDS)).map(' '.join),
        st.lists(st.sampled_from(WORDS)).map(lambda words: f'CAN x WHEN {"".join(words)}'),
    ),
    st.sampled_from([row['cases'][0]['context'] for row in ROWS if row['ok']]),
)
def test_garbage_raises_nothing_else(text: str, asked: dict[str, Any]) -> None:
    """Whatever the text, it is a rule that decides or a fault, and its message can be sent."""
    rule = read(text)
    if isinstance(rule, PolicyFault):
        assert rule.message.encode()
    else:
        for types in (DOCUMENTED_TYPES, DEPLOYED_TYPES):
            assert isinstance(decided(rule, asked, types), bool | dict)


@given(st.text('abc()[]{}|*+?.^$\\-,:=!0129dDsSwWbBxucn'), st.text('aimguyx', max_size=2))
def test_any_pattern_is_compiled_or_refused(pattern: str, flags: str) -> None:
    """Whatever the pattern, Python takes its translation or the fault is JavaScript's."""
    try:
        found = str(matches(pattern, flags, 'a-1'))
    except RegExpFault as fault:
        found = str(fault)
    assert found.startswith(('True', 'False', 'Invalid '))
