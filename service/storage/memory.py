"""The store in memory: the ports in dictionaries, for tests and demonstrations, with the semantics of SQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Self

from models.linkage.history import Link
from models.linkage.identifier import Identifier
from models.linkage.memory import MemoryHistory
from models.linkage.velocity import NO_HISTORY, Linkage
from service.domain.decision import Assessment
from service.domain.errors import ConflictError, NotFoundError, StillRunningError
from service.storage.audit_chain import FIRST_PREVIOUS, ChainedEntry, Seal, detail_text, problem_of, seal_of
from service.storage.claims import CLAIM_LEASE
from service.storage.instants import instant_of, microseconds_of
from service.usecases.ports import (
    AlreadyRecordedError,
    ApiKey,
    AuditEntry,
    AuditHead,
    AuditVerdict,
    Found,
    IdempotencyClaim,
    Look,
    NewRecord,
    PolicyVersion,
    Recorded,
    SearchQuery,
    StoredAnswer,
)

_CREATED = 201
_LONG_AGO = instant_of(0)

_Undo = Callable[[], object]
_Write = Callable[[], _Undo]
"""Writes at once, or raises and writes nothing; gives back how to undo it."""


@dataclass(slots=True)
class _Claimed:
    fingerprint: bytes
    claimed_at: datetime
    token: object
    answer: StoredAnswer | None = None


@dataclass(slots=True)
class _Kept:
    """One sign-up with what belongs to it."""

    record: NewRecord
    signup_no: int
    assessments: list[Assessment] = field(default_factory=list)

    def recorded(self) -> Recorded:
        ordered = sorted(self.assessments, key=lambda each: (each.decided_at, each.id))
        return Recorded(
            id=self.record.id,
            signup_no=self.signup_no,
            owner=self.record.owner,
            recorded_at=self.record.recorded_at,
            signup=self.record.signup,
            assessments=tuple(ordered),
        )


class _Shelves:
    """Everything that is committed, under one lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.history = MemoryHistory()
        self.signups: dict[int, _Kept] = {}
        self.by_signup_id: dict[tuple[str, str], int] = {}
        self.by_id: dict[str, int] = {}
        self.claims: dict[tuple[str, str], _Claimed] = {}
        self.keys: dict[str, ApiKey] = {}
        self.policies: dict[int, PolicyVersion] = {}
        self.entries: list[AuditEntry] = []
        self.seals: list[Seal] = []

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

    def add_entry(self, entry: AuditEntry) -> _Undo:
        self.entries.append(entry)
        return self.entries.pop


class _IdempotencyKeys:
    """See ``service.usecases.ports.IdempotencyKeys``."""

    def __init__(self, shelves: _Shelves, staged: list[_Write]) -> None:
        self._shelves = shelves
        self._staged = staged
        self._tokens: dict[IdempotencyClaim, object] = {}

    def claim(self, claim: IdempotencyClaim, *, now: datetime) -> StoredAnswer | None:
        with self._shelves.lock:
            claimed = self._shelves.claims.get((claim.owner, claim.key))
            if claimed is not None and claimed.answer is not None:
                return claimed.answer
            if claimed is not None and claimed.claimed_at >= now - CLAIM_LEASE:
                raise StillRunningError("The first request with this Idempotency-Key has not finished.")
            self._tokens[claim] = token = object()
            self._shelves.claims[claim.owner, claim.key] = _Claimed(claim.fingerprint, now, token)
            return None

    def answer(self, claim: IdempotencyClaim, *, status: int, body: bytes) -> None:
        self._staged.append(lambda: self.write_answer(claim, status=status, body=body, at=_LONG_AGO))

    def release(self, claim: IdempotencyClaim) -> None:
        with self._shelves.lock:
            claimed = self._shelves.claims.get((claim.owner, claim.key))
            if claimed is not None and claimed.answer is None and self._holds(claim, claimed):
                del self._shelves.claims[claim.owner, claim.key]
            self._tokens.pop(claim, None)

    def purge(self, *, before: datetime) -> int:
        with self._shelves.lock:
            old = [place for place, claimed in self._shelves.claims.items() if claimed.claimed_at < before]
            for place in old:
                del self._shelves.claims[place]
            return len(old)

    def write_answer(self, claim: IdempotencyClaim, *, status: int, body: bytes, at: datetime) -> _Undo:
        """Answer at once; ``at`` stands in for the instant of a claim that was never made."""
        claims, place = self._shelves.claims, (claim.owner, claim.key)
        before = claims.get(place)
        if before is not None and (before.answer is not None or not self._holds(claim, before)):
            raise StillRunningError("Another request holds this Idempotency-Key by now.")
        answer = StoredAnswer(status=status, body=body, fingerprint=claim.fingerprint)
        claimed_at, token = (at, object()) if before is None else (before.claimed_at, before.token)
        claims[place] = _Claimed(claim.fingerprint, claimed_at, token, answer)

        def undo() -> None:
            if before is None:
                del claims[place]
            else:
                claims[place] = before

        return undo

    def _holds(self, claim: IdempotencyClaim, claimed: _Claimed) -> bool:
        return claimed.fingerprint == claim.fingerprint and self._tokens.get(claim, claimed.token) is claimed.token


