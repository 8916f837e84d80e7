"""An API over an in-memory store and a stand-in for the scoring, which answers at once and always the same."""

from __future__ import annotations

import copy
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models.features.catalogue import FEATURES
from models.reference.reference import Reference, load_reference
from models.signup import Signup
from service.api.answers import render_decision
from service.api.blueprint import create_api
from service.api.dependencies import ApiDependencies
from service.api.health import ProbeResult, ReadinessCheck
from service.api.schemas.examples import SIGNUP_EXAMPLE
from service.domain.account import Account
from service.domain.caller import Caller, Scope
from service.domain.challenge import Challenge, ChallengeMethod, ChallengeStatus
from service.domain.decision import Assessment, Decision, ModelReference, Reason
from service.domain.errors import ConflictError, NotFoundError, StillRunningError
from service.domain.evidence import Doubt
from service.domain.ids import uuid7
from service.domain.policy import default_policy_text, parse_policy
from service.domain.step_up import PageSeal, StepUp
from service.domain.webhook import Endpoint
from service.storage.memory import MemoryStore
from service.usecases.answer_challenge import Answer as Answered
from service.usecases.answer_once import AnswerOnce
from service.usecases.authenticate import Authenticate
from service.usecases.backtest import BackTest
from service.usecases.case_use_cases import case_use_cases
from service.usecases.cluster_use_cases import cluster_use_cases
from service.usecases.issue_key import IssueKey
from service.usecases.judge import Judge
from service.usecases.keep_lists import KeepLists
from service.usecases.keep_models import KeepModels
from service.usecases.policy_use_cases import PolicyUseCases
from service.usecases.policy_versions import PolicyVersions
from service.usecases.ports import AuditEntry
from service.usecases.ports_api_keys import ApiKey
from service.usecases.ports_idempotency import Fingerprint, IdempotencyClaim, StoredAnswer
from service.usecases.ports_search import Found
from service.usecases.record_outcome import RecordOutcome
from service.usecases.views import Answer, DecisionView, SearchCriteria, SearchPage, SignupView
from service.usecases.watch_attacks import ListAttacks
from service.usecases.webhook_endpoints import WebhookEndpoints
from service.web import install_web

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def uuid7_now(now: datetime) -> str:
    return uuid7(now, secrets.randbits(74))


@dataclass
class Keys:
    """API keys in a dictionary; counts how often it was asked."""

    rows: dict[str, ApiKey] = field(default_factory=dict)
    reads: int = 0

    def add(self, key: ApiKey) -> None:
        self.rows[key.id] = key

    def get(self, key_id: str) -> ApiKey | None:
        self.reads += 1
        return self.rows.get(key_id)

    def revoke(self, key_id: str, *, at: datetime) -> bool:
        key = self.rows.get(key_id)
        if key is None or key.revoked_at is not None:
            return False
        self.rows[key_id] = ApiKey(key.id, key.name, key.owner, key.scopes, key.secret_digest, key.created_at, at)
        return True

    def all(self) -> list[ApiKey]:
        return list(self.rows.values())


@dataclass
class Claims:
    """Idempotency-Keys in a dictionary; ``None`` while the first request runs."""

    rows: dict[tuple[str, str], StoredAnswer | None] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def claim(self, claim: IdempotencyClaim, *, now: datetime) -> StoredAnswer | None:  # noqa: ARG002 - the protocol's
        with self.lock:
            where = (claim.owner, claim.key)
            if where not in self.rows:
                self.rows[where] = None
                return None
            stored = self.rows[where]
        if stored is None:
            raise StillRunningError("The first request with this Idempotency-Key has not finished.")
        return stored

    def answer(self, claim: IdempotencyClaim, *, status: int, body: bytes) -> None:
        self.rows[claim.owner, claim.key] = StoredAnswer(status, body, claim.fingerprint)

    def release(self, claim: IdempotencyClaim) -> None:
        with self.lock:
            self.rows.pop((claim.owner, claim.key), None)


@dataclass
class Audit:
    """Audit entries in a list."""

    rows: list[AuditEntry] = field(default_factory=list)

    def add(self, entry: AuditEntry) -> None:
        self.rows.append(entry)


@dataclass
class Work:
    """The parts of a unit of work that the edge itself needs."""

    keys: Keys = field(default_factory=Keys)
    idempotency: Claims = field(default_factory=Claims)
    audit: Audit = field(default_factory=Audit)

    def commit(self) -> None:
        """Everything is written at once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to give back."""


_POLICY = parse_policy(default_policy_text(), version=3)

ASSESSMENT = Assessment(
    id="as_1",
    decided_at=NOW,
    decision=Decision.STEP_UP,
    score=0.4123456789,
    reasons=(Reason("DEVICE_SHARED", "linkage", "The device was used before.", 1.21),),
    rules=("shared-device",),
    vector=None,
    signals={},
    linkage={},
    model=ModelReference("test", "0" * 64),
    policy_version=3,
)


