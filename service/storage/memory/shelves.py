"""What the store in memory keeps: everything committed, under one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models.linkage.memory import MemoryHistory
from models.linkage.memory_clusters import Key
from service.domain.containment import Containment, Looked, Progress, Touched
from service.domain.decision import Assessment
from service.domain.event import Event
from service.domain.outcome import Outcome
from service.domain.watch import Watch
from service.storage.audit_chain import ChainedEntry, Seal, detail_text
from service.storage.instants import microseconds_of
from service.usecases.ports import ApiKey, AuditEntry, NewRecord, PolicyVersion, Recorded, StoredAnswer
from service.usecases.ports_clusters import Guard, IdentifierKey

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


@dataclass(slots=True)
class KeptMember:
    """A touched member and what was done about it."""

    touched: Touched
    progress: Progress = Progress.WAITING
    before_id: str | None = None
    made_id: str | None = None


@dataclass(slots=True)
class KeptContainment:
    """A containment and the members it touches, by number."""

    containment: Containment
    members: dict[int, KeptMember]


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
        self.entries: list[AuditEntry] = []
        self.seals: list[Seal] = []
        self.events: list[Event] = []
        self.guards: dict[IdentifierKey, Guard] = {}
        self.held: dict[int, list[Key]] = {}
        self.containments: dict[int, KeptContainment] = {}
        self.judged: dict[int, Looked] = {}
        self.watches: dict[int, Watch] = {}
        self.looked_back: dict[int, int] = {}
        self.outcomes: dict[int, list[Outcome]] = {}

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
        before = len(self.events)
        self.events.extend(events)

        def undo() -> None:
            del self.events[before:]

        return undo

    def add_entry(self, entry: AuditEntry) -> Undo:
        """Append an audit entry."""
        self.entries.append(entry)
        return self.entries.pop
