"""The saved profiles: listing, saving and deleting them, for the triton CLI as well."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from smartdc.errors import ConfigurationError
from smartdc.profiles.fields import (
    ENV,
    NAMES,
    Sourced,
    check,
    from_environment,
    from_file,
    is_complete,
)
from smartdc.profiles.places import (
    config_path,
    directory,
    is_there,
    profile_path,
    read_config,
    write_json,
)


class Profile(NamedTuple):
    """A data center, an account and a key under a name.

    `key_id` is the fingerprint of the key, None where TRITON_KEY_FILE alone says which one it is.
    `path` is the file, None for the environment's. The `current` profile is the one that is used
    when none is named.
    """

    name: str
    url: str
    account: str
    key_id: str | None
    user: str | None = None
    insecure: bool | None = None
    roles: tuple[str, ...] = ()
    act_as: str | None = None
    path: Path | None = None
    current: bool = False


def names() -> list[str]:
    """Return the names of the saved profiles, sorted, and whether they can be read or not."""
    return sorted(name for name in _names_of_files() if name.lower() != ENV)


def _names_of_files() -> list[str]:
    found = directory().glob('profiles.d/*.json')
    return [path.stem for path in found if not path.name.startswith('.')]


def listed(chosen: str | None) -> list[Profile]:
    """Return the saved profiles and the environment's, by name; `chosen` is the current one.

    What cannot be read is left out, with a warning.
    """
    found: list[Profile] = []
    for name in [None, *_names_of_files()]:
        try:
            if name is None:
                found.extend(_of_environment(chosen))
            elif name.lower() == ENV:
                raise ConfigurationError(f'{profile_path(name)}: env is the environment, no file')
            else:
                found.append(_profile(name, from_file(name), chosen))
        except ConfigurationError as error:
            warnings.warn(f'left out: {error}', stacklevel=3)
    return sorted(found, key=lambda profile: profile.name)


def _of_environment(chosen: str | None) -> list[Profile]:
    environment = from_environment()
    return [_profile(ENV, environment, chosen)] if is_complete(environment) else []


def _profile(name: str, fields: dict[str, Sourced], chosen: str | None) -> Profile:
    known: dict[str, Any] = {
        field: value for field, (value, _) in fields.items() if field != 'key_file'
    }
    known = {'key_id': None, **known, 'roles': tuple(known.get('roles', ()))}
    path = None if name == ENV else profile_path(name)
    return Profile(name, **known, path=path, current=name == chosen)


def save(
    name: str,
    *,
    url: str,
    account: str,
    key_id: str,
    user: str | None = None,
    insecure: bool | None = None,
    roles: Sequence[str] = (),
    act_as: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Save a profile for this library and the triton CLI, and return the path of its file.

    `key_id` is the fingerprint of the key, `user` a sub-user, `act_as` the account whose
    resources are meant; `insecure` gives up the check of the server's certificate. Raises
    ConfigurationError for `env`, for what is no profile, and for one that exists unless
    `overwrite` is given.
    """
    path = profile_path(name)
    if name.lower() == ENV:
        raise ConfigurationError('the profile env is the environment: save another name')
    if name.startswith('.'):
        raise ConfigurationError(f'not a name that a profile can have: {name!r} would be hidden')
    given = {
        'url': url,
        'account': account,
        'user': user,
        'key_id': key_id,
        'insecure': insecure,
        'roles': [roles] if isinstance(roles, str) else list(roles),
        'act_as': act_as,
    }
    content = {field: given[own] for field, own in NAMES.items() if given[own] not in (None, [])}
    check(content, f'the profile {name!r}')
    if is_there(path) and not overwrite:
        raise ConfigurationError(f'there is a profile {name!r} already, {path}: use overwrite=True')
    write_json(path, content)
    return path


def delete(name: str) -> None:
    """Delete a saved profile; if it was the current one, the environment is from now on.

    Raises ConfigurationError when there is none of that name.
    """
    path = profile_path(name)
    if name == ENV:
        raise ConfigurationError('the profile env is the environment: it cannot be deleted')
    if saved_as_current() == name:
        set_current(ENV)
    try:
        path.unlink()
    except OSError as error:
        raise ConfigurationError(f'cannot delete {path}: {error.strerror or error}') from None


def saved_as_current() -> str | None:
    """Return the name that config.json has for the current profile, None if it has none."""
    return read_config().get('profile') or None


def set_current(name: str) -> None:
    """Make a profile the one that is used when none is named, here and by the triton CLI.

    `env` is the environment. Raises ConfigurationError when there is none of that name.
    """
    if name != ENV:
        from_file(name)
    config = dict(read_config())
    if config.get('profile') and config['profile'] != name:
        config['oldProfile'] = config['profile']
    write_json(config_path(), {**config, 'profile': name})
