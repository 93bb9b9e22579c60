"""What tests see of a simulator that its users do not."""

from __future__ import annotations

from smartdc.simulator import Simulator
from smartdc.simulator.cloud import Cloud


def inside(cloud: Simulator) -> Cloud:
    """Return what the data centers of a simulator share."""
    assert cloud._cloud is not None
    return cloud._cloud
