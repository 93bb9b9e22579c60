"""Following changes: what comes, and what happens when the connection is lost."""

from __future__ import annotations

import itertools
import json
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from smartdc import Change, DataCenter, Machine, errors
from smartdc.changefeed import ChangeFeed
from smartdc.simulator import Simulator
from tests.insides import inside


class Watched:
    """The clock of a simulator, which remembers the pauses that are made by it."""

    def __init__(self, cloud: Simulator) -> None:
        self.clock = cloud.clock
        self.pauses: list[float] = []

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.pauses.append(seconds)
        self.clock.sleep(seconds)


@pytest.fixture
def clock(cloud: Simulator) -> Watched:
    """Return the clock that the pauses go by."""
    return Watched(cloud)


@pytest.fixture
def sdc(cloud: Simulator, clock: Watched) -> Iterator[DataCenter]:
    """Yield a data center whose pauses are remembered."""
    with cloud.datacenter(clock=clock) as sdc:
        yield sdc


@pytest.fixture
def feed(sdc: DataCenter, machine: Machine, clock: Watched) -> Iterator[ChangeFeed]:
    """Yield the changes of an account that has one machine, which runs."""
    with sdc.changefeed(timeout=20) as feed:
        clock.pauses.clear()
        yield feed


def push(cloud: Simulator, message: Any) -> None:
    """Let the simulator send something to all that follow."""
    for each in inside(cloud).feeds._open:
        each.push(message if isinstance(message, str) else json.dumps(message))


def test_changes_come_as_they_happen(feed: ChangeFeed, machine: Machine, cloud: Simulator) -> None:
    """Each has the machine, what changed, its states, its data and the time."""
    machine.stop()
    cloud.clock.sleep(10)
    first, second = next(feed), next(feed)
    now = datetime.fromtimestamp(cloud.clock.now(), UTC).replace(tzinfo=None)

    assert [('stopping', 'shutting_down'), ('stopped', 'stopped')] == [
        (each.state, each.vm_state) for each in (first, second)
    ]
    assert (machine.id, ('state',), 'web0') == (
        second.machine_id,
        second.sub_resources,
        second.machine['name'],
    )
    assert (False, False) == (second.resync, second.duplicate)
    assert abs((now - second.published).total_seconds()) < 1
    assert 2 == len({first, second})
    assert 'web0' not in repr(first)


def test_only_what_is_asked_for_comes(sdc: DataCenter, machine: Machine, cloud: Simulator) -> None:
    """Machines and sub-resources can be chosen."""
    other = sdc.create_machine(name='other')
    other.poll_until('running')
    with sdc.changefeed(other, sub_resources=['alias'], timeout=20) as feed:
        machine.rename('first')
        other.stop()
        other.rename('second')
        cloud.clock.sleep(100)
        change = next(feed)

        assert (other.id, ('alias',), 'second') == (
            change.machine_id,
            change.sub_resources,
            change.machine['name'],
        )


@pytest.mark.parametrize('several', [False, True])
def test_machines_are_named_in_any_way(sdc: DataCenter, machine: Machine, several: bool) -> None:
    """An id, a dict or a Machine does, or several of them."""
    for ref in (machine, machine.id, machine.data):
        with sdc.changefeed([ref] if several else ref, timeout=20) as feed:
            machine.add_tags(tried=str(ref)[:8])

            assert [machine.id] == sorted(feed._only or ())


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        ({'machines': []}, 'no machine to follow'),
        ({'sub_resources': ['weather', 'state']}, 'cannot follow weather: give some of alias'),
        ({'sub_resources': ()}, 'nothing to follow'),
        ({'machines': [None]}, 'expected an id'),
    ],
)
def test_what_cannot_be_followed_is_refused(
    sdc: DataCenter, cloud: Simulator, arguments: dict[str, Any], text: str
) -> None:
    """Nothing is sent for it."""
    with pytest.raises(errors.InvalidInput, match=text):
        sdc.changefeed(**arguments)
    assert not [each for each in cloud.requests if each.operation == 'changefeed']


def test_a_lost_connection_is_made_again(
    feed: ChangeFeed, machine: Machine, cloud: Simulator, clock: Watched
) -> None:
    """The machines are listed, and what differs comes, marked; then all goes on as before."""
    cloud.drop_feeds()
    machine.stop()
    cloud.clock.sleep(10)
    change = next(feed)
    machine.start()
    cloud.clock.sleep(10)

    assert (True, 'stopped', '', ('state',)) == (
        change.resync,
        change.state,
        change.vm_state,
        change.sub_resources,
    )
    assert 0 < sum(clock.pauses) <= 0.5
    assert ('running', False) == ((later := next(feed)).state, later.resync)


