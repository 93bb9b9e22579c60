"""`python -m smartdc profiles` and `env`: what `triton profile list` and `triton env` print."""

from __future__ import annotations

import argparse
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from smartdc.errors import ConfigurationError
from smartdc.profiles import fields, places, resolve, store
from smartdc.profiles.store import Profile
from smartdc.shapes import is_object

_COLUMNS = ('name', 'curr', 'account', 'user', 'url')
_ALL_COLUMNS = (*_COLUMNS, 'insecure', 'keyId')
_UNSET = {
    'triton': ('PROFILE', 'URL', 'ACCOUNT', 'USER', 'KEY_ID', 'TLS_INSECURE'),
    'smartdc': ('URL', 'ACCOUNT', 'USER', 'KEY_ID', 'TESTING'),
}
_DOCKER = ('DOCKER_HOST', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY', 'COMPOSE_HTTP_TIMEOUT')
_VARIABLE = re.compile('[A-Za-z_][A-Za-z0-9_]*')


def main(command: str, argv: Sequence[str], chosen: str | None = None) -> int:
    """Run one of COMMANDS with its arguments; return the exit status.

    `chosen` is the profile that counts as the current one, if the caller was told.
    """
    try:
        for line in COMMANDS[command](argv, chosen):
            sys.stdout.write(f'{line}\n')
    except ConfigurationError as error:
        sys.stderr.write(f'smartdc: {error}\n')
        return 1
    return 0


def _profiles(argv: Sequence[str], chosen: str | None) -> Iterator[str]:
    parser = argparse.ArgumentParser(
        prog='python -m smartdc profiles', description='List the profiles; * is the current one.'
    )
    parser.add_argument('-l', '--long', action='store_true', help='more columns')
    parser.add_argument('-j', '--json', action='store_true', help='one JSON object a line')
    options = parser.parse_args(argv)
    current = str(resolve.chosen(chosen)[0])
    with warnings.catch_warnings(record=True) as left_out:
        warnings.simplefilter('always')
        found = store.listed(current)
    for warning in left_out:
        sys.stderr.write(f'smartdc: {warning.message}\n')
    if options.json:
        yield from (json.dumps(_as_json(profile)) for profile in found)
        return
    yield from _table(_ALL_COLUMNS if options.long else _COLUMNS, [_row(each) for each in found])
    if not found:
        sys.stderr.write(
            '\nsmartdc: there is no profile. smartdc.profiles.save() or `triton profile create` '
            'makes one, and so do TRITON_URL, TRITON_ACCOUNT and TRITON_KEY_ID\n'
        )
    elif not any(profile.current for profile in found):
        sys.stderr.write(
            '\nsmartdc: no profile is the current one. smartdc.profiles.set_current(NAME) or '
            '`triton profile set NAME` chooses it\n'
        )


def _as_json(profile: Profile) -> dict[str, Any]:
    values = {field: getattr(profile, own) for field, own in fields.NAMES.items()}
    values['roles'] = list(profile.roles) or None
    told = {field: value for field, value in values.items() if value is not None}
    return {**told, 'name': profile.name, 'curr': profile.current}


def _row(profile: Profile) -> dict[str, str]:
    row = {field: str(value) for field, value in _as_json(profile).items()}
    if profile.insecure is not None:
        row['insecure'] = 'true' if profile.insecure else 'false'
    return {**row, 'curr': '*' if profile.current else ''}


def _table(columns: Sequence[str], rows: Sequence[dict[str, str]]) -> Iterator[str]:
    lines = [[name.upper() for name in columns]]
    lines += [[row.get(name, '-') for name in columns] for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    widths[-1] = 0
    for line in lines:
        yield '  '.join(f'{cell:{width}}' for cell, width in zip(line, widths, strict=True))


def _env(argv: Sequence[str], chosen: str | None) -> Iterator[str]:
    parser = argparse.ArgumentParser(
        prog='python -m smartdc env',
        description='Print shell commands that set the environment for a profile. With none of '
        '-t, -d and -s, for all three.',
    )
    parser.add_argument('-t', '--triton', action='store_true', help='for triton and this library')
    parser.add_argument('-d', '--docker', action='store_true', help='for docker')
    parser.add_argument('-s', '--smartdc', action='store_true', help='for the sdc-* tools of old')
    parser.add_argument('-u', '--unset', action='store_true', help='unset the variables instead')
    parser.add_argument('name', nargs='?', metavar='NAME', help='the profile; else the current one')
    options = parser.parse_args(argv)
    profile = resolve.resolve(options.name or chosen)
    asked = [kind for kind in _KINDS if getattr(options, kind)]
    for kind in asked or _KINDS:
        yield f'# {kind}'
        if options.unset and kind in _UNSET:
            prefix = {'triton': 'TRITON', 'smartdc': 'SDC'}[kind]
            yield from (f'unset {prefix}_{part}' for part in _UNSET[kind])
        elif kind == 'docker':
            yield from _docker(profile, unset=options.unset, asked=bool(asked))
        else:
            yield from _KINDS[kind](profile)
    short = ''.join(kind[0] for kind in asked) + ('u' if options.unset else '')
    words = [f'-{short}'] if short else []
    name = options.name or chosen
    words += [_quoted(name)] if name else []
    yield '# Run this command to configure your shell:'
    yield f'#     eval "$({" ".join(["python -m smartdc env", *words])})"'


def _triton(profile: resolve.Resolved) -> Iterator[str]:
    yield f'export TRITON_PROFILE={_quoted(profile.name)}'


def _smartdc(profile: resolve.Resolved) -> Iterator[str]:
    insecure = 'true' if profile.value('insecure') else None
    values = {
        'SDC_URL': profile.value('url'),
        'SDC_ACCOUNT': profile.value('account'),
        'SDC_USER': profile.value('user'),
        'SDC_KEY_ID': profile.value('key_id'),
        'SDC_TESTING': insecure,
    }
    yield from (_line(name, value) for name, value in values.items())


def _docker(profile: resolve.Resolved, *, unset: bool, asked: bool) -> Iterator[str]:
    """Print what `docker_setup()`, or triton's command, left for this profile."""
    account = profile.value('act_as') or profile.value('account') or ''
    folder = places.docker_directory(profile.value('url') or '', account, profile.value('user'))
    path = folder / 'setup.json'
    if not places.is_there(path):
        if unset:
            yield from (f'unset {name}' for name in _DOCKER)
        elif asked:
            raise ConfigurationError(
                f'docker is not set up for the profile {profile.name!r}: '
                f'DataCenter.from_profile({profile.name!r}).docker_setup() does it, and so does '
                f'`triton profile docker-setup {profile.name}`'
            )
        return
    setup = places.read_json(path)
    env = setup.get('env') if is_object(setup) else None
    if not is_object(env) or not all(_VARIABLE.fullmatch(name) for name in env):
        raise ConfigurationError(f'{path} has no object env with the names of variables')
    for name, value in env.items():
        yield _line(name, None if unset or value is None else str(value))


def _line(name: str, value: str | None) -> str:
    return f'unset {name}' if value is None else f'export {name}={_quoted(value)}'


def _quoted(text: str) -> str:
    """Put a text in quotes that a shell takes off again, and leaves alone what is inside."""
    return '"' + re.sub(r'([\\"$`])', r'\\\1', text) + '"'


_KINDS: dict[str, Callable[[resolve.Resolved], Iterator[str]]] = {
    'triton': _triton,
    'docker': lambda profile: _docker(profile, unset=False, asked=False),
    'smartdc': _smartdc,
}
COMMANDS: dict[str, Callable[[Sequence[str], str | None], Iterator[str]]] = {
    'profiles': _profiles,
    'env': _env,
}
