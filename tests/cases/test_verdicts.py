"""Verdicts over every store: what they make of the sign-up, what they leave behind, and when they are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.case import Case, CaseState
from service.domain.decision import Decision
from service.domain.errors import ConflictError, ForbiddenError, NotFoundError
from service.domain.event import EventType
from service.domain.policy import Policy
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.reviewer import Acting
from service.domain.verdict import Verdict
from service.usecases.case_use_cases import CaseUseCases, case_use_cases
from service.usecases.decide_by_person import VerdictOutcome
from service.usecases.give_verdict import Effect
from service.usecases.views import ChallengeView

Hold = Callable[..., Case]
MINUTE = timedelta(minutes=1)


def decisions(store: Any, case: Case) -> list[Decision]:
    with store.begin() as work:
        return [each.decision for each in work.ledger.get(None, case.record_id).assessments]


def events(store: Any, subject: str) -> list[EventType]:
    with store.begin() as work:
        return [each.type for each in work.events.of_subject(subject)]


@pytest.mark.parametrize(
    ("verdict", "reason", "decision"),
    [
        (Verdict.APPROVE, "FALSE_ALARM", Decision.ALLOW),
        (Verdict.REJECT, "LINKED_TO_FRAUD", Decision.DENY),
        (Verdict.ASK_MORE, "INSTITUTION_PROOF", Decision.STEP_UP),
    ],
)
def test_a_verdict_becomes_a_decision_by_a_person_and_is_told(
    store: Any,
    hold: Hold,
    desk: CaseUseCases,
    dana: Acting,
    noon: datetime,
    verdict: Verdict,
    reason: str,
    decision: Decision,
) -> None:
    case = hold(store)
    desk.handle.claim_next(acting=dana, now=noon)

    given = desk.verdict(case.id, verdict, reason, acting=dana, now=noon + MINUTE, note="Registrar rang back")

    assert (given.effect, given.case.state, given.case.verdict) == (Effect.APPLIED, CaseState.RESOLVED, verdict)
    with store.begin() as work:
        recorded = work.ledger.get(None, case.record_id)
        changed = work.events.of_subject(case.record_id)[-1]
        resolved = work.events.of_subject(case.id)[-1]
        actions = [entry.action for entry in work.audit.entries(subject=case.id)]
        notes = work.cases.notes(case.id)
    last = recorded.assessments[-1]
    assert (last.decision, last.score, last.vector) == (decision, 0.8, None)
    assert [(each.code, each.group) for each in last.reasons] == [(reason, "review")]
    assert (changed.type, changed.data["decision"]) == (EventType.SIGNUP_CHANGED, decision.value)
    assert (changed.data["previous_decision"], changed.data["case_id"]) == ("review", case.id)
    assert (resolved.type, resolved.data["verdict"]) == (EventType.CASE_RESOLVED, verdict.value)
    assert resolved.data["signup_id"] == recorded.signup.signup_id
    assert actions == ["case.resolved", "case.claimed"]
    assert [note.text for note in notes] == ["Registrar rang back"]


def test_a_verdict_that_changes_nothing_says_so(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, noon: datetime
) -> None:
    case = hold(store)
    desk.handle.claim(case.id, acting=dana, now=noon)
    desk.verdict(case.id, Verdict.REJECT, "AUTOMATED", acting=dana, now=noon)
    desk.take_back.reopen(case.id, acting=dana, now=noon + 5 * MINUTE)
    desk.handle.claim(case.id, acting=dana, now=noon + 5 * MINUTE)

    again = desk.verdict(case.id, Verdict.REJECT, "LINKED_TO_FRAUD", acting=dana, now=noon + 6 * MINUTE)

    assert again.effect is Effect.NONE
    assert again.opinion is not None
    assert (again.opinion.version, again.opinion.before, again.opinion.after) == (2, Decision.DENY, None)
    assert decisions(store, case) == [Decision.REVIEW, Decision.DENY]
    assert events(store, case.record_id or "") == [EventType.SIGNUP_CHANGED]


def test_a_verdict_is_corrected_by_a_later_version(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, lea: Acting, eli: Acting, noon: datetime
) -> None:
    case = hold(store)
    desk.handle.claim(case.id, acting=dana, now=noon)
    desk.verdict(case.id, Verdict.REJECT, "AUTOMATED", acting=dana, now=noon)

    with pytest.raises(ForbiddenError):
        desk.take_back.reopen(case.id, acting=eli, now=noon + MINUTE)
    desk.take_back.reopen(case.id, acting=lea, now=noon + MINUTE)
    assert decisions(store, case) == [Decision.REVIEW, Decision.DENY]
    desk.handle.claim(case.id, acting=lea, now=noon + MINUTE)
    desk.verdict(case.id, Verdict.APPROVE, "FALSE_ALARM", acting=lea, now=noon + 2 * MINUTE)

    assert decisions(store, case) == [Decision.REVIEW, Decision.DENY, Decision.ALLOW]
    with store.begin() as work:
        assert [(each.version, each.verdict) for each in work.cases.opinions(case.id)] == [
            (1, Verdict.REJECT),
            (2, Verdict.APPROVE),
        ]


def test_a_verdict_without_the_lease_is_refused_and_leaves_nothing(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, noon: datetime
) -> None:
    case = hold(store)
    late = noon + timedelta(minutes=31)
    desk.handle.claim(case.id, acting=dana, now=noon)

    with pytest.raises(ConflictError, match="Your lease ended"):
        desk.verdict(case.id, Verdict.APPROVE, "FALSE_ALARM", acting=dana, now=late, note="lost")
    desk.handle.claim(case.id, acting=eli, now=late)
    with pytest.raises(ConflictError, match="Your lease was lost: eli"):
        desk.verdict(case.id, Verdict.APPROVE, "FALSE_ALARM", acting=dana, now=late)

    assert decisions(store, case) == [Decision.REVIEW]
    with store.begin() as work:
        assert work.cases.notes(case.id) == ()


def test_a_lease_is_renewed_by_its_holder_only(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, noon: datetime
) -> None:
    case = hold(store)
    desk.handle.claim(case.id, acting=dana, now=noon)

    extended = desk.handle.extend(case.id, acting=dana, now=noon + 20 * MINUTE)

    assert extended.lease_until == noon + 50 * MINUTE
    with pytest.raises(ConflictError):
        desk.handle.extend(case.id, acting=eli, now=noon)


def test_a_case_is_given_back_by_its_holder_or_a_lead(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, lea: Acting, noon: datetime
) -> None:
    case = hold(store)
    desk.handle.claim(case.id, acting=dana, now=noon)

    with pytest.raises(ForbiddenError):
        desk.handle.release(case.id, acting=eli, now=noon)
    assert desk.handle.release(case.id, acting=lea, now=noon).state is CaseState.OPEN


def test_a_case_kept_for_somebody_is_refused_to_others(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, lea: Acting, noon: datetime
) -> None:
    case = hold(store)

    with pytest.raises(ForbiddenError):
        desk.handle.assign(case.id, dana.name, acting=eli, now=noon)
    desk.handle.assign(case.id, dana.name, acting=lea, now=noon)
    with pytest.raises(ConflictError, match="assigned to dana"):
        desk.handle.claim(case.id, acting=eli, now=noon)
    assert desk.handle.claim(case.id, acting=dana, now=noon).holder == dana.name


def test_access_is_checked_on_the_case_itself(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, noon: datetime
) -> None:
    case = hold(store)
    outsider = replace(dana, queues=frozenset({"research"}))
    foreigner = replace(dana, owner="other")

    for step in (
        lambda acting: desk.handle.claim(case.id, acting=acting, now=noon),
        lambda acting: desk.handle.note(case.id, "hello", acting=acting, now=noon),
        lambda acting: desk.read.read(case.id, acting=acting),
        lambda acting: desk.verdict(case.id, Verdict.APPROVE, "FALSE_ALARM", acting=acting, now=noon),
    ):
        with pytest.raises(ForbiddenError, match="queue 'networks'"):
            step(outsider)
        with pytest.raises(NotFoundError):
            step(foreigner)
    assert desk.handle.claim_next(acting=outsider, now=noon) is None
    assert desk.handle.claim_next(acting=foreigner, now=noon) is None
    with pytest.raises(ForbiddenError):
        desk.handle.claim_next(acting=outsider, now=noon, queue="networks")


def test_an_escalated_case_waits_open_in_the_other_queue(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, noon: datetime
) -> None:
    case = hold(store)
    desk.handle.claim(case.id, acting=dana, now=noon)

    given = desk.verdict(case.id, Verdict.ESCALATE, "SENIOR_NEEDED", acting=dana, now=noon, note="Not sure")

    assert (given.effect, given.case.state, given.case.queue) == (Effect.ESCALATED, CaseState.OPEN, "escalated")
    assert decisions(store, case) == [Decision.REVIEW]
    with store.begin() as work:
        assert work.cases.get(None, case.id) == given.case
        assert len(work.cases.notes(case.id)) == 1


def test_one_s_own_verdict_is_undone_within_the_window_only(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, review_policy: ReviewPolicy, noon: datetime
) -> None:
    case = hold(store)
    desk.handle.claim(case.id, acting=dana, now=noon)
    desk.verdict(case.id, Verdict.REJECT, "AUTOMATED", acting=dana, now=noon)

    with pytest.raises(ConflictError, match="Only whoever gave"):
        desk.take_back.undo(case.id, acting=eli, now=noon)
    with pytest.raises(ConflictError, match="60 seconds"):
        desk.take_back.undo(case.id, acting=dana, now=noon + review_policy.undo_window + timedelta(seconds=1))
    back = desk.take_back.undo(case.id, acting=dana, now=noon + review_policy.undo_window)

    assert (back.state, back.holder, back.due_at) == (CaseState.CLAIMED, dana.name, case.due_at)
    assert decisions(store, case) == [Decision.REVIEW, Decision.DENY, Decision.REVIEW]
    assert events(store, case.record_id or "") == [EventType.SIGNUP_CHANGED] * 2
    with store.begin() as work:
        assert work.cases.opinions(case.id)[0].undone == noon + review_policy.undo_window
    desk.verdict(case.id, Verdict.APPROVE, "FALSE_ALARM", acting=dana, now=noon + 2 * MINUTE)
    assert decisions(store, case)[-1] is Decision.ALLOW


def test_a_verdict_in_the_moment_of_a_denial_comes_after_it(
    store: Any,
    hold: Hold,
    desk: CaseUseCases,
    dana: Acting,
    noon: datetime,
    overtaken: Callable[..., Any],
    denying: Callable[..., Any],
) -> None:
    """Though the worker's clock is a little ahead."""
    case = hold(store)
    desk.handle.claim(case.id, acting=dana, now=noon)
    verdict = replace(desk.verdict, begin=overtaken(store.begin, denying(case.record_id, at=noon + 2 * MINUTE)))

    given = verdict(case.id, Verdict.APPROVE, "FALSE_ALARM", acting=dana, now=noon + MINUTE)

    assert decisions(store, case) == [Decision.REVIEW, Decision.DENY, Decision.ALLOW]
    assert (given.opinion.before, given.opinion.after) == (Decision.DENY, Decision.ALLOW)
    with store.begin() as work:
        assert len(work.cases.opinions(case.id)) == 1


