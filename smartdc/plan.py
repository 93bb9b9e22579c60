"""The writes that a dry run has collected, and what is answered in their place."""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload
from urllib.parse import parse_qsl, urlencode

import requests

from smartdc.locations import shown
from smartdc.placeholders import SECRET, Placeholders
from smartdc.shapes import is_array, is_object
from smartdc.showing import columns, cut, line, printable
from smartdc.triton_commands import command

if TYPE_CHECKING:
    from smartdc.connection import Connection

#: Methods that change nothing.
_READS = frozenset({'GET', 'HEAD', 'OPTIONS'})

#: What stands for a secret where a write is shown.
_HIDDEN = '***'

#: The longest line that a plan is shown in.
_WIDTH = 400


@dataclass(frozen=True, slots=True)
class Write:
    """A request that would have changed something, and was not sent.

    `path` is below the account, with its query, as `DataCenter.request` takes it; `body` is what
    would have gone as JSON, None for nothing. `triton` is the command that does the same, `place`
    the account and data center, such as `acme in us-sw-1`. Secrets are in `body`, but in no text
    that shows it, nor in the command.
    """

    method: str
    path: str
    body: Any = field(repr=False)
    triton: str
    place: str

    def __str__(self) -> str:
        lines = [self._first()]
        if self.body is not None:
            lines.append(f'    {json.dumps(_shown(self.body), ensure_ascii=False)}')
        return '\n'.join([*(cut(printable(each), _WIDTH) for each in lines), f'    {self._last()}'])

    def __repr__(self) -> str:
        return line('<smartdc.plan.Write: {}>', self._first())

    def _first(self) -> str:
        """Return the method and the path, without secrets."""
        path, mark, query = self.path.partition('?')
        pairs = [(name, _shown(value, name)) for name, value in parse_qsl(query)]
        return f'{self.method} {path}{mark}{urlencode(pairs, safe="*")}'

    def _last(self) -> str:
        """Return the command as one line; half of one is a comment, so that it does nothing."""
        whole = ' '.join(map(_word, shlex.split(self.triton)))
        if columns(whole) <= _WIDTH:
            return whole
        return f'# {cut(whole, _WIDTH // 2)} (all of it is in .triton)'


class Plan(Sequence[Write]):
    """The writes of a block, in the order in which they would have been sent."""

    def __init__(self) -> None:
        self._writes: list[Write] = []
        self._placeholders = Placeholders()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._writes)

    @overload
    def __getitem__(self, index: int, /) -> Write: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[Write]: ...
    def __getitem__(self, index: int | slice, /) -> Write | list[Write]:
        return self._writes[index]

    def __str__(self) -> str:
        places = list(dict.fromkeys(write.place for write in self))
        where = f' for {" and ".join(places)}' if places else ''
        parts = [f'{len(self) or "no"} write{"" if len(self) == 1 else "s"}{where}, not sent']
        for write in self:
            parts += [f'{write.place}:'] if len(places) > 1 else []
            parts.append(str(write))
        return '\n'.join(parts)

    def __repr__(self) -> str:
        return line('<smartdc.plan.Plan: {}>', f'{len(self)} writes, not sent')

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(str(self))

    def answer(
        self,
        connection: Connection,
        method: str,
        target: str,
        params: Mapping[str, Any] | None,
        body: bytes | None,
    ) -> requests.Response | None:
        """Collect a write and return what stands for its answer, None for a read that is real.

        A read of what a write of this plan would have made is answered from that.
        """
        path, _, text = target.partition('?')
        given = {name: _text(value) for name, value in (params or {}).items() if value is not None}
        query = {**dict(parse_qsl(text, keep_blank_values=True)), **given}
        data = None if body is None else json.loads(body)
        with self._lock:
            if method not in _READS:
                self._collect(connection, method, path, query, data)
                answer = self._placeholders.written(method, path, query, data)
            elif (answer := self._placeholders.read(path)) is None:
                return None
            return _response(method, connection.url + path, answer)

    def _collect(
        self, connection: Connection, method: str, path: str, query: Mapping[str, Any], body: Any
    ) -> None:
        hidden = self._placeholders.named(_shown(body))
        words = command(
            method,
            self._placeholders.named(path, is_path=True),
            _shown(query),
            hidden,
            roles=connection.as_role,
            act_as=connection.act_as,
        )
        whole = f'{path}?{urlencode(query)}' if query else path
        self._writes.append(Write(method, whole, body, words, _place(connection)))


def _place(connection: Connection) -> str:
    account = connection.act_as or connection.login
    return f'{"" if account == "my" else f"{account} in "}{shown(connection.location)}'


def _word(word: str) -> str:
    """Return a word as it is written in a shell, in characters that can be seen."""
    if word.isprintable():
        return shlex.quote(word)
    return f"$'{''.join(map(_character, word))}'"


def _character(char: str) -> str:
    if char in "\\'":
        return f'\\{char}'
    if char.isprintable():
        return char
    known = {'\n': '\\n', '\t': '\\t', '\r': '\\r'}
    return known.get(char) or f'\\U{ord(char):08x}'


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: Any, name: str = '') -> Any:
    """Return a value of a body as it may be shown: without secrets."""
    if SECRET.search(name) and value is not None:
        return _HIDDEN
    if is_object(value):
        return {key: _shown(each, key) for key, each in value.items()}
    if is_array(value):
        return [_shown(each) for each in value]
    return value


def _response(method: str, url: str, data: Any) -> requests.Response:
    response = requests.Response()
    response.status_code = 204 if data is None else 200
    response.headers['Content-Type'] = 'application/json'
    response.request = requests.Request(method, url).prepare()
    response.url = url
    response._content = b'' if data is None or method == 'HEAD' else json.dumps(data).encode()
    return response
