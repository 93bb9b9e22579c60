"""What is said of very many machines and scripts is what the model says, and what happens."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from smartdc import Fleet
from smartdc.simulator import Simulator, SteppedClock
from tests.conftest import START
from tests.fleets import fleet_of, operations
from tests.pages import ROOT, blocks

MODEL = ROOT / 'docs' / 'examples' / 'scale_model.py'


@pytest.fixture(scope='module')
def model() -> dict[str, Any]:
    """Return the names of the model."""
    return runpy.run_path(str(MODEL))


def page() -> str:
    """Return the text that the page shows as the model's."""
    return next(each.text for each in blocks(Path(ROOT / 'docs' / 'scale.rst')))


def test_the_page_shows_what_the_model_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Line by line, whoever runs it."""
    runpy.run_path(str(MODEL), run_name='__main__')

    assert page() == capsys.readouterr().out


@pytest.mark.parametrize('machines', [20, 100, 200])
def test_one_account_takes_as_long_as_the_model_says(model: dict[str, Any], machines: int) -> None:
    """Thirty at once and ten a second, by a stepped clock."""
    with fleet_of(machines, throttle=10) as (cloud, fleet):
        began = cloud.clock.now()
        fleet.stop()

        least = model['least'](machines)
        assert least <= cloud.clock.now() - began <= least * 1.02
        assert 0 == model['Model'](1, machines, paced=True).run().throttle.refused


def test_several_data_centers_take_the_requests_that_the_model_says(model: dict[str, Any]) -> None:
    """Three of them with four hundred machines each: as many lists, changes and looks."""
    machines = [{'name': f'web{number}'} for number in range(400)]
    world = {'machines': machines, 'datacenters': ['a', 'b', 'c']}
    with (
        Simulator(world, job_time=3, clock=SteppedClock(START)) as cloud,
        cloud.datacenter() as sdc,
    ):
        everywhere = sdc.cloud()
        fleet = everywhere.fleet()
        fleet.stop(pace=None)
        fleet.poll_until('stopped', 2)

        asked = operations(cloud)
        assert '3 in all' in model['everywhere'](1200, 3)[1]
        # Once to find them, and in each of the three looks, at 0, 2 and 4 seconds.
        assert 3 + 3 * 3 == asked.count('ListMachines')
        assert 1200 == asked.count('UpdateMachine') == len(fleet)
        everywhere.close()


def test_a_wait_through_an_hour_of_errors(model: dict[str, Any]) -> None:
    """It asks no more often than the model says, and ends well when the server is back."""

    class Mending(SteppedClock):
        """A clock that mends the server after an hour."""

        def sleep(self, seconds: float) -> None:
            """Move on; after an hour all rules are gone."""
            super().sleep(seconds)
            if self.now() >= START + 3600:
                cloud.faults.clear()

    machines = [{'name': f'web{number}'} for number in range(20)]
    with (
        Simulator({'machines': machines}, job_time=10, clock=Mending(START)) as cloud,
        cloud.datacenter() as sdc,
    ):
        fleet = Fleet(sdc.machines())
        fleet.stop()
        cloud.faults.add('*', status=503, code='ServiceUnavailable', message='x')
        fleet.poll_until('stopped', 2, timeout=7200)

        failed = sum(each.status == 503 for each in cloud.requests)
        assert 3600 / 2 * 0.8 <= failed <= model['outage'](3600, 2)
        assert START + 3600 <= cloud.clock.now() <= START + 3610
