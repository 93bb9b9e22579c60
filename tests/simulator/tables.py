"""The recorded answers of the real engines, and the keys of the recorded world."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

from smartdc.simulator.signature import KeyId
from smartdc.simulator.ssh_keys import PublicKey

DATA = Path(__file__).parent.parent / 'data'


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a table, such as `engines/keys`."""
    lines = (DATA / f'{name}.jsonl').read_text(encoding='utf-8').split('\n')
    return [json.loads(line) for line in lines if line.strip()]


def seconds(date: str) -> float:
    """Return the time of a well-formed Date header."""
    return parsedate_to_datetime(date).timestamp()


def recorded_key(what: str) -> str:
    """Return the text of the key that a row of the recorded keys describes like this."""
    return str(next(row['body']['key'] for row in rows('engines/keys') if row['what'] == what))


@cache
def _world_keys() -> dict[tuple[str, str | None, str], PublicKey]:
    """Return the keys of the recorded world by account, sub-user and fingerprint or name."""
    found = {}
    for account in json.loads((DATA / 'wire/world.json').read_text())['accounts']:
        owners = [(None, account), *((user['login'], user) for user in account.get('users', ()))]
        for user, owner in owners:
            for stored in owner['keys']:
                key = PublicKey.parse(stored['key'])
                for login in (account['login'], account['id']):
                    found[login, user, key.fingerprint] = key
                    found[login, user, stored['name']] = key
    return found


def world_key(key_id: KeyId) -> PublicKey | None:
    """Return the key of the recorded world that a keyId names, None if there is none."""
    return _world_keys().get((key_id.login, key_id.user, key_id.key))
