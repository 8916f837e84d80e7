"""Every page as Chromium sees it: no complaint, no accessibility violation, usable in the dark and on a telephone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PAGES = ("queue", "search", "overview", "policy", "models", "lists", "audit", "people", "password")


def violations(tab: Any) -> list[str]:
    """What axe finds wrong with the page, in its words."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab.page)
    return [f"{each['id']}: {node['html'][:160]}" for each in found.response["violations"] for node in each["nodes"]]


def overflow(tab: Any) -> int:
    """By how many pixels the page is wider than the window."""
    return int(tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def first_case(console: Any) -> str:
    return f"/console/cases/{console.cases()[0].id}"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_page_has_an_accessibility_violation(
    open_tab: Callable[..., Any], console: Any, width: int, scheme: str
) -> None:
    tab = open_tab("ada", width=width, color_scheme=scheme)
    record_id = console.cases()[-1].record_id

    for path in (*(f"/console/{name}" for name in PAGES), first_case(console), f"/console/signups/{record_id}"):
        answered = tab.go(path)
        assert answered.status == 200, path
        assert violations(tab) == [], path
        assert overflow(tab) <= 0, path


@pytest.mark.parametrize("path", ["/console", "/console/sign-in"])
def test_the_open_pages_have_none_either(open_tab: Callable[..., Any], path: str) -> None:
    tab = open_tab(None)
    tab.go(path)

    assert violations(tab) == []


def test_the_page_of_a_claimed_case_has_none_with_a_verdict_chosen(open_tab: Callable[..., Any], console: Any) -> None:
    tab = open_tab("eli")
    tab.page.keyboard.press("c")
    tab.page.wait_for_url("**/cases/*")
    tab.ready()

    for key in "arme":
        tab.page.keyboard.press(key)
        assert violations(tab) == []
    assert tab.page.is_checked("[name=verdict][value=escalate]")


def test_dark_is_dark(open_tab: Callable[..., Any]) -> None:
    def lightness(scheme: str) -> int:
        tab = open_tab("dana", color_scheme=scheme)
        colour = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.strip("rgb()").split(","))

    assert lightness("light") > 600
    assert lightness("dark") < 150


def test_no_verdict_is_chosen_before_the_reviewer_chooses(open_tab: Callable[..., Any]) -> None:
    tab = open_tab("dana")
    tab.page.keyboard.press("c")
    tab.page.wait_for_url("**/cases/*")

    assert tab.page.locator("[name=verdict]:checked").count() == 0
    assert tab.page.locator(".why:visible").count() == 0


def test_the_bars_of_the_waterfall_lead_to_the_total_that_is_shown(open_tab: Callable[..., Any], console: Any) -> None:
    tab = open_tab("dana")
    tab.go(first_case(console))

    values = [
        float(each)
        for each in tab.page.eval_on_selector_all(".waterfall td[data-value]", "n => n.map(e => e.dataset.value)")
    ]
    shown = tab.page.inner_text(".waterfall .total .number").replace("\u2212", "-")

    assert len(values) > 4
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=1e-9)
    assert float(shown) == pytest.approx(values[-1], abs=0.005)


def test_the_graph_is_drawn_and_says_what_the_table_says(open_tab: Callable[..., Any], console: Any) -> None:
    tab = open_tab("dana")
    for case in console.cases():
        tab.go(f"/console/cases/{case.id}")
        if tab.page.locator("#graph").count():
            break

    drawn = int(tab.page.get_attribute("#graph", "data-drawn"))
    others = set(tab.page.eval_on_selector_all(".company tbody a", "n => n.map(e => e.href)"))
    shared = tab.page.locator(".company tbody th").count()
    assert drawn == 1 + shared + len(others)


def test_times_are_told_in_the_reader_s_zone(open_tab: Callable[..., Any], console: Any) -> None:
    tab = open_tab("dana", timezone_id="Pacific/Auckland", locale="en-NZ")
    tab.go(first_case(console))

    assert "NZDT" in tab.page.get_attribute(".case-head time", "title") or "GMT+13" in tab.page.get_attribute(
        ".case-head time", "title"
    )


def test_counts_refresh_themselves_without_a_reload(open_tab: Callable[..., Any], console: Any) -> None:
    tab = open_tab("dana")
    before = tab.text(".strip")
    with tab.page.expect_response("**/console/live") as answered:
        tab.page.evaluate("htmx.trigger ? htmx.ajax('GET', '/console/live', {target: '.strip', swap: 'outerHTML'}) : 0")

    assert answered.value.status == 200
    assert before
