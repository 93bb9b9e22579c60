"""What a value of no known type is, said so that a type checker knows it as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Say whether a value is a mapping, as a JSON object is."""
    # A dict is known at once, any other mapping only by what its class says of itself.
    return isinstance(value, dict | Mapping)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Say whether a value is a list, as a JSON array is."""
    return isinstance(value, list)


def are_texts(value: object) -> TypeGuard[list[str]]:
    """Say whether a value is a list of texts."""
    return is_array(value) and all(isinstance(each, str) for each in value)


def is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    """Say whether a value is a sequence of anything, and no text."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
