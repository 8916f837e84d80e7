"""What the endpoints about clusters take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from models.linkage.identifier import IdentifierKind
from service.api.schemas.decision import Answered
from service.api.schemas.fields import Strict, checked_email, checked_ip, text, wrong
from service.api.schemas.search import PAGE_LIMIT, number_of_cursor
from service.domain.containment import ContainmentState
from service.domain.decision import Decision
from service.domain.outcome import Label
from service.usecases.learn_identifiers import LearntKind

_CODE = r"^[a-z][a-z0-9_.-]*$"
Reason = Annotated[str, text(64, "A code, not prose: it is kept in clear.", example="resale_ring", pattern=_CODE)]
Whole = Annotated[
    bool, Field(description="Everybody in it but verified-good accounts, whatever its structure; no if missing.")
]
Limit = Annotated[int, Field(ge=1, le=PAGE_LIMIT, strict=False, description="Members a page; 50 if missing.")]
MOST_IDENTIFIERS = 100


class ClusterPage(Strict):
    """Which members are shown."""

    cursor: Annotated[str, text(32, "'next_cursor' of the page before.")] | None = None
    limit: (
        Annotated[int, Field(ge=1, le=PAGE_LIMIT, strict=False, description="Members a page; 50 if missing.")] | None
    ) = None

    @field_validator("cursor")
    @classmethod
    def _is_ours(cls, value: str | None) -> str | None:
        if value is not None:
            number_of_cursor(value)
        return value


class PreviewRequest(Strict):
    """Who would be touched."""

    whole: Whole | None = None


class ContainRequest(Strict):
    """Contain the pieces with a known fraud, or confirm the same that waits for a second person."""

    reason: Reason
    whole: Whole | None = None


class ReleaseRequest(Strict):
    """Undo every containment of the cluster."""

    reason: Reason


class CutRequest(Strict):
    """Take an identifier out, because honest people share it."""

    identifier: Annotated[str, text(128, "Its handle, as 'links' names it.", example="payment_5f0c3a9d")]
    reason: Reason
    undo: Annotated[bool, Field(description="Let it tie again; no if missing.")] | None = None


class LearntIdentifier(Strict):
    """One identifier that the account turned out to have."""

    kind: LearntKind
    value: Annotated[str, text(512, "As it was seen; it is brought into its canonical form here.")]

    @field_validator("value")
    @classmethod
    def _is_of_its_kind(cls, value: str, info: ValidationInfo) -> str:
        match info.data.get("kind"):
            case LearntKind.IP:
                return checked_ip(value)
            case LearntKind.EMAIL:
                return checked_email(value)
            case _:
                return value


class IdentifiersRequest(Strict):
    """Identifiers learnt after the sign-up."""

    # Their number is checked here: pydantic would count those that are wrong as missing.
    identifiers: Annotated[
        tuple[LearntIdentifier, ...],
        Field(strict=False, json_schema_extra={"minItems": 1, "maxItems": MOST_IDENTIFIERS}),
    ]

    @field_validator("identifiers")
    @classmethod
    def _are_some(cls, value: tuple[LearntIdentifier, ...]) -> tuple[LearntIdentifier, ...]:
        if not 1 <= len(value) <= MOST_IDENTIFIERS:
            raise wrong(f"must have 1 to {MOST_IDENTIFIERS} entries")
        return value


class IdentifiersAnswer(Answered):
    """The cluster that the account is in now."""

    id: str
    signup_id: str
    identifiers: int
    cluster: str
    size: int


class ClusterMemberAnswer(Answered):
    """One of your sign-ups in the cluster."""

    id: str
    signup_id: str
    occurred_at: datetime
    decision: Decision | None
    label: Annotated[Label | None, Field(description="What is known of it for certain.")]
    links: Annotated[tuple[str, ...], Field(description="Handles of what it shares with others.")]


class ClusterLinkAnswer(Answered):
    """An identifier that members share. A guarded one ties nobody."""

    identifier: Annotated[str, Field(description="Its handle: kind and keyed digest, never its value.")]
    kind: IdentifierKind
    members: int
    guard: Annotated[str | None, Field(description="shared, exempt, cut or cloned; null while it ties.")]
    guard_reason: str | None


class MergeAnswer(Answered):
    """A cluster that became part of this one."""

    cluster: str
    at: datetime


class ContainmentAnswer(Answered):
    """A containment of the cluster."""

    id: str
    state: ContainmentState
    contained: Annotated[int, Field(description="While it waits, as many as it was asked for.")]
    asked_for_a_proof: int
    whole: Annotated[bool, Field(description="Whether it was asked for of everybody in the cluster.")]
    reason: str
    opened_at: datetime
    opened_by: str
    confirmed_at: datetime | None
    confirmed_by: str | None
    released_at: datetime | None
    released_by: str | None


class ClusterDetailAnswer(Answered):
    """A cluster, with one page of your members of it."""

    id: str
    size: int
    confirmed_fraud: int
    verified_good: int
    founded_at: datetime
    members: tuple[ClusterMemberAnswer, ...]
    next_cursor: str | None
    links: Annotated[tuple[ClusterLinkAnswer, ...], Field(description="What ties most of the newest members, first.")]
    links_among: Annotated[int, Field(description="How many of the newest members 'links' were counted among.")]
    merges: Annotated[tuple[MergeAnswer, ...], Field(description="What became part of it, newest first.")]
    containments: tuple[ContainmentAnswer, ...]


class PreviewAnswer(Answered):
    """Who would be touched if the cluster was contained now."""

    id: str
    size: int
    contained: int
    asked_for_a_proof: int
    pieces: int
    confirmed_fraud: int
    verified_good: Annotated[int, Field(description="Verified-good accounts in its midst: they are left alone.")]
    decisions: Annotated[dict[str, int], Field(description="How those it would contain stand now.")]
    second_person: Annotated[bool, Field(description="Whether somebody else must confirm it.")]


class ContainmentsAnswer(Answered):
    """The containments that were released."""

    items: tuple[ContainmentAnswer, ...]


class CutAnswer(Answered):
    """What became of the cluster."""

    id: str
    moved: Annotated[int, Field(description="Members who left it, because nothing else ties them.")]
