"""Retries: what is sent again, when, and how often."""

import base64
import copy
import hashlib
import math
import random
import warnings
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest

import smartdc
from smartdc import DataCenter, deadline
from smartdc.errors import SmartDCError
from smartdc.retrying import ALL, READS, REPEATED, Attempts, Budget, Fault, Retry, fault_of
from smartdc.simulator import Simulator
from tests.clocks import TestClock
from tests.servers import json_reply, reply, serving

#: What may be sent again: each fault's verbs, in words of their own.
TABLE = {
    Fault.NOT_SENT: 'GET HEAD POST PUT DELETE',
    Fault.BROKEN: 'GET HEAD',
    Fault.SLOW: 'GET HEAD',
    Fault.CORRUPT: 'GET HEAD',
    Fault.CLOCK: 'GET HEAD POST PUT DELETE',
    Fault.THROTTLED: 'GET HEAD POST PUT DELETE',
    Fault.UNAVAILABLE: 'GET HEAD POST PUT DELETE',
    Fault.FAILED: 'GET HEAD',
}

#: An error that is each fault.
ERRORS: dict[Fault, SmartDCError] = {
    Fault.NOT_SENT: smartdc.ConnectionFailed('x', sent=False),
    Fault.BROKEN: smartdc.ConnectionFailed('x'),
    Fault.SLOW: smartdc.Timeout('x'),
    Fault.CORRUPT: smartdc.InvalidResponse('x'),
    Fault.CLOCK: smartdc.RequestExpired(400),
    Fault.THROTTLED: smartdc.TooManyRequests(429),
    Fault.UNAVAILABLE: smartdc.ServiceUnavailable(503),
    Fault.FAILED: smartdc.InternalError(500),
}


@pytest.mark.parametrize('fault', Fault)
@pytest.mark.parametrize('method', sorted(ALL))
def test_the_decision_cell_by_cell(fault: Fault, method: str) -> None:
    """Each fault of each verb is sent again or raised, as the table says."""
    clock = TestClock()
    attempts = Attempts(Retry(), Budget(100), clock, method)
    error = copy.copy(ERRORS[fault])
    if method in TABLE[fault].split():
        attempts.again(error)
    else:
        with pytest.raises(SmartDCError) as caught:
            attempts.again(error)
        assert error is caught.value
        assert [] == clock.sleeps


#: The faults after which nobody knows whether a write was done.
UNKNOWN = {Fault.BROKEN, Fault.SLOW, Fault.CORRUPT, Fault.FAILED}


@pytest.mark.parametrize('fault', Fault)
@pytest.mark.parametrize('method', sorted(ALL))
@pytest.mark.parametrize('policy', [None, Retry()])
def test_the_error_of_a_write_says_whether_it_may_have_been_done(
    fault: Fault, method: str, policy: Retry | None
) -> None:
    """It does after the faults that leave it open, whether there are retries or not."""
    error = copy.copy(ERRORS[fault])
    attempts = Attempts(policy, Budget(0), TestClock(), method)
    with pytest.raises(SmartDCError):
        attempts.again(error)

    assert error.maybe_done is (fault in UNKNOWN and method in ('POST', 'PUT', 'DELETE'))


def test_an_answer_that_is_too_long_leaves_open_what_was_done() -> None:
    """It is not asked for again, and nobody has read what it says."""
    error = smartdc.ResponseTooLarge('x')
    with pytest.raises(smartdc.ResponseTooLarge):
        Attempts(Retry(), Budget(9), TestClock(), 'POST').again(error)

    assert error.maybe_done


def test_the_table_has_every_fault() -> None:
    """No fault is without a decision, and reads are sent again after all of them."""
    assert set(Fault) == set(REPEATED)
    assert all(verbs >= READS for verbs in REPEATED.values())