def test_an_undo_leaves_what_was_decided_since_the_verdict(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, noon: datetime, denying: Callable[..., Any]
) -> None:
    case = hold(store)
    desk.handle.claim(case.id, acting=dana, now=noon)
    desk.verdict(case.id, Verdict.APPROVE, "FALSE_ALARM", acting=dana, now=noon)
    with store.begin() as work:
        denying(case.record_id, at=noon + timedelta(seconds=1))(work)
        work.commit()

    back = desk.take_back.undo(case.id, acting=dana, now=noon + timedelta(seconds=30))

    assert back.state is CaseState.CLAIMED
    assert decisions(store, case) == [Decision.REVIEW, Decision.ALLOW, Decision.DENY]
    with store.begin() as work:
        assert work.cases.opinions(case.id)[0].undone is not None


def test_two_blind_opinions_that_agree_resolve_the_case(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, noon: datetime
) -> None:
    case = hold(store, review=ReviewPolicy(blind_sample=1.0))
    desk.handle.claim(case.id, acting=dana, now=noon)

    first = desk.verdict(case.id, Verdict.REJECT, "AUTOMATED", acting=dana, now=noon)

    assert (first.effect, first.case.state) == (Effect.OPINION, CaseState.OPEN)
    assert decisions(store, case) == [Decision.REVIEW]
    with pytest.raises(ForbiddenError):
        desk.handle.claim(case.id, acting=dana, now=noon)
    assert desk.handle.claim_next(acting=dana, now=noon) is None
    assert desk.read.read(case.id, acting=eli).opinions == ()
    assert len(desk.read.read(case.id, acting=dana).opinions) == 1
    assert "reject" not in str(desk.read.read(case.id, acting=eli).history)
    desk.handle.claim(case.id, acting=eli, now=noon)
    second = desk.verdict(case.id, Verdict.REJECT, "LINKED_TO_FRAUD", acting=eli, now=noon)
    assert (second.effect, second.case.state) == (Effect.APPLIED, CaseState.RESOLVED)
    assert len(desk.read.read(case.id, acting=eli).opinions) == 2


