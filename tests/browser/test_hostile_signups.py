"""Everything a stranger can type is hostile: it is shown as text, bounded, with nothing invisible, and runs nowhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from models.signup import (
    AccountType,
    Behaviour,
    Device,
    Identity,
    Institution,
    NetworkReport,
    Payment,
    PaymentMethod,
    Signup,
    Sponsor,
)

SCRIPT = "<script>window.hit=1</script><img src=x onerror='window.hit=2'>\"'><svg onload=window.hit=3>{{7*7}}"
TURNED = "abc\u202etxt.exe\u202c \u200bzero\u200dwidth\u2066 z\u0301\u0301\u0301\u0301\u0301\u0301\u0301"
LONG = "A" * 5_000
FORMULA = '=HYPERLINK("http://example.org","x")'


def hostile(text: str, number: int) -> Signup:
    """A sign-up that says the same in every field that takes a text."""
    return Signup(
        signup_id=f"{number}{text}"[:64],
        account_type=AccountType.RESEARCH,
        occurred_at=datetime.now(UTC),
        identity=Identity(
            full_name=text,
            country="GB",
            institution=Institution(name=text, ror_id=text, country="GB"),
            programme=text,
            orcid=text,
            website=text,
            sponsor=Sponsor(email=text, orcid=text),
        ),
        email=f"hostile{number}@college.example",
        phone=text,
        payment=Payment(
            method=PaymentMethod.CARD,
            fingerprint=text,
            bin="424242",
            billing_postal_code=text,
            cardholder_name=text,
        ),
        device=Device(
            ip="192.0.2.99",
            device_id=text,
            user_agent=text,
            accept_language=text,
            timezone=text,
            screen=text,
            platform=text,
            ja4=text,
            network=NetworkReport(provider=text),
        ),
        behaviour=Behaviour(form_seconds=3.0, referrer=text, stated_use=text, pasted_fields=(text,)),
        invited_by=text,
        custom={"campaign": text, text[:64]: text},
    )


def look(tab: Any, path: str) -> str:
    """Open a page, show the facts in clear, and make sure that nothing ran and nothing leaves the screen."""
    assert tab.go(path).status == 200
    if tab.page.locator("#reveal").count():
        tab.page.click("#reveal")
        tab.page.wait_for_selector("text=Shown in clear")
    assert tab.page.evaluate("window.hit") is None
    assert tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert tab.page.locator("main img, main svg[onload]").count() == 0
    return str(tab.page.content())


def test_hostile_texts_are_shown_as_texts_on_every_page(open_tab: Callable[..., Any], console: Any) -> None:
    tabs = [open_tab("lea", width=width) for width in (1280, 390)]
    for number, text in enumerate((SCRIPT, TURNED, LONG, FORMULA)):
        (record_id,) = console.record(hostile(text, number))
        case = (
            console.application.cases.open(record_id, acting=_lead(), now=console.clock(), note=text[:200])
            if not _has_case(console, record_id)
            else None
        )
        case_id = case.id if case is not None else _has_case(console, record_id)
        for tab in tabs:
            body = look(tab, f"/console/cases/{case_id}") + look(tab, f"/console/signups/{record_id}")
            look(tab, f"/console/queue?text={case_id}")
            look(tab, "/console/audit")
            shown = tab.page.goto(f"{console.address}/console/cases/{case_id}") and tab.text()
            if text is SCRIPT:
                assert "<script>window" in shown
                assert "{{7*7}}" in shown
            if text is TURNED:
                assert "\u202e" not in body
                assert "\u200b" not in body
                assert "U+202E" in shown
                assert "U+200D" in shown
            if text is LONG:
                assert "A" * 400 not in body


def test_a_hostile_search_is_answered_in_words(open_tab: Callable[..., Any], console: Any) -> None:
    tab = open_tab("dana")
    tab.go("/console/search")
    tab.page.fill("[name=full_name]", SCRIPT)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector("text=/found|Nobody/")

    assert tab.page.evaluate("window.hit") is None


def test_a_spreadsheet_gets_no_formula_from_the_audit_record(console: Any) -> None:
    from service.usecases.ports import AuditEntry

    formulas = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")
    with console.application.store.begin() as work:
        for each in formulas:
            work.audit.add(AuditEntry(console.clock(), each, each, each, {"name": each}))
        work.commit()
    client = _signed_in(console, "lea")

    rows = list(csv.reader(io.StringIO(client("/console/audit.csv"))))

    cells = [cell for row in rows[1 : len(formulas) + 1] for cell in row]
    assert cells
    assert [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell] == []


def _lead() -> Any:
    from service.domain.reviewer import Acting, Role

    return Acting("reviewer:lea", Role.LEAD)


def _has_case(console: Any, record_id: str) -> str | None:
    with console.application.store.begin() as work:
        return next((each.id for each in work.cases.of_record(record_id)), None)


def _signed_in(console: Any, name: str) -> Callable[[str], str]:
    import http.cookiejar
    import urllib.parse
    import urllib.request

    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    form = urllib.parse.urlencode({"name": name, "password": "five plain words are enough"}).encode()
    opener.open(f"{console.address}/console/sign-in", form, timeout=30).read()

    def read(path: str) -> str:
        with opener.open(console.address + path, timeout=30) as answer:
            return str(answer.read().decode())

    return read
