"""Velocities: how many earlier sign-ups share an identifier, within a window of time.

The definition, which the store in SQL and the replay in memory both implement and one contract suite checks:

* the *links* of an identifier are the earlier sign-ups that carry it, the sign-up itself excluded;
* only the newest ``SATURATION`` links in (recorded, id) order are read, which bounds the cost of a decision;
* a window ``w`` holds the links whose ``occurred_at`` lies in ``[now - w, now)``, where *now* is the
  ``occurred_at`` of the sign-up being judged, in whole microseconds;
* the *past* of an identifier is not read from its newest links, which a busy day fills up, but from daily
  roll-ups: the links recorded before the last roll-up that occurred in the 28 UTC days before the day of *now*.
  A roll-up takes in whole UTC days of recordings, in order, each once, and never looks back: what is recorded
  later with an earlier time is in no past. Roll-ups know no single sign-ups, so none is excluded from a past;
* the *observed days* are those from the first of these 28 days on which anybody signed up (as far as rolled up)
  to the earlier of yesterday and the last day rolled up, both included;
* the *age* is the time from the ``occurred_at`` of the first link in (recorded, id) order to *now*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple, Protocol, cast

from models.linkage.company import ALONE, Company
from models.linkage.identifier import IdentifierKind
from models.linkage.marks import NOTHING_TOUCHED, UNMARKED, Marks, Touched

SATURATION = 256
"""Measured: on 5 million links 0.29 ms for ordinary identifiers and 0.47 ms with one behind 20,000 accounts,
against 5 ms for full counts."""

_HOUR_US = 3_600 * 1_000_000


class Window(Enum):
    """A stretch of time before the sign-up; the value is its length in microseconds."""

    # Members are looked up for every feature; the hash of an enumeration is a function in Python, an object's is not.
    __hash__ = object.__hash__

    HOUR = _HOUR_US
    DAY = 24 * _HOUR_US
    WEEK = 7 * 24 * _HOUR_US
    MONTH = 30 * 24 * _HOUR_US
    QUARTER = 90 * 24 * _HOUR_US
    YEAR = 365 * 24 * _HOUR_US


DISTINCT_WINDOWS = (Window.DAY, Window.MONTH, Window.YEAR)
"""The windows in which distinct counted values are counted."""

OTHERS_WINDOW = Window.MONTH
"""The window in which links with another counted value than the sign-up's own are counted."""


SYNCHRONY_WINDOW = Window.DAY
"""The window in which links that share an anomaly with the sign-up are counted."""

SYNCHRONY_KINDS = frozenset({IdentifierKind.IP_PREFIX, IdentifierKind.PROFILE_NETWORK, IdentifierKind.BIN})
"""The kinds on which they are: what the sign-ups of one operator share however he rotates the rest."""

SEQUENCE_KIND = IdentifierKind.EMAIL_SEQUENCE
SEQUENCE_WINDOW = Window.WEEK
SEQUENCE_REACH = 50
"""Numbers this close are neighbours: a batch of mailboxes made, or sold, together."""

PAST_KINDS = frozenset(
    {
        IdentifierKind.IP_PREFIX,
        IdentifierKind.PROFILE_NETWORK,
        IdentifierKind.EMAIL_PATTERN,
        IdentifierKind.EMAIL_DOMAIN,
        IdentifierKind.INSTITUTION,
        IdentifierKind.BIN,
        IdentifierKind.BIN_COUNTRY,
        IdentifierKind.FORM_LANGUAGE,
    }
)
"""The kinds that are rolled up by day."""

PAST_DAYS = 28
"""Four whole weeks, so that every day of the week weighs the same."""

AGED_KIND = IdentifierKind.EMAIL_DOMAIN
"""The kind of which the first link is looked up."""

DAY_US = Window.DAY.value
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day_of(instant: datetime) -> int:
    """The UTC day of an instant, counted from 1970."""
    return (instant - _EPOCH).days


Six = tuple[int, int, int, int, int, int]
Three = tuple[int, int, int]


