"""A rehearsal: the service's own use cases over a store in memory, attacked by a hydra that sees what it decides.

Nothing here decides anything: sign-ups are assessed, outcomes recorded, clusters judged and containments carried out by
the very use cases that run in production, on simulated time.
"""

from __future__ import annotations

import heapq
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import cast

from models.features.facts import Facts
from models.linkage.velocity import NO_HISTORY, day_of
from models.signup import Signup
from models.simulation.truth import DecisionWord, SimulatedSignup, Truth
from service.domain.caller import Caller, Scope
from service.domain.decision import Assessment
from service.domain.event import EventType
from service.domain.ids import uuid7
from service.domain.outcome import Label, Statement
from service.domain.policy import Policy
from service.storage.memory import MemoryStore
from service.usecases.assess import Assess
from service.usecases.carry_out import CarryOut
from service.usecases.cluster_cases import RecordedCases
from service.usecases.judge import Judge
from service.usecases.judge_clusters import JudgeClusters
from service.usecases.plan_step_up import PlanStepUp
from service.usecases.ports import Fingerprint
from service.usecases.record_outcome import RecordOutcome, record_result
from service.usecases.stopwatch import NULL_STOPWATCH, Stopwatch

CALLER = Caller("rehearsal", "rehearsal", frozenset(Scope))
ROUND = timedelta(minutes=5)
"""How often the worker's jobs run in simulated time; in production it is seconds."""

SOURCES = ("traffic_classifier", "chargeback", "partner")
"""Who reports fraud, in turn: a containment by evidence wants more than one source."""


def new_id(now: datetime) -> str:
    """A fresh identifier for a record made at ``now``."""
    return uuid7(now, secrets.randbits(74))


@dataclass(frozen=True, slots=True)
class WithoutLinkage(Judge):
    """The judge as it would be if nobody remembered anything: every sign-up is the first one."""

    def __call__(
        self, facts: Facts, *, now: datetime, stopwatch: Stopwatch = NULL_STOPWATCH, watched: bool = False
    ) -> Assessment:
        """Judge the sign-up alone."""
        alone = replace(facts, linkage=NO_HISTORY)
        return Judge.__call__(self, alone, now=now, stopwatch=stopwatch, watched=watched)


@dataclass(slots=True)
class Rehearsed:
    """One sign-up of the rehearsal, what was decided, and when it was closed by a containment, if it was."""

    truth: Truth
    at: datetime
    decision: DecisionWord
    closed_at: datetime | None = None
    asked_at: datetime | None = None


