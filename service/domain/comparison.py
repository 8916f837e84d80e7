"""Comparison: what one policy decided and another would have, counted by group of people and by what became known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from service.domain.decision import Decision
from service.domain.policy_sections.approval import Approval

EVERYBODY = ("all", "all")

Group = tuple[str, str]
"""A dimension and a value of it: ``("mail", "free")``."""


@dataclass(slots=True)
class Moves:
    """How many went from which decision to which."""

    counts: Counter[tuple[Decision, Decision]] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many in all."""
        return self.counts.total()

    @property
    def changed(self) -> int:
        """How many would have got another decision."""
        return sum(count for (before, after), count in self.counts.items() if before is not after)

    def before(self, decision: Decision) -> int:
        """How many got a decision."""
        return sum(count for (before, _), count in self.counts.items() if before is decision)

    def after(self, decision: Decision) -> int:
        """How many would have got it."""
        return sum(count for (_, after), count in self.counts.items() if after is decision)

    def rates(self) -> tuple[dict[str, float], dict[str, float]]:
        """The share of each decision, before and after."""
        total = max(self.total, 1)
        return (
            {each.value: self.before(each) / total for each in Decision},
            {each.value: self.after(each) / total for each in Decision},
        )


@dataclass(slots=True)
class Comparison:
    """Counts so far. ``outcomes`` are by what became known, ``rules`` by the rules that would have held."""

    version: int
    against: int
    groups: dict[Group, Moves] = field(default_factory=lambda: {EVERYBODY: Moves()})
    outcomes: dict[str, Moves] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)
    silent_rules: Counter[str] = field(default_factory=Counter)
    failed_rules: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def count(
        self, groups: Iterable[Group], before: Decision, after: Decision, *, label: str | None, at: datetime
    ) -> None:
        """One more decision."""
        move = (before, after)
        for group in (EVERYBODY, *groups):
            self.groups.setdefault(group, Moves()).counts[move] += 1
        if label is not None:
            self.outcomes.setdefault(label, Moves()).counts[move] += 1
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)

    @property
    def everybody(self) -> Moves:
        """All decisions."""
        return self.groups[EVERYBODY]

    @property
    def days(self) -> float:
        """How long the decisions took, a day at least."""
        if self.first is None or self.last is None:
            return 1.0
        return max(1.0, (self.last - self.first).total_seconds() / 86_400)

    def large(self, approval: Approval) -> tuple[str, ...]:
        """The decisions whose rate moves by more than one person may move it, with by how much."""
        before, after = self.everybody.rates()
        moved = []
        for each in (Decision.STEP_UP, Decision.REVIEW, Decision.DENY):
            old, new = (max(rates[each.value], approval.ignore_below) for rates in (before, after))
            if max(old / new, new / old) > approval.factor:
                moved.append(f"{each.value} {before[each.value]:.2%} to {after[each.value]:.2%}")
        return tuple(moved)

    def as_document(self) -> dict[str, object]:
        """Everything counted, as JSON."""
        return {
            "version": self.version,
            "against": self.against,
            "decisions": self.everybody.total,
            "changed": self.everybody.changed,
            "first": None if self.first is None else self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
            "reviews_a_day": {
                "before": round(self.everybody.before(Decision.REVIEW) / self.days, 2),
                "after": round(self.everybody.after(Decision.REVIEW) / self.days, 2),
            },
            "groups": [
                {"dimension": dimension, "value": value, **_counts(moves)}
                for (dimension, value), moves in sorted(self.groups.items())
            ],
            "outcomes": [{"label": label, **_counts(moves)} for label, moves in sorted(self.outcomes.items())],
            "moves": [
                {"before": before.value, "after": after.value, "decisions": count}
                for (before, after), count in sorted(self.everybody.counts.items())
                if before is not after
            ],
            "rules": dict(sorted(self.rules.items())),
            "silent_rules": dict(sorted(self.silent_rules.items())),
            "failed_rules": dict(sorted(self.failed_rules.items())),
        }


def _counts(moves: Moves) -> Mapping[str, object]:
    return {
        "decisions": moves.total,
        "changed": moves.changed,
        "before": {each.value: moves.before(each) for each in Decision},
        "after": {each.value: moves.after(each) for each in Decision},
    }
