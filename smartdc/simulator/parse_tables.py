"""LALR(1) tables, built from a grammar as jison builds them.

jison tells its users what could have stood at the place of a fault, which is a row of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: The end of the text after the start symbol; no token of the lexer.
END = '$end'


class Production(NamedTuple):
    """A rule of a grammar: `head` may stand for the symbols of `body`."""

    head: str
    body: tuple[str, ...]


class Item(NamedTuple):
    """A production that has been read up to the dot."""

    production: int
    dot: int


@dataclass(frozen=True)
class Tables:
    """What to do in each state: `shifts` lead on, `reduces` name a finished production.

    Both map a symbol; non-terminal symbols only shift.
    """

    shifts: Sequence[Mapping[str, int]]
    reduces: Sequence[Mapping[str, int]]

    def expected(self, state: int) -> set[str]:
        """Return the symbols that have a meaning in a state."""
        return {*self.shifts[state], *self.reduces[state]}


Lookaheads = dict[Item, set[str]]


def build(grammar: Sequence[Production]) -> Tables:
    """Return the tables of a grammar whose first production is the start."""
    return _Builder(grammar).build()


class _Builder:
    """Merges the states of LR(1) that have the same items, until nothing is added any more."""

    def __init__(self, grammar: Sequence[Production]) -> None:
        self._grammar = grammar
        self._heads: dict[str, list[int]] = {}
        for number, production in enumerate(grammar):
            self._heads.setdefault(production.head, []).append(number)
        self._empty = {production.head for production in grammar if not production.body}
        self._first = self._first_sets()
        self._numbers: dict[frozenset[Item], int] = {}
        self._kernels: list[Lookaheads] = []
        self._shifts: list[dict[str, int]] = []
        self._waiting: list[int] = []

    def build(self) -> Tables:
        starts = {Item(number, 0): {END} for number in self._heads[self._grammar[0].head]}
        self._state(starts)
        while self._waiting:
            state = self._waiting.pop()
            for symbol, kernel in self._successors(self._closure(self._kernels[state])).items():
                self._shifts[state][symbol] = self._state(kernel)
        return Tables(self._shifts, [self._finished(kernel) for kernel in self._kernels])

    def _first_sets(self) -> dict[str, set[str]]:
        """Return the terminals that each non-terminal can begin with."""
        first: dict[str, set[str]] = {head: set() for head in self._heads}
        size = -1
        while size != (size := sum(map(len, first.values()))):
            for production in self._grammar:
                for symbol in production.body:
                    first[production.head] |= first.get(symbol, {symbol})
                    if symbol not in self._empty:
                        break
        return first

    def _state(self, kernel: Lookaheads) -> int:
        """Return the state of these items, with their look-aheads added to it."""
        number = self._numbers.setdefault(frozenset(kernel), len(self._kernels))
        if number == len(self._kernels):
            self._kernels.append({item: set() for item in kernel})
            self._shifts.append({})
        known = self._kernels[number]
        if any(not ahead <= known[item] for item, ahead in kernel.items()):
            for item, ahead in kernel.items():
                known[item] |= ahead
            self._waiting.append(number)
        return number

    def _closure(self, kernel: Lookaheads) -> Lookaheads:
        """Return the items with all that can begin where their dots are."""
        found = {item: set(ahead) for item, ahead in kernel.items()}
        waiting = list(found)
        while waiting:
            item = waiting.pop()
            body = self._grammar[item.production].body
            if item.dot == len(body) or body[item.dot] not in self._heads:
                continue
            ahead = self._ahead(body[item.dot + 1 :], found[item])
            for number in self._heads[body[item.dot]]:
                known = found.setdefault(Item(number, 0), set())
                if not ahead <= known:
                    known |= ahead
                    waiting.append(Item(number, 0))
        return found

    def _ahead(self, rest: Sequence[str], after: set[str]) -> set[str]:
        """Return the terminals that can follow a symbol which `rest` and then `after` follow."""
        found: set[str] = set()
        for symbol in rest:
            found |= self._first.get(symbol, {symbol})
            if symbol not in self._empty:
                return found
        return found | after

    def _successors(self, closure: Lookaheads) -> dict[str, Lookaheads]:
        """Return the items of the next state, by the symbol that leads there."""
        found: dict[str, Lookaheads] = {}
        for item, ahead in closure.items():
            body = self._grammar[item.production].body
            if item.dot < len(body):
                kernel = found.setdefault(body[item.dot], {})
                kernel[Item(item.production, item.dot + 1)] = ahead
        return found

    def _finished(self, kernel: Lookaheads) -> dict[str, int]:
        return {
            symbol: item.production
            for item, ahead in self._closure(kernel).items()
            if item.dot == len(self._grammar[item.production].body)
            for symbol in ahead
        }
