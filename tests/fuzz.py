"""Fuzzes the simulator with the published description of CloudAPI.

    python -m tests.fuzz [--requests 5000] [--seed 1]

Each request is one of the described operations, with ids that exist, ids that do not and garbage,
and bodies made from the schemas and then spoilt. It must not be answered by a 5xx that CloudAPI
does not give, nor by a good answer that the schema refuses.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from smartdc.simulator.wire import Response
from tests import openapi
from tests.simulator.clouds import Account

#: 5xx that CloudAPI gives itself: (status, code), where behaviour of the server says so.
KNOWN_5XX: dict[tuple[int, str | None], str] = {
    (500, None): 'pre-signed parameters that are not complete, and plain HTTP on a websocket',
    (501, 'NotImplementedError'): 'an image service without that feature',
    (501, 'NotAvailable'): 'exporting images needs Manta',
    (507, 'SubnetFull'): 'a network without a free address',
}

#: Requests that the real server leaves unanswered or crashes on; the double answers 500 there.
CRASHES = (
    re.compile(r'[A-Z]+ /acme/machines/(/.*)?(\?.*)?'),
    re.compile(r'POST /acme/machines/[^/]+/disks(\?.*)?'),
    re.compile(r'POST /acme/images(\?.*)?'),
)

GARBAGE: list[Any] = [
    '',
    ' ',
    '\x00',
    '../..',
    '%',
    'é',
    '-1',
    'x' * 300,
    None,
    True,
    -1,
    1e9,
    [],
    {},
]


class Fuzzer:
    """Makes requests out of the description, by a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        machines = [{'name': f'm{number}'} for number in range(5)]
        self.account = Account({'volumes': True, 'machines': machines})
        self.names = sorted(openapi.operations())
        self.seen: Counter[int] = Counter()
        self.faults: list[str] = []
        self.covered: set[str] = set()

    def run(self, requests: int) -> None:
        """Send so many requests and collect what is wrong with the answers."""
        for _ in range(requests):
            self.step()

    def step(self) -> None:
        """Send one request and look at its answer."""
        name = self.random.choice(self.names)
        method, pattern, operation = openapi.operations()[name]
        target = re.sub(r'\{(\w+)\}', lambda part: self._part(part[1], pattern), pattern)
        query = self._query(operation)
        if query:
            target += '?' + urlencode(query)
        body = self._body(operation)
        self.account.clock.advance(1)
        response = self.account.send(method, target, body, accept_version='~9||~8')
        self._judge(name, method, target, response)

    def _judge(self, name: str, method: str, target: str, response: Response) -> None:
        self.seen[response.status] += 1
        if 200 <= response.status < 300:
            self.covered.add(name)
            path = target.partition('?')[0]
            body = response.body if method != 'HEAD' else b''
            self.faults += [
                f'{method} {target}: {each}' for each in openapi.faults(method, path, body)
            ]
        if response.status >= 500 and not self._is_known(method, target, response):
            self.faults.append(f'{method} {target}: {response.status} {response.body[:200]!r}')
        self.account.cloud.failures.clear()

    def _is_known(self, method: str, target: str, response: Response) -> bool:
        try:
            code = json.loads(response.body).get('code')
        except ValueError:
            code = None
        crashes = any(each.fullmatch(f'{method} {target}') for each in CRASHES)
        return crashes or (response.status, code) in KNOWN_5XX

    def _part(self, name: str, pattern: str) -> str:
        if name == 'account':
            return 'acme'
        if self.random.random() < 0.15:
            return quote(str(self.random.choice(GARBAGE)), safe='')
        return quote(str(self.random.choice(self._known(name, pattern))), safe='')

    def _known(self, name: str, pattern: str) -> Sequence[Any]:
        """Return values of a path part that name something, if anything does."""
        kind = {'id': pattern.split('/')[2].rstrip('s')}.get(name, name)
        kind = {'fwrule': 'rule', 'dataset': 'image'}.get(kind, kind)
        if kind == 'vlan_id':
            return [2, 3]
        store = self.account.cloud.store
        home = '' if kind in ('key', 'user', 'role', 'policy', 'accesskeyid') else 'us-sw-1'
        try:
            found = [doc['id'] for doc in store.find(kind, home=home)]
        except KeyError:
            found = []
        return [*found, 'nothing'] if found else ['nothing', '00000000-0000-4000-8000-000000000000']

    def _query(self, operation: dict[str, Any]) -> dict[str, Any]:
        chosen = {}
        for parameter in operation.get('parameters', []):
            if parameter.get('in') == 'query' and self.random.random() < 0.4:
                chosen[parameter['name']] = self._value(parameter['schema'])
        return {name: value for name, value in chosen.items() if value is not None}

    def _body(self, operation: dict[str, Any]) -> Any:
        content = operation.get('requestBody', {}).get('content', {})
        if 'application/json' not in content or self.random.random() < 0.05:
            return None
        return self._value(content['application/json']['schema'])

    def _value(self, schema: Any, depth: int = 0) -> Any:
        """Return a value for a schema, and now and then garbage."""
        if depth > 5 or self.random.random() < 0.1:
            return self.random.choice(GARBAGE)
        if '$ref' in schema:
            return self._value(self._resolved(schema['$ref']), depth)
        for many in ('anyOf', 'oneOf', 'allOf'):
            if many in schema:
                return self._value(self.random.choice(schema[many]), depth + 1)
        if 'enum' in schema:
            return self.random.choice(schema['enum'])
        return self._by_type(schema, depth)

    def _by_type(self, schema: dict[str, Any], depth: int) -> Any:
        kind = schema.get('type')
        if kind == 'object':
            return {
                name: self._value(value, depth + 1)
                for name, value in schema.get('properties', {}).items()
                if name in schema.get('required', ()) or self.random.random() < 0.5
            }
        if kind == 'array':
            return [
                self._value(schema.get('items', {}), depth + 1)
                for _ in range(self.random.randrange(3))
            ]
        if kind in ('integer', 'number'):
            return self.random.choice([0, 1, 2, 10, 1024, 10240])
        if kind == 'boolean':
            return self.random.random() < 0.5
        return self._text(schema)

    def _text(self, schema: dict[str, Any]) -> str:
        if schema.get('format') == 'uuid':
            kind = self.random.choice(['image', 'package', 'network', 'machine'])
            return str(self.random.choice(self._known(kind, '//')))
        return self.random.choice(
            ['x', 'name1', '10.0.0.5', '10.1.0.0/24', 'CAN getmachine', 'a=b']
        )

    def _resolved(self, ref: str) -> Any:
        found: Any = openapi.description()
        for part in ref.removeprefix('#/').split('/'):
            found = found[part]
        return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz as the arguments say; the exit status is 1 when something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0] if __doc__ else '')
    parser.add_argument('--requests', type=int, default=5000, help='how many to send (5000)')
    parser.add_argument('--seed', type=int, default=1, help='the seed (1)')
    options = parser.parse_args(arguments)
    fuzzer = Fuzzer(options.seed)
    fuzzer.run(options.requests)
    counts = ', '.join(f'{status}: {count}' for status, count in sorted(fuzzer.seen.items()))
    print(f'{options.requests} requests, seed {options.seed}; {counts}')
    print(f'{len(fuzzer.covered)} operations had a good answer; {len(fuzzer.faults)} faults')
    for fault in fuzzer.faults[:40]:
        print(' ', fault)
    return 1 if fuzzer.faults else 0


if __name__ == '__main__':
    sys.exit(main())
