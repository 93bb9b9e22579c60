"""From a name, the files and the environment to the arguments of a DataCenter."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from smartdc.errors import ConfigurationError
from smartdc.key_files import is_text
from smartdc.locations import shown
from smartdc.profiles import fields, places, store
from smartdc.profiles.fields import ENV, Sourced
from smartdc.ssh_keys import parse_fingerprint

#: What each argument of a DataCenter is called in a profile.
ARGUMENTS = {
    'location': 'url',
    'login': 'account',
    'user': 'user',
    'key_id': 'key_id',
    'secret': 'key_file',
    'as_role': 'roles',
    'act_as': 'act_as',
}
_REPLACING = {*ARGUMENTS, 'verify', 'auth'} - {'secret'}
_SHOWN = ('url', 'account', 'user', 'key_id', 'key_file', 'insecure', 'roles', 'act_as')
#: The key of the ids of old, such as /login/keys/name, which only the server understands.
_OLD_KEY_FILE = '~/.ssh/id_rsa'


class Setting(NamedTuple):
    """A setting, its value as it may be shown, and where it came from."""

    name: str
    value: str
    source: str


class Explanation(Mapping[str, Setting]):
    """Every setting with its origin, and what is worth knowing besides; print it.

    It is a mapping of their names to the settings.
    """

    def __init__(self, settings: Sequence[Setting], notes: Sequence[str] = ()) -> None:
        self.settings: tuple[Setting, ...] = tuple(settings)
        self.notes: tuple[str, ...] = tuple(notes)

    def __getitem__(self, name: str) -> Setting:
        """Return the setting of that name; KeyError where there is none."""
        return {each.name: each for each in self.settings}[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the settings, in the order in which they are printed."""
        return (each.name for each in self.settings)

    def __len__(self) -> int:
        return len(self.settings)

    def __str__(self) -> str:
        rows = [('SETTING', 'VALUE', 'FROM')]
        rows += [(each.name, each.value, each.source) for each in self.settings]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        lines = [f'{a:{widths[0]}}  {b:{widths[1]}}  {c}'.rstrip() for a, b, c in rows]
        return '\n'.join([*lines, *(f'note: {note}' for note in self.notes)])


class Resolved(NamedTuple):
    """The profile that is meant and its fields, each with its origin."""

    name: str
    source: str
    found: dict[str, Sourced]
    notes: list[str]

    def value(self, name: str) -> Any:
        """Return a field's value, None if nothing sets it."""
        return self.found.get(name, (None, ''))[0]


def chosen(name: str | None = None) -> Sourced:
    """Return the name of the profile that counts, and what says so."""
    if name:
        return name, 'named'
    if os.environ.get('TRITON_PROFILE'):
        return os.environ['TRITON_PROFILE'], 'TRITON_PROFILE'
    saved = store.saved_as_current()
    return (saved, str(places.config_path())) if saved else (ENV, 'default')


def resolve(name: str | None = None, given: Mapping[str, Any] | None = None) -> Resolved:
    """Find out what counts: the arguments given, else TRITON_ROLE, else the profile."""
    profile, source = chosen(name)
    above = _above(given or {})
    found = fields.from_environment() if profile == ENV else fields.from_file(profile, above)
    resolved = Resolved(profile, source, {**found, **above}, notes=[])
    if not name and source != 'TRITON_PROFILE':
        resolved.notes.extend(_ignored(resolved))
    return resolved


def _above(given: Mapping[str, Any]) -> dict[str, Sourced]:
    """Return what stands above every profile."""
    roles = fields.roles_of_environment()
    above = {} if roles is None else {'roles': roles}
    for argument, value in given.items():
        if argument in ARGUMENTS and value is not None:
            above[ARGUMENTS[argument]] = (value, f'the argument {argument}')
    if 'verify' in given:
        above['insecure'] = (given['verify'] is False, 'the argument verify')
    if 'auth' in given:
        above.setdefault('key_id', (None, 'the argument auth'))
    return above


def _ignored(resolved: Resolved) -> list[str]:
    """Say so when a complete environment is passed over for a saved profile."""
    if resolved.name == ENV:
        return []
    try:
        environment = fields.from_environment()
    except ConfigurationError:
        return []
    if not fields.is_complete(environment) or all(
        resolved.value(each) == environment.get(each, (None,))[0]
        for each in ('url', 'account', 'user', 'key_id')
    ):
        return []
    variables = ', '.join(
        environment[each][1] for each in ('url', 'account', 'key_id') if each in environment
    )
    return [
        f'{variables} are set but not used: the profile {resolved.name!r} is saved as the current '
        "one. TRITON_PROFILE=env, or the profile name 'env', uses them"
    ]


