"""JSON pointers (RFC 6901) to wrong fields, which never carry what only looks like a field's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

# The names of fields that a schema may have. A name that a caller made up can be anything, an e-mail address
# too; the pointer then stops at the object it stands in.
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_MANY_DIGITS = re.compile(r"(?:[0-9][._-]?){7,}")


def pointer_of(path: Sequence[str | int]) -> str:
    """The pointer of a path of names and positions, ending where a name is not fit to be repeated."""
    parts: list[str] = []
    for part in path:
        if isinstance(part, str) and not is_field_name(part):
            break
        parts.append(f"/{part}")
    return "".join(parts)


def is_field_name(name: str) -> bool:
    """Whether a name may be repeated in an answer: a plain word, not an address or a number."""
    return _FIELD_NAME.fullmatch(name) is not None and _MANY_DIGITS.search(name) is None
