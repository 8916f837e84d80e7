"""A sign-up held for review with its case, reviewers, and the use cases over any store."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.linkage.identifier import Identifier
from models.signup import AccountType
from service.domain.case import Case, CaseKind
from service.domain.decision import Assessment, Decision, ModelReference, Reason
from service.domain.ids import uuid7
from service.domain.policy import Policy, default_policy_text, parse_policy
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.reviewer import Acting, Role
from service.usecases.case_use_cases import CaseUseCases, case_use_cases
from service.usecases.open_case import new_case, subject_of
from service.usecases.ports import AuditEntry, NewRecord
from service.usecases.ports_cases import ClaimNext

LEASE = timedelta(minutes=30)


def claim(
    store: Any, name: str, now: datetime, queues: frozenset[str] = frozenset(), owner: str | None = None
) -> Case | None:
    """Take the next case for somebody; ``None`` when there is none."""
    asked = ClaimNext(name, owner, queues, now, LEASE)
    with store.begin() as work:
        taken: Case | None = work.cases.claim_next(
            asked, lambda case: AuditEntry(now, name, "case.claimed", case.id, {"queue": case.queue})
        )
    return taken


def _new_id(now: datetime) -> str:
    return uuid7(now, secrets.randbits(74))


@pytest.fixture
def new_id() -> Callable[[datetime], str]:
    """Fresh ids."""
    return _new_id


@pytest.fixture
def review_policy() -> ReviewPolicy:
    """The shipped review section, without the random double reviews."""
    return ReviewPolicy(blind_sample=0.0)


@pytest.fixture
def policy(review_policy: ReviewPolicy) -> Callable[[], Policy]:
    """The policy in force, with that section."""
    shipped = parse_policy(default_policy_text(), version=7)
    made = Policy(shipped.document.model_copy(update={"review": review_policy}), 7)
    return lambda: made


@pytest.fixture
def assess(noon: datetime) -> Callable[..., Assessment]:
    """Makes an assessment that holds a sign-up for review; name only what matters."""

    def make(**changes: Any) -> Assessment:
        plain: dict[str, Any] = {
            "id": "00000000" + str(uuid.uuid4())[8:],  # before what a verdict of the same instant adds
            "decided_at": noon,
            "decision": Decision.REVIEW,
            "score": 0.8,
            "reasons": (
                Reason("MAIL_KIND", "email", "Mailboxes of this kind are abused more often.", 0.4),
                Reason("DEVICE_SHARED", "linkage", "Other sign-ups came from this device.", 1.21),
                Reason("PERSON_NEW", "linkage", "The person was not seen before.", -0.3),
                Reason("DISPOSABLE_MAIL", "rule", "The mailbox belongs to a throw-away provider."),
            ),
            "rules": ("disposable_mail",),
            "vector": b"\x00\x00\x80?",
            "signals": {},
            "linkage": {},
            "model": ModelReference("2026-11", "ab" * 32),
            "policy_version": 7,
        }
        return Assessment(**{**plain, **changes})

    return make


@pytest.fixture
def hold(
    make_record: Callable[..., NewRecord],
    assess: Callable[..., Assessment],
    review_policy: ReviewPolicy,
    noon: datetime,
) -> Callable[..., Case]:
    """Records a sign-up that is held for review, with its case; gives the case."""

    def held(
        store: Any,
        *,
        at: datetime = noon,
        score: float = 0.8,
        account_type: AccountType = AccountType.EDUCATIONAL,
        review: ReviewPolicy | None = None,
        owner: str = "acme",
        identifiers: tuple[Identifier, ...] = (),
        **changes: Any,
    ) -> Case:
        record = make_record(
            at=at,
            assessment=assess(score=score, decided_at=at),
            account_type=account_type,
            owner=owner,
            identifiers=identifiers,
        )
        parts: dict[str, Any] = {
            "owner": owner,
            "subject": subject_of(record.id),
            "record_id": record.id,
            "account_type": account_type,
            "assessment": record.assessment,
            "review": review or review_policy,
            "now": at,
            "new_id": _new_id,
        }
        case = new_case(CaseKind.REVIEW, **{**parts, **changes})
        with store.begin() as work:
            work.ledger.append(NewRecord(**{name: getattr(record, name) for name in record.__slots__} | {"case": case}))
            work.commit()
        return case

    return held


@pytest.fixture
def dana() -> Acting:
    """A reviewer."""
    return Acting("reviewer:dana", Role.REVIEWER)


@pytest.fixture
def eli() -> Acting:
    """Another one."""
    return Acting("reviewer:eli", Role.REVIEWER)


@pytest.fixture
def lea() -> Acting:
    """A lead."""
    return Acting("reviewer:lea", Role.LEAD)


@pytest.fixture
def desk(store: Any, policy: Callable[[], Policy]) -> CaseUseCases:
    """The use cases over a store: the test runs in memory and on both databases."""
    return case_use_cases(store.begin, policy=policy, new_id=_new_id)