class _Ledger:
    """See ``service.usecases.ports.Ledger``."""

    def __init__(
        self, shelves: _Shelves, staged: list[_Write], after: list[_Write], idempotency: _IdempotencyKeys
    ) -> None:
        self._shelves = shelves
        self._staged = staged
        self._after = after
        self._idempotency = idempotency

    def look(
        self,
        owner: str,
        signup_id: str,
        identifiers: Sequence[Identifier],
        *,
        now: datetime,
        fingerprint: bytes,  # noqa: ARG002 - the use case compares it with the stored one
    ) -> Look:
        with self._shelves.lock:
            number = self._shelves.by_signup_id.get((owner, signup_id))
            if number is None:
                return Look(answer=None, linkage=self._shelves.history.linkage_of(identifiers, now=now))
            record = self._shelves.signups[number].record
        answer = StoredAnswer(status=_CREATED, body=record.answer, fingerprint=record.fingerprint)
        return Look(answer=answer, linkage=NO_HISTORY)

    def append(self, record: NewRecord) -> None:
        self._staged.append(lambda: self._write(record))

    def append_assessment(self, signup_no: int, assessment: Assessment, audit: AuditEntry) -> None:
        def write() -> _Undo:
            kept = self._shelves.signups.get(signup_no)
            if kept is None:
                raise RuntimeError(f"bug: an assessment of sign-up number {signup_no}, which is not recorded")
            kept.assessments.append(assessment)
            return lambda: kept.assessments.remove(assessment)

        self._staged.append(write)
        self._staged.append(lambda: self._shelves.add_entry(audit))

    def get(self, owner: str | None, record_id: str) -> Recorded | None:
        with self._shelves.lock:
            number = self._shelves.by_id.get(record_id)
            if number is None or owner not in (None, self._shelves.signups[number].record.owner):
                return None
            return self._shelves.signups[number].recorded()

    def linkage_again(self, recorded: Recorded, identifiers: Sequence[Identifier], *, now: datetime) -> Linkage:
        with self._shelves.lock:
            return self._shelves.history.linkage_of(identifiers, now=now, excluding=recorded.signup_no)

    def search(self, owner: str | None, query: SearchQuery) -> Sequence[Found]:
        with self._shelves.lock:
            newest_first = sorted(self._shelves.signups.values(), key=lambda kept: -kept.signup_no)
            found = [kept for kept in newest_first if _wanted(kept, owner, query)]
            return tuple(_found(kept) for kept in found[: query.limit])

    def stream(self, *, after_no: int = 0) -> Iterable[Recorded]:
        def place(kept: _Kept) -> tuple[datetime, int]:
            return kept.record.recorded_at, kept.signup_no

        with self._shelves.lock:
            ordered = sorted(self._shelves.signups.values(), key=place)
            if not after_no:
                return tuple(kept.recorded() for kept in ordered)
            after = self._shelves.signups.get(after_no)
            if after is None:
                raise NotFoundError(f"There is no sign-up number {after_no} to go on after.")
            return tuple(kept.recorded() for kept in ordered if place(kept) > place(after))

    def _write(self, record: NewRecord) -> _Undo:
        shelves = self._shelves
        place = (record.owner, record.signup.signup_id)
        if place in shelves.by_signup_id or record.id in shelves.by_id:
            raise AlreadyRecordedError("the sign-up is recorded already")
        undo_answer = None
        if record.claim is not None:
            undo_answer = self._idempotency.write_answer(
                record.claim, status=_CREATED, body=record.answer, at=record.recorded_at
            )
        number = len(shelves.signups) + 1
        assessments = [] if record.assessment is None else [record.assessment]
        shelves.signups[number] = _Kept(record, number, assessments)
        shelves.by_signup_id[place] = shelves.by_id[record.id] = number
        undo_entry = shelves.add_entry(record.audit)
        # The history cannot forget: it is told when nothing can fail any more.
        self._after.append(lambda: self._remember(record, number))

        def undo() -> None:
            undo_entry()
            del shelves.signups[number], shelves.by_signup_id[place], shelves.by_id[record.id]
            if undo_answer is not None:
                undo_answer()

        return undo

    def _remember(self, record: NewRecord, number: int) -> _Undo:
        first_of_each = {(each.kind, each.value): each for each in reversed(record.identifiers)}
        self._shelves.history.record(
            Link(
                signup_no=number,
                recorded_at=record.recorded_at,
                occurred_at=record.signup.occurred_at,
                account_type=record.signup.account_type,
                identifiers=tuple(first_of_each.values()),
            )
        )
        return lambda: None


