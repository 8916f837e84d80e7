"""What the HTTP API needs from outside; composition passes it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.signup import Signup
from service.api.attacks import ListOwnAttacks
from service.api.health import ReadinessCheck
from service.domain.account import Account
from service.domain.caller import Caller
from service.domain.challenge import ChallengeStatus
from service.usecases.answer_challenge import Answer as ChallengeAnswered
from service.usecases.answer_once import AnswerOnce
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.cluster_use_cases import ClusterUseCases
from service.usecases.keep_lists import KeepLists
from service.usecases.keep_models import KeepModels
from service.usecases.policy_use_cases import PolicyUseCases
from service.usecases.ports_idempotency import Fingerprint, IdempotencyClaim
from service.usecases.record_outcome import RecordOutcome
from service.usecases.views import Answer, SearchCriteria, SearchPage, SignupView
from service.usecases.webhook_endpoints import WebhookEndpoints


class AssessSignup(Protocol):
    """Score a sign-up, decide and record."""

    def __call__(
        self,
        signup: Signup,
        *,
        caller: Caller,
        now: datetime,
        fingerprint: Fingerprint,
        claim: IdempotencyClaim | None = None,
    ) -> Answer: ...


class ReadRecord(Protocol):
    """Read a recorded sign-up with its assessments."""

    def __call__(self, record_id: str, *, caller: Caller) -> SignupView: ...


class ReassessRecord(Protocol):
    """Score a recorded sign-up again."""

    def __call__(self, record_id: str, *, caller: Caller, now: datetime) -> SignupView: ...


class ReportRecord(Protocol):
    """Record what became of an attempt."""

    def __call__(self, record_id: str, account: Account, *, caller: Caller, now: datetime) -> None: ...


class SearchRecords(Protocol):
    """Search recorded sign-ups, newest first."""

    def __call__(self, criteria: SearchCriteria, *, caller: Caller, now: datetime) -> SearchPage: ...


class AnswerOwnChallenge(Protocol):
    """Take answers to the caller's own challenges."""

    def result(
        self,
        challenge_id: str,
        status: ChallengeStatus,
        evidence: Mapping[str, object],
        *,
        caller: Caller,
        now: datetime,
    ) -> ChallengeAnswered: ...

    def code(self, challenge_id: str, code: str, *, caller: Caller, now: datetime) -> ChallengeAnswered: ...

    def resend(self, challenge_id: str, address: str | None, *, caller: Caller, now: datetime) -> ChallengeAnswered: ...


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """The use cases behind the endpoints, and the few outside things the edge itself asks.

    Attributes:
        authenticate: an API key to its caller.
        fingerprint: the keyed digest of method, route and canonical body.
        answer_once: runs a request at most once per Idempotency-Key.
        challenges: answers to challenges.
        open_links: a rendered answer with the links of its hosted pages opened.
        help_link: the page of the person that such an answer is about; ``None`` when they need none.
        clock: the time it is, aware, in UTC.
        metrics: the exposition for Prometheus and its content type.
        readiness: what must work before traffic is welcome.
        version: of the service, for the OpenAPI document.
    """

    authenticate: Callable[[str], Caller]
    fingerprint: Callable[[str, str, bytes], Fingerprint]
    answer_once: AnswerOnce
    assess: AssessSignup
    read: ReadRecord
    reassess: ReassessRecord
    search: SearchRecords
    report_account: ReportRecord
    webhooks: WebhookEndpoints
    policies: PolicyUseCases
    models: KeepModels
    lists: KeepLists
    challenges: AnswerOwnChallenge
    open_links: Callable[[bytes], bytes]
    help_link: Callable[[bytes], str | None]
    cases: CaseUseCases
    outcomes: RecordOutcome
    clusters: ClusterUseCases
    attacks: ListOwnAttacks
    clock: Callable[[], datetime]
    metrics: Callable[[], tuple[bytes, str]]
    readiness: tuple[ReadinessCheck, ...]
    version: str
