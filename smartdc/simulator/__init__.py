"""A CloudAPI in this process: `Simulator` runs one on loopback, for tests and demonstrations."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from smartdc.simulator import certificate, keypair, requested
from smartdc.simulator.accounts import find_account, key_doc
from smartdc.simulator.app import App
from smartdc.simulator.clock import Clock, RealClock, SteppedClock
from smartdc.simulator.cloud import Cloud, Record
from smartdc.simulator.fault_checks import RuleError
from smartdc.simulator.faults import Fault, Faults, read
from smartdc.simulator.requested import RequestMismatch
from smartdc.simulator.seed import seed
from smartdc.simulator.server import PATIENCE, PortTaken, Server
from smartdc.simulator.ssh_keys import KeyFault, PublicKey
from smartdc.simulator.store import StateFileError, Store
from smartdc.simulator.world import WorldError, load

if TYPE_CHECKING:
    from smartdc.datacenter import DataCenter

__all__ = [
    'Fault',
    'Faults',
    'KeyFault',
    'PortTaken',
    'RealClock',
    'Record',
    'RequestMismatch',
    'RuleError',
    'Simulator',
    'StateFileError',
    'SteppedClock',
    'WorldError',
]

_KEY_NAME = 'simulator'


class Simulator:
    """Several data centers of one cloud, each on a loopback port of its own.

    `world` is what the cloud holds: a path, a dict, or None for one that looks like a small public
    cloud. `state` is a file to keep it in; what the file holds already wins over the world. `port`
    is the first data center's, the others follow; 0 takes free ones. `job_time` is how many
    seconds a job takes, by `clock` (the computer's, or a `SteppedClock`); with 0 it is done at the
    next request. `datacenters` are the names, unless the world has its own. `tls` serves https.

    `account` chooses which account of the world `.account` is; the default world's one gets that
    login. `public_key` lets in the holder of that key instead of a fresh one. `host` is the address
    to listen on. `patience` is how many seconds a client may be idle, and may take to send a
    request. `faults` are rules, or a file of them, beside those of the world; see `Faults`. `seed`
    decides which requests they strike where that is left to chance. `throttle` is how many requests
    a second an account may send for each kind of resource, after thirty at once, whatever the world
    says; 0 is no limit.

    >>> with Simulator(job_time=0) as cloud:
    ...     cloud.url().startswith('http://127.0.0.1:')
    True
    """

    def __init__(
        self,
        world: str | Path | Mapping[str, Any] | None = None,
        *,
        state: str | Path | None = None,
        port: int = 0,
        job_time: float = 0.5,
        clock: Clock | None = None,
        datacenters: Sequence[str] = ('us-sw-1', 'us-east-1'),
        tls: bool = False,
        account: str | None = None,
        public_key: str | None = None,
        host: str = '127.0.0.1',
        patience: float = PATIENCE,
        faults: str | Path | Sequence[Mapping[str, Any]] = (),
        seed: int = 0,
        throttle: float | None = None,
    ) -> None:
        self._world = load(world, account=account or 'acme', datacenters=datacenters)
        self._login = account or str(self._world['accounts'][0]['login'])
        self._state = state
        self._port = port
        self._job_time = job_time
        self._tls = tls
        self._host = host
        self._patience = patience
        self._pair = keypair.generate(f'{self._login}@simulator') if public_key is None else None
        self._public = PublicKey.parse(self._pair.public if self._pair else str(public_key))
        self._clock: Clock = clock or RealClock()
        self._rules = read(faults) if isinstance(faults, str | Path) else list(faults)
        self._throttle = throttle
        self._faults = Faults(seed)
        self._load_faults()
        self._cloud: Cloud | None = None
        self._server: Server | None = None
        self._folder: Path | None = None

    def start(self) -> Self:
        """Begin to answer; returns when all data centers listen."""
        if self._server is not None:
            raise RuntimeError('the simulator runs already')
        self._folder = Path(tempfile.mkdtemp(prefix='smartdc-simulator-'))
        try:
            self._start(self._folder)
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self, folder: Path) -> None:
        cloud = Cloud(Store(self._state), self._clock, self._job_time, self._faults)
        self._cloud = cloud
        self._fill(cloud)
        if self._pair is not None:
            self._pair.write(folder / 'id_ed25519')
        context = certificate.make(folder)[0] if self._tls else None
        names = cloud.datacenters()
        ports = [self._port + index if self._port else 0 for index in range(len(names))]
        apps = {name: App(cloud, name) for name in names}
        self._server = Server(
            {name: app.handle for name, app in apps.items()},
            host=self._host,
            ports=ports,
            tls=context,
            tick=apps[names[0]].tick,
            patience=self._patience,
            failed=cloud.failures.append,
        )
        self._server.bind()
        cloud.urls = self._server.urls
        self._server.start()

    def _fill(self, cloud: Cloud) -> None:
        """Put the world into an empty store, and this run's key beside the account's others."""
        with cloud.store.transaction():
            if not cloud.datacenters():
                seed(cloud.store, self._world)
            if self._throttle is not None:
                for home in cloud.store.find('datacenter'):
                    cloud.store.put('datacenter', {**home, 'throttle': self._throttle})
            account = find_account(cloud.store, self._login)
            if account is None:
                raise WorldError(f'world: there is no account {self._login!r}')
            for old in cloud.store.find('key', owner=account['id'], name=_KEY_NAME):
                cloud.store.delete('key', old['id'])
            key = {'fingerprint': self._public.fingerprint, 'key': self._public.text}
            if cloud.store.get('key', f'{account["id"]}/{key["fingerprint"]}') is None:
                cloud.store.put('key', key_doc(account['id'], {'name': _KEY_NAME, **key}))

    def _load_faults(self) -> None:
        """Put the rules of the beginning in force, and no others."""
        self._faults.clear()
        self._faults.load([*self._world['faults'], *self._rules])

    def stop(self) -> None:
        """Close everything and remove the key; a state file stays."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._cloud is not None:
            self._cloud.store.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        if error is None:
            self.check()

    def check(self) -> None:
        """Raise what went wrong inside the simulator itself, if anything did."""
        failures = list(self._cloud.failures) if self._cloud is not None else []
        if self._cloud is not None:
            self._cloud.failures.clear()
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise ExceptionGroup('the simulator failed', failures)

    def reset(self) -> None:
        """Go back to the state of the beginning; keys, ports and the clock stay."""
        cloud = self._running()
        self.check()
        cloud.feeds.drop()
        with cloud.store.transaction():
            cloud.store.clear()
            self._fill(cloud)
            cloud.requests.clear()
            cloud.buckets.clear()
        self._load_faults()

    def drop_feeds(self) -> int:
        """Break off all connections that follow changes, and return how many there were."""
        return self._running().feeds.drop()

    def url(self, name: str | None = None) -> str:
        """Return where a data center listens; the first one when none is named."""
        urls = self.urls
        return next(iter(urls.values())) if name is None else urls[name]

    @property
    def urls(self) -> dict[str, str]:
        """Where each data center listens, by name."""
        return dict(self._running().urls)

    def datacenter(self, name: str | None = None, **options: Any) -> DataCenter:
        """Return a client that is connected to a data center, the first one when none is named.

        `options` are handed on to `smartdc.DataCenter`, over what the simulator would choose.
        """
        from smartdc.datacenter import DataCenter

        urls = self.urls
        chosen: dict[str, Any] = {
            'location': name or next(iter(urls)),
            'key_id': self.key_id,
            'secret': self.key_path,
            'login': self.account,
            'known_locations': urls,
            # Real time is the client's as well, and only there does it wait for events.
            'clock': None if isinstance(self.clock, RealClock) else self.clock,
        }
        if self._tls:
            chosen['verify'] = str(self.ca_file)
        return DataCenter(**{**chosen, **options})

    @property
    def account(self) -> str:
        """The login of the account whose key this is."""
        return self._login

    @property
    def key_id(self) -> str:
        """The name of the account's key in signatures: `/acme/keys/<MD5 fingerprint>`."""
        return f'/{self._login}/keys/{self._public.fingerprint}'

    @property
    def key_path(self) -> Path:
        """The file of the private key, until the simulator stops."""
        if self._folder is None or self._pair is None:
            raise RuntimeError('there is no private key: the simulator was given one, or stopped')
        return self._folder / 'id_ed25519'

    @property
    def ca_file(self) -> Path:
        """The certificate to trust when the simulator is served with `tls=True`."""
        if self._folder is None or not self._tls:
            raise RuntimeError('there is no certificate: the simulator is not served over TLS')
        return self._folder / 'ca.pem'

    @property
    def clock(self) -> Clock:
        """The clock that all goes by."""
        return self._clock

    @property
    def faults(self) -> Faults:
        """The mishaps in force."""
        return self._faults

    @property
    def requests(self) -> list[Record]:
        """The requests that came in, newest last."""
        cloud = self._running()
        with cloud.store.exclusive():
            return list(cloud.requests)

    def assert_requested(
        self,
        operation: str | None = None,
        *,
        count: int | None = None,
        method: str | None = None,
        path: str | None = None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        datacenter: str | None = None,
        status: int | None = None,
    ) -> list[Record]:
        """Return the requests that came in and are like this, and fail unless there are `count`.

        `operation` is a name in CloudAPI's documentation, such as `StopMachine`; `count` is None
        for one or more, 0 for none. `path` is the part after the account, in which `*` stands for
        anything; `query` and `body` are the fields that matter. Raises RequestMismatch, an
        AssertionError whose text shows what came in and the near misses.
        """
        __tracebackhide__ = True
        expected = requested.Expected(
            operation, method, path, query or {}, body or {}, datacenter, status
        )
        return requested.check(self.requests, expected, count)

    def _running(self) -> Cloud:
        if self._cloud is None or self._server is None:
            raise RuntimeError('the simulator does not run')
        return self._cloud
