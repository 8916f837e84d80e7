"""The whole way in a real browser: stepped up, proven, allowed, and the sign-up flow told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

Make = Callable[..., dict[str, Any]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def live(
    sqlite_url: str, start: Callable[..., Any], serve: Callable[..., Any], mailbox: Any, providers_file: Path
) -> Iterator[Any]:
    """A service behind real HTTP, with its worker going round beside it."""
    port = free_port()
    service = start(
        sqlite_url,
        PUBLIC_URL=f"http://127.0.0.1:{port}",
        SMTP_URL=f"smtp://{mailbox.host}:{mailbox.port}",
        MAIL_FROM="signup@gatehouse.example",
        OIDC_PROVIDERS=str(providers_file),
    )
    serve(service.app, port)
    stop = threading.Event()
    worker = threading.Thread(target=lambda: service.worker.run(wait=stop.wait, every_s=0.05))
    worker.start()
    yield service
    stop.set()
    worker.join()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a fresh browser without scripts; whatever its console complains of fails the test."""
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    opened, complaints = context.new_page(), []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("requestfailed", lambda request: complaints.append(request.url))
    yield opened
    context.close()
    assert complaints == []


def code_from(mailbox: Any, page: Page) -> str:
    """The code, once the worker has sent it."""
    for _ in range(200):
        if mailbox.codes:
            return str(mailbox.codes[-1])
        page.wait_for_timeout(50)
    raise AssertionError("no mail arrived")


def test_a_code_that_arrived_by_mail_opens_the_account(live: Any, page: Page, mailbox: Any, document: Make) -> None:
    answer = live.sign_up(document())
    page.goto(answer["challenges"][0]["url"])
    expect(page.get_by_role("heading", name="Confirm your sign-up")).to_be_visible()

    page.get_by_label("Code", exact=True).fill("000000" if code_from(mailbox, page) != "000000" else "000001")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("That code is not right. Tries left: 4.")
    page.get_by_label("Code", exact=True).fill(code_from(mailbox, page))
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("heading", name="Thank you, that is all")).to_be_visible()
    assert live.read(answer["id"])["decision"] == "allow"
    name, told = live.events(answer["id"])[-1]
    assert (name, told["decision"], told["previous_decision"]) == ("signup.changed", "allow", "step_up")


def test_a_sign_in_at_the_institution_opens_the_account(live: Any, page: Page, document: Make) -> None:
    answer = live.sign_up(document())
    page.goto(answer["challenges"][0]["url"])
    page.get_by_label("Another way").select_option("institution_sso")
    page.get_by_role("button", name="Use this way").click()
    page.get_by_role("link", name="Continue to sign in").click()
    page.get_by_role("button", name="Sign in as Ada").click()

    expect(page.get_by_role("heading", name="Thank you, that is all")).to_be_visible()
    assert live.read(answer["id"])["decision"] == "allow"
    name, told = live.events(answer["id"])[-1]
    assert (name, told["decision"]) == ("signup.changed", "allow")


def test_a_student_with_a_free_mailbox_names_one_at_the_institution(
    live: Any, page: Page, mailbox: Any, claimed_at_oxford: dict[str, Any]
) -> None:
    answer = live.sign_up(claimed_at_oxford)
    page.goto(answer["challenges"][0]["url"])
    page.get_by_label("Your mailbox at the institution").fill("ada@gmail.com")
    page.get_by_role("button", name="Send me the code").click()
    expect(page.get_by_role("status")).to_contain_text("not a mailbox at the institution")
    page.get_by_label("Your mailbox at the institution").fill("ada@ox.ac.uk")
    page.get_by_role("button", name="Send me the code").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")
    page.get_by_label("Code", exact=True).fill(code_from(mailbox, page))
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("heading", name="Thank you, that is all")).to_be_visible()
    assert live.read(answer["id"])["decision"] == "allow"


