"""What the store in memory keeps: everything committed, under one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from models.linkage.identifier import Identifier
from models.linkage.memory import MemoryHistory
from models.linkage.memory_marks import Key
from service.domain.account import Account
from service.domain.attack import Attack
from service.domain.case import Case, CaseState
from service.domain.containment import Containment, Looked, Progress, Touched
from service.domain.decision import REFUSED, Assessment
from service.domain.event import Event
from service.domain.likeness import Likeness
from service.domain.outcome import Outcome
from service.domain.pass_rates import PassRate
from service.domain.proposal import Proposal
from service.domain.reviewer import Reviewer
from service.domain.step_up import Step, StepUp
from service.domain.verdict import Opinion
from service.domain.watch import Watch
from service.domain.webhook import Delivery, Endpoint
from service.storage.audit_chain import ChainedEntry, Seal, detail_text
from service.storage.instants import microseconds_of
from service.usecases.ports import AuditEntry, NewRecord, Recorded
from service.usecases.ports_api_keys import ApiKey
from service.usecases.ports_attacks import Sight
from service.usecases.ports_cases import Note
from service.usecases.ports_clusters import Guard, IdentifierKey, Marked
from service.usecases.ports_idempotency import StoredAnswer
from service.usecases.ports_learning import DriftReport, Shadow, ShadowScore
from service.usecases.ports_lists import ListEntry
from service.usecases.ports_policy import Activation, BackTestRecord, PolicyVersion
from service.usecases.ports_reviewers import Session
from service.usecases.ports_second_look import Place
from service.usecases.ports_step_up import Appeal, Mail, NewStepUp

Undo = Callable[[], object]
Write = Callable[[], Undo]
"""Writes at once, or raises and writes nothing; gives back how to undo it."""


@dataclass(slots=True)
class Claimed:
    """A claimed Idempotency-Key and its answer, once there is one."""

    fingerprint: bytes
    claimed_at: datetime
    token: object
    answer: StoredAnswer | None = None


@dataclass(slots=True)
class Kept:
    """One sign-up with what belongs to it."""

    record: NewRecord
    signup_no: int
    assessments: list[Assessment] = field(default_factory=list)
    learnt: list[tuple[datetime, Identifier]] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        """Whether it was denied or held each time."""
        return bool(self.assessments) and all(each.decision in REFUSED for each in self.assessments)

    def recorded(self) -> Recorded:
        """As the port gives it out."""
        ordered = sorted(self.assessments, key=lambda each: (each.decided_at, each.id))
        return Recorded(
            id=self.record.id,
            signup_no=self.signup_no,
            owner=self.record.owner,
            recorded_at=self.record.recorded_at,
            signup=self.record.signup,
            assessments=tuple(ordered),
        )


@dataclass(frozen=True, slots=True)
class Queued:
    """A delivery, when it is due next, and the token of whoever attempts it now."""

    delivery: Delivery
    next_at: datetime
    token: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a list, with the revisions in which it came and went."""

    entry: ListEntry
    added: int
    removed: int | None = None


@dataclass(slots=True)
class KeptMail:
    """A mail and what became of it."""

    mail: Mail
    ended_at: datetime | None = None
    sent: bool = False
    mailbox: bytes | None = None


@dataclass(slots=True)
class KeptMember:
    """A touched member and what was done about it."""

    touched: Touched
    progress: Progress = Progress.WAITING
    before_id: str | None = None
    made_id: str | None = None


@dataclass(slots=True)
class KeptContainment:
    """A containment, the members it touches, by number, and every identifier that it ever held."""

    containment: Containment
    members: dict[int, KeptMember]
    ever_held: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class AfterBanShelf:
    """What follows bans: watches, which was looked back from, which of these corrected since when, near whom that is
    put off, and likenesses.
    """

    watches: dict[int, Watch] = field(default_factory=dict)
    looked_back: dict[int, int] = field(default_factory=dict)
    corrected: dict[int, datetime] = field(default_factory=dict)
    again: dict[int, datetime] = field(default_factory=dict)
    reached: dict[int, datetime] = field(default_factory=dict)
    put_off: dict[int, datetime] = field(default_factory=dict)
    likenesses: dict[int, Likeness] = field(default_factory=dict)


@dataclass(slots=True)
class AttackShelf:
    """Attacks with their keys, what the watch for them saw lately, and the seal that it has come to."""

    seal_no: int = 0
    sights: dict[tuple[IdentifierKey, int], Sight] = field(default_factory=dict)
    attacks: dict[str, tuple[IdentifierKey, Attack]] = field(default_factory=dict)


