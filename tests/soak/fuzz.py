"""Whatever a server answers, what escapes is an error of ours that names the request."""

from __future__ import annotations

import random
import traceback
from collections import Counter

from smartdc import APIError, DataCenter, InvalidResponse, Machine, SmartDCError
from smartdc.retrying import Retry
from smartdc.simulator import Simulator
from tests.contract_calls import ANSWERS, CALLS, ID
from tests.soak.clients import Stepped, client
from tests.soak.figures import Figure, Soak, exactly
from tests.soak.garbage import Garbage
from tests.soak.wire import Wire

#: How long a client waits for an answer, in seconds: a few of them never come.
PATIENCE = 0.2


class Trial:
    """One call, and the answers that it gets."""

    def __init__(self, garbage: Garbage, chance: random.Random) -> None:
        self.name = chance.choice(sorted(CALLS))
        good = ANSWERS.get(self.name, {})
        self.answers = [garbage.answer(good) for _ in range(chance.choice((1, 1, 2)))]
        self.retries = chance.choice((None, Retry(attempts=2)))

    def run(self, wire: Wire, sdc: DataCenter) -> str | None:
        """Make the call; return what is wrong with how it ended."""
        wire.acts.extend(answer.act for answer in self.answers)
        sdc.retries = self.retries
        asked = wire.requests
        try:
            CALLS[self.name](sdc, Machine(sdc, data={'id': ID, 'name': 'web0'}))
        except SmartDCError as error:
            return self._unnamed(error, wire.requests - asked)
        except Exception as error:
            return f'{type(error).__name__} in {_where(error)}'
        finally:
            wire.acts.clear()
            sdc.close()
        return None

    def _unnamed(self, error: SmartDCError, asked: int) -> str | None:
        """Say what is wrong when an error does not tell the id that its answer had."""
        if not isinstance(error, APIError | InvalidResponse) or not 0 < asked <= len(self.answers):
            return None
        told = {answer.request_id for answer in self.answers[:asked]}
        if None in told or getattr(error, 'request_id', None) in told:
            return None
        return f'{type(error).__name__} without request id: {error}'[:120]


def _where(error: Exception) -> str:
    """Return the last place in the package that an error came through."""
    frames = [
        each for each in traceback.extract_tb(error.__traceback__) if 'smartdc' in each.filename
    ]
    last = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
    return f'{last.filename.rpartition("/")[2]} {last.name}: {error}'[:120]


def replies(soak: Soak) -> list[Figure]:
    """Answer all calls of the client by garbage."""
    chance = soak.random('replies')
    trials = soak.times(20_000, least=300)
    garbage = Garbage(chance)
    wrong: Counter[str] = Counter()
    examples: dict[str, Trial] = {}
    with (
        Simulator() as cloud,
        Wire() as wire,
        client(wire.url, cloud.key_path, clock=Stepped(), timeout=(5.0, PATIENCE)) as sdc,
    ):
        for _ in soak.through('replies fuzzed', range(trials)):
            trial = Trial(garbage, chance)
            fault = trial.run(wire, sdc)
            if fault is not None:
                wrong[fault] += 1
                examples.setdefault(fault, trial)
    for fault, times in wrong.most_common():
        trial = examples[fault]
        soak.tell(f'{times}x {trial.name}: {fault}')
        for answer in trial.answers:
            soak.tell(f'    {answer.shown[:300]!r}')
    what = f'calls of {trials:,} with fuzzed replies that end badly'
    return [exactly(what, 0, wrong.total())]
