import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator.firewall_grammar import Tag
from smartdc.simulator.firewall_rules import MOST, Rule, RuleFault, Side, canonical, read, read_new
from smartdc.simulator.firewall_values import Range
from smartdc.simulator.wire import Refusal
from tests.simulator.tables import DATA

OWNER = '11111111-1111-4111-8111-111111111111'
VM = 'cccccccc-0000-4000-8000-000000000001'
WORDS = [
    *('FROM', 'TO', 'from', 'to', 'any', 'ALL', 'vms', 'all vms', '(', ')', 'OR', 'AND', 'tag'),
    *('ip', 'subnet', 'vm', VM, '10.0.0.1', '10.0.0.0', '/8', 'fd00::1', 'fd00::', '/64', 'web'),
    *('=', '"w e b"', '""', 'ALLOW', 'block', 'tcp', 'UDP', 'icmp', 'icmp6', 'ah', 'PORT'),
    *('PORTS', '80', '80-90', '-', ',', 'TYPE', '8', 'CODE', '0', 'PRIORITY', '5', '\n', '"', '$'),
]


def recorded() -> list[dict[str, Any]]:
    """Return the recorded rules."""
    # Lines end with a line feed only: some rules hold other line ends.
    lines = (DATA / 'engines/firewall.jsonl').read_text(encoding='utf-8').split('\n')
    found = [json.loads(line) for line in lines if line]
    assert len(found) >= 385
    return found


def shown_tag(tag: Tag) -> str | list[str]:
    """Return a tag as the table has it."""
    return tag if isinstance(tag, str) else list(tag)


def shown_side(side: Side) -> dict[str, Any]:
    """Return a side as the table has it."""
    return {
        'wildcards': list(side.wildcards),
        'ips': list(side.ips),
        'subnets': list(side.subnets),
        'tags': [shown_tag(tag) for tag in side.tags],
        'vms': list(side.vms),
    }


def shown(rule: Rule) -> dict[str, Any]:
    """Return a rule as the table has it."""
    found: dict[str, Any] = {
        'text': rule.text,
        'enabled': rule.enabled,
        'log': rule.log,
        'action': rule.action,
        'protocol': rule.protocol,
        'priority': rule.priority,
        'from': shown_side(rule.source),
        'to': shown_side(rule.target),
        'all_vms': rule.all_vms,
    }
    if rule.ports is not None:
        found['ports'] = [
            port._asdict() if isinstance(port, Range) else port for port in rule.ports
        ]
    if rule.types is not None:
        found['types'] = list(rule.types)
    if rule.description is not None:
        found['description'] = rule.description
    if rule.is_global:
        found['global'] = True
    return found


def answer(record: dict[str, Any]) -> dict[str, Any]:
    """Return FWAPI's answer to a new record: its status, and the body of a refusal."""
    try:
        read_new(record)
    except Refusal as refused:
        return {'status': refused.status, 'body': refused.body()}
    return {'status': 202}


def fault(text: str) -> str | None:
    """Return why a text is no rule, None if it is one."""
    try:
        canonical(text)
    except RuleFault as found:
        return str(found)
    return None


@pytest.mark.parametrize(
    'row', [row for row in recorded() if row['ok']], ids=lambda row: str(row['id'])
)
def test_rules_read_as_fwapi_reads_them(row: dict[str, Any]) -> None:
    """The canonical text and every field are the recorded ones, and the text stays as it is."""
    found = shown(read(row['input']))
    compared = set(found) | set(row) - {'id', 'group', 'input', 'ok', 'text_reparsed_same', 'fwapi'}
    known = {name for name in compared if name in row or name not in ('description', 'global')}
    assert {name: row.get(name) for name in known} == {name: found.get(name) for name in known}
    assert row['fwapi'] == answer(row['input'])
    assert row['text_reparsed_same'] == (row['text'] == canonical(row['text']))


