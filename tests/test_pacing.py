"""Going no faster than a server allows."""

import math
import os
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import smartdc
from smartdc import DataCenter, Pace, Retry
from smartdc.pacing import Pacer, Stopped, _pacers, paced, turns
from smartdc.simulator import Simulator, SteppedClock
from tests.clocks import TestClock
from tests.conftest import START


def pacer(burst: int = 3, rate: float = 10, chance: float = 0.0) -> Pacer:
    """Return a pacer that knows no chance."""
    return Pacer(Pace(burst=burst, rate=rate), lambda: chance)


def emptied(now: float = 0, **options: float) -> Pacer:
    """Return a pacer whose burst is used up, one of it answered."""
    pacer_ = pacer(**options)  # type: ignore[arg-type]
    while pacer_.pause(now) == 0:
        pass
    pacer_.answered(now)
    return pacer_


def test_a_burst_goes_at_once_and_the_rest_by_the_rate() -> None:
    """Three at once, and then one each tenth of a second."""
    turns = pacer()
    assert [0, 0, 0] == [turns.pause(0) for _ in range(3)]
    turns.answered(0)

    assert pytest.approx(0.1, abs=0.002) == turns.pause(0)
    assert 0 == turns.pause(0.11)
    assert 0 < turns.pause(0.11) < 0.1


def test_nothing_comes_back_before_the_server_has_begun_to_count() -> None:
    """Until one of a burst is answered nobody knows when the server got the first."""
    turns = pacer()
    for _ in range(3):
        turns.pause(0)

    assert math.inf == turns.pause(60)
    turns.answered(100)
    assert pytest.approx(0.1, abs=0.002) == turns.pause(100)


def test_a_rest_saves_up_a_burst_and_no_more() -> None:
    """After a long rest there are three again."""
    turns = emptied()

    assert [0, 0, 0] == [turns.pause(1000) for _ in range(3)]
    assert math.inf == turns.pause(1000)


def test_a_refusal_uses_up_what_there_seemed_to_be() -> None:
    """The next turn is a whole one away, and a random part more."""
    turns = emptied(chance=0.5)
    turns.refused(60)

    assert pytest.approx((1 + 0.5) / turns.rate, abs=0.002) == turns.pause(60)


def test_refusals_slow_down_and_time_speeds_up_again() -> None:
    """Each leaves four fifths; half a minute later it is twice as much, all of it at most."""
    turns = emptied()
    turns.refused(0)
    assert pytest.approx(8) == turns.rate
    turns.refused(5)
    assert pytest.approx(8 * 2 ** (5 / 30) * 0.8) == turns.rate
    turns.pause(100)
    assert 10 == turns.rate


def test_those_refused_together_count_once() -> None:
    """Sixteen that were under way together slow down as much as one."""
    turns = emptied()
    for _ in range(16):
        turns.refused(5)

    assert pytest.approx(8) == turns.rate


def test_it_goes_on_trying() -> None:
    """Who is always refused tries six times a minute in the end, so that the end is noticed."""
    turns = emptied()
    now, tries = 0.0, 0
    while now < 6000:
        if pause := turns.pause(now):
            now += pause
        else:
            tries += 1
            turns.refused(now)

    assert 600 <= tries <= 660


def test_a_server_that_says_when_is_obeyed() -> None:
    """Retry-After counts from the refusal."""
    turns = emptied()
    turns.refused(0, after=7)

    assert pytest.approx(7, abs=0.002) == turns.pause(0)


@pytest.mark.parametrize('bad', [{'burst': 0}, {'rate': 0.0}, {'rate': math.inf}, {'patience': -1}])
def test_a_pace_that_cannot_be_is_refused(bad: dict[str, float]) -> None:
    """One at once at least, some a second, and no negative time."""
    with pytest.raises(smartdc.InvalidInput):
        Pace(**bad)  # type: ignore[arg-type]


@pytest.fixture
def throttled() -> Iterator[Simulator]:
    """Yield a CloudAPI that takes ten requests a second and account."""
    with Simulator({'throttle': 10}, clock=SteppedClock(START)) as cloud:
        yield cloud


def listed(sdc: DataCenter, times: int) -> None:
    """Ask so many times."""
    for _ in range(times):
        sdc.machines()


def statuses(cloud: Simulator) -> list[int]:
    """Return the statuses of all answers, each once."""
    return sorted({each.status for each in cloud.requests})


