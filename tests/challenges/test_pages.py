"""The hosted page without a browser: its faces, its headers, its limits, and what it never says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from service.usecases.ports_step_up import AppealKind

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def asked(service: Any, document: Make) -> tuple[Any, dict[str, Any], str]:
    """A service, the answer to a sign-up that was stepped up, and the path of its page."""
    answer = service.sign_up(document())
    return service, answer, service.page(answer)


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.get_data(as_text=True)))


def pending(service: Any, answer: dict[str, Any]) -> dict[str, Any]:
    [challenge] = [each for each in service.read(answer["id"])["challenges"] if each["status"] == "pending"]
    found: dict[str, Any] = challenge
    return found


def test_the_page_asks_says_why_in_safe_words_and_names_a_reference(asked: Any) -> None:
    service, answer, page = asked

    response = service.client.get(page)

    said = text(response)
    assert response.status_code == 200
    assert "a•••@ox.ac.uk" in said
    assert "ada.example" not in said
    assert f"Reference number: {service.step_up(answer['id']).reference}" in said
    assert "The form was filled in in an unusual way." in said
    told = response.get_data(as_text=True)
    assert not [each for each in ("81.2.69.142", "webdriver", "AUTOMATED", "score", answer["id"]) if each in told]


def test_nothing_runs_on_the_page_and_its_link_goes_nowhere(asked: Any) -> None:
    service, _, page = asked
    response = service.client.get(page)

    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    body = response.get_data(as_text=True)
    assert "<script" not in body
    assert " style=" not in body
    assert "http" not in re.sub(r"(?s)<p.*?</p>", "", body).replace("http-equiv", "")


def test_opening_the_page_is_noted_once(asked: Any) -> None:
    service, answer, page = asked
    for _ in range(3):
        service.client.get(page)

    with service.parts.store.begin() as work:
        assert [each.what for each in work.step_ups.history(answer["id"])].count("opened") == 1


def test_a_wrong_code_is_told_with_what_is_left_and_a_right_one_ends_it(asked: Any, mailbox: Any) -> None:
    service, answer, page = asked
    service.work()
    challenge = {"challenge": answer["challenges"][0]["id"]}

    wrong = service.client.post(f"{page}/code", data={**challenge, "code": "no"}, follow_redirects=True)
    right = service.client.post(f"{page}/code", data={**challenge, "code": mailbox.codes[0]}, follow_redirects=True)

    assert "That code is not right. Tries left: 4." in text(wrong)
    assert "Thank you, that is all" in text(right)
    assert service.read(answer["id"])["decision"] == "allow"


def test_a_code_can_be_asked_for_again_but_not_in_quick_succession(asked: Any, mailbox: Any) -> None:
    service, answer, page = asked
    form = {"challenge": answer["challenges"][0]["id"]}

    soon = service.client.post(f"{page}/send", data=form, follow_redirects=True)
    service.clock.forward(seconds=31)
    later = service.client.post(f"{page}/send", data=form, follow_redirects=True)
    service.work()

    assert "Too many requests" in text(soon)
    assert "A new code is on its way." in text(later)
    assert len(mailbox.mails) == 2


def test_another_way_is_offered_and_taken_without_blame(asked: Any) -> None:
    service, answer, page = asked
    offered = re.findall(r'<option value="(\w+)"', service.client.get(page).get_data(as_text=True))
    first = pending(service, answer)

    service.client.post(f"{page}/another", data={"challenge": first["id"], "method": "document_check"})

    now = service.read(answer["id"])
    assert {"institution_sso", "document_check", "supervisor_attestation"} <= set(offered)
    assert first["method"] not in offered
    assert pending(service, answer)["method"] == "document_check"
    assert (now["decision"], now["score"]) == ("step_up", answer["score"])
    assert "done on the page where you signed up" in text(service.client.get(page))


def test_every_way_that_is_offered_can_lead_to_an_end(asked: Any) -> None:
    service, answer, page = asked
    offered = re.findall(r'<option value="(\w+)"', service.client.get(page).get_data(as_text=True))

    # Somebody who lacks an institution's sign-in still has a proof that does not need one.
    assert {"supervisor_attestation", "document_check", "orcid_sign_in"} & set(offered)
    for method in ("phone_code", "palm_reading"):
        form = {"challenge": answer["challenges"][0]["id"], "method": method}
        refused = service.client.post(f"{page}/another", data=form, follow_redirects=True)
        assert "That did not work" in text(refused)
    assert pending(service, answer)["id"] == answer["challenges"][0]["id"]


def test_somebody_who_can_do_none_waits_for_a_person(asked: Any) -> None:
    service, answer, page = asked

    done = service.client.post(
        f"{page}/another", data={"challenge": answer["challenges"][0]["id"]}, follow_redirects=True
    )

    now = service.read(answer["id"])
    assert "A person is looking at your sign-up" in text(done)
    assert (now["decision"], now["score"]) == ("review", answer["score"])
    assert service.events(answer["id"])[-1][1]["decision"] == "review"
    assert service.case_about(answer).id == now["case_id"]


def test_a_missing_institution_and_the_wish_for_a_human_are_kept_and_audited(asked: Any) -> None:
    service, answer, page = asked
    service.client.post(f"{page}/appeal", data={"kind": "institution_missing", "text": "Free College, free.example"})
    after = service.client.post(f"{page}/appeal", data={"kind": "human", "text": "Please."}, follow_redirects=True)

    with service.parts.store.begin() as work:
        appeals = work.appeals.of_record(answer["id"])
        audit = [each for each in work.audit.entries(subject=answer["id"]) if each.action == "appeal.made"]
    assert [(each.kind, each.institution, each.message) for each in appeals] == [
        (AppealKind.INSTITUTION_MISSING, "Free College, free.example", None),
        (AppealKind.HUMAN, None, "Please."),
    ]
    assert [each.actor for each in audit] == ["person", "person"]
    assert "Free College" not in str(audit)
    assert "Noted. A person will look at your sign-up." in text(after)
    assert "Ask a person to look at it" not in text(after)
    for _ in range(10):
        service.client.post(f"{page}/appeal", data={"kind": "human"})
    with service.parts.store.begin() as work:
        assert len(work.appeals.of_record(answer["id"])) == 5


def test_whoever_works_on_appeals_is_told_in_the_same_transaction(asked: Any) -> None:
    from dataclasses import replace

    service, answer, page = asked
    told: list[Any] = []

    def fail(work: Any, appeal: Any) -> None:
        told.append((work, appeal))
        raise RuntimeError("the queue is full")

    pages = replace(service.parts.step_up.page, tell=fail)
    token = page.rpartition("/")[2]
    with pytest.raises(RuntimeError):
        pages.appeal(token, AppealKind.HUMAN, message=None, institution=None, now=service.clock.now)

    assert told[0][1].record_id == answer["id"]
    with service.parts.store.begin() as work:
        assert work.appeals.of_record(answer["id"]) == ()


def test_the_other_language_is_chosen_by_the_browser_or_by_a_link_and_stays(asked: Any, mailbox: Any) -> None:
    service, answer, page = asked
    by_browser = service.client.get(page, headers={"Accept-Language": "de-AT, en;q=0.5"})
    by_link = service.client.get(f"{page}?lang=de")
    form = {"challenge": answer["challenges"][0]["id"], "code": "no"}
    service.work()
    after = service.client.post(f"{page}/code?lang=de", data=form, follow_redirects=True)

    for each in (by_browser, by_link, after):
        assert each.headers["Content-Language"] == "de"
        assert '<html lang="de">' in each.get_data(as_text=True)
    assert "Dieser Code stimmt nicht" in text(after)
    assert f'action="{page}/code?lang=de"' in by_link.get_data(as_text=True)


def test_after_its_time_the_page_says_so(asked: Any) -> None:
    service, answer, page = asked
    service.clock.forward(days=4)

    before = text(service.client.get(page))
    service.work()
    after = text(service.client.get(page))

    assert "This page has ended" in before
    assert "This page has ended" in after
    assert service.read(answer["id"])["decision"] == "step_up"


def test_a_link_that_nobody_was_given_leads_nowhere_and_says_no_more(asked: Any) -> None:
    service, answer, page = asked
    almost = page[:-1] + ("y" if page.endswith("x") else "x")
    for path in (almost, f"{page}x", "/verify/x", f"/verify/{answer['id']}", "/verify/return?state=x&code=y"):
        response = service.client.get(path)
        assert response.status_code == 404
        assert "There is no such page" in text(response)
    form = {"challenge": answer["challenges"][0]["id"], "code": "123456"}
    assert service.client.post("/verify/another/code", data=form).status_code == 404


def test_a_challenge_of_another_page_is_not_answered_here(service: Any, document: Make, mailbox: Any) -> None:
    mine = service.sign_up(document())
    theirs = service.sign_up(document("su_2", email="other.example@ox.ac.uk"))
    service.work()
    code = next(c for c, mail in zip(mailbox.codes, mailbox.mails, strict=True) if mail["To"].startswith("other"))

    form = {"challenge": theirs["challenges"][0]["id"], "code": code}
    assert service.client.post(f"{service.page(mine)}/code", data=form).status_code == 404
    assert service.read(theirs["id"])["decision"] == "step_up"


def test_a_page_that_is_asked_for_too_often_waits(asked: Any) -> None:
    service, _, page = asked
    statuses = [service.client.get(page).status_code for _ in range(70)]

    assert statuses[:50] == [200] * 50
    assert statuses[-1] == 429
    refused = service.client.get(page)
    assert refused.headers["Retry-After"] == "30"
    assert "Too many requests" in text(refused)


def test_a_form_that_is_too_large_is_refused(asked: Any) -> None:
    service, _, page = asked

    assert service.client.post(f"{page}/appeal", data={"text": "x" * 20_000}).status_code == 413


def test_the_hosted_page_leaves_no_token_and_no_code_in_the_log(
    asked: Any, mailbox: Any, caplog: Any, capfd: Any
) -> None:
    service, answer, page = asked
    service.work()
    service.client.get(page)
    service.client.post(f"{page}/code", data={"challenge": answer["challenges"][0]["id"], "code": mailbox.codes[0]})

    out, err = capfd.readouterr()
    logged = out + err + caplog.text
    assert page.rpartition("/")[2] not in logged
    assert mailbox.codes[0] not in logged
    assert "ada.example" not in logged
