"""What a signed call costs, beside an unsigned one of requests."""

from __future__ import annotations

import requests

from tests.bench import places
from tests.bench.harness import Figure, Rounds, seconds
from tests.bench.server import serving

ONE = 'b1e3f1c0-9999-4aaa-8bbb-000000000000'
BOTH = ('(request-target)', 'date')


def figures(rounds: int) -> list[Figure]:
    """Get one machine over TLS, keep-alive, to an object; the floor is not even decoded."""
    with serving(tls=places.folder()) as url, requests.Session() as session:
        session.verify = places.bundle()
        floor = 'requests.Session().get, unsigned'
        cases = Rounds(floor)
        cases.add(floor, seconds(lambda: session.get(f'{url}/acme/machines/{ONE}').content, 100))
        for key in places.KINDS:
            _add(cases, url, f'GET a machine, date signed, {key}', key, ('date',), 0.9)
        for key, most in {'Ed25519': 1.0, 'P-256': 1.0, 'RSA-2048': 1.3}.items():
            _add(cases, url, f'GET a machine, target and date signed, {key}, fast', key, BOTH, most)
        with places.without_extras():
            for key, most in {'Ed25519': 1.0, 'P-256': 1.0, 'RSA-2048': 2.4}.items():
                _add(cases, url, f'GET a machine, target and date signed, {key}', key, BOTH, most)
        return cases.figures(rounds)


def _add(
    cases: Rounds, url: str, name: str, key: str, signed: tuple[str, ...], most: float
) -> None:
    sdc = places.client(url, key, signed_headers=signed)
    sdc.machine(ONE)
    cases.add(name, seconds(lambda: sdc.machine(ONE), 100), most)
