"""The use cases over a store, judged by the rules alone, and sign-ups that share nothing unless they are told to."""

from __future__ import annotations

import base64
import itertools
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from models.features.facts import Facts
from models.identifiers import identifiers_of
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from models.signup import AccountType, Behaviour, Device, Identity, Institution, Payment, PaymentMethod, Signup
from models.signup_document import document_of_signup
from service.api.answers import render_decision
from service.app import application_of, create_app
from service.config import read_settings
from service.connections import CasesOfWorker
from service.domain.caller import Caller, Scope
from service.domain.cluster import cluster_id
from service.domain.decision import Assessment, Decision
from service.domain.ids import uuid7
from service.domain.outcome import Label, Statement
from service.domain.policy import Policy, default_policy_text, parse_policy
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases import divide_cluster
from service.usecases.after_bans_in_force import AfterBansInForce
from service.usecases.ask_again import AskAgain
from service.usecases.ask_branches import AskBranches
from service.usecases.assess import Assess
from service.usecases.carry_out import CarryOut
from service.usecases.case_use_cases import CaseUseCases, case_use_cases
from service.usecases.cluster_use_cases import cluster_use_cases
from service.usecases.doubt_alone import DoubtAlone
from service.usecases.issue_key import IssueKey
from service.usecases.judge import Judge
from service.usecases.judge_clusters import JudgeClusters
from service.usecases.look_back import LookBack
from service.usecases.ports import UnitOfWork
from service.usecases.ports_idempotency import Fingerprint
from service.usecases.put_off_corrections import TakeUpCorrections
from service.usecases.recognise_shared import DeclareShared, RecogniseShared
from service.usecases.record_outcome import RecordOutcome, Spoken, record_result
from service.usecases.settle_clusters import SettleClusters
from service.usecases.tell_consequence import TellConsequence
from service.usecases.undo_bans import UndoBans
from service.usecases.views import DecisionView
from service.usecases.workers_cases import RecordedCases

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
OWNER = "campus"
CALLER = Caller(OWNER, "k1", frozenset(Scope))


def policy_of(*changes: tuple[str, str]) -> Policy:
    """The shipped policy, which lets in whom no rule names while no model scores and puts nobody on probation."""
    text = default_policy_text().replace('decision = "step_up"', 'decision = "allow"')
    text = text.replace("links_365d == 0", "links_365d < 0")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return parse_policy(text, version=1)


def asks_nobody(person: Any, assessment: Any, **_: Any) -> tuple[Any, None]:
    """No challenges here: what is decided stays as it was decided."""
    return assessment, None


