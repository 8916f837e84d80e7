"""Attacks: many sign-ups within an hour whose habits surprise, named by the key they share and never by its value."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.linkage.identifier import IdentifierKind

SIGNUPS_TO_START = 5
"""So many corroborated sign-ups within ``STARTS_WITHIN``: one or two are chance even where each is one in a million."""

STARTS_WITHIN = timedelta(hours=1)
ENDS_AFTER = timedelta(hours=6)
"""Quiet for so long: an operator's night is longer, his pauses are shorter."""

_SAME_CARDS = frozenset({IdentifierKind.BIN, IdentifierKind.BIN_COUNTRY})


@dataclass(frozen=True, slots=True)
class Attack:
    """One key that sign-ups share under attack; ``ended_at`` is ``None`` while it goes on.

    Attributes:
        id: of the attack.
        kind: what kind of key it is.
        key: an id made of the key's digest: the same for the same key, and saying nothing of its value.
        signups: how many sign-ups reached the line of surprise on the key, those before the start included.
        surprise: the largest of them, in tenths of powers of ten.
        owners: whose sign-ups were among them.
    """

    id: str
    kind: IdentifierKind
    key: str
    started_at: datetime
    first_seen_at: datetime
    last_seen_at: datetime
    signups: int
    surprise: int
    owners: frozenset[str]
    ended_at: datetime | None = None


def key_id(kind: IdentifierKind, digest: bytes) -> str:
    """The name of a key for people and callers: nobody gets from it to the digest, nor from the digest to the value."""
    return "key_" + hashlib.sha256(f"{kind.value}\x1f".encode() + digest).hexdigest()[:16]


def has_another_sign(surprising: Iterable[IdentifierKind], *, frauds: int) -> bool:
    """Whether a surprise does not stand alone: a second kind surprises too, or the cluster has frauds.

    A card range and the same range in one country are one habit.
    """
    habits = {IdentifierKind.BIN if kind in _SAME_CARDS else kind for kind in surprising}
    return frauds > 0 or len(habits) >= 2
