"""What every store promises of cases: one of a subject, claims that go to exactly one, pages, and what is encrypted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.signup import AccountType
from service.domain.case import Case, CaseKind, CaseState
from service.domain.errors import ConflictError
from service.domain.verdict import Opinion, Verdict
from service.usecases.ports import AuditEntry
from service.usecases.ports_cases import CaseOrder, CaseQuery, ClaimNext, Note

LEASE = timedelta(minutes=30)
Hold = Callable[..., Case]


def claim(
    store: Any, name: str, now: datetime, queues: frozenset[str] = frozenset(), owner: str | None = None
) -> Case | None:
    asked = ClaimNext(name, owner, queues, now, LEASE)
    with store.begin() as work:
        taken: Case | None = work.cases.claim_next(
            asked, lambda case: AuditEntry(now, name, "case.claimed", case.id, {"queue": case.queue})
        )
    return taken


def test_a_case_is_written_with_its_sign_up_and_read_as_it_was(store: Any, hold: Hold) -> None:
    case = hold(store)

    with store.begin() as work:
        assert work.cases.get("acme", case.id) == case
        assert work.cases.get(None, case.id) == case
        assert work.cases.get("other", case.id) is None
        assert work.cases.of_record(case.record_id) == (case,)
        assert work.cases.of_subject("acme", case.subject) == case


def test_a_subject_has_one_unresolved_case_and_a_new_one_when_that_is_resolved(
    store: Any, hold: Hold, noon: datetime
) -> None:
    first = hold(store, subject="cluster:c1")
    second = hold(store, subject="cluster:c1")
    elsewhere = hold(store, subject="cluster:c1", owner="other")
    with store.begin() as work:
        assert work.cases.get(None, second.id) is None
        assert work.cases.get(None, elsewhere.id) == elsewhere
        work.cases.update(first.resolved(Verdict.REJECT, "AUTOMATED", by="reviewer:dana", now=noon))
        work.commit()

    third = hold(store, subject="cluster:c1")

    with store.begin() as work:
        assert work.cases.of_subject("acme", "cluster:c1") == third


def test_a_case_that_is_not_added_leaves_no_audit_entry(store: Any, hold: Hold, noon: datetime) -> None:
    first = hold(store, subject="cluster:c1")

    for case_id, subject in (("second", first.subject), ("other", "cluster:c2")):
        with store.begin() as work:
            case = replace(first, id=case_id, subject=subject)
            work.cases.add(case, AuditEntry(noon, "worker", "case.opened", case_id, {}))
            work.commit()

    with store.begin() as work:
        assert [each.subject for each in work.audit.entries(action="case.opened", limit=9)] == ["other"]
        assert work.cases.get(None, "second") is None


def test_the_most_urgent_case_is_claimed_first_and_then_the_next(store: Any, hold: Hold, noon: datetime) -> None:
    mild, risky, old = (
        hold(store, score=0.3),
        hold(store, score=0.9),
        hold(store, score=0.3, at=noon - timedelta(days=1)),
    )

    claimed = [claim(store, "reviewer:dana", noon) for _ in range(4)]

    assert [None if each is None else each.id for each in claimed] == [old.id, risky.id, mild.id, None]
    first = claimed[0]
    assert first is not None
    assert (first.state, first.holder, first.lease_until) == (CaseState.CLAIMED, "reviewer:dana", noon + LEASE)
    with store.begin() as work:
        assert work.cases.get(None, old.id) == first
        assert [entry.action for entry in work.audit.entries(subject=old.id)] == ["case.claimed"]


def test_a_claim_steps_over_what_is_not_the_askers(store: Any, hold: Hold, noon: datetime) -> None:
    kept, put_off, judged = hold(store, score=0.9), hold(store, score=0.8), hold(store, score=0.7)
    elsewhere = hold(store, score=0.6, account_type=AccountType.RESEARCH, assessment=None)
    foreign = hold(store, score=0.5, owner="other")
    with store.begin() as work:
        work.cases.update(kept.assigned("reviewer:eli"))
        work.cases.update(put_off.snoozed(noon + timedelta(minutes=9), now=noon))
        work.cases.update(replace(judged, barred=("reviewer:danae", "reviewer:dana"), version=2))
        work.commit()

    assert claim(store, "reviewer:dana", noon, frozenset({"networks"}), "acme") is None
    taken = claim(store, "reviewer:dan", noon, frozenset({"networks"}), "acme")
    assert taken is not None
    assert taken.id == judged.id
    own = claim(store, "reviewer:eli", noon)
    assert own is not None
    assert own.id == kept.id
    others = {claim(store, "reviewer:dana", noon).id for _ in range(2)}  # type: ignore[union-attr]  # both are there
    assert others == {elsewhere.id, foreign.id}
    later = claim(store, "reviewer:dana", noon + timedelta(minutes=9))
    assert later is not None
    assert later.id == put_off.id


def test_a_case_whose_lease_has_ended_is_claimed_again(store: Any, hold: Hold, noon: datetime) -> None:
    case = hold(store)
    claim(store, "reviewer:dana", noon)

    assert claim(store, "reviewer:eli", noon + LEASE - timedelta(seconds=1)) is None
    again = claim(store, "reviewer:eli", noon + LEASE)
    assert again is not None
    assert (again.id, again.holder) == (case.id, "reviewer:eli")


def test_fifty_who_claim_at_once_get_fifty_different_cases(store: Any, hold: Hold, noon: datetime) -> None:
    cases = {hold(store, score=0.3 + number / 100).id for number in range(60)}
    gate = threading.Barrier(50)

    def one(number: int) -> str | None:
        gate.wait()
        taken = claim(store, f"reviewer:r{number}", noon)
        return None if taken is None else taken.id

    with ThreadPoolExecutor(50) as pool:
        got = list(pool.map(one, range(50)))

    assert None not in got
    assert len(set(got)) == 50
    assert set(got) <= cases
    with store.begin() as work:
        holders = Counter(each.case.holder for each in work.cases.find(CaseQuery(now=noon, limit=100)))
    assert holders.pop(None) == 10
    assert set(holders.values()) == {1}


def test_of_fifty_who_want_the_one_case_exactly_one_gets_it(store: Any, hold: Hold, noon: datetime) -> None:
    case = hold(store)
    gate = threading.Barrier(50)

    def one(number: int) -> Case | None:
        gate.wait()
        return claim(store, f"reviewer:r{number}", noon)

    with ThreadPoolExecutor(50) as pool:
        got = [each for each in pool.map(one, range(50)) if each is not None]

    assert [each.id for each in got] == [case.id]
    with store.begin() as work:
        assert len(work.audit.entries(subject=case.id)) == 1


def test_a_change_based_on_an_older_version_is_refused(store: Any, hold: Hold, noon: datetime) -> None:
    case = hold(store)
    with store.begin() as work:
        work.cases.update(case.claimed("reviewer:dana", now=noon, lease=LEASE))
        work.commit()

    with store.begin() as work:
        work.cases.update(case.claimed("reviewer:eli", now=noon, lease=LEASE))
        with pytest.raises(ConflictError, match="at the same moment"):
            work.commit()
    with store.begin() as work:
        assert work.cases.get(None, case.id).holder == "reviewer:dana"


@pytest.mark.parametrize("order", list(CaseOrder))
def test_pages_hold_every_case_once_in_order(store: Any, hold: Hold, noon: datetime, order: CaseOrder) -> None:
    for number in range(7):
        hold(store, score=0.2 + (number % 3) / 10, at=noon - timedelta(hours=number // 2), size=1 + number % 2)

    pages, after = [], None
    while True:
        page = list(_find(store, noon, order=order, after=after, limit=3))
        pages.extend(page)
        if len(page) < 3:
            break
        after = page[-1].cursor

    whole = _find(store, noon, order=order, limit=50)
    assert [each.case.id for each in pages] == [each.case.id for each in whole]
    assert len({each.case.id for each in pages}) == 7
    places = [each.cursor[0] for each in pages]
    assert places == sorted(places, reverse=True)


def test_filters_name_what_they_say(store: Any, hold: Hold, noon: datetime) -> None:
    plain = hold(store, score=0.5)
    large = hold(store, score=0.9, size=40)
    research = hold(store, score=0.3, account_type=AccountType.RESEARCH)
    late = hold(store, score=0.4, at=noon - timedelta(days=3))
    appeal = new_appeal = hold(store, score=0.2)
    with store.begin() as work:
        work.cases.update(research.claimed("reviewer:dana", now=noon, lease=LEASE))
        work.cases.update(late.assigned("reviewer:dana"))
        work.cases.update(new_appeal.snoozed(noon + LEASE, now=noon))
        work.commit()

    def ids(**wanted: Any) -> set[str]:
        return {each.case.id for each in _find(store, noon, **wanted)}

    assert ids() == {plain.id, large.id, research.id, late.id}
    assert ids(snoozed=True) == {appeal.id}
    assert ids(size_from=2) == {large.id}
    assert ids(account_type=AccountType.RESEARCH) == {research.id}
    assert ids(risk_from=0.4, risk_below=0.9) == {plain.id, late.id}
    assert ids(holder="reviewer:dana") == {research.id, late.id}
    assert ids(unclaimed=True) == {plain.id, large.id, late.id}
    assert ids(overdue=True) == {late.id}
    assert ids(reason_code="DEVICE_SHARED", size_from=2) == {large.id}
    assert ids(reason_code="DEVICE_SHAREX") == set()
    assert ids(reason_code="DEVICE%") == set()
    assert ids(states=(CaseState.CLAIMED,)) == {research.id}
    assert ids(states=(CaseState.RESOLVED,)) == set()
    assert ids(kind=CaseKind.APPEAL) == set()
    assert ids(queues=("nowhere",)) == set()
    assert ids(record_ids=(plain.record_id,)) == {plain.id}
    assert ids(owner="other") == set()


def test_the_queues_are_counted(store: Any, hold: Hold, noon: datetime) -> None:
    hold(store)
    hold(store, at=noon - timedelta(days=2))
    held = hold(store, account_type=AccountType.RESEARCH, assessment=None)
    with store.begin() as work:
        work.cases.update(held.claimed("reviewer:dana", now=noon, lease=LEASE))
        work.commit()

    with store.begin() as work:
        networks, research = work.cases.counts("acme", now=noon)
        later = work.cases.counts(None, now=noon + LEASE)[1]
        nobody = work.cases.counts("nobody", now=noon)

    assert (networks.queue, networks.waiting, networks.overdue, networks.claimed) == ("networks", 2, 1, 0)
    assert networks.oldest_at == noon - timedelta(days=2)
    assert (research.waiting, research.claimed) == (0, 1)
    assert (later.waiting, later.claimed) == (1, 0)
    assert nobody == ()


def test_opinions_are_kept_with_what_was_taken_back(store: Any, hold: Hold, noon: datetime) -> None:
    case = hold(store)
    first = Opinion(1, Verdict.APPROVE, "FALSE_ALARM", "reviewer:dana", noon, final=False, before=None, after=None)
    second = replace(first, version=2, by="reviewer:eli", verdict=Verdict.REJECT, reason_code="AUTOMATED")
    with store.begin() as work:
        work.cases.add_opinion(case.id, first)
        work.cases.add_opinion(case.id, second)
        work.commit()
    with store.begin() as work:
        work.cases.undo_opinion(case.id, 2, at=noon + LEASE)
        work.commit()

    with store.begin() as work:
        assert work.cases.opinions(case.id) == (first, replace(second, undone=noon + LEASE))
        assert work.cases.pairs(since=noon) == ((Verdict.APPROVE, Verdict.REJECT),)
        assert work.cases.pairs(since=noon + LEASE) == ()
        work.cases.add_opinion(case.id, second)
        with pytest.raises(ConflictError):
            work.commit()


def test_how_long_cases_waited_is_known_by_queue(store: Any, hold: Hold, noon: datetime) -> None:
    case = hold(store, at=noon - timedelta(hours=2))
    hold(store)
    with store.begin() as work:
        work.cases.update(case.resolved(Verdict.APPROVE, "FALSE_ALARM", by="reviewer:dana", now=noon))
        work.commit()

    with store.begin() as work:
        assert work.cases.waited(since=noon - timedelta(hours=1)) == {"networks": [7_200.0]}
        assert work.cases.waited(since=noon + timedelta(hours=1)) == {}


def test_notes_are_read_as_written_and_stored_encrypted(
    sql_store: Any, hold: Hold, noon: datetime, database_url: str
) -> None:
    from service.storage.sql.engine import open_engine

    case = hold(sql_store)
    with sql_store.begin() as work:
        work.cases.add_note(case.id, Note(noon, "reviewer:dana", "Wilhelmina rang back"))
        work.commit()

    with sql_store.begin() as work:
        assert work.cases.notes(case.id) == (Note(noon, "reviewer:dana", "Wilhelmina rang back"),)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT personal FROM case_notes").scalar_one()
    engine.dispose()
    assert b"Wilhelmina" not in bytes(stored)


def _find(store: Any, now: datetime, **wanted: Any) -> Any:
    with store.begin() as work:
        return work.cases.find(CaseQuery(now=now, **wanted))


def test_resolved_cases_come_with_the_latest_verdict_first(store: Any, hold: Hold, noon: datetime) -> None:
    cases = [hold(store, score=place / 10) for place in range(4)]
    with store.begin() as work:
        for place, case in enumerate(cases):
            at = noon + timedelta(hours=(2, 0, 3, 1)[place])
            resolved = case.resolved(Verdict.APPROVE, "FALSE_ALARM", by="reviewer:dana", now=at)
            work.cases.update(resolved)
        work.commit()

    with store.begin() as work:
        first = work.cases.find(CaseQuery(now=noon, states=(CaseState.RESOLVED,), limit=2))
        rest = work.cases.find(CaseQuery(now=noon, states=(CaseState.RESOLVED,), after=first[-1].cursor))

    assert [each.case.id for each in (*first, *rest)] == [cases[place].id for place in (2, 0, 3, 1)]


@pytest.mark.parametrize("order", list(CaseOrder))
@pytest.mark.parametrize("few", [2, 1_000])
def test_filters_hold_page_by_page_in_every_order_for_few_and_for_many(
    store: Any, hold: Hold, noon: datetime, order: CaseOrder, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.storage.sql.listed_cases.FEW", few)
    for number in range(9):
        at = noon - timedelta(hours=number // 2)
        hold(
            store, score=0.2 + (number % 3) / 10, at=at, size=1 + number % 2, account_type=list(AccountType)[number % 2]
        )

    whole = _find(store, noon, order=order, account_type=AccountType.EDUCATIONAL, risk_from=0.25)
    first = _find(store, noon, order=order, account_type=AccountType.EDUCATIONAL, risk_from=0.25, limit=2)
    rest = _find(store, noon, order=order, account_type=AccountType.EDUCATIONAL, risk_from=0.25, after=first[-1].cursor)

    assert [each.case.id for each in (*first, *rest)] == [each.case.id for each in whole]
    assert {(each.case.account_type, each.case.risk >= 0.25) for each in whole} == {(AccountType.EDUCATIONAL, True)}
    assert len(whole) == 3
    places = [each.cursor[0] for each in whole]
    assert places == sorted(places, reverse=True)


def settle(store: Any, *cases: Case) -> None:
    with store.begin() as work:
        work.cases.settle(cases)
        work.commit()


def test_what_a_containment_settles_is_settled_whoever_claims_it_meanwhile(
    store: Any, hold: Hold, noon: datetime
) -> None:
    first, second, other = hold(store), hold(store), hold(store)
    settling = [each.settled("c-1", now=noon) for each in (first, second)]
    claim(store, "reviewer:dana", noon)
    settle(store, *settling)

    with store.begin() as work:
        about = [first.record_id, second.record_id, other.record_id]
        found = work.cases.settled_about(about, "c-1")
        assert [each.id for each in found] == [first.id, second.id]
        assert {(each.state, each.holder, each.reason_code, each.resolved_at) for each in found} == {
            (CaseState.RESOLVED, None, "CONTAINED", noon)
        }
        assert work.cases.unresolved_about(about) == (work.cases.get(None, other.id),)
        assert work.cases.settled_about(about, "c-2") == ()
        assert work.cases.settled_about([], "c-1") == work.cases.unresolved_about([]) == ()


def test_a_verdict_that_came_first_refuses_the_whole_batch(store: Any, hold: Hold, noon: datetime) -> None:
    first, second = hold(store), hold(store)
    with store.begin() as work:
        work.cases.update(second.resolved(Verdict.APPROVE, "FALSE_ALARM", by="reviewer:dana", now=noon))
        work.commit()

    with pytest.raises(ConflictError):
        settle(store, *(each.settled("c-1", now=noon) for each in (first, second)))

    with store.begin() as work:
        assert work.cases.get(None, first.id) == first


def test_what_is_opened_again_is_as_it_was_unless_something_newer_waits(store: Any, hold: Hold, noon: datetime) -> None:
    first, second = hold(store), hold(store, subject="cluster:c1")
    settled = [each.settled("c-1", now=noon) for each in (first, second)]
    settle(store, *settled)
    newer = hold(store, subject="cluster:c1", record_id=second.record_id)
    with store.begin() as work:
        found = work.cases.settled_about([first.record_id, second.record_id], "c-1")
        work.cases.unsettle([each.unsettled() for each in found])
        work.commit()

    with store.begin() as work:
        again = work.cases.get(None, first.id)
        assert again == replace(first, version=again.version)
        assert work.cases.of_subject("acme", "cluster:c1") == newer
        work.cases.unsettle([each.unsettled() for each in settled])
        with pytest.raises(ConflictError):
            work.commit()


def test_a_settled_case_is_a_lead_s_to_reopen_and_no_opinion_is_lost(noon: datetime, hold: Hold, store: Any) -> None:
    case = replace(hold(store), opinions_wanted=2, opinions_given=1)
    settled = case.settled("c-1", now=noon)

    reopened = settled.reopened(now=noon, due_after=LEASE)

    assert (settled.opinions_given, reopened.opinions_given) == (1, 1)
    with pytest.raises(ConflictError, match="not settled"):
        reopened.unsettled()
