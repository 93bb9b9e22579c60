"""Ids that are made up."""

from __future__ import annotations

import uuid

_SPACE = uuid.UUID('5d4cbb0e-6f3c-4f0a-9f50-736d61727464')


def made_up_id(seed: str) -> str:
    """Return the id of a thing that came without one, the same each time."""
    return str(uuid.uuid5(_SPACE, seed))
