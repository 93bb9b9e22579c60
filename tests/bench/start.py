"""What it costs to begin: importing, and a client with its key."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.bench import places
from tests.bench.harness import Figure, Rounds, ran

_CLIENT = """
import sys
from smartdc import DataCenter
sdc = DataCenter('https://localhost', login='acme', secret=sys.argv[1])
assert sdc.auth.key()[1].fingerprint
"""


def figures(rounds: int) -> list[Figure]:
    """Start an interpreter, import, and make a client; each in a process of its own."""
    floor = 'import requests'
    cases = Rounds(floor)
    key = str(places.folder() / 'RSA-2048')
    for name, code, most in (
        (floor, 'import requests', None),
        ('import smartdc', 'import smartdc', 0.25),
        ('a client with its RSA-2048 key', _CLIENT, 1.35),
    ):
        cases.add(name, _seconds([sys.executable, '-c', code, key]), most)
    return cases.figures(rounds)


def _seconds(command: list[str]) -> Callable[[], float]:
    return lambda: ran(command).seconds
