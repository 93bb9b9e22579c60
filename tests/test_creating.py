"""The attempts of one create: when it is looked for, made again or reported."""

from collections.abc import Iterable, Iterator

import pytest

import smartdc
from smartdc import SmartDCError
from smartdc.creating import LATE, once, telling
from smartdc.retrying import Attempts, Budget, Fault, Retry
from tests.clocks import TestClock

BROKEN = smartdc.ConnectionFailed
SOUGHT = {'name': 'web0'}

#: What a create does, attempt by attempt: it fails, or returns its data.
Course = Iterable[type[SmartDCError] | SmartDCError | str]


class Play:
    """A create and a look that go as they are told; remembers what was done."""

    def __init__(self, creates: Course, looks: Course = ()) -> None:
        self.creates, self.looks = iter(creates), iter(looks)
        self.done = ''
        self.budget = Budget(9)

    def run(self, late: Iterable[Fault] = (), *, patient: bool = True) -> str:
        """Run it and return the data."""
        attempts = Attempts(Retry() if patient else None, self.budget, TestClock(), 'GET')
        return str(once(self.create, self.find, attempts, SOUGHT, frozenset(late)))

    def create(self) -> str:
        """Make an attempt."""
        self.done += 'c'
        return _next(self.creates) or ''

    def find(self) -> str | None:
        """Look; an empty text is nothing."""
        self.done += 'l'
        return _next(self.looks) or None


def _next(course: Iterator[type[SmartDCError] | SmartDCError | str]) -> str:
    step = next(course)
    if isinstance(step, str):
        return step
    raise step if isinstance(step, SmartDCError) else step('x')


@pytest.mark.parametrize(
    ('creates', 'looks', 'done', 'data'),
    [
        (['made'], [], 'c', 'made'),
        ([BROKEN, 'made'], [''], 'clc', 'made'),
        ([BROKEN], ['found'], 'cl', 'found'),
        ([BROKEN, smartdc.ValidationFailed(409)], ['', 'late'], 'clcl', 'late'),
        ([BROKEN, BROKEN, smartdc.Timeout, 'made'], ['', '', ''], 'clclclc', 'made'),
        ([smartdc.ServiceUnavailable(503), 'made'], [''], 'clc', 'made'),
        ([smartdc.ServiceUnavailable(503, retry_after=1), 'made'], [], 'cc', 'made'),
        ([smartdc.TooManyRequests(429), 'made'], [], 'cc', 'made'),
        ([BROKEN('x', sent=False), 'made'], [], 'cc', 'made'),
        ([BROKEN, smartdc.TooManyRequests(429), 'made'], ['', ''], 'clclc', 'made'),
        ([BROKEN] * 5, ['', '', '', '', 'found'], 'clclclclcl', 'found'),
    ],
)
def test_it_is_looked_for_before_it_is_made_again(
    creates: Course, looks: Course, done: str, data: str
) -> None:
    """After each fault that leaves it open, and after whatever follows such a fault."""
    play = Play(creates, looks)

    assert data == play.run()
    assert done == play.done


@pytest.mark.parametrize(
    ('creates', 'looks', 'error', 'maybe_done'),
    [
        ([smartdc.ValidationFailed(409)], [], smartdc.ValidationFailed, False),
        ([BROKEN, smartdc.ValidationFailed(409)], ['', ''], smartdc.ValidationFailed, False),
        ([BROKEN, smartdc.ValidationFailed(409)], ['', BROKEN], smartdc.ValidationFailed, True),
        ([BROKEN], [smartdc.NotAuthorized(403)], BROKEN, True),
        ([smartdc.ServiceUnavailable(503)], [BROKEN], smartdc.ServiceUnavailable, True),
        ([BROKEN] * 5, [''] * 5, BROKEN, True),
        ([smartdc.ServiceUnavailable(503)] * 5, [''] * 5, smartdc.ServiceUnavailable, False),
        ([smartdc.TooManyRequests(429)] * 5, [], smartdc.TooManyRequests, False),
    ],
)
def test_what_is_raised_says_whether_it_may_be_there(
    creates: Course, looks: Course, error: type[SmartDCError], maybe_done: bool
) -> None:
    """It may after a fault that left it open, and where nobody could look."""
    play = Play(creates, looks)
    with pytest.raises(error) as caught:
        play.run()

    assert maybe_done is caught.value.maybe_done
    assert (SOUGHT if maybe_done else {}) == dict(caught.value.sought)
    assert [] == [*play.creates, *play.looks]


def test_what_may_still_come_is_not_made_again() -> None:
    """Where the server would make a second one, a late answer is reported."""
    play = Play([BROKEN, smartdc.Timeout], ['', ''])
    with pytest.raises(smartdc.Timeout) as caught:
        play.run(LATE)

    assert 'clcl' == play.done
    assert (True, SOUGHT) == (caught.value.maybe_done, caught.value.sought)


def test_what_a_look_finds_out_is_told() -> None:
    """A look that cannot decide adds what it has found to what is to be looked for."""
    several = SmartDCError('several')
    several.sought = {'id': ['a', 'b']}
    with pytest.raises(BROKEN) as caught:
        Play([BROKEN], [several]).run()

    assert {**SOUGHT, 'id': ['a', 'b']} == caught.value.sought
    assert caught.value.__cause__ is several


def test_a_look_at_what_is_of_another_shape_leaves_it_open() -> None:
    """What has not the fields that a look needs cannot decide, and the first error is raised."""
    attempts = Attempts(Retry(), Budget(9), TestClock(), 'GET')
    with pytest.raises(BROKEN) as caught:
        once(Play([BROKEN]).create, lambda: dict[str, str]()['state'], attempts, SOUGHT)

    assert (True, SOUGHT) == (caught.value.maybe_done, caught.value.sought)
    assert isinstance(caught.value.__cause__, smartdc.InvalidResponse)


def test_without_retries_nothing_is_looked_for() -> None:
    """There is one attempt, and its error says what to look for."""
    for error in (BROKEN('x'), smartdc.ServiceUnavailable(503)):
        play = Play([error])
        with pytest.raises(SmartDCError) as caught:
            play.run(patient=False)
        assert ('c', SOUGHT) == (play.done, caught.value.sought)
    play = Play([smartdc.ServiceUnavailable(503, retry_after=1)])
    with pytest.raises(SmartDCError) as caught:
        play.run(patient=False)

    assert not caught.value.maybe_done


def test_what_helps_is_given_back() -> None:
    """The budget is as it was once a thing is found."""
    play = Play([BROKEN] * 20, ['found'] * 20)
    for _ in range(20):
        play.run()

    assert 'cl' * 20 == play.done
    assert all(play.budget.take() for _ in range(9))


def test_what_fails_after_the_create_says_what_was_made() -> None:
    """An error while a thing is waited for leaves no doubt about where it is."""
    with pytest.raises(smartdc.WaitTimeout, match="look for id 'v1'") as caught, telling(id='v1'):
        raise smartdc.WaitTimeout('too late')

    assert caught.value.maybe_done
