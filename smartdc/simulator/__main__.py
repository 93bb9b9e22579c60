"""`python -m smartdc.simulator`: serve a CloudAPI on this computer until Ctrl-C."""

from __future__ import annotations

import argparse
import ipaddress
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from smartdc.simulator import (
    KeyFault,
    PortTaken,
    RuleError,
    Simulator,
    StateFileError,
    WorldError,
    keypair,
)

_EPILOG = """
The printed lines point the official `triton` CLI, and the older sdc-* commands, at the simulator:
paste them into the shell that runs those. They find keys only in ~/.ssh and in the ssh-agent.
"""

_EXPOSED = """\
smartdc.simulator: WARNING: {} is not loopback: whoever can reach it may try to connect
"""

#: Which of the user's keys is taken when none is named, the first one there is.
_USUAL_KEYS = ('id_ed25519.pub', 'id_ecdsa.pub', 'id_rsa.pub')


class _Unusable(Exception):
    """Something that was asked for can't be had; the message is for the user."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM, and return the exit status."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    options = _parser().parse_args(arguments)
    try:
        public, private = _keys(options)
        simulator = Simulator(
            options.world,
            state=options.state,
            port=options.port,
            job_time=options.job_time,
            account=options.account,
            public_key=public,
            host=options.host,
            faults=options.faults or (),
            seed=options.seed,
            throttle=options.throttle,
        ).start()
    except (_Unusable, WorldError, RuleError, StateFileError, PortTaken) as error:
        print(f'smartdc.simulator: {error}', file=sys.stderr)
        return 2
    except KeyFault as fault:
        print(f'smartdc.simulator: the public key is unusable: {fault}', file=sys.stderr)
        return 2
    try:
        print(_warning(options.host), end='', file=sys.stderr)
        print('\n'.join(_greeting(simulator, options.host, private)), flush=True)
        stop.wait()
    finally:
        simulator.stop()
    simulator.check()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m smartdc.simulator',
        description='Serve a simulated CloudAPI on this computer.',
        epilog=_EPILOG,
    )
    parser.add_argument(
        '--host', default='127.0.0.1', help='address to listen on (default: %(default)s)'
    )
    parser.add_argument(
        '--port',
        type=_port,
        default=0,
        help='port of the first data center, the others follow (default: free ones)',
    )
    parser.add_argument('--world', metavar='FILE', help='JSON file that describes the cloud')
    parser.add_argument('--state', metavar='FILE', help='file to keep the state in')
    parser.add_argument(
        '--account', metavar='NAME', help='login of the account (default: acme, or the first)'
    )
    parser.add_argument(
        '--key',
        metavar='PUBLIC_KEY_FILE',
        help='public key of the account (default: one of ~/.ssh, else a new one)',
    )
    parser.add_argument(
        '--job-time',
        metavar='SECONDS',
        type=_seconds,
        default=0.5,
        help='how long a job takes (default: %(default)s)',
    )
    parser.add_argument(
        '--faults', metavar='FILE', help='JSON file of rules by which answers and jobs go wrong'
    )
    parser.add_argument(
        '--throttle',
        metavar='RATE',
        type=_rate,
        help='requests a second that an account may send for each kind of resource, as CloudAPI '
        'has 10 (default: what the world says, else no limit)',
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='what chance begins with (default: %(default)s)'
    )
    return parser


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f'{text} is not a port')


def _seconds(text: str) -> float:
    return _amount(text, 'a number of seconds')


def _rate(text: str) -> float:
    return _amount(text, 'a number of requests')


def _amount(text: str, what: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float('inf'):
        raise argparse.ArgumentTypeError(f'{text} is not {what}')
    return found


def _keys(options: argparse.Namespace) -> tuple[str, Path | None]:
    """Return the public key to let in, and the private file if it was made here."""
    if options.key is not None:
        return _text(Path(options.key)), None
    for name in _USUAL_KEYS:
        path = Path('~/.ssh', name).expanduser()
        if path.exists():
            return _text(path), None
    path = _own_key(options.state)
    public = path.with_name(f'{path.name}.pub')
    try:
        if not (path.exists() and public.exists()):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            keypair.generate('smartdc-simulator').write(path)
    except OSError as error:
        raise _Unusable(f'cannot write {path}: {error.strerror}') from None
    return _text(public), path


def _own_key(state: str | None) -> Path:
    """Return where a key of the simulator's own is kept, so that one `ssh-add` is enough."""
    if state is not None:
        return Path(f'{state}.id_ed25519').absolute()
    home = os.environ.get('XDG_DATA_HOME') or '~/.local/share'
    return Path(home, 'smartdc', 'simulator_id_ed25519').expanduser()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding='utf-8').strip()
    except OSError as error:
        raise _Unusable(f'cannot read {path}: {error.strerror}') from None
    except UnicodeDecodeError:
        raise _Unusable(f'{path} is not a public key') from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def _warning(host: str) -> str:
    """Return what is said about an address that others can reach."""
    return '' if _is_loopback(host) else _EXPOSED.format(host)


def _greeting(simulator: Simulator, host: str, private: Path | None) -> list[str]:
    """Return what the user is told: where it listens, and how to get there."""
    reach = 'loopback only' if _is_loopback(host) else 'whoever reaches this address can connect'
    width = max(len(name) for name in simulator.urls)
    places = [f'#   {name:{width}}  {url}' for name, url in simulator.urls.items()]
    fingerprint = simulator.key_id.rpartition('/')[2]
    settings = {
        'URL': simulator.url(),
        'ACCOUNT': simulator.account,
        'KEY_ID': fingerprint,
    }
    lines = [f'# A simulated CloudAPI listens on {host} ({reach}); Ctrl-C stops it.', *places]
    if private is not None:
        lines.append(f'ssh-add {shlex.quote(str(private))}')
    lines.append('export TRITON_PROFILE=env')
    for prefix in ('TRITON', 'SDC'):
        lines += [
            f'export {prefix}_{name}={shlex.quote(value)}' for name, value in settings.items()
        ]
    return lines


if __name__ == '__main__':
    sys.exit(main())
