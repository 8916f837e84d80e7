"""Guards against poisoned labels: trust, rate limits, floods, contradictions, and a cap for whole clusters."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from models.training.labels import Grade, LabelRow

CLUSTER_ROWS = 20
"""Rows that one contained cluster may bring: 20,000 accounts of one operator teach no more than twenty do."""

FLOOD_LEAST = 50
FLOOD_FACTOR = 5.0
"""Labels of one day on one institution, network or cluster are a flood from so many on, when they are so many times
what the four weeks before brought a day."""

FLOOD_PAST = timedelta(days=28)

HONEST_DISAGREEMENT = 0.05
"""Sources err: one label in twenty against a confirmed one is what a careful source may come to."""

CONTRADICTION_CHANCE = 0.001


@dataclass(frozen=True, slots=True)
class SourceRule:
    """How far a source is trusted (its labels' weight is multiplied by it) and how many labels a day count.

    ``vouched_for``: somebody answers for it, so that suspicion is told and its labels are used all the same.
    """

    trust: float = 1.0
    most_a_day: int | None = None
    vouched_for: bool = False


@dataclass(frozen=True, slots=True)
class SourceRules:
    """The rules by source; ``unknown`` is of sources that nobody has named."""

    named: Mapping[str, SourceRule] = field(default_factory=dict)
    unknown: SourceRule = field(default_factory=SourceRule)

    @property
    def vouched_for(self) -> frozenset[str]:
        """The sources that somebody answers for."""
        return frozenset(name for name, rule in self.named.items() if rule.vouched_for)

    def of(self, source: str) -> SourceRule:
        """The rule of a source."""
        return self.named.get(source, self.unknown)


class Finding(NamedTuple):
    """Labels that were not used, and why. A ``flood`` has a name, by which a person releases it."""

    why: str
    rows: int
    flood: str | None = None

    def line(self) -> str:
        """For people."""
        release = "" if self.flood is None else f"; to use them: --release {self.flood}"
        return f"{self.rows:,} labels held back: {self.why}{release}"


@dataclass(frozen=True, slots=True)
class Guarded:
    """The labels to learn from, one a sign-up, with their weights; and what was held back.

    ``doubted`` are sign-ups of which somebody said fraud and nothing is used: their silence is none.
    """

    labels: Mapping[str, LabelRow]
    weights: Mapping[str, float]
    findings: tuple[Finding, ...]
    doubted: frozenset[str] = frozenset()


_Chosen = Callable[[list[LabelRow], Counter[str]], Iterator[LabelRow]]
"""Gives on what may be used, and counts the rest by why it may not."""


def guard(
    rows: Iterable[LabelRow],
    *,
    rules: SourceRules | None = None,
    released: Collection[str] = (),
    held_back: Collection[str] = (),
) -> Guarded:
    """Choose the labels that may be learnt from.

    Args:
        rows: everything that was said, by anybody.
        rules: of the sources.
        released: floods that a person has looked at.
        held_back: sources not to use at all.
    """
    rules, findings = rules or SourceRules(), []
    kept = sorted(rows, key=lambda each: (each.known_at, each.signup_id, each.source))
    counts: Counter[str] = Counter()
    kept = list(_current(kept, counts))
    called_fraud = {each.signup_id for each in kept if each.label == "fraud"}
    for chosen in (_of_sources(held_back), _within_rates(rules), _capped):
        kept = list(chosen(kept, counts))
    findings += [Finding(why, count) for why, count in sorted(counts.items())]
    for flood, name in _floods(kept):
        if name not in released:
            gone = {id(each) for each in flood}
            kept = [each for each in kept if id(each) not in gone]
            findings.append(Finding(f"a flood on {name}", len(flood), name))
    for source, why in contradicting(kept).items():
        findings.append(Finding(f"source {source} contradicts confirmed labels: {why}", _rows_of(kept, source)))
        kept = [each for each in kept if each.source != source]
    best = _best(kept)
    weights = {name: each.weight * rules.of(each.source).trust for name, each in best.items()}
    usable = {name: each for name, each in best.items() if weights[name] > 0}
    return Guarded(
        usable,
        {name: weight for name, weight in weights.items() if weight > 0},
        tuple(findings),
        frozenset(called_fraud - set(usable)),
    )


def contradicting(rows: Iterable[LabelRow]) -> dict[str, str]:
    """The sources whose labels contradict confirmed ones of others beyond chance, and the figures."""
    confirmed: dict[str, LabelRow] = {}
    rows = list(rows)
    for each in rows:
        if each.grade is Grade.CONFIRMED:
            confirmed[each.signup_id] = each
    met: dict[str, list[bool]] = defaultdict(list)
    for each in rows:
        other = confirmed.get(each.signup_id)
        if other is not None and other.source != each.source and each.grade is not Grade.CONFIRMED:
            met[each.source].append(each.label != other.label)
    return {
        source: f"{sum(wrong):,} of {len(wrong):,} that both speak of"
        for source, wrong in met.items()
        if _chance_of(sum(wrong), len(wrong)) < CONTRADICTION_CHANCE
    }


def _chance_of(wrong: int, of: int) -> float:
    """The chance of so many wrong ones or more from a source that errs as honest ones do."""
    return sum(
        math.comb(of, count) * HONEST_DISAGREEMENT**count * (1 - HONEST_DISAGREEMENT) ** (of - count)
        for count in range(wrong, of + 1)
    )


def _current(rows: list[LabelRow], held: Counter[str]) -> Iterator[LabelRow]:
    for each in rows:
        if each.superseded:
            held["superseded by a later one"] += 1
        elif each.grade is Grade.FAILED_CHALLENGE:
            held["a failed challenge is a feature, never a label"] += 1
        else:
            yield each


def _of_sources(held_back: Collection[str]) -> _Chosen:
    def chosen(rows: list[LabelRow], held: Counter[str]) -> Iterator[LabelRow]:
        for each in rows:
            if each.source in held_back:
                held[f"source {each.source} is held back"] += 1
            else:
                yield each

    return chosen


def _within_rates(rules: SourceRules) -> _Chosen:
    def chosen(rows: list[LabelRow], held: Counter[str]) -> Iterator[LabelRow]:
        today: Counter[tuple[str, date]] = Counter()
        for each in rows:
            most, day = rules.of(each.source).most_a_day, (each.source, each.known_at.date())
            today[day] += 1
            if most is not None and today[day] > most:
                held[f"source {each.source} said more than {most:,} on one day"] += 1
            else:
                yield each

    return chosen


def _capped(rows: list[LabelRow], held: Counter[str]) -> Iterator[LabelRow]:
    """At most ``CLUSTER_ROWS`` of one contained cluster, the first that became known."""
    of_cluster: Counter[str] = Counter()
    for each in rows:
        if each.grade is Grade.CONTAINED and each.cluster is not None:
            of_cluster[each.cluster] += 1
            if of_cluster[each.cluster] > CLUSTER_ROWS:
                held[f"more than {CLUSTER_ROWS} of one contained cluster"] += 1
                continue
        yield each


def _floods(rows: list[LabelRow]) -> Iterator[tuple[list[LabelRow], str]]:
    """The labels of each day on which one key got far more of one label than in the weeks before."""
    days: dict[tuple[str, str, str], dict[date, list[LabelRow]]] = defaultdict(lambda: defaultdict(list))
    for each in rows:
        keys = dict(each.keys) | ({} if each.cluster is None else {"cluster": each.cluster})
        for kind, key in keys.items():
            days[kind, key, each.label][each.known_at.date()].append(each)
    for (kind, key, label), by_day in days.items():
        for day, today in by_day.items():
            past = sum(len(found) for other, found in by_day.items() if day - FLOOD_PAST <= other < day)
            if len(today) >= FLOOD_LEAST and len(today) > FLOOD_FACTOR * max(1.0, past / FLOOD_PAST.days):
                yield today, f"{kind}:{key}:{label}:{day.isoformat()}"


def _best(rows: Iterable[LabelRow]) -> dict[str, LabelRow]:
    """One label a sign-up: the best known one, of equals that of the lowest rank, of those the last."""
    best: dict[str, LabelRow] = {}
    for each in rows:
        other = best.get(each.signup_id)
        if other is None or (each.grade.value, each.rank) <= (other.grade.value, other.rank):
            best[each.signup_id] = each
    return best


def _rows_of(rows: Iterable[LabelRow], source: str) -> int:
    return sum(each.source == source for each in rows)
