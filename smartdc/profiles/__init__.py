"""Where the account, the key and the data center come from: the profiles of the triton CLI.

>>> from smartdc import profiles
>>> explanation = profiles.explain()
>>> explanation.settings[0].name
'profile'

A profile is a file, `profiles.d/NAME.json` in the configuration directory, or `env`, which is the
environment: TRITON_URL, TRITON_ACCOUNT, TRITON_USER, TRITON_KEY_ID, TRITON_KEY_FILE,
TRITON_TLS_INSECURE and TRITON_ACT_AS, all but the last also with SDC in place of TRITON. The
one that counts is named by the caller, else by TRITON_PROFILE, else by config.json, else it is
`env`. TRITON_ROLE goes with any of them.
"""

from __future__ import annotations

import builtins

from smartdc.profiles.places import directory
from smartdc.profiles.resolve import (
    Explanation,
    Setting,
    chosen,
    explain,
    is_configured,
    settings,
)
from smartdc.profiles.store import Profile, delete, listed, names, save, set_current

__all__ = [
    'Explanation',
    'Profile',
    'Setting',
    'current',
    'delete',
    'directory',
    'explain',
    'is_configured',
    'list',
    'names',
    'save',
    'set_current',
    'settings',
]


def current() -> str:
    """Return the name of the profile that is used when none is named."""
    return str(chosen()[0])


def list() -> builtins.list[Profile]:  # noqa: A001 - said as profiles.list()
    """Return the saved profiles, and the environment's if it is complete, sorted by name.

    What cannot be read is left out, with a warning.
    """
    return listed(current())
