"""A slice of the fuzzing of the simulator; `python -m tests.fuzz` does more."""

import pytest

from tests.fuzz import Fuzzer


@pytest.mark.parametrize('seed', [1, 2, 3])
def test_no_request_breaks_the_simulator_or_the_schema(seed: int) -> None:
    """A hundred requests: no 5xx that CloudAPI does not give, no answer that the schema refuses."""
    fuzzer = Fuzzer(seed)
    fuzzer.run(100)

    assert [] == fuzzer.faults
    assert 100 == sum(fuzzer.seen.values())
