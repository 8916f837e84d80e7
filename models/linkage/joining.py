"""Joining: which earlier sign-ups a sign-up shares a cluster with.

One unguarded strong identifier joins. Medium identifiers join when two of different kinds agree with the *same* earlier
sign-up, within a window and only while few carry them; weak ones never join.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from models.frozen import frozen
from models.linkage.identifier import STRONG_KINDS, Identifier, IdentifierKind
from models.linkage.velocity import Counts, Window

Kind = IdentifierKind

MEDIUM = (Kind.IP, Kind.DEVICE_PROFILE, Kind.CARDHOLDER_BIN, Kind.NAME_BIRTH)
"""The kinds that join in pairs; bit ``1 << place`` of a pair says that the kind at this place agrees."""

PAIR_WINDOW_US: Mapping[Kind, int] = {
    Kind.IP: Window.WEEK.value,
    Kind.DEVICE_PROFILE: Window.MONTH.value,
    Kind.CARDHOLDER_BIN: Window.MONTH.value,
    Kind.NAME_BIRTH: Window.MONTH.value,
}
"""How far apart two sign-ups may have occurred that a medium identifier ties: addresses change hands soonest."""

DEGREE_CAP: Mapping[Kind, int] = {Kind.IP: 20, Kind.DEVICE_PROFILE: 50, Kind.CARDHOLDER_BIN: 10, Kind.NAME_BIRTH: 5}
"""Links within the window beyond which a medium identifier is a crowd's and ties nobody."""

_RARE = 0.05
"""Fewer matches than this are to be expected by chance for a name with a year of birth to tie anybody."""
_YEAR_SHARE = 1 / 15
"""The share of people who sign up born in one given year: most are students of some fifteen years."""
_UNSEEN = 0.5
"""Stands in for namesakes not seen yet."""


class GuardState(IntEnum):
    """Why an identifier joins nobody. The values are stored: never change one."""

    SHARED = 1
    """Many verified-good accounts and hardly a fraud: a campus, a laboratory, a family. Found from evidence."""
    EXEMPT = 2
    """Declared by a person, with reason and expiry."""
    CUT = 3
    """Taken out of a cluster by a reviewer."""
    CLONED = 4
    """A device id seen with many different browsers at once: it joins nobody alone."""


class StrongTie(NamedTuple):
    """What a strong identifier of a sign-up is tied to: ``cluster`` is ``None`` when no earlier sign-up carries it."""

    kind: Kind
    cluster: int | None
    guard: GuardState | None = None


class PairTie(NamedTuple):
    """An earlier sign-up's cluster, and the medium kinds that agree with it as bits of ``MEDIUM``."""

    cluster: int
    agreeing: int


@frozen
class Ties:
    """What ties one sign-up to clusters, before it joins.

    Attributes:
        clusters: the clusters it joins, lowest number first.
        edges: the identifiers that tie it: each strong one, and each medium kind that agrees in a pair.
        guarded: strong identifiers that are seen and guarded.
    """

    clusters: tuple[int, ...] = ()
    edges: int = 0
    guarded: int = 0


NO_TIES = Ties()


def ties_of(strong: Iterable[StrongTie], pairs: Iterable[PairTie], *, name_is_rare: bool) -> Ties:
    """Join the rules: every unguarded strong tie, and every pair in which two kinds count."""
    strong, pairs = list(strong), list(pairs)
    if not strong and not pairs:
        return NO_TIES
    clusters, edges, guarded, agreeing = set(), 0, 0, 0
    for each in strong:
        if each.cluster is None:
            continue
        if each.guard is not None:
            guarded += 1
            continue
        clusters.add(each.cluster)
        edges += 1
    for pair in pairs:
        counted = pair.agreeing if name_is_rare else pair.agreeing & ~_NAME_BIT
        if counted.bit_count() >= 2:
            clusters.add(pair.cluster)
            agreeing |= counted
    return Ties(tuple(sorted(clusters)), edges + agreeing.bit_count(), guarded)


_NAME_BIT = 1 << MEDIUM.index(Kind.NAME_BIRTH)


def name_is_rare(velocities: Iterable[tuple[Kind, Counts]]) -> bool:
    """Whether sharing name and year of birth is unlikely to be chance, by how many namesakes of other years there are.

    The expected matches among the sign-ups of 30 days are the namesakes times the share of a year; common names of
    every culture would merge strangers otherwise.
    """
    namesakes = twins = 0
    for kind, velocity in velocities:
        if kind is Kind.NAME:
            namesakes = _links_30d(velocity)
        elif kind is Kind.NAME_BIRTH:
            twins = _links_30d(velocity)
    return (max(0, namesakes - twins) + _UNSEEN) * _YEAR_SHARE < _RARE


_MONTH = list(Window).index(Window.MONTH)


def _links_30d(velocity: Counts) -> int:
    return velocity.links[_MONTH]


def crowds_of(carried: Iterable[tuple[Identifier, Counts]]) -> frozenset[Kind]:
    """The kinds of medium identifier that tie nobody here, because a crowd has them."""
    return frozenset(
        identifier.kind
        for identifier, velocity in carried
        if identifier.kind in DEGREE_CAP
        and (identifier.of_a_crowd or velocity.links[_PAIR_AT[identifier.kind]] > DEGREE_CAP[identifier.kind])
    )


_PAIR_AT = {kind: [window.value for window in Window].index(span) for kind, span in PAIR_WINDOW_US.items()}


def joins_alone(identifier: Identifier) -> bool:
    """Whether sharing the identifier joins by itself, guards aside."""
    return identifier.kind in STRONG_KINDS


def joins_in_pairs(identifier: Identifier) -> bool:
    """Whether the identifier joins together with another one: medium, and not of a place that many share."""
    return identifier.kind in PAIR_WINDOW_US and not identifier.of_a_crowd