@pytest.mark.parametrize(
    'row', [row for row in recorded() if not row['ok']], ids=lambda row: str(row['id'])
)
def test_refusals_are_those_of_fwapi(row: dict[str, Any]) -> None:
    """The faults, their fields and messages, and FWAPI's whole answer are the recorded ones."""
    with pytest.raises(RuleFault) as found:
        read(row['input'])
    one = {name: row.get(name) for name in ('name', 'field', 'message')}
    faults = [
        {'name': fault.name, 'field': fault.field, 'message': fault.message}
        for fault in found.value.faults
    ]
    assert row['message'] == str(found.value)
    assert row.get('errors', [one]) == faults
    assert row['fwapi'] == answer(row['input'])


def test_the_table_has_both_kinds() -> None:
    """There are enough rules and enough refusals to speak of."""
    kinds = [row['ok'] for row in recorded()]
    assert kinds.count(True) >= 169
    assert kinds.count(False) >= 216


def test_faults_name_what_could_follow() -> None:
    """A fault lists what the parser's state would take, even where the place would not."""
    for text, expected in {
        'FROM any ALLOW': "8: 'ALLOW', expected: 'TO', found: ALLOW",
        'FROM ip 10.0.0.1 OR': "16: 'OR', expected: 'TO', 'BLOCK', 'ALLOW', found: OR",
        'FROM ip 10.0.0.1 x': "16: 'x', expected: 'TO', ')', 'OR', 'BLOCK', 'ALLOW', found: word",
        'FROM (any OR': "9: 'OR', expected: ')', found: OR",
        'FROM tag a = b =': "14: '=', expected: 'TO', ')', 'OR', 'BLOCK', 'ALLOW', found: =",
        'FROM any TO any ALLOW tcp PORT 80)': "33: ')', expected: 'EOF', 'PRIORITY', found: )",
        'FROM any TO any ALLOW icmp TYPE 8 CODE 0 CODE': (
            "40: 'CODE', expected: 'EOF', 'PRIORITY', ')', 'AND', found: CODE"
        ),
        'FROM\nany x': "3: 'x', expected: 'TO', 'BLOCK', 'ALLOW', found: word",
        'FROM any \U0001f600': "9: '\U0001f600', found: unexpected text",
        'FROM any TO all vms ALLOW $': "23: '$', found: unexpected text",
        f'FROM any {"$" * 30}': f"9: '{'$' * 20}', found: unexpected text",
    }.items():
        assert f'Error at character {expected}' == fault(text), text


def test_values_are_checked_after_what_follows_them() -> None:
    """A text that the grammar refuses behind a bad value is refused for that."""
    assert 'IPv4 address "300.0.0.1" is invalid' == fault('FROM ip 300.0.0.1 TO x')
    assert (fault('FROM ip 300.0.0.1 x') or '').endswith('found: word')
    assert (fault('FROM ip 300.0.0.1 $') or '').endswith('unexpected text')
    # The level of a priority is the one value that the parser checks at once.
    text = 'FROM any TO all vms ALLOW ah PRIORITY 101 $'
    assert 'Priority level "101" is invalid' == fault(text)


def test_subnets_are_read_by_a_laxer_library() -> None:
    """Zeros may lead in a subnet, and eight groups may have a gap, but not in an address."""
    rule = 'FROM {} TO all vms ALLOW tcp PORT 80'
    for subnet in ('010.0.0.0/8', '1:2:3:4::5:6:7:8/128', '00001::/64', '::/0', '0.0.0.0/0'):
        text = rule.format(f'subnet {subnet}')
        assert text == canonical(text)
    for subnet, wrong in {
        '256.0.0.0/8': 'bad address component',
        '1::2::/64': 'bad address component',
        ':::/64': 'bad address component',
        '1:2:/64': 'bad address component',
        '10.0.0.0/33': 'bad prefix length',
        'fd00::/129': 'bad prefix length',
        'fd00::1/64': 'bits set to right of mask',
    }.items():
        assert f'Subnet "{subnet}" is invalid ({wrong})' == fault(rule.format(f'subnet {subnet}'))
    assert 'IPv4 address "010.0.0.1" is invalid' == fault(rule.format('ip 010.0.0.1'))
    text = 'FROM subnet 010.0.0.0/8 TO all vms ALLOW icmp TYPE 8'
    assert 'rule affects ICMPv4 but contains a non-IPv4 subnet' == fault(text)


