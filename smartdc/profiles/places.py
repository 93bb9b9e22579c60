"""Where profiles are: the configuration directory of the triton CLI and its config.json."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smartdc.errors import ConfigurationError
from smartdc.shapes import is_object

_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\\ud800-\udfff]')


def directory() -> Path:
    """Return the directory that profiles are read from.

    That is TRITON_CONFIG_DIR, else `triton` in XDG_CONFIG_HOME if that is set, else ~/.triton; on
    Windows Joyent/Triton in APPDATA comes in place of the last two.
    """
    return _directory()[0]


def why_there() -> str:
    """Say what made the directory be that one: a variable, or `default`."""
    return _directory()[1]


def other_directory() -> Path | None:
    """Return the default directory, when there are profiles but another one is read."""
    default = _home() / '.triton'
    if default != directory() and any(default.glob('profiles.d/*.json')):
        return default
    return None


def _directory() -> tuple[Path, str]:
    env = os.environ
    if env.get('TRITON_CONFIG_DIR'):
        return _expanded(env['TRITON_CONFIG_DIR']), 'TRITON_CONFIG_DIR'
    if os.name == 'nt' and env.get('APPDATA'):
        return Path(env['APPDATA'], 'Joyent', 'Triton'), 'APPDATA'
    if env.get('XDG_CONFIG_HOME'):
        return Path(env['XDG_CONFIG_HOME']).absolute() / 'triton', 'XDG_CONFIG_HOME'
    return _home() / '.triton', 'default'


def _expanded(path: str) -> Path:
    return (_home() / path[2:] if path.startswith('~/') else Path(path)).absolute()


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise ConfigurationError('no home directory is known: set HOME') from None


def profile_path(name: str) -> Path:
    """Return the path of the file that a profile of this name has or would have.

    Raises ConfigurationError for a name that cannot be one.
    """
    if not isinstance(name, str) or not name or name == '..' or _UNFIT.search(name):
        raise ConfigurationError(f'not a name that a profile can have: {name!r}')
    return directory() / 'profiles.d' / f'{name}.json'


def docker_directory(url: str, account: str, user: str | None = None) -> Path:
    """Return the directory with what a docker client needs for a data center and an account.

    The triton CLI names it after both; `user` is a sub-user of the account.
    """
    who = f'{user}-{account}' if user else account
    where = re.sub('^https?://', '', url)
    slug = re.sub(r'[!#$%^&*:\'"?/\\.]', '_', f'{who.replace("@", "_")}@{where}')
    return directory() / 'docker' / slug


def config_path() -> Path:
    """Return the path of config.json, which says what the current profile is."""
    return directory() / 'config.json'


def read_config() -> Mapping[str, Any]:
    """Return what config.json says; nothing if it is not there."""
    path = config_path()
    if not is_there(path):
        return {}
    config = read_json(path)
    if not is_object(config):
        raise ConfigurationError(f'{path} is not a JSON object')
    profile = config.get('profile')
    if profile and not isinstance(profile, str):
        raise ConfigurationError(f'{path}: the field profile is to be a string, the name of one')
    return config


def is_there(path: Path) -> bool:
    """Say whether there is such a file; ConfigurationError where that cannot be told."""
    try:
        return path.exists()
    except OSError as error:  # no right to look, for one
        raise ConfigurationError(f'cannot read {path}: {error.strerror or error}') from None


def read_json(path: Path) -> Any:
    """Return the content of a file; ConfigurationError with its name when it is not JSON."""
    try:
        return json.loads(path.read_text('utf-8'))
    except OSError as error:
        raise ConfigurationError(f'cannot read {path}: {error.strerror or error}') from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f'{path} is not valid JSON: {error}') from None


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file in the triton CLI's way, all of it or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix='.new-', dir=path.parent)
        try:
            with os.fdopen(descriptor, 'w', encoding='utf-8') as file:
                json.dump(content, file, indent=4)
            os.replace(name, path)  # noqa: PTH105 - mkstemp gives a string
        except BaseException:
            os.unlink(name)  # noqa: PTH108
            raise
    except OSError as error:
        raise ConfigurationError(f'cannot write {path}: {error.strerror or error}') from None