def _latest(kept: _Kept) -> Assessment | None:
    return max(kept.assessments, key=lambda each: (each.decided_at, each.id), default=None)


def _wanted(kept: _Kept, owner: str | None, query: SearchQuery) -> bool:
    record, latest = kept.record, _latest(kept)
    carried = {(each.kind, each.value) for each in record.identifiers}
    return (
        owner in (None, record.owner)
        and all(identifier in carried for identifier in query.identifiers)
        and query.signup_id in (None, record.signup.signup_id)
        and query.account_type in (None, record.signup.account_type)
        and query.decision in (None, None if latest is None else latest.decision)
        and (query.recorded_from is None or record.recorded_at >= query.recorded_from)
        and (query.recorded_before is None or record.recorded_at < query.recorded_before)
        and (query.before_no is None or kept.signup_no < query.before_no)
    )


def _found(kept: _Kept) -> Found:
    latest = _latest(kept)
    return Found(
        id=kept.record.id,
        signup_no=kept.signup_no,
        signup_id=kept.record.signup.signup_id,
        account_type=kept.record.signup.account_type,
        recorded_at=kept.record.recorded_at,
        occurred_at=kept.record.signup.occurred_at,
        decision=None if latest is None else latest.decision,
        score=None if latest is None else latest.score,
    )


