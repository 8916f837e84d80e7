"""A reviewer's day in Chromium: sign in, claim, read, decide, go on; by the keyboard, against others, too late."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from service.domain.case import CaseState
from service.domain.decision import Decision

Open = Callable[..., Any]


def case_of(tab: Any) -> str:
    found = re.search(r"/cases/([^?/]+)", tab.page.url)
    assert found is not None, tab.page.url
    return found.group(1)


def claim(tab: Any) -> str:
    before = tab.page.url
    tab.page.keyboard.press("c")
    tab.page.wait_for_url(lambda url: url != before and "/cases/" in url)
    tab.ready()
    return case_of(tab)


def read(console: Any, case_id: str) -> Any:
    with console.application.store.begin() as work:
        return work.cases.get(None, case_id)


def decision(console: Any, case_id: str) -> Decision:
    with console.application.store.begin() as work:
        return work.ledger.get(None, work.cases.get(None, case_id).record_id).assessments[-1].decision


def test_ten_cases_are_cleared_with_the_keyboard_alone(open_tab: Open, console: Any) -> None:
    tab = open_tab("dana")
    cleared = [claim(tab)]
    keys = [("r", "1", Decision.DENY), ("a", "4", Decision.ALLOW), ("m", "1", Decision.STEP_UP)]

    for number in range(10):
        verdict, reason, _ = keys[number % 3]
        current = case_of(tab)
        tab.page.keyboard.press(verdict)
        tab.page.keyboard.press(reason)
        tab.page.keyboard.press("Control+Enter")
        tab.page.wait_for_url(lambda url, current=current: f"/cases/{current}" not in url)
        tab.ready()
        cleared.append(case_of(tab))

    assert len(set(cleared)) == 11
    for number, case_id in enumerate(cleared[:10]):
        assert read(console, case_id).state is CaseState.RESOLVED
        assert decision(console, case_id) is keys[number % 3][2]
    tab.page.click("text=Give back")


def test_lines_are_walked_and_opened_by_the_keyboard(open_tab: Open) -> None:
    tab = open_tab("dana")
    targets = tab.page.eval_on_selector_all("[data-open]", "n => n.map(e => e.getAttribute('href'))")

    for key in "jjjk":
        tab.page.keyboard.press(key)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url(f"**{targets[1]}")
    tab.page.keyboard.press("q")
    tab.page.wait_for_url("**/queue")
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("c?j")

    assert tab.page.input_value("[name=text]") == "c?j"
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("?")
    assert "approve, reject" in tab.text("#help")


def test_facts_are_masked_until_asked_for_and_the_look_is_on_record(open_tab: Open, console: Any) -> None:
    tab = open_tab("dana")
    case = read(console, claim(tab))
    with console.application.store.begin() as work:
        signup = work.ledger.get(None, case.record_id).signup
    masked = tab.page.content()

    tab.page.keyboard.press("v")
    tab.page.wait_for_selector("text=Shown in clear")

    assert signup.email not in masked
    assert signup.identity.full_name not in masked
    assert signup.device.ip not in masked
    assert signup.email in tab.text("#facts")
    assert tab.page.url.endswith(case.id)
    with console.application.store.begin() as work:
        entry = work.audit.entries(subject=case.record_id)[0]
    assert (entry.actor, entry.action, entry.detail) == ("reviewer:dana", "signup.revealed", {"case_id": case.id})
    tab.page.click("text=Give back")


def test_two_who_race_for_one_case_are_told_apart(open_tab: Open, console: Any) -> None:
    dana, eli = open_tab("dana"), open_tab("eli")
    case = console.cases()[-1]
    for tab in (dana, eli):
        tab.go(f"/console/cases/{case.id}")

    dana.page.click("aside button:has-text('Claim')")
    dana.ready()
    eli.page.click("aside button:has-text('Claim')")
    eli.page.wait_for_selector("[role=alert]")

    assert "dana holds this case for another" in eli.text("[role=alert]")
    assert dana.page.locator("#verdict").count() == 1
    assert eli.page.locator("#verdict").count() == 0
    dana.page.click("text=Give back")
    dana.page.wait_for_url("**/queue")


def test_a_verdict_after_the_lease_is_refused_and_what_was_written_stays(open_tab: Open, console: Any) -> None:
    tab = open_tab("dana")
    case_id = claim(tab)
    tab.page.keyboard.press("r")
    tab.page.keyboard.press("2")
    tab.page.fill("#verdict [name=note]", "The registrar does not know her")
    console.clock.ahead = timedelta(minutes=31)
    try:
        tab.page.keyboard.press("Control+Enter")
        tab.page.wait_for_selector("[role=alert]")

        assert "Your lease ended" in tab.text("[role=alert]")
        assert read(console, case_id).state is not CaseState.RESOLVED
        tab.page.click("text=Claim again")
        tab.page.wait_for_selector("#verdict")
        assert read(console, case_id).holder == "reviewer:dana"
        tab.page.click("text=Give back")
        tab.page.wait_for_url("**/queue")
    finally:
        console.clock.ahead = timedelta()


def test_a_verdict_without_a_reason_is_asked_for_one(open_tab: Open, console: Any) -> None:
    tab = open_tab("dana")
    case_id = claim(tab)

    tab.page.keyboard.press("Control+Enter")
    tab.page.wait_for_selector("text=Choose a verdict first")
    tab.ready()
    tab.page.keyboard.press("r")
    tab.page.fill("#verdict [name=note]", "kept")
    tab.page.keyboard.press("Control+Enter")
    tab.page.wait_for_selector("text=Choose a reason")

    assert tab.page.input_value("#verdict [name=note]") == "kept"
    assert tab.page.is_checked("[value=reject]")
    assert read(console, case_id).state is CaseState.CLAIMED
    tab.page.click("text=Give back")
    tab.page.wait_for_url("**/queue")


def test_the_last_verdict_is_undone_with_one_key(open_tab: Open, console: Any) -> None:
    tab = open_tab("dana")
    case_id = claim(tab)
    for key in ("r", "1", "Control+Enter"):
        tab.page.keyboard.press(key)
    tab.page.wait_for_url("**done=*")
    tab.ready()
    assert decision(console, case_id) is Decision.DENY
    held = case_of(tab)

    tab.page.keyboard.press("u")
    tab.page.wait_for_url(f"**/cases/{case_id}?said=undone")

    assert decision(console, case_id) is Decision.REVIEW
    assert read(console, case_id).holder == "reviewer:dana"
    for each in (case_id, held):
        tab.go(f"/console/cases/{each}")
        tab.page.click("text=Give back")
        tab.page.wait_for_url("**/queue")


def test_an_appeal_hides_the_earlier_decision_until_an_opinion_is_given(open_tab: Open, console: Any) -> None:
    dana, eli = open_tab("dana"), open_tab("eli")
    case_id = claim(dana)
    for key in ("r", "2", "Control+Enter"):
        dana.page.keyboard.press(key)
    dana.page.wait_for_url("**done=*")
    record_id = read(console, case_id).record_id
    appeal = console.application.cases.appeal(
        record_id, "I do study here, ask Dr Example.", owner="campus", by="key:flow", now=console.clock()
    )
    dana.go(f"/console/cases/{appeal.id}")
    assert "somebody else must look at it" in dana.text("aside")
    assert dana.page.locator("aside button:has-text('Claim')").count() == 0

    eli.go(f"/console/cases/{appeal.id}")
    eli.page.click("aside button:has-text('Claim')")
    eli.page.wait_for_selector("#verdict")
    hidden = eli.text(".case-head") + eli.text(".history")
    for key in ("a", "1", "Control+Enter"):
        eli.page.keyboard.press(key)
    eli.page.wait_for_selector("text=Your opinion is recorded")
    eli.ready()
    shown = eli.text()
    for key in ("a", "1", "Control+Enter"):
        eli.page.keyboard.press(key)
    eli.page.wait_for_url("**done=*")

    assert "deny" not in hidden
    assert "I do study here" in hidden
    assert "decision deny" in shown
    assert decision(console, case_id) is Decision.ALLOW


def test_a_lead_assigns_and_a_reviewer_cannot(open_tab: Open, console: Any) -> None:
    lea, dana = open_tab("lea"), open_tab("dana")
    case = next(each for each in console.cases() if each.state is CaseState.OPEN)
    lea.go(f"/console/cases/{case.id}")
    lea.page.select_option("[name=to]", "reviewer:eli")
    lea.page.click("aside button:has-text('Assign')")
    lea.ready()

    dana.go(f"/console/cases/{case.id}")
    assert dana.page.locator("[name=to]").count() == 0
    assert "kept for eli" in dana.text("aside")
    assert dana.go("/console/audit").status == 403
    assert dana.go("/console/people").status == 403
    assert "needs the role 'admin'" in dana.text()


def test_a_search_finds_by_what_a_person_knows_and_puts_nothing_into_the_address(open_tab: Open, console: Any) -> None:
    tab = open_tab("dana")
    with console.application.store.begin() as work:
        signup = work.ledger.get(None, console.cases()[0].record_id).signup
    tab.go("/console/search")

    tab.page.fill("[name=email]", signup.email)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector("text=found")

    assert tab.page.url.endswith("/console/search")
    tab.page.click(f"text={signup.signup_id}")
    tab.page.wait_for_url("**/signups/*")
    assert signup.email not in tab.page.content()


def test_a_selection_is_judged_together_and_taken_back(open_tab: Open, console: Any) -> None:
    tab = open_tab("dana")
    ids = tab.page.eval_on_selector_all(".pick input", "n => n.map(e => e.value)")[-3:]
    for case_id in ids:
        tab.page.check(f".pick [value='{case_id}']")
    assert "3 selected" in tab.text("#bulk")
    tab.page.click("text=Judge together")
    tab.ready()
    assert "Judge 3 cases together" in tab.text()
    tab.page.select_option("[name=conclusion]", "reject LINKED_TO_FRAUD")
    tab.page.click("text=Give the verdict on 3")
    tab.ready()

    assert [decision(console, case_id) for case_id in ids] == [Decision.DENY] * 3
    tab.page.keyboard.press("u")
    tab.page.wait_for_selector("text=taken back 3")
    assert [decision(console, case_id) for case_id in ids] == [Decision.REVIEW] * 3
    for case_id in ids:
        tab.go(f"/console/cases/{case_id}")
        tab.page.click("text=Give back")
        tab.page.wait_for_url("**/queue")


def test_a_large_selection_waits_for_a_second_person(open_tab: Open, console: Any) -> None:
    dana, lea = open_tab("dana"), open_tab("lea")
    ids = dana.page.eval_on_selector_all(".pick input", "n => n.map(e => e.value)")[:45]
    for case_id in ids:
        dana.page.check(f".pick [value='{case_id}']")
    dana.page.click("text=Judge together")
    dana.ready()
    assert "second person above 25" in dana.text()
    dana.page.select_option("[name=conclusion]", "reject LINKED_TO_FRAUD")
    before = [decision(console, case_id) for case_id in ids]
    dana.page.click("text=Propose on")
    dana.page.wait_for_selector("text=Waits for a second person")
    assert [decision(console, case_id) for case_id in ids] == before
    dana.go("/console/proposals")
    assert dana.page.locator("button:has-text('Approve')").count() == 0

    lea.go("/console/queue")
    lea.page.click(".strip a")
    lea.ready()
    lea.page.click("button:has-text('Approve')")
    lea.page.wait_for_selector("text=approved")

    decided = [decision(console, case_id) for case_id in ids]
    assert decided.count(Decision.DENY) > 25
    lea.go("/console/audit?action=case.")
    told = lea.text()
    assert "case.proposal_approved" in told
    assert "case.proposed" in told
