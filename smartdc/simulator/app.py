"""A simulated CloudAPI, free of sockets: a request goes in, an answer comes out."""

from __future__ import annotations

import time
from collections.abc import Callable

from smartdc.simulator import (
    api,
    authenticate,
    authorise,
    gates,
    jobs,
    params,
    preload,
    presigned,
    tagging,
    versions,
)
from smartdc.simulator import reply as replies
from smartdc.simulator.api.datasets import is_old, old_headers
from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.cloud import Cloud, Record
from smartdc.simulator.faults import Fault
from smartdc.simulator.routing import ALL, Match, Route, Router
from smartdc.simulator.signature import Claim
from smartdc.simulator.signature import read as read_signature
from smartdc.simulator.wire import Refusal, Request, Response

_DOCS_URL = 'https://apidocs.tritondatacenter.com/cloudapi/'

#: What happens to a request once it is known who sent it, in the server's order.
STEPS: tuple[Callable[[Call], None], ...] = (
    preload.load_account,
    preload.load_image,
    preload.load_package,
    preload.load_machine,
    authorise.authorise,
    tagging.load_tags,
    gates.check_read_only,
    gates.check_throttle,
)


class App:
    """One data center's CloudAPI.

    >>> from smartdc.simulator.clock import RealClock
    >>> from smartdc.simulator.cloud import Cloud
    >>> from smartdc.simulator.store import Store
    >>> app = App(Cloud(Store(), RealClock()), 'us-sw-1')
    >>> app.handle(Request('GET', '/my/no/such/thing')).status
    404
    """

    def __init__(self, cloud: Cloud, home: str) -> None:
        self.cloud = cloud
        self.home = home
        self._settings = cloud.store.get('datacenter', home) or {}
        self._router = Router(api.routes(self._settings))

    def handle(self, request: Request) -> Response:
        """Answer a request; only one is answered at a time."""
        started = time.monotonic()
        with self.cloud.store.exclusive():
            now = self.cloud.look()
            try:
                match = _DOCS if _is_docs(request) else self._router.find(request)
                call, claim = self._open(request, match, now)
            except Refusal as refusal:
                return self._record(request, None, replies.bare(request, refusal, now), now)
            except Exception as error:
                response = replies.bare(request, self._remember(error), now)
                return self._record(request, None, response, now)
            response = self._record(request, call, self._answer(call, claim, match, started), now)
            self.cloud.feeds.publish(now)
            return response

    def tick(self) -> None:
        """Let happen what is due while nobody asks, in all data centers, and tell who follows."""
        with self.cloud.store.exclusive():
            now = self.cloud.clock.now()
            try:
                with self.cloud.store.transaction():
                    jobs.settle(self.cloud.store, now)
                self.cloud.feeds.publish(now)
            except Exception as error:
                self._remember(error)

    def _open(self, request: Request, match: Match, now: float) -> tuple[Call, Claim | None]:
        """Read what a request says, before anything is asked of the store."""
        call = Call(
            cloud=self.cloud,
            home=self.home,
            request=request,
            now=now,
            route=match.route,
            path=match.path,
            asked=versions.asked(request.headers),
        )
        call.produces = replies.negotiate(request)
        claim = read_signature(request, now)
        call.params = params.merged(match.path, request)
        return call, claim

    def _answer(self, call: Call, claim: Claim | None, match: Match, started: float) -> Response:
        """Answer a request that was understood, and let a fault strike the answer."""
        faults = self.cloud.faults
        fault = faults.pick(call.names) if len(faults) else None
        result = self._result(call, claim, fault)
        if isinstance(result, Reply) and result.channel is not None:
            response = Response(101, result.headers, channel=result.channel)
        else:
            server = f'cloudapi/{self._version()}'
            response = replies.full(call, result, match.methods, started, server)
            if is_old(self._settings):
                response.headers = old_headers(response.headers, self._settings)
        return response if fault is None else faults.strike(fault, response)

    def _result(self, call: Call, claim: Claim | None, fault: Fault | None) -> Reply | Refusal:
        if fault is not None and fault.replaces_work:
            return fault.refusal()
        try:
            result = self._perform(call, claim)
        except Refusal as refusal:
            return refusal
        except Exception as error:
            return self._remember(error)
        return fault.refusal() if fault is not None and fault.status is not None else result

    def _remember(self, error: Exception) -> Refusal:
        """Keep a fault of the simulator's own for who runs it, and return what the client gets."""
        self.cloud.failures.append(error)
        return Refusal(500, 'InternalError', 'Internal Error')

    def _perform(self, call: Call, claim: Claim | None) -> Reply:
        """Do what is asked for: all of it, or nothing."""
        if call.route is _DOCS.route:
            return call.route.handler(call)
        is_ping = call.route.name in ('GetAccount', 'HeadAccount') and (
            call.path['account'] == '--ping'
        )
        # A signature in the URL counts before one in a header; either even where none is needed.
        signed = presigned.read(call.request, call.now) or claim
        if is_ping and signed is None:
            return self._ping()
        with self.cloud.store.transaction():
            jobs.settle(self.cloud.store, call.now)
        with self.cloud.store.transaction():
            call.caller = authenticate.authenticate(call, signed)
            if is_ping:
                return self._ping()
            authenticate.check_enabled(call.caller)
            for step in STEPS:
                step(call)
            return tagging.finish(call, call.route.handler(call))

    def _ping(self) -> Reply:
        body = {'ping': 'pong', 'cloudapi': {'versions': list(ALL)}}
        return Reply(body, headers={'Triton-Datacenter-Name': self.home})

    def _version(self) -> str:
        return str(self._settings.get('version', '9.20.0'))

    def _record(
        self, request: Request, call: Call | None, response: Response, now: float
    ) -> Response:
        self.cloud.requests.append(
            Record(
                at=now,
                datacenter=self.home,
                method=request.method,
                target=request.target,
                operation=call.route.name if call else '',
                account=call.account.get('login', '') if call else '',
                headers=request.headers,
                body=request.body,
                status=response.status,
                reply=response.body,
                outcome=response.outcome,
            )
        )
        return response


def _is_docs(request: Request) -> bool:
    path = request.path
    is_asked = path in ('/', '/favicon.ico') or path.startswith('/docs')
    return is_asked and request.method in ('GET', 'HEAD')


def _to_docs(call: Call) -> Reply:  # noqa: ARG001 - every operation takes the call
    """Send a browser on to the public documentation, whoever it is."""
    return Reply(status=302, headers={'Location': _DOCS_URL, 'Server': 'Cloud API'})


_DOCS = Match(Route('GET', '/docs', 'docs', _to_docs), {}, 'GET')