def test_a_person_reads_why_misses_their_institution_and_asks_for_a_human(
    live: Any, page: Page, document: Make
) -> None:
    answer = live.sign_up(document())
    page.goto(answer["challenges"][0]["url"])
    page.get_by_text("Why am I asked?").click()
    expect(page.get_by_text("The form was filled in in an unusual way.")).to_be_visible()
    page.get_by_text("My institution is missing").click()
    page.get_by_label("Name and web address of the institution").fill("Free College, free.example")
    page.get_by_role("button", name="Tell us").click()
    expect(page.get_by_role("status")).to_contain_text("Noted.")
    page.get_by_text("Ask a person to look at it").click()
    page.get_by_label("What should we know?").fill("I am real.")
    page.get_by_role("button", name="Ask a person").click()

    expect(page.get_by_role("status")).to_contain_text("A person will look at your sign-up.")
    with live.parts.store.begin() as work:
        assert [each.kind.value for each in work.appeals.of_record(answer["id"])] == ["institution_missing", "human"]


def test_somebody_who_was_declined_reads_why_and_asks_for_a_human(
    live: Any, page: Page, document: Make, decide_by_campaign: Callable[[Any], None]
) -> None:
    decide_by_campaign(live)
    sent = document(custom={"campaign": "deny"}, device={"ip": "81.2.69.142"})
    answer = live.client.post("/v1/signups", json=sent, headers=live.headers)
    page.goto(answer.headers["Link"].partition("<")[2].partition(">")[0])
    expect(page.get_by_role("heading", name="Your sign-up was declined")).to_be_visible()
    page.get_by_text("Why was this decided?").click()
    expect(page.get_by_role("listitem").first).to_be_visible()
    page.get_by_text("My institution is missing").click()
    page.get_by_label("Name and web address of the institution").fill("Free College, free.example")
    page.get_by_role("button", name="Tell us").click()
    expect(page.get_by_role("status")).to_contain_text("Noted.")
    page.get_by_text("Ask a person to look at it").click()
    page.get_by_label("What should we know?").fill("I am real.")
    page.get_by_role("button", name="Ask a person").click()

    expect(page.get_by_text("You asked for a person.")).to_be_visible()
    with live.parts.store.begin() as work:
        case = work.cases.of_subject("acme", f"appeal:{answer.get_json()['id']}")
        assert [each.text for each in work.cases.notes(case.id)] == [
            "My institution is missing: Free College, free.example",
            "I am real.",
        ]


def test_the_page_works_by_keyboard_alone(live: Any, page: Page, mailbox: Any, document: Make) -> None:
    answer = live.sign_up(document())
    page.goto(answer["challenges"][0]["url"])
    code = code_from(mailbox, page)
    for _ in range(3):  # past the two languages, to the code
        page.keyboard.press("Tab")
    page.keyboard.type(code)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Thank you, that is all")).to_be_visible()


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "de")])
def test_every_face_of_the_page_is_accessible(
    live: Any,
    chromium: Browser,
    mailbox: Any,
    document: Make,
    decide_by_campaign: Callable[[Any], None],
    scheme: Any,
    language: str,
) -> None:
    # Scripts run here only for the checker itself, which the page's own policy would not let in.
    context = chromium.new_context(color_scheme=scheme, bypass_csp=True, viewport={"width": 360, "height": 740})
    page = context.new_page()
    faces = []
    decide_by_campaign(live)
    answer = live.sign_up(document())
    page.goto(f"{answer['challenges'][0]['url']}?lang={language}")
    for each in page.locator("summary").all():
        each.click()
    faces.append(Axe().run(page))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("input[name=code]").fill(code_from(mailbox, page))
    page.locator("form[action*='/code'] button").click()
    faces.append(Axe().run(page))
    page.goto(f"{live.parts.settings.public_url}/verify/nowhere?lang={language}")
    faces.append(Axe().run(page))
    for decision in ("review", "deny"):
        sent = document(f"su_{decision}", custom={"campaign": decision}, device={"ip": "81.2.69.142"})
        held = live.client.post("/v1/signups", json=sent, headers=live.headers)
        page.goto(held.headers["Link"].partition("<")[2].partition(">")[0] + f"?lang={language}")
        for each in page.locator("summary").all():
            each.click()
        faces.append(Axe().run(page))
    context.close()

    assert [face.response["violations"] for face in faces] == [[]] * 5
