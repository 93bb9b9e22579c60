"""What a value that came as JSON is, said so that a type checker knows it as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a JSON value is an array."""
    return isinstance(value, list)


def are_texts(value: object) -> TypeGuard[list[str]]:
    """Tell whether a JSON value is an array of texts."""
    return is_array(value) and all(isinstance(each, str) for each in value)


def is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    """Tell whether a value is a sequence of anything, and no text."""
    return isinstance(value, Sequence) and not isinstance(value, str)
