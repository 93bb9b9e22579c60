"""Waits that look at once when the changefeed says that there is something to see."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from smartdc import DataCenter, Machine, Progress
from smartdc.clock import SYSTEM_CLOCK
from smartdc.news import News
from smartdc.pace import Interval, _Learned
from smartdc.simulator import Simulator
from smartdc.simulator.clock import SteppedClock
from tests.insides import inside
from tests.threads import no_threads

#: An interval that nobody has given, and that is longer than any test may take.
NEVER = _Learned(3600)

#: One that is over at once.
AT_ONCE = _Learned(0.01)


@pytest.fixture
def cloud() -> Iterator[Simulator]:
    """Run a CloudAPI whose jobs wait for a test to step its clock, which is right at first."""
    with Simulator(job_time=10, clock=SteppedClock()) as cloud:
        yield cloud


@pytest.fixture
def sdc(cloud: Simulator) -> Iterator[DataCenter]:
    """Yield a data center for which real time passes."""
    with cloud.datacenter(clock=None) as sdc:
        yield sdc


@pytest.fixture
def machine(cloud: Simulator, sdc: DataCenter) -> Machine:
    """Return a machine that runs."""
    machine = sdc.create_machine(name='web0')
    cloud.clock.sleep(10)
    machine.poll_until('running')
    return machine


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """See that every thread of a wait ends with it."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if thread.name not in ('smartdc watchdog', 'smartdc-simulator'):
            thread.join(20)
            assert not thread.is_alive(), thread


def asked(cloud: Simulator, operation: str) -> int:
    """Return how often an operation was asked for."""
    return len([each for each in cloud.requests if each.operation == operation])


def step(cloud: Simulator, *, per_look: float) -> None:
    """Let each request move the clock of the CloudAPI on."""
    clock = inside(cloud).clock
    assert isinstance(clock, SteppedClock)
    clock.per_look = per_look


class Done:
    """Lets the jobs be done with the second look, when the machine is followed."""

    def __init__(self, cloud: Simulator) -> None:
        self.cloud = cloud
        self.looks = 0

    def __call__(self, _: Progress) -> None:
        """Count a look."""
        self.looks += 1
        if self.looks == 2:
            assert inside(self.cloud).feeds.following()
            self.cloud.clock.sleep(10)


def test_a_pause_ends_when_the_machine_changes(cloud: Simulator, machine: Machine) -> None:
    """The first one when it is followed, each other one when there is news, and no other."""
    news = News(machine.datacenter, machine.id)
    with news as sleep:
        sleep(3600)
        assert 1 == len(inside(cloud).feeds.following())
        assert not news._changed.is_set()
        machine.stop()
        sleep(3600)
        cloud.clock.sleep(10)
        sleep(3600)

    assert 'stopped' == machine.status()


def test_what_the_server_tells_unasked_is_no_news(cloud: Simulator, machine: Machine) -> None:
    """It may tell of all machines, whichever were asked for."""
    news = News(machine.datacenter, machine.id)
    with news as sleep:
        sleep(3600)
        for feed in inside(cloud).feeds._open:
            feed.push('{"changedResourceId": "b1e3f1c0-9999-4aaa-8bbb-cccccccccccc"}')
        cloud.drop_feeds()
        assert news._thread is not None
        news._thread.join()

        assert not news._changed.is_set()


def test_what_another_machine_does_is_no_news(
    cloud: Simulator, sdc: DataCenter, machine: Machine
) -> None:
    """Nor is a change that a wait does not look at."""
    other = sdc.create_machine(name='other')
    with News(sdc, machine.id) as sleep:
        sleep(3600)
        cloud.clock.sleep(10)
        machine.add_tags(a='b')
        other.status()
        wanted = {each.machines for each in inside(cloud).feeds.following()}

        assert {frozenset([machine.id])} == wanted
        machine.rename('web1')
        cloud.clock.sleep(20)
        sleep(3600)
        assert 'web1' == sdc.machine(machine.id).name


@pytest.mark.parametrize('way', ['poll_until', 'poll_while', 'wait_for'])
def test_waits_end_by_the_news(
    cloud: Simulator, sdc: DataCenter, machine: Machine, way: str
) -> None:
    """No look is due for an hour, and yet what happens is seen."""
    machine.stop()
    machine.status()
    done = Done(cloud)
    if way == 'poll_until':
        machine.poll_until('stopped', NEVER, progress=done)
    elif way == 'poll_while':
        machine.poll_while('stopping', NEVER, progress=done)
    else:
        sdc.wait_for('machine', machine.id, 'stopped', interval=NEVER, progress=done)

    assert 'stopped' == machine.status()
    assert 1 == asked(cloud, 'changefeed')


def test_actions_are_followed_too(cloud: Simulator, machine: Machine) -> None:
    """What came of a stop is looked for when the machine has changed."""

    def follow() -> None:
        while not inside(cloud).feeds.following():
            pass
        cloud.clock.sleep(10)

    thread = threading.Thread(target=follow)
    thread.start()
    machine.stop(wait=True)
    thread.join()

    assert 'stopped' == machine.state
    assert 1 == asked(cloud, 'changefeed')


def test_nothing_is_left_of_it(cloud: Simulator, machine: Machine) -> None:
    """The socket is closed and the threads are gone when the block ends, by an error as well."""
    news = News(machine.datacenter, machine.id)
    with pytest.raises(KeyError), news as sleep:  # noqa: PT012 - the error comes after a pause
        sleep(3600)
        raise KeyError

    assert news._feed is not None
    assert -1 == news._feed.socket.fileno()
    assert news._thread is not None
    assert not news._thread.is_alive()
    assert not news._feed.recv_events_thread.is_alive()