class Counts(Protocol):
    """The counts of one identifier; those of links lie between 0 and ``SATURATION``."""

    @property
    def links(self) -> Six:
        """Links in each ``Window``, in the order the windows are declared."""

    @property
    def distinct(self) -> Three:
        """Distinct counted values (unknown ones left out) in each of ``DISTINCT_WINDOWS``."""

    @property
    def others(self) -> int:
        """Links in ``OTHERS_WINDOW`` whose counted value is not the sign-up's own.

        An unknown value on one side only is another value.
        """

    @property
    def account_types(self) -> int:
        """Distinct account types among the links in the longest window."""

    @property
    def anomalous(self) -> int:
        """Links in ``SYNCHRONY_WINDOW`` that share an anomaly with the sign-up; 0 but for ``SYNCHRONY_KINDS``."""

    @property
    def near(self) -> int:
        """Links in ``SEQUENCE_WINDOW`` at most ``SEQUENCE_REACH`` away; 0 but for ``SEQUENCE_KIND``."""

    @property
    def past(self) -> int:
        """Links in the ``PAST_DAYS`` before today, as rolled up; 0 but for ``PAST_KINDS``."""

    @property
    def age_us(self) -> int:
        """Microseconds since the first link, 0 without one; 0 but for ``AGED_KIND``."""


class Velocity(NamedTuple):
    """``Counts`` that were made already."""

    links: Six
    distinct: Three
    others: int
    account_types: int
    anomalous: int = 0
    near: int = 0
    past: int = 0
    age_us: int = 0


NEVER_SEEN = Velocity((0, 0, 0, 0, 0, 0), (0, 0, 0), 0, 0)
"""The velocity of an identifier that no earlier sign-up carries."""


def _fullest(counts: Sequence[Counts]) -> Counts:
    """The largest of each count, over the identifiers of one kind."""
    seen = [each for each in counts if each is not NEVER_SEEN]
    if len(seen) < 2:
        return seen[0] if seen else NEVER_SEEN
    return _Fullest(seen)


class _Fullest:
    """The largest of each count, found when it is asked for: of eight bands of a text one count is ever looked at."""

    __slots__ = ("_each",)

    def __init__(self, each: Sequence[Counts]) -> None:
        self._each = each

    @property
    def links(self) -> Six:
        return cast("Six", tuple(map(max, *[each.links for each in self._each])))

    @property
    def distinct(self) -> Three:
        return cast("Three", tuple(map(max, *[each.distinct for each in self._each])))

    @property
    def others(self) -> int:
        return max([each.others for each in self._each])

    @property
    def account_types(self) -> int:
        return max([each.account_types for each in self._each])

    @property
    def anomalous(self) -> int:
        return max([each.anomalous for each in self._each])

    @property
    def near(self) -> int:
        return max([each.near for each in self._each])

    @property
    def past(self) -> int:
        return max([each.past for each in self._each])

    @property
    def age_us(self) -> int:
        return max([each.age_us for each in self._each])


_LINKS_AT = {window: at for at, window in enumerate(Window)}
_DISTINCT_AT = {window: at for at, window in enumerate(DISTINCT_WINDOWS)}


