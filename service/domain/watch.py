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


class Watches:
    """Watches by habit: to ask them costs what a sign-up has of habits, however many stand."""

    def __init__(self, watches: Iterable[Watch] = ()) -> None:
        self._watches = tuple(watches)
        self._with: dict[tuple[IdentifierKind, bytes], list[int]] = defaultdict(list)
        for place, watch in enumerate(self._watches):
            for key in watch.keys:
                self._with[key].append(place)

    def __bool__(self) -> bool:
        return bool(self._watches)

    def matching(self, keys: Collection[tuple[IdentifierKind, bytes]]) -> tuple[Watch, ...]:
        """Those with which somebody with these identifiers shares two kinds of habit."""
        kinds: dict[int, set[IdentifierKind]] = defaultdict(set)
        for key in keys:
            for place in self._with.get(key, ()):
                kinds[place].add(key[0])
        return tuple(self._watches[place] for place in sorted(kinds) if len(kinds[place]) >= MATCHES)
