"""Step-ups, challenges and their history to rows and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # Any: rows of a driver are untyped

from pydantic_core import from_json

from service.domain.challenge import Challenge, ChallengeMethod, ChallengeStatus, ClosedBy
from service.domain.step_up import PageSeal, Step, StepUp
from service.storage.encryption import Encryption
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.step_up_documents import codes_of, codes_text, doubt_of, doubt_text, plain
from service.usecases.ports_step_up import Mail

STEP_UP_COLUMNS = ("record_id", "owner", "reference", "page_version", "page_digest", "doubt", "version")
CHALLENGE_COLUMNS = (
    "id", "place", "method", "status", "created_us", "expires_us", "tries_left", "sends_left", "opened", "closed_us",
    "closed_by", "evidence", "proof", "codes", "sent_us", "personal",
)  # fmt: skip
STEP_COLUMNS = ("challenge_id", "at_us", "what", "actor", "detail")
MAIL_COLUMNS = ("id", "challenge_id", "language", "due_us", "tries")


def row_of_step_up(step_up: StepUp) -> tuple[object, ...]:
    """The columns of a step-up but the sign-up's number."""
    return (
        step_up.record_id,
        step_up.owner,
        step_up.reference,
        step_up.page.version,
        step_up.page.digest,
        doubt_text(step_up.doubt),
        step_up.version,
    )


def row_of_challenge(place: int, challenge: Challenge, encryption: Encryption | None) -> tuple[object, ...]:
    """The columns of a challenge but the sign-up's number. A new one has no address yet, so nothing to encrypt."""
    personal = None
    if challenge.address is not None:
        if encryption is None:
            raise RuntimeError("bug: a challenge begins with no address of its own")
        personal = encryption.encrypt(challenge.address.encode(), record_id=challenge.id)
    return (
        challenge.id,
        place,
        challenge.method.value,
        challenge.status.value,
        microseconds_of(challenge.created_at),
        microseconds_of(challenge.expires_at),
        challenge.tries_left,
        challenge.sends_left,
        challenge.opened,
        None if challenge.closed_at is None else microseconds_of(challenge.closed_at),
        None if challenge.closed_by is None else challenge.closed_by.value,
        plain(challenge.evidence),
        challenge.proof,
        codes_text(challenge.codes),
        None if challenge.sent_at is None else microseconds_of(challenge.sent_at),
        personal,
    )


def row_of_step(step: Step) -> tuple[object, ...]:
    """The columns of an entry of the history but the sign-up's number."""
    return (step.challenge_id, microseconds_of(step.at), step.what, step.actor, plain(step.detail))


def row_of_mail(mail: Mail) -> tuple[object, ...]:
    """The columns of a new mail."""
    return (mail.id, mail.challenge_id, mail.language, microseconds_of(mail.due_at), mail.tries)


def step_up_of_row(row: Any, challenges: Sequence[Any], encryption: Encryption) -> StepUp:
    """The step-up of its row and its challenges' rows, in their order."""
    return StepUp(
        record_id=row.record_id,
        owner=row.owner,
        reference=row.reference,
        page=PageSeal(row.page_version, bytes(row.page_digest)),
        doubt=doubt_of(row.doubt),
        challenges=tuple(_challenge_of_row(each, encryption) for each in challenges),
        version=row.version,
    )


def step_of_row(row: Any) -> Step:
    """The entry of the history of its row."""
    return Step(row.challenge_id, instant_of(row.at_us), row.what, row.actor, from_json(row.detail))


def _challenge_of_row(row: Any, encryption: Encryption) -> Challenge:
    address = None
    if row.personal is not None:
        address = encryption.decrypt(bytes(row.personal), record_id=row.id).decode()
    return Challenge(
        id=row.id,
        method=ChallengeMethod(row.method),
        created_at=instant_of(row.created_us),
        expires_at=instant_of(row.expires_us),
        tries_left=row.tries_left,
        sends_left=row.sends_left,
        status=ChallengeStatus(row.status),
        opened=bool(row.opened),
        closed_at=optional_instant_of(row.closed_us),
        closed_by=None if row.closed_by is None else ClosedBy(row.closed_by),
        evidence=from_json(row.evidence),
        proof=None if row.proof is None else bytes(row.proof),
        codes=codes_of(row.codes),
        sent_at=optional_instant_of(row.sent_us),
        address=address,
    )
