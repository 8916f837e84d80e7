"""The page of a person who was held or declined at once: why, and a human who answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from service.domain.case import CaseKind
from service.domain.reviewer import Acting, Role
from service.domain.verdict import Verdict
from service.storage.step_up_secrets import StepUpSecrets
from service.usecases.open_case import appeal_subject
from service.usecases.plan_step_up import reference_of

Make = Callable[..., dict[str, Any]]

DANA = Acting(name="reviewer:dana", role=Role.REVIEWER)


@pytest.fixture
def strict(service: Any, decide_by_campaign: Callable[[Any], None]) -> Any:
    """The service under a policy that holds or declines at once who comes with such a campaign."""
    decide_by_campaign(service)
    return service


@pytest.fixture
def decided(strict: Any, document: Make) -> Callable[..., tuple[dict[str, Any], str | None]]:
    """Signs up; the answer, and the path of the page that its header links to."""

    def sign_up(campaign: str, **changes: Any) -> tuple[dict[str, Any], str | None]:
        sent = document(custom={"campaign": campaign}, device={"ip": "81.2.69.142"}, **changes)
        response = strict.client.post("/v1/signups", json=sent, headers=strict.headers)
        return response.get_json(), page_of(strict, response)

    return sign_up


def page_of(service: Any, response: Any) -> str | None:
    found = re.fullmatch(r'<(.+)>; rel="help"', response.headers.get("Link", ""))
    return None if found is None else found[1].removeprefix(service.parts.settings.public_url)


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.get_data(as_text=True)))


def appeal_of(service: Any, answer: dict[str, Any]) -> Any:
    with service.parts.store.begin() as work:
        return work.cases.of_subject("acme", appeal_subject(answer["id"]))


def judge(service: Any, case: Any, verdict: Verdict, code: str) -> None:
    """One person gives an opinion blindly, sees the earlier decision, and concludes."""
    for _ in range(2):
        service.clock.forward(seconds=1)  # nothing is decided twice in one instant
        service.parts.cases.handle.claim(case.id, acting=DANA, now=service.clock.now)
        service.parts.cases.verdict(case.id, verdict, code, acting=DANA, now=service.clock.now)


def test_a_person_who_was_declined_reads_why_in_safe_words_with_a_reference(strict: Any, decided: Any) -> None:
    answer, page = decided("deny")
    response = strict.client.get(page)

    said, told = text(response), response.get_data(as_text=True)
    assert (answer["decision"], answer["challenges"], response.status_code) == ("deny", [], 200)
    assert "Your sign-up was declined" in said
    assert "Why was this decided?" in said
    assert "The sign-up resembles others that came before." in said
    assert "Confirm your sign-up" not in said
    assert f"Reference number: {reference_of(answer['id'])}" in said
    assert "My institution is missing" in said
    assert not [each for each in ("81.2.69.142", "ada.example", "CAMPAIGN", "score", answer["id"]) if each in told]


def test_a_person_who_is_held_learns_that_somebody_looks_and_may_write_to_them(strict: Any, decided: Any) -> None:
    answer, page = decided("review")
    before = text(strict.client.get(page))

    form = {"kind": "human", "text": "The registrar knows me."}
    after = text(strict.client.post(f"{page}/appeal", data=form, follow_redirects=True))

    assert "A person is looking at your sign-up" in before
    assert "Tell the person who decides" in before
    assert "You asked for a person." in after
    assert "Tell the person who decides" not in after
    with strict.parts.store.begin() as work:
        assert [each.text for each in work.cases.notes(appeal_of(strict, answer).id)] == ["The registrar knows me."]


def test_the_wish_for_a_human_becomes_a_case_and_its_answer_an_event(strict: Any, decided: Any) -> None:
    answer, page = decided("deny")
    missing = {"kind": "institution_missing", "text": "Free College, free.example"}
    strict.client.post(f"{page}/appeal", data=missing)
    strict.client.post(f"{page}/appeal", data={"kind": "human", "text": "I am real."})
    case = appeal_of(strict, answer)
    with strict.parts.store.begin() as work:
        notes = [(each.by, each.text) for each in work.cases.notes(case.id)]
        opened = [each for each in work.audit.entries(subject=case.id) if each.action == "case.opened"]

    judge(strict, case, Verdict.APPROVE, "INSTITUTION_CONFIRMED")

    assert case.kind is CaseKind.APPEAL
    assert notes == [("person", "My institution is missing: Free College, free.example"), ("person", "I am real.")]
    assert [each.actor for each in opened] == ["person"]
    told = dict(strict.events(answer["id"]))
    assert told["appeal.resolved"]["verdict"] == "approve"
    assert (told["signup.changed"]["decision"], told["signup.changed"]["previous_decision"]) == ("allow", "deny")
    assert "Thank you, that is all" in text(strict.client.get(page))


def test_a_decision_that_stands_after_an_appeal_says_that_a_person_made_it(strict: Any, decided: Any) -> None:
    answer, page = decided("deny")
    strict.client.post(f"{page}/appeal", data={"kind": "human"})
    judge(strict, appeal_of(strict, answer), Verdict.REJECT, "NOT_ELIGIBLE")

    said = text(strict.client.get(page))

    assert "Your sign-up was declined" in said
    assert "A person has looked at your sign-up since you asked." in said
    assert "Ask a person to look at it" not in said


def test_whoever_rejected_before_does_not_judge_the_appeal(strict: Any, decided: Any) -> None:
    answer, page = decided("review")
    strict.parts.cases.handle.claim(answer["case_id"], acting=DANA, now=strict.clock.now)
    strict.parts.cases.verdict(answer["case_id"], Verdict.REJECT, "AUTOMATED", acting=DANA, now=strict.clock.now)

    strict.client.post(f"{page}/appeal", data={"kind": "human"})

    assert appeal_of(strict, answer).barred == ("reviewer:dana",)


def test_an_answer_links_to_the_page_of_whoever_was_not_allowed(strict: Any, document: Make, decided: Any) -> None:
    asked = strict.client.post("/v1/signups", json=document("su_9"), headers=strict.headers)
    plain = document("su_7", device={"ip": "81.2.69.142"})
    allowed = strict.client.post("/v1/signups", json=plain, headers=strict.headers)
    recorded = strict.client.post("/v1/signups", json={**document("su_8"), "record_only": True}, headers=strict.headers)
    answer, page = decided("deny", signup_id="su_6")
    read = strict.client.get(f"/v1/signups/{answer['id']}", headers=strict.headers)

    assert page_of(strict, asked) == strict.page(asked.get_json())
    assert allowed.get_json()["decision"] == "allow"
    assert (page_of(strict, allowed), page_of(strict, recorded)) == (None, None)
    assert page_of(strict, read) == page


def test_the_page_follows_when_something_is_asked_after_all(strict: Any, decided: Any) -> None:
    answer, page = decided("review")
    asked = strict.client.get(page)
    strict.clock.forward(seconds=1)
    strict.parts.cases.handle.claim(answer["case_id"], acting=DANA, now=strict.clock.now)
    strict.parts.cases.verdict(
        answer["case_id"], Verdict.ASK_MORE, "INSTITUTION_PROOF", acting=DANA, now=strict.clock.now
    )

    now = strict.read(answer["id"])
    assert "A person is looking" in text(asked)
    assert (now["decision"], [each["status"] for each in now["challenges"]]) == ("step_up", ["pending"])
    assert "Before your account opens we need one more confirmation." in text(strict.client.get(page))
    assert strict.events(answer["id"])[-1][1]["challenges"] == [
        {key: now["challenges"][0][key] for key in ("id", "method", "status")}
    ]


def test_a_link_cannot_be_made_without_the_key(strict: Any, decided: Any) -> None:
    answer, page = decided("deny")
    token = page.rpartition("/")[2]
    others = StepUpSecrets([(1, b"another key of thirty-two bytes.")])

    for guess in (others.decision_token(answer["id"]), token[:-1] + ("A" if token[-1] != "A" else "B"), token[:40]):
        assert strict.client.get(f"/verify/{guess}").status_code == 404
        assert strict.client.post(f"/verify/{guess}/appeal", data={"kind": "human"}).status_code == 404
    rotated = StepUpSecrets([(1, bytes(range(32, 64))), (2, b"a newer key of thirty-two bytes.")])
    assert rotated.record_of(token) == answer["id"]
    assert rotated.decision_token(answer["id"]) != token


def test_a_report_of_the_account_opens_the_links_of_its_answer(strict: Any, document: Make) -> None:
    answer = strict.sign_up(document())
    _, after = strict.post(f"/v1/signups/{answer['id']}/account", {"status": "not_created"})

    assert after["challenges"] == answer["challenges"]


def test_the_reference_number_that_a_person_names_finds_their_sign_up(strict: Any, decided: Any) -> None:
    answer, page = decided("deny")
    decided("deny", signup_id="su_2", email="somebody.else@ox.ac.uk")
    found = re.search(r"Reference number: ([0-9A-F-]+)", text(strict.client.get(page)))
    assert found is not None

    for written in (found[1], found[1].lower(), found[1].replace("-", " ")):
        _, page_of_search = strict.post("/v1/signups/search", {"reference": written})
        assert [each["id"] for each in page_of_search["items"]] == [answer["id"]]
    status, problem = strict.post("/v1/signups/search", {"reference": "AB-1"})
    assert (status, [each["pointer"] for each in problem["errors"]]) == (422, ["/reference"])