def test_in_a_block_no_request_is_refused(throttled: Simulator) -> None:
    """Seventy lists: thirty at once, forty in four seconds; outside of it some are refused."""
    with throttled.datacenter(retries=None) as sdc:
        with paced():
            listed(sdc, 70)
        assert [200] == statuses(throttled)
        assert START + 4 <= throttled.clock.now() < START + 4.2
        with pytest.raises(smartdc.TooManyRequests):
            listed(sdc, 40)


def test_a_refused_request_is_sent_again_and_costs_no_retry(throttled: Simulator) -> None:
    """Others have used up the allowance; one attempt and no budget are enough."""
    with throttled.datacenter(retries=Retry(attempts=1, budget=0)) as sdc:
        listed(sdc, 30)
        with paced():
            listed(sdc, 20)

    assert [200, 429] == statuses(throttled)
    assert 50 == sum(each.status == 200 for each in throttled.requests)


def test_it_learns_what_a_server_allows() -> None:
    """A server that takes a tenth of the default is asked in vain only now and then."""
    with Simulator({'throttle': 1}, clock=SteppedClock(START)) as cloud, cloud.datacenter() as sdc:
        with paced():
            listed(sdc, 100)
        refused = [each for each in cloud.requests if each.status == 429]

        assert 0 < len(refused) < 40
        assert START + 70 <= cloud.clock.now() < START + 100


def test_all_who_ask_for_an_account_take_turns(throttled: Simulator) -> None:
    """Two clients in two blocks share thirty, and another data center has its own."""
    with throttled.datacenter() as one, throttled.datacenter() as other:
        for sdc in (one, other):
            with paced():
                listed(sdc, 30)
        assert [200] == statuses(throttled)
        now = throttled.clock.now()
        with throttled.datacenter('us-east-1') as east, paced():
            listed(east, 30)

    assert now == throttled.clock.now()


def test_what_was_waited_for_long_is_signed_when_it_is_sent(cloud: Simulator) -> None:
    """A turn that comes after ten minutes does not bring an old date to the server."""
    with cloud.datacenter(retries=None) as sdc, paced(Pace(burst=1, rate=1 / 600)):
        sdc.machines()
        sdc.machines()

    assert [200] == statuses(cloud)
    assert START + 600 <= cloud.clock.now()


def test_a_turn_that_comes_after_the_deadline_is_not_waited_for(throttled: Simulator) -> None:
    """The error says that nothing was sent, and comes before the deadline."""
    with throttled.datacenter() as sdc, paced():
        listed(sdc, 30)
        before = throttled.clock.now()
        with (
            smartdc.deadline(0.05, clock=throttled.clock),
            pytest.raises(smartdc.Timeout, match='deadline') as caught,
        ):
            sdc.machines()

        assert not caught.value.sent
        assert throttled.clock.now() < before + 0.05
        assert 30 == len(throttled.requests)


def test_patience_ends(cloud: Simulator) -> None:
    """A server that refuses for ever is believed in the end."""
    cloud.faults.add('ListMachines', status=429, code='TooManyRequestsError')
    began = cloud.clock.now()
    with (
        cloud.datacenter(retries=None) as sdc,
        paced(Pace(patience=100)),
        pytest.raises(smartdc.TooManyRequests),
    ):
        sdc.machines()

    assert began + 100 < cloud.clock.now() < began + 200


def test_a_server_that_wants_to_be_left_alone_for_long_is_believed(cloud: Simulator) -> None:
    """What is beyond the longest wait of a retry is raised at once."""
    cloud.faults.add(
        'ListMachines', status=429, code='RequestThrottled', headers={'Retry-After': '3600'}
    )
    began = cloud.clock.now()
    with cloud.datacenter() as sdc, paced(), pytest.raises(smartdc.TooManyRequests) as caught:
        sdc.machines()

    assert 3600 == caught.value.retry_after
    assert began == cloud.clock.now()


def test_what_is_too_long_for_one_call_holds_up_no_other(cloud: Simulator) -> None:
    """The account's next request goes when its turn comes, not after the hour."""
    cloud.faults.add(
        'ListMachines',
        count=1,
        status=429,
        code='RequestThrottled',
        headers={'Retry-After': '3600'},
    )
    began = cloud.clock.now()
    with cloud.datacenter() as sdc, paced():
        with pytest.raises(smartdc.TooManyRequests):
            sdc.machines()
        assert [] == sdc.machines()

    assert cloud.clock.now() < began + 60


def test_a_server_that_wants_to_be_left_alone_for_a_while_is(throttled: Simulator) -> None:
    """As long as the longest wait of a retry, and not a second less."""
    throttled.faults.add(
        'ListMachines', count=1, status=429, code='RequestThrottled', headers={'Retry-After': '60'}
    )
    began = throttled.clock.now()
    with throttled.datacenter(retries=None) as sdc, paced():
        assert [] == sdc.machines()

    assert began + 60 <= throttled.clock.now() < began + 61


