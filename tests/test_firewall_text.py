"""Which firewall rules say the same, held against the texts that the real server made of them."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc.firewall_text import says_the_same
from smartdc.simulator.firewall_rules import canonical
from tests.simulator.tables import rows

#: What the server made of each rule that it took.
TAKEN = [row for row in rows('engines/firewall') if row['ok']]
UUID = '11111111-1111-4111-8111-111111111111'


@pytest.mark.parametrize('row', TAKEN, ids=lambda row: row['id'])
def test_a_rule_says_the_same_as_the_servers_text_of_it(row: dict[str, Any]) -> None:
    """Whatever was recorded of the real server."""
    assert says_the_same(row['input']['rule'], row['text'])


def test_two_texts_of_the_server_say_different_things() -> None:
    """All that were recorded, but for one that names a port twice."""
    texts = sorted({row['text'] for row in TAKEN})
    twice = 'FROM any TO all vms ALLOW tcp (PORT 80 AND PORT 80)'
    texts.remove(twice)

    assert says_the_same(twice, twice.replace('(PORT 80 AND PORT 80)', 'PORT 80'))
    for text in texts:
        assert [text] == [other for other in texts if says_the_same(text, other)]


@pytest.mark.parametrize(
    ('text', 'other'),
    [
        ('FROM tag a TO tag b ALLOW tcp PORT 1', 'FROM tag b TO tag a ALLOW tcp PORT 1'),
        ('FROM any TO tag a ALLOW tcp PORT 1', 'FROM any TO tag a BLOCK tcp PORT 1'),
        ('FROM any TO tag a ALLOW tcp PORT 1', 'FROM any TO tag a ALLOW udp PORT 1'),
        ('FROM any TO tag a ALLOW tcp PORT 1', 'FROM any TO tag A ALLOW tcp PORT 1'),
        ('FROM any TO tag a=1 ALLOW tcp PORT 1', 'FROM any TO tag a ALLOW tcp PORT 1'),
        ('FROM any TO tag "to" ALLOW ah', 'FROM any TO tag "from" ALLOW ah'),
        ('FROM any TO tag a ALLOW ah PRIORITY 1', 'FROM any TO tag a ALLOW ah'),
        (
            'FROM any TO tag a ALLOW icmp (TYPE 3 CODE 1 AND TYPE 8)',
            'FROM any TO tag a ALLOW icmp (TYPE 8 CODE 1 AND TYPE 3)',
        ),
        (
            'FROM any TO (tag a = 1 OR tag b = 2) ALLOW ah',
            'FROM any TO (tag a = 2 OR tag b = 1) ALLOW ah',
        ),
        ('no rule', 'no other rule'),
        ('', 'FROM any TO tag a ALLOW'),
    ],
)
def test_one_difference_is_enough(text: str, other: str) -> None:
    """Sides, verb, protocol, tags and their values, ports, types and priority."""
    assert says_the_same(text, text)
    assert not says_the_same(text, other)


WORDS = st.text('abAB09_', min_size=1, max_size=2).filter(lambda word: word.strip('0123456789'))
NAMES = st.one_of(
    WORDS.map(lambda word: f'x{word}'),
    st.text('ab "=(),\\\n\u2028é', min_size=1, max_size=4).map(
        lambda text: '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'
    ),
    st.sampled_from(['"to"', '"FROM"', '"allow"', '"\\u0041"', '"\\n"']),
)
TAGS = st.one_of(
    NAMES.map(lambda name: f'tag {name}'), st.tuples(NAMES, NAMES).map('tag {0[0]}={0[1]}'.format)
)
TARGETS = st.one_of(
    TAGS,
    TAGS,
    st.sampled_from([f'vm {UUID}', 'IP 10.0.0.1', 'subnet 10.0.0.0 /8', 'SUBNET 10.1.0.0/16']),
)
MACHINES = st.lists(TARGETS, min_size=1, max_size=3).map(lambda each: f'({" OR ".join(each)})')
SIDES = st.one_of(st.just('any'), st.just('ALL VMS'), st.just('(all vms)'), MACHINES, TAGS)
PORTS = st.lists(st.sampled_from(['1', '080', '80', '443']), min_size=1, max_size=3, unique=True)
RANGES = st.sampled_from(['PORTS 1-9', 'ports 1 - 9, 080', 'PORTS 80', 'ports 80,443', 'port all'])
TYPES = st.sampled_from(['TYPE 8', 'type 3 code 1', '(TYPE 8 AND TYPE 3 CODE 1)', 'TYPE ALL'])
PROTOCOLS = st.one_of(
    PORTS.map(lambda ports: 'tcp (' + ' AND '.join(f'PORT {port}' for port in ports) + ')'),
    RANGES.map('udp {}'.format),
    TYPES.map('ICMP {}'.format),
    st.sampled_from(['ah', 'ESP']),
)
PRIORITIES = st.sampled_from(['', ' PRIORITY 0', ' priority 05', ' PRIORITY 5'])
RULES = st.tuples(SIDES, TAGS, st.sampled_from(['ALLOW', 'block']), PROTOCOLS, PRIORITIES).map(
    'from {0[0]} TO {0[1]} {0[2]} {0[3]}{0[4]}'.format
)


@given(st.lists(RULES, min_size=2, max_size=8))
def test_rules_say_the_same_when_the_server_would_write_them_alike(rules: list[str]) -> None:
    """What the simulator makes of them decides, and a text of the server is known again."""
    for rule in rules:
        assert says_the_same(rule, canonical(rule))
    for rule, other in pairwise(rules):
        assert (canonical(rule) == canonical(other)) is says_the_same(rule, other)
