"""Watches: for some days after a ban, the habits of what was banned ask newcomers who share two of them for a proof."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from models.linkage.identifier import IdentifierKind

WATCHED_KINDS = (
    IdentifierKind.EMAIL_PATTERN,
    IdentifierKind.PROFILE_NETWORK,
    IdentifierKind.BIN,
    IdentifierKind.TEXT_BAND,
)
"""Pattern of mailbox at its domain, browser with network, card range, wording of the stated use: what an operator keeps
who rotates the rest."""

MATCHES = 2
"""Kinds that must agree: one habit alone is half the world's."""

WATCHED = "watch"
"""The name among an assessment's rules of a watch that held."""

WATCHED_REASON = "WATCHED_AFTER_BAN"


@dataclass(frozen=True, slots=True)
class Watch:
    """One watch.

    Attributes:
        keys: kind and digest of the habits.
        expected_share: the share of all sign-ups that it was expected to ask when it was opened.
        until: ends it by itself.
    """

    number: int
    id: str
    cluster: int
    keys: frozenset[tuple[IdentifierKind, bytes]]
    expected_share: float
    opened_at: datetime
    until: datetime

    def matches(self, keys: Collection[tuple[IdentifierKind, bytes]]) -> bool:
        """Whether somebody with these identifiers shares two kinds of habit with it."""
        return len({kind for kind, _ in self.keys.intersection(keys)}) >= MATCHES
