"""Cases that the worker opens, in the queue and on their page: what each is about, where that is acted on, for whom."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from service.app import application_of
from service.connections import CasesOfWorker, VerdictsSpeak
from service.domain.caller import Scope
from service.domain.case import JUDGED_BEFORE, Case
from service.domain.cluster import cluster_id
from service.domain.decision import Assessment, Decision, Reason
from service.domain.ids import uuid7
from service.domain.reviewer import Acting, Role
from service.domain.verdict import Verdict
from service.usecases.decide_by_person import VerdictOutcome
from service.usecases.issue_key import IssueKey
from service.usecases.open_case import vouched_subject
from service.usecases.ports import NewRecord
from service.usecases.workers_cases import WorkersCase

HEADING = "A piece of 28 accounts with 2 known frauds (1 source)"
WHY = "Let in by a verdict before these bans were known."


def new_id(now: datetime) -> str:
    """Of nothing that two people judge blindly, which the last 32 bits decide."""
    return uuid7(now, secrets.randbits(74) | 1 << 31)


@pytest.fixture
def let_in(app: Any, make_record: Callable[..., NewRecord]) -> Callable[..., NewRecord]:
    """Records a sign-up that a model let in, and a reviewer after it."""

    def recorded(signup_id: str, device: str) -> NewRecord:
        now = datetime.now(UTC)
        by_model = Assessment(
            id=new_id(now),
            decided_at=now,
            decision=Decision.ALLOW,
            score=0.14,
            reasons=(Reason("COUNTRIES_DIFFER", "consistency", "Countries differ.", 0.9),),
            rules=(),
            vector=bytes(4),
            signals={},
            linkage={},
            model=None,
            policy_version=1,
        )
        record = make_record(
            signup_id,
            at=now,
            assessment=by_model,
            identifiers=(Identifier(IdentifierKind.DEVICE, device),),
        )
        with application_of(app).store.begin() as work:
            work.ledger.append(record)
            work.commit()
        return record

    return recorded


@pytest.fixture
def open_case(app: Any) -> Callable[..., Case]:
    """Opens a case as the worker does."""
    application = application_of(app)

    def opened(case: WorkersCase) -> Case:
        with application.store.begin() as work:
            CasesOfWorker(application.policy, new_id, lambda: datetime.now(UTC)).open(work, case)
            work.commit()
            found = work.cases.of_subject(case.owner, case.subject)
            assert found is not None
            return found

    return opened


def known_as_fraud(app: Any, record: NewRecord) -> None:
    application, now = application_of(app), datetime.now(UTC)
    with application.store.begin() as work:
        recorded = work.ledger.get(None, record.id)
        outcome = VerdictOutcome("c", recorded, Verdict.REJECT, "LINKED_TO_FRAUD", "reviewer:x", now)
        VerdictsSpeak(application.policy, new_id)(work, outcome)
        work.commit()


def judged_by(app: Any, reviewer: Any, record: NewRecord) -> None:
    now = datetime.now(UTC)
    case = application_of(app).cases.open(record.id, acting=Acting("reviewer:x", Role.REVIEWER), now=now)
    reviewer.send(f"cases/{case.id}/claim")
    reviewer.send(f"cases/{case.id}/verdict", verdict="reject", reason_reject="NOT_ELIGIBLE")


def of_a_piece(record: NewRecord) -> WorkersCase:
    return WorkersCase(
        subject=f"piece:{record.id}",
        owner=record.owner,
        reason="PIECE_WITH_FRAUD",
        record_id=record.id,
        size=28,
        detail={"frauds": 2, "sources": 1},
        note=f"{HEADING}. That is too little to contain it without a person.",
    )


def test_a_case_about_a_cluster_says_so_in_the_queue(
    desk: Callable[..., Any], let_in: Callable[..., NewRecord], open_case: Callable[..., Case]
) -> None:
    case = open_case(of_a_piece(let_in("su_queue_1", "q")))

    queue = desk("reviewer").read("queue?queue=networks")

    (line,) = [each for each in queue.split("<tr data-row>") if case.id in each]
    chips = re.findall(r'class="chip"[^>]*>([^<]+)</a>', line)
    assert chips == ["piece with known fraud", "countries differ"]
    assert "shown for a piece of 28 accounts" in line


def test_a_case_about_a_containment_leads_to_where_it_is_released(
    desk: Callable[..., Any], let_in: Callable[..., NewRecord], open_case: Callable[..., Case]
) -> None:
    record = let_in("su_unfounded_1", "u")
    let_in("su_unfounded_2", "u")
    note = "2 accounts are contained, and no ban among them stands. Look whether it should be released."
    case = open_case(
        WorkersCase("unfounded:c1", record.owner, "CONTAINMENT_UNFOUNDED", record.id, size=2, detail={}, note=note)
    )
    reviewer = desk("reviewer")

    page = reviewer.read(f"cases/{case.id}")
    (line,) = [each for each in reviewer.read("queue?queue=networks").split("<tr data-row>") if case.id in each]

    assert "2 accounts are contained, and no ban among them stands" in page
    assert re.search(r'href="/console/clusters/cl_\d+" data-key="p"', page)
    assert "To release the cluster, on its page, gives everybody back the decision they had" in page
    assert "/preview" not in page
    assert "contained for bans that were corrected" in line
    assert "shown for a containment of 2 accounts" in line


def test_its_page_says_what_it_is_about_and_leads_to_the_cluster(
    app: Any, desk: Callable[..., Any], let_in: Callable[..., NewRecord], open_case: Callable[..., Case]
) -> None:
    record = let_in("su_piece_1", "p")
    let_in("su_piece_2", "p")
    case, reviewer = open_case(of_a_piece(record)), desk("reviewer")

    before = reviewer.read(f"cases/{case.id}")
    known_as_fraud(app, record)
    after = reviewer.read(f"cases/{case.id}")

    assert f'<h2 id="about-title"><bdi>{HEADING}</bdi></h2>' in before
    assert "opened the case" in before
    (preview,) = re.findall(r'href="/console/(clusters/cl_\d+/preview)"', before)
    assert "Contain cluster" in reviewer.read(preview)
    assert (
        "to reject denies it and makes it a known fraud of its cluster, after which the worker may contain the piece "
        "without asking anybody"
    ) in before
    assert "nobody else is touched" not in before
    assert "known fraud already" not in before
    assert "it <strong>is known fraud already</strong>, so to reject it closes the case" in after
    assert "may be another source by which the worker contains the piece" in after
    assert '<span class="tag deny">known fraud</span>' in after


def test_two_clusters_of_one_operator_are_both_led_to(
    desk: Callable[..., Any], let_in: Callable[..., NewRecord], open_case: Callable[..., Case]
) -> None:
    record = let_in("su_operator", "o")
    case = open_case(
        WorkersCase("operator:cl_3:cl_9", record.owner, "SAME_OPERATOR", record.id, 8, {}, note="Two clusters. Why.")
    )

    page = desk("reviewer").read(f"cases/{case.id}")

    assert re.findall(r'href="/console/clusters/(cl_\d+/preview|cl_\d+)"', page)[:4] == [
        "cl_3/preview",
        "cl_3",
        "cl_9/preview",
        "cl_9",
    ]


def test_a_second_judge_reads_first_why_and_not_what_the_first_one_thought(
    app: Any, desk: Callable[..., Any], let_in: Callable[..., NewRecord], open_case: Callable[..., Case]
) -> None:
    record, first = let_in("su_vouched", "v"), desk("reviewer")
    judged_by(app, first, record)
    case = open_case(
        WorkersCase(
            subject=vouched_subject(record.id),
            owner=record.owner,
            reason="LIKE_BANNED_ACCOUNTS",
            record_id=record.id,
            size=1,
            detail={},
            note=f"{WHY} It resembles accounts.",
            group="rule",
            again=True,
        )
    )
    second = desk("reviewer", "b")

    page = second.read(f"cases/{case.id}")

    assert case.reasons == ("LIKE_BANNED_ACCOUNTS", "COUNTRIES_DIFFER")
    assert '<span class="tag review">second judge</span>' in page
    assert page.index(WHY.removesuffix(".")) < page.index("Why this score")
    assert "second judge" in second.read("queue")
    assert f'action="/console/cases/{case.id}/claim"' in page


def test_whoever_judged_it_before_is_offered_no_claim(
    app: Any, desk: Callable[..., Any], let_in: Callable[..., NewRecord], open_case: Callable[..., Case]
) -> None:
    record, first, lead = let_in("su_barred", "b"), desk("reviewer"), desk("lead")
    judged_by(app, first, record)
    case = open_case(
        WorkersCase(vouched_subject(record.id), record.owner, "LIKE_BANNED_ACCOUNTS", record.id, 1, {}, again=True)
    )
    claim = f'action="/console/cases/{case.id}/claim"'

    page, queue = first.read(f"cases/{case.id}"), first.read("queue")
    refused = first.send(f"cases/{case.id}/claim", 403)

    assert JUDGED_BEFORE in page
    assert claim not in page + queue + refused
    assert "judged by you" in queue
    assert f'value="{case.barred[0]}"' not in lead.read(f"cases/{case.id}")
    assert claim in lead.read("queue")


def test_a_resolved_case_waits_for_nobody(
    app: Any, desk: Callable[..., Any], let_in: Callable[..., NewRecord], open_case: Callable[..., Case]
) -> None:
    case, reviewer = open_case(of_a_piece(let_in("su_done", "d"))), desk("reviewer")
    open_page = reviewer.read(f"cases/{case.id}")
    reviewer.send(f"cases/{case.id}/claim")
    reviewer.send(f"cases/{case.id}/verdict", verdict="approve", reason_approve="FALSE_ALARM")

    page = reviewer.read(f"cases/{case.id}")

    assert "due in" in open_page
    assert "due in" not in page
    assert "A verdict here is on" not in page
    assert "As it was when the case was opened." in page
    assert re.search(r"opened <time[^>]*>[^<]+</time> ago", page)


def test_a_verdict_taken_back_releases_nobody_and_says_so(
    app: Any, desk: Callable[..., Any], let_in: Callable[..., NewRecord], open_case: Callable[..., Case]
) -> None:
    record, other = let_in("su_back_1", "back"), let_in("su_back_2", "back")
    case, reviewer, application = open_case(of_a_piece(record)), desk("reviewer"), application_of(app)
    verdict = {"verdict": "reject", "reason_reject": "LINKED_TO_FRAUD", "then": "stay"}
    reviewer.send(f"cases/{case.id}/claim")
    reviewer.send(f"cases/{case.id}/verdict", **verdict)
    free = reviewer.send(f"cases/{case.id}/undo")
    reviewer.send(f"cases/{case.id}/verdict", **verdict)
    with application.store.begin() as work:
        cluster = cluster_id(work.clusters.cluster_of(work.ledger.get(None, other.id).signup_no))
    reviewer.send(f"clusters/{cluster}/contain", whole="1", how="contain", reason="fraud_ring")

    page = reviewer.send(f"cases/{case.id}/undo")
    reviewer.send(f"cases/{case.id}/verdict", **verdict)
    together = reviewer.send("bulk/undo", 200, case=[case.id])

    assert "Your verdict is taken back" in free
    assert "is not released by it" not in free
    assert "What was contained meanwhile is not released by it" in page
    for each in (page, together):
        assert f'accounts of <a href="/console/clusters/{cluster}">cluster {cluster}</a> stay held' in each


def test_what_a_key_did_is_told_by_its_name(
    app: Any, desk: Callable[..., Any], let_in: Callable[..., NewRecord], open_case: Callable[..., Case]
) -> None:
    application, now = application_of(app), datetime.now(UTC)
    case = open_case(of_a_piece(let_in("su_key", "k")))
    key = IssueKey(application.store.begin)(name="the triage script", scopes=[Scope.REVIEW], actor="tests", now=now).key
    application.cases.handle.note(case.id, "Seen.", acting=Acting(f"key:{key.id}", Role.LEAD), now=now)

    page = desk("reviewer").read(f"cases/{case.id}")

    assert "<strong><bdi>the triage script</bdi></strong> wrote" in page
    assert key.id not in page


def test_together_means_by_the_sign_ups_own_ids_and_in_words(
    desk: Callable[..., Any], let_in: Callable[..., NewRecord], open_case: Callable[..., Case]
) -> None:
    free, held = (open_case(of_a_piece(let_in(f"su_bulk_{name}", name))) for name in ("free", "held"))
    other, reviewer = desk("reviewer", "a"), desk("reviewer", "b")
    other.send(f"cases/{held.id}/claim")

    page = reviewer.send("bulk", 200, case=[free.id, held.id])

    assert "<bdi>su_bulk_free</bdi></a></th>" in page
    assert "Judge 1 case</h1>" in page
    held_by = re.search(r"<bdi>su_bulk_held</bdi></a>: <bdi>([^<]+)</bdi>", page)
    assert held_by is not None
    assert re.fullmatch(r"reviewera\d+ holds this case for another 30 minutes\.", held_by.group(1))
    assert "UTC." not in page