def test_two_blind_opinions_that_differ_go_to_a_third_person(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, lea: Acting, noon: datetime
) -> None:
    case = hold(store, review=ReviewPolicy(blind_sample=1.0))
    for acting, verdict, reason in ((dana, Verdict.REJECT, "AUTOMATED"), (eli, Verdict.APPROVE, "FALSE_ALARM")):
        desk.handle.claim(case.id, acting=acting, now=noon)
        given = desk.verdict(case.id, verdict, reason, acting=acting, now=noon)

    assert (given.effect, given.case.queue, given.case.state) == (Effect.ESCALATED, "escalated", CaseState.OPEN)
    assert decisions(store, case) == [Decision.REVIEW]
    for judge in (dana, eli):
        with pytest.raises(ForbiddenError):
            desk.handle.claim(case.id, acting=judge, now=noon)
    desk.handle.claim(case.id, acting=lea, now=noon)
    assert desk.verdict(case.id, Verdict.APPROVE, "FALSE_ALARM", acting=lea, now=noon).effect is Effect.APPLIED
    with store.begin() as work:
        assert work.cases.pairs(since=noon) == ((Verdict.REJECT, Verdict.APPROVE),)


def test_an_appeal_is_judged_by_another_first_without_the_earlier_decision(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, noon: datetime
) -> None:
    case = hold(store)
    with pytest.raises(ConflictError, match="Only a denial"):
        desk.appeal(case.record_id or "", "I study here.", owner="acme", by="key:k", now=noon)
    desk.handle.claim(case.id, acting=dana, now=noon)
    desk.verdict(case.id, Verdict.REJECT, "IDENTITY_FALSE", acting=dana, now=noon)

    appeal = desk.appeal(case.record_id or "", "I study here.", owner="acme", by="key:k", now=noon + MINUTE)

    assert (appeal.queue, appeal.hides_earlier) == ("appeals", True)
    with pytest.raises(ConflictError, match="not resolved yet"):
        desk.appeal(case.record_id or "", "Again.", owner="acme", by="key:k", now=noon + MINUTE)
    with pytest.raises(ForbiddenError):
        desk.handle.claim(appeal.id, acting=dana, now=noon + MINUTE)
    desk.handle.claim(appeal.id, acting=eli, now=noon + MINUTE)
    first = desk.verdict(appeal.id, Verdict.APPROVE, "INSTITUTION_CONFIRMED", acting=eli, now=noon + MINUTE)
    assert (first.effect, first.case.holder, first.case.hides_earlier) == (Effect.OPINION, eli.name, False)
    assert decisions(store, case)[-1] is Decision.DENY
    final = desk.verdict(appeal.id, Verdict.APPROVE, "INSTITUTION_CONFIRMED", acting=eli, now=noon + 2 * MINUTE)
    assert final.effect is Effect.APPLIED
    assert decisions(store, case)[-1] is Decision.ALLOW
    assert events(store, case.record_id or "")[-2:] == [EventType.SIGNUP_CHANGED, EventType.APPEAL_RESOLVED]


