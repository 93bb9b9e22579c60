"""The triton command that makes the same request: a table of commands, and how to fill them in."""

from __future__ import annotations

import functools
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlencode

from smartdc.shapes import is_array, is_object

#: The command for each request that has one of its own: its method, path, and the action in its
#: query. `{0}` is the first part of the path that is not fixed, `{name}` a field of the body, and
#: `{*}` stands for all fields, as names and values. `[--flag {field}]` is left out with the field;
#: `{field*}` repeats the flag for each of a list, `{field=}` for each name and value of an object,
#: `{field.*}` for all fields that begin so; `{field G}` is in GiB. `[--flag ?field]` is there where
#: the field is true, `[--flag !field]` where it is false, `[--flag ~field]` where it is missing.
COMMANDS: Mapping[str, str] = {
    'POST /machines': 'instance create [--name {name}] [--tag {tag.*}] [--metadata {metadata.*}] '
    '[--network {networks*}] [--affinity {affinity*}] [--firewall ?firewall_enabled] '
    '[--deletion-protection ?deletion_protection] [--delegate-dataset ?delegate_dataset] '
    '[--encrypted ?encrypted] [--allow-shared-images ?allow_shared_images] [--brand {brand}] '
    '{image} {package}',
    'POST /machines/{}?start': 'instance start {0}',
    'POST /machines/{}?stop': 'instance stop {0}',
    'POST /machines/{}?reboot': 'instance reboot {0}',
    'POST /machines/{}?rename': 'instance rename {0} {name}',
    'POST /machines/{}?resize': 'instance resize {0} {package}',
    'POST /machines/{}?enable_firewall': 'instance enable-firewall {0}',
    'POST /machines/{}?disable_firewall': 'instance disable-firewall {0}',
    'POST /machines/{}?enable_deletion_protection': 'instance enable-deletion-protection {0}',
    'POST /machines/{}?disable_deletion_protection': 'instance disable-deletion-protection {0}',
    'DELETE /machines/{}': 'instance delete {0}',
    'POST /machines/{}/tags': 'instance tag set {0} {*}',
    'PUT /machines/{}/tags': 'instance tag replace-all {0} {*}',
    'DELETE /machines/{}/tags/{}': 'instance tag delete {0} {1}',
    'DELETE /machines/{}/tags': 'instance tag delete --all {0}',
    'POST /machines/{}/metadata': 'instance metadata set {0} {*}',
    'DELETE /machines/{}/metadata/{}': 'instance metadata delete {0} {1}',
    'POST /machines/{}/snapshots': 'instance snapshot create [--name {name}] {0}',
    'POST /machines/{}/snapshots/{}': 'instance start --snapshot {1} {0}',
    'DELETE /machines/{}/snapshots/{}': 'instance snapshot delete {0} {1}',
    'POST /machines/{}/nics': 'instance nic create [--primary ?primary] {0} {network}',
    'DELETE /machines/{}/nics/{}': 'instance nic delete {0} {1}',
    'POST /machines/{}/disks': 'instance disk add {0} {size}',
    'DELETE /machines/{}/disks/{}': 'instance disk delete {0} {1}',
    'POST /machines/{}/migrate?begin': 'instance migration begin {0}',
    'POST /images': 'image create [--description {description}] [--homepage {homepage}] '
    '[--eula {eula}] [--acl {acl*}] [--tag {tags=}] {machine} {name} {version}',
    'POST /images/{}?update': 'image update {0} {*}',
    'POST /images/{}?clone': 'image clone {0}',
    'DELETE /images/{}': 'image delete {0}',
    'POST /fwrules': 'fwrule create [--log ?log] [--disabled ~enabled] '
    '[--description {description}] {rule}',
    'POST /fwrules/{}': 'fwrule update {0} {*}',
    'POST /fwrules/{}/enable': 'fwrule enable {0}',
    'POST /fwrules/{}/disable': 'fwrule disable {0}',
    'DELETE /fwrules/{}': 'fwrule delete {0}',
    'POST /volumes': 'volume create [--name {name}] [--type {type}] [--size {size G}] '
    '[--network {networks*}] [--affinity {affinity*}] [--tag {tags=}]',
    'DELETE /volumes/{}': 'volume delete {0}',
    'POST /fabrics/default/vlans': 'vlan create --name {name} [--description {description}] '
    '{vlan_id}',
    'DELETE /fabrics/default/vlans/{}': 'vlan delete {0}',
    'POST /fabrics/default/vlans/{}/networks': 'network create --name {name} --subnet {subnet} '
    '--start-ip {provision_start_ip} --end-ip {provision_end_ip} --gateway {gateway} '
    '[--resolver {resolvers*}] [--route {routes=}] [--no-nat !internet_nat] '
    '[--description {description}] {0}',
    'DELETE /fabrics/default/vlans/{}/networks/{}': 'network delete {1}',
    'PUT /config': 'network set-default {default_network}',
    'DELETE /keys/{}': 'key delete {0}',
    'POST ': 'account update {*}',
}

