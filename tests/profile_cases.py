"""What may be set in files and the environment, and which profile counts then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

KEY = 'aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99'
OTHER = 'SHA256:' + 'y' * 43
FILE = {'url': 'https://one.example.com', 'account': 'bob', 'keyId': KEY}
TRITON = {
    'TRITON_URL': 'https://env.example.com',
    'TRITON_ACCOUNT': 'acme',
    'TRITON_KEY_ID': 'SHA256:' + 'x' * 43,
}
SDC = {f'SDC_{name[7:]}': f'{value}' for name, value in TRITON.items()}
OLD = {'SDC_URL': 'http://old', 'SDC_ACCOUNT': 'olds', 'SDC_KEY_ID': 'oldkey'}


class Case(NamedTuple):
    """What is set, and the profile that counts with its fields; None where it can't be used."""

    expected: dict[str, Any] | None
    env: Mapping[str, str] = {}
    files: Mapping[str, Any] = {}
    config: Any = None
    name: str | None = None
    place: str = '.triton'
    given: Mapping[str, Any] = {}


def env(**more: Any) -> dict[str, Any]:
    """Return what the environment of TRITON comes to."""
    url, account, key = TRITON.values()
    return {'name': 'env', 'url': url, 'account': account, 'keyId': key, **more}


def one(**more: Any) -> dict[str, Any]:
    """Return what the profile file FILE comes to."""
    return {'name': 'one', **FILE, **more}


