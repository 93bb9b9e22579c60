"""What may keep a request from its operation for a while: read-only mode, and the throttle.

Both are off unless the data center's world says otherwise: `"read_only": "a message"` or `true`,
and `"throttle": 10` (requests a second).
"""

from __future__ import annotations

from smartdc.simulator.calls import Call
from smartdc.simulator.wire import Refusal

#: How many requests a rested account may send at once.
BURST = 30


def check_read_only(call: Call) -> None:
    """Refuse writes while the data center is read-only."""
    message = call.cloud.datacenter(call.home).get('read_only')
    if not message or call.request.method in ('GET', 'HEAD'):
        return
    text = message if isinstance(message, str) else 'This Triton data center is being upgraded'
    raise Refusal(503, 'ServiceUnavailableError', text)


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
