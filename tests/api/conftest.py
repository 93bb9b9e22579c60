"""What the tests of chapters share."""

from pathlib import Path

import pytest

from smartdc import DataCenter
from smartdc.simulator import Simulator
from tests.subusers import SubUser


@pytest.fixture
def bob(cloud: Simulator, sdc: DataCenter, tmp_path: Path) -> SubUser:
    """Return a sub-user with a key, and no roles."""
    return SubUser(cloud, sdc, 'bob', tmp_path)