@dataclass
class Gate:
    """The service without HTTP: sign-ups come a second apart."""

    store: MemoryStore | SqlStore
    reference: Reference
    policy: Policy = field(default_factory=policy_of)
    now: datetime = START

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._bits = itertools.count(1)
        self.judge = Judge(reference=self.reference, model=lambda: None, policy=lambda: self.policy, new_id=self.new_id)
        self.assess = Assess(
            begin=self.store.begin,
            judge=self.judge,
            plan=asks_nobody,
            render=render_decision,
            new_id=self.new_id,
            after_bans=AfterBansInForce(self.store.begin, self.monotonic),
        )
        self.outcomes = RecordOutcome(self.store.begin, lambda: self.policy, self.new_id)
        self.clusters = cluster_use_cases(
            self.store.begin, judge=self.judge, reference=self.reference, new_id=self.new_id
        )
        self.cases = RecordedCases()
        self.judge_clusters = JudgeClusters(
            self.store.begin, DoubtAlone(self.judge), self.cases, self.new_id, self.asking()
        )
        self.look_back = LookBack(self.store.begin, self.judge, self.cases, self.telling(6))
        self.take_up = TakeUpCorrections(self.store.begin)
        self.undo_bans = UndoBans(self.store.begin, self.judge, self.cases, self.telling(8))
        self.recognise = RecogniseShared(self.store.begin, lambda: self.policy, self.reference.mail)
        self.declare = DeclareShared(self.store.begin)
        self.settle = SettleClusters(self.store.begin, self.reference)
        self.carry_out = CarryOut(self.store.begin, self.judge, self.telling(5))

    def asking(self) -> AskBranches:
        return AskBranches(self.store.begin, self.judge, self.telling(7))

    def telling(self, seed: int) -> TellConsequence:
        plan: Any = asks_nobody
        return TellConsequence(self.judge, AskAgain(plan), random.Random(seed).random)

    def new_id(self, now: datetime) -> str:
        return uuid7(now, next(self._bits))

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def monotonic(self) -> float:
        return self.now.timestamp()

    def came(self, *, owner: str = OWNER, **changes: Any) -> DecisionView:
        """A sign-up; ``device``, ``card``, ``phone``, ``ip``, ``mail``, ``school`` and the like say what it carries."""
        self.later(seconds=1)
        number = next(self._numbers)
        signup = signup_of(number, self.now, **changes)
        caller, fingerprint = replace(CALLER, owner=owner), Fingerprint(number.to_bytes(32, "big"))
        answer = self.assess(signup, caller=caller, now=self.now, fingerprint=fingerprint)
        assert answer.view is not None
        return answer.view

    def signup(self, number: int, **changes: Any) -> Signup:
        return signup_of(number, self.now, **changes)

    def decision(self, **changes: Any) -> tuple[Decision, set[str]]:
        """What a sign-up is answered, with the codes of the reasons."""
        assessment = self.came(**changes).assessment
        assert assessment is not None
        return assessment.decision, {each.code for each in assessment.reasons}

    def judged(self, number: int, **changes: Any) -> Assessment:
        """How a sign-up would be judged now, without recording it."""
        signup = signup_of(number, self.now, **changes)
        signals = derive_signals(signup, self.reference)
        with self.store.begin() as work:
            look = work.ledger.look(OWNER, signup.signup_id, identifiers_of(signup, signals), now=self.now)
        return self.judge(Facts(signup=signup, signals=signals, linkage=look.linkage), now=self.now)

    def said(self, view: DecisionView, label: str = "fraud", source: str = "reviewer", **changes: Any) -> Spoken:
        self.later(seconds=1)
        said = Statement(Label(label), source, changes.pop("reason", "seen"), changes.pop("confidence", 1.0), **changes)
        return self.outcomes(view.id, said, caller=CALLER, now=self.now)

    def number(self, view: DecisionView) -> int:
        with self.store.begin() as work:
            signup = work.outcomes.signup(OWNER, view.id)
        assert signup is not None
        return signup.signup_no

    def read(self, look: Callable[[UnitOfWork], Any]) -> Any:
        with self.store.begin() as work:
            return look(work)

    def cluster(self, view: DecisionView) -> str:
        """The id of the cluster that a sign-up is in."""
        with self.store.begin() as work:
            number = work.clusters.cluster_of(self.number(view))
        assert number is not None
        return cluster_id(number)

    def ring(
        self, size: int, frauds: int = 0, sources: tuple[str, ...] = ("reviewer", "chargeback"), name: str = "r"
    ) -> list[DecisionView]:
        """Accounts that share a device with the one before and a card with the one after; the last are banned."""
        half = size // 2
        views = [self.came(device=f"{name}-d{at // 2}", card=f"{name}-c{(at + 1) // 2 % half}") for at in range(size)]
        for at, view in enumerate(views[size - frauds :]):
            self.said(view, source=sources[at % len(sources)])
        return views

    def chain(self, length: int, name: str = "k", owner: str = OWNER) -> list[DecisionView]:
        """Accounts of which each shares a device or a card with the next, and nothing else: no piece of two edges."""
        shared = [{"device": f"{name}-d{at // 2}", "card": f"{name}-c{(at + 1) // 2}"} for at in range(length)]
        return [self.came(owner=owner, **each) for each in shared]

    def proven(self, view: DecisionView, *, passed: bool, owner: str = OWNER) -> None:
        """The result of a proof that somebody was asked for."""
        self.later(seconds=1)
        with self.store.begin() as work:
            signup = work.outcomes.signup(owner, view.id)
            assert signup is not None
            record_result(work, signup.signup_no, passed=passed, at=self.now)
            work.commit()

    def work(self) -> None:
        """What the worker does about clusters in a round."""
        self.later(seconds=5)
        self.judge_clusters(self.now)
        self.carry_out(self.now)

    def decisions(self, views: Sequence[DecisionView]) -> list[str]:
        """The decisions as they stand."""
        return [self.latest(view).value for view in views]

    def latest(self, view: DecisionView) -> Decision:
        """The decision as it stands."""
        with self.store.begin() as work:
            recorded = work.ledger.get(OWNER, view.id)
        assert recorded is not None
        return recorded.assessments[-1].decision


