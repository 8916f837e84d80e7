"""Pass rates re-estimated from results: the table's start values, moved by what was seen, within bounds.

Whether somebody who answered was honest is known for few of them. A result whose truth is not known counts for both
sides, by the probability that remained after it (one step of expectation maximisation from the table). The start
values count as so many results, and no estimate leaves the bounds: whoever floods the service with failed or passed
challenges moves a rate by a known factor at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from service.domain.challenge import ChallengeMethod
from service.domain.evidence import POOLED, Table, Terms, odds_of, probability_of
from service.domain.policy_sections.challenges import ChallengesSection

_Z = 1.96
"""Of a 95 % interval."""


class Side(StrEnum):
    """Whose pass rate."""

    HONEST = "honest"
    FRAUD = "fraud"


@dataclass(frozen=True, slots=True)
class Answered:
    """One challenge that was tried.

    Attributes:
        method: which.
        groups: the groups of reasons it was asked for.
        passed: what came of it.
        odds: of fraud before any proof.
        fraud: the truth, where an outcome is known.
        signup_no: whose it was.
    """

    method: ChallengeMethod
    groups: tuple[str, ...]
    passed: bool
    odds: float
    fraud: bool | None = None
    signup_no: int = 0


@dataclass(frozen=True, slots=True)
class PassRate:
    """One rate: the table's start value, the estimate, its 95 % interval, and how many results it rests on."""

    method: ChallengeMethod
    group: str
    side: Side
    start: float
    estimate: float
    low: float
    high: float
    results: float


def estimate(answers: Iterable[Answered], section: ChallengesSection) -> tuple[PassRate, ...]:
    """Every rate of the table after these answers: honest people pooled, fraudsters by group."""
    table = section.table()
    seen: dict[tuple[ChallengeMethod, str, Side], tuple[float, float]] = {}
    for answer in answers:
        terms = table[answer.method]
        guilt = _guilt(answer, terms)
        shares = [(POOLED, Side.HONEST, 1 - guilt), (POOLED, Side.FRAUD, guilt)]
        shares += [(group, Side.FRAUD, guilt) for group in answer.groups if group in terms.fraud and group != POOLED]
        for group, side, share in shares:
            key = (answer.method, group, side)
            passed, tried = seen.get(key, (0.0, 0.0))
            seen[key] = (passed + share * answer.passed, tried + share)
    rates = []
    for method, terms in table.items():
        starts = [(POOLED, Side.HONEST, terms.honest)]
        starts += [(group, Side.FRAUD, rate) for group, rate in terms.fraud.items()]
        for group, side, start in starts:
            counted = seen.get((method, group, side), (0.0, 0.0))
            rates.append(_rate((method, group, side), start, counted, section))
    return tuple(rates)


def as_overlay(rates: Iterable[PassRate], table: Table) -> dict[tuple[ChallengeMethod, str], tuple[float, float]]:
    """The estimates as the table takes them: honest and fraud by method and group.

    An estimate that began from another start value than the table's is left out: the policy was changed since.
    """
    listed = list(rates)
    honest = {method: terms.honest for method, terms in table.items()}
    honest |= {
        each.method: each.estimate
        for each in listed
        if each.side is Side.HONEST and each.start == honest.get(each.method)
    }
    return {
        (each.method, each.group): (honest[each.method], each.estimate)
        for each in listed
        if each.side is Side.FRAUD and each.method in table and each.start == table[each.method].fraud.get(each.group)
    }


def _guilt(answer: Answered, terms: Terms) -> float:
    """The probability of fraud after the result, or the truth."""
    if answer.fraud is not None:
        return float(answer.fraud)
    ratios = [
        terms.when_passed(group) if answer.passed else terms.when_failed(group) for group in answer.groups or (POOLED,)
    ]
    return probability_of(answer.odds * max(ratios))


def _rate(
    key: tuple[ChallengeMethod, str, Side], start: float, counted: tuple[float, float], section: ChallengesSection
) -> PassRate:
    (method, group, side), (passed, tried) = key, counted
    weight = section.weight_of_table
    number = weight + tried
    share = (start * weight + passed) / number
    lowest, highest = (
        probability_of(odds_of(start) * factor) for factor in (1 / section.rates_within, section.rates_within)
    )
    middle = (share + _Z**2 / (2 * number)) / (1 + _Z**2 / number)
    reach = _Z / (1 + _Z**2 / number) * math.sqrt(share * (1 - share) / number + _Z**2 / (4 * number**2))
    return PassRate(
        method=method,
        group=group,
        side=side,
        start=start,
        estimate=min(max(share, lowest), highest),
        low=max(0.0, middle - reach),
        high=min(1.0, middle + reach),
        results=tried,
    )
