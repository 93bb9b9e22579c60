"""Which operation a method and a path lead to: restify's rules, before any authentication."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from smartdc.simulator import versions
from smartdc.simulator.calls import Handler
from smartdc.simulator.wire import Refusal, Request

ALL = ('7.0.0', '7.1.0', '7.2.0', '7.3.0', '8.0.0', '9.0.0')
SINCE_7_2 = ALL[2:]
SINCE_7_3 = ALL[3:]

#: What the create routes of keys, users, roles, policies and access keys take; forms are refused.
UPLOADS = (
    'multipart/form-data',
    'application/octet-stream',
    'application/json',
    'text/plain',
)

_BROKEN_ESCAPE = re.compile(r'%(?![0-9A-Fa-f]{2})')


@dataclass(frozen=True)
class Route:
    """One operation: `pattern` is written `/:account/machines/:machine`."""

    method: str
    pattern: str
    name: str
    handler: Handler
    versions: Sequence[str] = ALL
    types: Sequence[str] = ()


class Chapter:
    """The routes of one chapter, in the order in which CloudAPI mounts them.

    Each method is a decorator for the function that does the operation.
    """

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(
        self,
        pattern: str,
        name: str,
        *,
        head: str | None = None,
        versions: Sequence[str] = ALL,
    ) -> Callable[[Handler], Handler]:
        """Mount a GET; with `head`, the name of its HEAD, mount that too."""

        def mount(handler: Handler) -> Handler:
            self.routes.append(Route('GET', pattern, name, handler, versions))
            if head is not None:
                self.routes.append(Route('HEAD', pattern, head, handler, versions))
            return handler

        return mount

    def post(
        self, pattern: str, name: str, *, versions: Sequence[str] = ALL, types: Sequence[str] = ()
    ) -> Callable[[Handler], Handler]:
        """Mount a POST; `types` are the content types it is restricted to."""
        return self._mount('POST', pattern, name, versions, types)

    def put(
        self, pattern: str, name: str, *, versions: Sequence[str] = ALL
    ) -> Callable[[Handler], Handler]:
        """Mount a PUT."""
        return self._mount('PUT', pattern, name, versions)

    def delete(
        self, pattern: str, name: str, *, versions: Sequence[str] = ALL
    ) -> Callable[[Handler], Handler]:
        """Mount a DELETE."""
        return self._mount('DELETE', pattern, name, versions)

    def _mount(
        self,
        method: str,
        pattern: str,
        name: str,
        versions: Sequence[str],
        types: Sequence[str] = (),
    ) -> Callable[[Handler], Handler]:
        def mount(handler: Handler) -> Handler:
            self.routes.append(Route(method, pattern, name, handler, versions, types))
            return handler

        return mount


@dataclass(frozen=True)
class Match:
    """The route of a request, its decoded path parameters, and the methods of its pattern."""

    route: Route
    path: Mapping[str, str]
    methods: str


class Router:
    """All routes of a data center.

    Patterns tolerate several slashes in a row and empty parameters, but no trailing slash.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [(route, _compiled(route.pattern)) for route in routes]
        self._by_shape = _by_shape(self._routes)
        self._methods = _methods(routes)

    def find(self, request: Request) -> Match:
        """Return the route of a request, or raise CloudAPI's refusal: 400, 404, 405 or 415."""
        path, method = request.path, request.method
        candidates = self._candidates(path)
        mounted = _fits(path, [each for each in candidates if each[0].method == method])
        if not mounted:
            fits = _fits(path, candidates)
            if not fits:
                raise Refusal(404, 'ResourceNotFound', f'{request.target} does not exist')
            allow = {'Allow': self._methods[fits[0][0].pattern]}
            text = f'{method} is not allowed'
            raise Refusal(405, 'MethodNotAllowedError', text, headers=allow)
        route, found = _choose(request, mounted)
        parts = {name: _decoded(part) for name, part in found.groupdict().items()}
        return Match(route, parts, self._methods[route.pattern])

    def _candidates(self, path: str) -> Sequence[Mounted]:
        """Return the routes that may fit: those of as many parts, with the same second one."""
        first, *parts = path.split('/')
        if first or '' in parts:
            # An empty part may stand for a parameter, or for nothing.
            return self._routes
        count, second = len(parts), parts[1] if len(parts) > 1 else ''
        return self._by_shape.get((count, second)) or self._by_shape.get((count, ''), ())


Mounted = tuple[Route, re.Pattern[str]]
Fit = tuple[Route, re.Match[str]]


def _compiled(pattern: str) -> re.Pattern[str]:
    parts = [part for part in pattern.split('/') if part]
    return re.compile(
        ''.join(
            rf'/+(?P<{part[1:]}>[^/]*)' if part.startswith(':') else f'/+{re.escape(part)}'
            for part in parts
        )
    )


def _methods(routes: Sequence[Route]) -> Mapping[str, str]:
    """Return the methods that are mounted on each pattern, as a header lists them."""
    found: dict[str, dict[str, None]] = {}
    for route in routes:
        found.setdefault(route.pattern, {})[route.method] = None
    return {pattern: ', '.join(methods) for pattern, methods in found.items()}


def _fits(path: str, routes: Iterable[Mounted]) -> list[Fit]:
    return [
        (route, found)
        for route, pattern in routes
        if (found := pattern.fullmatch(path)) is not None
    ]


def _by_shape(routes: Sequence[Mounted]) -> Mapping[tuple[int, str], Sequence[Mounted]]:
    """Return routes by shape, those whose second part is a parameter with all others of a size."""
    return {
        shape: [each for each in routes if _shape(each[0]) in (shape, (shape[0], ''))]
        for shape in {_shape(route) for route, _ in routes}
    }


def _shape(route: Route) -> tuple[int, str]:
    """Return how many parts a route has, and what the second one is: '' for a parameter."""
    parts = route.pattern.strip('/').split('/')
    second = parts[1] if len(parts) > 1 and not parts[1].startswith(':') else ''
    return len(parts), second


def _decoded(part: str) -> str:
    if '%' not in part:
        return part
    if _BROKEN_ESCAPE.search(part):
        raise Refusal(400, 'BadRequestError', 'URI malformed')
    try:
        return unquote(part, errors='strict')
    except UnicodeDecodeError:
        raise Refusal(400, 'BadRequestError', 'URI malformed') from None


def _choose(request: Request, fits: Sequence[Fit]) -> Fit:
    """Return the fit with the highest version asked for; the first of several that are equal."""
    typed = next((fit for fit in fits if fit[0].types), None)
    if typed is not None:
        _check_type(request, typed[0])
        return typed
    asked = versions.asked(request.headers)
    best: Fit | None = None
    highest: str | None = None
    for fit in fits:
        version = versions.choose(fit[0].versions, asked)
        if version is not None and (highest is None or version > highest):
            best, highest = fit, version
    if best is None:
        text = f'{asked} is not supported by {request.method} {request.path}'
        raise Refusal(400, 'InvalidVersion', text)
    return best


def _check_type(request: Request, route: Route) -> None:
    sent = request.headers.get('content-type', 'application/octet-stream')
    kind = sent.partition(';')[0].strip().lower()
    if kind not in route.types:
        raise Refusal(415, 'UnsupportedMediaTypeError', sent)
