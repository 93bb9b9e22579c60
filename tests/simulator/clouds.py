"""A data center without sockets, and an account that signs for itself."""

from __future__ import annotations

import json
from typing import Any

from smartdc.simulator.app import App
from smartdc.simulator.clock import SteppedClock
from smartdc.simulator.cloud import Cloud
from smartdc.simulator.seed import seed
from smartdc.simulator.store import Store
from smartdc.simulator.wire import Response
from smartdc.simulator.world import load
from tests.simulator.signer import Signer, signer

#: 2026-01-02T03:04:05Z
START = 1767323045.0


class Account:
    """Sends signed requests of an account to a data center, and reads the answers."""

    def __init__(self, world: dict[str, Any] | None = None, *, job_time: float = 0.0) -> None:
        self.signer = signer('acme')
        given = dict(world or {})
        accounts = given.setdefault('accounts', [{'login': 'acme'}])
        given['accounts'] = [
            {**accounts[0], 'keys': [{'name': 'test', 'key': self.signer.public}]},
            *accounts[1:],
        ]
        self.clock = SteppedClock(START)
        store = Store()
        seed(store, load(given))
        self.cloud = Cloud(store, self.clock, job_time)
        self.apps = {name: App(self.cloud, name) for name in self.cloud.datacenters()}

    def send(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        by: Signer | None = None,
        home: str | None = None,
        **headers: str,
    ) -> Response:
        """Send a request; a body that is not bytes goes as JSON; `_` in names of headers is `-`."""
        sent = {name.replace('_', '-'): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault('content-type', 'application/json')
        app = self.apps[home or next(iter(self.apps))]
        request = (by or self.signer).request(
            method, target, self.clock.now(), headers=sent, body=body or b''
        )
        return app.handle(request)

    def get(self, target: str, **headers: Any) -> Any:
        """Return what a GET answers."""
        return read(self.send('GET', target, **headers))

    def post(self, target: str, body: Any = None, **headers: Any) -> Any:
        """Return what a POST answers."""
        return read(self.send('POST', target, {} if body is None else body, **headers))

    def create(self, **body: Any) -> dict[str, Any]:
        """Create a machine of the newest base image, and return it as it is answered."""
        images = self.get('/my/images?name=base-64-lts')
        wanted = {'image': images[-1]['id'], 'package': 'g1-small', **body}
        created: dict[str, Any] = self.post('/my/machines', wanted)
        return created

    def machine(self, **body: Any) -> str:
        """Create a machine, let its job finish, and return its path."""
        path = f'/my/machines/{self.create(**body)["id"]}'
        self.clock.advance(self.cloud.job_time)
        return path

    def done(self) -> None:
        """Let all jobs finish."""
        self.clock.advance(100 * self.cloud.job_time)

    def audit(self, path: str) -> list[tuple[str, str]]:
        """Return the actions on a machine and their success, newest first."""
        return [(row['action'], row['success']) for row in self.get(f'{path}/audit')]


def read(response: Response) -> Any:
    """Return the JSON of an answer."""
    return json.loads(response.body) if response.body else None


def refusal(response: Response) -> tuple[int, str, str]:
    """Return the status, code and message of a refusal."""
    body = read(response)
    return response.status, body.get('code'), body['message']
