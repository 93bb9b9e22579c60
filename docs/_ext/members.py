"""Directives that describe the methods of a class by the file that they stand in.

`.. chapter:: keys` describes the methods of `smartdc/api/keys.py`, as those of `smartdc.DataCenter`
or `smartdc.Machine`; `.. own:: smartdc.DataCenter` describes those that stand in no such file.
What is added to a file is described by itself.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

import smartdc

_HOLDERS = (smartdc.DataCenter, smartdc.Machine, smartdc.Snapshot)
_CHAPTERS = 'smartdc.api.'


def members(kind: type, holder: type) -> Iterator[str]:
    """Yield directives for the public members that a class has in its own text."""
    for name, member in vars(kind).items():
        if name.startswith('_'):
            continue
        is_value = isinstance(member, property | cached_property)
        is_method = inspect.isroutine(member)
        directive = 'autoproperty' if is_value else 'automethod' if is_method else 'autoattribute'
        # A member that another class hides is described where it counts.
        if inspect.getattr_static(holder, name) is member:
            yield f'.. {directive}:: smartdc.{holder.__name__}.{name}'


class Chapter(SphinxDirective):
    """Describe the methods of a chapter."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the descriptions, in the order of the file."""
        module = import_module(_CHAPTERS + self.arguments[0])
        kinds = [kind for _, kind in inspect.getmembers(module, inspect.isclass)]
        lines = [
            line
            for kind in kinds
            for holder in _HOLDERS
            if kind.__module__ == module.__name__ and issubclass(holder, kind)
            for line in members(kind, holder)
        ]
        return self.parse_text_to_nodes('\n\n'.join(lines))


class Own(SphinxDirective):
    """Describe the methods of a class that are in no chapter."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the descriptions, the class's own first."""
        holder: type[Any] = getattr(smartdc, self.arguments[0].rpartition('.')[2])
        kinds = [each for each in holder.__mro__ if each.__module__.startswith('smartdc.')]
        lines = [
            line
            for kind in kinds
            if not kind.__module__.startswith(_CHAPTERS)
            for line in members(kind, holder)
        ]
        return self.parse_text_to_nodes('\n\n'.join(lines))


def _linked(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Link a name of ours that stands in an annotation without its module, or with another's."""
    python = env.domains.python_domain
    name = node.get('reftarget', '').rpartition('.')[2]
    found = [full for full in python.objects if re.fullmatch(rf'smartdc\.(.+\.)?{name}', full)]
    if node.get('refdomain') != 'py' or len(found) != 1:
        return None
    (full,) = found
    entry = python.objects[full]
    where = node.get('refdoc', ''), entry.docname, entry.node_id
    return make_refnode(app.builder, *where, content, full)


def _plain(*event: Any) -> tuple[str, str] | None:
    """Show the default that a dataclass makes as something that can be read."""
    *_, signature, returns = event
    return (signature.replace('<factory>', '...'), returns) if signature else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directives, and what mends links and signatures."""
    app.connect('missing-reference', _linked)
    app.connect('autodoc-process-signature', _plain)
    app.add_directive('chapter', Chapter)
    app.add_directive('own', Own)
    return {'parallel_read_safe': True}
