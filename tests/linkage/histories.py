"""Histories that are held against each other: one over a store in SQL behaves as the one in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from models.linkage.history import Link
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import Linkage, day_of
from models.signup import AccountType, Device, Identity, Signup
from service.storage.sql.store import SqlStore
from service.usecases.ports import AuditEntry, NewRecord, Recorded

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DEVICE = Identifier(IdentifierKind.DEVICE, "device-1", counted="own@college.example")
DOMAIN = Identifier(IdentifierKind.EMAIL_DOMAIN, "college.example", counted="w.w")
TODAY = day_of(NOW)


class AnyHistory(Protocol):
    def linkage_of(
        self, identifiers: Sequence[Identifier], *, now: datetime, excluding: int | None = None
    ) -> Linkage: ...

    def record(self, link: Link) -> None: ...

    def roll_up(self, before_day: int) -> None: ...


class SqlHistory:
    """The ledger of a store as a history; sign-ups are numbered from 1 in the order they are recorded."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._waiting: list[NewRecord] = []

    def record(self, link: Link) -> None:
        signup = _signup(f"su_{link.signup_no}", link.account_type, link.occurred_at)
        entry = AuditEntry(at=link.recorded_at, actor="t", action="t", subject="t", detail={})
        self._waiting.append(
            NewRecord(
                id=f"id-{link.signup_no}",
                owner="acme",
                signup=signup,
                fingerprint=bytes(32),
                recorded_at=link.recorded_at,
                identifiers=link.identifiers,
                assessment=None,
                answer=b"{}",
                audit=entry,
            )
        )

    def linkage_of(self, identifiers: Sequence[Identifier], *, now: datetime, excluding: int | None = None) -> Linkage:
        self._write()
        with self._store.begin() as work:
            if excluding is None:
                return work.ledger.look("acme", "new", identifiers, now=now).linkage
            signup = _signup(f"su_{excluding}", AccountType.EDUCATIONAL, now)
            own = Recorded(f"id-{excluding}", excluding, "acme", now, signup, ())
            return work.ledger.linkage_again(own, identifiers, now=now)

    def roll_up(self, before_day: int) -> None:
        self._write()
        with self._store.begin() as work:
            while work.roll_ups.roll_up(before=instant_of_day(before_day)):
                pass

    def _write(self) -> None:
        for record in self._waiting:
            with self._store.begin() as work:
                signup = record.signup
                look = work.ledger.look("acme", signup.signup_id, record.identifiers, now=signup.occurred_at)
                work.ledger.append(replace(record, clusters=look.linkage.company.clusters))
                work.commit()
        self._waiting.clear()


def instant_of_day(day: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)


def _signup(signup_id: str, account_type: AccountType, occurred_at: datetime) -> Signup:
    return Signup(
        signup_id=signup_id,
        account_type=account_type,
        occurred_at=occurred_at,
        identity=Identity(full_name="Oriane Maupertuis"),
        email="oriane@college.example",
        device=Device(ip="192.0.2.7"),
    )


def on_day(day: int, hour: int = 9) -> datetime:
    """An instant that many days before today."""
    return NOW.replace(hour=hour) - timedelta(days=day)


def past(history: AnyHistory, now: datetime = NOW) -> tuple[int | None, int]:
    linkage = history.linkage_of((DOMAIN,), now=now)
    return linkage.past(DOMAIN.kind), linkage.observed_days
