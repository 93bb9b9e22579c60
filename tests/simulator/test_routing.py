"""Which operation a path leads to, as far as looking it up quickly changes nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from smartdc.simulator import api
from smartdc.simulator.routing import Router

ROUTER = Router(api.routes({'volumes': True}))

#: Parts that routes are made of, and parts that are like them.
PARTS = sorted(
    {part for route in api.ROUTES for part in route.pattern.split('/') if part[:1] != ':'}
    | {'my', '', 'x', '%2F', '--ping', 'Machines', 'machines%20', '.', '..'}
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=7), st.sampled_from(['/', '', '//']))
def test_finds_what_a_look_at_every_route_finds(parts: list[str], start: str) -> None:
    """A path is only held against the routes of its shape; no other route fits it."""
    path = start + '/'.join(parts)
    everything, looked_at = (
        [route.name for route, pattern in routes if pattern.fullmatch(path)]
        for routes in (ROUTER._routes, ROUTER._candidates(path))
    )
    assert everything == looked_at


def test_looks_at_few_routes() -> None:
    """An ordinary path is held against the routes that look like it."""
    path = '/my/machines/x/snapshots'
    assert len(ROUTER._candidates(path)) < len(ROUTER._routes) / 5