def test_tags_are_a_set() -> None:
    """Tags are sorted by UTF-16, each once; a tag of any value takes its own values in."""
    text = (
        'FROM (tag b=2 OR tag b=1 OR tag "\U0001f600" OR tag "\ufb01" OR tag b=1) TO any BLOCK ah'
    )
    assert canonical(text) == (
        'FROM (tag "b" = "1" OR tag "b" = "2" OR tag "\U0001f600" OR tag "\ufb01") TO any BLOCK ah'
    )
    assert 'FROM tag "a" TO any BLOCK ah' == canonical('FROM (tag a=1 OR tag a) TO any BLOCK ah')
    # The one name that JavaScript's objects lose.
    assert 'rule does not affect VMs' == fault('FROM tag __proto__ TO any BLOCK ah')


def test_quoted_texts_are_escaped_again() -> None:
    """What could be mistaken is escaped in the canonical text, whatever it was written as."""
    text = r'FROM tag "\u0028\u000a\u00e9\/ \"\\\ud83d\ude00" TO any BLOCK ah'
    expected = 'FROM tag "\\(\\né/ \\"\\\\\U0001f600" TO any BLOCK ah'
    assert expected == canonical(text) == canonical(expected)
    alone = canonical(r'FROM tag "\ud83d" TO any BLOCK ah')
    assert 'FROM tag "\ufffd" TO any BLOCK ah' == alone


def test_types_without_a_code_are_on_a_par_with_those_that_have_one() -> None:
    """The server's order of types contradicts itself, so that the given order shows."""
    text = 'FROM any TO all vms ALLOW icmp ({})'
    for given_types, expected in (
        (
            'TYPE 8 CODE 0 AND TYPE 3 CODE 1 AND TYPE 3',
            'TYPE 3 CODE 1 AND TYPE 8 CODE 0 AND TYPE 3',
        ),
        (
            'TYPE 3 AND TYPE 8 CODE 0 AND TYPE 3 CODE 1',
            'TYPE 3 AND TYPE 3 CODE 1 AND TYPE 8 CODE 0',
        ),
    ):
        assert text.format(expected) == canonical(text.format(given_types))


def test_long_lists_keep_no_order_among_equals() -> None:
    """Above ten entries Node.js 6 sorts in another way, which turns equal starts around."""
    ports = ', '.join(['80', '80-90', *(str(number) for number in range(1, 10))])
    numbers = ', '.join(str(number) for number in range(1, 10))
    text = 'FROM any TO all vms ALLOW tcp PORTS {}'
    assert text.format(f'{numbers}, 80 - 90, 80') == canonical(text.format(ports))


def test_limits() -> None:
    """A side has up to 24 targets, doubles counted; so have ports and types."""
    side = ' OR '.join(['tag a'] * (MOST + 1))
    assert 'maximum of 24 targets allowed per side' == fault(f'FROM any TO ({side}) BLOCK ah')
    for protocol, keyword, called in (('tcp', 'PORT', 'ports'), ('icmp', 'TYPE', 'types')):
        many = ' AND '.join([f'{keyword} 5'] * (MOST + 1))
        text = f'FROM any TO all vms ALLOW {protocol} ({many})'
        assert f'maximum of 24 {called} allowed' == fault(text)
    assert 'Port number "' + '9' * 5000 + '" is invalid' == fault(
        f'FROM any TO all vms ALLOW tcp PORT {"9" * 5000}'
    )


