"""Waiting with a deadline."""

import math
from collections.abc import Callable
from typing import Any

import pytest

import smartdc
from smartdc.clock import Clock, seconds_left
from smartdc.waiting import Interval, follow, time_limit, wait
from tests.clocks import TestClock


def waiting(
    clock: TestClock, answers: list[str], *, timeout: float = 600, interval: Interval = 2
) -> str:
    """Wait for `up`, seeing each answer once and the last one for ever."""
    seen = iter(answers)
    last = ['']

    def look() -> str:
        last[0] = next(seen, last[0])
        return last[0]

    return wait(
        look,
        lambda state: state == 'up',
        what='web0 becoming up',
        clock=clock,
        interval=interval,
        timeout=timeout,
        last=lambda: {'state': last[0]},
    )


def test_what_is_there_already_costs_no_sleep() -> None:
    """The first look is at once."""
    clock = TestClock()

    assert 'up' == waiting(clock, ['up'])
    assert [] == clock.sleeps


def test_looks_are_the_interval_apart() -> None:
    """Between two looks the clock moves on by the interval."""
    clock = TestClock()
    waiting(clock, ['down', 'down', 'down', 'up'])

    assert [2, 2, 2] == clock.sleeps


def test_the_interval_may_be_a_function_of_the_looks() -> None:
    """A function is asked each time, with how many looks there were."""
    clock = TestClock()
    double: Callable[[int], float] = lambda looks: 2.0**looks  # noqa: E731
    waiting(clock, ['down', 'down', 'down', 'up'], interval=double)

    assert [2, 4, 8] == clock.sleeps


def test_the_last_look_is_at_the_deadline() -> None:
    """A wait that ends badly ends exactly when it said, after a last look."""
    clock = TestClock()
    start = clock.now()
    with pytest.raises(smartdc.WaitTimeout) as caught:
        waiting(clock, ['down'], timeout=5)

    assert start + 5 == clock.now()
    assert [2, 2, 1] == clock.sleeps
    assert {'state': 'down'} == caught.value.last
    assert 'web0 becoming up did not happen within 5 s; it is down' == str(caught.value)


def test_what_comes_at_the_deadline_counts() -> None:
    """The look at the deadline may still see it."""
    assert waiting(TestClock(), ['down', 'down', 'down', 'up'], timeout=6) == 'up'


def test_a_timeout_of_nothing_looks_once() -> None:
    """With no time to wait there is one look and no sleep."""
    clock = TestClock()
    with pytest.raises(smartdc.WaitTimeout):
        waiting(clock, ['down', 'up'], timeout=0)

    assert [] == clock.sleeps


def test_a_look_takes_no_longer_than_the_wait() -> None:
    """One that hangs is cut off soon after the end; the last one still has some seconds."""
    clock = TestClock()
    left: list[float] = []

    def look() -> str:
        left.append(seconds_left())
        return 'down'

    with pytest.raises(smartdc.WaitTimeout):
        wait(look, 'up'.__eq__, what='x', clock=clock, timeout=4)

    assert [9, 7, 5] == left
    assert math.inf == seconds_left()


def test_a_fault_that_passes_is_a_look_that_saw_nothing() -> None:
    """The wait goes on at its pace; what does not pass is raised."""
    clock = TestClock()
    answers: list[str | Exception] = [
        smartdc.ConnectionFailed('x'),
        smartdc.Timeout('x', sent=False),
        smartdc.InvalidResponse('x'),
        smartdc.ServiceUnavailable(503, retry_after=30),
        'up',
    ]

    def look() -> str:
        if isinstance(answer := answers.pop(0), Exception):
            raise answer
        return answer

    assert 'up' == wait(look, 'up'.__eq__, what='x', clock=clock)
    assert [2, 2, 2, 30] == clock.sleeps
    answers.append(smartdc.TLSError('x'))
    with pytest.raises(smartdc.TLSError):
        wait(look, 'up'.__eq__, what='x', clock=clock)


def test_a_wait_that_saw_nothing_at_last_says_why() -> None:
    """What was wrong is in the text, and is the cause."""
    away = smartdc.ServiceUnavailable(503)

    def look() -> str:
        raise away

    with pytest.raises(smartdc.WaitTimeout, match='3 s; the last look failed: 503') as caught:
        wait(look, 'up'.__eq__, what='x', clock=TestClock(), timeout=3)

    assert away is caught.value.__cause__


@pytest.mark.parametrize('asked', [99_999_999_999, math.inf])
def test_no_pause_is_longer_than_a_system_can_sleep(asked: float) -> None:
    """Where a server asks for peace for ages, and the wait has no end, a look comes each month."""
    clock = TestClock()
    answers: list[str | None] = [None, 'up']

    def look() -> str:
        if (answer := answers.pop(0)) is None:
            raise smartdc.ServiceUnavailable(503, retry_after=asked)
        return answer

    assert 'up' == wait(look, 'up'.__eq__, what='x', clock=clock, timeout=math.inf)
    assert [30 * 24 * 3600] == clock.sleeps


