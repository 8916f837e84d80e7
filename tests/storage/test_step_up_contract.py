"""Step-ups, mails, appeals and pass rates: one contract over memory, SQLite and PostgreSQL."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.challenge import Challenge, ChallengeMethod, ChallengeStatus, ClosedBy
from service.domain.decision import Assessment
from service.domain.evidence import POOLED, Doubt, odds_of
from service.domain.outcome import Grade, Label, Outcome, Statement
from service.domain.pass_rates import Side, estimate
from service.domain.policy import default_policy_text, parse_policy
from service.domain.policy_sections.challenges import default_challenges
from service.domain.step_up import PageSeal, StepUp, steps_between
from service.storage.sql.store import SqlStore
from service.usecases.estimate_rates import EstimateRates
from service.usecases.ports import AlreadyRecordedError, NewRecord
from service.usecases.ports_step_up import Appeal, AppealKind, Mail, NewStepUp, StepUpMovedError

M, S = ChallengeMethod, ChallengeStatus
HOUR = timedelta(hours=1)
DOUBT = Doubt(
    odds=0.7,
    allow_odds=0.05,
    groups=("email", "linkage"),
    never_alone=frozenset({M.PHONE_CODE}),
    occasions=("linkage",),
    preferred={M.INSTITUTION_SSO: 0.5},
    score=0.412,
)


def challenge(challenge_id: str, at: datetime, **changes: Any) -> Challenge:
    plain: dict[str, Any] = {"method": M.EMAIL_CODE, "expires_at": at + HOUR, "tries_left": 3, "sends_left": 2}
    return Challenge(id=challenge_id, created_at=at, **{**plain, **changes})


@pytest.fixture
def begun(
    store: Any, make_record: Callable[..., NewRecord], make_assessment: Callable[..., Assessment], noon: datetime
) -> Callable[..., StepUp]:
    """Records a sign-up with a step-up."""

    def begin(name: str = "one", *challenges: Challenge, doubt: Doubt = DOUBT, mails: tuple[Mail, ...] = ()) -> StepUp:
        record = make_record(f"su_{name}", assessment=make_assessment())
        asked = challenges or (challenge(f"{name}-1", noon), challenge(f"{name}-2", noon, method=M.ORCID_SIGN_IN))
        step_up = StepUp(record.id, "acme", "AAAA-BBBB-CCCC", PageSeal(1, name.encode() * 8), doubt, asked)
        new = NewStepUp(step_up, tuple(steps_between(None, step_up, now=noon, actor="gatehouse")), mails)
        with store.begin() as work:
            work.ledger.append(replace(record, step_up=new))
            work.commit()
        return step_up

    return begin


def saved(store: Any, before: StepUp, after: StepUp, now: datetime) -> None:
    with store.begin() as work:
        work.step_ups.save(before, after, tuple(steps_between(before, after, now=now, actor="key:k1")))
        work.commit()


def test_a_step_up_begins_with_its_decision_and_is_found_by_record_challenge_and_page(
    store: Any, begun: Callable[..., StepUp]
) -> None:
    step_up = begun()

    with store.begin() as work:
        assert work.step_ups.of_record(step_up.record_id) == step_up
        assert work.step_ups.of_challenge("acme", "one-2") == step_up
        assert work.step_ups.of_challenge(None, "one-2") == step_up
        assert work.step_ups.of_page(step_up.page.digest) == step_up
        assert work.step_ups.of_challenge("somebody else", "one-2") is None
        assert work.step_ups.of_page(b"another") is None
        assert [(each.what, each.detail["method"]) for each in work.step_ups.history(step_up.record_id)] == [
            ("asked", "email_code"),
            ("asked", "orcid_sign_in"),
        ]


def test_a_sign_up_that_is_refused_leaves_no_step_up(
    store: Any, begun: Callable[..., StepUp], make_record: Callable[..., NewRecord], noon: datetime
) -> None:
    first = begun()
    again = make_record("su_one")
    step_up = replace(first, record_id=again.id, page=PageSeal(1, b"again"), challenges=(challenge("x", noon),))
    mail = Mail("m1", "x", "en", noon)
    with store.begin() as work:
        work.ledger.append(replace(again, step_up=NewStepUp(step_up, (), (mail,))))
        with pytest.raises(AlreadyRecordedError):
            work.commit()

    with store.begin() as work:
        assert work.step_ups.of_challenge(None, "x") is None
        assert work.mails.claim(now=noon, until=noon + HOUR, limit=10) == ()


def test_a_change_is_kept_with_its_history_and_everything_a_challenge_holds(
    store: Any, begun: Callable[..., StepUp], noon: datetime
) -> None:
    before = begun()
    first, second = before.challenges
    first = replace(first, opened=True, tries_left=2, address="oriane@college.example", sent_at=noon)
    first = first.with_code(b"\x01" * 32, now=noon, good_for=HOUR)
    second = second.answered(S.PASSED, ClosedBy.SIGN_IN, now=noon, evidence={"age_days": 200}, proof=b"\x02" * 32)
    third = challenge("one-3", noon, method=M.DOCUMENT_CHECK)
    after = before.with_challenge(first).with_challenge(second).asking(third)

    saved(store, before, after, noon)

    with store.begin() as work:
        assert work.step_ups.of_record(before.record_id) == replace(after, version=1)
        told = [(each.challenge_id, each.what) for each in work.step_ups.history(before.record_id)][2:]
    assert told == [
        ("one-1", "opened"),
        ("one-1", "code_made"),
        ("one-1", "wrong_answer"),
        ("one-2", "passed"),
        ("one-3", "asked"),
    ]


def test_the_slower_of_two_changes_is_refused_and_writes_nothing(
    store: Any, begun: Callable[..., StepUp], noon: datetime
) -> None:
    before = begun()
    saved(store, before, before.with_challenge(before.challenges[0].wrong(ClosedBy.CODE, now=noon)), noon)

    with store.begin() as work:
        work.appeals.add(Appeal("a1", before.record_id, "acme", "AAAA-BBBB-CCCC", AppealKind.HUMAN, noon))
        work.step_ups.save(before, before.with_challenge(before.challenges[1].cannot(noon)), ())
        with pytest.raises(StepUpMovedError):
            work.commit()

    with store.begin() as work:
        kept = work.step_ups.of_record(before.record_id)
        assert kept.challenges[1].pending
        assert kept.version == 1
        assert len(work.step_ups.history(before.record_id)) == 3


def test_of_many_changes_at_once_exactly_one_is_kept(store: Any, begun: Callable[..., StepUp], noon: datetime) -> None:
    before = begun()
    after = before.with_challenge(before.challenges[0].wrong(ClosedBy.CODE, now=noon))
    together, won = threading.Barrier(4), []

    def change() -> None:
        together.wait()
        try:
            saved(store, before, after, noon)
            won.append(1)
        except StepUpMovedError:
            pass

    threads = [threading.Thread(target=change) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert won == [1]


def test_only_what_is_pending_past_its_time_is_due(store: Any, begun: Callable[..., StepUp], noon: datetime) -> None:
    late, over = begun("late"), begun("over")
    begun("fresh", challenge("fresh-1", noon, expires_at=noon + 3 * HOUR))
    saved(store, over, over.each(lambda each: each.cannot(noon)), noon)

    with store.begin() as work:
        assert [each.record_id for each in work.step_ups.due(now=noon + HOUR, limit=10)] == [late.record_id]
        assert work.step_ups.due(now=noon + timedelta(minutes=59), limit=10) in ([], ())
        assert len(work.step_ups.due(now=noon + 5 * HOUR, limit=1)) == 1


def test_people_proven_by_one_proof_are_counted_once_each_and_without_oneself(
    store: Any, begun: Callable[..., StepUp], noon: datetime
) -> None:
    proof = b"\x07" * 32
    for name in ("a", "b", "c"):
        before = begun(name)
        passed = before.each(lambda each: each.answered(S.PASSED, ClosedBy.RESULT, now=noon, proof=proof))
        saved(store, before, passed, noon)

    with store.begin() as work:
        assert work.step_ups.people_proven(proof, since=noon - HOUR, besides="nobody") == 3
        assert work.step_ups.people_proven(proof, since=noon - HOUR, besides=before.record_id) == 2
        assert work.step_ups.people_proven(proof, since=noon + HOUR, besides="nobody") == 0
        assert work.step_ups.people_proven(b"other", since=noon - HOUR, besides="nobody") == 0


def test_whoever_proved_something_is_known_from_then_on(
    store: Any, begun: Callable[..., StepUp], noon: datetime
) -> None:
    before = begun("one")
    begun("two")
    passed = before.with_challenge(before.challenges[1].answered(S.PASSED, ClosedBy.RESULT, now=noon + HOUR / 2))
    saved(store, before, passed, noon)

    with store.begin() as work:
        assert work.step_ups.proven({M.ORCID_SIGN_IN}, by=noon + HOUR) == {before.record_id: noon + HOUR / 2}
        assert work.step_ups.proven({M.ORCID_SIGN_IN}, by=noon) == {}
        assert work.step_ups.proven({M.EMAIL_CODE}, by=noon + HOUR) == {}


def test_what_was_tried_is_told_with_its_doubt_to_estimate_rates(
    store: Any, begun: Callable[..., StepUp], noon: datetime
) -> None:
    before = begun(doubt=replace(DOUBT, odds=math.inf))
    first, second = before.challenges
    after = before.with_challenge(first.answered(S.FAILED, ClosedBy.RESULT, now=noon))
    saved(store, before, after.with_challenge(second.cannot(noon)), noon)

    with store.begin() as work:
        [answered] = work.step_ups.answered(since=noon)
        assert work.step_ups.answered(since=noon + HOUR) == ()
    assert (answered.method, answered.groups, answered.passed, answered.fraud) == (
        M.EMAIL_CODE,
        ("email", "linkage"),
        False,
        None,
    )
    assert answered.odds > 1e100
    with store.begin() as work:
        assert work.outcomes.signup("acme", before.record_id).signup_no == answered.signup_no


@pytest.mark.parametrize(
    ("grade", "confidence", "counted"), [(Grade.B, 1.0, True), (Grade.E, 1.0, False), (Grade.B, 0.5, False)]
)
def test_what_became_known_of_people_moves_the_pass_rates_within_their_bounds(
    store: Any, begun: Callable[..., StepUp], noon: datetime, grade: Grade, confidence: float, counted: bool
) -> None:
    for number in range(30):
        asked = begun(f"n{number}", challenge(f"c{number}", noon, method=M.PHONE_CODE))
        saved(store, asked, asked.each(lambda each: each.answered(S.PASSED, ClosedBy.RESULT, now=noon)), noon)
        with store.begin() as work:
            signup_no = work.outcomes.signup("acme", asked.record_id).signup_no
            said = Statement(Label.FRAUD, "traffic_classifier", "resale", confidence, noon, grade)
            work.outcomes.add(Outcome(f"o{number}", signup_no, 1, said, noon, "key:k1"))
            work.commit()
    section = default_challenges()

    estimated = EstimateRates(store.begin, lambda: parse_policy(default_policy_text(), version=1)).now(noon + HOUR)

    # All thirty passed: fraudsters pass more often than the table said; of honest people nothing was learnt.
    rates = {(each.side, each.group): each for each in estimated if each.method is M.PHONE_CODE}
    fraud, honest = rates[Side.FRAUD, "linkage"], rates[Side.HONEST, POOLED]
    assert (fraud.results == pytest.approx(30), honest.results == 0) == (counted, counted)
    assert fraud.start < fraud.estimate
    assert odds_of(fraud.estimate) <= odds_of(fraud.start) * section.rates_within * 1.0001
    assert (honest.estimate == pytest.approx(honest.start)) is counted


def test_a_mail_is_claimed_by_one_at_a_time_and_comes_round_again(
    store: Any, begun: Callable[..., StepUp], noon: datetime
) -> None:
    begun("one", mails=(Mail("m1", "one-1", "en", noon), Mail("m2", "one-1", "de", noon + HOUR)))

    with store.begin() as work:
        first = work.mails.claim(now=noon, until=noon + timedelta(minutes=2), limit=10)
        assert work.mails.claim(now=noon, until=noon + timedelta(minutes=2), limit=10) == ()
        again = work.mails.claim(now=noon + timedelta(minutes=2), until=noon + HOUR, limit=10)

    assert [(each.id, each.language, each.tries) for each in first] == [("m1", "en", 1)]
    assert [(each.id, each.tries) for each in again] == [("m1", 2)]


def test_a_mail_that_ended_is_counted_for_its_mailbox_and_forgotten_in_time(
    store: Any, begun: Callable[..., StepUp], noon: datetime
) -> None:
    begun("one", mails=tuple(Mail(f"m{number}", "one-1", "en", noon) for number in range(3)))
    with store.begin() as work:
        work.mails.done("m0", at=noon, sent=True, mailbox=b"box")
        work.mails.done("m1", at=noon, sent=False)
        work.mails.put_off("m2", until=noon + HOUR)
        work.commit()

    with store.begin() as work:
        assert work.mails.sent_to(b"box", since=noon) == 1
        assert work.mails.sent_to(b"box", since=noon + HOUR) == 0
        assert work.mails.claim(now=noon, until=noon + HOUR, limit=10) == ()
        assert work.mails.purge(before=noon + HOUR) == 2
        assert [each.id for each in work.mails.claim(now=noon + HOUR, until=noon + 2 * HOUR, limit=10)] == ["m2"]


def test_appeals_are_kept_in_their_order(store: Any, begun: Callable[..., StepUp], noon: datetime) -> None:
    record_id = begun().record_id
    first = Appeal("a1", record_id, "acme", "REF", AppealKind.INSTITUTION_MISSING, noon, institution="École Fictive")
    second = Appeal("a2", record_id, "acme", "REF", AppealKind.HUMAN, noon, message="Please look.")
    with store.begin() as work:
        work.appeals.add(first)
        work.appeals.add(second)
        work.commit()

    with store.begin() as work:
        assert work.appeals.of_record(record_id) == (first, second)
        assert work.appeals.of_record("another") == ()


def test_pass_rates_are_replaced_together(store: Any, noon: datetime) -> None:
    rates = estimate((), default_challenges())
    with store.begin() as work:
        assert (work.pass_rates.all(), work.pass_rates.estimated_at()) == ((), None)
        work.pass_rates.put(rates, at=noon)
        work.commit()
    with store.begin() as work:
        work.pass_rates.put(rates[:5], at=noon + HOUR)
        work.commit()

    with store.begin() as work:
        assert set(work.pass_rates.all()) == set(rates[:5])
        assert work.pass_rates.estimated_at() == noon + HOUR


def test_what_was_typed_and_written_stands_nowhere_in_clear(
    sql_store: SqlStore,
    database_url: str,
    raw: Callable[[str], Any],
    make_record: Callable[..., NewRecord],
    noon: datetime,
) -> None:
    record = make_record()
    step_up = StepUp(record.id, "acme", "REF", PageSeal(1, b"page"), DOUBT, (challenge("c1", noon),))
    typed = step_up.each(lambda each: replace(each, address="kanarienvogel@college.example"))
    with sql_store.begin() as work:
        work.ledger.append(replace(record, step_up=NewStepUp(step_up, (), ())))
        work.commit()
    saved(sql_store, step_up, typed, noon)
    with sql_store.begin() as work:
        work.appeals.add(Appeal("a1", record.id, "acme", "REF", AppealKind.HUMAN, noon, message="kanarienvogel"))
        work.commit()

    with raw(database_url) as connection:
        rows = [
            str([bytes(part) if isinstance(part, memoryview) else part for part in row])
            for table in ("step_ups", "challenges", "challenge_steps", "mails", "appeals")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall()
        ]
    assert len(rows) >= 3  # the store in SQL is read past, and holds them
    assert "kanarienvogel" not in "".join(rows)
