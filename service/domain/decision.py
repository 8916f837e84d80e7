"""The four decisions, the reasons for them, and what one assessment of a sign-up concludes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from service.domain.grant import FULL, Grant
from service.domain.standing import ListHit


class Decision(StrEnum):
    """What becomes of a sign-up, mildest first."""

    ALLOW = "allow"
    STEP_UP = "step_up"
    REVIEW = "review"
    DENY = "deny"

    @property
    def severity(self) -> int:
        """The place in ``allow`` < ``step_up`` < ``review`` < ``deny``."""
        return _SEVERITY[self]


_SEVERITY = {decision: severity for severity, decision in enumerate(Decision)}


REFUSED = frozenset({Decision.REVIEW, Decision.DENY})
"""Who is not in, and comes in by no proof."""


def harsher(first: Decision, second: Decision) -> Decision:
    """The harsher of two decisions."""
    return max(first, second, key=lambda decision: decision.severity)


def milder(first: Decision, second: Decision) -> Decision:
    """The milder of two decisions."""
    return min(first, second, key=lambda decision: decision.severity)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the score, or a rule, leans one way.

    Attributes:
        code: stable, for machines.
        group: the group of evidence it belongs to.
        text: one sentence for an operator; it may change.
        contribution: in log-odds of fraud; ``None`` for a rule, which weighs nothing.
    """

    code: str
    group: str
    text: str
    contribution: float | None = None

    @property
    def multiplier(self) -> float | None:
        """How much the contribution multiplies the odds of fraud."""
        return None if self.contribution is None else math.exp(self.contribution)


@dataclass(frozen=True, slots=True)
class Explored:
    """A draw between allowing and what was decided, so that the model learns from more than it suspects.

    Attributes:
        instead_of: what was decided before the draw.
        allowed: what the draw said.
        propensity: the probability of what it said.
    """

    instead_of: Decision
    allowed: bool
    propensity: float


@dataclass(frozen=True, slots=True)
class ModelReference:
    """Which model scored: its version and the SHA-256 of its bytes."""

    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one look at a sign-up concluded; an entry in its history, never overwritten.

    ``score`` is ``None`` when no model could score; ``vector`` holds the float32 features, little-endian;
    ``signals`` and ``linkage`` hold no personal data.

    Attributes:
        silent_rules: rules that would have held if they counted.
        failed_rules: rules that could not run.
        hits: entries of lists that held.
        explored: the draw, where there was one.
        grant: the probation of an allowed account; ``None`` is in full, see ``granted``.
    """

    id: str
    decided_at: datetime
    decision: Decision
    score: float | None
    reasons: tuple[Reason, ...]
    rules: tuple[str, ...]
    vector: bytes | None
    signals: Mapping[str, Mapping[str, object]]
    linkage: Mapping[str, Mapping[str, int]]
    model: ModelReference | None
    policy_version: int
    degraded: bool = False
    degraded_reason: str | None = None
    silent_rules: tuple[str, ...] = ()
    failed_rules: tuple[str, ...] = ()
    hits: tuple[ListHit, ...] = ()
    explored: Explored | None = None
    grant: Grant | None = None

    @property
    def granted(self) -> Grant | None:
        """What an allowed account gets; ``None`` when it is not allowed."""
        return (self.grant or FULL) if self.decision is Decision.ALLOW else None


def instant_after(last: Assessment | None, now: datetime) -> datetime:
    """``now``, or the first instant after the last assessment: which one stands is told by their times."""
    return now if last is None else max(now, last.decided_at + timedelta(microseconds=1))
