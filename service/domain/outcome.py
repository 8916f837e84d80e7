"""Outcomes: what turned out to be true of a sign-up, by whoever says so, and whose word stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.linkage.marks import Mark


class Label(StrEnum):
    """What a source says. ``UNKNOWN`` withdraws what it said before. The values are stored: never rename one."""

    FRAUD = "fraud"
    LEGITIMATE = "legitimate"
    UNKNOWN = "unknown"


class Grade(StrEnum):
    """How well a label is known, best first. The values are stored: never rename one."""

    A = "A"
    """Two reviewers agree, the law or a partner confirms it, or it was admitted."""
    B = "B"
    """One reviewer with the cluster's evidence, or a ban by use that was upheld."""
    C = "C"
    """A chargeback for fraud, a card reported stolen."""
    D = "D"
    """A whole cluster at once; nobody looked at the account itself."""
    E = "E"
    """A challenge that was failed or abandoned: a hint, no label."""


REVIEWER = "reviewer"
"""The source of what verdicts say."""

_USUAL_GRADES = {
    "law": Grade.A,
    "partner": Grade.A,
    REVIEWER: Grade.B,
    "traffic_classifier": Grade.B,
}


def usual_grade(source: str) -> Grade:
    """How well a source knows that does not say: chargebacks and sources that nobody knows are reports."""
    return _USUAL_GRADES.get(source, Grade.C)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source says of a sign-up.

    Attributes:
        label: what it turned out to be.
        source: who says so; a later statement of the same source supersedes the earlier one.
        reason: a code for people and statistics; no prose, because it is kept in clear.
        confidence: how sure the source is, 0 to 1.
        occurred_at: when it turned out so; ``None`` is when it is recorded.
        grade: how well it is known, where the source says.
    """

    label: Label
    source: str
    reason: str
    confidence: float
    occurred_at: datetime | None = None
    grade: Grade | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A recorded statement, never overwritten; ``ordinal`` counts those of one sign-up from 1, ``by`` sent it."""

    id: str
    signup_no: int
    ordinal: int
    said: Statement
    recorded_at: datetime
    by: str


def newest_of(outcomes: Sequence[Outcome], source: str) -> Outcome | None:
    """What a source said last; ``outcomes`` are those of one sign-up, oldest first."""
    return next((each for each in reversed(outcomes) if each.said.source == source), None)


def standing_of(outcomes: Sequence[Outcome], precedence: Sequence[str]) -> Outcome | None:
    """Whose word stands: the newest statement of the source that comes first in ``precedence``.

    Sources that withdrew theirs say nothing; sources that are not named come last, the newest of them first.

    Args:
        outcomes: those of one sign-up, oldest first.
        precedence: sources, the one that wins first.
    """
    newest = {each.said.source: each for each in outcomes}
    rank = {source: place for place, source in enumerate(precedence)}
    return min(
        (each for each in newest.values() if each.said.label is not Label.UNKNOWN),
        key=lambda each: (rank.get(each.said.source, len(rank)), -each.ordinal),
        default=None,
    )


def mark_of(outcome: Outcome | None, *, certain: float) -> Mark | None:
    """What a standing outcome makes of the sign-up's identifiers; ``None`` while it is not certain enough."""
    if outcome is None or outcome.said.confidence < certain:
        return None
    return {Label.FRAUD: Mark.BANNED, Label.LEGITIMATE: Mark.GOOD}.get(outcome.said.label)
