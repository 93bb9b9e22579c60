"""A clock for tests of the client: sleeping takes no time."""


class TestClock:
    """Starts at a time and is moved on by sleeping; remembers how long each sleep was."""

    __test__ = False

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.time = start
        self.sleeps: list[float] = []

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.sleeps.append(seconds)
        self.time += seconds
