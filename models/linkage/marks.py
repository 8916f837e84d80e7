"""Marks: what became known of the sign-ups that carry an identifier, kept apart from the links.

Links are read newest first, so that whoever signs up 256 times on an identifier would wash a ban out of sight. Marks
have an index of their own, and what is held against an identifier (bans, containment) is never crowded out by what
speaks for it or by results of challenges.

The definition, which the store in SQL and the replay in memory both implement:

* a mark is written for every identifier of ``MARKED_KINDS`` that the sign-up carries, when something becomes known of
  the sign-up, and withdrawn when that is corrected; a withdrawn mark counts nowhere;
* of each identifier the newest ``SATURATION`` marks held against it are read, and the newest ``SATURATION`` others;
* a span ``s`` holds the marks that became known in ``[now - s, ∞)``: a mark is there only once it is known;
* marks of the sign-up itself are excluded when it is judged again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from enum import IntEnum

from models.frozen import frozen
from models.linkage.identifier import WRITTEN_KINDS, IdentifierKind, Strength, counted_once_written, strength_of

Kind = IdentifierKind

_DAY_US = 86_400 * 1_000_000
_HOUR_US = 3_600 * 1_000_000


class Mark(IntEnum):
    """What became known. The values are stored: never change one."""

    BANNED = 1
    CONTAINED = 2
    GOOD = 3
    PASSED = 4
    FAILED = 5


HELD_AGAINST = frozenset({Mark.BANNED, Mark.CONTAINED})
"""Read by themselves, so that nothing washes them out of sight."""

MARKED_KINDS = (
    Kind.MAILBOX,
    Kind.DEVICE,
    Kind.PAYMENT,
    Kind.PHONE,
    Kind.ORCID,
    Kind.BEHAVIOUR_FINGERPRINT,
    Kind.IP,
    Kind.DEVICE_PROFILE,
    Kind.CARDHOLDER_BIN,
    Kind.NAME_BIRTH,
    Kind.IP_PREFIX,
    Kind.EMAIL_DOMAIN,
    Kind.EMAIL_PATTERN,
    Kind.BIN,
    Kind.PROFILE_NETWORK,
    Kind.SPONSOR,
    Kind.INVITER,
)
"""The kinds whose marks some feature or rule reads."""

_MOST_BANS, _MOST_BANS_OF_MANY = 16, 64

_SPAN_DAYS: Mapping[Kind, int] = {Kind.IP_PREFIX: 90, Kind.BIN: 90, Kind.EMAIL_DOMAIN: 180}
_RESULT_SPAN_DAYS: Mapping[Kind, int] = {Kind.PROFILE_NETWORK: 7, Kind.BIN: 7}


def span_us(kind: Kind) -> int:
    """How far back bans and good accounts on an identifier of this kind count, in microseconds."""
    return _SPAN_DAYS.get(kind, 365) * _DAY_US


def most_bans(kind: Kind) -> int:
    """How many bans of an identifier of this kind are looked at one by one, newest first.

    Of a strong one more change no decision. Of others it takes the same ban on several, which those of strangers on a
    common browser or card range must not hide.
    """
    return _MOST_BANS if strength_of(kind) is Strength.STRONG else _MOST_BANS_OF_MANY


def result_span_us(kind: Kind) -> int:
    """How far back results of challenges count: a week where everybody is a neighbour, a month elsewhere."""
    return _RESULT_SPAN_DAYS.get(kind, 30) * _DAY_US


@frozen
class Ban:
    """One ban that an identifier was touched by: whose, and how long ago it became known."""

    signup_no: int
    age_us: int


@frozen
class Marks:
    """What is known of one identifier.

    Attributes:
        banned: bans in the kind's span.
        good: verified-good accounts in the kind's span.
        passed: challenges passed in the kind's span of results.
        failed: challenges failed or abandoned in it.
        contained: standing containments of an identifier.
        bans: the newest of all time, so many as ``most_bans`` says, newest first.
    """

    banned: int = 0
    good: int = 0
    passed: int = 0
    failed: int = 0
    contained: int = 0
    bans: tuple[Ban, ...] = ()


UNMARKED = Marks()


@frozen
class Touched:
    """The bans that a sign-up touches.

    Attributes:
        strong_kinds: kinds of unguarded strong identifier that a banned account carried, within 180 days; those of
            ``WRITTEN_KINDS`` are one together: a stranger may have written them down.
        strong_bans: banned accounts that it shares an unguarded strong identifier with, within 180 days.
        had_bans: those of them whose device, payment instrument or behaviour it has, which nobody can write down.
        guarded_bans: banned accounts that it shares only guarded strong identifiers with, within 180 days.
        pair_bans: banned accounts that it shares two medium identifiers with, within 14 days; a crowd's, and guarded
            ones, make no pair.
        triple_bans: banned accounts that it shares mail pattern, browser and network, and card range with, in 72 hours.
        pressure: the sum over all of them of strength times exp(-age/τ): strong 1.0 and 30 days, medium pairs 0.4
            and 3 days, weak triples 0.1 and 12 hours.
    """

    strong_kinds: int
    strong_bans: int
    pair_bans: int
    triple_bans: int
    pressure: float
    had_bans: int = 0
    guarded_bans: int = 0


NOTHING_TOUCHED = Touched(0, 0, 0, 0, 0.0)

_STRONG_WITHIN, _PAIR_WITHIN, _TRIPLE_WITHIN = 180 * _DAY_US, 14 * _DAY_US, 72 * _HOUR_US
_STRONG_TAU, _PAIR_TAU, _TRIPLE_TAU = 30 * _DAY_US, 3 * _DAY_US, 12 * _HOUR_US
_TRIPLE = (Kind.EMAIL_PATTERN, Kind.PROFILE_NETWORK, Kind.BIN)


def touched(marks: Iterable[tuple[Kind, Marks, bool]], *, crowds: Set[Kind] = frozenset()) -> Touched:
    """Which bans a sign-up touches.

    Args:
        marks: kind, marks and whether the identifier is guarded, for every identifier of the sign-up.
        crowds: kinds of its medium identifiers that a crowd has: a classroom's address and browser make no pair.
    """
    strong: dict[int, int] = {}
    kinds, tie_nobody = set(), set(crowds)
    had: set[int] = set()
    hidden: set[int] = set()
    medium: dict[int, tuple[int, set[Kind]]] = {}
    weak: dict[int, tuple[int, set[Kind]]] = {}
    for kind, each, guarded in marks:
        if not each.bans:
            continue
        strength = strength_of(kind)
        if strength is Strength.STRONG:
            recent = [ban for ban in each.bans if ban.age_us <= _STRONG_WITHIN]
            if guarded:
                hidden.update(ban.signup_no for ban in recent)
                continue
            for ban in recent:
                strong[ban.signup_no] = min(ban.age_us, strong.get(ban.signup_no, ban.age_us))
                kinds.add(kind)
            if kind not in WRITTEN_KINDS:
                had.update(ban.signup_no for ban in recent)
        elif strength is Strength.MEDIUM or kind in _TRIPLE:
            shared = medium if strength is Strength.MEDIUM else weak
            if guarded:
                tie_nobody.add(kind)
            for ban in each.bans:
                age_us, carried = shared.get(ban.signup_no, (ban.age_us, set()))
                shared[ban.signup_no] = (min(age_us, ban.age_us), carried | {kind})
    paired = [age for age, carried in medium.values() if len(carried - tie_nobody) >= 2 and age <= _PAIR_WITHIN]
    pairs = [age for number, (age, carried) in sorted(medium.items()) if len(carried) >= 2 and age <= _PAIR_WITHIN]
    triples = [
        age for number, (age, carried) in sorted(weak.items()) if len(carried) == len(_TRIPLE) and age <= _TRIPLE_WITHIN
    ]
    pressure = (
        math.fsum(math.exp(-age / _STRONG_TAU) for age in strong.values())
        + 0.4 * math.fsum(math.exp(-age / _PAIR_TAU) for age in pairs)
        + 0.1 * math.fsum(math.exp(-age / _TRIPLE_TAU) for age in triples)
    )
    return Touched(
        counted_once_written(kinds),
        len(strong),
        len(paired),
        len(triples),
        pressure,
        had_bans=len(had),
        guarded_bans=len(hidden - strong.keys()),
    )