@dataclass(slots=True)
class Rehearsal:
    """The defence in a simulated world: ``decide`` is its feedback, ``taken_down`` what it closed by itself.

    ``linked`` false leaves out everything that remembers: outcomes, clusters, containments.
    """

    judge: Judge
    policy: Callable[[], Policy]
    linked: bool = True
    signups: list[Rehearsed] = field(default_factory=list)
    first_ban_at: datetime | None = None
    contained_at: datetime | None = None
    _store: MemoryStore = field(default_factory=MemoryStore)
    _waiting: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _told: int = 0
    _closing: list[tuple[datetime, str]] = field(default_factory=list)
    _round_at: datetime | None = None
    _today: int = 0
    _assessed: dict[str, int] = field(default_factory=dict)
    _decisions: list[tuple[datetime, DecisionWord]] = field(default_factory=list)

    def decide(self, signup: Signup) -> DecisionWord:
        """The service's decision at the moment of the sign-up, after everything that was due before it."""
        self._until(signup.occurred_at)
        assess = Assess(
            begin=self._store.begin,
            judge=self.judge,
            plan=cast("PlanStepUp", _asks_nobody),
            render=lambda _: b"{}",
            new_id=new_id,
        )
        fingerprint = Fingerprint(signup.signup_id.encode().ljust(32, b"\0")[:32])
        answer = assess(signup, caller=CALLER, now=signup.occurred_at, fingerprint=fingerprint)
        if answer.view is None or answer.view.assessment is None:
            raise RuntimeError("bug: a simulated sign-up that was not assessed")
        decision: DecisionWord = answer.view.assessment.decision.value
        self._decisions.append((signup.occurred_at, decision))
        return decision

    def taken_down(self) -> list[str]:
        """The accounts that were closed, as far as anybody outside can have noticed by now."""
        now, closed = self._round_at, []
        while self._closing and now is not None and self._closing[0][0] <= now:
            closed.append(heapq.heappop(self._closing)[1])
        return closed

    def play(self, world: Iterable[SimulatedSignup]) -> None:
        """Let the world run to its end; the world must have been given this defence."""
        for number, each in enumerate(world):
            at, decision = self._decisions[number]
            self._assessed[each.truth.signup_id] = number
            self.signups.append(Rehearsed(each.truth, at, decision))
            if self.linked:
                self._expect(each.truth, number + 1)

    def _expect(self, truth: Truth, signup_no: int) -> None:
        challenge, outcome = truth.challenge, truth.outcome
        if challenge is not None:
            passed = challenge.passed
            self._later(challenge.known_at, lambda now: self._result(signup_no, passed, now))
        if outcome is not None:
            label = Label.FRAUD if outcome.label == "fraud" else Label.LEGITIMATE
            source = SOURCES[signup_no % len(SOURCES)] if label is Label.FRAUD else "reviewer"
            self._later(outcome.known_at, lambda now: self._say(truth, label, source, now))
            if outcome.corrected_at is not None:
                self._later(outcome.corrected_at, lambda now: self._say(truth, Label.UNKNOWN, source, now))

    def _later(self, at: datetime, what: Callable[[datetime], None]) -> None:
        heapq.heappush(self._waiting, (at, next(self._order), what))

    def _result(self, signup_no: int, passed: bool, now: datetime) -> None:  # noqa: FBT001 - a fact, not a switch
        with self._store.begin() as work:
            record_result(work, signup_no, passed=passed, at=now)
            work.commit()

    def _say(self, truth: Truth, label: Label, source: str, now: datetime) -> None:
        said = Statement(label, source, "rehearsed", 1.0, now)
        RecordOutcome(self._store.begin, self.policy, new_id)(truth.signup_id, said, caller=CALLER, now=now)
        if label is Label.FRAUD and truth.operator == "op_A3_great" and self.first_ban_at is None:
            self.first_ban_at = now

    def _until(self, now: datetime) -> None:
        if self._round_at is None:
            self._round_at = now
        while self._round_at + ROUND <= now:
            self._round_at += ROUND
            self._tell(self._round_at)
            self._round(self._round_at)
        self._tell(now)

    def _tell(self, now: datetime) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            at, _, what = heapq.heappop(self._waiting)
            what(at)

    def _round(self, now: datetime) -> None:
        if day_of(now) != self._today:
            self._today = day_of(now)
            with self._store.begin() as work:
                work.roll_ups.roll_up(before=now)
        if not self.linked:
            return
        JudgeClusters(self._store.begin, self.policy, RecordedCases(), new_id)(now)
        CarryOut(self._store.begin, self.judge, secrets.SystemRandom().random)(now)
        events = self._store.told(after=self._told)
        self._told += len(events)
        for event in events:
            if event.type is EventType.ACCOUNT_REASSESS:
                self._reassessed(str(event.data["signup_id"]), str(event.data["decision"]), now, event.due_at)
            elif event.type is EventType.CLUSTER_CONTAINED and self.contained_at is None:
                self.contained_at = now

    def _reassessed(self, signup_id: str, decision: str, now: datetime, due_at: datetime) -> None:
        number = self._assessed.get(signup_id)
        if number is None:
            return
        rehearsed = self.signups[number]
        if decision in ("deny", "review"):
            rehearsed.closed_at = rehearsed.closed_at or now
            heapq.heappush(self._closing, (due_at, signup_id))
        else:
            rehearsed.asked_at = rehearsed.asked_at or now


def _asks_nobody(_: object, assessment: Assessment, **__: object) -> tuple[Assessment, None]:
    """Challenges are answered by the simulated world, which knows what people and operators can do."""
    return assessment, None
