"""One deadline over everything that a block does."""

import math
import socket
import threading
from typing import Any

import pytest

import smartdc
from smartdc import deadline
from smartdc.clock import seconds_left
from smartdc.retrying import Attempts, Budget, Retry
from smartdc.simulator import Simulator
from smartdc.waiting import wait
from tests.clocks import TestClock
from tests.servers import json_reply, serving


class Ticking(TestClock):
    """A clock on which some time passes between two looks at it."""

    def now(self) -> float:
        """Return the time, a hundred seconds later each time."""
        self.time += 100
        return self.time


def test_a_call_that_begins_too_late_is_not_sent(cloud: Simulator) -> None:
    """The error says that nothing was sent; after the block all is as before."""
    with cloud.datacenter() as sdc:
        with deadline(0), pytest.raises(smartdc.Timeout, match='deadline') as caught:
            sdc.create_machine(name='web0')
        assert not caught.value.sent
        assert [] == cloud.requests
        assert [] == sdc.machines()


def test_a_call_under_way_ends() -> None:
    """A server that never answers is not waited for, however long the client's timeout."""
    with socket.create_server(('127.0.0.1', 0)) as silent:
        url = f'http://127.0.0.1:{silent.getsockname()[1]}'
        sdc = smartdc.DataCenter(url, login='bob', timeout=3600, retries=None)
        with deadline(0.5), pytest.raises(smartdc.Timeout) as caught:
            sdc.ping()

        assert caught.value.sent


def test_no_retry_begins_beyond_it() -> None:
    """The fault itself is raised when the pause before the next attempt would be too long."""
    clock = TestClock()
    attempts = Attempts(Retry(), Budget(9), clock, 'GET')
    away = smartdc.ServiceUnavailable(503, retry_after=7)
    with deadline(10, clock=clock):
        attempts.again(away)
        with pytest.raises(smartdc.ServiceUnavailable):
            attempts.again(away)

    assert [7] == clock.sleeps


def test_a_list_ends_between_its_pages(cloud: Simulator) -> None:
    """A page that would be asked for too late is not."""
    answer = json_reply(200, b'[{"id": "1"}, {"id": "2"}]', x_query_limit='2')
    with serving(answer, answer) as server, cloud.datacenter() as sdc:
        sdc.location = server.url
        with deadline(150, clock=Ticking()), pytest.raises(smartdc.Timeout, match='deadline'):
            sdc.machines()

        assert 1 == len(server.requests)


def test_a_wait_ends_when_there_is_no_time_for_another_look() -> None:
    """The wait's own timeout is longer; what was seen last is told."""
    clock = TestClock(0)
    with deadline(5, clock=clock), pytest.raises(smartdc.WaitTimeout, match='deadline') as caught:
        wait(lambda: 'down', 'up'.__eq__, what='x', clock=clock, last=lambda: {'state': 'down'})

    assert [2, 2] == clock.sleeps
    assert {'state': 'down'} == caught.value.last


def test_the_earliest_of_nested_blocks_counts() -> None:
    """An inner block can only shorten, and its end restores the outer one."""
    clock = TestClock()
    with deadline(10, clock=clock):
        with deadline(3, clock=clock):
            assert 3 == seconds_left()
        with deadline(99, clock=clock):
            assert 10 == seconds_left()
        clock.sleep(4)
        assert 6 == seconds_left()
    assert float('inf') == seconds_left()


def test_it_is_one_threads_alone() -> None:
    """What another thread does has no deadline."""
    seen: list[float] = []
    with deadline(10):
        thread = threading.Thread(target=lambda: seen.append(seconds_left()))
        thread.start()
        thread.join()

    assert [float('inf')] == seen


@pytest.mark.parametrize('seconds', [-1, math.nan, None, '5'])
def test_a_deadline_that_cannot_be_is_refused(seconds: Any) -> None:
    """One in the past, or that is no number, before the block begins."""
    with pytest.raises(smartdc.InvalidInput, match='a deadline is a number'), deadline(seconds):
        pytest.fail('the block began')
