"""Doing the same with many things at once."""

import gc
import signal
import sys
import threading
from contextvars import ContextVar
from typing import Any

import pytest

import smartdc
from smartdc import Fleet, FleetError, Machine, deadline
from smartdc.parallel import Job, Outcomes, Settings
from smartdc.progress import Progress
from smartdc.waiting import seconds_left
from tests.clocks import TestClock
from tests.fleets import fleet_of, operations
from tests.programs import run


def job(count: int, **options: Any) -> Job[int]:
    """Return work on the numbers up to a count."""
    things = {f'n{number}': number for number in range(count)}
    return Job('work', things, FleetError, options.pop('clock', TestClock()), **options)


def linger() -> None:
    """Take long enough for others not to be begun before it is noticed that they are not to be."""
    threading.Event().wait(0.05)


def test_results_are_in_the_order_of_the_things() -> None:
    """However they are done; here the last is done first."""
    gates = [threading.Event() for _ in range(4)]
    gates[-1].set()

    def work(number: int) -> int:
        gates[number].wait(10)
        gates[number - 1].set()
        return number

    found = job(4).run(work, Settings(workers=4))
    assert {'n0': 0, 'n1': 1, 'n2': 2, 'n3': 3} == dict(found)
    assert ['n0', 'n1', 'n2', 'n3'] == list(found)


def test_as_many_are_worked_on_as_was_said() -> None:
    """Three at a time meet each other, and no fourth comes along."""
    meeting = threading.Barrier(3)

    def work(number: int) -> int:
        return meeting.wait(10)

    found = job(9).run(work, Settings(workers=3))
    assert sorted([0, 1, 2] * 3) == sorted(found.values())
    names: set[str] = set()
    job(50).run(lambda _: names.add(threading.current_thread().name), Settings(workers=3))
    assert 1 <= len(names) <= 3


def test_each_lane_has_workers_of_its_own() -> None:
    """All odd numbers wait until all even ones are done, which come after them."""
    left = threading.Semaphore(0)

    def work(number: int) -> int:
        if number % 2:
            assert left.acquire(timeout=10)
        else:
            left.release()
        return number

    things = {f'n{number}': number for number in [*range(1, 40, 2), *range(0, 40, 2)]}
    lanes = Job('work', things, FleetError, TestClock(), lane=lambda number: number % 2)

    assert set(range(40)) == set(lanes.run(work, Settings(workers=2)).values())


def test_workers_have_the_context_of_the_caller() -> None:
    """A deadline and everything else that is kept in context variables."""
    colour = ContextVar('colour', default='none')
    colour.set('red')
    clock = TestClock()

    def work(number: int) -> tuple[str, float]:
        seen = colour.get()
        colour.set(f'blue {number}')
        return seen, seconds_left()

    with deadline(7, clock=clock):
        found = job(5).run(work, Settings(workers=2))

    assert [('red', 7)] * 5 == list(found.values())
    assert 'red' == colour.get()


def test_a_deadline_ends_what_is_late() -> None:
    """Of sixty requests at ten a second those that fit are done; the others are Timeouts."""
    with fleet_of(60, throttle=10) as (cloud, fleet):
        began, before = cloud.clock.now(), len(cloud.requests)
        with deadline(1, clock=cloud.clock), pytest.raises(FleetError) as caught:
            fleet.stop()

        assert 30 <= len(caught.value.results) <= 40
        late = [each for each in caught.value.errors.values() if isinstance(each, smartdc.Timeout)]
        assert 60 == len(caught.value.results) + len(late)
        unsent = sum(not each.sent for each in late)
        assert operations(cloud, before).count('UpdateMachine') <= 60 - unsent < 60
        assert cloud.clock.now() < began + 1.1


def test_progress_is_told_after_each() -> None:
    """In the thread of the caller, with counts."""
    told: list[Progress] = []
    threads: set[threading.Thread] = set()

    def report(progress: Progress) -> None:
        told.append(progress)
        threads.add(threading.current_thread())

    def work(number: int) -> float:
        return 1 / number

    job(3).run(work, Settings(workers=1, progress=report, errors='return'))
    assert [(1, 3), (2, 3), (3, 3)] == [(each.done, each.total) for each in told]
    assert {'work'} == {each.what for each in told}
    assert '1 failed' == told[-1].state
    assert {threading.current_thread()} == threads


