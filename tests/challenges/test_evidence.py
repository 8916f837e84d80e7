"""The evidence rule: what proofs do to the odds, and which are asked for."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.challenge import Challenge, ChallengeMethod, ChallengeStatus, ClosedBy
from service.domain.evidence import (
    LEAST_RATIO,
    POOLED,
    Doubt,
    choose,
    odds_of,
    probability_of,
    ratio_of,
    settles,
)
from service.domain.occasion import Occasion
from service.domain.policy_sections.challenges import default_challenges

M, S = ChallengeMethod, ChallengeStatus
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECTION = default_challenges()
TABLE, SILENCE = SECTION.table(), SECTION.silence
METHODS = tuple(M)
BY = {S.PASSED: ClosedBy.RESULT, S.FAILED: ClosedBy.RESULT, S.ABANDONED: ClosedBy.RESULT, S.EXPIRED: ClosedBy.TIME}


def result(method: M, status: S, by: ClosedBy | None = None, *, opened: bool = False) -> Challenge:
    return Challenge(
        id=method.value,
        method=method,
        created_at=NOON,
        expires_at=NOON,
        tries_left=0,
        sends_left=0,
        status=status,
        opened=opened,
        closed_at=NOON,
        closed_by=by or BY[status],
    )


def ratio(*results: Challenge, groups: tuple[str, ...] = ()) -> float:
    return ratio_of(results, groups, TABLE, SILENCE)


def doubt(score: float = 0.412, line: float = 0.05, **changes: Any) -> Doubt:
    return Doubt(odds=odds_of(score), allow_odds=odds_of(line), **changes)


def after(score: float, *methods: M) -> float:
    return probability_of(odds_of(score) * ratio(*(result(each, S.PASSED) for each in methods)))


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ((M.INSTITUTION_SSO,), 0.042),
        ((M.INSTITUTION_EMAIL_CODE,), 0.127),
        ((M.INSTITUTION_EMAIL_CODE, M.PHONE_CODE), 0.080),
        ((M.ORCID_SIGN_IN,), 0.070),
        ((M.ORCID_SIGN_IN, M.INSTITUTION_EMAIL_CODE), 0.015),
    ],
)
def test_the_worked_example(methods: tuple[M, ...], expected: float) -> None:
    assert after(0.412, *methods) == pytest.approx(expected, abs=0.001)


def test_in_the_worked_example_the_cheapest_that_settles_is_asked() -> None:
    without_sso = [each for each in METHODS if each is not M.INSTITUTION_SSO]
    mailed = [M.INSTITUTION_EMAIL_CODE, M.PHONE_CODE, M.ORCID_SIGN_IN]

    assert choose(doubt(), METHODS, TABLE, SILENCE) == (M.INSTITUTION_SSO,)
    assert set(choose(doubt(), mailed, TABLE, SILENCE)) == {M.INSTITUTION_EMAIL_CODE, M.ORCID_SIGN_IN}
    # A code and an ORCID lose fewer honest people than a document does alone.
    assert M.DOCUMENT_CHECK not in choose(doubt(), without_sso, TABLE, SILENCE)
    assert choose(doubt(), [M.INSTITUTION_EMAIL_CODE, M.PHONE_CODE], TABLE, SILENCE) == ()


def test_a_failed_sign_in_weighs_nineteenfold() -> None:
    assert ratio(result(M.INSTITUTION_SSO, S.FAILED)) == pytest.approx(18.8, abs=0.1)


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [
        (result(M.EMAIL_CODE, S.ABANDONED), 2.0),
        (result(M.EMAIL_CODE, S.EXPIRED), 1.2),
        (result(M.EMAIL_CODE, S.EXPIRED, opened=True), 2.0),
        (result(M.EMAIL_CODE, S.ABANDONED, ClosedBy.CANNOT), 1.0),
        (result(M.EMAIL_CODE, S.ABANDONED, ClosedBy.NOT_NEEDED), 1.0),
    ],
)
def test_silence_weighs_a_little_and_inability_nothing(challenge: Challenge, expected: float) -> None:
    assert ratio(challenge) == expected


def test_whoever_comes_back_and_passes_has_answered_for_their_silence() -> None:
    passed = result(M.PHONE_CODE, S.PASSED)

    assert ratio(result(M.PHONE_CODE, S.EXPIRED), passed) == ratio(passed)
    assert ratio(result(M.PHONE_CODE, S.FAILED), passed) > ratio(passed)


def test_two_proofs_of_one_kind_count_once_as_the_better_one() -> None:
    both = ratio(result(M.INSTITUTION_SSO, S.PASSED), result(M.INSTITUTION_EMAIL_CODE, S.PASSED))

    assert both == ratio(result(M.INSTITUTION_SSO, S.PASSED))


def test_two_of_one_kind_are_never_asked_together() -> None:
    pair = [M.INSTITUTION_SSO, M.INSTITUTION_EMAIL_CODE]

    assert choose(doubt(0.7, 0.03), pair, TABLE, SILENCE) == ()


def test_no_heap_of_proofs_counts_for_more_than_a_hundredfold() -> None:
    assert ratio(*(result(each, S.PASSED) for each in METHODS)) == LEAST_RATIO


def test_a_doubt_is_as_settled_as_its_least_settled_group() -> None:
    card = result(M.THREE_D_SECURE, S.PASSED)

    assert ratio(card, groups=("payment",)) == pytest.approx(0.40 / 0.92)
    assert ratio(card, groups=("payment", "linkage")) == pytest.approx(0.90 / 0.92)


def test_a_code_to_a_mailbox_that_may_be_bought_says_next_to_nothing() -> None:
    code = result(M.INSTITUTION_EMAIL_CODE, S.PASSED)

    assert ratio(code, groups=("email",)) < 0.25
    assert ratio(code, groups=("mail_suspect",)) > 0.95


LINKED = doubt(0.30, 0.25, groups=("linkage",), never_alone=frozenset(SECTION.occasions[Occasion.LINKAGE].never_alone))


@pytest.mark.parametrize("weak", [(M.PHONE_CODE,), (M.THREE_D_SECURE,), (M.PHONE_CODE, M.THREE_D_SECURE)])
def test_a_telephone_and_a_card_do_not_lift_a_linkage_floor_alone(weak: tuple[M, ...]) -> None:
    # Even where the odds would suffice: both are for sale.
    cheap = Doubt(odds=0.0001, allow_odds=1.0, groups=("linkage",), never_alone=LINKED.never_alone)
    passed = [result(each, S.PASSED) for each in weak]

    assert not settles(cheap, passed, TABLE, SILENCE)
    assert choose(cheap, weak, TABLE, SILENCE) == ()
    assert settles(cheap, [*passed, result(M.DOCUMENT_CHECK, S.PASSED)], TABLE, SILENCE)


def test_a_proof_that_says_nothing_lifts_no_floor_however_low_the_score() -> None:
    at_the_line = doubt(0.05, 0.05, groups=("payment",))

    assert not settles(at_the_line, [result(M.INSTITUTION_EMAIL_CODE, S.PASSED)], TABLE, SILENCE)
    assert settles(at_the_line, [result(M.THREE_D_SECURE, S.PASSED)], TABLE, SILENCE)


def test_what_the_reasons_point_to_goes_first() -> None:
    card = doubt(0.26, 0.25, groups=("payment",))
    pointing = doubt(0.26, 0.25, groups=("payment",), preferred={M.THREE_D_SECURE: 0.5})
    offered = [M.INSTITUTION_SSO, M.THREE_D_SECURE]

    assert choose(card, offered, TABLE, SILENCE) == (M.INSTITUTION_SSO,)
    assert choose(pointing, offered, TABLE, SILENCE) == (M.THREE_D_SECURE,)


def test_a_wished_method_is_among_what_is_asked_or_nothing_is() -> None:
    orcid = choose(doubt(), METHODS, TABLE, SILENCE, including=M.ORCID_SIGN_IN)

    assert M.ORCID_SIGN_IN in orcid
    assert len(orcid) == 2
    assert choose(doubt(0.9), METHODS, TABLE, SILENCE, including=M.PHONE_CODE) == ()


RESULTS = st.lists(
    st.builds(result, st.sampled_from(METHODS), st.sampled_from([S.PASSED, S.FAILED, S.ABANDONED, S.EXPIRED])),
    max_size=5,
)
GROUPS = st.lists(st.sampled_from([POOLED, "email", "mail_suspect", "linkage", "payment", "unheard_of"]), max_size=3)


@given(results=RESULTS, groups=GROUPS, method=st.sampled_from(METHODS))
def test_passing_more_never_raises_the_odds_and_failing_more_never_lowers_them(
    results: list[Challenge], groups: list[str], method: M
) -> None:
    before = ratio(*results, groups=tuple(groups))

    assert before >= LEAST_RATIO
    assert ratio(*results, result(method, S.PASSED), groups=tuple(groups)) <= before * (1 + 1e-12)
    assert ratio(*results, result(method, S.FAILED), groups=tuple(groups)) >= before * (1 - 1e-12)


@given(
    score=st.floats(0.0, 1.0),
    line=st.floats(0.01, 0.6),
    groups=GROUPS,
    candidates=st.lists(st.sampled_from(METHODS), unique=True),
)
def test_what_is_asked_settles_the_doubt_and_nothing_cheaper_would(
    score: float, line: float, groups: list[str], candidates: list[M]
) -> None:
    doubted = doubt(score, line, groups=tuple(groups))
    chosen = choose(doubted, candidates, TABLE, SILENCE)

    assert len(chosen) <= 2
    assert set(chosen) <= set(candidates)
    if chosen:
        assert settles(doubted, [result(each, S.PASSED) for each in chosen], TABLE, SILENCE)
    cost = sum(TABLE[each].honest_loss for each in chosen) or math.inf
    for each in candidates:
        assert TABLE[each].honest_loss >= cost or not settles(doubted, [result(each, S.PASSED)], TABLE, SILENCE)
