"""What tests of the simulator's parts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smartdc.simulator import verifying


@pytest.fixture(params=[('cryptography',), ('pycryptodome',), ()], ids=' '.join)
def backend(request: pytest.FixtureRequest) -> Iterator[None]:
    """Verify signatures by one library, then by the other, then by both."""
    verifying.use(*request.param)
    yield
    verifying.use()
