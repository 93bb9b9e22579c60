"""Creating things exactly once, on an API that has no way to mark a request."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from smartdc.answers import an_object, understood
from smartdc.clock import Clock
from smartdc.errors import APIError, SmartDCError
from smartdc.likeness import Row, known, like, newcomer, objects
from smartdc.retrying import OPEN, Attempts, Budget, Fault, Retry, fault_of, is_open
from smartdc.ssh_keys import line_fingerprint

#: The faults after which a thing that is not there may still come.
LATE = frozenset({Fault.SLOW})

#: All faults after which it may be there.
DOUBTFUL = OPEN | {Fault.UNAVAILABLE}


def once(
    create: Callable[[], Any],
    find: Callable[[], Any] | None,
    attempts: Attempts,
    sought: Mapping[str, Any],
    late: Collection[Fault] = (),
) -> Any:
    """Make a create and return its data, once whatever is lost on the way.

    `create` makes one attempt. After a fault that leaves open whether it was done there is a pause,
    then `find` looks for what this very call has made: that is returned, and only when there is
    nothing the create is made again. It is not after the faults that are `late`: there, nothing is
    no proof, and the server would make a second thing. What is raised says what may be there, and
    by what it is `sought`.
    """
    doubted = False
    while True:
        try:
            data = create()
        except SmartDCError as error:
            if not (doubted or _is_doubtful(error)):
                attempts.again(error)
                continue
            if find is None or not attempts.wanted:
                error.doubt(sought)
                raise
            if is_open(error):
                error.doubt(sought)
            is_last = _is_last(error, attempts)
            found = _looked(error, find, sought)
            if found is not None:
                attempts.succeeded()
                return found
            if is_last or fault_of(error) in late:
                raise
            doubted = True
        else:
            attempts.succeeded()
            return data


def _is_doubtful(error: SmartDCError) -> bool:
    """Say whether an error leaves open if something was made.

    Most 503 are said before the work, and those with Retry-After all; but servers behind this one
    say it, too.
    """
    is_asked_to_wait = isinstance(error, APIError) and error.retry_after is not None
    return is_open(error) or (fault_of(error) is Fault.UNAVAILABLE and not is_asked_to_wait)


def _is_last(error: SmartDCError, attempts: Attempts) -> bool:
    """Wait for the next attempt; say whether there is none."""
    try:
        attempts.again(error)
    except SmartDCError:
        return True
    return False


def _looked(error: SmartDCError, find: Callable[[], Any], sought: Mapping[str, Any]) -> Any:
    """Return what is found; when that cannot be told, raise the error that came first."""
    try:
        with understood():
            return find()
    except SmartDCError as blind:
        error.doubt({**sought, **blind.sought})
        raise error from blind


@contextmanager
def telling(**sought: Any) -> Generator[None]:
    """Let each error of the block say that something was made, and by what it is found."""
    try:
        yield
    except SmartDCError as error:
        error.doubt(sought)
        raise


class Creator:
    """The ways in which a chapter makes things: part of Connection."""

    clock: Clock
    retries: Retry | None
    _budget: Budget
    _call: Callable[..., Any]
    _is_new: Callable[[Row, float], bool]

    def _create(
        self,
        template: str,
        *parts: object,
        find: Callable[[], Any] | None,
        sought: Mapping[str, Any],
        late: Collection[Fault] = (),
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        read: Callable[..., Any] | None = None,
    ) -> Any:
        """Make a chapter's create so that it is done once, and return its data.

        See `once` for `find`, `sought` and `late`, and `Connection._call` for the rest.
        """
        single = copy.copy(self)
        single.retries = self.retries and self.retries._replace(attempts=1)
        return once(
            lambda: single._call('POST', template, *parts, query=query, body=body, read=read),
            find,
            Attempts(self.retries, self._budget, self.clock, 'GET'),
            sought,
            late,
        )

    def _create_named(
        self,
        template: str,
        *parts: object,
        body: Mapping[str, Any],
        unique: str = 'name',
        rows: Callable[[], Any] | None = None,
    ) -> Any:
        """Make the create of a thing whose `unique` field nothing else has, and return its data.

        What this call has made is in the list at the same path, or in `rows()`, as it was asked
        for, and new where its age is told.
        """
        since = self.clock.now()

        def is_it(row: Row) -> bool:
            is_named = str(row.get(unique)) == str(body[unique]).strip()
            return is_named and like(row, body) and self._is_new(row, since)

        def find() -> Any:
            listed = rows() if rows else self._call('GET', template, *parts)
            return next(filter(is_it, objects(listed)), None)

        sought = {unique: body[unique]}
        return self._create(template, *parts, find=find, sought=sought, body=body, read=an_object)

    def _create_key(self, template: str, *parts: object, body: Mapping[str, Any]) -> Any:
        """Make the create of an SSH key, which its fingerprint sets apart, and return its data."""
        fingerprint = line_fingerprint(body['key'])
        named = {} if body['name'] is None else {'name': str(body['name']).strip()}
        sought = named | ({'fingerprint': fingerprint} if fingerprint else {})

        def find() -> Any:
            keys = self._call('GET', template, *parts, query={'sync': True})
            return next((key for key in objects(keys) if sought.items() <= key.items()), None)

        return self._create(
            template,
            *parts,
            find=find if fingerprint else None,
            sought=sought,
            body=body,
            read=an_object,
        )

    def _create_new(
        self,
        template: str,
        *parts: object,
        rows: Callable[[], Any],
        is_it: Callable[[Any], bool],
        sought: Mapping[str, Any],
        key: str = 'id',
        late: Collection[Fault] = LATE,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> Any:
        """Make the create of a thing that only an id of the server's sets apart; return its data.

        What this call has made was not in `rows()` before, which costs one more request, and is as
        `is_it` says.
        """
        before = known(rows, key) if self.retries else None

        def find() -> Any:
            return newcomer(rows(), key, before or (), is_it)

        return self._create(
            template,
            *parts,
            find=None if before is None else find,
            sought=sought,
            late=late,
            query=query,
            body=body,
        )
