"""What all data centers of one simulator share."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from smartdc.simulator.clock import Clock, SteppedClock
from smartdc.simulator.faults import Faults
from smartdc.simulator.feeds import Feeds
from smartdc.simulator.store import Doc, Store

#: How many requests a simulator remembers, and how many bytes of bodies with them.
REMEMBERED = 10_000
REMEMBERED_BYTES = 64 * 2**20


@dataclass(slots=True)  # frozen, it would take several times as long to make
class Record:
    """One request that came in, and its answer; header names are in lower case.

    Headers and bodies carry signatures and passwords, so they are not shown.
    """

    at: float
    datacenter: str
    method: str
    target: str
    operation: str
    account: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int
    reply: bytes = field(repr=False)
    outcome: str


class Records:
    """The latest requests, the oldest first; what is too much of them is forgotten."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque()
        self._bytes = 0

    def append(self, record: Record) -> None:
        """Remember a request, and forget as many of the oldest as that takes."""
        self._records.append(record)
        self._bytes += len(record.body) + len(record.reply)
        while len(self._records) > REMEMBERED or self._bytes > REMEMBERED_BYTES:
            oldest = self._records.popleft()
            self._bytes -= len(oldest.body) + len(oldest.reply)

    def clear(self) -> None:
        """Forget all."""
        self._records.clear()
        self._bytes = 0

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> Record:
        return self._records[index]


@dataclass
class Cloud:
    """The memory, the clock and the settings that the data centers of a simulator share.

    `urls` tells where each data center listens. `failures` are the simulator's own faults, which
    the one who runs it has to see.
    """

    store: Store
    clock: Clock
    job_time: float = 0.0
    faults: Faults = field(default_factory=Faults)
    urls: dict[str, str] = field(default_factory=dict[str, str])
    requests: Records = field(default_factory=Records)
    failures: list[Exception] = field(default_factory=list[Exception])
    buckets: dict[tuple[str, str], tuple[float, float]] = field(
        default_factory=dict[tuple[str, str], tuple[float, float]]
    )
    feeds: Feeds = field(init=False)

    def __post_init__(self) -> None:
        self.feeds = Feeds(self.store)

    def look(self) -> float:
        """Return the time of a request that comes in, moving a stepped clock by its look."""
        if isinstance(self.clock, SteppedClock) and self.clock.per_look:
            self.clock.advance(self.clock.per_look)
        return self.clock.now()

    def datacenter(self, home: str) -> Doc:
        """Return the settings of a data center."""
        found = self.store.recall('datacenter', home, lambda: self.store.get('datacenter', home))
        if found is None:
            raise KeyError(home)
        return found

    def datacenters(self) -> list[str]:
        """Return the names of all data centers."""
        return [str(doc['name']) for doc in self.store.find('datacenter')]


def new_id() -> str:
    """Return a new UUID, of version 4; nothing depends on nobody's guessing it."""
    bits = random.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | (4 << 76) | (2 << 62)
    digits = f'{bits:032x}'
    return f'{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}'
