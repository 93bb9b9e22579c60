"""How long following changes may take: no longer than told, by a deadline as well."""

from __future__ import annotations

import random

import pytest

from smartdc import DataCenter, Machine, deadline, errors
from smartdc.simulator import Simulator


def test_a_deadline_ends_it(sdc: DataCenter, machine: Machine, cloud: Simulator) -> None:
    """It counts for a change that is waited for, for a pause, and for connecting."""
    with sdc.changefeed() as feed:
        with (
            deadline(0.05),
            pytest.raises(errors.WaitTimeout, match='no change came before the deadline'),
        ):
            next(feed)
        cloud.faults.add('changefeed', status=503, code='ServiceUnavailableError')
        cloud.drop_feeds()
        with (
            deadline(9, clock=cloud.clock),
            pytest.raises(errors.WaitTimeout, match='before the deadline') as caught,
        ):
            next(feed)
    before = len(cloud.requests)
    with deadline(0), pytest.raises(errors.Timeout, match='deadline') as late:
        sdc.changefeed().__enter__()

    assert isinstance(caught.value.__cause__, errors.ServiceUnavailable)
    assert not late.value.sent
    assert before == len(cloud.requests)


def test_a_server_that_hangs_is_waited_for_in_time(
    cloud: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking at the machines after a gap ends with the wait and is not begun again."""
    monkeypatch.setattr('smartdc.changefeed.LAST_LOOK', 0.1)
    with (
        cloud.datacenter(timeout=(5, 0.5)) as sdc,
        sdc.changefeed(timeout=0.3) as feed,
    ):
        cloud.faults.add('ListMachines', outcome='hang')
        cloud.drop_feeds()
        before = len(cloud.requests)
        with pytest.raises(errors.WaitTimeout, match=r'within 0\.3 s'):
            next(feed)
        asked = [each.operation for each in cloud.requests[before:]]

    assert asked.count('ListMachines') <= 1


def test_short_waits_share_a_pause(
    sdc: DataCenter, machine: Machine, cloud: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of it when a wait ends is for the next, so that in the end it is over."""
    monkeypatch.setattr(random, 'uniform', lambda _, longest: longest)
    with sdc.changefeed(timeout=0.25) as feed:
        cloud.drop_feeds()
        machine.stop()
        cloud.clock.sleep(10)
        with pytest.raises(errors.WaitTimeout):
            next(feed)

        assert 'stopped' == next(feed).state
