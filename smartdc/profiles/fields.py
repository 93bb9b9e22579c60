"""What is in a profile, a file or the environment, and what can be wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from typing import Any

from smartdc.errors import ConfigurationError, InvalidInput
from smartdc.locations import base_url
from smartdc.profiles.places import (
    directory,
    is_there,
    other_directory,
    profile_path,
    read_json,
)
from smartdc.shapes import are_texts, is_object

#: The fields of a profile file, and what each is called here.
NAMES = {
    'url': 'url',
    'account': 'account',
    'user': 'user',
    'keyId': 'key_id',
    'insecure': 'insecure',
    'roles': 'roles',
    'actAsAccount': 'act_as',
}
#: The profile that the environment is.
ENV = 'env'

_NEEDED = ('url', 'account', 'key_id')
_VARIABLES = {'url': 'URL', 'account': 'ACCOUNT', 'user': 'USER', 'key_id': 'KEY_ID'}
_BOOLEANS = {'true': True, '1': True, 'false': False, '0': False}

#: Halves of characters, which no encoding has.
_HALF = re.compile('[\ud800-\udfff]')

#: A value and where it came from.
Sourced = tuple[Any, str]


def from_file(name: str, replaced: Collection[str] = ()) -> dict[str, Sourced]:
    """Return the fields of a saved profile; ConfigurationError naming file and field.

    What is wrong with those that are `replaced` does not matter.
    """
    path = profile_path(name)
    if not is_there(path):
        raise ConfigurationError(_no_such(name))
    content = read_json(path)
    where = f'the profile {name!r}, {path}'
    if not is_object(content):
        raise ConfigurationError(f'{where}, is not a JSON object')
    check(content, where, replaced)
    return {
        NAMES[field]: (value, str(path))
        for field, value in content.items()
        if field in NAMES and NAMES[field] not in replaced and value not in (None, '')
    }


def _no_such(name: str) -> str:
    folder = directory() / 'profiles.d'
    names = ', '.join(sorted(path.stem for path in folder.glob('*.json'))) or 'none'
    text = f'no profile {name!r} in {folder}: there is {names}'
    other = other_directory()
    return f'{text}; {other} has profiles too, but is not read' if other else text


def check(content: Mapping[str, Any], where: str, replaced: Collection[str] = ()) -> None:
    """Refuse what the triton CLI refuses, and what could not work."""
    if content.get('name'):
        raise ConfigurationError(
            f'{where}, must not have the field name: the name of the file is that of the profile'
        )
    unknown = [field for field in content if field not in NAMES and field != 'name']
    if unknown:
        raise ConfigurationError(
            f'{where}, has unknown fields: {", ".join(unknown)}. A profile has ' + ', '.join(NAMES)
        )
    for field, own in NAMES.items():
        if own in replaced:
            continue
        value, kind = content.get(field), _expected(field)
        if value is not None and not _is(kind, value):
            raise ConfigurationError(f'{where}: the field {field} is to be {kind}')
        if _HALF.search(''.join(value) if are_texts(value) else str(value)):
            raise ConfigurationError(f'{where}: the field {field} is not text: {value!r}')
        if own in _NEEDED and not value:
            raise ConfigurationError(f'{where}: the field {field} is missing or empty')
    if 'url' not in replaced:
        check_url(content['url'], f'{where}: the field url')


def _expected(field: str) -> str:
    kinds = {'insecure': 'true or false', 'roles': 'a list of strings'}
    return kinds.get(field, 'a string')


def _is(kind: str, value: Any) -> bool:
    if kind == 'true or false':
        return isinstance(value, bool)
    if kind == 'a list of strings':
        return are_texts(value)
    return isinstance(value, str)


def check_url(url: str, where: str) -> None:
    """Refuse what is no URL of a CloudAPI, saying where it stands."""
    try:
        base_url(url, {})
    except InvalidInput as error:
        raise ConfigurationError(f'{where} is no URL of a CloudAPI: {error}') from None


def from_environment() -> dict[str, Sourced]:
    """Return the fields that the environment has; each variable is TRITON_ before SDC_."""
    found: dict[str, Sourced] = {}
    for field, part in _VARIABLES.items():
        name, value = variable(part)
        if value:
            found[field] = (value, name)
    name, value = variable('KEY_FILE')
    if value:
        found['key_file'] = (value, name)
    if os.environ.get('TRITON_ACT_AS'):
        found['act_as'] = (os.environ['TRITON_ACT_AS'], 'TRITON_ACT_AS')
    insecure = _insecure()
    return {**found, 'insecure': insecure} if insecure else found


def is_complete(found: Mapping[str, Sourced]) -> bool:
    """Say whether the fields tell where, who and with which key."""
    return 'url' in found and 'account' in found and ('key_id' in found or 'key_file' in found)


def variable(part: str) -> tuple[str, str]:
    """Return the name and value of the variable that is set: TRITON_ before SDC_."""
    for name in (f'TRITON_{part}', f'SDC_{part}'):
        if os.environ.get(name):
            return name, os.environ[name]
    return f'TRITON_{part}', ''


def _insecure() -> Sourced | None:
    name, value = variable('TLS_INSECURE')
    if value:
        if value not in _BOOLEANS:
            raise ConfigurationError(f'{name} is to be 1 or 0, true or false, not {value!r}')
        return _BOOLEANS[value], name
    # The tools of old took any text for yes.
    return (True, 'SDC_TESTING') if os.environ.get('SDC_TESTING') else None


def roles_of_environment() -> Sourced | None:
    """Return the roles in TRITON_ROLE, which go with any profile; None if it is not set."""
    text = os.environ.get('TRITON_ROLE')
    if text is None:
        return None
    return [role.strip() for role in text.split(',') if role.strip()], 'TRITON_ROLE'
