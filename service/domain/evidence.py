"""Evidence: what passing or failing a proof does to the odds of fraud, and the least that could settle a doubt.

Every method has a pass rate for honest people and one for fraudsters, the latter for every group of reasons it may
speak to. Passing multiplies the odds by fraud-pass ÷ honest-pass, failing by the ratio of the complements. A doubt may
rest on several groups: it is as settled as its least settled group. Two proofs of one kind count once, as the better
one, because whoever can buy the one has the other; and no heap of proofs multiplies by less than ``LEAST_RATIO``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations

from service.domain.challenge import NEUTRAL, Challenge, ChallengeMethod, ChallengeStatus

LEAST_RATIO = 0.01
"""Proofs are not independent: however many are passed, one person in a hundred like this one is not who they say."""

WEAK_EVIDENCE = 0.65
"""Above this ratio a proof says too little to lift a floor that a rule has set, whatever the score."""

MOST_ASKED = 2
"""Methods asked for at once: every further one loses more honest people than it settles doubts."""

POOLED = ""
"""The group that stands for all: what is known of a method when nothing is known of the reasons."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known of one method.

    Attributes:
        method: which.
        kind: proofs of one kind count once.
        friction: share of honest people asked who give up.
        honest: pass rate of honest people who try.
        fraud: pass rate of fraudsters by group of reasons; ``POOLED`` holds for groups it does not name.
    """

    method: ChallengeMethod
    kind: str
    friction: float
    honest: float
    fraud: Mapping[str, float]

    @property
    def honest_loss(self) -> float:
        """Share of honest people that asking loses."""
        return self.friction + 1 - self.honest

    def fraud_rate(self, group: str) -> float:
        """The pass rate of fraudsters where a group of reasons dominates."""
        return self.fraud.get(group, self.fraud[POOLED])

    def when_passed(self, group: str) -> float:
        """What passing multiplies the odds by."""
        return min(1.0, self.fraud_rate(group) / self.honest)

    def when_failed(self, group: str) -> float:
        """What failing multiplies the odds by."""
        return max(1.0, (1 - self.fraud_rate(group)) / (1 - self.honest))


@dataclass(frozen=True, slots=True)
class Silence:
    """What not answering multiplies the odds by: giving up, and letting a page that was never opened expire."""

    abandoned: float = 2.0
    unopened: float = 1.2


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is doubted, and how much.

    Attributes:
        odds: of fraud before any proof.
        allow_odds: below these the sign-up is allowed.
        groups: the groups of reasons that dominate.
        never_alone: methods that do not settle this doubt by themselves, nor only among themselves.
        occasions: the names of the situations that the reasons amount to.
        preferred: methods by how much their honest loss is discounted: what the reasons point to goes first.
        score: what the model said; ``None`` when it could not score. A rule may have set the odds higher.
    """

    odds: float
    allow_odds: float
    groups: tuple[str, ...] = ()
    never_alone: frozenset[ChallengeMethod] = frozenset()
    occasions: tuple[str, ...] = ()
    preferred: Mapping[ChallengeMethod, float] = field(default_factory=dict)
    score: float | None = None


Table = Mapping[ChallengeMethod, Terms]

_NEVER = datetime.min.replace(tzinfo=UTC)


def odds_of(probability: float) -> float:
    """The odds of a probability."""
    return math.inf if probability >= 1 else probability / (1 - probability)


def probability_of(odds: float) -> float:
    """The probability of odds."""
    return 1.0 if math.isinf(odds) else odds / (1 + odds)


def ratio_of(results: Iterable[Challenge], groups: Sequence[str], table: Table, silence: Silence) -> float:
    """What results multiply the odds by, all together: the largest over the groups, never below ``LEAST_RATIO``."""
    ended = [each for each in results if not each.pending and each.closed_by not in NEUTRAL]
    return max(_ratio_for(ended, group, table, silence) for group in groups or (POOLED,))


def settles(doubt: Doubt, results: Sequence[Challenge], table: Table, silence: Silence) -> bool:
    """Whether the proofs passed bring the odds below the allow line, and say enough by methods that may say it."""
    passed = {each.method for each in results if each.status is ChallengeStatus.PASSED}
    if not passed - doubt.never_alone:
        return False
    ratio = ratio_of(results, doubt.groups, table, silence)
    return ratio <= WEAK_EVIDENCE and doubt.odds * ratio < doubt.allow_odds


def choose(
    doubt: Doubt,
    candidates: Sequence[ChallengeMethod],
    table: Table,
    silence: Silence,
    *,
    results: Sequence[Challenge] = (),
    including: ChallengeMethod | None = None,
) -> tuple[ChallengeMethod, ...]:
    """The cheapest one or two methods that would settle the doubt if passed; empty when none would.

    Cheapest in honest people lost, discounted for what the reasons point to; among equals fewer methods, then the
    order of the candidates.

    Args:
        doubt: what is to be settled.
        candidates: the methods this person can do and has not done.
        table: what is known of the methods.
        silence: what not answering is worth.
        results: what was answered before.
        including: a method that must be among them.
    """
    asked = [
        methods
        for size in range(1, MOST_ASKED + 1)
        for methods in combinations(candidates, size)
        if (including is None or including in methods) and would_settle(doubt, methods, table, silence, results=results)
    ]
    return min(asked, key=lambda methods: sum(_cost(doubt, table[each]) for each in methods), default=())


def would_settle(
    doubt: Doubt,
    methods: Iterable[ChallengeMethod],
    table: Table,
    silence: Silence,
    *,
    results: Sequence[Challenge] = (),
) -> bool:
    """Whether passing all these methods, on top of what was answered before, would settle the doubt."""
    asked = tuple(methods)
    kinds = [table[each].kind for each in asked]
    if len(set(kinds)) < len(kinds):
        return False  # the second of a kind would be asked for nothing
    hoped = (*(each for each in results if not each.pending), *map(_passed, asked))
    return settles(doubt, hoped, table, silence)


def _ratio_for(ended: Sequence[Challenge], group: str, table: Table, silence: Silence) -> float:
    passed = {table[each.method].kind for each in ended if each.status is ChallengeStatus.PASSED}
    acquitting: dict[str, float] = {}
    accusing: dict[str, float] = {}
    for each in ended:
        terms = table[each.method]
        if each.status is ChallengeStatus.PASSED:
            acquitting[terms.kind] = min(acquitting.get(terms.kind, 1.0), terms.when_passed(group))
        elif each.status is ChallengeStatus.FAILED or terms.kind not in passed:
            # Whoever came back and passed has answered for their silence.
            accusing[terms.kind] = max(accusing.get(terms.kind, 1.0), _accusation(each, terms, group, silence))
    return max(LEAST_RATIO, math.prod(acquitting.values()) * math.prod(accusing.values()))


def _accusation(challenge: Challenge, terms: Terms, group: str, silence: Silence) -> float:
    if challenge.status is ChallengeStatus.FAILED:
        return terms.when_failed(group)
    if challenge.status is ChallengeStatus.EXPIRED and not challenge.opened:
        return silence.unopened
    return silence.abandoned


def _cost(doubt: Doubt, terms: Terms) -> float:
    return terms.honest_loss * doubt.preferred.get(terms.method, 1.0)


def _passed(method: ChallengeMethod) -> Challenge:
    return Challenge(
        id="", method=method, created_at=_NEVER, expires_at=_NEVER, tries_left=0, sends_left=0,
        status=ChallengeStatus.PASSED,
    )  # fmt: skip
