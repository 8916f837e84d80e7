"""The overview: decisions by day, rates by account type, how the queue keeps its promise, and who agrees with whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.signup import AccountType
from service.domain.decision import Decision
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.verdict import agreement
from service.usecases.ports import Begin
from service.usecases.ports_cases import QueueCount
from service.usecases.ports_figures import DayCount

DAYS = 14
AGREEMENT_DAYS = 90

Counts = Mapping[Decision, int]


@dataclass(frozen=True, slots=True)
class QueueService:
    """How one queue keeps its promise: what waits now, and the share resolved in time within the last days."""

    count: QueueCount
    due_hours: float | None
    resolved: int
    in_time: float | None
    median_s: float | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows. ``versions`` are the days on which a model or policy first decided."""

    days: Sequence[tuple[date, Counts]]
    types: Sequence[tuple[AccountType, Counts]]
    versions: Sequence[tuple[date, str]]
    queues: Sequence[QueueService]
    kappa: float | None
    pairs: int


@dataclass(frozen=True, slots=True)
class ReadOverview:
    """Count the last two weeks."""

    begin: Begin

    def __call__(self, review: ReviewPolicy, *, now: datetime) -> Overview:
        """The figures as they are at ``now``."""
        since = (now - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
        with self.begin() as work:
            counted = work.figures.decisions_by_day(since=since)
            pairs = work.cases.pairs(since=now - timedelta(days=AGREEMENT_DAYS))
            queues = work.cases.counts(None, now=now)
            waited = work.cases.waited(since=since)
        by_queue = {each.queue: each for each in queues}
        names = sorted({*by_queue, *waited})
        return Overview(
            days=[
                (day, _sums(each for each in counted if each.day == day))
                for day in ((since + timedelta(days=place)).date() for place in range(DAYS))
            ],
            types=[(kind, _sums(each for each in counted if each.account_type is kind)) for kind in AccountType],
            versions=_versions(counted),
            queues=[
                _service(by_queue.get(name) or QueueCount(name, 0, 0, 0, None), waited.get(name, ()), review)
                for name in names
            ],
            kappa=agreement(pairs),
            pairs=len(pairs),
        )


def _sums(counted: Iterable[DayCount]) -> Counts:
    sums: dict[Decision, int] = defaultdict(int)
    for each in counted:
        sums[each.decision] += each.count
    return sums


def _versions(counted: Sequence[DayCount]) -> list[tuple[date, str]]:
    first: dict[str, date] = {}
    for each in counted:
        for name in (f"policy {each.policy_version}", f"model {each.model_version or 'none'}"):
            first.setdefault(name, each.day)
    return sorted(((day, name) for name, day in first.items()), key=lambda pair: (pair[0], pair[1]))


def _service(count: QueueCount, waited: Sequence[float], review: ReviewPolicy) -> QueueService:
    policy = review.named(count.queue)
    due = None if policy is None else policy.due_after.total_seconds()
    ordered = sorted(waited)
    return QueueService(
        count=count,
        due_hours=None if policy is None else policy.due_hours,
        resolved=len(ordered),
        in_time=None if not ordered or due is None else sum(each <= due for each in ordered) / len(ordered),
        median_s=ordered[len(ordered) // 2] if ordered else None,
    )
