"""Back-test: what a policy would have decided on recorded decisions, from their logged scores, signals and linkage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

from service.domain.comparison import Comparison, Group
from service.domain.decision import Decision
from service.domain.errors import NotFoundError
from service.domain.policy import Policy, Ruling
from service.domain.slices import SLICES
from service.usecases.known_outcomes import KnownOutcomes, SignupKey, nothing_known
from service.usecases.policy_versions import policy_of
from service.usecases.ports import AuditEntry, Begin
from service.usecases.ports_decisions import Period, RecordedDecision
from service.usecases.ports_policy import BackTestRecord
from service.usecases.standing import standing_of

_BATCH = 500


class Progress(Protocol):
    """Told now and then how much of the work is done."""

    def __call__(self, stage: str, done: int, total: int | None, /) -> None: ...


def silently(stage: str, done: int, total: int | None, /) -> None:
    """Where nobody watches."""
    del stage, done, total


@dataclass(frozen=True, slots=True)
class BackTest:
    """Replays recorded decisions; nothing is scored again, and nothing is drawn at random."""

    begin: Begin
    outcomes: KnownOutcomes = nothing_known

    def __call__(
        self, number: int, period: Period, *, actor: str, now: datetime, progress: Progress = silently
    ) -> tuple[BackTestRecord, Comparison]:
        """Try a recorded version against the one in force, and record what was found.

        Raises:
            NotFoundError: there is no such version.
            InvalidError: this release no longer takes its document.
        """
        with self.begin() as work:
            version, active = work.policies.get(number), work.policies.active()
        if version is None:
            raise NotFoundError(f"There is no policy version {number}.")
        in_force = policy_of(active)
        comparison = self.compare(policy_of(version), in_force, period, now=now, progress=progress)
        record = BackTestRecord(
            version=number,
            against=in_force.version,
            at=now,
            by=actor,
            decisions=comparison.everybody.total,
            whole=period.covers(comparison.everybody.total),
            large=comparison.large(in_force.document.approval),
            summary=comparison.as_document(),
        )
        detail: dict[str, object] = {"against": record.against, "decisions": record.decisions}
        with self.begin() as work:
            work.policies.record_backtest(record)
            work.audit.add(AuditEntry(now, actor, "policy.backtested", str(number), detail))
            work.commit()
        return record, comparison

    def compare(
        self, tried: Policy, in_force: Policy, period: Period, *, now: datetime, progress: Progress = silently
    ) -> Comparison:
        """What ``tried`` would have changed.

        Before is what was decided, where ``in_force`` decided it; else what ``in_force`` decides on the same record.
        """
        comparison = Comparison(version=tried.version, against=in_force.version)
        with_signups = tried.reads_signup or in_force.reads_signup
        done = 0
        with self.begin() as work:
            total = work.decisions.count(period)
            for batch in _batches(work.decisions.stream(period, with_signups=with_signups)):
                labels = self.outcomes([SignupKey(each.id, each.owner, each.signup_id) for each in batch])
                for recorded in batch:
                    label = labels.get(recorded.id)
                    before = _before(recorded, in_force, now)
                    ruling = _ruling(recorded, tried, now)
                    groups = _groups(recorded)
                    comparison.count(groups, before, ruling.decision, label=label, at=recorded.recorded_at)
                    comparison.rules.update(ruling.rules)
                    comparison.silent_rules.update(ruling.silent_rules)
                    comparison.failed_rules.update(ruling.failed_rules)
                done += len(batch)
                progress("replaying decisions", done, total)
        return comparison


def _before(recorded: RecordedDecision, in_force: Policy, now: datetime) -> Decision:
    if recorded.policy_version != in_force.version:
        return _ruling(recorded, in_force, now).decision
    # What the draw let in would otherwise count as let in by the policy.
    return recorded.decision if recorded.explored is None else recorded.explored.instead_of


def _ruling(recorded: RecordedDecision, policy: Policy, now: datetime) -> Ruling:
    return policy.rule_on(
        account_type=recorded.account_type,
        score=recorded.score,
        signup=recorded.signup,
        signals=recorded.signals,
        linkage=recorded.linkage,
        now=now,
        standing=standing_of(recorded.linkage, recorded.hits, recorded.signals),
    )


def _groups(recorded: RecordedDecision) -> Iterator[Group]:
    yield "account type", recorded.account_type.value
    for name, value_of in SLICES:
        yield name, value_of(recorded.signals)


def _batches(decisions: Iterable[RecordedDecision]) -> Iterator[list[RecordedDecision]]:
    stream = iter(decisions)
    while batch := list(islice(stream, _BATCH)):
        yield batch