@dataclass
class Recorder:
    """Stands in for the use cases: records sign-ups in a dictionary and decides always the same."""

    work: Work
    recorded: dict[tuple[str, str], tuple[Signup, bytes, bytes]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    calls: int = 0
    before: Callable[[], None] = lambda: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def assess(
        self,
        signup: Signup,
        *,
        caller: Caller,
        now: datetime,
        fingerprint: Fingerprint,
        claim: IdempotencyClaim | None = None,
    ) -> Answer:
        self.before()
        with self.lock:
            self.calls += 1
            known = self.recorded.get((caller.owner, signup.signup_id))
            if known is not None:
                if known[1] != fingerprint:
                    raise ConflictError("This signup_id is recorded with another body.")
                return Answer(200, known[2], replayed=True)
            body = render_decision(self._view(signup, now))
            self.recorded[caller.owner, signup.signup_id] = (signup, fingerprint, body)
            if claim is not None:
                self.work.idempotency.answer(claim, status=201, body=body)
            return Answer(201, body, replayed=False)

    def read(self, record_id: str, *, caller: Caller) -> SignupView:
        signup = self._signup(record_id, caller)
        return SignupView(self._view(signup, NOW), (ASSESSMENT,), self.accounts.get(signup.signup_id))

    def report_account(self, record_id: str, account: Account, *, caller: Caller, now: datetime) -> None:  # noqa: ARG002 - the protocol's
        signup = self._signup(record_id, caller)
        self.accounts[signup.signup_id] = account

    def reassess(self, record_id: str, *, caller: Caller, now: datetime) -> SignupView:  # noqa: ARG002 - the protocol's
        signup = self._signup(record_id, caller)
        return SignupView(self._view(signup, NOW), (ASSESSMENT, ASSESSMENT))

    def search(self, criteria: SearchCriteria, *, caller: Caller, now: datetime) -> SearchPage:  # noqa: ARG002 - the protocol's
        numbered = [
            Found(f"id-{s.signup_id}", no, s.signup_id, s.account_type, NOW, s.occurred_at, Decision.STEP_UP, 0.4)
            for no, ((owner, _), (s, _, _)) in enumerate(self.recorded.items(), start=1)
            if owner == caller.owner and (criteria.email is None or s.email == criteria.email)
        ]
        wanted = [each for each in reversed(numbered) if not criteria.before_no or each.signup_no < criteria.before_no]
        items = tuple(wanted[: criteria.limit])
        return SearchPage(items, items[-1].signup_no if len(wanted) > criteria.limit else None)

    def _signup(self, record_id: str, caller: Caller) -> Signup:
        known = self.recorded.get((caller.owner, record_id.removeprefix("id-")))
        if known is None:
            raise NotFoundError("There is no such sign-up.")
        return known[0]

    def _view(self, signup: Signup, now: datetime) -> DecisionView:
        return DecisionView(
            id=f"id-{signup.signup_id}",
            signup_id=signup.signup_id,
            account_type=signup.account_type,
            record_only=signup.record_only,
            created_at=now,
            assessment=None if signup.record_only else ASSESSMENT,
        )


@dataclass
class Api:
    """A client with a key, and what stands behind the API."""

    client: FlaskClient
    app: Flask
    recorder: Recorder
    work: Work
    issue: IssueKey
    token: str
    probes: dict[str, ProbeResult]
    store: MemoryStore
    webhooks: WebhookEndpoints

    def clock(self) -> datetime:
        return NOW

    def endpoint(self, endpoint_id: str) -> Endpoint:
        return self.webhooks.read(endpoint_id, owner=None)

    def patch(self, path: str, **parts: Any) -> TestResponse:
        return self.client.patch(path, headers={"Authorization": f"Bearer {self.token}"}, **parts)

    def delete(self, path: str) -> TestResponse:
        return self.client.delete(path, headers={"Authorization": f"Bearer {self.token}"})

    def post(self, path: str = "/v1/signups", *, token: str | None = None, **parts: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token or self.token}", **parts.pop("headers", {})}
        return self.client.post(path, headers=headers, **parts)

    def get(self, path: str, *, token: str | None = None) -> TestResponse:
        return self.client.get(path, headers={"Authorization": f"Bearer {token or self.token}"})

    def key(self, *scopes: str, owner: str = "campus") -> str:
        return self.issue(name=owner, scopes=scopes, actor="test", now=NOW).token

    @property
    def nothing_recorded(self) -> bool:
        return not self.recorder.recorded and not self.work.idempotency.rows


@cache
def _reference() -> Reference:
    return load_reference()


@dataclass
class Challenges:
    """Stands in for the use case: knows one pending challenge, ``known``, and takes every answer to it."""

    def result(
        self,
        challenge_id: str,
        status: ChallengeStatus,
        evidence: Mapping[str, object],  # noqa: ARG002 - the protocol's
        *,
        caller: Caller,  # noqa: ARG002 - the protocol's
        now: datetime,
    ) -> Answered:
        return self._answered(challenge_id, now, status)

    def code(self, challenge_id: str, code: str, *, caller: Caller, now: datetime) -> Answered:  # noqa: ARG002 - the protocol's
        return self._answered(challenge_id, now, ChallengeStatus.PENDING)

    def resend(self, challenge_id: str, address: str | None, *, caller: Caller, now: datetime) -> Answered:  # noqa: ARG002 - the protocol's
        return self._answered(challenge_id, now, ChallengeStatus.PENDING)

    def _answered(self, challenge_id: str, now: datetime, status: ChallengeStatus) -> Answered:
        if challenge_id != "known":
            raise NotFoundError("There is no such challenge.")
        challenge = Challenge("known", ChallengeMethod.EMAIL_CODE, now, now, tries_left=4, sends_left=2, status=status)
        step_up = StepUp("su-1", "campus", "AAAA-BBBB-CCCC", PageSeal(1, b""), Doubt(1.0, 0.1), (challenge,))
        return Answered(step_up, challenge, accepted=False)


def new_id(now: datetime) -> str:
    return uuid7(now, secrets.randbits(74))


def build_api(*, cases: MemoryStore | None = None, **changes: Any) -> Api:
    """An API; ``changes`` replace dependencies, ``cases`` is the store that cases are kept in."""
    work = Work()
    recorder = Recorder(work)
    store = MemoryStore()
    memory, policy = MemoryStore(), parse_policy(default_policy_text(), version=3)
    unused: Any = None  # nobody signs up here, so nothing is brought into its canonical form
    judge = Judge(reference=unused, model=lambda: None, policy=lambda: policy, new_id=new_id)
    probes = {"database": ProbeResult(ok=True), "model": ProbeResult(ok=True, detail={"version": "test"})}
    begin: Any = lambda: work  # noqa: E731 - the parts the edge needs, not the whole protocol
    webhooks = WebhookEndpoints(MemoryStore().begin, uuid7_now, secrets.token_bytes, private_allowed=False)
    deps = {
        "authenticate": Authenticate(begin, time.monotonic),
        "fingerprint": lambda method, route, body: Fingerprint(
            hmac.digest(b"test", b"\n".join((method.encode(), route.encode(), body)), hashlib.sha256)
        ),
        "answer_once": AnswerOnce(begin, time.monotonic, time.sleep),
        "assess": recorder.assess,
        "read": recorder.read,
        "reassess": recorder.reassess,
        "search": recorder.search,
        "report_account": recorder.report_account,
        "webhooks": webhooks,
        "policies": PolicyUseCases(PolicyVersions(store.begin), BackTest(store.begin)),
        "models": KeepModels(MemoryStore().begin, Path("/nowhere"), [feature.name for feature in FEATURES]),
        "lists": KeepLists(store.begin, _reference, lambda now: uuid7(now, secrets.randbits(74))),
        "challenges": Challenges(),
        "open_links": lambda body: body,
        "help_link": lambda body: None,  # noqa: ARG005 - no pages here
        "cases": case_use_cases(
            (cases or MemoryStore()).begin,
            policy=lambda: _POLICY,
            new_id=lambda now: uuid7(now, secrets.randbits(74)),
        ),
        "outcomes": RecordOutcome(memory.begin, lambda: policy, new_id),
        "clusters": cluster_use_cases(memory.begin, judge=judge, reference=unused, new_id=new_id),
        "attacks": ListAttacks(MemoryStore().begin),
        "clock": lambda: NOW,
        "metrics": lambda: (b"# EOF\n", "text/plain; version=0.0.4"),
        "readiness": (
            ReadinessCheck("database", lambda: probes["database"]),
            ReadinessCheck("model", lambda: probes["model"], required=False),
        ),
        "version": "0",
        **changes,
    }
    app = Flask("gatehouse-test", static_folder=None)
    install_web(app)
    app.register_blueprint(create_api(ApiDependencies(**deps)))
    issue = IssueKey(begin)
    token = issue(name="campus", scopes=list(Scope), actor="test", now=NOW).token
    return Api(app.test_client(), app, recorder, work, issue, token, probes, store, webhooks)


@pytest.fixture
def api() -> Api:
    """A fresh API with a key that carries every scope."""
    return build_api()


@pytest.fixture
def rebuilt_api() -> Callable[..., Api]:
    """Builds an API with other dependencies."""
    return build_api


def _set(document: dict[str, Any], pointer: str, value: Any) -> None:
    *parents, last = pointer.strip("/").split("/")
    for parent in parents:
        document = document.setdefault(parent, {})
    document[last] = value


@pytest.fixture
def signup_document() -> Callable[..., dict[str, Any]]:
    """Builds a sign-up document; ``changes`` maps pointers to values."""

    def build(changes: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        document = copy.deepcopy(SIGNUP_EXAMPLE)
        for pointer, value in {**(changes or {}), **fields}.items():
            _set(document, pointer, value)
        return document

    return build


@pytest.fixture(scope="module")
def module_api() -> Api:
    """An API that all generated requests of a module share."""
    return build_api()


@pytest.fixture
def emptied_api(module_api: Api) -> Api:
    """The module's API with nothing recorded: to build one takes longer than to ask it."""
    module_api.recorder.recorded.clear()
    module_api.work.idempotency.rows.clear()
    return module_api