def test_other_faults_are_retried_as_ever(cloud: Simulator) -> None:
    """A block changes nothing but the turns."""
    cloud.faults.add('ListMachines', count=2, outcome='drop')
    with cloud.datacenter() as sdc, paced():
        assert [] == sdc.machines()
    cloud.faults.add('ListMachines', count=9, outcome='drop')
    with cloud.datacenter(retries=None) as sdc, paced(), pytest.raises(smartdc.ConnectionFailed):
        sdc.machines()


def test_time_in_the_line_is_not_time_of_the_call(cloud: Simulator) -> None:
    """A call may take two minutes with its attempts, wherever it stood before."""
    with cloud.datacenter(retries=Retry(base=0)) as sdc, paced(Pace(burst=1, rate=1 / 600)):
        sdc.machines()
        cloud.faults.add('ListMachines', count=1, outcome='drop')

        assert [] == sdc.machines()


def test_the_line_of_an_earlier_call_gives_no_time_to_a_later_one(cloud: Simulator) -> None:
    """Two pauses of fifty seconds are within two minutes, whatever was waited for before."""
    policy = Retry(attempts=99, within=120)
    with cloud.datacenter(retries=policy) as sdc, paced(Pace(burst=1, rate=1 / 600)):
        listed(sdc, 2)
        cloud.faults.add(
            'ListMachines',
            status=503,
            code='ServiceUnavailableError',
            headers={'Retry-After': '50'},
        )
        with pytest.raises(smartdc.ServiceUnavailable):
            sdc.machines()

    assert [200, 200, 503, 503, 503] == [each.status for each in cloud.requests]


def test_what_has_not_begun_can_be_stopped(sdc: DataCenter, cloud: Simulator) -> None:
    """Nothing is sent."""
    with paced(is_stopped=lambda: True), pytest.raises(Stopped):
        sdc.machines()

    assert [] == cloud.requests


def test_what_was_stopped_has_not_begun(sdc: DataCenter, cloud: Simulator, tmp_path: Path) -> None:
    """Whoever goes on after that sends nothing either, nor after a signature that cannot be."""
    with paced(is_stopped=lambda: True):
        for _ in range(3):
            with pytest.raises(Stopped):
                sdc.machines()
    is_stopped = False
    keyless = DataCenter(cloud.url(), '/acme/keys/k', tmp_path / 'none')
    with keyless, paced(is_stopped=lambda: is_stopped):
        with pytest.raises(smartdc.KeyUnreadable):
            keyless.machines()
        is_stopped = True
        with pytest.raises(Stopped):
            sdc.machines()

    assert [] == cloud.requests


@pytest.mark.parametrize('status', [None, 404])
def test_what_has_begun_is_not_stopped(
    sdc: DataCenter, cloud: Simulator, status: int | None
) -> None:
    """Whatever the server has answered, later requests are sent, so that nothing is half-done."""
    if status:
        cloud.faults.add('ListMachines', count=1, status=status, code='ResourceNotFound')
    is_stopped = False
    with paced(is_stopped=lambda: is_stopped):
        with suppress(smartdc.ResourceNotFound):
            sdc.machines()
        is_stopped = True
        sdc.machines()

    assert 2 == len(cloud.requests)


def test_without_a_pace_there_is_no_block(throttled: Simulator) -> None:
    """None switches it off, also inside of another block."""
    with (
        throttled.datacenter(retries=None) as sdc,
        paced(),
        paced(None),
        pytest.raises(smartdc.TooManyRequests),
    ):
        listed(sdc, 40)


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')
def test_a_forked_child_waits_for_no_thread_of_its_parent() -> None:
    """Somebody stands first in the parent's line while it forks; the child has lines of its own."""
    clock = TestClock()
    with paced():
        waiting = turns()
        assert waiting is not None
        waiting.take(clock, 'here')
        line = _pacers.of(clock, 'here', Pace())._line
        with warnings.catch_warnings(), line:
            warnings.simplefilter('ignore', DeprecationWarning)  # the simulator has threads
            child = os.fork()
            if child == 0:
                try:
                    with smartdc.deadline(5):
                        waiting.take(clock, 'here')
                    os._exit(3)
                finally:
                    os._exit(1)
        _, status = os.waitpid(child, 0)

    assert 3 == os.waitstatus_to_exitcode(status)
