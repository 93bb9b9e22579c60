"""Mishaps on demand, by rules: answers that go wrong, and jobs that fail, take long or never end.

A rule strikes either answers or jobs. Of the rules in force the first that fits a request strikes
its answer, and the first that fits a job that a request starts strikes that job.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from smartdc.simulator import operations
from smartdc.simulator.clock import http_date
from smartdc.simulator.fault_checks import RuleError, check, check_names, listed
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.wire import Refusal, Response

Outcome = Literal['reply', 'drop', 'reset', 'cut', 'flip', 'slow', 'hang']
Fate = Literal['fail', 'hang']

#: The outcomes with which no answer arrives, so that the work need not be done.
_NO_ANSWER = ('drop', 'reset', 'hang')


@dataclass
class Fault:
    """One rule: what it strikes, and what becomes of that.

    `operation` is the name of an operation, `CreateMachine`, or several; `*` stands for anything in
    them, and case is ignored. Operations that differ by their action can be named alone,
    `StopMachine`, and together, `UpdateMachine`. `count` is how many are struck before the rule is
    spent (None: no end), `probability` how likely each is struck, `struck` how many were.

    With `status` the answer is that error, with `code`, `message` and `headers`. `outcome` is
    `drop` (the connection closes without an answer), `reset` (it is reset), `hang` (there is never
    an answer), `cut` (half of the body arrives), `flip` (one byte of the body is another) or `slow`
    (the body arrives at `rate` bytes a second). The work is not done for what has no answer of its
    own: `status`, `drop`, `reset` and `hang`; with `after` it is done all the same, and only its
    answer is lost. `delay` holds the answer back for so many real seconds, or for some between two.

    `job` strikes the job that the request starts: it will `fail`, and show it as CloudAPI does, or
    it `hang`s and never ends. `job_delay` is how many seconds longer it takes, by the clock.
    """

    operation: str | Sequence[str] = '*'
    count: int | None = None
    probability: float = 1.0
    status: int | None = None
    code: str | None = 'InternalError'
    message: str = 'Internal Error'
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float | Sequence[float] = 0.0
    outcome: Outcome = 'reply'
    after: bool = False
    rate: float = 1024.0
    job: Fate | None = None
    job_delay: float = 0.0
    struck: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        check({each.name: getattr(self, each.name) for each in fields(self) if each.init})
        self.headers = dict(self.headers)
        self._patterns = [each.lower() for each in listed(self.operation)]

    @property
    def of_jobs(self) -> bool:
        """Tell whether this strikes jobs instead of answers."""
        return self.job is not None or self.job_delay > 0

    @property
    def replaces_work(self) -> bool:
        """Tell whether the operation is not even begun."""
        return not self.after and (self.status is not None or self.outcome in _NO_ANSWER)

    def fits(self, names: Sequence[str]) -> bool:
        """Tell whether one of the names of an operation is meant."""
        return any(fnmatchcase(name.lower(), each) for name in names for each in self._patterns)

    def refusal(self) -> Refusal:
        """Return the error that is answered instead."""
        status = 500 if self.status is None else self.status
        return Refusal(status, self.code, self.message, headers=self.headers)


class Faults:
    """The rules in force, and the chance by which they strike: the same again for a seed.

    >>> faults = Faults()
    >>> rule = faults.add('CreateMachine', status=503, code='ServiceUnavailableError', count=2)
    >>> rule.struck
    0
    """

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []
        self._random = random.Random(seed)
        self._seed = seed

    def add(
        self,
        operation: str | Sequence[str] = '*',
        *,
        count: int | None = None,
        probability: float = 1.0,
        status: int | None = None,
        code: str | None = 'InternalError',
        message: str = 'Internal Error',
        headers: Mapping[str, str] | None = None,
        delay: float | Sequence[float] = 0.0,
        outcome: Outcome = 'reply',
        after: bool = False,
        rate: float = 1024.0,
        job: Fate | None = None,
        job_delay: float = 0.0,
    ) -> Fault:
        """Add a rule after those in force, and return it; see `Fault` for the arguments.

        Raises RuleError, a ValueError, for what makes no sense.
        """
        rule = Fault(
            operation,
            count,
            probability,
            status,
            code,
            message,
            {} if headers is None else headers,
            delay,
            outcome,
            after,
            rate,
            job,
            job_delay,
        )
        with self._lock:
            self._rules.append(rule)
        return rule

    def load(self, rules: Iterable[Mapping[str, Any]]) -> list[Fault]:
        """Add rules that are written as in a file: the arguments of `add()` by their names."""
        added: list[Fault] = []
        for index, rule in enumerate(rules):
            try:
                check_names(rule)
                added.append(self.add(**rule))
            except RuleError as error:
                raise RuleError(f'faults[{index}].{error}') from None
        return added

    def throttle(
        self,
        operation: str | Sequence[str] = '*',
        *,
        count: int | None = None,
        probability: float = 1.0,
        status: Literal[420, 429] = 429,
    ) -> Fault:
        """Add a rule that answers as to too many requests: with 429, or with the documented 420."""
        return self.add(
            operation,
            count=count,
            probability=probability,
            status=status,
            code='TooManyRequestsError' if status == 429 else 'RequestThrottled',
            message='You have exceeded your request rate of 10 r/s.',
        )

    def maintenance(self, *, until: float | None = None, count: int | None = None) -> Fault:
        """Add a rule that refuses all writes with 503, as while a data center is upgraded.

        `until` (seconds since 1970) is what Retry-After says, as a date; the rule stays in force
        until it is removed, or spent.
        """
        return self.add(
            operations.writing(),
            count=count,
            status=503,
            code='ServiceUnavailableError',
            message='This Triton data center is being upgraded',
            headers={} if until is None else {'Retry-After': http_date(until)},
        )

    def remove(self, rule: Fault) -> None:
        """Take a rule out of force; one that is not in force any more stays so."""
        with self._lock:
            self._rules = [each for each in self._rules if each is not rule]

    def __len__(self) -> int:
        return len(self._rules)

    def clear(self) -> None:
        """Forget all rules, and begin the random numbers anew."""
        with self._lock:
            self._rules.clear()
            self._random.seed(self._seed)

    def pick(self, names: Sequence[str]) -> Fault | None:
        """Return the rule that strikes the answer of an operation with these names, and count."""
        return self._pick(names, of_jobs=False)

    def pick_job(self, names: Sequence[str]) -> Fault | None:
        """Return the rule that strikes a job which such an operation starts, and count it."""
        return self._pick(names, of_jobs=True)

    def strike(self, rule: Fault, response: Response) -> Response:
        """Return what becomes of an answer that is struck."""
        with self._lock:
            delay = rule.delay
            more = delay if isinstance(delay, int | float) else self._random.uniform(*delay)
            body = response.body
            if rule.outcome == 'flip' and body:
                at = self._random.randrange(len(body))
                body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        delay = response.delay + more
        return replace(response, delay=delay, outcome=rule.outcome, rate=rule.rate, body=body)

    def _pick(self, names: Sequence[str], *, of_jobs: bool) -> Fault | None:
        with self._lock:
            for rule in self._rules:
                if rule.of_jobs is of_jobs and rule.count != 0 and rule.fits(names):
                    if rule.probability < 1.0 and self._random.random() >= rule.probability:
                        continue
                    rule.count = None if rule.count is None else rule.count - 1
                    rule.struck += 1
                    return rule
        return None


def read(path: str | Path) -> list[dict[str, Any]]:
    """Return the rules in a JSON file, which is a list of them, for `Faults.load()`."""
    try:
        found = json.loads(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise RuleError(f'faults: cannot read {path}: {error.strerror}') from None
    except ValueError as error:
        raise RuleError(f'faults: {path} is not JSON: {error}') from None
    if not is_array(found) or not all(map(is_object, found)):
        raise RuleError(f'faults: {path}: expected a list of objects')
    return found
