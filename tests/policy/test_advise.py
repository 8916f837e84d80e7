"""Advice finds the lines that cost least, and the reviewers there are bound it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from models.signup import AccountType
from service.storage.memory import MemoryStore
from service.usecases.advise import Advise, AdvisedLines, Costs
from service.usecases.known_outcomes import KnownLabel, OutcomesBySignupId
from service.usecases.ports_decisions import Period

LINES = dict.fromkeys(AccountType, (0.9, 0.95))
HONEST = [at / 400 for at in range(100)]  # 0.00 to 0.25
DOUBTFUL = [0.3 + at / 500 for at in range(60)]  # 0.30 to 0.42, half of them fraud
FRAUD = [0.8 + at / 500 for at in range(50)]  # 0.80 to 0.90


@pytest.fixture
def advice(decide_all: Callable[..., list[Any]], noon: datetime) -> Callable[..., AdvisedLines]:
    store = MemoryStore()
    records = decide_all(store, [*HONEST, *DOUBTFUL, *FRAUD])
    labels = {}
    for at, record in enumerate(records):
        doubtful_fraud = len(HONEST) <= at < len(HONEST) + len(DOUBTFUL) and at % 2 == 0
        fraud = doubtful_fraud or at >= len(HONEST) + len(DOUBTFUL)
        labels[record.signup.signup_id] = KnownLabel.FRAUD if fraud else KnownLabel.LEGITIMATE

    def advise(**costs: Any) -> AdvisedLines:
        found = Advise(store.begin, OutcomesBySignupId(labels))(Costs(**costs), Period(), lines=LINES)
        return next(each for each in found if each.account_type is AccountType.EDUCATIONAL)

    return advise


def test_the_step_up_line_lies_between_those_who_are_honest_and_those_who_may_not_be(
    advice: Callable[..., AdvisedLines],
) -> None:
    found = advice(reviewer_minute=1.0, minutes_a_review=7.0)

    assert (found.known_fraud, found.known_honest) == (80, 130)
    assert 0.25 < (found.step_up or 0) <= 0.31
    assert 0.42 < (found.review or 0) <= 0.81
    assert (found.cost_per_1000 or 0) < (found.cost_per_1000_now or 0)


def test_dearer_honest_people_are_asked_less(advice: Callable[..., AdvisedLines]) -> None:
    cheap, dear = advice(honest_stepped_up=1.5), advice(honest_stepped_up=60.0)

    assert (dear.step_up or 0) > (cheap.step_up or 0)


def test_reviews_fit_what_people_can_do(advice: Callable[..., AdvisedLines]) -> None:
    unbounded, bounded = advice(), advice(reviews_a_day=10)

    assert (unbounded.reviews_a_day or 0) > 10
    assert bounded.reviews_a_day is not None
    assert 5 <= bounded.reviews_a_day <= 10
    assert (bounded.review or 0) > (unbounded.review or 0)


def test_the_curve_trades_honest_people_asked_for_fraud_let_in(advice: Callable[..., AdvisedLines]) -> None:
    curve = advice().curve

    assert [point.step_up for point in curve] == sorted(point.step_up for point in curve)
    assert all(after.honest_asked <= before.honest_asked for before, after in pairwise(curve))
    assert all(after.fraud_admitted >= before.fraud_admitted for before, after in pairwise(curve))
    cheapest = min(curve, key=lambda point: point.cost_per_1000)
    assert cheapest.step_up == advice().step_up


def test_too_few_outcomes_give_no_advice_and_say_so(decide_all: Callable[..., list[Any]]) -> None:
    store = MemoryStore()
    records = decide_all(store, [0.1, 0.9])
    labels = {records[1].signup.signup_id: KnownLabel.FRAUD}

    for found in Advise(store.begin, OutcomesBySignupId(labels))(Costs(), Period(), lines=LINES):
        assert found.step_up is None
        assert "20 of each are needed" in str(found.problem)