BOTH: dict[str, Any] = {'env': TRITON, 'files': {'one': FILE}}
CASES = {
    'nothing': Case(None),
    'environment': Case(env(), TRITON),
    'environment of old': Case(env(), SDC),
    'both environments': Case(env(), {**OLD, **TRITON}),
    'mixed environments': Case(
        env(account='olds'), {**OLD, **TRITON, 'TRITON_ACCOUNT': '', 'SDC_ACCOUNT': 'olds'}
    ),
    'no account': Case(None, {**TRITON, 'TRITON_ACCOUNT': ''}),
    'no url': Case(None, {**TRITON, 'TRITON_URL': ''}),
    'no key': Case(None, {**TRITON, 'TRITON_KEY_ID': ''}),
    'a file that is not current': Case(env(), **BOTH),
    'only a file that is not current': Case(None, files={'one': FILE}),
    'a current file': Case(one(), **BOTH, config={'profile': 'one'}),
    'a current file without environment': Case(one(), {}, {'one': FILE}, {'profile': 'one'}),
    'env saved as current': Case(env(), **BOTH, config={'profile': 'env'}),
    'an empty current': Case(env(), **BOTH, config={'profile': ''}),
    'a config with other fields': Case(env(), **BOTH, config={'cacheDir': 'x', 'oldProfile': 'y'}),
    'named': Case(one(), **BOTH, name='one'),
    'named over current': Case(
        one(),
        files={'one': FILE, 'two': {**FILE, 'account': 'two'}},
        config={'profile': 'two'},
        name='one',
    ),
    'env named over current': Case(env(), **BOTH, config={'profile': 'one'}, name='env'),
    'TRITON_PROFILE': Case(one(), {**TRITON, 'TRITON_PROFILE': 'one'}, {'one': FILE}),
    'TRITON_PROFILE over current': Case(
        env(), {**TRITON, 'TRITON_PROFILE': 'env'}, {'one': FILE}, {'profile': 'one'}
    ),
    'TRITON_PROFILE empty': Case(env(), {**TRITON, 'TRITON_PROFILE': ''}, {'one': FILE}),
    'named over TRITON_PROFILE': Case(
        one(), {**TRITON, 'TRITON_PROFILE': 'env'}, {'one': FILE}, name='one'
    ),
    'what triton env prints': Case(
        one(), {**OLD, 'TRITON_PROFILE': 'one'}, {'one': FILE}, {'profile': 'env'}
    ),
    'a current one that is gone': Case(None, TRITON, {'one': FILE}, {'profile': 'gone'}),
    'a named one that is not there': Case(None, TRITON, {'one': FILE}, name='other'),
    'a file called env': Case(None, files={'env': FILE}, name='env'),
    'a sub-user': Case(env(user='sub'), {**TRITON, 'TRITON_USER': 'sub', 'SDC_USER': 'other'}),
    'a sub-user of old': Case(env(user='sub'), {**TRITON, 'SDC_USER': 'sub'}),
    'masquerading': Case(env(actAsAccount='boss'), {**TRITON, 'TRITON_ACT_AS': 'boss'}),
    'masquerading goes not with a file': Case(
        one(), {**TRITON, 'TRITON_ACT_AS': 'boss'}, {'one': FILE}, name='one'
    ),
    'roles': Case(env(roles=['a', 'b']), {**TRITON, 'TRITON_ROLE': ' a ,,b'}),
    'roles go with a file': Case(
        one(roles=['x']), {'TRITON_ROLE': 'x'}, {'one': {**FILE, 'roles': ['a']}}, name='one'
    ),
    'empty roles win': Case(
        one(), {'TRITON_ROLE': ''}, {'one': {**FILE, 'roles': ['a']}}, name='one'
    ),
    'insecure': Case(env(insecure=True), {**TRITON, 'TRITON_TLS_INSECURE': '1'}),
    'insecure of old': Case(env(insecure=True), {**TRITON, 'SDC_TLS_INSECURE': 'true'}),
    'secure before insecure': Case(
        env(), {**TRITON, 'TRITON_TLS_INSECURE': '0', 'SDC_TLS_INSECURE': '1', 'SDC_TESTING': '1'}
    ),
    'testing': Case(env(insecure=True), {**TRITON, 'SDC_TESTING': 'no'}),
    'insecure maybe': Case(None, {**TRITON, 'TRITON_TLS_INSECURE': 'yes'}),
    'insecure maybe, not asked': Case(
        one(), {**TRITON, 'TRITON_TLS_INSECURE': 'yes'}, {'one': FILE}, {'profile': 'one'}
    ),
    'all fields': Case(
        one(user='sub', roles=['r'], insecure=True, actAsAccount='boss'),
        files={
            'one': {**FILE, 'user': 'sub', 'roles': ['r'], 'insecure': True, 'actAsAccount': 'boss'}
        },
        config={'profile': 'one'},
    ),
    'fields of null': Case(
        one(), files={'one': {**FILE, 'user': '', 'roles': [], 'insecure': None}}, name='one'
    ),
    'XDG': Case(
        one(), {'XDG_CONFIG_HOME': 'xdg'}, {'one': FILE}, {'profile': 'one'}, place='xdg/triton'
    ),
    'XDG empty': Case(one(), {'XDG_CONFIG_HOME': ''}, {'one': FILE}, {'profile': 'one'}),
    'XDG elsewhere': Case(None, {'XDG_CONFIG_HOME': 'xdg'}, {'one': FILE}, {'profile': 'one'}),
    'http': Case(
        one(url='http://one:80'), files={'one': {**FILE, 'url': 'http://one:80'}}, name='one'
    ),
    'a name with a blank': Case({**one(), 'name': 'a b'}, files={'a b': FILE}, name='a b'),
    'arguments over the environment': Case(
        env(account='eve', user='sub', roles=['x', 'y'], actAsAccount='boss', insecure=True),
        {**TRITON, 'TRITON_USER': 'other', 'TRITON_ROLE': 'z', 'TRITON_ACT_AS': 'nobody'},
        given={
            'login': 'eve',
            'user': 'sub',
            'as_role': ['x', 'y'],
            'act_as': 'boss',
            'verify': False,
        },
    ),
    'arguments over a file': Case(
        one(url='https://other', keyId=OTHER),
        {'TRITON_ROLE': 'z'},
        {'one': {**FILE, 'roles': ['a']}},
        {'profile': 'one'},
        given={'location': 'https://other', 'key_id': OTHER, 'as_role': []},
    ),
    'arguments that are not enough': Case(None, given={'location': env()['url'], 'login': 'acme'}),
    'arguments beside unknown fields': Case(
        None, files={'one': {**FILE, 'foo': 1}}, name='one', given={'login': 'eve'}
    ),
    'broken JSON': Case(None, files={'one': '{"url":'}, name='one'),
    'a list': Case(None, files={'one': []}, name='one'),
    'null': Case(None, files={'one': None}, name='one'),
    'unknown fields': Case(None, files={'one': {**FILE, 'privKey': 'x', 'foo': 1}}, name='one'),
    'a name in the file': Case(None, files={'one': {**FILE, 'name': 'one'}}, name='one'),
    'a number': Case(None, files={'one': {**FILE, 'keyId': 3}}, name='one'),
    'roles in a text': Case(None, files={'one': {**FILE, 'roles': 'a,b'}}, name='one'),
    'roles that are none': Case(None, files={'one': {**FILE, 'roles': [1]}}, name='one'),
    'insecure in a text': Case(None, files={'one': {**FILE, 'insecure': 'yes'}}, name='one'),
    'no url in the file': Case(None, files={'one': {'account': 'a', 'keyId': KEY}}, name='one'),
    'a broken config': Case(None, **BOTH, config='{"profile"'),
    'a config that is a list': Case(None, **BOTH, config=['one']),
    'a number as current': Case(None, **BOTH, config={'profile': 1}),
    'false as current': Case(env(), **BOTH, config={'profile': False}),
    'zero as current': Case(env(), **BOTH, config={'profile': 0}),
}
#: What the CLI's commands work with, although `profile get` shows only profiles that are in order
#: without its options.
REPLACED = {
    'arguments in place of what is missing': Case(
        one(account='eve'),
        files={'one': {'url': FILE['url'], 'keyId': KEY, 'roles': 'wrong'}},
        name='one',
        given={'login': 'eve', 'as_role': []},
    ),
    'arguments in place of a wrong url': Case(
        one(), files={'one': {**FILE, 'url': 3}}, name='one', given={'location': FILE['url']}
    ),
    'arguments make an environment': Case(
        env(),
        given={'location': env()['url'], 'login': 'acme', 'key_id': env()['keyId']},
    ),
    'roles of the environment over wrong ones': Case(
        one(roles=['x']), {'TRITON_ROLE': 'x'}, {'one': {**FILE, 'roles': 3}}, name='one'
    ),
}
#: Where we differ from the triton CLI: what ours comes to, and what its own does. Each difference
#: is one of two kinds: more places to look in, or an error where the CLI goes on to something that
#: nobody meant. docs/profiles.rst tells users of them.
DIFFERENCES: dict[str, tuple[Case, dict[str, Any] | None]] = {
    # Keys outside ~/.ssh and the agent, which the CLI cannot use at all: there it is an error.
    'TRITON_KEY_FILE': (
        Case(env(keyId=None), {**TRITON, 'TRITON_KEY_ID': '', 'TRITON_KEY_FILE': '/a/key'}),
        None,
    ),
    # The CLI's successor in Rust reads it; a user of both has set it.
    'TRITON_CONFIG_DIR': (
        Case(
            one(), {'TRITON_CONFIG_DIR': 'there'}, {'one': FILE}, {'profile': 'one'}, place='there'
        ),
        None,
    ),
    # Shown as it is, and then each of its commands fails: no request can be sent to these.
    'an empty url': (Case(None, files={'one': {**FILE, 'url': ''}}, name='one'), one(url='')),
    'no url at all': (
        Case(None, files={'one': {**FILE, 'url': 'nowhere'}}, name='one'),
        one(url='nowhere'),
    ),
    'a url of another scheme': (
        Case(None, files={'one': {**FILE, 'url': 'ftp://h'}}, name='one'),
        one(url='ftp://h'),
    ),
    'a url with a port that is none': (
        Case(None, files={'one': {**FILE, 'url': 'https://h:x'}}, name='one'),
        one(url='https://h:x'),
    ),
    # Nobody to sign as, and no key to sign with: it crashes, or the server refuses.
    'an empty account': (
        Case(None, files={'one': {**FILE, 'account': ''}}, name='one'),
        one(account=''),
    ),
    'an empty key id': (
        Case(None, files={'one': {**FILE, 'keyId': ''}}, name='one'),
        one(keyId=''),
    ),
    # It leaves the path out of what it asks for, and says nothing.
    'a url with a path': (
        Case(None, files={'one': {**FILE, 'url': 'https://h/path'}}, name='one'),
        one(url='https://h/path'),
    ),
    # A name is no path: one that leads out of the directory reads what is not a profile.
    'a name with a slash': (
        Case(None, files={'one': FILE}, name='../profiles.d/one'),
        {**one(), 'name': '../profiles.d/one'},
    ),
}
