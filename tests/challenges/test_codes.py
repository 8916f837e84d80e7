"""Codes over the API: entered in time, sent again, used up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.challenges.conftest import one

Make = Callable[..., dict[str, Any]]


def wrong_of(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


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
