"""Verdicts: what a reviewer concludes, and the codes that say why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.domain.decision import Decision
from service.domain.errors import FieldError, InvalidError


class Verdict(StrEnum):
    """What a reviewer concludes about one case."""

    APPROVE = "approve"
    REJECT = "reject"
    ASK_MORE = "ask_more"
    ESCALATE = "escalate"


DECISION_OF: dict[Verdict, Decision] = {
    Verdict.APPROVE: Decision.ALLOW,
    Verdict.REJECT: Decision.DENY,
    Verdict.ASK_MORE: Decision.STEP_UP,
}
"""What a verdict makes of the sign-up; an escalation leaves it as it is."""


@dataclass(frozen=True, slots=True)
class VerdictReason:
    """Why a verdict was given: a stable code, and a sentence for people."""

    code: str
    verdict: Verdict
    text: str


VERDICT_REASONS: tuple[VerdictReason, ...] = (
    VerdictReason("INSTITUTION_CONFIRMED", Verdict.APPROVE, "The institution or its records support the person."),
    VerdictReason("IDENTITY_CONFIRMED", Verdict.APPROVE, "The person is who they say they are."),
    VerdictReason(
        "SHARING_EXPLAINED", Verdict.APPROVE, "What is shared has an innocent reason: a campus, a family, a lab."
    ),
    VerdictReason("FALSE_ALARM", Verdict.APPROVE, "The signals that raised the risk are wrong here."),
    VerdictReason("LINKED_TO_FRAUD", Verdict.REJECT, "It hangs together with accounts known to be fraudulent."),
    VerdictReason("IDENTITY_FALSE", Verdict.REJECT, "The person or the institution is invented or somebody else's."),
    VerdictReason("PAYMENT_MISUSED", Verdict.REJECT, "The payment instrument is stolen, virtual or tested."),
    VerdictReason("AUTOMATED", Verdict.REJECT, "A program filled the form in."),
    VerdictReason("NOT_ELIGIBLE", Verdict.REJECT, "A real person whom the programme does not cover."),
    VerdictReason("INSTITUTION_PROOF", Verdict.ASK_MORE, "Something from the institution would settle it."),
    VerdictReason("IDENTITY_PROOF", Verdict.ASK_MORE, "A proof of identity would settle it."),
    VerdictReason("PAYMENT_PROOF", Verdict.ASK_MORE, "A check of the payment instrument would settle it."),
    VerdictReason("SENIOR_NEEDED", Verdict.ESCALATE, "It needs more experience or authority."),
    VerdictReason("OTHER_TEAM", Verdict.ESCALATE, "Another team has to look at it."),
    VerdictReason("OWN_INTEREST", Verdict.ESCALATE, "The reviewer knows the person."),
)
"""Stable codes; the first of a verdict is its most usual one."""

CONTAINED = VerdictReason("CONTAINED", Verdict.REJECT, "Its cluster is contained.")
"""Why a case is closed that a containment settled. No reviewer may give it."""

RELEASED = VerdictReason("RELEASED", Verdict.APPROVE, "What it is about was released.")
"""Why one about a containment is closed: likewise no reviewer's."""

BANS_CORRECTED = VerdictReason("BANS_CORRECTED", Verdict.APPROVE, "No ban in what it is about stands any more.")
"""Why one about a piece is closed: likewise no reviewer's."""

NOTE_LIMIT = 4_000


@dataclass(frozen=True, slots=True)
class Opinion:
    """One conclusion on a case, kept for ever: an opinion, the verdict that resolved it, or one taken back.

    Attributes:
        version: 1, 2, 3 … within the case; a later one corrects an earlier one.
        final: whether it resolved the case, rather than being one of several independent opinions.
        before: the decision on the sign-up before; ``None`` when there was none.
        after: the decision it led to; ``None`` when it changed nothing.
        undone: when it was taken back.
    """

    version: int
    verdict: Verdict
    reason_code: str
    by: str
    at: datetime
    final: bool
    before: Decision | None
    after: Decision | None
    undone: datetime | None = None


def reasons_of(verdict: Verdict) -> tuple[VerdictReason, ...]:
    """The reasons a verdict may give."""
    return tuple(each for each in VERDICT_REASONS if each.verdict is verdict)


def check_reason(verdict: Verdict, code: str) -> VerdictReason:
    """The reason of a code.

    Raises:
        InvalidError: it is no reason for this verdict; the text names those that are.
    """
    found = next((each for each in reasons_of(verdict) if each.code == code), None)
    if found is None:
        allowed = ", ".join(each.code for each in reasons_of(verdict))
        raise InvalidError(
            f"The verdict '{verdict}' needs a reason of its own.",
            (FieldError("/reason_code", f"must be one of {allowed}"),),
        )
    return found


def agreement(pairs: Sequence[tuple[Verdict, Verdict]]) -> float | None:
    """Cohen's kappa of pairs of independent opinions on the same cases; ``None`` when it cannot be told.

    1 is full agreement, 0 what chance alone would give (Cohen 1960, doi 10.1177/001316446002000104). Without a
    pair, or when both gave one and the same verdict every time, chance explains everything and it is undefined.
    """
    if not pairs:
        return None
    observed = sum(first is second for first, second in pairs) / len(pairs)
    expected = sum(
        (sum(first is each for first, _ in pairs) / len(pairs))
        * (sum(second is each for _, second in pairs) / len(pairs))
        for each in Verdict
    )
    return None if expected >= 1.0 else (observed - expected) / (1.0 - expected)
