"""``make screenshots``: the console's pages on demo data, as the README shows them. Not collected as tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.signup import Signup
from service.domain.case import CaseState
from service.domain.reviewer import Acting, Role
from service.domain.standing import ListName
from service.domain.verdict import Verdict
from service.usecases.backtest import BackTest
from service.usecases.gather_cases import GatherCases
from service.usecases.keep_lists import NewEntry
from service.usecases.policy_versions import PolicyVersions
from service.usecases.ports_decisions import Period

PLACE = Path(__file__).parents[2] / "docs" / "screenshots"
DAYS = 12


@pytest.fixture(scope="module")
def console(empty_console: Any, hydra_hour: list[Signup]) -> Any:
    """Twelve quiet days whose cases were judged, then the hour in which a hydra comes."""
    judges = [Acting(f"reviewer:{name}", Role.REVIEWER) for name in ("dana", "eli")]
    for day in range(DAYS, 0, -1):
        back = timedelta(days=day)
        empty_console.clock.ahead = -back
        chosen = hydra_hour[day * 7 % 40 :: 5 + day % 3]
        empty_console.record(
            *(
                replace(each, signup_id=f"{each.signup_id}-{day}", occurred_at=each.occurred_at - back)
                for each in chosen
            )
        )
        empty_console.clock.ahead = timedelta(hours=3 + day % 5) - back
        for number, case in enumerate(empty_console.cases()[: 30 + day]):
            now, desk, judge = empty_console.clock(), empty_console.application.cases, judges[number % 2]
            if case.state is CaseState.OPEN and number % 9:
                desk.handle.claim(case.id, acting=judge, now=now)
                verdict = (Verdict.APPROVE, "FALSE_ALARM") if case.risk < 0.8 else (Verdict.REJECT, "LINKED_TO_FRAUD")
                desk.verdict(case.id, *verdict, acting=judge, now=now)
    empty_console.clock.ahead = timedelta(hours=-2)
    half = len(hydra_hour) // 2
    empty_console.record(
        *(replace(each, occurred_at=each.occurred_at - timedelta(hours=2)) for each in hydra_hour[:half])
    )
    empty_console.clock.ahead = timedelta()
    empty_console.record(*hydra_hour[half:])
    GatherCases(empty_console.application.store.begin)(empty_console.clock())
    rule(empty_console)
    return empty_console


def rule(console: Any) -> None:
    """Entries of the block list, and a draft of the policy that was back-tested."""
    entries = (
        ("email_domain", "mailmill.example", "accounts by the hundred", None),
        ("ip_prefix", "203.0.113.0/24", "a proxy's exit", timedelta(days=30)),
        ("bin", "424242", "cards of a leak", timedelta(days=90)),
    )
    now, begin = console.clock(), console.application.store.begin
    for kind, value, reason, lasts in entries:
        ends = None if lasts is None else now + lasts
        console.lists.add(ListName.BLOCK, NewEntry(kind, value, reason, "trust", ends), actor="reviewer:lea", now=now)
    document = PolicyVersions(begin).get(2).version.document
    bold = re.sub(r"step_up = [\d.]+", "step_up = 0.1", document)
    draft = PolicyVersions(begin).add(bold, reason="a flood: ask sooner", actor="reviewer:lea", now=now)
    BackTest(begin)(draft.version.version, Period(), actor="reviewer:lea", now=now)


def test_screenshots(open_tab: Callable[..., Any], console: Any) -> None:
    PLACE.mkdir(parents=True, exist_ok=True)

    def keep(tab: Any, name: str) -> None:
        tab.page.mouse.move(0, 0)
        tab.page.screenshot(path=str(PLACE / f"{name}.png"))

    tab = open_tab("dana", height=860)
    tab.page.keyboard.press("j")
    tab.page.keyboard.press("j")
    keep(tab, "queue")
    tab.page.keyboard.press("c")
    tab.page.wait_for_url("**/cases/*")
    tab.ready()
    tab.page.keyboard.press("r")
    tab.page.keyboard.press("1")
    keep(tab, "case")
    tab.page.locator("#company-title").scroll_into_view_if_needed()
    tab.page.evaluate(
        "scrollTo(0, document.querySelector('#company-title').getBoundingClientRect().top + scrollY - 70)"
    )
    keep(tab, "company")

    lead = open_tab("ada", height=860)
    for name in ("overview", "search", "audit", "policy", "models", "lists", "people"):
        lead.go(f"/console/{name}")
        keep(lead, name)
    for name, path in (("backtest", "versions/3"), ("difference", "difference?old=2&new=3")):
        lead.go(f"/console/policy/{path}")
        keep(lead, f"policy-{name}")

    lead.go("/console/clusters")
    keep(lead, "clusters")
    cluster = lead.page.get_attribute("tr[data-row] a", "href")
    lead.go(cluster)
    lead.page.wait_for_selector("[data-drawn]")
    keep(lead, "cluster")
    lead.page.keyboard.press("g")
    lead.page.wait_for_selector("[data-chosen]")
    lead.page.wait_for_timeout(600)  # the graph moves there
    keep(lead, "cluster-chosen")
    for name, title in (("cluster-shared", "#shared-title"), ("cluster-timeline", "#time-title")):
        lead.page.evaluate(f"scrollTo(0, document.querySelector('{title}').getBoundingClientRect().top + scrollY - 70)")
        keep(lead, name)
    tab.go(f"{cluster}/preview")
    keep(tab, "cluster-preview")
    tab.page.keyboard.press("2")
    tab.page.keyboard.press("s")
    tab.page.wait_for_url("**said=asked")
    lead.go(cluster)
    lead.page.wait_for_selector("[data-drawn]")
    keep(lead, "cluster-second-person")

    dark = open_tab("eli", height=860, color_scheme="dark")
    dark.page.keyboard.press("c")
    dark.page.wait_for_url("**/cases/*")
    dark.ready()
    keep(dark, "case-dark")
    dark.go(cluster)
    dark.page.wait_for_selector("[data-drawn]")
    keep(dark, "cluster-dark")

    phone = open_tab("lea", width=390, height=780)
    keep(phone, "queue-390")
    phone.go(f"/console/cases/{console.cases()[0].id}")
    keep(phone, "case-390")
    phone.go(cluster)
    phone.page.wait_for_selector("[data-drawn]")
    keep(phone, "cluster-390")