class Linkage:
    """What the history says about one sign-up: the velocities of its identifiers, and how long it has been kept.

    A kind of which the sign-up carries several identifiers (the bands of its text) answers with the largest
    count; a kind of which it carries none answers ``None``.

    Attributes:
        observed_days: the days that pasts look back on.
        company: the clusters it would join.
        touched: the bans it touches.
    """

    __slots__ = ("_fullest", "_marks", "company", "observed_days", "touched")

    def __init__(
        self,
        velocities: Iterable[tuple[IdentifierKind, Counts]],
        *,
        observed_days: int = 0,
        marks: Mapping[IdentifierKind, Marks] | None = None,
        company: Company = ALONE,
        touched: Touched = NOTHING_TOUCHED,
    ) -> None:
        self.observed_days = observed_days
        self.company = company
        self.touched = touched
        self._marks = {} if marks is None else marks
        fullest: dict[IdentifierKind, Counts] = {}
        several: dict[IdentifierKind, list[Counts]] = {}
        for kind, counts in velocities:
            if kind in fullest:
                several.setdefault(kind, [fullest[kind]]).append(counts)
            else:
                fullest[kind] = counts
        for kind, each in several.items():
            fullest[kind] = _fullest(each)
        self._fullest = fullest

    def links(self, kind: IdentifierKind, window: Window) -> int | None:
        """Earlier sign-ups on the identifier within the window; ``None`` without such an identifier."""
        velocity = self._fullest.get(kind)
        return None if velocity is None else velocity.links[_LINKS_AT[window]]

    def distinct(self, kind: IdentifierKind, window: Window) -> int | None:
        """Distinct counted values on the identifier; ``window`` is one of ``DISTINCT_WINDOWS``."""
        velocity = self._fullest.get(kind)
        return None if velocity is None else velocity.distinct[_DISTINCT_AT[window]]

    def others(self, kind: IdentifierKind) -> int | None:
        """Links in ``OTHERS_WINDOW`` whose counted value differs from the sign-up's own."""
        velocity = self._fullest.get(kind)
        return None if velocity is None else velocity.others

    def account_types(self, kind: IdentifierKind) -> int | None:
        """Distinct account types among the links of the longest window."""
        velocity = self._fullest.get(kind)
        return None if velocity is None else velocity.account_types

    def anomalous(self, kind: IdentifierKind) -> int | None:
        """Links of the last day that share an anomaly with the sign-up; ``kind`` is one of ``SYNCHRONY_KINDS``."""
        velocity = self._fullest.get(kind)
        return None if velocity is None else velocity.anomalous

    def near(self) -> int | None:
        """Neighbours on the sequence of mailboxes; ``None`` when the mailbox has no number."""
        velocity = self._fullest.get(SEQUENCE_KIND)
        return None if velocity is None else velocity.near

    def past(self, kind: IdentifierKind) -> int | None:
        """Links in the 28 days before today, of which ``observed_days`` were observed; for ``PAST_KINDS``."""
        velocity = self._fullest.get(kind)
        return None if velocity is None else velocity.past

    def age_us(self) -> int | None:
        """Microseconds since the first sign-up from the same mail domain."""
        velocity = self._fullest.get(AGED_KIND)
        return None if velocity is None else velocity.age_us

    def marks(self, kind: IdentifierKind) -> Marks | None:
        """What is known of the identifier of a kind; ``None`` without such an identifier."""
        return self._marks.get(kind, UNMARKED) if kind in self._fullest else None

    def as_document(self) -> dict[str, dict[str, int]]:
        """The counts by kind and name (``links_24h``, ``distinct_30d`` …), for rules, records and reviewers.

        ``cluster`` and ``bans`` stand beside the kinds. Marks are there only for identifiers that carry one.
        """
        document = {
            kind.value: dict(zip(_COUNT_NAMES, _counts(velocity), strict=True))
            for kind, velocity in self._fullest.items()
        }
        for kind, velocity in self._fullest.items():
            counts = document[kind.value]
            if kind in PAST_KINDS:
                counts |= {"past_28d": velocity.past, "observed_days": self.observed_days}
            if kind in SYNCHRONY_KINDS:
                counts["anomalous_24h"] = velocity.anomalous
            if kind is AGED_KIND:
                counts["age_days"] = velocity.age_us // DAY_US
            if kind is SEQUENCE_KIND:
                counts["near_7d"] = velocity.near
        for kind, marks in self._marks.items():
            document[kind.value] |= {
                "banned": marks.banned,
                "good_accounts": marks.good,
                "challenges_passed": marks.passed,
                "challenges_failed": marks.failed,
            }
        if not document:
            return document
        document["cluster"] = _cluster_document(self.company)
        document["bans"] = {
            "strong_kinds": self.touched.strong_kinds,
            "strong": self.touched.strong_bans,
            "had": self.touched.had_bans,
            "guarded": self.touched.guarded_bans,
            "pairs_14d": self.touched.pair_bans,
            "triples_72h": self.touched.triple_bans,
        }
        return document


WINDOW_NAMES = {
    Window.HOUR: "1h",
    Window.DAY: "24h",
    Window.WEEK: "7d",
    Window.MONTH: "30d",
    Window.QUARTER: "90d",
    Window.YEAR: "365d",
}


def _cluster_document(company: Company) -> dict[str, int]:
    return {
        "clusters": len(company.clusters),
        "edges": company.edges,
        "guarded": company.guarded,
        "contained": company.contained,
        "size": company.size,
        "growth_1h": company.growth_1h,
        "growth_24h": company.growth_24h,
        "frauds": company.frauds,
        "good_accounts": company.good,
        "age_days": company.age_us // DAY_US,
        "institutions": len(company.composition.institutions),
    }


_COUNT_NAMES = (
    *(f"links_{WINDOW_NAMES[window]}" for window in Window),
    *(f"distinct_{WINDOW_NAMES[window]}" for window in DISTINCT_WINDOWS),
    "others_30d",
    "account_types",
)


def _counts(counts: Counts) -> tuple[int, ...]:
    """The counts in the order of ``_COUNT_NAMES``."""
    return (*counts.links, *counts.distinct, counts.others, counts.account_types)


NO_HISTORY = Linkage(())
"""The linkage of a sign-up about which the history cannot be asked."""