@pytest.mark.parametrize(
    ('bad', 'why'),
    [
        ({'timeout': -1.0}, 'a timeout is a number of seconds from 0, not -1.0'),
        ({'timeout': math.nan}, 'a timeout is a number of seconds from 0, not nan'),
        ({'timeout': '10'}, "a timeout is a number of seconds from 0, not '10'"),
        ({'interval': -2.0}, 'an interval is a number of seconds from 0, not -2.0'),
        ({'interval': '2'}, "an interval is a number of seconds from 0, not '2'"),
        ({'interval': None}, 'an interval is a number of seconds from 0, not None'),
        (
            {'interval': lambda looks: None if looks else 0},
            'an interval is a number of seconds from 0, not None',
        ),
    ],
)
def test_times_that_cannot_be_are_refused(bad: dict[str, Any], why: str) -> None:
    """Neither a timeout nor an interval can be negative, and a text is neither."""
    with pytest.raises(smartdc.InvalidInput) as caught:
        waiting(TestClock(), ['down'], **bad)

    assert why == str(caught.value)


@pytest.mark.parametrize(
    ('given', 'seconds'), [(True, 600.0), (7, 7.0), (0.5, 0.5), (0, 0.0), (math.inf, math.inf)]
)
def test_what_wait_means_in_seconds(given: float, seconds: float) -> None:
    """True is ten minutes, and a number says how long."""
    assert seconds == time_limit(given)


@pytest.mark.parametrize('given', [-1, -0.5, math.nan, 'long', None])
def test_what_is_no_time_is_refused(given: Any) -> None:
    """The error says what it may be."""
    with pytest.raises(smartdc.InvalidInput, match=r'True, False or a number of seconds, not '):
        time_limit(given)


class Place:
    """A data center, as far as a wait needs one."""

    def __init__(self, url: str = 'https://one.example.com') -> None:
        self.base_url = url
        self.steps = TestClock()
        self.clock: Clock = self.steps


def followed(place: Place, *states: str, kind: str = 'image', after: float = 60) -> int:
    """Follow what is as wanted after so many seconds; return how often it was looked at."""
    began = place.clock.now()
    looks = 0

    def look() -> dict[str, Any]:
        nonlocal looks
        looks += 1
        return {'state': states[0] if place.clock.now() - began >= after else 'creating'}

    data = follow(look, *states, kind=kind, what='app', wait_for=True, at=place)
    assert {'state': states[0]} == data
    return looks


def test_waits_for_the_same_learn_from_each_other() -> None:
    """The same kind, goal and server; others begin with looks two seconds apart."""
    place, elsewhere = Place(), Place('https://two.example.com')
    elsewhere.clock = place.clock

    assert 31 == followed(place, 'active')
    assert followed(place, 'active') < 31
    assert 31 == followed(place, 'unactivated')
    assert 31 == followed(place, 'active', kind='volume')
    assert 31 == followed(elsewhere, 'active')


@pytest.mark.parametrize(
    ('data', 'said'),
    [
        ({'state': 'failed'}, 'app is failed, it will not become active or disabled'),
        (
            {'state': 'failed', 'error': {'message': 'no luck'}},
            r'app is failed \(no luck\), it will',
        ),
        ({'state': 'failed', 'error': 'x'}, 'app is failed, it will'),
        (None, 'app is deleted, it will'),
    ],
)
def test_what_will_never_be_is_not_waited_for(data: dict[str, Any] | None, said: str) -> None:
    """The error says why, as far as it is known, and has what was seen."""

    def look() -> dict[str, Any]:
        if data is None:
            raise smartdc.ResourceNotFound(404)
        return data

    place = Place()
    with pytest.raises(smartdc.WaitFailed, match=said) as caught:
        follow(look, 'active', 'disabled', kind='image', what='app', wait_for=True, at=place)

    assert (data or {'state': 'deleted'}) == caught.value.last
    assert [] == place.steps.sleeps


def test_what_is_gone_is_as_it_was_last_seen() -> None:
    """But for its state."""
    answers: list[dict[str, Any] | Exception] = [
        {'id': 'i1', 'state': 'creating'},
        smartdc.ResourceNotFound(404),
    ]

    def look() -> dict[str, Any]:
        if isinstance(answer := answers.pop(0), Exception):
            raise answer
        return answer

    place, slept = Place(), list[float]()
    data = follow(
        look,
        'deleted',
        kind='image',
        what='app',
        wait_for=60,
        at=place,
        interval=5,
        sleep=slept.append,
    )

    assert {'id': 'i1', 'state': 'deleted'} == data
    assert ([5], []) == (slept, place.steps.sleeps)


def test_what_does_not_come_in_time_is_told() -> None:
    """With all the states that were waited for, and what was seen last."""
    with pytest.raises(
        smartdc.WaitTimeout, match=r'app becoming up or down .* within 7 s'
    ) as caught:
        follow(dict, 'up', 'down', kind='nic', what='app', wait_for=7, at=Place())

    assert {} == caught.value.last
