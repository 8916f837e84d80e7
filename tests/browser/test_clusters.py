"""A hydra in Chromium: a reviewer's first day ends with its containment; who may do what; how the pages look."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from models.linkage.identifier import IdentifierKind
from models.signup import Signup
from service.console.cluster_graph import expansion, graph_document
from service.domain.cluster import cluster_id
from service.domain.reviewer import Acting, Role
from service.usecases.ask_again import AskAgain
from service.usecases.carry_out import CarryOut
from service.usecases.cluster_file import ClusterGraph, GraphAccount
from service.usecases.ports_cluster_list import ClusterQuery
from service.usecases.tell_consequence import TellConsequence

Open = Callable[..., Any]

SCRIPT = "<script>window.hit=1</script><img src=x onerror='window.hit=2'>{{7*7}}"
TURNED = "zero\u200bwidth\u202etxt.exe"


def hydra(console: Any) -> str:
    """The id of the fastest growing cluster."""
    with console.application.store.begin() as work:
        (largest,) = work.cluster_list.find(ClusterQuery(grown_since=console.clock(), limit=1))
    return cluster_id(largest.number)


def reach(tab: Any, words: str) -> None:
    """Go on with the tabulator until what is named has the focus, and press Enter."""
    for _ in range(80):
        tab.page.keyboard.press("Tab")
        if words in tab.page.evaluate("document.activeElement.innerText || ''"):
            tab.page.keyboard.press("Enter")
            return
    raise AssertionError(f"the keyboard does not reach '{words}'")


def press(tab: Any, *keys: str, until: str) -> None:
    for key in keys:
        tab.page.keyboard.press(key)
    tab.page.wait_for_url(until)
    tab.ready()


def posted(tab: Any, path: str, **form: str) -> int:
    """The status of a form that the page does not offer."""
    return int(
        tab.page.evaluate(
            "async ([path, form]) => (await fetch(path, {method: 'POST', body: new URLSearchParams({...form,"
            " form_token: document.querySelector('[name=form_token]').value})})).status",
            [path, form],
        )
    )


def test_a_first_day_ends_with_the_containment_of_a_hydra_by_two_people(open_tab: Open, console: Any) -> None:
    dana = open_tab("dana")
    press(dana, "c", until="**/cases/*")
    for _ in range(10):
        before = dana.page.url
        for key in ("r", "1", "Control+Enter"):
            dana.page.keyboard.press(key)
        dana.page.wait_for_url(lambda url, before=before: url != before)
        dana.ready()

    reach(dana, "Clusters")
    dana.page.wait_for_url("**/clusters")
    dana.ready()
    press(dana, "j", "Enter", until=f"**/clusters/{hydra(console)}")
    dana.page.wait_for_selector("[data-drawn]")
    assert re.search(r"\d+ of \d+ accounts are tied by what they share: .*\d+ devices", dana.text())
    dana.page.keyboard.press("g")
    dana.page.wait_for_selector("[data-chosen]")
    assert re.search(r"^\w+: \d+ accounts, \d known fraud|^\w+: \d+ accounts\.", dana.text("#graph-told"))
    assert dana.page.locator("tr.found").count() == 1

    press(dana, "p", until="**/preview")
    assert "verified good, left alone" in dana.text()
    assert dana.page.locator("[name=reason]:checked").count() == 0
    held = int(re.search(r"Contain (\d+) accounts now", dana.text()).group(1))
    now_or_soon = sum(map(int, re.findall(r"(\d+) (?:let in|asked for a proof|denied)", dana.text(".plain-list"))))
    press(dana, "2", "s", until="**said=asked")
    assert f"asks to contain {held} accounts" in dana.text("aside")
    assert "that cannot be you" in dana.text("aside")
    (waiting,) = console.application.store.begin().containments.waiting()
    assert posted(dana, f"/console/clusters/{hydra(console)}/confirm/{waiting.id}") == 403

    lea = open_tab("lea")
    assert "wait for a second person" in lea.text(".strip")
    lea.page.focus(".strip a")
    press(lea, "Enter", until="**/proposals")
    reach(lea, f"Contain {held} accounts of cluster")
    lea.page.wait_for_url(f"**/clusters/{hydra(console)}")
    lea.ready()
    press(lea, "y", until="**said=contained")
    assert f"{held} accounts by dana, confirmed by lea" in lea.text("aside")
    application = console.application
    tell = TellConsequence(application.judge, AskAgain(application.step_up.plan), random.Random(1).random)
    CarryOut(application.store.begin, application.judge, tell)(console.clock())
    lea.go(f"/console/clusters/{hydra(console)}")
    assert int(lea.text(".figures div:has(dt:text-is('denied')) dd")) >= now_or_soon > 10

    lea.go("/console/audit?action=cluster.")
    told = lea.text(".audit")
    assert re.search(
        r"reviewer:lea\s+cluster\.contained\s.*reviewer:dana\s+cluster\.containment_proposed\s", told, re.DOTALL
    )
    press(lea, "j", "Enter", until=f"**/clusters/{hydra(console)}")
    history = lea.text(".history")
    assert "lea contained the cluster" in history
    assert "dana asked a second person to contain it One operator behind many accounts" in history
    lea.go("/console/audit?actor=reviewer:dana&action=case.resolved")
    assert lea.page.locator(".audit tbody tr").count() == 10


def crowd_of_one_device(signups: list[Signup]) -> list[Signup]:
    """More sign-ups from the device that most of these used."""
    ((device, _),) = Counter(each.device.device_id for each in signups if each.device.device_id).most_common(1)
    one = next(each for each in signups if each.device.device_id == device)
    return [replace(one, signup_id=f"su_crowd_{number}", email=f"crowd{number}.{one.email}") for number in range(8)]


def test_a_case_leads_to_its_cluster_and_back_and_its_graph_is_widened(
    open_tab: Open, console: Any, hydra_hour: list[Signup]
) -> None:
    tab = open_tab("dana")
    *_, newest = console.record(*crowd_of_one_device(hydra_hour))
    case = next((each for each in console.cases() if each.record_id == newest), None)
    if case is None:
        lead = Acting("reviewer:lea", Role.LEAD)
        case = console.application.cases.open(newest, acting=lead, now=console.clock(), note="eight from one machine")
    tab.go(f"/console/cases/{case.id}")
    assert tab.page.locator("[data-expand-graph]").count() == 1
    tab.page.wait_for_selector("[data-drawn]")
    drawn = int(tab.page.get_attribute("#graph", "data-drawn"))
    tab.page.keyboard.press("g")
    tab.page.wait_for_function("before => Number(document.querySelector('#graph').dataset.drawn) > before", arg=drawn)

    press(tab, "o", until="**/clusters/*")
    assert "accounts" in tab.text("h1")
    waiting = re.search(r"Judge its (\d+) open cases together", tab.text("aside"))
    press(tab, "t", until="**/bulk")
    assert f"Judge {waiting.group(1)} cases together" in tab.text()
    tab.page.go_back()
    tab.ready()
    tab.page.locator("a[aria-label^='Case of']").first.click()
    tab.page.wait_for_url("**/cases/*")
    tab.ready()
    assert "part of cluster" in tab.text()


def test_an_identifier_is_shown_on_demand_and_cut_out_by_a_lead_alone(open_tab: Open, console: Any) -> None:
    dana, lea, path = open_tab("dana"), open_tab("lea"), f"/console/clusters/{hydra(console)}"
    dana.go(path)
    handle = dana.page.locator("[data-shared]").first.get_attribute("data-shared")
    before = dana.text(".shared >> nth=0")
    dana.page.locator(".shared button:has-text('show')").first.click()
    value = dana.page.inner_text(".in-clear")
    dana.page.locator(".shared a:has-text('Cut out')").first.click()
    dana.page.wait_for_url("**/cut?*")
    dana.ready()
    assert value not in before
    assert "only a lead may do this" in dana.text()
    assert posted(dana, f"{path}/cut/apply", identifier=handle, reason="shared_by_honest") == 403

    lea.go(f"{path}/cut?identifier={handle}")
    lea.page.keyboard.press("Control+Enter")
    assert lea.page.url.endswith(handle)
    press(lea, "1", "Control+Enter", until="**moved=*")
    assert "ties nobody from now on" in lea.text("[role=status]")
    lea.go(f"{path}/cut?identifier={handle}")
    press(lea, "1", "Control+Enter", until="**said=again")

    with console.application.store.begin() as work:
        done = [(each.actor, each.action) for each in work.audit.entries(action="cluster.", limit=3)]
    assert done == [
        ("reviewer:lea", "cluster.cut_undone"),
        ("reviewer:lea", "cluster.cut"),
        ("reviewer:dana", "cluster.identifier_revealed"),
    ]
    assert posted(dana, f"{path}/release", reason="mistake") == 403


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_the_pages_of_clusters_have_no_violation_and_stay_on_the_screen(
    open_tab: Open, console: Any, width: int, scheme: str
) -> None:
    tab, path = open_tab("lea", width=width, color_scheme=scheme), f"/console/clusters/{hydra(console)}"
    with console.application.store.begin() as work:
        free = next(
            cluster_id(each.number)
            for each in work.cluster_list.find(ClusterQuery(grown_since=console.clock()))
            if each.state.value == "free"
        )
    tab.go(path)
    handle = tab.page.locator("[data-shared]").first.get_attribute("data-shared")

    others = ("/console/clusters", "/console/clusters?size=999999", f"/console/clusters/{free}/preview?whole=1")
    for each in (*others, path, f"{path}/cut?identifier={handle}"):
        assert tab.go(each).status == 200, each
        if each == path:
            tab.page.wait_for_selector("[data-drawn]")
            tab.page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
        assert violations(tab) == [], each
        assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, each


def violations(tab: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab.page)
    return [f"{each['id']}: {node['html'][:160]}" for each in found.response["violations"] for node in each["nodes"]]


def test_hostile_texts_are_shown_as_texts_in_a_cluster_too(
    open_tab: Open, console: Any, hydra_hour: list[Signup]
) -> None:
    for place, text in enumerate((SCRIPT, TURNED)):
        some = [
            replace(each, signup_id=f"{number}{text}"[:64], device=replace(each.device, device_id=text))
            for number, each in enumerate(hydra_hour[place : place + 60 : 30])
        ]
        record_id, _ = console.record(*some)
        with console.application.store.begin() as work:
            number = work.clusters.cluster_of(work.ledger.get(None, record_id).signup_no)
        for width in (1280, 390):
            tab = open_tab("lea", width=width)
            tab.go(f"/console/clusters/{cluster_id(number)}")
            tab.page.wait_for_selector("[data-drawn]")
            for button in tab.page.locator("button:has-text('show')").all()[:4]:
                button.click()
            tab.page.wait_for_selector(".in-clear")
            shown = tab.text()
            assert tab.page.evaluate("window.hit") is None
            assert tab.page.locator("main img").count() == 0
            assert "\u202e" not in shown
            assert "\u200b" not in shown
            assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert tab.go("/console/clusters/%3Cscript%3E").status == 404
    assert tab.go(f"/console/clusters/cl_1/cut?identifier={SCRIPT[:20]}").status == 404


def chain(accounts: int) -> ClusterGraph:
    """Accounts in fours on a device each, the first of every four on the next device too."""
    ties: dict[Any, list[int]] = {}
    for number in range(accounts):
        for place in (number // 4, number // 4 + 1) if number % 4 == 0 else (number // 4,):
            ties.setdefault(((IdentifierKind.DEVICE, f"device_{place:08x}"),), []).append(number)
    return ClusterGraph(
        {number: GraphAccount(f"id-{number}", f"su_{number}", None, "deny") for number in range(accounts)},
        {name: numbers for name, numbers in ties.items() if len(numbers) > 1},
    )


@pytest.mark.parametrize(("accounts", "nodes", "summarised"), [(1_600, 2_000, "no"), (2_000, 400, "yes")])
def test_a_large_cluster_is_drawn_whole_and_a_larger_one_by_identifier(
    open_tab: Open, console: Any, accounts: int, nodes: int, summarised: str
) -> None:
    tab, graph = open_tab("dana", width=390), chain(accounts)

    def answer(route: Any) -> None:
        tie = parse_qs(urlsplit(route.request.url).query).get("tie")
        document = expansion(graph, tie[0]) if tie else graph_document(graph)
        route.fulfill(body=json.dumps(document), content_type="application/json")

    tab.page.route("**/graph*", answer)
    tab.go(f"/console/clusters/{hydra(console)}")
    tab.page.wait_for_selector("[data-drawn]")
    drawn = int(tab.page.get_attribute("#graph", "data-drawn"))
    tab.page.focus("#graph")
    tab.page.keyboard.press("n")
    tab.page.wait_for_selector("[data-chosen]")

    assert (drawn, tab.page.get_attribute("#graph", "data-summarised")) == (nodes, summarised)
    assert "device: 5 accounts" in tab.text("#graph-told")
    expanded = int(tab.page.get_attribute("#graph", "data-drawn")) - drawn
    assert expanded == (5 if summarised == "yes" else 0)
