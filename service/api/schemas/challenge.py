"""What the endpoints about one challenge take and answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.signup import CustomValue
from service.api.schemas.decision import Answered
from service.api.schemas.fields import CustomField, CustomKey, Email, Strict, text
from service.domain.challenge import ChallengeMethod, ChallengeStatus


class Reported(StrEnum):
    """What a sign-up flow may report of a method it ran."""

    PASSED = "passed"
    FAILED = "failed"
    ABANDONED = "abandoned"


class ResultRequest(Strict):
    """The result of a method that the sign-up flow ran."""

    status: Reported
    evidence: Annotated[
        dict[CustomKey, CustomField],
        Field(
            max_length=16,
            default_factory=dict,
            description=(
                "By method. phone_code: line_type, other_number. three_d_secure: flow, liability_shift. "
                "document_check: document, liveness, name_matches. supervisor_attestation: attester_email (required), "
                "attester_role. With failed, reason: one word. With abandoned, cannot: true says that the person has "
                "no way to do it, which counts for nothing."
            ),
        ),
    ]

    def values(self) -> dict[str, CustomValue]:
        """The evidence."""
        return dict(self.evidence)

    @property
    def outcome(self) -> ChallengeStatus:
        """The core's form of the status."""
        return ChallengeStatus(self.status.value)


class CodeRequest(Strict):
    """A code as a person typed it; blanks in it do not matter."""

    code: Annotated[str, text(32, "The code from the mail.", example="482 913")]


class ResendRequest(Strict):
    """Ask for another code."""

    email: Annotated[
        Email | None, Field(description="A mailbox at the institution, where none is known or another is wished.")
    ] = None


class ChallengeStateAnswer(Answered):
    """One challenge as it stands, and the decision that it belongs to."""

    id: str
    method: ChallengeMethod
    status: ChallengeStatus
    accepted: Annotated[bool, Field(description="Whether this answer was taken: false for a wrong code.")]
    expires_at: datetime
    tries_left: int
    sends_left: int
    url: str | None
    signup: Annotated[str, Field(description="The id of the sign-up: read it for the decision and what else is asked.")]
    pending: Annotated[int, Field(description="Challenges of the sign-up that still await an answer.")]