def settings(
    name: str | None = None, given: Mapping[str, Any] | None = None, *, stacklevel: int = 2
) -> dict[str, Any]:
    """Return what a profile says as arguments for DataCenter; those `given` win.

    `name` is that of a profile, as for `DataCenter.from_profile`. Warns when a complete
    environment is not used because a profile is saved, and when the server's certificate will not
    be checked. Raises ConfigurationError naming what is missing or wrong, and where.
    """
    # None is as if not given, but for what has a meaning of its own: secret=None, retries=None.
    given = {
        argument: value
        for argument, value in (given or {}).items()
        if value is not None or argument not in _REPLACING
    }
    resolved = resolve(name, given)
    _check(resolved, given)
    insecure = resolved.value('insecure') and 'verify' not in given
    if insecure:
        resolved.notes.append(
            f"the server's certificate is not checked: insecure comes from "
            f'{resolved.found["insecure"][1]}. verify=True, or the path of a CA file, checks it'
        )
    for note in resolved.notes:
        warnings.warn(note, stacklevel=stacklevel)
    secret = resolved.value('key_file')
    if not secret and _names_no_key(resolved.value('key_id')):
        secret = _OLD_KEY_FILE
    return {
        'location': resolved.value('url'),
        'login': resolved.value('account'),
        'user': resolved.value('user'),
        'key_id': resolved.value('key_id'),
        'secret': secret,
        'allow_agent': secret in (None, _OLD_KEY_FILE),
        'verify': not insecure,
        'as_role': tuple(resolved.value('roles') or ()),
        'act_as': resolved.value('act_as'),
        **given,
    }


def _names_no_key(key_id: Any) -> bool:
    _, keys, name = str(key_id).partition('/keys/')
    return bool(keys) and parse_fingerprint(name) is None


def _check(resolved: Resolved, given: Mapping[str, Any]) -> None:
    needed = {'url': 'URL', 'account': 'ACCOUNT', 'key_id': 'KEY_ID'}
    if 'auth' in given or 'key_file' in resolved.found:
        del needed['key_id']
    missing = [f'TRITON_{part}' for each, part in needed.items() if not resolved.value(each)]
    if missing:
        text = (
            f'the environment has no {" and no ".join(missing)}; the triton CLI uses the same '
            'variables, and python -m smartdc.simulator prints a set'
        )
        saved = store.names()
        if saved:
            text += f'. There are profiles, but none is the current one: {", ".join(saved)}'
        other = places.other_directory()
        if other:
            text += f'. {other} has profiles, but {places.why_there()} names another directory'
        raise ConfigurationError(text)
    url, source = resolved.found['url']
    if resolved.name == ENV and 'location' not in given:
        fields.check_url(url, source)


def is_configured() -> bool:
    """Say whether there is a profile to use: one that is named, or a complete environment."""
    try:
        return chosen() != (ENV, 'default') or fields.is_complete(fields.from_environment())
    except ConfigurationError:
        return True  # using it tells what is wrong


def explain(name: str | None = None) -> Explanation:
    """Return every setting with its value and where it came from, to be printed.

    `name` is that of a profile, as for `DataCenter.from_profile`. Secrets are masked. Raises
    ConfigurationError for a profile that is not there or cannot be read.
    """
    resolved = resolve(name)
    config = Setting('directory', str(places.directory()), places.why_there())
    rows = [Setting('profile', resolved.name, resolved.source), config]
    for each in _SHOWN:
        value, source = resolved.found.get(each, (None, 'not set'))
        rows.append(Setting(each, _text(each, value), source))
    notes = list(resolved.notes)
    other = places.other_directory()
    if other:
        notes.append(f'{other} has profiles too, but is not read')
    return Explanation(rows, notes)


def _text(name: str, value: Any) -> str:
    if value is None:
        return '-'
    if name == 'roles':
        return ', '.join(value) or '-'
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if name == 'key_file' and is_text(value):
        return '(the key itself, not shown)'
    return shown(value) if name == 'url' else str(value)
