"""Through any course of faults nothing is made twice, and nothing is left that nobody hears of."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartdc import SmartDCError
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from smartdc.simulator.clock import SteppedClock
from tests import creates
from tests.conftest import START
from tests.kinds import KINDS, WORLD, prepare

#: What becomes of one request: nothing unusual, or its answer is lost, cut or an error.
STEPS = st.one_of(
    st.none(),
    st.fixed_dictionaries({'outcome': st.sampled_from(['drop', 'cut']), 'after': st.booleans()}),
    st.fixed_dictionaries(
        {'status': st.sampled_from([500, 502, 503, 504]), 'after': st.booleans()}
    ),
    st.fixed_dictionaries({'status': st.sampled_from([403, 429])}),
)
RETRIES = st.none() | st.integers(1, 5).map(lambda most: Retry(attempts=most, base=0.0))


@pytest.fixture(scope='module')
def world() -> Iterator[Simulator]:
    """Yield a CloudAPI that the tests here share."""
    with Simulator(WORLD, job_time=0, clock=SteppedClock(START)) as cloud:
        yield cloud


@pytest.mark.parametrize('kind', KINDS)
def test_what_is_there_was_returned_or_reported(world: Simulator, kind: str) -> None:
    """Each thing on the server was returned by one call, or its error says that it may be there."""
    _, make, everything = KINDS[kind]

    @settings(max_examples=15, deadline=None)
    @given(course=st.lists(STEPS, max_size=12), retries=RETRIES)
    def check(course: list[dict[str, Any] | None], retries: Retry | None) -> None:
        made, reported = [], 0
        world.reset()
        with world.datacenter() as calm, world.datacenter(retries=retries) as sdc:
            prepare(calm)
            for step in course:
                world.faults.add(count=1, **(step or {}))
            for number in range(3):
                try:
                    made.append(str(make(sdc, number)))
                except SmartDCError as error:
                    reported += error.maybe_done
            world.faults.clear()
            there = len(everything(calm))

        assert len(made) == len({*made})
        assert len(made) <= there <= len(made) + reported

    check()


@settings(max_examples=60, deadline=None)
@given(
    course=st.lists(STEPS, max_size=16),
    names=st.lists(st.sampled_from(['web0', 'web1', 'web-{{shortId}}', None]), max_size=4),
    retries=RETRIES,
)
def test_a_machine_that_nobody_got_can_be_found_by_what_its_error_says(
    world: Simulator,
    course: list[dict[str, Any] | None],
    names: list[str | None],
    retries: Retry | None,
) -> None:
    """Its name is in an error; and nothing that was there before is taken for it."""
    world.reset()
    made, sought = {}, []
    with world.datacenter() as calm, world.datacenter(retries=retries) as sdc:
        image, package = calm.images(name='base-64')[0], calm.packages()[0]
        for step in course:
            world.faults.add(count=1, **(step or {}))
        for name in names:
            sdc.clock.sleep(60)
            try:
                machine = sdc.create_machine(name, image=image, package=package, networks=[])
            except SmartDCError as error:
                sought += [error.sought['name']] if error.maybe_done else []
            else:
                assert machine.id not in made
                made[machine.id] = machine
        world.faults.clear()
        there = calm.machines()

    orphans = [machine.name or '' for machine in there if machine.id not in made]
    starts = tuple(name.partition('{{')[0] for name in sought)
    assert made.keys() <= {machine.id for machine in there}
    assert all(name.startswith(starts) for name in orphans)
    assert len(orphans) <= len(sought)


@pytest.mark.parametrize('kind', ['a machine', 'a firewall rule like others'])
def test_many_creates_through_many_faults(kind: str) -> None:
    """A slice of `python -m tests.creates`: as many things as calls that returned."""
    found = creates.count(kind, 90, batch=45)

    assert found.is_good, found
    assert (90, 0, 90) == (found.returned, found.reported, found.there)
    assert 10 < sum(found.struck.values()) < found.sent - 60
