"""Results over the API: idempotent, bounded, and what each makes of the decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from service.domain.case import CaseKind, CaseState
from service.domain.decision import Decision
from service.domain.policy import default_policy_text
from service.usecases.ports import AuditEntry
from tests.challenges.conftest import one

Make = Callable[..., dict[str, Any]]


def test_a_reported_pass_allows_and_the_same_report_again_changes_nothing(flow: Any, card: dict[str, Any]) -> None:
    answer = flow.sign_up(card)
    challenge = one(answer)
    path, passed = f"/v1/challenges/{challenge['id']}/result", {"status": "passed", "evidence": {}}

    first, again = flow.post(path, passed), flow.post(path, passed)

    assert first[0] == 200
    assert first == again
    now = flow.read(answer["id"])
    assert (now["decision"], len(now["history"])) == ("allow", 2)
    assert [name for name, _ in flow.events(answer["id"])] == ["signup.decided", "signup.changed"]


@pytest.mark.parametrize("status", ["failed", "abandoned"])
def test_a_contradictory_report_is_refused_and_the_first_stands(flow: Any, card: dict[str, Any], status: str) -> None:
    challenge = one(flow.sign_up(card))
    path = f"/v1/challenges/{challenge['id']}/result"
    flow.post(path, {"status": "passed"})

    refused, problem = flow.post(path, {"status": status})

    assert (refused, problem["detail"]) == (409, "This challenge is already passed; its result stands.")


def test_a_late_report_is_refused_whether_or_not_the_worker_has_noticed(flow: Any, card: dict[str, Any]) -> None:
    answer = flow.sign_up(card)
    path = f"/v1/challenges/{one(answer)['id']}/result"
    flow.clock.forward(days=15)

    before = flow.post(path, {"status": "passed"})
    assert flow.work()["challenges expired"] == 1
    after = flow.post(path, {"status": "passed"})

    assert before[0] == after[0] == 409
    assert "expired" in before[1]["detail"]
    assert "expired" in after[1]["detail"]


def test_what_expires_is_told_once_and_the_sign_up_may_be_asked_again(flow: Any, card: dict[str, Any]) -> None:
    answer = flow.sign_up(card)
    flow.clock.forward(days=15)
    assert flow.work()["challenges expired"] == 1
    assert flow.work()["challenges expired"] == 0

    told = [data for name, data in flow.events(answer["id"]) if name == "challenge.expired"]
    assert [(each["signup_id"], each["challenge"]["id"], each["decision"]) for each in told] == [
        ("su_1", one(answer)["id"], "step_up")
    ]
    status, again = flow.post(f"/v1/signups/{answer['id']}/reassess", {})
    assert (status, again["decision"]) == (200, "step_up")
    assert [each["status"] for each in again["challenges"]] == ["expired", "pending"]
    assert again["challenges"][1]["method"] == again["challenges"][0]["method"]


def test_what_was_proven_still_counts_when_the_sign_up_is_looked_at_again(
    service: Any, mailbox: Any, document: Make
) -> None:
    answer = service.sign_up(document())
    service.work()
    service.post(f"/v1/challenges/{one(answer)['id']}/code", {"code": mailbox.codes[0]})

    _, again = service.post(f"/v1/signups/{answer['id']}/reassess", {})

    assert again["decision"] == "allow"
    assert [each["status"] for each in again["challenges"]] == ["passed"]


def test_a_failed_proof_is_followed_by_another_or_by_a_person(flow: Any, card: dict[str, Any]) -> None:
    answer, asked = flow.sign_up(card), []
    for _ in range(10):
        now = flow.read(answer["id"])
        pending = [each for each in now["challenges"] if each["status"] == "pending"]
        if not pending:
            break
        asked.append(pending[0]["method"])
        flow.post(f"/v1/challenges/{pending[0]['id']}/result", {"status": "failed"})

    assert now["decision"] == "review"
    assert len(asked) == len(set(asked)) <= 4
    decisions = [each["decision"] for each in now["history"]]
    assert decisions == ["step_up"] * (len(decisions) - 1) + ["review"]
    told = flow.events(answer["id"])[-1][1]
    assert told["decision"] == "review"
    waiting = flow.case_about(answer)
    assert (waiting.kind, waiting.state) == (CaseKind.REVIEW, CaseState.OPEN)
    assert told["case_id"] == now["case_id"] == waiting.id


def test_somebody_who_cannot_do_it_is_asked_something_else_without_blame(flow: Any, card: dict[str, Any]) -> None:
    answer = flow.sign_up(card)
    cannot = {"status": "abandoned", "evidence": {"cannot": True}}

    flow.post(f"/v1/challenges/{one(answer)['id']}/result", cannot)

    now = flow.read(answer["id"])
    assert now["decision"] == "step_up"
    assert now["score"] == pytest.approx(answer["score"], abs=1e-5)
    assert [each["status"] for each in now["challenges"]] == ["abandoned", "pending"]


def test_somebody_who_gave_up_is_asked_nothing_more(flow: Any, card: dict[str, Any]) -> None:
    answer = flow.sign_up(card)

    flow.post(f"/v1/challenges/{one(answer)['id']}/result", {"status": "abandoned"})

    now = flow.read(answer["id"])
    assert (now["decision"], now["final"]) == ("step_up", False)
    assert now["score"] > answer["score"]
    assert [each["status"] for each in now["challenges"]] == ["abandoned"]


def test_an_answer_after_somebody_else_decided_is_recorded_and_changes_nothing(flow: Any, card: dict[str, Any]) -> None:
    answer = flow.sign_up(card)
    with flow.parts.store.begin() as work:
        recorded = work.ledger.get("acme", answer["id"])
        denied = replace(recorded.assessments[-1], id="by-a-person", decision=Decision.DENY, decided_at=flow.clock.now)
        audit = AuditEntry(flow.clock.now, "reviewer:r", "signup.denied", answer["id"], {})
        work.ledger.append_assessment(recorded.signup_no, denied, audit)
        work.commit()
    flow.clock.forward(seconds=1)

    status, state = flow.post(f"/v1/challenges/{one(answer)['id']}/result", {"status": "passed"})

    assert (status, state["status"]) == (200, "passed")
    assert flow.read(answer["id"])["decision"] == "deny"


@pytest.mark.parametrize(
    ("evidence", "pointer"),
    [
        ({"attester_role": "advisor"}, "/evidence/attester_email"),
        ({"attester_email": "no address"}, "/evidence/attester_email"),
        ({"attester_email": "p@ox.ac.uk", "attester_role": "king"}, "/evidence/attester_role"),
        ({"attester_email": "p@ox.ac.uk", "mood": "good"}, "/evidence/mood"),
    ],
)
def test_evidence_that_the_method_does_not_know_is_named(
    flow: Any, document: Make, evidence: dict[str, Any], pointer: str
) -> None:
    challenge = one(flow.sign_up(document(email="ada.example@mailinator.com")))
    assert challenge["method"] == "supervisor_attestation"

    status, problem = flow.post(f"/v1/challenges/{challenge['id']}/result", {"status": "passed", "evidence": evidence})

    assert (status, [each["pointer"] for each in problem["errors"]]) == (422, [pointer])


def test_one_attester_vouches_for_few_and_only_from_a_listed_institution(flow: Any, document: Make) -> None:
    ends = []
    for number, attester in enumerate(["p.supervisor@ox.ac.uk"] * 6 + ["p.supervisor@invented-college.example"]):
        sent = document(f"su_{number}", email=f"ada.example{number}@mailinator.com")
        sent["device"] = {"ip": f"81.2.{number}.142", "webdriver": True}
        challenge = next(
            each for each in flow.sign_up(sent)["challenges"] if each["method"] == "supervisor_attestation"
        )
        evidence = {"attester_email": attester}
        path = f"/v1/challenges/{challenge['id']}/result"
        ends.append(flow.post(path, {"status": "passed", "evidence": evidence})[1]["status"])

    assert ends == ["passed"] * 5 + ["failed", "failed"]


def test_a_method_that_gatehouse_runs_takes_no_reported_pass(service: Any, document: Make) -> None:
    challenge = one(service.sign_up(document()))

    status, problem = service.post(f"/v1/challenges/{challenge['id']}/result", {"status": "passed"})
    assert (status, problem["title"]) == (409, "It contradicts what is recorded")
    assert service.post(f"/v1/challenges/{challenge['id']}/result", {"status": "abandoned"})[0] == 200


def test_others_challenges_do_not_exist(sqlite_url: str, start: Callable[..., Any], card: dict[str, Any]) -> None:
    mine, theirs = start(sqlite_url), start(sqlite_url, owner="another")
    challenge = one(mine.sign_up(card))

    for ending, body in (("result", {"status": "passed"}), ("code", {"code": "123456"}), ("resend", {})):
        assert theirs.post(f"/v1/challenges/{challenge['id']}/{ending}", body)[0] == 404
        assert mine.post(f"/v1/challenges/unknown/{ending}", body)[0] == 404


def test_no_proof_that_settles_means_a_person_decides(
    sqlite_url: str, start: Callable[..., Any], document: Make
) -> None:
    service = start(sqlite_url)
    off = "".join(
        f"[challenges.methods.{name}]\noffered = false\n"
        for name in ("phone_code", "three_d_secure", "document_check", "supervisor_attestation")
    )
    with service.parts.store.begin() as work:
        work.policies.add(
            f"{default_policy_text()}\n{off}", at=service.clock.now, by="t", reason="nothing offered", activate=True
        )
        work.commit()

    answer = service.sign_up(document())

    assert (answer["decision"], answer["challenges"]) == ("review", [])
    assert "NO_PROOF_SETTLES" in {each["code"] for each in answer["reasons"]}
