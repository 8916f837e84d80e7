"""A kept back-test as rows and as a drawing: the rates before and after, group by group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any  # Any: a kept back-test is JSON

from markupsafe import Markup

from service.console.plots import Pair, paired_bars
from service.domain.decision import Decision


@dataclass(frozen=True, slots=True)
class BackTestRow:
    """One group: how many, how many would change, and the share of each decision before and after."""

    name: str
    decisions: int
    changed: int
    rates: tuple[tuple[float, float], ...]


def backtest_rows(summary: Mapping[str, Any]) -> tuple[BackTestRow, ...]:
    """Everybody first, then by account type, by slice, and by what became known."""
    return tuple(_rows(summary))


def _rows(summary: Mapping[str, Any]) -> Iterator[BackTestRow]:
    def place(group: Mapping[str, Any]) -> tuple[bool, bool, str, str]:
        dimension, value = str(group["dimension"]), str(group["value"])
        return dimension != "all", dimension != "account type", dimension, value

    for group in sorted(summary.get("groups", ()), key=place):
        everybody = group["dimension"] == "all"
        yield _row("everybody" if everybody else f"{group['dimension']}: {group['value']}", group)
    for outcome in summary.get("outcomes", ()):
        yield _row(f"known: {outcome['label']}", outcome)


def rate_bars(summary: Mapping[str, Any]) -> Markup:
    """Everybody's rates before and after."""
    everybody = next(iter(backtest_rows(summary)), None)
    if everybody is None or not everybody.decisions:
        return Markup()
    pairs = [
        Pair(decision.value.replace("_", " "), before, after)
        for decision, (before, after) in zip(Decision, everybody.rates, strict=True)
    ]
    return paired_bars(pairs, label="Rates of the decisions before and after; the table below holds the numbers")


def _row(name: str, counts: Mapping[str, Any]) -> BackTestRow:
    total = max(int(counts["decisions"]), 1)
    return BackTestRow(
        name=name,
        decisions=int(counts["decisions"]),
        changed=int(counts["changed"]),
        rates=tuple((counts["before"][each.value] / total, counts["after"][each.value] / total) for each in Decision),
    )
