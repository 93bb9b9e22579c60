"""Where the account, the key and the data center come from."""

from __future__ import annotations

import os
from typing import Any

from smartdc.errors import ConfigurationError


def settings(name: str | None = None) -> dict[str, Any]:
    """Return what the environment says, as arguments for DataCenter.

    Each variable is read as TRITON_NAME, else as SDC_NAME. `name` may be `env`, the profile of
    the environment. Raises ConfigurationError naming what is missing.
    """
    if name not in (None, 'env'):
        raise ConfigurationError(f'no profile {name!r}: only env, the environment, can be used')
    url, account, key_id = (_variable(part) for part in ('URL', 'ACCOUNT', 'KEY_ID'))
    secret = _variable('KEY_FILE')
    missing = [
        f'TRITON_{part}'
        for part, value in (('URL', url), ('ACCOUNT', account), ('KEY_ID', key_id or secret))
        if not value
    ]
    if missing:
        raise ConfigurationError(
            f'the environment has no {" and no ".join(missing)}; the triton CLI uses the same '
            'variables, and python -m smartdc.simulator prints a set'
        )
    return {
        'location': url,
        'login': account,
        'key_id': key_id,
        'secret': secret or '~/.ssh/id_rsa',
        'allow_agent': not secret,
        'verify': not _is_true(_variable('TLS_INSECURE')),
    }


def is_configured() -> bool:
    """Say whether the environment has everything that `settings` needs."""
    return bool(
        _variable('URL') and _variable('ACCOUNT') and (_variable('KEY_ID') or _variable('KEY_FILE'))
    )


def _variable(part: str) -> str | None:
    return os.environ.get(f'TRITON_{part}') or os.environ.get(f'SDC_{part}') or None


def _is_true(text: str | None) -> bool:
    return (text or '').lower() in ('1', 'true', 'yes')