def test_all_that_is_followed_is_compared_after_a_gap(
    feed: ChangeFeed, machine: Machine, cloud: Simulator
) -> None:
    """Names and tags too, and machines that are new; what has not changed does not come."""
    new = Machine(machine.datacenter, data={'id': machine.id})
    cloud.drop_feeds()
    machine.rename('other')
    new.add_tags(a='b')
    made = machine.datacenter.create_machine(name='made')
    cloud.clock.sleep(100)
    changes = {each.machine_id: each for each in (next(feed), next(feed))}

    assert {'alias', 'tags'} == set(changes[machine.id].sub_resources)
    assert ('running', True) == (changes[made.id].state, changes[made.id].resync)


@pytest.mark.parametrize('state', ['deleted', 'failed', 'purged'])
def test_machines_that_are_gone_are_told(
    feed: ChangeFeed, machine: Machine, cloud: Simulator, state: str
) -> None:
    """After a gap, what is missing in the list is asked for one by one, once."""
    store = inside(cloud).store
    cloud.drop_feeds()
    with store.transaction():
        doc = store.get('machine', machine.id, home='us-sw-1')
        assert doc is not None
        if state == 'purged':
            store.delete('machine', machine.id, home='us-sw-1')
        else:
            store.put('machine', {**doc, 'state': state}, home='us-sw-1')
    change = next(feed)
    cloud.drop_feeds()
    made = machine.datacenter.create_machine(name='made')

    expected = 'failed' if state == 'failed' else 'deleted'
    assert (machine.id, expected, True) == (change.machine_id, change.state, change.resync)
    assert ('destroyed' in change.sub_resources) == (expected == 'deleted')
    assert 'web0' == change.machine['name']
    assert made.id == next(feed).machine_id


def test_what_comes_twice_is_marked(feed: ChangeFeed, machine: Machine, cloud: Simulator) -> None:
    """A change that tells nothing new is a duplicate, also after it was found by comparing."""
    store = inside(cloud).store
    machine.stop()
    cloud.clock.sleep(10)
    told = [next(feed), next(feed)]
    message = {
        'changedResourceId': machine.id,
        'published': '1767323045000',
        'changeKind': {'resource': 'vm', 'subResources': ['state']},
        'resourceState': 'stopped',
        'resourceObject': told[1].machine,
    }
    push(cloud, message)
    assert [False, False, True] == [each.duplicate for each in (*told, next(feed))]
    cloud.drop_feeds()
    machine.start()
    cloud.clock.sleep(10)
    found = next(feed)
    assert store.get('machine', machine.id, home='us-sw-1')
    push(cloud, {**message, 'resourceState': 'running', 'resourceObject': found.machine})
    assert ('running', True) == ((again := next(feed)).state, again.duplicate)


@pytest.mark.parametrize('data', [None, {}, 'gone', [1], 7], ids=repr)
def test_strange_messages_are_passed_over(
    feed: ChangeFeed, machine: Machine, cloud: Simulator, data: Any
) -> None:
    """What is no change is not delivered; a change without a machine has the state it names."""
    good = {
        'changedResourceId': machine.id,
        'published': '1767323045000',
        'changeKind': {'subResources': ['state']},
        'resourceState': 'down',
        'resourceObject': data,
    }
    dates: list[Any] = ['never', None, 2**62 * 1000, -(10**400)]
    for strange in ('no JSON', '[' * 100_000, [], {}, *({**good, 'published': it} for it in dates)):
        push(cloud, strange)
    push(cloud, good)
    change = next(feed)

    assert ('stopped', 'down', 'web0') == (change.state, change.vm_state, change.machine['name'])
    assert datetime(2026, 1, 2, 3, 4, 5) == change.published


def test_waiting_ends_in_time(sdc: DataCenter, machine: Machine, cloud: Simulator) -> None:
    """WaitTimeout says that nothing came; one can go on after it."""
    with sdc.changefeed(timeout=0.02) as feed:
        with pytest.raises(errors.WaitTimeout, match=r'no change came within 0\.02 s'):
            next(feed)
        machine.add_tags(a='b')
        cloud.clock.sleep(10)
        sdc.machines()
        feed._timeout = 20

        assert ('tags',) == next(feed).sub_resources