def signup_of(
    number: int,
    now: datetime,
    *,
    device: str | None = None,
    card: str | None = None,
    phone: str | None = None,
    ip: str | None = None,
    mail: str | None = None,
    name: str | None = None,
    school: str | None = None,
    bin: str | None = None,  # noqa: A002 - the contract's word
    agent: str | None = None,
    born: int | None = None,
    country: str | None = None,
    use: str | None = None,
    record_only: bool = False,
) -> Signup:
    """Invented people who share nothing but what is named."""
    letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
    name = name or f"Oriane {letters.title()}maupertuis"
    return Signup(
        signup_id=f"su_{number}",
        account_type=AccountType.EDUCATIONAL,
        occurred_at=now,
        identity=Identity(
            full_name=name,
            birth_year=born,
            country=country,
            institution=None if school is None else Institution(name=school),
        ),
        email=mail or f"{letters}.maupertuis@college-{letters}.example",
        phone=phone,
        payment=Payment(PaymentMethod.CARD, fingerprint=card or f"card-{number}", bin=bin, cardholder_name=name),
        device=Device(
            ip=ip or f"81.{number // 60000 % 200 + 10}.{number // 250 % 240}.{number % 250 + 1}",
            device_id=device or f"device-{number}",
            user_agent=agent,
            timezone=None if agent is None else "Europe/Paris",
            screen=None if agent is None else "1920x1080",
        ),
        behaviour=None if use is None else Behaviour(stated_use=use),
        record_only=record_only,
    )


@pytest.fixture
def gate(store: MemoryStore | SqlStore, reference: Reference) -> Gate:
    """The service over every store."""
    return Gate(store, reference)


@pytest.fixture
def sql_gate(sql_store: SqlStore, reference: Reference) -> Gate:
    """The service over both databases, for what is promised of statements."""
    return Gate(sql_store, reference)


@pytest.fixture
def memory_gate(reference: Reference) -> Gate:
    """The service in memory, for what does not depend on the store."""
    return Gate(MemoryStore(), reference)


@pytest.fixture
def with_policy(reference: Reference) -> Callable[..., Gate]:
    """A service in memory whose policy text is changed; pairs of what stands there and what takes its place."""

    def make(*changes: tuple[str, str]) -> Gate:
        return Gate(MemoryStore(), reference, policy_of(*changes))

    return make


@dataclass
class Http:
    """The real application on an embedded database, as its callers see it."""

    app: Flask
    headers: dict[str, str]

    def call(self, method: str, path: str, *, scopes: tuple[str, ...] | None = None, **parts: Any) -> TestResponse:
        headers = self.headers if scopes is None else self.key(*scopes)
        return self.app.test_client().open(path, method=method, headers=headers, **parts)

    def key(self, *scopes: str, owner: str = "journey") -> dict[str, str]:
        begin = application_of(self.app).store.begin
        issued = IssueKey(begin)(name=owner, scopes=scopes, actor="test", now=datetime.now(UTC))
        return {"Authorization": f"Bearer {issued.token}"}

    def sign_up(self, number: int, **changes: Any) -> dict[str, Any]:
        """Somebody who shares nothing but what ``changes`` name, as ``signup_of`` takes them."""
        document = document_of_signup(signup_of(number, datetime.now(UTC), **changes))
        response = self.call("POST", "/v1/signups", json=document)
        assert response.status_code == 201, response.data
        answer: dict[str, Any] = response.get_json()
        return answer


@pytest.fixture(scope="module")
def http_app(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, reference: Reference) -> Iterator[Flask]:
    """One application a module, because it takes seconds to load."""
    directory = tmp_path_factory.mktemp("gatehouse")
    shutil.copyfile(migrated_sqlite, directory / "gatehouse.db")
    key = base64.b64encode(bytes(range(32))).decode()
    settings = read_settings(
        {
            "GATEHOUSE_DATABASE_URL": f"sqlite:///{directory / 'gatehouse.db'}",
            "GATEHOUSE_DATA_DIR": str(directory),
            "GATEHOUSE_ENCRYPTION_KEYS": f"1:{key}",
            "GATEHOUSE_PSEUDONYM_KEYS": f"1:{key}",
        }
    )
    app = create_app(settings, reference=reference)
    yield app
    application_of(app).store.dispose()


@pytest.fixture
def http(http_app: Flask) -> Http:
    """A caller with every scope."""
    http = Http(http_app, {})
    http.headers = http.key(*Scope)
    return http


@pytest.fixture
def desk(gate: Gate) -> CaseUseCases:
    """The reviewers' use cases over the same store; pieces become cases, and nothing is judged twice."""
    document = gate.policy.document
    review = document.review.model_copy(update={"blind_sample": 0.0})
    gate.policy.document = document.model_copy(update={"review": review})
    opens = CasesOfWorker(lambda: gate.policy, gate.new_id, lambda: gate.now)
    gate.judge_clusters = JudgeClusters(gate.store.begin, DoubtAlone(gate.judge), opens, gate.new_id, gate.asking())
    return case_use_cases(gate.store.begin, policy=lambda: gate.policy, new_id=gate.new_id)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Lets something happen once, between the reading of a cluster's members and their moving."""

    def arrange(happens: Callable[[], None]) -> None:
        computed, once = divide_cluster.parts_without, iter([happens])

        def parts(*arguments: Any) -> Any:
            found = computed(*arguments)
            for each in once:
                each()
            return found

        monkeypatch.setattr(divide_cluster, "parts_without", parts)

    return arrange
