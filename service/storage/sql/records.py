"""Sign-ups and assessments to rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any  # Any: rows of a driver are untyped

from pydantic_core import from_json, to_json

from models.linkage.identifier import IdentifierKind
from models.signup import AccountType
from models.signup_document import document_of_signup, signup_of_document
from service.domain.decision import Assessment, Decision, ModelReference, Reason
from service.storage.encryption import Encryption
from service.storage.instants import instant_of, microseconds_of
from service.storage.pseudonyms import Pseudonym
from service.storage.sql.packed_links import packed_link
from service.storage.sql.rulings import parts_of_ruling, text_of_ruling
from service.usecases.ports import NewRecord, Recorded

Columns = dict[str, Any]

ACCOUNT_TYPE_CODES: Mapping[AccountType, int] = {AccountType.EDUCATIONAL: 1, AccountType.RESEARCH: 2}
ACCOUNT_TYPES = {code: account_type for account_type, code in ACCOUNT_TYPE_CODES.items()}

KIND_CODES: Mapping[IdentifierKind, int] = {
    IdentifierKind.MAILBOX: 1,
    IdentifierKind.DEVICE: 2,
    IdentifierKind.PAYMENT: 3,
    IdentifierKind.PHONE: 4,
    IdentifierKind.ORCID: 5,
    IdentifierKind.BEHAVIOUR_FINGERPRINT: 6,
    IdentifierKind.IP: 7,
    IdentifierKind.DEVICE_PROFILE: 8,
    IdentifierKind.CARDHOLDER_BIN: 9,
    IdentifierKind.NAME_BIRTH: 10,
    IdentifierKind.NAME: 11,
    IdentifierKind.IP_PREFIX: 12,
    IdentifierKind.NETWORK: 13,
    IdentifierKind.EMAIL_DOMAIN: 14,
    IdentifierKind.EMAIL_PATTERN: 15,
    IdentifierKind.INSTITUTION: 16,
    IdentifierKind.BIN: 17,
    IdentifierKind.PROFILE_NETWORK: 18,
    IdentifierKind.PHONE_BLOCK: 19,
    IdentifierKind.SPONSOR: 20,
    IdentifierKind.INVITER: 21,
    IdentifierKind.TEXT_BAND: 22,
    IdentifierKind.EMAIL_SEQUENCE: 23,
    IdentifierKind.BIN_COUNTRY: 24,
    IdentifierKind.FORM_LANGUAGE: 25,
}
"""Stored: a code is never given to another kind."""

KINDS = {code: kind for kind, code in KIND_CODES.items()}


@dataclass(frozen=True, slots=True)
class NewLink:
    """One identifier of a new sign-up, ready to be stored."""

    kind: int
    digest: bytes
    packed: bytes


IDENTIFIER_BYTES = 17
"""A byte for the kind and sixteen for the digest: an identifier of a member."""


def trait_of(digest: bytes) -> int:
    """What stands for an identifier where members are compared: eight bytes are enough among a few hundred."""
    return int.from_bytes(digest[:8], "big", signed=True)


def packed(identifiers: Iterable[tuple[int, bytes]]) -> bytes:
    """Kinds and digests in one column; ``unpacked`` gives them back."""
    return b"".join(bytes([kind]) + digest for kind, digest in identifiers)


def unpacked(column: bytes) -> list[tuple[int, bytes]]:
    """The kinds and digests that ``packed`` put together."""
    return [(column[at], column[at + 1 : at + IDENTIFIER_BYTES]) for at in range(0, len(column), IDENTIFIER_BYTES)]


@dataclass(frozen=True, slots=True)
class NewRows:
    """A new record as columns, encrypted and digested; ``signup_no`` is given by the database."""

    signup: Columns
    assessment: Columns | None
    links: Sequence[NewLink]


def rows_of_record(
    record: NewRecord, pseudonyms: Sequence[Pseudonym], *, encryption: Encryption, pseudonym_version: int
) -> NewRows:
    """The rows of a new record; an identifier that occurs twice becomes one link."""
    signup = record.signup
    account_type, occurred_us = ACCOUNT_TYPE_CODES[signup.account_type], microseconds_of(signup.occurred_at)
    links: dict[bytes, NewLink] = {}
    for identifier, pseudonym in zip(record.identifiers, pseudonyms, strict=True):
        if pseudonym.digest not in links:
            column = packed_link(
                occurred_us=occurred_us,
                counted=pseudonym.counted,
                account_type=account_type,
                anomalies=identifier.anomalies,
            )
            links[pseudonym.digest] = NewLink(KIND_CODES[identifier.kind], pseudonym.digest, column)
    document = to_json(document_of_signup(signup))
    return NewRows(
        signup={
            "id": record.id,
            "owner": record.owner,
            "signup_id": signup.signup_id,
            "account_type": account_type,
            "occurred_us": occurred_us,
            "recorded_us": microseconds_of(record.recorded_at),
            "fingerprint": record.fingerprint,
            "personal": encryption.encrypt(document, record_id=record.id),
            "encryption_version": encryption.version,
            "pseudonym_version": pseudonym_version,
            "record_only": signup.record_only,
            "answer": record.answer,
        },
        assessment=None if record.assessment is None else columns_of_assessment(record.assessment),
        links=tuple(links.values()),
    )


def recorded_of_row(row: Any, assessments: Sequence[Any], *, encryption: Encryption) -> Recorded:
    """The recorded sign-up of its row and its assessments' rows, oldest first."""
    document = from_json(encryption.decrypt(bytes(row.personal), record_id=row.id))
    return Recorded(
        id=row.id,
        signup_no=row.signup_no,
        owner=row.owner,
        recorded_at=instant_of(row.recorded_us),
        signup=signup_of_document(document),
        assessments=tuple(assessment_of_row(assessment) for assessment in assessments),
    )


def columns_of_assessment(assessment: Assessment) -> Columns:
    """The columns of an assessment but ``signup_no``."""
    reasons = [[each.code, each.group, each.text, each.contribution] for each in assessment.reasons]
    return {
        "assessment_id": assessment.id,
        "decided_us": microseconds_of(assessment.decided_at),
        "decision": assessment.decision.value,
        "score": assessment.score,
        "reasons": _json(reasons),
        "rules": _json(assessment.rules),
        "signals": _json(assessment.signals),
        "linkage": _json(assessment.linkage),
        "vector": assessment.vector,
        "model_version": None if assessment.model is None else assessment.model.version,
        "model_sha256": None if assessment.model is None else assessment.model.sha256,
        "policy_version": assessment.policy_version,
        "degraded": assessment.degraded,
        "degraded_reason": assessment.degraded_reason,
        "ruling": text_of_ruling(assessment),
    }


def assessment_of_row(row: Any) -> Assessment:
    """The assessment of its row."""
    model = None if row.model_version is None else ModelReference(row.model_version, row.model_sha256)
    return Assessment(
        id=row.id,
        decided_at=instant_of(row.decided_us),
        decision=Decision(row.decision),
        score=row.score,
        reasons=tuple(Reason(*parts) for parts in from_json(row.reasons)),
        rules=tuple(from_json(row.rules)),
        vector=None if row.vector is None else bytes(row.vector),
        signals=from_json(row.signals),
        linkage=from_json(row.linkage),
        model=model,
        policy_version=row.policy_version,
        degraded=bool(row.degraded),
        degraded_reason=row.degraded_reason,
        **parts_of_ruling(row.ruling),
    )


def _json(value: object) -> str:
    # A quarter of the standard library's time, on every decision's largest columns.
    return to_json(value).decode()