def test_an_interrupt_tells_what_was_done_and_what_was_not() -> None:
    """Nothing more is begun, and what is under way comes to its end and is told."""
    begun, under_way = threading.Event(), threading.Event()

    def work(number: int) -> int:
        if number == 1:
            raise LookupError('no such number')
        if number == 2:
            begun.set()
        if number in (0, 2):
            under_way.wait(10)
        if number > 2:
            linger()
        return number

    def report(progress: Progress) -> None:
        begun.wait(10)
        under_way.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        job(1000).run(work, Settings(workers=2, progress=report))
    summary = caught.value.__cause__

    assert isinstance(summary, FleetError)
    assert {'n0', 'n2'} <= set(summary.results)
    assert {'n1'} == set(summary.errors)
    assert 1000 == len(summary.results) + 1 + len(summary.undone)
    assert 0 < len(summary.undone)
    assert f'1 failed, {len(summary.undone)} not begun; n1: LookupError' in str(summary)


def test_a_real_interrupt_stops_a_fleet() -> None:
    """The key is hit during the third request; what the server has done is what is told."""
    main = threading.main_thread().ident or 0
    gc.collect()  # an interrupt that comes while Python finalizes something is lost
    with fleet_of(40) as (cloud, fleet):
        hit = threading.Event()

        def stop(machine: Machine) -> None:
            if machine.name == 'web2':
                signal.pthread_kill(main, signal.SIGINT)
                hit.set()
            machine.stop()

        def report(progress: Progress) -> None:
            hit.wait(10)

        before = len(cloud.requests)
        with pytest.raises(KeyboardInterrupt) as caught:
            fleet.each(stop, workers=2, progress=report)
        summary = caught.value.__cause__

        assert isinstance(summary, FleetError)
        assert len(summary.results) == operations(cloud, before).count('UpdateMachine')
        assert 2 <= len(summary.results) < 40
        assert 40 == len(summary.results) + len(summary.undone)
        cloud.clock.sleep(60)
        stopped = {each.id for each in fleet if each.status() == 'stopped'}
        assert stopped == set(summary.results)


class Standing(TestClock):
    """A clock that stands still for the first few thousand sleeps, so that no turn comes."""

    def sleep(self, seconds: float) -> None:
        """Wait a moment, which is no time by this clock."""
        threading.Event().wait(0.001)
        super().sleep(0 if len(self.sleeps) < 5000 else seconds)


def test_an_interrupt_does_not_wait_for_turns() -> None:
    """Those who wait for their turn have not begun, and never will."""

    def report(progress: Progress) -> None:
        if progress.done == 30:
            raise KeyboardInterrupt

    with (
        fleet_of(60, throttle=10) as (cloud, fleet),
        cloud.datacenter(clock=Standing(cloud.clock.now())) as sdc,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        Fleet(Machine(sdc, data=each.data) for each in fleet).stop(progress=report)
    summary = caught.value.__cause__

    assert isinstance(summary, FleetError)
    assert (30, 0, 30) == tuple(map(len, (summary.results, summary.errors, summary.undone)))


def test_what_a_progress_function_raises_ends_the_work_as_well() -> None:
    """It is raised, from what was done until then."""

    def work(number: int) -> None:
        if number:
            linger()

    def report(progress: Progress) -> None:
        raise LookupError('no such place')

    with pytest.raises(LookupError, match='no such place') as caught:
        job(100).run(work, Settings(workers=1, progress=report))

    assert isinstance(caught.value.__cause__, FleetError)
    assert 0 < len(caught.value.__cause__.undone) < 100


def test_whatever_one_raises_is_its_own() -> None:
    """Even what would end the program."""

    def work(number: int) -> int:
        if number == 1:
            raise SystemExit(3)
        return number

    found = job(3).run(work, Settings(errors='return'))
    assert {'n0': 0, 'n2': 2} == found.results
    assert isinstance(found['n1'], SystemExit)


def test_no_things_are_no_work() -> None:
    """Nobody is called, not even to tell of progress."""
    told: list[Progress] = []
    found = job(0).run(lambda number: number, Settings(progress=told.append))

    assert isinstance(found, Outcomes)
    assert ({}, []) == (dict(found), told)


#: Work that is done when no thread can be started any more; an interrupt ends it.
AT_THE_END = """
import atexit
from smartdc import FleetError
from smartdc.clock import SYSTEM_CLOCK
from smartdc.parallel import Job, Settings

def work(number):
    if number == 9:
        raise KeyboardInterrupt
    return 6 // number

def last():
    for numbers in ((1, 0, 3), (1, 9, 3)):
        job = Job('work', {str(each): each for each in numbers}, FleetError, SYSTEM_CLOCK)
        try:
            print(dict(job.run(work, Settings(errors='return'))))
        except KeyboardInterrupt as error:
            print(error.__cause__.results, error.__cause__.undone)

atexit.register(last)
"""


def test_at_the_end_of_a_program_one_is_done_after_the_other() -> None:
    """A clean-up when a program ends does all, though there are no workers any more."""
    told = run(sys.executable, '-c', AT_THE_END).splitlines()

    assert [
        "{'1': 6, '0': ZeroDivisionError('integer division or modulo by zero'), '3': 2}",
        "{'1': 6} ('3',)",
    ] == told
