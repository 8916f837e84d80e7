"""Watches: for some days after a ban, the habits of what was banned ask newcomers who share two of them for a proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
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
"""Kinds that must agree: one habit alone is half the world's. ``Watches`` counts no further than to two."""

WATCHED = "watch"
"""The name among an assessment's rules of a watch that held."""

WATCHED_REASON = "WATCHED_AFTER_BAN"


@dataclass(frozen=True, slots=True)
class Watch:
    """One watch.

    Attributes:
        keys: kind and digest of the habits.
        expected_share: the share of all sign-ups that it was expected to ask when it was opened.
        until: when it ends by itself, or ended because the bans that it followed were corrected.
    """

    number: int
    id: str
    cluster: int
    keys: frozenset[tuple[IdentifierKind, bytes]]
    expected_share: float
    opened_at: datetime
    until: datetime


class Watches:
    """Watches by habit: to ask them costs what a sign-up has of habits, however many stand.

    A hydra that deals its identifiers in bundles leaves hundreds, most of which know the same habits. So every habit
    keeps the watches that know it as the bits of one number.
    """

    def __init__(self, watches: Iterable[Watch] = ()) -> None:
        self._watches = tuple(watches)
        self._with: dict[tuple[IdentifierKind, bytes], int] = defaultdict(int)
        for place, watch in enumerate(self._watches):
            for key in watch.keys:
                self._with[key] |= 1 << place

    def __bool__(self) -> bool:
        return bool(self._watches)

    def matching(self, keys: Collection[tuple[IdentifierKind, bytes]]) -> tuple[Watch, ...]:
        """Those with which somebody with these identifiers shares two kinds of habit."""
        of_kind: dict[IdentifierKind, int] = defaultdict(int)
        for key in keys:
            of_kind[key[0]] |= self._with.get(key, 0)
        once = twice = 0
        for known in of_kind.values():
            twice |= once & known
            once |= known
        return tuple(watch for place, watch in enumerate(self._watches) if twice >> place & 1) if twice else ()