#: A piece of a command: `[--flag {field}]`, `{field}` or a word.
_PIECE = re.compile(r'\[(?P<flag>--[\w-]+) (?P<option>[^\]]+)\]|\{(?P<field>[^}]+)\}|(?P<word>\S+)')

#: What triton takes for another value than the text that it is: numbers, booleans and JSON.
_NO_TEXT = re.compile(
    r'\s*([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?Infinity|0[xbo][\da-f]+|true|false|null|[\[{"].*|)'
    r'\s*',
    re.IGNORECASE | re.DOTALL,
)


class _NoCommandError(Exception):
    """The command cannot say this."""


def command(
    method: str,
    path: str,
    query: Mapping[str, Any],
    body: Any,
    *,
    roles: Sequence[str] = (),
    act_as: str | None = None,
) -> str:
    """Return the triton command that makes a request, as one would type it in a shell.

    `path` is below the account, its parts percent-encoded. Where no command of its own can say
    what is asked, it is one of `triton cloudapi`.
    """
    options = ['--role', ','.join(roles)] if roles else []
    words = _own(method, path, query, body)
    if words is None:
        target = f'/{quote(act_as or "my", safe="")}{path}{"?" if query else ""}{urlencode(query)}'
        data = [] if body is None else ['-d', json.dumps(body, ensure_ascii=False)]
        words = ['cloudapi', '-X', method, *data, target]
    elif act_as:
        options += ['--act-as', act_as]
    return shlex.join(['triton', *options, *words])


def _own(method: str, path: str, query: Mapping[str, Any], body: Any) -> list[str] | None:
    """Return the words of a command that is made for such a request, None if there is none."""
    action = f'?{query["action"]}' if set(query) == {'action'} else ''
    if (query and not action) or not (body is None or is_object(body)):
        return None
    for asked, template in COMMANDS.items():
        found = _pattern(asked).fullmatch(f'{method} {path}{action}')
        if found:
            try:
                return _filled(template, [unquote(part) for part in found.groups()], body or {})
            except _NoCommandError:
                return None
    return None


@functools.cache
def _pattern(asked: str) -> re.Pattern[str]:
    return re.compile(re.escape(asked).replace(r'\{\}', '([^/?]+)'))


def _filled(template: str, parts: Sequence[str], body: Mapping[str, Any]) -> list[str]:
    left = dict(body)
    words: list[str] = []
    for piece in _PIECE.finditer(template):
        if piece['word']:
            words.append(piece['word'])
        elif piece['flag']:
            words += _option(piece['flag'], piece['option'], left)
        else:
            words += _arguments(piece['field'], parts, left)
    if left:
        raise _NoCommandError
    return words


def _arguments(field: str, parts: Sequence[str], left: dict[str, Any]) -> list[str]:
    if field == '*':
        found = _pairs(left)
        left.clear()
    else:
        found = [parts[int(field)] if field.isdigit() else _text(left.pop(field, None))]
    if not found or any(each.startswith('-') for each in found):
        raise _NoCommandError
    return found


def _option(flag: str, option: str, left: dict[str, Any]) -> list[str]:
    """Return an option with its values, if it has any; take its field from those that are left."""
    kind, name = option[0], option[1:]
    if kind in '?!~':
        value = left.pop(name, None)
        if value is not None and value is not (kind != '!'):
            raise _NoCommandError
        return [flag] if (value is None) is (kind == '~') else []
    return [word for value in _values(name.removesuffix('}'), left) for word in (flag, value)]


def _values(field: str, left: dict[str, Any]) -> list[str]:
    """Return the values of an option, one for each time that it is given."""
    if field.endswith('.*'):
        prefix = field.removesuffix('*')
        names = [name for name in left if name.startswith(prefix)]
        return _pairs({name.removeprefix(prefix): left.pop(name) for name in names})
    name = field.rstrip('*=G ')
    value = left.pop(name, None)
    if value is None:
        return []
    if field.endswith('*') and is_array(value):
        return [_listed(each) for each in value]
    if field.endswith('=') and is_object(value):
        return _pairs(value)
    if field.endswith(' G') and isinstance(value, int) and value % 1024 == 0:
        return [f'{value // 1024}G']
    if field != name:
        raise _NoCommandError
    return [_text(value)]


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == '':
        raise _NoCommandError
    return str(value)


def _listed(value: Any) -> str:
    """Return one of several values of an option, which takes them parted by commas as well."""
    if not isinstance(value, str) or ',' in value:
        raise _NoCommandError
    return _text(value)


def _pairs(values: Mapping[str, Any]) -> list[str]:
    return [f'{name}={_value(name, value)}' for name, value in values.items()]


def _value(name: str, value: Any) -> str:
    is_named = name == name.strip() and '=' not in name and name[:1] not in ('', '{', '@')
    if not is_named or (isinstance(value, str) and _NO_TEXT.fullmatch(value)):
        raise _NoCommandError
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise _NoCommandError
