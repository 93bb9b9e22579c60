"""Reads recover: from each kind of fault, and from faults that come independently."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smartdc import DataCenter, SmartDCError
from smartdc.retrying import DEFAULT_RETRY
from smartdc.simulator import Simulator, SteppedClock
from tests.servers import json_reply
from tests.soak.clients import Answers, Stepped, client, counted, strike
from tests.soak.figures import Figure, Soak, at_most, exactly
from tests.soak.wire import Act, Wire, close, hang, reset, send

#: What is read, and what is answered.
READS: dict[str, tuple[Callable[[DataCenter], Any], Any]] = {
    'keys': (lambda sdc: sdc.keys(), [{'name': 'laptop', 'fingerprint': 'aa:bb'}]),
    'packages': (lambda sdc: sdc.packages(), [{'id': 'p1', 'memory': 1024}]),
    'account': (lambda sdc: sdc.account(), {'login': 'acme', 'email': 'a@example.com'}),
    'networks': (lambda sdc: sdc.networks(), []),
}

#: How long a read waits for an answer that does not come, in seconds.
PATIENCE = 0.25


def good(data: Any) -> bytes:
    """Return a good answer, with its digest."""
    body = json.dumps(data).encode()
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    return json_reply(200, body, Content_MD5=digest, Request_Id='good')


def refusal(status: int) -> Act:
    """Answer with an error as CloudAPI writes them."""
    return send(json_reply(status, b'{"code": "SomeError", "message": "not now"}'))


def flipped(answer: bytes) -> bytes:
    """Return an answer with a bit of its body turned over."""
    head, end, body = answer.partition(b'\r\n\r\n')
    return head + end + bytes([body[0] ^ 1]) + body[1:]


#: The kinds of fault: what a connection does instead of giving the good answer.
FAULTS: dict[str, Callable[[bytes], Act]] = {
    'reset before the reply': lambda _: reset(),
    'reset in the reply': lambda answer: reset(answer[: len(answer) // 2]),
    'end before the reply': lambda _: close,
    'cut body': lambda answer: send(answer[:-1]),
    'flipped byte': lambda answer: send(flipped(answer)),
    'broken JSON': lambda _: send(json_reply(200, b'[{"name": ')),
    '420': lambda _: refusal(420),
    '429': lambda _: refusal(429),
    '500': lambda _: refusal(500),
    '502': lambda _: refusal(502),
    '503': lambda _: refusal(503),
    '504': lambda _: refusal(504),
    'read timeout': lambda _: hang(),
}
REFUSED = 'refused'


def recovers(key: Path, fault: str, times: int, read: str) -> bool:
    """Say whether a fresh client reads what it should, after so many faults of a kind."""
    call, data = READS[read]
    answer = good(data)
    left = [times]

    def on_sleep() -> None:
        left[0] -= 1
        if fault == REFUSED and left[0] == 0:
            wire.listen()

    acts = [] if fault == REFUSED else [FAULTS[fault](answer)] * times
    wire = Wire(*acts, otherwise=send(answer), listening=fault != REFUSED)
    patience = PATIENCE if fault == 'read timeout' else 30.0
    with wire, client(wire.url, key, clock=Stepped(on_sleep), timeout=(5.0, patience)) as sdc:
        try:
            return bool(call(sdc) == data)
        except SmartDCError:
            return False


def each_fault(soak: Soak) -> list[Figure]:
    """Try each kind of fault, one to three times and then well."""
    chance = soak.random('reads')
    trials = soak.times(1000, least=14)
    kinds = [REFUSED, *FAULTS]
    lost: Counter[str] = Counter()
    with Simulator() as cloud:
        for number in soak.through('reads that recover', range(trials)):
            fault, read = kinds[number % len(kinds)], chance.choice(list(READS))
            lost[fault] += not recovers(cloud.key_path, fault, chance.randint(1, 3), read)
    told = ', '.join(f'{count} of {fault}' for fault, count in lost.items() if count)
    return [
        exactly(
            f'reads of {trials:,} that recover from {len(kinds)} kinds of fault, each 1 to 3 '
            f'times{told and f" (lost: {told})"}',
            trials,
            trials - lost.total(),
        )
    ]


def independent(soak: Soak, share: float, promised: float) -> list[Figure]:
    """Make many calls of which each attempt fails by chance; `promised` is the part that succeeds.

    A call fails when all of its attempts do. Few calls may fail a little more often, by chance.
    """
    chance = soak.random(f'independent {share}')
    calls = soak.times(10_000, least=100)
    theory = calls * share**DEFAULT_RETRY.attempts
    limit = max(round(calls * (1 - promised)), math.ceil(theory + 3.1 * math.sqrt(theory)))
    failed = 0
    with Simulator(job_time=0, clock=SteppedClock()) as cloud, cloud.datacenter() as sdc:
        reads: list[Callable[[], Any]] = [
            *(sdc.keys, sdc.packages, sdc.images, sdc.networks, sdc.account)
        ]
        expected = [read() for read in reads]
        strike(cloud, share, soak.seed)
        signed = counted(sdc)
        with Answers() as answers:
            for _ in soak.through(f'calls through {share:.0%} faults', range(calls)):
                which = chance.randrange(len(reads))
                try:
                    failed += reads[which]() != expected[which]
                except SmartDCError:
                    failed += 1
    bad = 1 - answers.seen[200] / signed.attempts
    what = f'calls of {calls:,} that fail when {bad:.1%} of the attempts do'
    return [at_most(what, limit, failed)]


def twenty(soak: Soak) -> list[Figure]:
    """Let a fifth of the attempts fail."""
    return independent(soak, 0.20, 0.999)


def thirty(soak: Soak) -> list[Figure]:
    """Let almost a third of the attempts fail."""
    return independent(soak, 0.30, 0.996)
