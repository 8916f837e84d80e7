"""Operational figures: decisions taken again in time order by a policy's score lines, and what they cost whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.card import Metric
from models.evaluation.classrooms import classrooms, school_lists
from models.evaluation.intervals import wilson
from models.evaluation.lines import Line, ScoreLines, or_worse
from models.training.dataset import Dataset

Floats = NDArray[np.float64]

LINES: tuple[Line, ...] = ("step_up", "review", "deny")
LEFT_OUT = (
    "Re-entry after bans and the recall of whole clusters need clusters and bans, which this release does not have: "
    "they are not measured. Decisions here come from the score lines alone, without the policy's rules, over a "
    "recorded stream: attackers do not react to them."
)
_HOURS = np.timedelta64(1, "h") / np.timedelta64(1, "us")


@dataclass(frozen=True, slots=True)
class HonestRates:
    """What honest people of a group are put through: the share that meets each line or a harsher one."""

    column: str
    group: str
    honest: int
    step_up: float
    review: float
    deny: float
    step_up_low: float
    step_up_high: float


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator in time order; ``None`` where it was never stopped.

    Attributes:
        accounts: sign-ups it sent.
        let_in: how many passed unasked before the first that met the line; all when none did.
        hours: from its first sign-up to that one.
    """

    kind: str
    accounts: int
    let_in: int
    hours: float | None
    hours_to_review: float | None


@dataclass(frozen=True, slots=True)
class Operations:
    """All of it."""

    operators: tuple[Operator, ...]
    rates: tuple[HonestRates, ...]
    metrics: tuple[Metric, ...]


def operate(dataset: Dataset, scores: Floats, lines: ScoreLines) -> Operations | None:
    """Decide again; ``None`` where rows have no account type that the lines know, or none is honest."""
    kinds = dataset.slices.get("account type")
    if kinds is None or not np.isin(kinds, list(lines)).all() or not (dataset.truth == 0).any():
        return None
    met = {line: or_worse(lines, line, scores, kinds) for line in LINES}
    operators = tuple(_operators(dataset, met["step_up"], met["review"]))
    rates = tuple(_rates(dataset, met))
    asked = (*_load(met), *_honest(rates[0], dataset, met), *classrooms(dataset, met))
    return Operations(operators, rates, (*asked, *_notice(operators)))


def _operators(dataset: Dataset, challenged: NDArray[np.bool_], reviewed: NDArray[np.bool_]) -> Iterator[Operator]:
    fraud = np.flatnonzero((dataset.truth == 1) & (dataset.entities >= 0))
    order = fraud[np.argsort(dataset.entities[fraud], kind="stable")]
    if not len(order):
        return
    families = dataset.slices.get("kind", np.full(len(dataset), ""))
    for rows in np.split(order, np.flatnonzero(np.diff(dataset.entities[order])) + 1):
        hours = (dataset.times[rows] - dataset.times[rows[0]]).astype(np.int64) / _HOURS
        stop = int(challenged[rows].argmax()) if challenged[rows].any() else None
        yield Operator(
            kind=str(families[rows[0]]),
            accounts=len(rows),
            let_in=len(rows) if stop is None else stop,
            hours=None if stop is None else float(hours[stop]),
            hours_to_review=float(hours[int(reviewed[rows].argmax())]) if reviewed[rows].any() else None,
        )


def _rates(dataset: Dataset, met: dict[Line, NDArray[np.bool_]]) -> Iterator[HonestRates]:
    """All honest people first, then by group; classes by themselves, as they are a goal of their own."""
    honest = dataset.truth == 0
    groups = {"classroom": school_lists(dataset), **dataset.reported_slices()}
    columns = {"everybody": np.full(len(dataset), "all"), **groups}
    for name, column in columns.items():
        if name in ("country", "let in"):  # the first is told by country group; the second is no group of people
            continue
        for group in sorted((each for each in np.unique(column[honest]).tolist() if each), key=by_number):
            rows = honest & (column == group)
            count = int(rows.sum())
            low, high = wilson(float(met["step_up"][rows].sum()), count)
            yield HonestRates(
                column=name,
                group=group,
                honest=count,
                step_up=float(met["step_up"][rows].mean()),
                review=float(met["review"][rows].mean()),
                deny=float(met["deny"][rows].mean()),
                step_up_low=low,
                step_up_high=high,
            )


def by_number(name: str) -> tuple[str, int, str]:
    """The order of people: H2 before H10."""
    letters = name.rstrip("0123456789")
    digits = name[len(letters) :]
    return letters, int(digits) if digits else 0, name


def _load(met: dict[Line, NDArray[np.bool_]]) -> Iterator[Metric]:
    """Out of 1,000 sign-ups of everybody."""
    only = {
        "challenges": met["step_up"] & ~met["review"],
        "reviews": met["review"] & ~met["deny"],
        "denials": met["deny"],
    }
    for name, rows in only.items():
        low, high = wilson(float(rows.sum()), len(rows))
        yield _metric(f"{name}_per_1000_signups", 1000 * float(rows.mean()), 1000 * low, 1000 * high)


def _honest(everybody: HonestRates, dataset: Dataset, met: dict[Line, NDArray[np.bool_]]) -> Iterator[Metric]:
    honest = dataset.truth == 0
    for line in LINES:
        low, high = wilson(float(met[line][honest].sum()), everybody.honest)
        yield _metric(f"honest_{line}_or_worse", float(met[line][honest].mean()), low, high)


def _notice(operators: tuple[Operator, ...]) -> Iterator[Metric]:
    if not operators:
        return
    let_in = np.array([each.let_in for each in operators], np.float64)
    never = sum(each.hours is None for each in operators)
    low, high = wilson(never, len(operators))
    yield _metric("operators", len(operators))
    yield _metric("operators_never_stopped", never / len(operators), low, high)
    for name, share in (("median", 50), ("p90", 90), ("worst", 100)):
        yield _metric(f"accounts_let_in_before_first_stop_{name}", float(np.percentile(let_in, share)))
    # An operator that was never stopped counts as longer than any other.
    hours = np.sort([np.inf if each.hours is None else each.hours for each in operators])
    for name, part in (("median", 0.5), ("p90", 0.9)):
        at = float(hours[min(int(part * len(hours)), len(hours) - 1)])
        yield _metric(f"hours_to_first_stop_{name}", at if np.isfinite(at) else None)


def _metric(name: str, value: float | None, low: float | None = None, high: float | None = None) -> Metric:
    rounded = [None if each is None else round(each, 6) for each in (value, low, high)]
    return Metric(name=name, value=rounded[0], low=rounded[1], high=rounded[2])
