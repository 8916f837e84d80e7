"""What the endpoints share of a request's path and an answer's form."""

from __future__ import annotations

import re

from service.domain.errors import NotFoundError

JSON = "application/json"
_RECORD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def checked_id(record_id: str) -> str:
    """An id that cannot be ours is as unknown as any other; it never reaches the database."""
    if _RECORD_ID.fullmatch(record_id) is None:
        raise NotFoundError("There is no such thing.")
    return record_id
