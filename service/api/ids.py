"""Ids of ours in paths."""

from __future__ import annotations

import re

from service.domain.errors import NotFoundError

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def checked_id(text: str, kind: str) -> str:
    """An id that cannot be ours is as unknown as any other; it never reaches the database.

    Raises:
        NotFoundError: it cannot be one.
    """
    if _ID.fullmatch(text) is None:
        raise NotFoundError(f"There is no such {kind}.")
    return text