def test_a_server_that_stays_away_is_waited_for_in_time(
    feed: ChangeFeed, cloud: Simulator, clock: Watched
) -> None:
    """Pauses grow up to 20 s, each of random length; the timeout ends them."""
    cloud.faults.add('changefeed', status=503, code='ServiceUnavailableError')
    cloud.drop_feeds()
    feed._timeout = 200
    with pytest.raises(errors.WaitTimeout, match='within 200 s') as caught:
        next(feed)
    refused = [each.at for each in cloud.requests if each.status == 503]
    gaps = [after - before for before, after in itertools.pairwise(refused)]

    assert isinstance(caught.value.__cause__, errors.ServiceUnavailable)
    assert 200 <= sum(clock.pauses) <= 200.5
    assert max(gaps) <= 20.5
    assert max(clock.pauses) <= 0.25


def test_what_will_not_get_better_is_raised(feed: ChangeFeed, cloud: Simulator) -> None:
    """A refusal for good ends the feed with the server's own error."""
    cloud.faults.add('changefeed', status=403, code='NotAuthorized', message='no more')
    cloud.drop_feeds()
    with pytest.raises(errors.NotAuthorized, match='no more'):
        next(feed)
    assert [] == list(feed)


def test_passing_faults_are_got_over(feed: ChangeFeed, machine: Machine, cloud: Simulator) -> None:
    """Whatever fails on the way back, the connection or the list, is tried again."""
    cloud.faults.add('changefeed', status=503, count=2)
    cloud.faults.add('changefeed', outcome='drop', count=2)
    cloud.faults.add('ListMachines', status=500, count=7)
    cloud.drop_feeds()
    feed._timeout = 200
    machine.stop()
    cloud.clock.sleep(10)

    assert ('stopped', True) == ((change := next(feed)).state, change.resync)


@pytest.mark.parametrize('in_pause', [False, True])
def test_closing_ends_it_from_anywhere(
    sdc: DataCenter, machine: Machine, cloud: Simulator, in_pause: bool
) -> None:
    """Iterating ends without an error, whether it waits for a change or to connect again."""
    feed = sdc.changefeed()
    seen: list[Change] = []
    with feed:
        thread = threading.Thread(target=lambda: seen.extend(feed))
        thread.start()
        if in_pause:
            cloud.faults.add('changefeed', status=503)
            cloud.drop_feeds()
            while not [each for each in cloud.requests if each.status == 503]:
                pass
        feed.close()
        thread.join(20)

        assert not thread.is_alive()
        assert [] == seen
    assert [] == list(feed)
    feed.close()


def test_it_needs_no_with_statement(sdc: DataCenter, machine: Machine, cloud: Simulator) -> None:
    """The first change is waited for on a connection made then."""
    feed = sdc.changefeed(timeout=0.02)
    with pytest.raises(errors.WaitTimeout):
        next(feed)
    machine.stop()

    assert 'stopping' == next(feed).state
    feed.close()


def act(chance: random.Random, sdc: DataCenter, machines: list[Machine]) -> None:
    """Do something at random to some machine."""
    machine = chance.choice(machines)
    what = chance.choice(['stop', 'start', 'reboot', 'create', 'delete'])
    if what == 'create' and len(machines) < 12:
        machines.append(sdc.create_machine(name=f'web{chance.getrandbits(40)}'))
    elif what == 'delete' and len(machines) > 4:
        machines.remove(machine)
        machine.delete()
    elif machine.status() not in ('provisioning', 'deleted') and what in ('stop', 'start'):
        getattr(machine, what)()


def test_a_hundred_drops_lose_no_final_state(
    sdc: DataCenter, cloud: Simulator, clock: Watched
) -> None:
    """Machines come and go while the connection is broken off again and again."""
    chance = random.Random(7)
    machines = [sdc.create_machine(name=f'first{number}') for number in range(4)]
    seen = {machine.id: 'provisioning' for machine in machines}
    changed = threading.Condition()

    def watch(feed: ChangeFeed) -> None:
        for change in feed:
            with changed:
                seen[change.machine_id] = change.state
                changed.notify()

    with cloud.datacenter() as other, sdc.changefeed() as feed:
        thread = threading.Thread(target=watch, args=(feed,))
        thread.start()
        dropped = 0
        while dropped < 100:
            act(chance, other, machines)
            cloud.clock.sleep(chance.choice([0, 3, 10]))
            dropped += cloud.drop_feeds()
        for _ in range(20):
            cloud.clock.sleep(50)
            other.machines()
        final = {machine.id: machine.state for machine in other.machines()}

        def is_told() -> bool:
            alive = {key: state for key, state in seen.items() if state != 'deleted'}
            return alive == final

        with changed:
            told = changed.wait_for(is_told, 30)
        feed.close()
        thread.join(20)

    assert told, (seen, final)
    assert len(final) >= 4
    assert len([each for each in cloud.requests if each.status == 101]) >= 100
    assert max(clock.pauses) <= 20
