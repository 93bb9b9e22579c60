"""Doing the same with many things at once, and telling what became of each."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from typing import Any, Generic, Literal, NamedTuple, Self, TypedDict, TypeVar

from smartdc.clock import Clock
from smartdc.errors import InvalidInput, PartialFailure, SmartDCError
from smartdc.given import count_of
from smartdc.pacing import DEFAULT_PACE, Pace, Stopped, paced
from smartdc.progress import Progress, Report, Reporting, reporting

Thing = TypeVar('Thing')

#: How many things are worked on at once unless told otherwise.
WORKERS = 16

#: What to do when some have failed, after all were tried.
OnErrors = Literal['raise', 'return']

#: What became of a thing: its result, or its error.
_End = tuple[Any, BaseException | None]

#: How many failures the text of an error tells of.
_TOLD = 3


class Options(TypedDict, total=False):
    """How something is done with many things at once.

    `workers` are how many are worked on at the same time in each data center, 16 if not given.
    `pace` is what the server allows the account, CloudAPI's default if not given, None for a server
    that allows anything. `progress` is called with each step; see `smartdc.progress`. Where some
    fail an error that has all results is raised after all were tried; with `errors='return'` it is
    not, and what failed is in the result.
    """

    workers: int
    pace: Pace | None
    progress: Reporting
    errors: OnErrors


class _How(NamedTuple):
    workers: int
    pace: Pace | None
    progress: Reporting
    errors: OnErrors


class Settings(_How):
    """Options, with what holds where they are not given."""

    __slots__ = ()

    def __new__(
        cls,
        workers: int = WORKERS,
        pace: Pace | None = DEFAULT_PACE,
        progress: Reporting = None,
        errors: OnErrors = 'raise',
    ) -> Self:
        """Check and keep what is given."""
        count_of('workers=', workers)
        if errors not in ('raise', 'return'):
            raise InvalidInput(f"errors= is 'raise' or 'return', not {errors!r}")
        return super().__new__(cls, workers, pace, progress, errors)


class Outcomes(Mapping[str, Any]):
    """What became of each of many things, by id or name, in their order: its result or its error.

    `results` are those of the things that went well, `errors` are those of the others.
    """

    def __init__(
        self,
        what: str,
        names: Iterable[str],
        results: Mapping[str, Any],
        errors: Mapping[str, BaseException],
    ) -> None:
        self.what = what
        self._names = tuple(names)
        self.results: dict[str, Any] = dict(results)
        self.errors: dict[str, BaseException] = dict(errors)

    def __getitem__(self, name: str) -> Any:
        return self.errors[name] if name in self.errors else self.results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        failed = f', {len(self.errors)} failed' if self.errors else ''
        return f'<{self.what}: {len(self.results)} of {len(self)} done{failed}>'


class Job(Generic[Thing]):
    """One work on many things: `what` it is, in words, and the things by id or name.

    `failure` is the class of the error that is raised when some fail; `label` is what its text
    calls a thing. Those of another `lane` have workers of their own: where one server is slow, or
    throttles, the others do not wait for it.
    """

    def __init__(
        self,
        what: str,
        things: Mapping[str, Thing],
        failure: type[PartialFailure],
        clock: Clock,
        label: Callable[[str], str] = str,
        lane: Callable[[Thing], object] = type,
    ) -> None:
        self.what = what
        self.things = things
        self.failure = failure
        self.clock = clock
        self.label = label
        self.lane = lane
        self.results: dict[str, Any] = {}
        self.errors: dict[str, BaseException] = {}

    def run(self, function: Callable[[Thing], Any], how: Settings) -> Outcomes:
        """Call the function with each thing, and return what became of them."""
        if self.things:
            with reporting(how.progress) as report:
                self._run(function, how, report)
        return self.verdict(how.errors)

    def verdict(self, errors: OnErrors) -> Outcomes:
        """Return what became of the things, or raise it, in the order of the things."""
        if self.errors and errors == 'raise':
            raise self.summary()
        return Outcomes(self.what, self.things, *self._ordered())

    def summary(self) -> PartialFailure:
        """Return what became of the things as an error."""
        results, errors = self._ordered()
        undone = [name for name in self.things if name not in results and name not in errors]
        counts = f'{len(results)} of {len(self.things)} done, {len(errors)} failed'
        text = f'{self.what}: {counts}' + (f', {len(undone)} not begun' if undone else '')
        told = [
            f'{self.label(name)}: {_text(error)}' for name, error in list(errors.items())[:_TOLD]
        ]
        if len(errors) > _TOLD:
            told.append(f'and {len(errors) - _TOLD} more')
        return self.failure('; '.join([text, *told]), results, errors, undone)

    def _ordered(self) -> tuple[dict[str, Any], dict[str, BaseException]]:
        results, errors = self.results, self.errors
        return (
            {name: results[name] for name in self.things if name in results},
            {name: errors[name] for name in self.things if name in errors},
        )

    def _run(
        self,
        function: Callable[[Thing], Any],
        how: Settings,
        report: Report,
    ) -> None:
        stopped = threading.Event()
        began = self.clock.now()

        # Kept by who does it: an interrupt may come before who began it knows that it did.
        ended: dict[str, _End] = {}

        def work(name: str, thing: Thing) -> None:
            try:
                with paced(how.pace, is_stopped=stopped.is_set):
                    ended[name] = function(thing), None
            except BaseException as error:
                ended[name] = None, error

        pools = self._pools(how.workers)
        try:
            for name in self._done(work, pools, ended):
                self._keep(name, *ended[name])
                report(self.progress(self.clock.now() - began))
        except BaseException as reason:
            # What is under way comes to its end, so that nothing stays unknown.
            stopped.set()
            _close(pools.values())
            for name, end in ended.items():
                self._keep(name, *end)
            raise reason from self.summary()
        _close(pools.values())

    def _done(
        self,
        work: Callable[[str, Thing], None],
        pools: Mapping[object, ThreadPoolExecutor],
        ended: Mapping[str, _End],
    ) -> Iterator[str]:
        """Have the workers do all, and yield the name of each thing that is done."""
        futures: dict[Future[None], str] = {}
        for name, thing in self.things.items():
            pool = pools[self.lane(thing)]
            # Each has a context of its own, which brings the caller's deadlines along.
            context = copy_context()
            try:
                futures[pool.submit(context.run, work, name, thing)] = name
            except RuntimeError:  # there are no new threads, as when the program ends
                _close(pools.values())
                yield from self._done_here(work, ended)
                return
        for future in as_completed(futures):
            yield futures[future]

    def _done_here(
        self, work: Callable[[str, Thing], None], ended: Mapping[str, _End]
    ) -> Iterator[str]:
        """Do what no worker has done in this thread, one after the other; yield all names."""
        for name, thing in self.things.items():
            if name not in ended:
                copy_context().run(work, name, thing)
                reason = ended[name][1]
                if isinstance(reason, KeyboardInterrupt):
                    raise reason
            yield name

    def _pools(self, workers: int) -> dict[object, ThreadPoolExecutor]:
        """Return the workers of each lane."""
        lanes = Counter(self.lane(thing) for thing in self.things.values())
        return {
            lane: ThreadPoolExecutor(min(workers, count), 'smartdc')
            for lane, count in lanes.items()
        }

    def _keep(self, name: str, result: Any, error: BaseException | None) -> None:
        """Take down what became of a thing; nothing if it was not begun."""
        if error is None:
            self.results[name] = result
        elif not isinstance(error, Stopped):
            self.errors[name] = error

    def progress(self, elapsed: float) -> Progress:
        """Return how far the work has come after so many seconds."""
        failed = f'{len(self.errors)} failed' if self.errors else 'none failed'
        done = len(self.results) + len(self.errors)
        return Progress(self.what, failed, elapsed, done, len(self.things))


def _close(pools: Collection[ThreadPoolExecutor]) -> None:
    """Begin nothing more, and wait for what is under way."""
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)
    for pool in pools:
        pool.shutdown()


def _text(error: BaseException) -> str:
    return str(error) if isinstance(error, SmartDCError) else f'{type(error).__name__}: {error}'


def called(function: Callable[..., Any]) -> str:
    """Return what to call the work that a function does."""
    name = getattr(function, '__name__', '')
    return name if name.isidentifier() else 'each'
