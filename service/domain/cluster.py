"""Clusters and identifiers as people and callers name them."""

from __future__ import annotations

import re

from models.linkage.identifier import IdentifierKind

_ID = re.compile(r"cl_(m?)(\d{1,18})")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")


def cluster_id(number: int) -> str:
    """The id of a cluster by its number, which is negative for one that a division made."""
    return f"cl_m{-number}" if number < 0 else f"cl_{number}"


def cluster_number(text: str) -> int | None:
    """The number of a cluster by its id; ``None`` for what is no such id."""
    found = _ID.fullmatch(text)
    if found is None:
        return None
    return -int(found[2]) if found[1] else int(found[2])


def identifier_handle(kind: IdentifierKind, digest: bytes) -> str:
    """How people and callers name an identifier: its kind and its digest, which says nothing of its value."""
    return f"{kind.value}_{digest.hex()}"


def identifier_of_handle(text: str) -> tuple[IdentifierKind, bytes] | None:
    """The kind and digest of an identifier by its handle; ``None`` for what is no such handle."""
    kind, _, digest = text.rpartition("_")
    if kind not in set(IdentifierKind) or _HEX.fullmatch(digest) is None:
        return None
    return IdentifierKind(kind), bytes.fromhex(digest)
