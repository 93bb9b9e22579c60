"""How things show themselves in one line."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc import Change, DataCenter, LegacyDataCenter, Machine, Retry, Snapshot
from smartdc.changefeed import ChangeFeed
from smartdc.showing import columns, cut, line, printable
from smartdc.simulator import Simulator

ID = 'b1e3f1c0-9999-4aaa-8bbb-cccccccccccc'


def never(_: Any) -> Any:
    """Connect to nothing."""
    raise AssertionError('showing a feed must not connect')


def things(text: str) -> Iterator[Any]:
    """Yield one object of each kind, with this text for all that a server or a user names."""
    for kind in (DataCenter, LegacyDataCenter):
        yield kind(text, login='acme')
    sdc = DataCenter('us-sw-1', login=text)
    yield sdc
    machine = Machine(sdc, data={'id': ID, 'name': text, 'state': text})
    yield machine
    yield Snapshot(machine, data={'name': text, 'state': text})
    yield Change(ID, datetime(2026, 1, 2), (text, 'state'), text, text, {}, True, True)
    yield ChangeFeed(sdc, never, machines=[ID], sub_resources=['state'], timeout=None)
    yield Retry()


@given(text=st.text(min_size=1) | st.text('wide漢字\x1b\u202e\ud800', min_size=100, max_size=300))
def test_everything_shows_itself_in_a_short_line(text: str) -> None:
    """Whatever the server calls things, repr is one line of at most 120 columns, and harmless."""
    for thing in things(text):
        shown = repr(thing)
        assert columns(shown) <= 120
        assert shown.isprintable()


@pytest.mark.parametrize('kind', [DataCenter, LegacyDataCenter])
@pytest.mark.parametrize('length', [60, 90, 100, 115, 300])
def test_a_class_may_have_any_name(kind: type[DataCenter], length: int) -> None:
    """One of a user's is cut where it leaves no room for the rest."""
    sdc = type('D' * length, (kind,), {})('us-sw-1', login='acme')
    machine = type('M' * length, (Machine,), {})(sdc, data={'id': ID, 'state': 'running'})

    assert columns(repr(sdc)) <= 120
    assert columns(repr(machine)) <= 120
    assert 'D' * 50 in repr(sdc)
    assert repr(machine).endswith(', running>')


def test_a_change_says_what_became_of_which_machine() -> None:
    """What changed, of which machine, when, and its state."""
    when = datetime(2026, 1, 2, 3, 4, 5, 678000)
    change = Change(ID, when, ('state', 'nics'), 'stopped', 'off', {'name': 'web0'})

    assert repr(change) == (
        f'<smartdc.changefeed.Change: state, nics of {ID} at 2026-01-02 03:04:05.678, stopped>'
    )


def test_feeds_say_what_they_follow(sdc: DataCenter) -> None:
    """All machines, or how many."""
    assert f'<smartdc.changefeed.ChangeFeed: all machines in {sdc}>' == repr(sdc.changefeed())
    assert f'<smartdc.changefeed.ChangeFeed: 1 machine(s) in {sdc}>' == repr(sdc.changefeed(ID))


def test_showing_asks_nothing(cloud: Simulator, sdc: DataCenter) -> None:
    """Repr, str, ==, hash and dir of all of them cost no request."""
    machine = Machine(sdc, data={'id': ID})
    for thing in (sdc, machine, Snapshot(machine, data={'name': 's'}), sdc.changefeed()):
        _ = repr(thing), str(thing), thing == thing, hash(thing), dir(thing)
        for name in dir(thing):
            getattr(thing, name)

    assert not cloud.requests


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('web0', 'web0'),
        ('café 漢字', 'café 漢字'),
        ('\x1b[31mred', '\\x1b[31mred'),
        ('a\r\nb\tc\x00\x7f\x9b', 'a\\r\\nb\\tc\\x00\\x7f\\x9b'),
        ('\u202egnp.exe', '\\u202egnp.exe'),
        ('a\u2028b\ufeff', 'a\\u2028b\\ufeff'),
        ('\ud800', '\\ud800'),
        (12, '12'),
        (None, 'None'),
    ],
)
def test_what_a_terminal_would_act_upon_is_escaped(text: Any, shown: str) -> None:
    """Control characters, invisible ones and turns of direction are told, not done."""
    assert shown == printable(text)
    assert json.dumps(shown)


@pytest.mark.parametrize(
    ('text', 'width', 'shown'),
    [
        ('web0', 4, 'web0'),
        ('web00', 4, 'web…'),
        ('漢字漢字', 8, '漢字漢字'),
        ('漢字漢字', 7, '漢字漢…'),
        ('漢字漢字', 6, '漢字…'),
        ('e\u0301e\u0301', 2, 'e\u0301e\u0301'),
    ],
)
def test_a_text_is_cut_by_columns(text: str, width: int, shown: str) -> None:
    """Wide characters count twice, accents not at all."""
    assert shown == cut(text, width)


def test_the_longest_part_of_a_line_gives_way() -> None:
    """A short part stays whole."""
    shown = line('<{} in {}>', 'n' * 300, 'us-sw-1', state='running')

    assert 120 == len(shown)
    assert shown.startswith('<nnn')
    assert shown.endswith('n… in us-sw-1, running>')
