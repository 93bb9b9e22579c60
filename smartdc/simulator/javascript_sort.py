"""Sorting as Node.js 6 does it, where that shows: orders that contradict themselves, and ties."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

_T = TypeVar('_T')

_SHORT = 10


def sort(items: Iterable[_T], order: Callable[[_T, _T], float]) -> list[_T]:
    """Return the items as `Array.prototype.sort` of Node.js 6 leaves them.

    `order` says whether the first of two items comes after (above 0) or before (below 0) the
    second. It may contradict itself, and say NaN; longer lists keep no order among equals.
    """
    found = list(items)
    if len(found) <= _SHORT:
        return _inserted(found, order)
    low, middle, high = _parted(found, order)
    return [*sort(low, order), *middle, *sort(high, order)]


def _inserted(items: list[_T], order: Callable[[_T, _T], float]) -> list[_T]:
    found: list[_T] = []
    for item in items:
        at = len(found)
        while at and order(found[at - 1], item) > 0:
            at -= 1
        found.insert(at, item)
    return found


def _parted(items: list[_T], order: Callable[[_T, _T], float]) -> tuple[list[_T], ...]:
    """Return what sorts below, with and above a pivot: the median of first, middle and last."""
    found = [*items]
    third = len(found) >> 1
    first, pivot, last = _median(found[0], found[-1], found[third], order)
    found[0], found[-1] = first, last
    found[third], found[1] = found[1], pivot
    low, at, high = 1, 2, len(found) - 1
    while at < high:
        sign = order(found[at], pivot)
        if sign > 0:
            high -= 1
            while high > at and (sign := order(found[high], pivot)) > 0:
                high -= 1
            if high == at:
                break
            found[at], found[high] = found[high], found[at]
        if sign < 0:
            found[at], found[low] = found[low], found[at]
            low += 1
        at += 1
    return found[:low], found[low:high], found[high:]


def _median(first: _T, last: _T, third: _T, order: Callable[[_T, _T], float]) -> tuple[_T, _T, _T]:
    """Return three items from the lowest to the highest, as the server compares them."""
    if order(first, last) > 0:
        first, last = last, first
    if order(first, third) >= 0:
        return third, first, last
    return (first, third, last) if order(last, third) > 0 else (first, last, third)
