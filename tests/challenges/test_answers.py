"""Answers over the API: results, codes and re-sending, idempotent, bounded, and what each makes of the decision."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.domain.case import CaseKind, CaseState
from service.domain.decision import Decision
from service.domain.policy import default_policy_text
from service.usecases.ports import AuditEntry

Make = Callable[..., dict[str, Any]]


def one(answer: dict[str, Any]) -> dict[str, Any]:
    [challenge] = answer["challenges"]
    found: dict[str, Any] = challenge
    return found


def wrong_of(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.fixture
def flow(sqlite_url: str, start: Callable[..., Any]) -> Any:
    """A service without mail and sign-in: the sign-up flow runs every method."""
    return start(sqlite_url)


@pytest.mark.parametrize("database", ["sqlite_url", "postgresql_url"])
def test_a_right_code_allows_and_the_sign_up_flow_is_told(
    database: str, request: Any, start: Callable[..., Any], mailbox: Any, document: Make
) -> None:
    url = request.getfixturevalue(database)
    service = start(url, SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}", MAIL_FROM="signup@gatehouse.example")
    answer = service.sign_up(document())
    challenge = one(answer)
    assert (answer["decision"], answer["final"], challenge["status"]) == ("step_up", False, "pending")
    assert service.work()["codes sent"] == 1

    status, state = service.post(f"/v1/challenges/{challenge['id']}/code", {"code": mailbox.codes[0]})

    assert (status, state["status"], state["accepted"], state["pending"]) == (200, "passed", True, 0)
    now = service.read(answer["id"])
    assert (now["decision"], now["final"], one(now)["status"]) == ("allow", True, "passed")
    assert [each["decision"] for each in now["history"]] == ["step_up", "allow"]
    assert now["score"] < answer["score"]
    assert "CHALLENGE_PASSED" in {each["code"] for each in now["reasons"]}
    (first, _), (last, told) = service.events(answer["id"])
    assert (first, last) == ("signup.decided", "signup.changed")
    assert (told["decision"], told["previous_decision"], told["challenges"][0]["status"]) == (
        "allow",
        "step_up",
        "passed",
    )


def test_the_code_again_is_the_same_answer(service: Any, mailbox: Any, document: Make) -> None:
    answer = service.sign_up(document())
    challenge = one(answer)
    service.work()
    path, code = f"/v1/challenges/{challenge['id']}/code", {"code": f" {mailbox.codes[0][:3]} {mailbox.codes[0][3:]} "}

    assert service.post(path, code) == service.post(path, code)
    assert len(service.read(answer["id"])["history"]) == 2


def test_wrong_codes_use_up_the_tries_and_then_something_else_is_asked(
    service: Any, mailbox: Any, document: Make
) -> None:
    answer = service.sign_up(document())
    challenge = one(answer)
    service.work()
    path, wrong = f"/v1/challenges/{challenge['id']}/code", {"code": wrong_of(mailbox.codes[0])}

    states = [service.post(path, wrong)[1] for _ in range(5)]
    late, problem = service.post(path, {"code": mailbox.codes[0]})

    assert [each["tries_left"] for each in states] == [4, 3, 2, 1, 0]
    assert [each["status"] for each in states] == ["pending"] * 4 + ["failed"]
    assert (late, problem["type"]) == (409, "urn:gatehouse:problem:conflict")
    now = service.read(answer["id"])
    assert now["decision"] in {"step_up", "review"}
    asked = [each for each in now["challenges"] if each["status"] == "pending"]
    assert bool(asked) is (now["decision"] == "step_up")
    assert not [each for each in asked if each["method"] == challenge["method"]]


def test_wrong_codes_at_once_cost_a_try_each(service: Any, mailbox: Any, document: Make) -> None:
    challenge = one(service.sign_up(document()))
    service.work()
    together = threading.Barrier(3)

    def guess() -> None:
        client = service.app.test_client()
        together.wait()
        path = f"/v1/challenges/{challenge['id']}/code"
        client.post(path, json={"code": wrong_of(mailbox.codes[0])}, headers=service.headers)

    threads = [threading.Thread(target=guess) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    _, state = service.post(f"/v1/challenges/{challenge['id']}/code", {"code": wrong_of(mailbox.codes[0])})
    assert state["tries_left"] == 1


def test_a_code_is_good_for_its_time_and_another_can_be_asked_for(service: Any, mailbox: Any, document: Make) -> None:
    challenge = one(service.sign_up(document()))
    service.work()
    service.clock.forward(minutes=31)
    status, problem = service.post(f"/v1/challenges/{challenge['id']}/code", {"code": mailbox.codes[0]})
    assert (status, problem["detail"]) == (409, "No code is good at the moment; ask for a new one.")

    service.post(f"/v1/challenges/{challenge['id']}/resend", {})
    service.work()

    assert service.post(f"/v1/challenges/{challenge['id']}/code", {"code": mailbox.codes[1]})[1]["accepted"]


def test_codes_are_sent_again_a_few_times_and_not_in_quick_succession(
    service: Any, mailbox: Any, document: Make
) -> None:
    challenge = one(service.sign_up(document()))
    path = f"/v1/challenges/{challenge['id']}/resend"

    soon = service.client.post(path, json={}, headers=service.headers)
    assert (soon.status_code, soon.headers["Retry-After"]) == (429, "30")
    left = []
    for _ in range(3):
        service.clock.forward(seconds=31)
        left.append(service.post(path, {})[1]["sends_left"])
    service.clock.forward(seconds=31)
    assert left == [2, 1, 0]
    assert service.post(path, {})[0] == 429
    service.work()
    assert len(mailbox.mails) == 4


def test_a_code_goes_only_to_a_mailbox_of_the_institution(
    service: Any, mailbox: Any, claimed_at_oxford: dict[str, Any]
) -> None:
    challenge = one(service.sign_up(claimed_at_oxford))
    path = f"/v1/challenges/{challenge['id']}/resend"
    assert challenge["method"] == "institution_email_code"
    assert service.work()["codes sent"] == 0

    for email in ({}, {"email": "ada.example@gmail.com"}, {"email": "ada@ox.ac.uk.evil.example"}):
        status, problem = service.post(path, email)
        assert (status, problem["errors"][0]["pointer"]) == (422, "/email")
    status, _ = service.post(path, {"email": "ada.example@student.ox.ac.uk"})
    service.work()

    assert status == 200
    assert [mail["To"] for mail in mailbox.mails] == ["ada.example@student.ox.ac.uk"]


def test_one_mailbox_proves_few_people(service: Any, mailbox: Any, claimed_at_oxford: dict[str, Any]) -> None:
    ends = []
    for number in range(4):
        document = {**claimed_at_oxford, "signup_id": f"su_{number}", "email": f"ada.example{number}@gmail.com"}
        document["device"] = {"ip": f"81.2.{number}.142", "webdriver": True}
        challenge = next(
            each for each in service.sign_up(document)["challenges"] if each["method"] == "institution_email_code"
        )
        service.post(f"/v1/challenges/{challenge['id']}/resend", {"email": "one.for.all@ox.ac.uk"})
        service.work()
        code = {"code": mailbox.codes[-1]}
        ends.append(service.post(f"/v1/challenges/{challenge['id']}/code", code)[1]["status"])

    assert ends == ["passed", "passed", "passed", "failed"]


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


def test_the_first_answer_comes_again_with_its_link_and_the_database_holds_none_that_works(
    flow: Any, sqlite_url: str, card: dict[str, Any]
) -> None:
    first = flow.client.post("/v1/signups", json=card, headers=flow.headers | {"Idempotency-Key": "k"})
    again = flow.client.post("/v1/signups", json=card, headers=flow.headers | {"Idempotency-Key": "k"})
    batch = flow.client.post(
        "/v1/signups/batch", data=json.dumps(card), content_type="application/x-ndjson", headers=flow.headers
    )

    answer = first.get_json()
    token = one(answer)["url"].rpartition("/")[2]
    assert first.data == again.data == batch.data.rstrip(b"\n")
    assert one(flow.read(answer["id"]))["url"] == one(answer)["url"]
    assert token.encode() not in b"".join(each.read_bytes() for each in Path(sqlite_url[10:]).parent.iterdir())
    with flow.parts.store.begin() as work:
        look = work.ledger.look("acme", "su_1", (), now=flow.clock.now)
    assert b"gatehouse:page:1." in look.answer.body
    assert token.encode() not in look.answer.body


def test_nobody_has_a_link_opened_by_sending_its_seal(flow: Any, card: dict[str, Any]) -> None:
    victim = flow.sign_up(card)
    seal = f'x","url":"gatehouse:page:1.{victim["id"]}'

    status, answer = flow.post("/v1/signups", {**card, "signup_id": seal[:64]})

    token = one(victim)["url"].rpartition("/")[2]
    assert status == 201
    assert token not in str(answer)


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
