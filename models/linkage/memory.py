"""The history in memory: the replay's counterpart of the store in SQL, number for number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from models.linkage.company import ALONE
from models.linkage.daily import DailyCounts
from models.linkage.guarded import Hidden, with_hidden
from models.linkage.history import Link
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.joining import (
    DEGREE_CAP,
    MEDIUM,
    PAIR_WINDOW_US,
    GuardState,
    Ties,
    crowds_of,
    joins_in_pairs,
    name_is_rare,
)
from models.linkage.marks import NOTHING_TOUCHED, UNMARKED, Mark, Marks, Touched, touched
from models.linkage.memory_clusters import MemoryClusters
from models.linkage.memory_links import Links, OneLink, Place
from models.linkage.velocity import (
    AGED_KIND,
    DAY_US,
    NEVER_SEEN,
    PAST_KINDS,
    Counts,
    Linkage,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_BITS = {kind: 1 << at for at, kind in enumerate(MEDIUM)}
_ALONE = frozenset(_BITS.values())
_NAMES = frozenset({IdentifierKind.NAME, IdentifierKind.NAME_BIRTH})


def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970, exactly (no floating point between the clock and a window's edge)."""
    return (instant - _EPOCH) // _MICROSECOND


class MemoryHistory:
    """A history in dictionaries, bounded per identifier by the saturation limit."""

    def __init__(self) -> None:
        self._links: dict[tuple[IdentifierKind, str], OneLink | Links] = {}
        self._first: dict[str, list[tuple[Place, int]]] = {}
        self._daily = DailyCounts()
        self.clusters = MemoryClusters()

    def linkage_of(self, identifiers: Sequence[Identifier], *, now: datetime, excluding: int | None = None) -> Linkage:
        """See ``models.linkage.history.History``."""
        now_us = microseconds(now)
        today = now_us // DAY_US
        seen, velocity = self._links, self._velocity
        velocities = [
            (each.kind, velocity(each, now_us, today, excluding) if (each.kind, each.value) in seen else NEVER_SEEN)
            for each in identifiers
        ]
        ties = self._ties(identifiers, velocities, now_us, excluding)
        marks, bans, contained = self._marked(identifiers, velocities, now_us, excluding)
        company = ALONE
        if ties.clusters or ties.guarded or contained:
            company = self.clusters.company(ties, identifiers, contained=contained, now_us=now_us, excluding=excluding)
        hidden = self._hidden(identifiers, velocities, marks, excluding) if ties.guarded else ()
        return Linkage(
            velocities,
            observed_days=self._daily.observed_days(today),
            marks=marks,
            company=with_hidden(company, hidden, now_us=now_us) if hidden else company,
            touched=bans,
        )

    def _marked(
        self,
        identifiers: Sequence[Identifier],
        velocities: Sequence[tuple[IdentifierKind, Counts]],
        now_us: int,
        excluding: int | None,
    ) -> tuple[Mapping[IdentifierKind, Marks], Touched, int]:
        """The marks, the bans touched, and how many identifiers a containment holds."""
        marks, looked_at = self.clusters.marks.counted(
            identifiers, guarded=self.clusters.guards, now_us=now_us, excluding=excluding
        )
        if not marks:
            return marks, NOTHING_TOUCHED, 0
        crowds = crowds_of((each, counts) for each, (_, counts) in zip(identifiers, velocities, strict=True))
        contained = self.clusters.marks.contained_edges(identifiers, guarded=self.clusters.guards)
        return marks, touched(looked_at, crowds=crowds), contained

    def _hidden(
        self,
        identifiers: Sequence[Identifier],
        velocities: Sequence[tuple[IdentifierKind, Counts]],
        marks: Mapping[IdentifierKind, Marks],
        excluding: int | None,
    ) -> list[Hidden]:
        hidden = []
        for each, (_, velocity) in zip(identifiers, velocities, strict=True):
            key = (each.kind, each.value)
            cluster = self.clusters.anchored(key) if self.clusters.guards.get(key) is GuardState.SHARED else None
            if cluster is not None and self._carried_by_others(each, excluding):
                founded_us = self.clusters.founded_us(cluster)
                hidden.append(Hidden(velocity, founded_us, marks.get(each.kind, UNMARKED)))
        return hidden

    def roll_up(self, before_day: int) -> None:
        """See ``models.linkage.history.History``."""
        self._daily.roll_up(before_day)

    def record(self, link: Link) -> None:
        """See ``models.linkage.history.History``."""
        # Before its own links are there, so that nothing is tied to itself.
        clusters = self.ties_of(link).clusters if link.clusters is None else link.clusters
        self.clusters.add(link.signup_no, microseconds(link.occurred_at), tuple(link.identifiers), clusters)
        self._link(link)

    def _link(self, link: Link) -> None:
        """Remember the links, and on which keys to count them by day."""
        recorded_us, occurred_us = microseconds(link.recorded_at), microseconds(link.occurred_at)
        place, account_type, remembered = (recorded_us, link.signup_no), link.account_type.value, self._links
        past = []
        for each in link.identifiers:
            kind = each.kind
            key = (kind, each.value)
            links = remembered.get(key)
            counted = each.counted if each.place is None else each.place
            if links is None:
                remembered[key] = OneLink(place, occurred_us, counted, account_type, each.anomalies)
            else:
                if isinstance(links, OneLink):
                    links = remembered[key] = links.in_columns()
                links.add(place, occurred_us, counted, account_type, each.anomalies)
            if kind in PAST_KINDS:
                past.append(key)
                if kind is AGED_KIND:
                    self._remember_first(each.value, place, occurred_us)
        self._daily.add(recorded_us, occurred_us, past)

    def link_further(self, link: Link) -> None:
        """A recorded sign-up turns out to carry further identifiers, known from ``recorded_at`` on."""
        self.clusters.add_further(link.signup_no, tuple(link.identifiers))
        self._link(link)

    def ties_of(self, link: Link) -> Ties:
        """What ties a sign-up that is about to be recorded."""
        now_us = microseconds(link.occurred_at)
        # Only the names decide whether a pair with a name ties.
        named = [each for each in link.identifiers if each.kind in _NAMES]
        velocities = [(each.kind, self._velocity(each, now_us, now_us // DAY_US, None)) for each in named]
        return self._ties(link.identifiers, velocities, now_us, None)

    def mark(self, signup_no: int, mark: Mark, known_at: datetime) -> None:
        """See ``models.linkage.history.History``."""
        self.clusters.mark(signup_no, mark, microseconds(known_at))

    def unmark(self, signup_no: int, mark: Mark) -> None:
        """See ``models.linkage.history.History``."""
        self.clusters.unmark(signup_no, mark)

    def _ties(
        self,
        identifiers: Sequence[Identifier],
        velocities: Sequence[tuple[IdentifierKind, Counts]],
        now_us: int,
        excluding: int | None,
    ) -> Ties:
        agreeing: dict[int, int] = {}
        for each in identifiers:
            kind = each.kind
            if kind in _BITS and joins_in_pairs(each) and (kind, each.value) not in self.clusters.guards:
                links = self._links.get((kind, each.value))
                if links is not None:
                    bit = _BITS[kind]
                    for number in links.near(now_us, PAIR_WINDOW_US[kind], DEGREE_CAP[kind], excluding):
                        agreeing[number] = agreeing.get(number, 0) | bit
        pairs = [(number, bits) for number, bits in agreeing.items() if bits not in _ALONE]
        return self.clusters.ties(
            identifiers,
            pairs=pairs,
            name_is_rare=name_is_rare(velocities) if pairs else True,
            carried_by_others=lambda each: self._carried_by_others(each, excluding),
        )

    def _carried_by_others(self, identifier: Identifier, excluding: int | None) -> bool:
        links = self._links.get((identifier.kind, identifier.value))
        return links is not None and (excluding is None or links.carried_by_others(excluding))

    def _velocity(self, identifier: Identifier, now_us: int, today: int, excluding: int | None) -> Counts:
        kind = identifier.kind
        key = (kind, identifier.value)
        links = self._links.get(key)
        if links is None:
            return NEVER_SEEN
        if excluding is not None:
            links = links.without(excluding)
        past = self._daily.past(key, today) if kind in PAST_KINDS else 0
        age_us = self._age_us(identifier.value, now_us, excluding) if kind is AGED_KIND else 0
        return links.velocity(identifier, now_us, past=past, age_us=age_us)

    def _remember_first(self, domain: str, place: Place, occurred_us: int) -> None:
        first = self._first.setdefault(domain, [])
        # The second is kept for the sign-up that was the first and is judged again.
        if len(first) < 2 or place < first[-1][0]:
            first.append((place, occurred_us))
            first.sort()
            del first[2:]

    def _age_us(self, domain: str, now_us: int, excluding: int | None) -> int:
        first = next((occurred for place, occurred in self._first.get(domain, ()) if place[1] != excluding), now_us)
        return max(0, now_us - first)
