"""What may keep a request from its operation for a while: read-only mode, and the throttle.

Both are off unless the data center's world says otherwise: `"read_only": "a message"` or `true`,
and `"throttle": 10` (requests a second). `"read_only_until": "2026-01-02T04:00:00Z"` is what
Retry-After tells of it.
"""

from __future__ import annotations

from smartdc.simulator.calls import Call
from smartdc.simulator.clock import http_date
from smartdc.simulator.wire import Refusal

#: How many requests a rested account may send at once.
BURST = 30


def check_read_only(call: Call) -> None:
    """Refuse writes while the data center is read-only."""
    settings = call.cloud.datacenter(call.home)
    message = settings.get('read_only')
    if not message or call.request.method in ('GET', 'HEAD'):
        return
    text = message if isinstance(message, str) else 'This Triton data center is being upgraded'
    until = settings.get('read_only_until')
    headers = {} if until is None else {'Retry-After': http_date(until)}
    raise Refusal(503, 'ServiceUnavailableError', text, headers=headers)


def check_throttle(call: Call) -> None:
    """Refuse what exceeds an account's rate on one kind of resource: a bucket of tokens."""
    rate = call.cloud.datacenter(call.home).get('throttle')
    if not rate:
        return
    bucket = (call.login, f'{call.home}{call.route.pattern.split("/")[2:3]}')
    tokens, at = call.cloud.buckets.get(bucket, (float(BURST), call.now))
    tokens = min(float(BURST), tokens + (call.now - at) * rate)
    if tokens < 1:
        call.cloud.buckets[bucket] = (tokens, call.now)
        text = f'You have exceeded your request rate of {rate:g} r/s.'
        raise Refusal(429, 'TooManyRequestsError', text)
    call.cloud.buckets[bucket] = (tokens - 1, call.now)
