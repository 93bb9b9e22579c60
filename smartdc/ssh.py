"""SSH to a machine, and commands on it."""

from __future__ import annotations

import os
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from smartdc.answers import understood
from smartdc.chapter import MachineChapter
from smartdc.clock import deadline, seconds_of
from smartdc.errors import ConfigurationError, InvalidInput, KeyUnsupported
from smartdc.given import path_of
from smartdc.http_signature import HTTPSignatureAuth
from smartdc.key_files import Passphrase, is_text
from smartdc.key_search import KeySearch
from smartdc.signer import Signer
from smartdc.ssh_target import target
from smartdc.waiting import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from paramiko import PKey

    from smartdc.ssh_session import Client, Completed


class SSHChapter(MachineChapter):
    """Log in to a machine."""

    __slots__ = ()

    def ssh(
        self,
        user: str | None = None,
        *,
        port: int | None = None,
        proxy: Any = True,
        key: str | os.PathLike[str] | PKey | None = None,
        passphrase: Passphrase = None,
        known_hosts: str | os.PathLike[str] = '~/.ssh/known_hosts',
        host_keys: Literal['known', 'accept-new'] = 'known',
        timeout: float = 30.0,
    ) -> Client:
        """Log in to the machine, and return paramiko's SSHClient; use it in a `with` statement.

        `GET /:login/machines/:id` and `GET /:login/images/:id`. Who logs in, where and by which
        way is what `triton ssh` has it: the user is the image's tag default_user, else root; the
        machine's tags tritoncli.ssh.ip, .port, .proxy and .proxyuser count. `proxy` is another
        machine to go through, or its name or id; False goes directly.

        The data center's key is tried, then those of the ssh-agent and of ~/.ssh; with `key`, a
        file, a text, a fingerprint or a key of paramiko, that one alone, which `passphrase` opens.
        The machine's host key has to be in `known_hosts`; with `host_keys='accept-new'` one of a
        host that is not in it is taken and kept there. `timeout` is in seconds, for all of it.

        Raises InvalidInput for a machine that does not run or has no address, HostKeyRefused,
        LoginRefused, ConnectionFailed, Timeout; ConfigurationError without the extra `ssh`.
        """
        session = _library()
        if host_keys not in ('known', 'accept-new'):
            raise InvalidInput(f"host_keys is 'known' or 'accept-new', not {host_keys!r}")
        with deadline(seconds_of('timeout=', timeout)):
            data = self.datacenter.raw_machine_data(self.id)
            with understood():
                where = target(self.datacenter, data, user=user, port=port, proxy=proxy)
            options = session.Options(
                key=self._own_key(session) if key is None else _given_key(session, key, passphrase),
                others=key is None,
                known_hosts=path_of('known_hosts=', known_hosts),
                accept_new=host_keys == 'accept-new',
            )
            connected: Client = session.connect(where, options)
            return connected

    def run(
        self,
        command: str,
        user: str | None = None,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        **options: Any,
    ) -> Completed:
        """Run a command on the machine, and return how it ended and what it wrote.

        `machine.run('pkgin ls').check().output` is the text; `status`, `stdout` and `stderr` are
        there too. `timeout` is in seconds, for the login and the command; `options` are those of
        `ssh`. Raises what `ssh` does; `check()` raises CommandFailed.
        """
        with deadline(timeout), self.ssh(user, **options) as client:
            return _library().run(client, command, self.data.get('name') or self.id)

    def _own_key(self, session: ModuleType) -> PKey | None:
        """Return the key that signs for the data center, if SSH can use it."""
        auth = self.datacenter.auth
        if not isinstance(auth, HTTPSignatureAuth):
            return None
        try:
            found: PKey = session.SigningKey(auth.key()[1])
        except KeyUnsupported:
            return None
        return found


def _given_key(
    session: ModuleType, key: str | os.PathLike[str] | PKey, passphrase: Passphrase
) -> PKey:
    if not isinstance(key, str | os.PathLike):
        return key
    search = KeySearch(os.fspath(key), passphrase)
    found: PKey = session.SigningKey(Signer(key, passphrase) if is_text(key) else search)
    return found


def _library() -> ModuleType:
    try:
        from smartdc import ssh_session
    except ImportError:
        raise ConfigurationError(
            'the package paramiko is missing, which ssh() and run() need: '
            "pip install 'smartdc[ssh]'"
        ) from None
    return ssh_session
