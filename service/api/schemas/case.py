"""Cases as the API takes and answers them; no personal data but what people write into notes."""

from __future__ import annotations

import base64
import binascii
import json
import math
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from models.signup import AccountType
from service.api.schemas.decision import Answered
from service.api.schemas.fields import Strict, Time, text, wrong
from service.domain.case import CaseKind, CaseState
from service.domain.decision import Decision
from service.domain.verdict import NOTE_LIMIT, VERDICT_REASONS, Verdict
from service.usecases.give_verdict import Effect
from service.usecases.ports_cases import CaseOrder

PAGE_LIMIT = 100

QueueName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$", description="A queue of the policy in force.")]
ReviewerName = Annotated[
    str,
    Field(
        pattern=r"^(reviewer|key):[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Who reviews, as `holder` names them.",
        examples=["reviewer:dana"],
    ),
]
_REASON_CODES = tuple(each.code for each in VERDICT_REASONS)
ReasonCode = Annotated[
    str,
    Field(
        description="Why: one of the codes of this verdict.",
        json_schema_extra={"enum": list(_REASON_CODES)},
        max_length=64,
    ),
]
NoteText = Annotated[str, text(NOTE_LIMIT, "What others should know; kept encrypted.", example="Registrar confirmed.")]
RecordId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The id that the answer to the sign-up carried.")
]
CaseId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class CaseListRequest(BaseModel):
    """What to list; everything given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queue: QueueName | None = None
    state: Annotated[
        Literal["unresolved", "open", "claimed", "snoozed", "resolved"] | None,
        Field(description="`unresolved` if missing: open and claimed, without what was put off."),
    ] = None
    kind: CaseKind | None = None
    account_type: AccountType | None = None
    reason_code: Annotated[
        str | None, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$", description="A reason that raised the risk.")
    ] = None
    risk_from: Annotated[float | None, Field(ge=0, le=1, description="At this risk or above.")] = None
    risk_below: Annotated[float | None, Field(ge=0, le=1, description="Below this risk.")] = None
    size_from: Annotated[int | None, Field(ge=1, le=1_000_000_000, description="Of so many sign-ups or more.")] = None
    holder: ReviewerName | None = None
    unclaimed: Annotated[bool | None, Field(description="Only what nobody holds.")] = None
    overdue: Annotated[bool | None, Field(description="Only what waits longer than the policy allows.")] = None
    behind: Annotated[
        CaseId | None,
        Field(description="Only what stands behind this case: other held sign-ups of its cluster, put off or not."),
    ] = None
    order: Annotated[CaseOrder | None, Field(description="By `priority` if missing.")] = None
    cursor: Annotated[str | None, Field(max_length=128, description="`next_cursor` of the page before.")] = None
    limit: Annotated[int | None, Field(ge=1, le=PAGE_LIMIT, description="Entries a page; 50 if missing.")] = None

    @field_validator("cursor")
    @classmethod
    def _is_ours(cls, value: str | None) -> str | None:
        if value is not None:
            place_of(value)
        return value


def cursor_of(place: tuple[float, int]) -> str:
    """The cursor that continues after a place."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[float, int]:
    """The place that a cursor continues after; a text that is none is refused."""
    try:
        decoded = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        value, number = json.loads(decoded)
        place = (float(value), int(number))
    except (binascii.Error, ValueError, TypeError, OverflowError):
        raise wrong("must be the 'next_cursor' of a page") from None
    if not math.isfinite(place[0]) or not 0 <= place[1] < 2**62 or abs(place[0]) > 1e18:
        raise wrong("must be the 'next_cursor' of a page")
    return place


class OpenCaseRequest(Strict):
    """A case opened by hand."""

    signup: RecordId
    note: NoteText | None = None


class ClaimRequest(Strict):
    """Which queue the next case is taken from; any of the caller's if missing."""

    queue: QueueName | None = None


class AssignRequest(Strict):
    """Whom the case is kept for; null gives it back to everybody."""

    to: ReviewerName | None


class EscalateRequest(Strict):
    """Where the case goes; the policy's queue for escalations if missing."""

    queue: QueueName | None = None
    note: NoteText | None = None


class SnoozeRequest(Strict):
    """Until when the case stays out of sight."""

    until: Annotated[Time, Field(description="A time to come.")]


class NoteRequest(Strict):
    """A note on a case."""

    note: NoteText


class VerdictRequest(Strict):
    """What the reviewer concludes."""

    verdict: Verdict
    reason_code: ReasonCode
    note: NoteText | None = None


class AppealRequest(Strict):
    """What a person says against the decision on them."""

    statement: Annotated[str, text(NOTE_LIMIT, "In the person's own words; kept encrypted.", example="I study here.")]


class CaseAnswer(Answered):
    """A case as it stands."""

    id: str
    kind: CaseKind
    subject: Annotated[str, Field(description="What it is about; one case of a subject is unresolved at a time.")]
    signup: Annotated[str | None, Field(description="The id of the sign-up shown first.")]
    account_type: AccountType
    queue: str
    state: CaseState
    reasons: Annotated[tuple[str, ...], Field(description="Codes that raised the risk, strongest first.")]
    risk: Annotated[float, Field(ge=0, le=1)]
    size: Annotated[int, Field(description="How many sign-ups it stands for, itself and those behind it.")]
    behind: Annotated[
        str | None,
        Field(
            description="The case that stands in the queue in its place, about another sign-up of the same cluster. "
            "When that is resolved the next comes forward."
        ),
    ]
    priority: Annotated[float, Field(description="Risk by waiting by capacity, as it is now.")]
    opened_at: datetime
    due_at: datetime
    overdue: bool
    holder: str | None
    lease_until: datetime | None
    reserved_for: str | None
    snoozed_until: datetime | None
    opinions_wanted: int
    opinions_given: int
    earlier_hidden: Annotated[bool, Field(description="An appeal whose first opinion is not given yet.")]
    verdict: Verdict | None
    reason_code: str | None
    resolved_at: datetime | None
    resolved_by: Annotated[str | None, Field(description="Who gave the verdict, or what answered the case.")]


class CasePageAnswer(Answered):
    """One page of cases."""

    items: tuple[CaseAnswer, ...]
    next_cursor: Annotated[str | None, Field(description="Ask again with it for the next page; null at the end.")]


class ClaimAnswer(Answered):
    """The case that is now in the caller's hands; null when nothing waits."""

    case: CaseAnswer | None


class OpinionAnswer(Answered):
    """One conclusion on a case."""

    version: int
    verdict: Verdict
    reason_code: str
    by: str
    at: datetime
    final: bool
    before: Decision | None
    after: Annotated[Decision | None, Field(description="Null when it changed nothing.")]
    undone_at: datetime | None


class NoteAnswer(Answered):
    """A note on a case."""

    at: datetime
    by: str
    text: str


class StepAnswer(Answered):
    """One step in the history of a case."""

    at: datetime
    by: str
    action: str
    detail: dict[str, str | int | float | bool | None]


class CaseDetailAnswer(CaseAnswer):
    """A case with what was concluded and written on it. Opinions that must not influence the caller are left out."""

    opinions: tuple[OpinionAnswer, ...]
    notes: tuple[NoteAnswer, ...]
    history: tuple[StepAnswer, ...]


class VerdictAnswer(Answered):
    """A verdict and what it did."""

    effect: Annotated[
        Effect,
        Field(
            description="`applied`: the decision changed. `none`: it was that already. `opinion`: another opinion is "
            "wanted. `escalated`: the case waits in another queue."
        ),
    ]
    case: CaseAnswer
