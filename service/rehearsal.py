"""A rehearsal: the service's own use cases over a store in memory, attacked by an operator who sees what it decides.

Nothing here decides anything: sign-ups are assessed, outcomes recorded, clusters judged, containments carried out and
bans looked back from by the very use cases that run in production, on simulated time. What people do is simulated:
whoever is asked for a proof passes or fails minutes later, and whoever is held for review gets a verdict hours later,
which is an outcome as it is in production, and so do the cases about clusters that the worker opens.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from statistics import fmean
from typing import cast

from models.features.facts import Facts
from models.identifiers import identifiers_of
from models.linkage.marks import Mark
from models.linkage.velocity import NO_HISTORY, day_of
from models.signals.signals import derive_signals
from models.signup import Signup
from models.simulation.attackers.muster import GREAT_HYDRA
from models.simulation.defence import strong_values
from models.simulation.truth import DecisionWord, SimulatedSignup, Truth
from service.domain.caller import Caller, Scope
from service.domain.containment import Role
from service.domain.decision import Assessment
from service.domain.event import Event, EventType
from service.domain.ids import uuid7
from service.domain.outcome import Label, Statement
from service.domain.policy import Policy
from service.rehearsal_evidence import Evidence
from service.rehearsal_reviewers import REVIEWER, Reviewers
from service.rehearsal_ties import Ties, ties_of
from service.storage.memory import MemoryStore
from service.usecases.after_bans_in_force import AfterBansInForce
from service.usecases.ask_again import AskAgain
from service.usecases.ask_branches import AskBranches
from service.usecases.assess import Assess
from service.usecases.carry_out import CarryOut
from service.usecases.contain_cluster import ContainCluster
from service.usecases.doubt_alone import DoubtAlone
from service.usecases.draw_likeness import DrawLikeness
from service.usecases.judge import Judge, LookOut, look_out_for_nobody
from service.usecases.judge_clusters import JudgeClusters
from service.usecases.look_back import LookBack
from service.usecases.plan_step_up import PlanStepUp
from service.usecases.ports_idempotency import Fingerprint
from service.usecases.put_off_corrections import TakeUpCorrections
from service.usecases.recognise_shared import RecogniseShared
from service.usecases.record_outcome import RecordOutcome, record_result
from service.usecases.second_look import SecondLook
from service.usecases.settle_clusters import SettleClusters
from service.usecases.stopwatch import NULL_STOPWATCH, Stopwatch
from service.usecases.survey_cluster import lines_of
from service.usecases.tell_consequence import TellConsequence
from service.usecases.undo_bans import UndoBans

CALLER = Caller("rehearsal", "rehearsal", frozenset(Scope))
ROUND = timedelta(minutes=5)
"""How often the worker's jobs run in simulated time; in production it is seconds."""

SOURCES = ("traffic_classifier", "chargeback", "partner")
"""Who reports fraud, in turn: a containment by evidence wants more than one source."""

SHUT_WITHIN = timedelta(hours=1)
"""A ban counts as followed when so soon no other of his in the banned one's cluster is open that was asked nothing."""

NOTICED_FROM = 50
NOTICED_WITHIN = timedelta(hours=24)
"""An operator counts as found when most of his accounts are in bad clusters so long after so many."""


@dataclass(frozen=True, slots=True)
class WithoutLinkage(Judge):
    """The judge as it would be if nobody remembered anything: every sign-up is the first one."""

    def __call__(
        self,
        facts: Facts,
        *,
        now: datetime,
        stopwatch: Stopwatch = NULL_STOPWATCH,
        look_out: LookOut = look_out_for_nobody,
    ) -> Assessment:
        """Judge the sign-up alone."""
        alone = replace(facts, linkage=NO_HISTORY)
        return Judge.__call__(self, alone, now=now, stopwatch=stopwatch, look_out=look_out)


@dataclass(slots=True)
class Rehearsed:
    """One sign-up of the rehearsal, what was decided, and what became of it later.

    Attributes:
        identifiers: the values that tie it to others by themselves.
        closed_at: when it was closed or held because of others: contained, or looked at again after a ban.
        asked_at: when it was asked for a proof because of others.
        contained: whether it was a containment that closed it.
    """

    truth: Truth
    at: datetime
    decision: DecisionWord
    identifiers: tuple[str, ...] = ()
    closed_at: datetime | None = None
    asked_at: datetime | None = None
    contained: bool = False


