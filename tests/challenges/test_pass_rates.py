"""Pass rates follow results, slowly, and never beyond their bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from service.domain.challenge import ChallengeMethod
from service.domain.errors import UnavailableError
from service.domain.evidence import POOLED, odds_of
from service.domain.pass_rates import Answered, PassRate, Side, as_overlay, estimate
from service.domain.policy import default_policy_text, parse_policy
from service.domain.policy_sections.challenges import default_challenges
from service.storage.memory import MemoryStore
from service.usecases.estimate_rates import EstimateRates, RatesInForce

M = ChallengeMethod
# Hundreds of times what reaches the bound, so that one which did not hold would be far behind.
FLOOD = 100_000
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECTION = default_challenges()


def rate(rates: tuple[PassRate, ...], side: Side, group: str = POOLED, method: M = M.PHONE_CODE) -> PassRate:
    return next(each for each in rates if (each.method, each.side, each.group) == (method, side, group))


def answers(count: int, *, passed: bool, fraud: bool | None, odds: float = 0.1) -> list[Answered]:
    return [Answered(M.PHONE_CODE, ("linkage",), passed, odds, fraud)] * count


def test_without_results_the_table_stands() -> None:
    rates = estimate((), SECTION)

    assert all(each.estimate == pytest.approx(each.start) and each.results == 0 for each in rates)
    assert all(each.low < each.start < each.high for each in rates)


def test_known_fraud_moves_its_own_rate_in_its_group_and_no_other() -> None:
    rates = estimate(answers(50, passed=False, fraud=True), SECTION)

    pooled, linkage = rate(rates, Side.FRAUD), rate(rates, Side.FRAUD, "linkage")
    assert pooled.estimate == pytest.approx(0.55 * 200 / 250)
    assert linkage.estimate < linkage.start
    assert rate(rates, Side.FRAUD, "payment").results == 0
    assert rate(rates, Side.HONEST).estimate == pytest.approx(0.92)


def test_a_result_of_unknown_truth_counts_for_both_sides() -> None:
    rates = estimate(answers(100, passed=True, fraud=None, odds=1.0), SECTION)

    honest, fraud = rate(rates, Side.HONEST), rate(rates, Side.FRAUD)
    assert honest.results + fraud.results == pytest.approx(100)
    assert 0 < fraud.results < honest.results


@pytest.mark.parametrize(("passed", "direction"), [(True, 1), (False, -1)])
def test_a_flood_of_results_moves_a_rate_by_the_bound_and_no_further(passed: bool, direction: int) -> None:
    rates = estimate(answers(FLOOD, passed=passed, fraud=True), SECTION)

    moved = rate(rates, Side.FRAUD)
    assert odds_of(moved.estimate) == pytest.approx(odds_of(moved.start) * SECTION.rates_within**direction)


def test_estimates_are_what_decisions_use_and_fraudsters_never_pass_more_easily() -> None:
    rates = estimate(answers(FLOOD, passed=True, fraud=True), SECTION)
    table = SECTION.table(as_overlay(rates, SECTION.table()))

    assert table[M.PHONE_CODE].fraud_rate(POOLED) == pytest.approx(rate(rates, Side.FRAUD).estimate)
    assert table[M.PHONE_CODE].when_passed("linkage") <= 1.0
    assert table[M.DOCUMENT_CHECK] == SECTION.table()[M.DOCUMENT_CHECK]


def test_an_estimate_from_another_start_value_is_not_used() -> None:
    rates = estimate(answers(50, passed=False, fraud=True), SECTION)
    changed = parse_policy(
        default_policy_text() + "\n[challenges.methods.phone_code]\nfraud = 0.7\nhonest = 0.9\n", version=1
    ).document.challenges
    table = changed.table(as_overlay(rates, changed.table()))

    assert (table[M.PHONE_CODE].honest, table[M.PHONE_CODE].fraud_rate(POOLED)) == (0.9, 0.7)
    assert table[M.PHONE_CODE].fraud_rate("linkage") < changed.table()[M.PHONE_CODE].fraud_rate("linkage")


def test_estimates_are_read_once_a_minute_and_a_database_that_is_away_changes_nothing() -> None:
    store, clock, away = MemoryStore(), [0.0], [False]

    def begin() -> Any:
        if away[0]:
            raise UnavailableError("away")
        return store.begin()

    in_force = RatesInForce(begin, lambda: clock[0])
    assert tuple(in_force()) == ()
    rates = EstimateRates(store.begin, lambda: parse_policy(default_policy_text(), version=1)).now(NOON)
    assert tuple(in_force()) == ()
    clock[0] = 61.0
    assert len(in_force()) == len(rates)
    away[0], clock[0] = True, 200.0
    assert len(in_force()) == len(rates)
