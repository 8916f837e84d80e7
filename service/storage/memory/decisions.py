"""Recorded decisions in memory."""

from __future__ import annotations

from collections.abc import Iterable

from models.signup_document import document_of_signup
from service.storage.memory.shelves import Kept, Shelves
from service.usecases.ports_decisions import Period, RecordedDecision


class MemoryDecisions:
    """See ``service.usecases.ports_decisions.Decisions``."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def count(self, period: Period) -> int:
        """See the port."""
        return len(self._wanted(period))

    def stream(self, period: Period, *, with_signups: bool) -> Iterable[RecordedDecision]:
        """See the port."""
        for kept in self._wanted(period):
            record = kept.record
            if kept.assessments:
                first = kept.recorded().assessments[0]
                yield RecordedDecision(
                    id=record.id,
                    owner=record.owner,
                    signup_id=record.signup.signup_id,
                    account_type=record.signup.account_type,
                    recorded_at=record.recorded_at,
                    decision=first.decision,
                    score=first.score,
                    signals=first.signals,
                    linkage=first.linkage,
                    policy_version=first.policy_version,
                    hits=first.hits,
                    explored=first.explored,
                    signup=document_of_signup(record.signup) if with_signups else {},
                )

    def _wanted(self, period: Period) -> list[Kept]:
        with self._shelves.lock:
            found = [
                kept
                for kept in self._shelves.signups.values()
                if not kept.record.signup.record_only
                and (period.since is None or kept.record.recorded_at >= period.since)
                and (period.before is None or kept.record.recorded_at < period.before)
            ]
        found.sort(key=lambda kept: (kept.record.recorded_at, kept.signup_no), reverse=True)
        return found[: period.limit]