@dataclass(slots=True)
class Rehearsal:
    """The defence in a simulated world: ``decide`` is its feedback, ``taken_down`` what it closed by itself.

    ``linked`` false leaves out everything that remembers: outcomes, clusters, containments, watches. ``chance`` draws
    identifiers of records and when changes are told: with the same one a world is rehearsed the same way again.
    """

    judge: Judge
    policy: Callable[[], Policy]
    linked: bool = True
    operator: str = GREAT_HYDRA
    chance: Random = field(default_factory=Random)
    signups: list[Rehearsed] = field(default_factory=list)
    first_ban_at: datetime | None = None
    contained_at: datetime | None = None
    evidence_at: datetime | None = None
    """Since when his accounts, all known as his and each doubted, hold enough known frauds for a containment."""
    bans_followed: list[bool] = field(default_factory=list)
    """Of each ban of his, whether within the hour no other of his in the cluster was open that was asked nothing."""
    first_followed_at: datetime | None = None
    """When that was so after the first of them, however long it took."""
    in_bad_clusters: float | None = None
    """Of the operator's accounts, how many were in clusters with a known fraud a day after the 50th was opened."""
    known: float | None = None
    """The same with those that were turned away, asked again, held or closed by then, whatever cluster they are in."""
    ties: Ties | None = None
    """At the same time, which of his accounts share anything, and what clusters made of it."""
    _evidence: Evidence = field(default_factory=Evidence)
    _store: MemoryStore = field(default_factory=MemoryStore)
    _waiting: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _told: int = 0
    _closing: list[tuple[datetime, str]] = field(default_factory=list)
    _now: datetime | None = None
    _round_at: datetime | None = None
    _today: int = 0
    _just_banned: list[tuple[datetime, str]] = field(default_factory=list)
    _first_banned: str | None = None
    _assessed: dict[str, int] = field(default_factory=dict)
    _decisions: list[tuple[datetime, DecisionWord, tuple[str, ...]]] = field(default_factory=list)
    _opened: int = 0
    _assess: Assess = field(init=False)
    _reviewers: Reviewers = field(init=False)
    _jobs: tuple[Callable[[datetime], int], ...] = field(init=False)

    def __post_init__(self) -> None:
        begin, plan = self._store.begin, cast("PlanStepUp", _asks_nobody)
        doubt = DoubtAlone(self.judge, monotonic=self._monotonic)
        cases = self._reviewers = Reviewers(
            begin,
            self.policy,
            ContainCluster(begin, self.policy, self._new_id, doubt),
            now=self._now_of_round,
            later=self._later,
            say=lambda number, label, at: self._say(self.signups[number - 1].truth, label, REVIEWER, at),
            fraudulent=lambda number: self.signups[number - 1].truth.fraud,
            close=self._close,
        )
        self._assess = Assess(
            begin=begin,
            judge=self.judge,
            plan=plan,
            render=lambda _: b"{}",
            new_id=self._new_id,
            after_bans=AfterBansInForce(begin, self._monotonic) if self.linked else None,
        )
        tell = TellConsequence(self.judge, AskAgain(plan), self.chance.random)
        # In the order of the worker's round; see ``service.jobs.cluster_jobs``.
        self._jobs = (
            SettleClusters(begin, self.judge.reference),
            RecogniseShared(begin, self.policy, self.judge.reference.mail),
            JudgeClusters(begin, doubt, cases, self._new_id, AskBranches(begin, self.judge, tell)),
            CarryOut(begin, self.judge, tell),
            LookBack(begin, self.judge, cases, tell),
            TakeUpCorrections(begin),
            UndoBans(begin, self.judge, cases, tell),
            DrawLikeness(begin, self.judge, cases, tell),
            SecondLook(begin, self.judge, AskAgain(plan)),
        )

    def decide(self, signup: Signup) -> DecisionWord:
        """The service's decision at the moment of the sign-up, after everything that was due before it."""
        self._until(signup.occurred_at)
        fingerprint = Fingerprint(signup.signup_id.encode().ljust(32, b"\0")[:32])
        answer = self._assess(signup, caller=CALLER, now=signup.occurred_at, fingerprint=fingerprint)
        if answer.view is None or answer.view.assessment is None:
            raise RuntimeError("bug: a simulated sign-up that was not assessed")
        decision: DecisionWord = answer.view.assessment.decision.value
        self._decisions.append((signup.occurred_at, decision, strong_values(signup)))
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
            at, decision, identifiers = self._decisions[number]
            self._assessed[each.truth.signup_id] = number
            self.signups.append(Rehearsed(each.truth, at, decision, identifiers))
            if each.truth.operator == self.operator:
                self._opened += 1
                signals = derive_signals(each.signup, self.judge.reference)
                self._evidence.add(number, identifiers_of(each.signup, signals))
                if self._opened == NOTICED_FROM:
                    self._later(at + NOTICED_WITHIN, self._notice)
            if self.linked:
                self._expect(each.truth, number + 1, at)

    def _expect(self, truth: Truth, signup_no: int, at: datetime) -> None:
        challenge, outcome = truth.challenge, truth.outcome
        if challenge is not None:
            passed = challenge.passed
            self._later(challenge.known_at, lambda now: self._result(signup_no, passed, now))
        if truth.decision == "review":
            concluded = Label.LEGITIMATE if truth.let_in else Label.FRAUD
            self._later(
                self._reviewers.verdict_at(truth.signup_id, at), lambda now: self._say(truth, concluded, REVIEWER, now)
            )
        if outcome is not None:
            label = Label.FRAUD if outcome.label == "fraud" else Label.LEGITIMATE
            source = SOURCES[signup_no % len(SOURCES)] if label is Label.FRAUD else REVIEWER
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
        RecordOutcome(self._store.begin, self.policy, self._new_id)(truth.signup_id, said, caller=CALLER, now=now)
        if label is Label.FRAUD and truth.operator == self.operator:
            self.first_ban_at, self._first_banned = self.first_ban_at or now, self._first_banned or truth.signup_id
            self._just_banned.append((now, truth.signup_id))
            self._evidence.ban(self._assessed[truth.signup_id], source)

    def _close(self, signup_no: int, now: datetime) -> None:
        """A reviewer's verdict closes an account that was open; its owner sees it at once."""
        rehearsed = self.signups[signup_no - 1]
        rehearsed.closed_at = rehearsed.closed_at or now
        heapq.heappush(self._closing, (now, rehearsed.truth.signup_id))

    def _notice(self, now: datetime) -> None:
        """Count the operator's accounts that are in a cluster with a known fraud by now, or were stopped apart."""
        del now
        own = {number: each for number, each in enumerate(self.signups, 1) if each.truth.operator == self.operator}
        with self._store.begin() as work:
            bad: dict[int | None, bool] = {None: False}
            of_account = [work.clusters.cluster_of(number) for number in own]
            for cluster in of_account:
                if cluster is not None and cluster not in bad:
                    bad[cluster] = any(each.label is Mark.BANNED for each in work.clusters.members(cluster))
            self.ties = ties_of(
                {number: each.identifiers for number, each in own.items()},
                dict(zip(own, of_account, strict=True)),
                members=lambda cluster: [each.signup_no for each in work.clusters.members(cluster)],
                fraudulent=lambda number: self.signups[number - 1].truth.fraud,
            )
        in_bad = [bad[cluster] for cluster in of_account]
        self.in_bad_clusters = fmean(in_bad)
        self.known = fmean(there or _is_stopped(each) for there, each in zip(in_bad, own.values(), strict=True))

    def _until(self, now: datetime) -> None:
        if self._round_at is None:
            self._round_at = now
        while self._round_at + ROUND <= now:
            self._round_at += ROUND
            self._tell(self._round_at)
            self._round(self._round_at)
        self._tell(now)
        self._now = now

    def _now_of_round(self) -> datetime:
        if self._round_at is None:
            raise RuntimeError("bug: a case that no round of the worker opened")
        return self._round_at

    def _new_id(self, now: datetime) -> str:
        return uuid7(now, self.chance.getrandbits(74))

    def _monotonic(self) -> float:
        return 0.0 if self._now is None else self._now.timestamp()

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
        for job in self._jobs:
            job(now)
        events = self._store.told(after=self._told)
        self._told += len(events)
        for event in events:
            if event.type is EventType.ACCOUNT_REASSESS:
                self._reassessed(event, now)
            elif event.type is EventType.CLUSTER_CONTAINED and self.contained_at is None:
                self.contained_at = now
        self._follow_bans(now)
        if self.first_ban_at and not self.evidence_at:
            lines = lines_of(self.policy().document.clusters)
            self.evidence_at = now if self._evidence.suffices(lines) else None

    def _follow_bans(self, now: datetime) -> None:
        waiting = []
        for banned_at, signup_id in self._just_banned:
            if not self._any_open(signup_id):
                self.bans_followed.append(True)
            elif now - banned_at > SHUT_WITHIN:
                self.bans_followed.append(False)
            else:
                waiting.append((banned_at, signup_id))
        self._just_banned = waiting
        if self.first_followed_at is None and self._first_banned and not self._any_open(self._first_banned):
            self.first_followed_at = now

    def _any_open(self, signup_id: str) -> bool:
        """Whether another of his in the cluster of a sign-up is open that was let in unasked, and not asked since."""
        with self._store.begin() as work:
            cluster = work.clusters.cluster_of(self._assessed[signup_id] + 1)
            members = [] if cluster is None else work.clusters.members(cluster)
        others = (self.signups[each.signup_no - 1] for each in members if each.label is not Mark.BANNED)
        own = (each for each in others if each.truth.operator == self.operator)
        return any(each.decision == "allow" and not _is_stopped(each) for each in own)

    def _reassessed(self, event: Event, now: datetime) -> None:
        signup_id = str(event.data["signup_id"])
        number = self._assessed.get(signup_id)
        if number is None:
            return
        rehearsed = self.signups[number]
        if event.data["decision"] in ("deny", "review"):
            rehearsed.closed_at = rehearsed.closed_at or now
            rehearsed.contained |= event.data.get("role") == Role.CORE.value
            heapq.heappush(self._closing, (event.due_at, signup_id))
        elif event.data["decision"] == "allow":
            # A correction: whoever was closed or asked is open again as if he had not been.
            rehearsed.closed_at = rehearsed.asked_at = None
            self._closing = [each for each in self._closing if each[1] != signup_id]
            heapq.heapify(self._closing)
        else:
            rehearsed.asked_at = rehearsed.asked_at or now


def _asks_nobody(_: object, assessment: Assessment, **__: object) -> tuple[Assessment, None]:
    """Challenges are answered by the simulated world, which knows what people and operators can do."""
    return assessment, None


def _is_stopped(each: Rehearsed) -> bool:
    return not each.truth.let_in or each.asked_at is not None or each.closed_at is not None