def test_outcomes_and_challenges_are_staged_in_the_verdict_s_own_transaction(
    store: Any, hold: Hold, policy: Callable[[], Policy], dana: Acting, noon: datetime, new_id: Any
) -> None:
    told: list[VerdictOutcome] = []

    def ask(work: Any, recorded: Any, now: datetime) -> tuple[ChallengeView, ...]:
        return (ChallengeView("ch1", "institution_email_code", "pending", now + MINUTE),)

    desk = case_use_cases(
        store.begin, policy=policy, new_id=new_id, tell_outcome=lambda _, outcome: told.append(outcome), ask_more=ask
    )
    case = hold(store)
    desk.handle.claim(case.id, acting=dana, now=noon)
    desk.verdict(case.id, Verdict.ASK_MORE, "INSTITUTION_PROOF", acting=dana, now=noon)
    desk.take_back.undo(case.id, acting=dana, now=noon)

    assert [(each.verdict, each.reason_code, each.withdrawn) for each in told] == [
        (Verdict.ASK_MORE, "INSTITUTION_PROOF", False),
        (Verdict.ASK_MORE, "INSTITUTION_PROOF", True),
    ]
    with store.begin() as work:
        changed = work.events.of_subject(case.record_id)[0]
    assert changed.data["challenges"] == [{"id": "ch1", "method": "institution_email_code", "status": "pending"}]


def test_a_case_by_hand_is_opened_once(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, make_record: Any, noon: datetime
) -> None:
    record = make_record()
    with store.begin() as work:
        work.ledger.append(record)
        work.commit()

    case = desk.open(record.id, acting=dana, now=noon, note="Looks odd")

    with pytest.raises(ConflictError, match=case.id):
        desk.open(record.id, acting=dana, now=noon)
    with pytest.raises(NotFoundError):
        desk.open("nobody", acting=dana, now=noon)
    desk.handle.claim(case.id, acting=dana, now=noon)
    # A sign-up that was only recorded had no decision before.
    given = desk.verdict(case.id, Verdict.REJECT, "AUTOMATED", acting=dana, now=noon)
    assert given.effect is Effect.APPLIED
    assert given.opinion is not None
    assert given.opinion.before is None