@pytest.mark.parametrize(
    ('error', 'fault'),
    [
        *((error, fault) for fault, error in ERRORS.items()),
        (smartdc.TLSError('x', sent=False), None),
        (smartdc.Timeout('x', sent=False), Fault.NOT_SENT),
        (smartdc.InvalidHeader(400, 'InvalidHeader', 'clock skew of 400s'), Fault.CLOCK),
        (smartdc.InvalidHeader(400, 'InvalidHeader', 'keyId was not specified'), None),
        (smartdc.APIError(420), Fault.THROTTLED),
        (smartdc.APIError(502), Fault.FAILED),
        (smartdc.APIError(504), Fault.SLOW),
        (smartdc.APIError(501), None),
        (smartdc.ResourceNotFound(404), None),
        (smartdc.InvalidInput('x'), None),
        (smartdc.WrongPassphrase('x'), None),
    ],
)
def test_errors_are_the_faults_that_they_are(error: SmartDCError, fault: Fault | None) -> None:
    """What another attempt cannot mend is no fault."""
    assert fault is fault_of(error)


def test_pauses_grow_and_are_random() -> None:
    """Half a second at first, doubled each time, twenty at most, a random part of that."""
    retry = Retry()

    assert [0.5, 1, 2, 4, 8, 16, 20, 20] == [retry.pause(n, lambda: 1.0) for n in range(1, 9)]
    assert 0 == retry.pause(8, lambda: 0.0)
    assert 20 == retry.pause(100_000, lambda: 1.0)
    chance = random.Random(1).random
    mean = sum(retry.pause(3, chance) for _ in range(10_000)) / 10_000
    assert abs(mean - 1.0) < 0.05