def test_several_faults_come_together() -> None:
    """All fields are checked, in the server's order, and the answer lists every fault."""
    record = {'rule': 'x', 'uuid': 'x', 'enabled': 'x', 'log': [], 'description': 5, 'global': 'x'}
    with pytest.raises(Refusal) as refused:
        read_new({**record, 'owner_uuid': None})
    fields = ['rule', 'uuid', 'owner_uuid', 'enabled', 'log', 'description', 'global', 'global']
    assert fields == [error['field'] for error in refused.value.errors]
    with pytest.raises(RuleFault, match='first of 2 errors: No rule specified'):
        read({'rule': ''})
    assert 409 == answer({'rule': '', 'enabled': 'x'})['status']
    assert [{'code': 'InvalidParameter', 'message': 'this._input.match is not a function'}] == (
        answer({'rule': ['x'], 'owner_uuid': OWNER, 'log': 0})['body']['errors'][:1]
    )


NAMES = st.text(max_size=6).filter(lambda name: name != '__proto__')
QUOTED = NAMES.map(
    lambda name: '"' + ''.join(f'\\{char}' if char in '"\\' else char for char in name) + '"'
)
TARGET = st.one_of(
    QUOTED.map('tag {}'.format),
    st.tuples(QUOTED, QUOTED).map(lambda pair: f'tag {pair[0]}={pair[1]}'),
    st.ip_addresses(v=4).filter(lambda ip: int(ip) not in (0, 2**32 - 1)).map('ip {}'.format),
    st.ip_addresses(v=6).map(lambda ip: f'ip {ip.exploded}'),
    st.integers(0, 128).map('subnet ::/{}'.format),
    st.uuids().map('vm {}'.format),
)
SIDE = st.sampled_from(['any', 'all vms']) | st.lists(TARGET, min_size=1, max_size=8).map(
    lambda targets: f'({" OR ".join(targets)})'
)
NUMBER = st.integers(1, 65535)
# Longer lists are no fixed point on the server either: see test_long_lists above.
PORTS = st.lists(
    NUMBER.map(str) | st.tuples(NUMBER, NUMBER).map(lambda pair: f'{min(pair)}-{max(pair)}'),
    min_size=1,
    max_size=10,
).map(lambda ports: 'tcp PORTS ' + ', '.join(ports))
BYTE = st.integers(0, 255)
TYPES = st.lists(
    BYTE.map('TYPE {}'.format)
    | st.tuples(BYTE, BYTE).map(lambda pair: 'TYPE {} CODE {}'.format(*pair)),
    min_size=1,
    max_size=10,
).map(lambda types: f'icmp ({" AND ".join(types)})')
PROTOCOL = PORTS | TYPES | st.sampled_from(['ah', 'esp', 'udp PORT all', 'icmp6 TYPE all'])


@given(SIDE, SIDE, st.sampled_from(['ALLOW', 'block']), PROTOCOL, st.integers(0, 100))
def test_a_canonical_rule_is_a_fixed_point(
    source: str, target: str, action: str, protocol: str, level: int
) -> None:
    """What is canonical stays as it is, and means the same as what it was made of."""
    text = f'FROM {source} TO {target} {action} {protocol} PRIORITY {level}'
    refused = fault(text)
    if refused is None:
        rule = read({'rule': text, 'owner_uuid': OWNER})
        assert rule == read({'rule': rule.text, 'owner_uuid': OWNER})
    else:
        assert refused.startswith(('rule does not affect VMs', 'rule affects ICMP'))


@given(st.lists(st.sampled_from(WORDS)).map(' '.join) | st.text())
def test_any_text_is_answered(text: str) -> None:
    """Whatever the text, it is a rule with a canonical form, or is refused."""
    if fault(text) is None:
        assert canonical(text) == canonical(canonical(text))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=3,
)
FIELDS = ('rule', 'owner_uuid', 'enabled', 'log', 'description', 'created_by', 'global', 'uuid')


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_any_record_is_answered(record: dict[str, Any]) -> None:
    """Whatever JSON a record holds, FWAPI has an answer."""
    assert answer(record)['status'] in (202, 409, 422, 500)