@pytest.mark.parametrize(
    'way', ['so already', 'an interval', 'another clock', 'another sleep', 'switched off']
)
def test_no_feed_is_opened_for_nothing(
    cloud: Simulator, machine: Machine, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """When the first look is enough, where it is said when to look, and where no time passes."""
    interval: Interval = 0.01 if way == 'an interval' else AT_ONCE
    clock = cloud.clock if way == 'another clock' else None
    if way == 'another sleep':
        monkeypatch.setattr(SYSTEM_CLOCK, 'sleep', cloud.clock.sleep)
    with cloud.datacenter(clock=clock, events=way != 'switched off') as sdc:
        found = Machine(sdc, machine.id)
        if way != 'so already':
            found.stop()
        step(cloud, per_look=3)
        found.poll_until('running' if way == 'so already' else 'stopped', interval)

    assert 0 == asked(cloud, 'changefeed')


def wait_twice(cloud: Simulator, machine: Machine) -> None:
    """Wait for a stop and a start, by looks alone."""
    step(cloud, per_look=3)
    machine.stop()
    machine.poll_until('stopped', AT_ONCE)
    machine.start()
    machine.poll_until('running', AT_ONCE)


@pytest.mark.parametrize(
    'trouble',
    [
        *({'status': status, 'code': None} for status in (200, 400, 401, 403, 404, 405, 500, 503)),
        {'outcome': 'drop'},
    ],
    ids=str,
)
def test_without_a_feed_waits_go_on(
    cloud: Simulator, machine: Machine, trouble: dict[str, Any]
) -> None:
    """A server that has none, or not for us, is asked once, and not again soon."""
    cloud.faults.add('changefeed', **trouble)
    wait_twice(cloud, machine)

    assert asked(cloud, 'changefeed') <= 1


def test_without_the_extra_waits_go_on(
    cloud: Simulator, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The websockets package is not needed for a wait."""
    monkeypatch.setitem(sys.modules, 'websockets.sync', None)
    monkeypatch.delitem(sys.modules, 'websockets.sync.client', raising=False)
    wait_twice(cloud, machine)

    assert 0 == asked(cloud, 'changefeed')


def test_without_a_thread_waits_go_on(cloud: Simulator, machine: Machine) -> None:
    """A pause is just a pause; the next one tries again."""
    with News(machine.datacenter, machine.id) as sleep:
        with no_threads():
            sleep(0.01)
        assert 0 == asked(cloud, 'changefeed')
        sleep(3600)

        assert 1 == asked(cloud, 'changefeed')


def test_a_feed_that_does_not_come_holds_nothing_up(cloud: Simulator, machine: Machine) -> None:
    """The wait ends while the server is silent; who tries to connect gives up by itself."""
    cloud.faults.add('changefeed', delay=60)
    with cloud.datacenter(clock=None, timeout=(0.3, 60)) as sdc:
        wait_twice(cloud, Machine(sdc, machine.id))

        assert sdc._feeds.free.acquire(timeout=20)


def test_a_feed_that_comes_too_late_is_not_followed(cloud: Simulator, machine: Machine) -> None:
    """The wait is over by then, and the connection is closed as soon as it is made."""
    cloud.faults.add('changefeed', count=1, delay=0.5)
    news = News(machine.datacenter, machine.id)
    with news as sleep:
        sleep(0.01)
    assert news._thread is not None
    news._thread.join(20)

    assert not news._thread.is_alive()
    assert [] == inside(cloud).feeds.following()


def test_a_feed_that_breaks_off_ends_nothing(cloud: Simulator, machine: Machine) -> None:
    """The wait goes on with looks alone."""
    looks: list[Progress] = []
    dropped: list[int] = []

    def drop(progress: Progress) -> None:
        looks.append(progress)
        if 2 == len(looks):
            while not inside(cloud).feeds.following():
                pass
            dropped.append(cloud.drop_feeds())
            step(cloud, per_look=3)

    machine.stop()
    machine.poll_until('stopped', AT_ONCE, progress=drop)

    assert 'stopped' == machine.state
    assert [1] == dropped


def test_a_refusal_is_for_who_was_refused(cloud: Simulator, machine: Machine) -> None:
    """In another role it is asked for again; and after ten minutes."""
    sdc = machine.datacenter
    other = sdc.acting(as_role='ops')
    sdc._feeds.rest(sdc)

    assert not sdc._feeds.is_offered(sdc)
    assert sdc._feeds is other._feeds
    assert other._feeds.is_offered(other)
    sdc._feeds._rests = {who: until - 600 for who, until in sdc._feeds._rests.items()}
    assert sdc._feeds.is_offered(sdc)


def test_many_waits_at_once_have_eight_feeds(cloud: Simulator, machine: Machine) -> None:
    """The others look as without; each feed is free for the next wait."""
    sdc = machine.datacenter
    machine.stop()
    for _ in range(8):
        assert sdc._feeds.free.acquire(blocking=False)
    step(cloud, per_look=3)
    machine.poll_until('stopped', AT_ONCE)
    assert 0 == asked(cloud, 'changefeed')
    for _ in range(8):
        sdc._feeds.free.release()
    machine.start()
    machine.poll_until('running', AT_ONCE)

    assert [True] * 8 == [sdc._feeds.free.acquire(timeout=20) for _ in range(8)]


def test_other_data_centers_and_settings_are_handed_on(cloud: Simulator) -> None:
    """What was said of events holds for the second data center too."""
    with cloud.datacenter(clock=None, events=False) as sdc:
        assert not sdc.datacenter('us-east-1').events
    assert DataCenter('https://a.example').events


def test_real_time_is_the_client_s_too(machine: Machine) -> None:
    """A simulator that goes by the computer's clock hands its client none."""
    with Simulator() as real, real.datacenter() as sdc:
        assert SYSTEM_CLOCK is sdc.clock
