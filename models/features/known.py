"""Features of what is known by now of a sign-up's neighbours: bans, good accounts and results of challenges.

All of them read only what had become known when the sign-up was judged; see ``models.linkage.marks``.
"""

from __future__ import annotations

import math

from models.features.facts import Facts
from models.linkage.identifier import IdentifierKind, Strength, strength_of
from models.linkage.marks import Marks

Kind = IdentifierKind

BASE_RATE = 0.05
"""The share of fraud among sign-ups outside waves, towards which shares of few are drawn."""

_FRAUD_PRIOR = 20.0
_RESULT_PRIOR = 2.0
"""How many labelled sign-ups, or asked people, the base rate weighs as much as."""

_NEIGHBOURS = tuple(kind for kind in Kind if strength_of(kind) is not Strength.WEAK)


def strong_fraud_count(facts: Facts) -> float | None:
    """Accounts known as fraud that shared an unguarded strong identifier, within 180 days (count); 0 for none."""
    return facts.linkage.touched.strong_bans


def replacement_pressure(facts: Facts) -> float | None:
    """Bans touched, each weighted by how strong the touch is and how recent the ban; 0 when none is touched.

    A strong identifier weighs 1.0 and fades over 30 days, a pair of medium ones 0.4 over 3 days, mail pattern, browser
    on a network and card range together 0.1 over 12 hours.
    """
    return facts.linkage.touched.pressure


def neighbour_challenge_fail_share(facts: Facts) -> float | None:
    """Share of challenges failed or abandoned among those who share a strong or medium identifier, within 30 days.

    Drawn towards the base rate; missing when none of them was asked for a proof. It is known minutes after a sign-up,
    days before any label.
    """
    return _fail_share(facts, _NEIGHBOURS)


def network_challenge_fail_share(facts: Facts) -> float | None:
    """Share of challenges failed or abandoned by those with this browser on this network or this card range, in 7 days.

    Drawn towards the base rate; missing when none of them was asked for a proof.
    """
    return _fail_share(facts, (Kind.PROFILE_NETWORK, Kind.BIN))


def prefix_fraud_share_90d(facts: Facts) -> float | None:
    """Share of frauds among the sign-ups of this /24 (IPv6: /48) of which anything is known, within 90 days.

    Drawn towards the base rate; missing without a public address.
    """
    return _fraud_share(facts.linkage.marks(Kind.IP_PREFIX))


def domain_fraud_share_180d(facts: Facts) -> float | None:
    """Share of frauds among the sign-ups of this mail domain of which anything is known, within 180 days.

    Drawn towards the base rate.
    """
    return _fraud_share(facts.linkage.marks(Kind.EMAIL_DOMAIN))


def bin_fraud_share_90d(facts: Facts) -> float | None:
    """Share of frauds among the sign-ups with cards of this range of which anything is known, within 90 days.

    Drawn towards the base rate; missing without a card.
    """
    return _fraud_share(facts.linkage.marks(Kind.BIN))


def domain_good_accounts_180d(facts: Facts) -> float | None:
    """Verified-good accounts at the mail domain within 180 days, as ln(1 + accounts); 0 when there are none.

    It speaks for small institutions that no list has.
    """
    marks = facts.linkage.marks(Kind.EMAIL_DOMAIN)
    return None if marks is None else math.log1p(marks.good)


def inviter_fraud_count(facts: Facts) -> float | None:
    """Earlier guests of the inviting account that are known as fraud (count); missing without an inviter."""
    marks = facts.linkage.marks(Kind.INVITER)
    return None if marks is None else marks.banned


def sponsor_good_accounts(facts: Facts) -> float | None:
    """Verified-good accounts that named the same sponsor, as ln(1 + accounts); missing without a sponsor."""
    marks = facts.linkage.marks(Kind.SPONSOR)
    return None if marks is None else math.log1p(marks.good)


def _fail_share(facts: Facts, kinds: tuple[IdentifierKind, ...]) -> float | None:
    failed = passed = 0
    for kind in kinds:
        marks = facts.linkage.marks(kind)
        if marks is not None:
            failed += marks.failed
            passed += marks.passed
    if not failed + passed:
        return None
    return (failed + _RESULT_PRIOR * BASE_RATE) / (failed + passed + _RESULT_PRIOR)


def _fraud_share(marks: Marks | None) -> float | None:
    if marks is None:
        return None
    return (marks.banned + _FRAUD_PRIOR * BASE_RATE) / (marks.banned + marks.good + _FRAUD_PRIOR)
