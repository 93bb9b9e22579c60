"""Mishaps on demand: answers that are errors, late, cut short, or missing."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field, replace
from typing import Literal

from smartdc.simulator.wire import Refusal, Response

Outcome = Literal['reply', 'drop', 'cut']


@dataclass
class Fault:
    """One rule: which requests it strikes, and what becomes of their answers.

    `operation` is a route's name, `CreateMachine`, or `*` for any. `count` is how many requests it
    strikes before it is spent (None: no end), `probability` how likely each is struck. With
    `status` the answer is that error, and the work is not done; with `after` the work is done
    first, and only its answer is lost. `outcome` is `drop` (the connection closes without an
    answer) or `cut` (half of the body arrives). `delay` holds the answer back, in seconds.
    """

    operation: str = '*'
    count: int | None = None
    probability: float = 1.0
    status: int | None = None
    code: str | None = 'InternalError'
    message: str = 'Internal Error'
    headers: dict[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    outcome: Outcome = 'reply'
    after: bool = False

    @property
    def replaces_work(self) -> bool:
        """Tell whether the operation is not even begun."""
        return not self.after and (self.status is not None or self.outcome == 'drop')

    def refusal(self) -> Refusal:
        """Return the error that is answered instead."""
        status = 500 if self.status is None else self.status
        return Refusal(status, self.code, self.message, headers=self.headers)

    def strike(self, response: Response) -> Response:
        """Return what becomes of an answer."""
        return replace(response, delay=response.delay + self.delay, outcome=self.outcome)


class Faults:
    """The rules in force; the first that fits a request strikes it.

    >>> faults = Faults()
    >>> _ = faults.add(operation='CreateMachine', status=503, code='ServiceUnavailableError',
    ...                message='try later', count=2)
    """

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []
        self._random = random.Random(seed)
        self._seed = seed

    def add(
        self,
        operation: str = '*',
        *,
        count: int | None = None,
        probability: float = 1.0,
        status: int | None = None,
        code: str | None = 'InternalError',
        message: str = 'Internal Error',
        headers: dict[str, str] | None = None,
        delay: float = 0.0,
        outcome: Outcome = 'reply',
        after: bool = False,
    ) -> Fault:
        """Add a rule after those in force; see `Fault` for what the arguments mean."""
        rule = Fault(
            operation,
            count,
            probability,
            status,
            code,
            message,
            headers or {},
            delay,
            outcome,
            after,
        )
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget all rules, and begin the random numbers anew."""
        with self._lock:
            self._rules.clear()
            self._random.seed(self._seed)

    def pick(self, operation: str) -> Fault | None:
        """Return the rule that strikes this request, and count it."""
        with self._lock:
            for rule in self._rules:
                if rule.count != 0 and rule.operation in ('*', operation) and self._hits(rule):
                    rule.count = None if rule.count is None else rule.count - 1
                    return rule
        return None

    def _hits(self, rule: Fault) -> bool:
        return rule.probability >= 1.0 or self._random.random() < rule.probability
