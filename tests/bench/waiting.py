"""How soon a wait sees what it waits for, and with how many requests: by the model of waits."""

from __future__ import annotations

from smartdc.pace import LEARNED
from tests import waiting_model
from tests.bench.harness import Figure


def figures(rounds: int) -> list[Figure]:
    """Wait two thousand times in the model, and 25 times by a changefeed in real time."""
    learned = waiting_model.figures(LEARNED)
    followed = waiting_model.followed(events=True)
    return [
        _figure('delay of a wait, mean, machines ready after 30 s', learned.mean, 1.5, 'second'),
        _figure('... looks of a wait', learned.looks, 10, 'look'),
        _figure('delay of a wait with the changefeed', followed.mean, 0.2, 'second'),
    ]


def _figure(what: str, value: float, most: float, unit: str) -> Figure:
    return Figure(what, f'1 {unit}', value, most, values=[value], unit=unit)
