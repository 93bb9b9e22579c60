"""`python -m smartdc`: a script, a line of code or a prompt, with `sdc` connected."""

from __future__ import annotations

import argparse
import builtins
import contextlib
import os
import runpy
import sys
from collections.abc import Generator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import smartdc
from smartdc import profiles
from smartdc.datacenter import DataCenter
from smartdc.errors import ConfigurationError, SmartDCError

if TYPE_CHECKING:
    from smartdc.simulator import Simulator

#: What Python's prompt calls the last value.
_LAST = '_'

#: Commands about profiles, which need no data center.
_PROFILE_COMMANDS = ('profiles', 'env')

_USAGE = (
    'python -m smartdc [--local | --profile NAME] '
    '[-c CODE [ARG ...] | SCRIPT [ARG ...] | vnc NAME [--port N] | profiles | env [NAME]]'
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments say; return the exit status."""
    options = _options(argv)
    if options.code is None and options.script in _PROFILE_COMMANDS:
        from smartdc.profiles import commands

        return commands.main(options.script, options.args, options.profile)
    with contextlib.ExitStack() as stack:
        try:
            local = options.local or (options.profile is None and not profiles.is_configured())
            if local:
                sdc = stack.enter_context(_simulator()).datacenter()
            else:
                sdc = DataCenter.from_profile(options.profile)
            stack.enter_context(sdc)
        except SmartDCError as error:
            print(f'smartdc: {error}', file=sys.stderr)
            return 2
        names = {name: getattr(smartdc, name) for name in smartdc.__all__}
        names |= {'smartdc': smartdc, 'sdc': sdc}
        if options.code is None and options.script == 'vnc':
            from smartdc import vnc_proxy

            return vnc_proxy.main(sdc, options.args)
        return _run(options, names, _greeting(sdc, local, asked=options.local))


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(argv)
    if options.code is not None:
        if not options.code:
            parser.error('argument -c: expected the code to run')
        options.code, *given = options.code
        # What comes after a -- argparse takes for a script.
        later = [options.script] if options.script is not None else []
        options.args = [*given, *later, *options.args]
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m smartdc',
        usage=_USAGE,
        description='Run a script, a line of code, or a prompt if neither is given, with `sdc` '
        'connected to a data center and everything public imported.',
        epilog='The data center, account and key are those that the triton CLI uses: of the '
        'profile that TRITON_PROFILE names, else of the current one, else of the environment: '
        'TRITON_URL, TRITON_ACCOUNT, TRITON_KEY_ID and TRITON_KEY_FILE, or the same with SDC_. '
        'Without any of them a CloudAPI in this process is used. `profiles` lists the profiles, '
        '`env` prints the shell commands that select one.',
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        '--local', action='store_true', help='use a CloudAPI in this process, gone at the end'
    )
    where.add_argument('--profile', metavar='NAME', help='the profile to use: a saved one, or env')
    parser.add_argument(
        '-c',
        dest='code',
        nargs=argparse.REMAINDER,
        metavar='CODE',
        help='run this code, with the arguments that follow it in sys.argv',
    )
    parser.add_argument(
        'script',
        nargs='?',
        help='run this file as __main__; `vnc`, `profiles` and `env` are commands of their own, '
        'with --help',
    )
    parser.add_argument('args', nargs=argparse.REMAINDER, metavar='ARG', help='its arguments')
    parser.add_argument('--version', action='version', version=f'smartdc {smartdc.__version__}')
    return parser


@contextlib.contextmanager
def _simulator() -> Generator[Simulator]:
    """Run a CloudAPI and let the environment describe it, for scripts that read that."""
    try:
        from smartdc.simulator import Simulator
    except ImportError as error:
        raise ConfigurationError(
            f'the embedded CloudAPI needs its extra ({error.name} is missing): '
            "pip install 'smartdc[simulator]', or set TRITON_URL, TRITON_ACCOUNT, TRITON_KEY_ID"
        ) from None
    with Simulator() as simulator:
        for name in ('TRITON_USER', 'SDC_USER', 'TRITON_ROLE', 'TRITON_ACT_AS'):
            os.environ.pop(name, None)
        os.environ.update(
            TRITON_PROFILE='env',
            TRITON_TLS_INSECURE='0',
            TRITON_URL=simulator.url(),
            TRITON_ACCOUNT=simulator.account,
            TRITON_KEY_ID=simulator.key_id.rpartition('/')[2],
            TRITON_KEY_FILE=str(simulator.key_path),
        )
        yield simulator


def _greeting(sdc: DataCenter, local: bool, *, asked: bool) -> str:
    what = 'a CloudAPI in this process' if local else sdc.location
    why = (
        ' (no profile is the current one, and no TRITON_URL, TRITON_ACCOUNT and TRITON_KEY_ID are '
        'set)'
        if local and not asked
        else ''
    )
    key = getattr(sdc.auth, 'key_id', None) or 'the key of TRITON_KEY_FILE'
    return f'sdc: {what}{why}, account {sdc.login}, key {key}'


def _run(options: argparse.Namespace, names: dict[str, Any], greeting: str) -> int:
    if options.code is not None:
        sys.argv = ['-c', *options.args]
        exec(compile(options.code, '<code>', 'exec'), {'__name__': '__main__', **names})  # noqa: S102 - what -c is for
    elif options.script is not None:
        if not os.path.exists(options.script):  # noqa: PTH110 - as python itself
            print(f'smartdc: there is no script {options.script}', file=sys.stderr)
            return 2
        sys.argv = [options.script, *options.args]
        sys.path.insert(0, os.path.dirname(os.path.abspath(options.script)))  # noqa: PTH100, PTH120 - as python itself
        runpy.run_path(options.script, init_globals=names, run_name='__main__')
    else:
        _prompt(names, greeting)
    return 0


def _prompt(names: dict[str, Any], greeting: str) -> None:
    """Open IPython's prompt, else Python's own with completion."""
    if find_spec('IPython') is None:
        _plain_prompt(names, greeting)
        return
    from IPython.terminal.embed import InteractiveShellEmbed

    from smartdc import completion

    shell = InteractiveShellEmbed(banner1=f'{greeting}\n', user_ns=names)
    completion.install(shell)
    shell()


def _plain_prompt(names: dict[str, Any], greeting: str) -> None:
    import code

    from smartdc import completion

    with contextlib.suppress(ImportError):
        import readline

        readline.set_completer(completion.completer(names, readline))
        readline.parse_and_bind('tab: complete')
    sys.displayhook = display
    code.interact(greeting, local=names, exitmsg='')


def display(value: object) -> None:
    """Show a value as Python's prompt does, but what has a form of its own for prompts by `str`."""
    if not hasattr(type(value), '_repr_pretty_'):
        sys.__displayhook__(value)
        return
    text = f'{value}\n'
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        sys.stdout.write(text.encode(encoding, 'backslashreplace').decode(encoding))
    setattr(builtins, _LAST, value)


if __name__ == '__main__':
    sys.exit(main())