class Shelves:
    """Everything that is committed, under one lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.history = MemoryHistory()
        self.signups: dict[int, Kept] = {}
        self.by_signup_id: dict[tuple[str, str], int] = {}
        self.by_id: dict[str, int] = {}
        self.claims: dict[tuple[str, str], Claimed] = {}
        self.keys: dict[str, ApiKey] = {}
        self.policies: dict[int, PolicyVersion] = {}
        self.activations: list[Activation] = []
        self.backtests: list[BackTestRecord] = []
        self.probations: dict[int, datetime] = {}
        self.listed: dict[str, Listed] = {}
        self.list_revision = 0
        self.entries: list[AuditEntry] = []
        self.seals: list[Seal] = []
        self.events: list[Event] = []
        # Those that were not due at once, by subject: what is looked for when more is told of it.
        self.postponed: dict[str, list[Event]] = {}
        self.shadows: list[Shadow] = []
        self.shadow_scores: dict[tuple[str, int, str], ShadowScore] = {}
        self.drift_report: DriftReport | None = None
        self.guards: dict[IdentifierKey, Guard] = {}
        self.held: dict[int, list[Key]] = {}
        # Who carries an identifier, by number: read off the members up to ``carried_to`` when somebody asks.
        self.carried: dict[Key, list[int]] = {}
        self.carried_to = 0
        self.keys_of_member: dict[int, tuple[IdentifierKey, ...]] = {}
        self.fanned: dict[str, datetime] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.deliveries: dict[tuple[str, str], Queued] = {}
        self.accounts: dict[int, Account] = {}
        self.step_ups: dict[str, StepUp] = {}
        self.marked: list[Marked] = []
        self.second_looks: dict[timedelta, Place] = {}
        self.steps: list[tuple[str, Step]] = []
        self.mails: dict[str, KeptMail] = {}
        self.appeals: list[Appeal] = []
        self.page_visits: list[tuple[bytes, datetime]] = []
        self.pass_rates: tuple[datetime | None, tuple[PassRate, ...]] = (None, ())
        self.cases: dict[str, Case] = {}
        self.case_numbers: dict[str, int] = {}
        self.opinions: dict[str, list[Opinion]] = {}
        self.notes: dict[str, list[Note]] = {}
        self.proposals: dict[str, Proposal] = {}
        self.reviewers: dict[str, Reviewer] = {}
        self.sessions: dict[bytes, Session] = {}
        self.sign_in_failures: list[tuple[bytes, datetime]] = []
        self.containments: dict[int, KeptContainment] = {}
        self.judged: dict[int, tuple[Looked, datetime]] = {}
        self.after_bans = AfterBanShelf()
        self.outcomes: dict[int, list[Outcome]] = {}
        self.attacks = AttackShelf()

    def chained(self, first: int, last: int) -> list[ChainedEntry]:
        """The entries numbered from ``first`` to ``last``, which count from 1."""
        return [
            ChainedEntry(
                id=number,
                at_us=microseconds_of(entry.at),
                actor=entry.actor,
                action=entry.action,
                subject=entry.subject,
                detail=detail_text(entry.detail),
            )
            for number, entry in enumerate(self.entries[first - 1 : last], start=first)
        ]

    def add_events(self, events: Sequence[Event]) -> Undo:
        """Append events."""
        before, postponed = len(self.events), [each for each in events if each.due_at > each.occurred_at]
        self.events.extend(events)
        for each in postponed:
            self.postponed.setdefault(each.subject, []).append(each)

        def undo() -> None:
            del self.events[before:]
            for each in postponed:
                self.postponed[each.subject].remove(each)

        return undo

    def hasten_events(self, latest: Mapping[str, datetime]) -> Undo:
        """Have what is not on its way yet due at the latest at these instants, by subject."""
        hastened = {
            each.id: replace(each, due_at=at)
            for subject, at in latest.items()
            for each in self.postponed.get(subject, ())
            if each.due_at > at and each.id not in self.fanned
        }
        before = {subject: self.postponed[subject] for subject in {each.subject for each in hastened.values()}}
        if not hastened:
            return lambda: None
        events = self.events
        self.events = [hastened.get(each.id, each) for each in events]
        for subject, kept in before.items():
            self.postponed[subject] = [hastened.get(each.id, each) for each in kept]

        def undo() -> None:
            self.events = events
            self.postponed |= before

        return undo

    def add_step_up(self, new: NewStepUp) -> Undo:
        """Keep a new step-up, the beginning of its history and its mails."""
        record_id, taken = new.step_up.record_id, len(self.steps)
        if record_id in self.step_ups:
            raise RuntimeError("bug: the sign-up has a step-up already")
        undo_mails = self.add_mails(new.mails)
        self.step_ups[record_id] = new.step_up
        self.steps.extend((record_id, step) for step in new.steps)

        def undo() -> None:
            del self.steps[taken:], self.step_ups[record_id]
            undo_mails()

        return undo

    def add_mails(self, mails: Sequence[Mail]) -> Undo:
        """Keep mails to be sent."""
        self.mails.update({each.id: KeptMail(each) for each in mails})

        def undo() -> None:
            for each in mails:
                del self.mails[each.id]

        return undo

    def unresolved(self, owner: str | None, subject: str) -> Case | None:
        """The unresolved case of a subject, ``None`` for whosever."""
        return next(
            (
                case
                for case in self.cases.values()
                if owner in (None, case.owner) and case.subject == subject and case.state is not CaseState.RESOLVED
            ),
            None,
        )

    def add_case(self, case: Case, opened: AuditEntry | None = None) -> Undo:
        """Append a case with its audit entry, unless its subject has an unresolved one."""
        if self.unresolved(case.owner, case.subject) is not None:
            return lambda: None
        self.cases[case.id] = case
        self.case_numbers[case.id] = len(self.case_numbers) + 1
        forget = self.add_entry(opened) if opened is not None else lambda: None

        def undo() -> None:
            forget()
            del self.cases[case.id], self.case_numbers[case.id]

        return undo

    def add_entry(self, entry: AuditEntry) -> Undo:
        """Append an audit entry."""
        self.entries.append(entry)
        return self.entries.pop