class _ApiKeys:
    """See ``service.usecases.ports.ApiKeys``."""

    def __init__(self, shelves: _Shelves, staged: list[_Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, key: ApiKey) -> None:
        def write() -> _Undo:
            if key.id in self._shelves.keys:
                raise RuntimeError("bug: two API keys with one id")
            self._shelves.keys[key.id] = key
            return lambda: self._shelves.keys.pop(key.id)

        self._staged.append(write)

    def get(self, key_id: str) -> ApiKey | None:
        with self._shelves.lock:
            return self._shelves.keys.get(key_id)

    def revoke(self, key_id: str, *, at: datetime) -> bool:
        if self.get(key_id) is None:
            return False

        def write() -> _Undo:
            before = self._shelves.keys[key_id]
            if before.revoked_at is None:
                self._shelves.keys[key_id] = replace(before, revoked_at=at)
            return lambda: self._shelves.keys.__setitem__(key_id, before)

        self._staged.append(write)
        return True

    def all(self) -> Sequence[ApiKey]:
        with self._shelves.lock:
            return tuple(sorted(self._shelves.keys.values(), key=lambda key: (key.created_at, key.id)))


class _Policies:
    """See ``service.usecases.ports.Policies``."""

    def __init__(self, shelves: _Shelves, staged: list[_Write]) -> None:
        self._shelves = shelves
        self._staged = staged
        self._staged_version = 0

    def active(self) -> PolicyVersion | None:
        return next((policy for policy in reversed(self.all()) if policy.activated_at is not None), None)

    def add(self, document: str, *, at: datetime, by: str, reason: str, activate: bool) -> PolicyVersion:
        with self._shelves.lock:
            version = max([self._staged_version, *self._shelves.policies]) + 1
        self._staged_version = version
        policy = PolicyVersion(version, document, at, by, reason, at if activate else None)

        def write() -> _Undo:
            if version in self._shelves.policies:
                raise ConflictError("Another policy was added at the same moment; look at it and add yours again.")
            self._shelves.policies[version] = policy
            return lambda: self._shelves.policies.pop(version)

        self._staged.append(write)
        return policy

    def all(self) -> Sequence[PolicyVersion]:
        with self._shelves.lock:
            return tuple(self._shelves.policies[version] for version in sorted(self._shelves.policies))


class _AuditTrail:
    """See ``service.usecases.ports.AuditTrail``."""

    def __init__(self, shelves: _Shelves, staged: list[_Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, entry: AuditEntry) -> None:
        self._staged.append(lambda: self._shelves.add_entry(entry))

    def seal(self, *, at: datetime, limit: int = 1_000) -> int:
        with self._shelves.lock:
            seals = self._shelves.seals
            first = seals[-1].last_id + 1 if seals else 1
            entries = self._shelves.chained(first, first + limit - 1)
            if entries:
                previous = seals[-1].digest if seals else FIRST_PREVIOUS
                number = len(seals) + 1
                seals.append(seal_of(entries, seal_no=number, previous=previous, sealed_us=microseconds_of(at)))
            return len(entries)

    def verify(self, *, anchor: AuditHead | None = None) -> AuditVerdict:
        with self._shelves.lock:
            seals = self._shelves.seals
            sealed = [(seal, self._shelves.chained(seal.first_id, seal.last_id)) for seal in seals]
            total = len(self._shelves.entries)
        head = AuditHead(seals[-1].seal_no, seals[-1].entries, seals[-1].digest) if seals else None
        return AuditVerdict(
            entries=total,
            seals=len(sealed),
            unsealed=total - (seals[-1].last_id if seals else 0),
            head=head,
            problem=problem_of(sealed, anchor=anchor),
        )

    def entries(self, *, subject: str | None = None, limit: int = 100) -> Sequence[AuditEntry]:
        with self._shelves.lock:
            newest_first = reversed(self._shelves.entries)
            return tuple(entry for entry in newest_first if subject in (None, entry.subject))[:limit]


class MemoryUnitOfWork:
    """See ``service.usecases.ports.UnitOfWork``."""

    def __init__(self, shelves: _Shelves) -> None:
        self._shelves = shelves
        self._staged: list[_Write] = []
        self._after: list[_Write] = []
        self.idempotency = _IdempotencyKeys(shelves, self._staged)
        self.ledger = _Ledger(shelves, self._staged, self._after, self.idempotency)
        self.keys = _ApiKeys(shelves, self._staged)
        self.policies = _Policies(shelves, self._staged)
        self.audit = _AuditTrail(shelves, self._staged)

    def commit(self) -> None:
        """See the port."""
        undone: list[_Undo] = []
        with self._shelves.lock:
            try:
                for write in self._staged:
                    undone.append(write())
            except BaseException:
                for undo in reversed(undone):
                    undo()
                raise
            else:
                for remember in self._after:
                    remember()
            finally:
                self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    def _discard(self) -> None:
        self._staged.clear()
        self._after.clear()


class MemoryStore:
    """A store that lives as long as the object; the counterpart of ``service.storage.sql.store.SqlStore``."""

    def __init__(self) -> None:
        self._shelves = _Shelves()

    def begin(self) -> MemoryUnitOfWork:
        """A fresh unit of work."""
        return MemoryUnitOfWork(self._shelves)

    def probe(self) -> None:
        """Always writable."""

    def checkpoint(self) -> None:
        """Nothing to move."""

    def dispose(self) -> None:
        """Nothing to close."""
