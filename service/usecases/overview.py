"""The overview: decisions by day, rates by account type, how the queue keeps its promise, and who agrees with whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.signup import AccountType
from service.domain.decision import Decision
from service.domain.pass_rates import PassRate
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.verdict import agreement
from service.usecases.drift import Measured, latest_drift
from service.usecases.ports import Begin
from service.usecases.ports_cases import QueueCount
from service.usecases.ports_figures import ChallengeCount, CountryCount, DayCount, Funnel

DAYS = 14
AGREEMENT_DAYS = 90

MOST_BY_COUNTRY = 20_000
"""Sign-ups whose country is read out of their signals: some tenths of a second, and more would move no share."""

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
    parts: Sequence[tuple[str, Counts]]
    challenges: Sequence[ChallengeCount]
    funnel: Funnel
    pass_rates: Sequence[PassRate]
    drift: Measured | None


@dataclass(frozen=True, slots=True)
class ReadOverview:
    """Count the last two weeks."""

    begin: Begin
    part_of: Callable[[str | None], str]

    def __call__(self, review: ReviewPolicy, *, now: datetime) -> Overview:
        """The figures as they are at ``now``."""
        since = (now - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
        with self.begin() as work:
            counted = work.figures.decisions_by_day(since=since)
            pairs = work.cases.pairs(since=now - timedelta(days=AGREEMENT_DAYS))
            queues = work.cases.counts(None, now=now)
            waited = work.cases.waited(since=since)
            countries = work.figures.decisions_by_country(since=since, most=MOST_BY_COUNTRY)
            challenges, funnel = work.figures.challenges(since=since), work.figures.funnel(since=since)
            pass_rates = work.pass_rates.all()
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
            parts=self._by_part(countries),
            challenges=challenges,
            funnel=funnel,
            pass_rates=pass_rates,
            drift=latest_drift(self.begin),
        )

    def _by_part(self, countries: Sequence[CountryCount]) -> list[tuple[str, Counts]]:
        """By part of the world, the most people first; one country alone would rarely say anything."""
        sums: dict[str, dict[Decision, int]] = defaultdict(lambda: defaultdict(int))
        for each in countries:
            sums[self.part_of(each.country)][each.decision] += each.count
        return sorted(sums.items(), key=lambda part: -sum(part[1].values()))


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