@pytest.mark.parametrize(
    ('bad', 'why'),
    [
        ({'attempts': 0}, 'attempts= must be a whole number from 1, not 0'),
        ({'attempts': '3'}, "attempts= must be a whole number from 1, not '3'"),
        ({'budget': -1}, 'budget= must be a whole number from 0, not -1'),
        ({'base': -1.0}, 'base= is a number of seconds from 0, not -1.0'),
        ({'base': math.nan}, 'base= is a number of seconds from 0, not nan'),
        ({'cap': -0.1}, 'cap= is a number of seconds from 0, not -0.1'),
        ({'longest': -1.0}, 'longest= is a number of seconds from 0, not -1.0'),
        ({'within': '9'}, "within= is a number of seconds from 0, not '9'"),
        ({'factor': -2.0}, 'factor= is a number from 0, not -2.0'),
        ({'factor': math.nan}, 'factor= is a number from 0, not nan'),
        ({'factor': math.inf}, 'factor= is a number from 0, not inf'),
        ({'factor': '2'}, "factor= is a number from 0, not '2'"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(bad: dict[str, Any], why: str) -> None:
    """At least one attempt, a budget of none at least, and no negative times."""
    with pytest.raises(smartdc.InvalidInput) as caught:
        Retry(**bad)

    assert why == str(caught.value)


def test_a_server_that_says_how_long_is_obeyed() -> None:
    """Seconds or a date; beyond the longest wait the error comes at once, nothing slept."""
    clock = TestClock()
    Attempts(Retry(), Budget(9), clock, 'GET').again(smartdc.ServiceUnavailable(503, retry_after=7))
    assert [7] == clock.sleeps
    with pytest.raises(smartdc.ServiceUnavailable) as caught:
        Attempts(Retry(), Budget(9), clock, 'GET').again(
            smartdc.ServiceUnavailable(503, retry_after=10_800)
        )
    assert 10_800 == caught.value.retry_after
    assert [7] == clock.sleeps


def test_what_a_server_asks_for_counts_to_the_second() -> None:
    """A minute is obeyed, and so is what ends with the call's time; a block's end is too late."""
    clock = TestClock()
    away = smartdc.ServiceUnavailable(503, retry_after=60)
    Attempts(Retry(), Budget(9), clock, 'GET').again(away)
    Attempts(Retry(within=60), Budget(9), clock, 'GET').again(away)
    assert [60, 60] == clock.sleeps
    with pytest.raises(smartdc.ServiceUnavailable), deadline(60, clock=clock):
        Attempts(Retry(), Budget(9), clock, 'GET').again(away)
    with pytest.raises(smartdc.ServiceUnavailable):
        Attempts(Retry(within=59), Budget(9), clock, 'GET').again(away)
    assert [60, 60] == clock.sleeps


def tried(attempts: Attempts, error: SmartDCError) -> int:
    """Return how often a call is tried again when it always fails."""
    again = 0
    with pytest.raises(type(error)):  # noqa: PT012 - the count is the point
        while again < 99:
            attempts.again(error)
            again += 1
    return again


def test_a_call_takes_no_longer_than_it_may() -> None:
    """When the next attempt would begin too late, the error is raised."""
    clock = TestClock()
    attempts = Attempts(Retry(attempts=99, base=50, cap=50, within=120), Budget(99), clock, 'GET')
    assert 2 == tried(attempts, smartdc.InternalError(500, retry_after=50))
    assert [50, 50] == clock.sleeps


def test_attempts_come_to_an_end() -> None:
    """Five attempts are four pauses."""
    clock = TestClock()
    attempts = Attempts(Retry(), Budget(99), clock, 'GET')
    assert 4 == tried(attempts, smartdc.InternalError(500))
    assert 4 == len(clock.sleeps)


@pytest.fixture
def patient(cloud: Simulator) -> Iterator[DataCenter]:
    """Yield a client that does not wait between attempts."""
    with cloud.datacenter(retries=Retry(base=0)) as sdc:
        yield sdc


@pytest.mark.parametrize('times', [1, 2, 3])
@pytest.mark.parametrize(
    'fault',
    [
        *({'status': status} for status in (420, 429, 500, 502, 503, 504)),
        {'outcome': 'drop'},
        {'outcome': 'cut'},
    ],
)
def test_reads_recover(
    cloud: Simulator, patient: DataCenter, fault: dict[str, object], times: int
) -> None:
    """Each fault, up to three times and then well, is not seen by the caller."""
    cloud.faults.add(operation='ListKeys', count=times, **fault)  # type: ignore[arg-type]

    assert patient.keys()
    assert times + 1 == len(cloud.requests)


def test_a_write_whose_reply_is_lost_is_not_sent_again(
    cloud: Simulator, patient: DataCenter
) -> None:
    """What was done may have been done; only the caller knows whether to do it again."""
    cloud.faults.add('UpdateAccount', count=1, outcome='drop', after=True)
    with pytest.raises(smartdc.ConnectionFailed, match='may have been done: look before') as caught:
        patient.update_account(phone='1')

    assert caught.value.maybe_done
    assert 1 == len(cloud.requests)


def test_a_write_that_was_throttled_is_sent_again(cloud: Simulator, patient: DataCenter) -> None:
    """What the server has not begun can be asked for again."""
    cloud.faults.add('CreateMachine', count=2, status=429, code='TooManyRequestsError')
    patient.create_machine(name='web0')

    assert 1 == patient.num_machines()


def test_an_outage_is_not_multiplied(cloud: Simulator, patient: DataCenter) -> None:
    """A thousand calls in a total outage are at most 1,100 requests; then service is back."""
    cloud.faults.add('ListKeys', status=503, code='ServiceUnavailableError')
    for _ in range(1000):
        with pytest.raises(smartdc.ServiceUnavailable):
            patient.keys()
    assert len(cloud.requests) <= 1100
    cloud.faults.clear()
    assert patient.keys()


def test_a_budget_is_whole_again_after_a_hundred_good_calls(
    cloud: Simulator, patient: DataCenter
) -> None:
    """What an outage has used up comes back, one retry for each call that succeeds at once."""
    away = cloud.faults.add('ListKeys', status=503, code='ServiceUnavailableError')
    for _ in range(30):
        with pytest.raises(smartdc.ServiceUnavailable):
            patient.keys()
    away.count = 0
    for _ in range(100):
        patient.keys()
    before, away.count = len(cloud.requests), None
    for _ in range(25):
        with pytest.raises(smartdc.ServiceUnavailable):
            patient.keys()

    assert 5 * 25 == len(cloud.requests) - before


def test_a_call_gives_back_what_it_took() -> None:
    """As many as it was tried again, one when it was not, and never more than there were."""
    clock, budget = TestClock(), Budget(3)
    retried = Attempts(Retry(), budget, clock, 'GET')
    for _ in range(3):
        retried.again(smartdc.InternalError(500))
    assert not budget.take()
    retried.succeeded()
    assert [True, True, True, False] == [budget.take() for _ in range(4)]
    Attempts(Retry(), budget, clock, 'GET').succeeded()
    assert [True, False] == [budget.take() for _ in range(2)]
    for _ in range(9):
        retried.succeeded()
    assert [True, True, True, False] == [budget.take() for _ in range(4)]


def test_retries_can_be_switched_off(cloud: Simulator) -> None:
    """With None each call is one request."""
    cloud.faults.add('ListKeys', count=1, status=503, code='ServiceUnavailableError')
    with cloud.datacenter(retries=None) as sdc, pytest.raises(smartdc.ServiceUnavailable):
        sdc.keys()

    assert 1 == len(cloud.requests)


def test_each_attempt_is_signed_afresh(cloud: Simulator) -> None:
    """The date of the second attempt is that of its own moment."""
    cloud.faults.add('ListKeys', count=1, status=503, code='ServiceUnavailableError')
    with cloud.datacenter(retries=Retry(base=0)) as sdc:
        cloud.clock.sleep(0)
        sdc.keys()
    first, second = (request.headers for request in cloud.requests)

    assert {'authorization', 'date'} <= first.keys() & second.keys()


class Wrong:
    """A clock that is off."""

    def __init__(self, cloud: Simulator, off: float) -> None:
        self.cloud, self.off = cloud, off

    def now(self) -> float:
        """Return the wrong time."""
        return self.cloud.clock.now() + self.off

    def sleep(self, seconds: float) -> None:
        """Sleep by the right clock."""
        self.cloud.clock.sleep(seconds)


@pytest.mark.parametrize('off', [-86_400.0, 86_400.0, 301.0, -301.0])
def test_a_wrong_clock_costs_one_request(cloud: Simulator, off: float) -> None:
    """The server's date is taken over with one warning, and all clients remember it."""
    clock = Wrong(cloud, off)
    with cloud.datacenter(clock=clock) as sdc, cloud.datacenter(clock=clock) as other:
        with pytest.warns(UserWarning, match='clock of this machine'):
            sdc.keys()
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            sdc.keys()
            other.keys()

    assert [400, 200, 200, 200] == [request.status for request in cloud.requests]


def test_a_clock_is_not_corrected_against_ones_will(cloud: Simulator) -> None:
    """correct_clock=False leaves it to the caller, also when another client has been corrected."""
    clock = Wrong(cloud, 9999)
    with cloud.datacenter(clock=clock) as other, pytest.warns(match='clock'):
        other.keys()
    with (
        cloud.datacenter(clock=clock, correct_clock=False, retries=None) as sdc,
        pytest.raises(smartdc.InvalidHeader),
    ):
        sdc.keys()


@pytest.mark.parametrize('header', ['3', formatdate(1_700_000_003, usegmt=True)])
def test_retry_after_is_read_in_both_forms(cloud: Simulator, header: str) -> None:
    """Seconds, or a date by the client's clock."""
    clock = TestClock()
    with (
        serving(reply(503, b'', Retry_After=header), json_reply(200, b'[]')) as server,
        DataCenter(server.url, '/a/keys/b', cloud.key_path, clock=clock) as sdc,
    ):
        assert [] == sdc.keys()

    assert [3] == clock.sleeps


def test_a_damaged_body_is_noticed(cloud: Simulator) -> None:
    """Content-MD5 tells; a read is sent again, a write is reported."""
    digest = base64.b64encode(hashlib.md5(b'[]').digest()).decode()
    bad = json_reply(200, b'[ ]', Content_MD5=digest)
    good = json_reply(200, b'[]', Content_MD5=digest)
    with (
        serving(bad, good, bad) as server,
        DataCenter(server.url, '/a/keys/b', cloud.key_path, retries=Retry(base=0)) as sdc,
    ):
        assert [] == sdc.keys()
        with pytest.raises(smartdc.InvalidResponse, match='damaged'):
            sdc.update_account(phone='1')
