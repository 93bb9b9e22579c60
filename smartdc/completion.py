"""Completion of names within calls: `sdc.machine('we<TAB>` offers machines that were seen.

Nothing is asked for it. In IPython and notebooks `%load_ext smartdc` switches it on; the prompts of
`python -m smartdc` have it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import getattr_static
from typing import Any

from smartdc import seen
from smartdc.chapter import MachineChapter
from smartdc.connection import Connection
from smartdc.errors import SmartDCError

_IDENTIFIER = 'smartdc'

_PACKAGE = __name__.partition('.')[0]

#: What stands before the parenthesis of a call of a method: the object's name, and the method's.
_CALLED = re.compile(r'([^\W\d]\w*(?:\.[^\W\d]\w*)*)\.([^\W\d]\w*)\s*$')

#: An argument that is not begun yet, or of which a text is: its keyword, and the text's quote.
_ARGUMENT = re.compile(
    r'(?:\s|#[^\n]*\n)*(?:([^\W\d]\w*)\s*=(?!=)\s*)?(?:\[(?:.*,)?\s*)?$', re.DOTALL
)

#: What a kind of thing is called in annotations: `FirewallRuleRef`.
_REF = re.compile(r'\b(\w+)Ref\b')


@dataclass(slots=True)
class _Scan:
    """What is open at the end of a text: brackets, with their commas, and a quote, since where."""

    brackets: list[int]
    commas: list[list[int]]
    quote: str = ''
    since: int = 0


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that is not closed: of what, and which argument of it is being written."""

    owner: str
    method: str
    keyword: str | None
    position: int


def offered(names: Mapping[str, Any], before: str) -> tuple[int, list[str]]:
    """Return from where on the text before the cursor can be completed, and by what.

    `names` are those of the prompt. A text that is begun is completed to its end, without the
    closing quote; where none is begun whole texts are offered. Nothing is asked of a server.
    """
    scan = _scanned(before)
    call = _call(before, scan)
    if call is None:
        return len(before), []
    owner = _value(names, call.owner)
    center = _attribute(owner, 'datacenter') if isinstance(owner, MachineChapter) else owner
    kind = _kind(owner, call)
    if kind is None or not isinstance(center, Connection):
        return len(before), []
    typed = before[scan.since :] if scan.quote else ''
    found = [name for name in _choices(center, kind, typed) if repr(name) == f"'{name}'"]
    return (scan.since, found) if scan.quote else (len(before), [repr(name) for name in found])


def _scanned(text: str) -> _Scan:
    scan = _Scan([], [])
    at = 0
    while at < len(text):
        char = text[at]
        if scan.quote:
            if char in (scan.quote, '\n'):
                scan.quote = ''
            at += 1 if char == '\\' else 0
        elif char in '\'"':
            scan.quote, scan.since = char, at + 1
        elif char == '#':
            at = text.find('\n', at) if '\n' in text[at:] else len(text)
        elif char in '([{':
            scan.brackets.append(at)
            scan.commas.append([])
        elif char in ')]}' and scan.brackets:
            scan.brackets.pop()
            scan.commas.pop()
        elif char == ',' and scan.commas:
            scan.commas[-1].append(at)
        at += 1
    return scan


def _call(before: str, scan: _Scan) -> _Call | None:
    """Return the innermost call that is open, if one of its arguments can be completed."""
    opened = list(zip(scan.brackets, scan.commas, strict=True))
    if opened and before[opened[-1][0]] == '[':
        opened.pop()
    if not opened or before[opened[-1][0]] != '(':
        return None
    paren, commas = opened[-1]
    called = _CALLED.search(before[:paren])
    begin = commas[-1] if commas else paren
    argument = _ARGUMENT.fullmatch(before[begin + 1 : scan.since - 1 if scan.quote else None])
    if called is None or argument is None:
        return None
    return _Call(called[1], called[2], argument[1], len(commas))


def _value(names: Mapping[str, Any], dotted: str) -> Any:
    """Return what a dotted name stands for, running no code but ours to find out."""
    first, *rest = dotted.split('.')
    value = names.get(first)
    for part in rest:
        value = _attribute(value, part)
    return value


def _attribute(value: object, name: str) -> Any:
    """Return an attribute, by getattr only if what it runs is ours; None if there is none."""
    try:
        return getattr(value, name) if _is_ours(value, name) else getattr_static(value, name)
    except (AttributeError, SmartDCError):
        return None


def _is_ours(value: object, name: str) -> bool:
    """Say whether an attribute of one of our objects is defined by our classes, not by a user's."""
    kind = type(value)
    if not isinstance(value, Connection | MachineChapter):
        return False
    definer = next((each for each in kind.__mro__ if name in vars(each)), object)
    is_plain = kind.__getattribute__ is object.__getattribute__
    return is_plain and definer.__module__.partition('.')[0] == _PACKAGE


def _kind(owner: object, call: _Call) -> str | None:
    """Return what kind of thing an argument is, by its annotation."""
    method = getattr(type(owner), call.method, None)
    if not inspect.isfunction(method):
        return None
    parameters = list(inspect.signature(method).parameters.values())[1:]
    if call.keyword is not None:
        chosen = [each for each in parameters if each.name == call.keyword]
    else:
        by_position = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
        chosen = by_position[call.position : call.position + 1]
    named = _REF.search(str(chosen[0].annotation)) if chosen else None
    return f'{re.sub("(?<!^)(?=[A-Z])", " ", named[1]).lower()}s' if named else None


def _choices(center: Connection, kind: str, typed: str) -> list[str]:
    """Return the names of a kind that begin as typed; of images, versions only after an `@`."""
    found = set(seen.names(center, kind).values())
    if kind == 'images' and '@' not in typed:
        found = {name.partition('@')[0] for name in found}
    return sorted(name for name in found if name.startswith(typed))


def install(shell: Any) -> None:
    """Let an IPython shell, or a notebook's kernel, complete names; once will do."""
    ipython: Any = import_module('IPython.core.completer')
    uninstall(shell)

    def matcher(context: Any) -> dict[str, Any]:
        lines = context.full_text.split('\n')[: context.cursor_line + 1]
        before = '\n'.join([*lines[:-1], lines[-1][: context.cursor_position]])
        start, found = offered(shell.user_ns, before)
        return {
            'completions': [ipython.SimpleCompletion(text=each, type='name') for each in found],
            'matched_fragment': before[start:],
            'suppress': bool(found),
        }

    shell.Completer.custom_matchers.append(ipython.context_matcher(identifier=_IDENTIFIER)(matcher))


def uninstall(shell: Any) -> None:
    """Take the completion of names out of an IPython shell, if it is there."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [
        each for each in matchers if getattr(each, 'matcher_identifier', '') != _IDENTIFIER
    ]


def completer(names: dict[str, Any], readline: Any) -> Callable[[str, int], str | None]:
    """Return a completer for Python's own prompt: ours within calls, else Python's.

    `readline` is the module, which knows the line.
    """
    from rlcompleter import Completer

    plain = Completer(names).complete
    found: list[str] = []

    def complete(text: str, state: int) -> str | None:
        if state == 0:
            line, begin = readline.get_line_buffer()[: readline.get_endidx()], readline.get_begidx()
            start, choices = offered(names, line)
            # readline takes what is left of a hyphen or an @ for another word.
            found[:] = [f'{line[begin:start]}{each[max(0, begin - start) :]}' for each in choices]
        if found:
            return found[state] if state < len(found) else None
        return plain(text, state)

    return complete
