"""What a new machine is told, in the words of a request."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smartdc.chapter import pairs, script
from smartdc.errors import InvalidInput, ValidationFailed

_NAME = re.compile(r'[a-zA-Z0-9][a-zA-Z0-9_.-]{0,188}')

#: What the server replaces in a name by a part of the machine's id.
SHORT_ID = '{{shortId}}'


def new_name() -> str:
    """Return a name that no machine has."""
    return f'machine-{secrets.token_hex(4)}'


def checked_name(name: str) -> str:
    """Return a name that a machine can have; raise InvalidInput for another."""
    if not _NAME.fullmatch(str(name).replace(SHORT_ID, 'id')):
        raise InvalidInput(
            f'not a machine name: {name!r}. It has letters, digits, "_", "." and "-", begins '
            'with a letter or digit, and may contain {{shortId}}'
        )
    return name


def whole_name(name: str) -> str:
    """Return a name that a machine can have, and that can be looked for."""
    if SHORT_ID in str(name):
        raise InvalidInput(f'a machine is looked for by its whole name, not by {name!r}')
    return checked_name(name)


def is_taken(error: ValidationFailed) -> bool:
    """Say whether a machine was refused because its name is taken."""
    return any(
        each.get('field') == 'alias' and str(each.get('code')).startswith('Duplicate')
        for each in error.errors
    )


def prefixed(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return names and values with dotted names, as machines are made and looked for by them."""
    return {f'{prefix}.{name}': value for name, value in values.items()}


def metadata_of(given: Mapping[str, Any] | None, boot_script: str | Path | None) -> dict[str, Any]:
    """Return the metadata of a new machine; passwords go as the JSON text that CloudAPI takes."""
    found = dict(given) if isinstance(given, Mapping) else given
    if isinstance(found, dict) and isinstance(found.get('credentials'), Mapping):
        found['credentials'] = json.dumps(dict(found['credentials']))
    checked = pairs('metadata', found, {})
    if boot_script is not None:
        checked['user-script'] = script(boot_script)
    return checked
