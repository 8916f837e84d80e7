"""The rules of a case, without any store: who may do what when, and what comes first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.signup import AccountType
from service.domain.case import Case, CaseKind, CaseState, in_blind_sample
from service.domain.case_rank import priority_of, rank_of
from service.domain.errors import ConflictError, ForbiddenError, InvalidError
from service.domain.policy import parse_policy
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.reviewer import Acting, Role
from service.domain.verdict import VERDICT_REASONS, Verdict, agreement, check_reason, reasons_of
from service.usecases.open_case import new_case

LEASE = timedelta(minutes=30)
HOURS = st.floats(0, 400)


@pytest.fixture
def case(noon: datetime, new_id: Callable[[datetime], str], review_policy: ReviewPolicy) -> Case:
    return new_case(
        CaseKind.REVIEW,
        owner="acme",
        subject="signup:r1",
        record_id="r1",
        account_type=AccountType.EDUCATIONAL,
        assessment=None,
        review=review_policy,
        now=noon,
        new_id=new_id,
    )


def test_a_claimed_case_is_refused_to_others_until_its_lease_ends(case: Case, noon: datetime) -> None:
    held = case.claimed("reviewer:dana", now=noon, lease=LEASE)

    with pytest.raises(ConflictError, match=r"^dana holds this case for another 1 minute\.$"):
        held.claimed("reviewer:eli", now=noon + timedelta(minutes=29), lease=LEASE)
    assert held.claimed("reviewer:eli", now=noon + LEASE, lease=LEASE).holder == "reviewer:eli"


@pytest.mark.parametrize(
    ("minutes", "later", "said"),
    [
        (31, None, "Your lease ended at 12:30:00 UTC"),
        (31, "reviewer:eli", "Your lease was lost: eli holds this case now"),
        (5, "back", "Claim the case first"),
    ],
)
def test_a_lost_lease_is_told_in_words(case: Case, noon: datetime, minutes: int, later: str | None, said: str) -> None:
    held, now = case.claimed("reviewer:dana", now=noon, lease=LEASE), noon + timedelta(minutes=minutes)
    if later == "back":
        held = held.released()
    elif later is not None:
        held = held.claimed(later, now=now, lease=LEASE)

    with pytest.raises(ConflictError, match=said):
        held.require_held("reviewer:dana", now)


@pytest.mark.parametrize(
    "step",
    [
        lambda case, now: case.claimed("reviewer:eli", now=now, lease=LEASE),
        lambda case, _: case.assigned("reviewer:eli"),
        lambda case, _: case.escalated("escalated", share=0.1),
        lambda case, now: case.snoozed(now + LEASE, now=now),
        lambda case, now: case.louder(now=now, again_after=LEASE),
        lambda case, now: case.resolved(Verdict.REJECT, "AUTOMATED", by="reviewer:eli", now=now),
    ],
)
def test_nothing_but_reopening_moves_a_resolved_case(case: Case, noon: datetime, step: Any) -> None:
    resolved = case.resolved(Verdict.APPROVE, "FALSE_ALARM", by="reviewer:dana", now=noon)

    with pytest.raises(ConflictError, match="resolved by dana: approve"):
        step(resolved, noon)
    assert resolved.reopened(now=noon, due_after=LEASE).state is CaseState.OPEN


@pytest.mark.parametrize(
    ("settled", "said", "by", "reason"),
    [
        (lambda case, now: case.settled("c-1", now=now), "its cluster is contained", "containment:c-1", "CONTAINED"),
        (lambda case, now: case.settled_by_release("c-1", now=now), "answered itself", "release:c-1", "RELEASED"),
        (lambda case, now: case.settled_by_correction("r-1", now=now), "itself", "correction:r-1", "BANS_CORRECTED"),
    ],
)
def test_what_nobody_judged_is_in_nobody_s_hands_and_a_lead_s_to_reopen(
    case: Case, noon: datetime, settled: Any, said: str, by: str, reason: str
) -> None:
    closed = settled(case.claimed("reviewer:dana", now=noon, lease=LEASE), noon)

    assert (closed.holder, closed.resolved_by, closed.reason_code, closed.judged_by_nobody) == (None, by, reason, True)
    assert closed.opinions_given == closed.reopened(now=noon, due_after=LEASE).opinions_given == case.opinions_given
    with pytest.raises(ConflictError, match=said):
        closed.require_held("reviewer:dana", noon)


def test_whoever_may_be_denied_wrongly_counts_in_full_in_every_queue(case: Case, noon: datetime) -> None:
    quiet = replace(case, risk=0.06)
    released = replace(quiet, subject="unfounded:c-1")

    moved = [each.escalated("escalated", share=0.1).rank for each in (quiet, released)]

    assert moved[1] == pytest.approx(rank_of(1.0, case.opened_at, share=0.1))
    assert moved[0] == pytest.approx(rank_of(0.06, case.opened_at, share=0.1))


def test_a_case_is_put_off_to_a_time_to_come_only(case: Case, noon: datetime) -> None:
    with pytest.raises(ConflictError):
        case.snoozed(noon, now=noon)


def test_whoever_judged_before_is_refused(case: Case, noon: datetime) -> None:
    judged = case.claimed("reviewer:dana", now=noon, lease=LEASE).with_opinion("reviewer:dana")

    with pytest.raises(ForbiddenError):
        judged.claimed("reviewer:dana", now=noon, lease=LEASE)


@given(
    risks=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    opened=st.tuples(HOURS, HOURS),
    shares=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)),
    later=HOURS,
)
def test_two_cases_never_change_their_order_while_time_passes(
    risks: tuple[float, float], opened: tuple[float, float], shares: tuple[float, float], later: float
) -> None:
    start = datetime.fromisoformat("2026-11-23T12:00:00+00:00")
    times = [start + timedelta(hours=each) for each in opened]
    ranks = [rank_of(risk, at, share=share) for risk, at, share in zip(risks, times, shares, strict=True)]
    cases = [_ranked(rank, at) for rank, at in zip(ranks, times, strict=True)]
    first, second = (priority_of(each.rank, start + timedelta(hours=401 + later)) for each in cases)

    assert (ranks[0] < ranks[1]) == (first < second) or first == pytest.approx(second, rel=1e-6)


def test_a_working_day_of_waiting_weighs_as_much_as_twice_the_risk(noon: datetime) -> None:
    patient = rank_of(0.3, noon - timedelta(hours=8), share=0.5)

    assert patient == pytest.approx(rank_of(0.6, noon, share=0.5))


def test_capacity_and_loudness_raise_a_case(noon: datetime) -> None:
    plain = rank_of(0.3, noon, share=0.25)

    assert rank_of(0.3, noon, share=0.5) == pytest.approx(plain + 1)
    assert rank_of(0.3, noon, share=0.25, loudness=2) == pytest.approx(plain + 2)


def test_the_blind_sample_is_the_share_asked_for_and_always_the_same(
    noon: datetime, new_id: Callable[[datetime], str]
) -> None:
    ids = [new_id(noon) for _ in range(4_000)]

    sampled = [each for each in ids if in_blind_sample(each, 0.1)]
    assert 280 < len(sampled) < 520
    assert all(in_blind_sample(each, 0.1) for each in sampled)
    assert not any(in_blind_sample(each, 0.0) for each in ids)
    assert all(in_blind_sample(each, 1.0) for each in ids)


def test_every_verdict_has_reasons_of_its_own_and_takes_no_other() -> None:
    for verdict in Verdict:
        assert reasons_of(verdict)
        for reason in VERDICT_REASONS:
            if reason.verdict is verdict:
                assert check_reason(verdict, reason.code) is reason
            else:
                with pytest.raises(InvalidError):
                    check_reason(verdict, reason.code)
    assert len({reason.code for reason in VERDICT_REASONS}) == len(VERDICT_REASONS)


A, R = Verdict.APPROVE, Verdict.REJECT


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        ([], None),
        ([(A, A), (A, A)], None),
        ([(A, A), (R, R)], 1.0),
        ([(A, R), (R, A)], -1.0),
        # Cohen's own form of example: 20 and 15 agreed, 5 and 10 did not.
        ([(A, A)] * 20 + [(A, R)] * 5 + [(R, A)] * 10 + [(R, R)] * 15, 0.4),
    ],
)
def test_agreement_is_what_chance_does_not_explain(pairs: list[tuple[Verdict, Verdict]], kappa: float | None) -> None:
    assert agreement(pairs) == (None if kappa is None else pytest.approx(kappa))


def test_roles_cover_those_below() -> None:
    lead = Acting("reviewer:lea", Role.LEAD)

    lead.require(Role.REVIEWER)
    with pytest.raises(ForbiddenError, match="needs the role 'admin'; yours is 'lead'"):
        lead.require(Role.ADMIN)


def test_a_new_case_goes_to_the_first_queue_that_takes_it(
    assess: Callable[..., Any], review_policy: ReviewPolicy, noon: datetime, new_id: Callable[[datetime], str]
) -> None:
    def queue(kind: CaseKind, account_type: AccountType, assessment: Any) -> str:
        return new_case(
            kind,
            owner="acme",
            subject="s",
            record_id="r",
            account_type=account_type,
            assessment=assessment,
            review=review_policy,
            now=noon,
            new_id=new_id,
        ).queue

    linked, plain = assess(), assess(reasons=())

    assert queue(CaseKind.APPEAL, AccountType.RESEARCH, linked) == "appeals"
    assert queue(CaseKind.REVIEW, AccountType.RESEARCH, linked) == "networks"
    assert queue(CaseKind.REVIEW, AccountType.RESEARCH, plain) == "research"
    assert queue(CaseKind.MANUAL, AccountType.EDUCATIONAL, plain) == "educational"


def test_the_reasons_of_a_case_are_those_that_raised_the_risk_strongest_first(
    assess: Callable[..., Any], review_policy: ReviewPolicy, noon: datetime, new_id: Callable[[datetime], str]
) -> None:
    case = new_case(
        CaseKind.REVIEW,
        owner="acme",
        subject="s",
        record_id="r",
        account_type=AccountType.EDUCATIONAL,
        assessment=assess(),
        review=review_policy,
        now=noon,
        new_id=new_id,
    )

    assert (case.reasons, case.reason_group) == (("DEVICE_SHARED", "MAIL_KIND", "DISPOSABLE_MAIL"), "linkage")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('[review]\nescalation = "nowhere"', "the queue to escalate to, nowhere, is not among the queues"),
        (
            '[[review.queues]]\nname = "escalated"\nby_hand = true',
            "one queue must take whatever no other takes: leave its conditions out",
        ),
        (
            '[[review.queues]]\nname = "escalated"\n[[review.queues]]\nname = "escalated"',
            "two queues are called escalated",
        ),
        ("[review]\nlease_minutes = 0", "/review/lease_minutes"),
        ("[review]\nlease = 5", "/review/lease"),
    ],
)
def test_a_wrong_review_section_is_refused_with_a_reason(section: str, said: str) -> None:
    from service.domain.policy import default_policy_text

    with pytest.raises(InvalidError, match=said):
        parse_policy(f"{default_policy_text()}\n{section}\n", version=2)


def _ranked(rank: float, opened_at: datetime) -> Case:
    return Case(
        id="c",
        owner="acme",
        subject="s",
        kind=CaseKind.REVIEW,
        record_id=None,
        account_type=AccountType.EDUCATIONAL,
        queue="q",
        reason_group="rule",
        reasons=(),
        risk=0.5,
        size=1,
        rank=rank,
        opened_at=opened_at,
        due_at=opened_at,
        louder_at=opened_at,
    )
